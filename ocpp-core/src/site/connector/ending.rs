//! The end of a transaction, which is a promise once anybody was told of it.
//!
//! What ends a transaction (a token, the CSMS, a refusal, a reset ..) stands in the entry `end/<evse>` before it is answered or
//! shown; the energy does not wait for that. After a power cut the transaction ends as it was promised. The entry stays until
//! the plug is gone, so that a cable that is held stays held for its owner (1.6 §3.5.4, errata 3.5), and a vehicle that stayed
//! is no new one (errata 3.20). That the energy alone has ended, of a token that the CSMS refused, is kept there too.

use core::time::Duration;

use alloc::vec::Vec;

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use super::metering::{METER_ATTEMPTS, most_readings, values_for_stop};
use super::stage::Holder;
use super::{Connector, Running, Stage, Stopping};
use crate::site::context::Context;
use crate::site::journal::{JournalRecord, OpenTransaction, Stopped};
use crate::site::metering::{Meter, Register};
use crate::site::settings::{Setting, Settings};
use crate::station::{AfterPowerLoss, Contactor, Event, EvseId, IdToken, Power, StopReason, TransactionNo};
use crate::store::framing::Record;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::time::Instant;

/// What was promised of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    transaction: TransactionNo,
    /// Why it ends; none if only its energy does.
    reason: Option<StopReason>,
    /// The token that ended it.
    token: Option<IdToken>,
    /// Who frees the cable afterwards.
    holder: Option<Holder>,
}

impl Record for Ending {
    const KIND: u8 = 20;
}

const PREFIX: &str = "end/";

/// How long the hardware may take after a restart to say what hangs at a socket where a session had ended.
pub(super) const CABLE_PATIENCE: Duration = Duration::from_secs(60);

fn key(evse: EvseId) -> EntryKey {
    EntryKey::new(&format_compact!("{PREFIX}{}", evse.0))
}

/// Has the connectors take up what was promised before the restart. Gives the entries that could not be read.
pub(crate) fn restore(image: &Image, connectors: &mut [Connector], store: &mut StoreQueue) -> Vec<CompactString> {
    let mut skipped = Vec::new();
    for (name, value) in &image.entries {
        let Some(number) = name.as_str().strip_prefix(PREFIX) else { continue };
        let (Ok(number), Ok(ending)) = (number.parse::<u16>(), Ending::from_bytes(value)) else {
            skipped.push(CompactString::new(name.as_str()));
            continue;
        };
        // The transaction of an EVSE that the station lost is at the last one.
        let place = usize::from(number).min(connectors.len());
        if let Some(connector) = connectors.get_mut(place.saturating_sub(1)) {
            connector.take_promise(ending);
            if connector.evse.0 != number {
                connector.promised = None;
                store.push(StoreOp::Delete { key: name.clone() });
            }
        }
    }
    skipped
}

impl Stopping {
    fn keeps_cable(&self, settings: &Settings) -> bool {
        match self.reason {
            _ if self.is_freed => false,
            // 1.6 §3.5.4: until the same identifier, or one of its group, is presented (errata 3.5).
            StopReason::DeAuthorized => true,
            StopReason::EvDisconnected => !settings.is_on(Setting::UnlockOnEvSideDisconnect),
            StopReason::EmergencyStop
            | StopReason::HardReset
            | StopReason::Local
            | StopReason::Other
            | StopReason::PowerLoss
            | StopReason::Reboot
            | StopReason::Remote
            | StopReason::SoftReset
            | StopReason::UnlockCommand
            | StopReason::EnergyLimitReached
            | StopReason::GroundFault
            | StopReason::ImmediateReset
            | StopReason::LocalOutOfCredit
            | StopReason::MasterPass
            | StopReason::OvercurrentFault
            | StopReason::PowerQuality
            | StopReason::ReqEnergyTransferRejected
            | StopReason::SocLimitReached
            | StopReason::StoppedByEv
            | StopReason::TimeLimitReached
            | StopReason::Timeout => false,
        }
    }

