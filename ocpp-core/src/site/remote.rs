//! Remote control (1.6 §5.11, §5.12; 2.x F01 to F03): transactions that the CSMS starts and stops.
//!
//! A start is accepted where it can lead to something: its token is then as one that was presented. An accepted stop is a
//! promise: the answer waits until it is on record.

use super::bearer::{Grant, Verdict};
use super::context::Context;
use super::evse::Evse;
use super::index;
use super::profiles::RemoteProfile;
use super::router::Parts;
use super::settings::{Setting, Settings};
use super::signal::{AuthorizeRequest, Purpose, Signal};
use crate::station::{EvseId, StopReason, TransactionNo};
use crate::store::{StoreQueue, Ticket};

/// Stops a transaction. Gives the ticket that the answer waits for, if any; none if it does not run.
pub(super) fn stop(
    evses: &mut [Evse],
    store: &mut StoreQueue,
    settings: &Settings,
    transaction: TransactionNo,
) -> Option<Option<Ticket>> {
    let evse = evses.iter_mut().find(|evse| evse.transaction() == Some(transaction))?;
    evse.stop(StopReason::Remote, None).then(|| evse.keep_promise(store, settings))
}

impl Parts<'_> {
    /// Carries out a remote start (1.6 §5.11). False if it cannot lead to anything.
    pub fn on_remote_start(
        &mut self,
        ctx: &mut Context<'_>,
        wanted: Option<EvseId>,
        grant: Grant,
        profile: Option<RemoteProfile>,
    ) -> bool {
        let Grant { token, group, remote_start, .. } = grant;
        let group = group.or_else(|| self.authorize.group_here(ctx, &token));
        // C16.FR.03.
        if ctx.settings.is_master_pass(group.as_ref()) {
            return false;
        }
        let evse = wanted.or_else(|| self.asked_about(&token).unwrap_or_else(|| self.place_of(ctx, &token, &[])));
        if let Some(evse) = evse {
            let takes_it = self.evses.get(index(evse)).is_some_and(|evse| evse.takes(&token));
            if !takes_it || self.is_claimed(evse, Some(&token)) {
                return false;
            }
        }
        let verdict = self.verdict(ctx, evse, &token, &[]);
        if verdict == Verdict::No
            || !self.smart_charging.on_remote_start(ctx.shared, ctx.settings, evse, &token, profile)
        {
            return false;
        }
        // 1.6 §5.13: the group that a reservation is for has to be known before, whatever is asked later.
        let is_asked = ctx.settings.is_on(Setting::AuthorizeRemoteStart) || verdict == Verdict::IfOfGroup;
        ctx.signals.push_back(if is_asked {
            Signal::Authorize(AuthorizeRequest { remote_start, ..AuthorizeRequest::new(evse, token, Purpose::Start) })
        } else {
            // Whoever asks for no authorisation asks for no EVSE of it either.
            Signal::Granted { evse, grant: Grant { group, remote_start, ..Grant::of(token) } }
        });
        true
    }
}
