//! Reset (1.6 §5.14): transactions end and are on record, then the host restarts the station.
//!
//! The stops are given a while to reach the CSMS; what does not is sent after the restart. Stores nothing of its own.

use core::time::Duration;

use super::evse::Evse;
use super::settings::Settings;
use super::shared::Shared;
use crate::station::{BootReason, RebootKind, SecurityEventKind, StopReason};
use crate::store::Ticket;
use crate::time::Instant;

/// The least wait: the answer is on its way to the CSMS.
const GRACE: Duration = Duration::from_secs(1);

/// How long a restart waits for the CSMS to take the stops.
const PATIENCE: Duration = Duration::from_secs(30);

/// A restart that was ordered.
#[derive(Debug, Default)]
pub(crate) enum Reset {
    #[default]
    None,
    /// Transactions are waited for, and none begins.
    #[cfg(feature = "transaction_events")]
    Waiting { kind: RebootKind },
    /// Transactions end.
    Ending { kind: RebootKind, not_before: Instant, until: Instant },
    /// The host was told.
    Ordered,
}

impl Reset {
    /// Whether a restart was ordered: nothing new begins.
    pub fn is_ordered(&self) -> bool {
        !matches!(self, Reset::None)
    }

    /// Has everything end, and the station restart; the next boot knows why. Who asks again while that goes on does not put it off.
    pub fn order(
        &mut self,
        shared: &mut Shared,
        evses: &mut [Evse],
        kind: RebootKind,
        (reason, because, info): (StopReason, BootReason, &str),
    ) {
        if let Reset::Ending { kind: ordered, .. } = self {
            *ordered = kind;
        } else {
            self.end(shared.now, evses, kind, reason);
            shared.remember_reboot(because);
            shared.raise(SecurityEventKind::ResetOrReboot, Some(info));
        }
    }

    fn end(&mut self, now: Instant, evses: &mut [Evse], kind: RebootKind, reason: StopReason) {
        for evse in evses {
            evse.give_up(reason);
        }
        *self = Reset::Ending { kind, not_before: now + GRACE, until: now + PATIENCE };
    }

    /// The CSMS orders it. Gives the ticket that an acceptance waits for, if any.
    pub fn on_request(
        &mut self,
        shared: &mut Shared,
        evses: &mut [Evse],
        settings: &Settings,
        (kind, reason, info): (RebootKind, StopReason, &str),
    ) -> Option<Ticket> {
        self.order(shared, evses, kind, (reason, BootReason::RemoteReset, info));
        evses.iter_mut().filter_map(|evse| evse.keep_promise(&mut shared.store, settings)).max()
    }

    /// The CSMS orders it for when no transaction runs.
    #[cfg(feature = "transaction_events")]
    pub fn on_request_when_idle(&mut self, shared: &mut Shared, kind: RebootKind, info: &str) {
        if !self.is_ordered() {
            *self = Reset::Waiting { kind };
            shared.remember_reboot(BootReason::ScheduledReset);
            shared.raise(SecurityEventKind::ResetOrReboot, Some(info));
        }
    }

    /// What was waited for is over.
    #[cfg(feature = "transaction_events")]
    pub fn wait(&mut self, now: Instant, evses: &mut [Evse]) {
        if let Reset::Waiting { kind } = *self
            && evses.iter().all(|evse| evse.transaction().is_none())
        {
            self.end(now, evses, kind, StopReason::ImmediateReset);
        }
    }

    /// The restart, once: when every transaction has ended and all of it is durable. It waits a while for what the CSMS is to
    /// be told before (`is_told`).
    pub fn due(&mut self, now: Instant, evses: &[Evse], is_told: bool, is_durable: bool) -> Option<RebootKind> {
        let Reset::Ending { kind, not_before, until } = *self else { return None };
        let is_quiet = evses.iter().all(|evse| evse.transaction().is_none());
        let may_wait = now < not_before || (!is_told && now < until);
        if may_wait || !is_quiet || !is_durable {
            return None;
        }
        *self = Reset::Ordered;
        Some(kind)
    }

    pub fn deadlines(&self) -> [Option<Instant>; 2] {
        match self {
            Reset::Ending { not_before, until, .. } => [Some(*not_before), Some(*until)],
            #[cfg(feature = "transaction_events")]
            Reset::Waiting { .. } => [None, None],
            Reset::None | Reset::Ordered => [None, None],
        }
    }
}