    fn ending(&self, settings: &Settings) -> Ending {
        Ending {
            transaction: self.running.transaction,
            reason: Some(self.reason),
            token: self.token.clone(),
            holder: self.keeps_cable(settings).then(|| self.running.holder()),
        }
    }
}

impl Connector {
    /// Takes up a transaction that ran when the power failed: it ends now (1.6 §7.38 PowerLoss), or goes on.
    pub fn take_up(&mut self, open: OpenTransaction, policy: AfterPowerLoss) {
        let running = Running {
            transaction: open.transaction,
            token: open.token,
            group: open.group,
            is_refused: open.is_refused,
            is_cut_off: false,
            meter_start_mwh: open.meter_start_mwh,
            register: Register::told_before(open.meter_mwh),
            sampled_at: Instant::ZERO,
            last: open.last,
        };
        self.stage = match policy {
            AfterPowerLoss::End => Stage::Stopping(Stopping::new(running, StopReason::PowerLoss, None)),
            AfterPowerLoss::Resume(patience) => Stage::Interrupted { running, patience },
        };
    }

    fn take_promise(&mut self, ending: Ending) {
        self.stage = match core::mem::take(&mut self.stage) {
            Stage::Interrupted { mut running, patience } if running.transaction == ending.transaction => {
                match ending.reason {
                    Some(reason) => Stage::Stopping(Stopping {
                        is_freed: ending.holder.is_none(),
                        ..Stopping::new(running, reason, ending.token.clone())
                    }),
                    None => {
                        running.is_cut_off = true;
                        Stage::Interrupted { running, patience }
                    }
                }
            }
            Stage::Stopping(mut stopping) if stopping.running.transaction == ending.transaction => {
                if let Some(reason) = ending.reason {
                    (stopping.reason, stopping.token) = (reason, ending.token.clone());
                    stopping.is_freed = ending.holder.is_none();
                }
                Stage::Stopping(stopping)
            }
            // The end is on record, and the plug was in.
            Stage::Idle if ending.reason.is_some() => {
                self.awaits_cable = true;
                Stage::Finishing { held_for: ending.holder.clone() }
            }
            other => other,
        };
        self.promised = Some(ending);
    }

    /// Ends what is going on here. A cable that is held stays so.
    pub fn give_up(&mut self, reason: StopReason) {
        if !self.stop(reason, None)
            && let Stage::Preparing { .. } | Stage::Starting { .. } | Stage::Unmetered { .. } = &self.stage
        {
            self.stage = Stage::Finishing { held_for: None };
        }
    }

    /// Has the lock opened once more, even if it was told to before (1.6 §5.18).
    pub fn unlock(&mut self) {
        self.give_up(StopReason::UnlockCommand);
        match &mut self.stage {
            Stage::Stopping(stopping) => stopping.is_freed = true,
            Stage::Finishing { held_for } => *held_for = None,
            Stage::Idle
            | Stage::Preparing { .. }
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_) => {}
        }
        self.facts.forget_lock_order();
    }

    /// Stops the transaction. False if none runs.
    pub fn stop(&mut self, reason: StopReason, token: Option<IdToken>) -> bool {
        match core::mem::take(&mut self.stage) {
            Stage::Running(running) | Stage::Interrupted { running, .. } => {
                self.stage = Stage::Stopping(Stopping::new(running, reason, token));
                true
            }
            other => {
                self.stage = other;
                false
            }
        }
    }

    /// Puts on record what the stage promises. With the ticket that an answer waits for.
    pub fn keep_promise(&mut self, store: &mut StoreQueue, settings: &Settings) -> Option<Ticket> {
        let wanted = match &self.stage {
            Stage::Stopping(stopping) => Some(stopping.ending(settings)),
            Stage::Running(running) | Stage::Interrupted { running, .. } if running.is_cut_off => {
                Some(Ending { transaction: running.transaction, reason: None, token: None, holder: None })
            }
            Stage::Finishing { held_for } => {
                let promised = self.promised.as_ref().filter(|ending| ending.reason.is_some());
                promised.map(|ending| Ending { holder: held_for.clone(), ..ending.clone() })
            }
            Stage::Idle
            | Stage::Preparing { .. }
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_) => None,
        };
        self.promise(store, wanted);
        self.promised.is_some().then_some(self.promise_ticket)
    }

    fn promise(&mut self, store: &mut StoreQueue, wanted: Option<Ending>) {
        if wanted == self.promised {
            return;
        }
        let key = key(self.evse);
        match &wanted {
            Some(ending) => self.promise_ticket = store.push(StoreOp::Put { key, value: ending.to_bytes() }),
            None => {
                store.push(StoreOp::Delete { key });
            }
        }
        self.promised = wanted;
    }

    /// Whether what happened here may be told: an end is shown once it outlasts a power cut.
    pub fn may_tell(&self, store: &StoreQueue) -> bool {
        store.is_durable(self.promise_ticket)
    }

    /// The record that what was ended here rests on.
    pub fn promise_ticket(&self) -> Ticket {
        self.promise_ticket
    }

    /// The register is read when no more energy flows: after the contactor opened, or had its time to.
    pub(super) fn finish(&mut self, ctx: &mut Context<'_>, mut stopping: Stopping) -> (Stage, bool) {
        if let Some(order) = self.facts.order_power(Power::Off) {
            ctx.order(self.evse, order);
        }
        self.promise(&mut ctx.shared.store, Some(stopping.ending(ctx.settings)));
        let now = ctx.now();
        let until = *stopping.until.get_or_insert(now + ctx.shared.config.meter_timeout);
        let since = *stopping.since.get_or_insert(now);
        if self.facts.contactor == Contactor::Closed && now < until {
            return (Stage::Stopping(stopping), true);
        }
        let Some((reading, is_fresh)) = self.read_meter(ctx, Some(since)) else {
            return (Stage::Stopping(stopping), true);
        };
        // One that wakes up after a power cut, or showed nonsense, is asked again.
        let may_recover = !self.meter.has_answered() || stopping.running.register.is_in_doubt();
        if !is_fresh && may_recover && stopping.silent + 1 < METER_ATTEMPTS {
            stopping.silent += 1;
            return (Stage::Stopping(stopping), false);
        }
        let held_for = stopping.keeps_cable(ctx.settings).then(|| stopping.running.holder());
        let Stopping { mut running, reason, token, .. } = stopping;
        let transaction = running.transaction;
        let at = running.stamp(&ctx.shared.clock, now);
        // Never below what was told (1.6 §6.49, errata 3.78).
        let meter_mwh = running.register.told_mwh();
        let last = reading.filter(|_| is_fresh).map(|reading| values_for_stop(ctx.settings, &reading));
        let last = last.unwrap_or_default();
        ctx.journal.settle_readings(&mut ctx.shared.store, transaction, most_readings(ctx.settings));
        let record = JournalRecord::Stopped(Stopped { transaction, at, meter_mwh, reason, token, last });
        ctx.journal.append(&mut ctx.shared.store, record);
        ctx.running = ctx.running.saturating_sub(1);
        self.ended = Some((transaction, reason));
        if running.register.has_moved() {
            // What was told is this transaction's alone.
            self.meter = Meter::default();
        }
        (Stage::Finishing { held_for }, false)
    }

    /// Tells of the end once it may be told.
    pub(super) fn tell_end(&mut self, ctx: &mut Context<'_>) {
        if self.may_tell(&ctx.shared.store)
            && let Some((transaction, reason)) = self.ended.take()
        {
            ctx.event(Event::TransactionEnded { evse: self.evse, transaction: transaction.id(), reason });
        }
    }
}
