//! The end of a transaction, which is a promise once anybody was told of it.
//!
//! What ends a transaction (a token, the CSMS, a refusal, a reset ..) stands in the entry `end/<evse>` before it is answered or
//! shown; the energy does not wait for that. After a power cut the transaction ends as it was promised. The entry stays until
//! the plug is gone, so that a cable that is held stays held for its owner (1.6 §3.5.4, errata 3.5), and a vehicle that stayed
//! is no new one (errata 3.20). That the energy alone has ended, of a token that the CSMS refused, is kept there too, and that the
//! authorisation has, where a transaction goes on without.

use core::time::Duration;

use alloc::boxed::Box;
use alloc::vec::Vec;

use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use super::metering::{METER_ATTEMPTS, most_readings};
use super::{Authorisation, Closing, Evse, Open, Transaction};
use crate::site::bearer::{Grant, Holder};
use crate::site::context::Context;
use crate::site::journal::{JournalRecord, OpenTransaction, Stopped, trigger_of_stop};
use crate::site::metering::{Meter, Register};
use crate::site::points::{PointSet, TxPoint};
use crate::site::session::{Lapsed, Right, Sampling};
use crate::site::settings::{Setting, Settings};
use crate::station::{
    AfterPowerLoss, ChargingState, Contactor, Event, EvseId, IdToken, Power, StopReason, TransactionNo, TriggerReason,
};
use crate::store::framing::{self, FramingError, Record};
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::time::Instant;
use crate::words::numbered;

/// What was promised of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Ending {
    transaction: TransactionNo,
    /// Why it ends; none if only its energy does.
    reason: Option<StopReason>,
    /// The token that ended it.
    token: Option<IdToken>,
    /// Who frees the cable afterwards.
    holder: Option<Holder>,
    /// Whether only the authorisation ended, and the transaction goes on. Appended.
    #[cfg_attr(all(test, feature = "serde"), serde(skip))]
    goes_on: bool,
}

packed!(Ending { transaction, reason, token, holder; goes_on });

impl Record for Ending {
    const KIND: u8 = 20;
}

impl Ending {
    fn write(&self) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        if self.goes_on {
            framing::append(&mut bytes, &true);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self, FramingError> {
        let (ending, goes_on): (Ending, _) = framing::read_with(bytes)?;
        Ok(Ending { goes_on: goes_on.unwrap_or_default(), ..ending })
    }
}

const PREFIX: &str = "end/";

/// How long the hardware may take after a restart to say what hangs at a socket where a session had ended.
pub(super) const CABLE_PATIENCE: Duration = Duration::from_secs(60);

fn key(evse: EvseId) -> EntryKey {
    EntryKey::new(&numbered(PREFIX, evse.0))
}

/// Has the EVSEs take up what was promised before the restart. Gives the entries that could not be read.
pub(crate) fn restore(image: &Image, evses: &mut [Evse], store: &mut StoreQueue) -> Vec<SmallString> {
    let mut skipped = Vec::new();
    for (name, value) in &image.entries {
        let Some(number) = name.as_str().strip_prefix(PREFIX) else { continue };
        let (Ok(number), Ok(ending)) = (number.parse::<u16>(), Ending::read(value)) else {
            skipped.push(SmallString::new(name.as_str()));
            continue;
        };
        // The transaction of an EVSE that the station lost is at the last one.
        let place = usize::from(number).min(evses.len());
        if let Some(evse) = evses.get_mut(place.saturating_sub(1)) {
            evse.take_promise(ending);
            if evse.id.0 != number {
                evse.promised = None;
                store.push(StoreOp::Delete { key: name.clone() });
            }
        }
    }
    skipped
}

/// Whether a cable stays locked after an end for this reason.
fn keeps_cable(reason: StopReason, settings: &Settings) -> bool {
    match reason {
        // 1.6 §3.5.4, 2.x E05.FR.11: until the same identifier, or one of its group, is presented (errata 3.5).
        StopReason::DeAuthorized => true,
        StopReason::EvDisconnected => !settings.is_on(Setting::UnlockOnEvSideDisconnect),
        StopReason::EmergencyStop
        | StopReason::EnergyLimitReached
        | StopReason::GroundFault
        | StopReason::HardReset
        | StopReason::ImmediateReset
        | StopReason::Local
        | StopReason::LocalOutOfCredit
        | StopReason::MasterPass
        | StopReason::Other
        | StopReason::OvercurrentFault
        | StopReason::PowerLoss
        | StopReason::PowerQuality
        | StopReason::Reboot
        | StopReason::Remote
        | StopReason::ReqEnergyTransferRejected
        | StopReason::SocLimitReached
        | StopReason::SoftReset
        | StopReason::StoppedByEv
        | StopReason::TimeLimitReached
        | StopReason::Timeout
        | StopReason::UnlockCommand => false,
    }
}

impl Evse {
    /// Takes up a transaction that ran when the power failed: it ends now (1.6 §7.38 PowerLoss), or goes on.
    pub fn take_up(&mut self, known: OpenTransaction, policy: AfterPowerLoss) {
        let is_connected = known.state != ChargingState::Idle || !self.points.begins_without_vehicle();
        let ever = if is_connected { PointSet::NONE.with(TxPoint::EvConnected) } else { PointSet::NONE };
        let open = Open {
            transaction: known.transaction,
            next_seq: known.next_seq,
            state: known.state,
            news: None,
            change: None,
            ever: if known.token.is_some() { ever.with(TxPoint::Authorized) } else { ever },
            over: None,
            interrupted: None,
            meter_start_mwh: known.meter_start_mwh,
            register: Register::told_before(known.meter_mwh),
            sampled: [Sampling::since(Instant::ZERO); 2],
            last: known.last,
        };
        self.authorisation = match known.token {
            Some(token) => {
                let grant = Grant { group: known.group, ..Grant::of(token) };
                let is_refused = known.is_refused;
                Authorisation::Granted(Right { is_refused, ..Right::new(grant, Instant::ZERO, Instant::ZERO) })
            }
            None => Authorisation::Awaited { since: Instant::ZERO },
        };
        match policy {
            AfterPowerLoss::End => self.close(open, StopReason::PowerLoss, TriggerReason::AbnormalCondition, None),
            AfterPowerLoss::Resume(patience) => {
                self.transaction = Transaction::Open(Open { interrupted: Some(patience), ..open });
            }
        }
    }

    fn take_promise(&mut self, ending: Ending) {
        let is_of_this = self.transaction() == Some(ending.transaction);
        match (core::mem::take(&mut self.transaction), ending.reason) {
            (Transaction::Open(open), Some(reason)) if is_of_this && ending.goes_on => {
                let over = Box::new(Lapsed { reason, token: self.token().cloned() });
                self.authorisation = Authorisation::Over { held_for: ending.holder.clone() };
                self.transaction = Transaction::Open(Open { over: Some(over), ..open });
            }
            (Transaction::Open(open), Some(reason)) if is_of_this => {
                let closing = Closing::new(open, reason, trigger_of_stop(reason), ending.token.clone());
                self.transaction = Transaction::Closing(Closing { is_freed: ending.holder.is_none(), ..closing });
            }
            (Transaction::Open(open), None) if is_of_this => {
                if let Some(right) = self.authorisation.right_mut() {
                    right.is_cut_off = true;
                }
                self.transaction = Transaction::Open(open);
            }
            (Transaction::Closing(closing), Some(_)) if is_of_this && ending.goes_on => {
                self.authorisation = Authorisation::Over { held_for: ending.holder.clone() };
                self.transaction = Transaction::Closing(closing);
            }
            (Transaction::Closing(closing), Some(reason)) if is_of_this => {
                let token = ending.token.clone();
                let (is_freed, trigger) = (ending.holder.is_none(), trigger_of_stop(reason));
                self.transaction = Transaction::Closing(Closing { reason, trigger, token, is_freed, ..closing });
            }
            // The end is on record, and the plug was in.
            (Transaction::None, Some(_)) if self.authorisation == Authorisation::None => {
                self.awaits_cable = true;
                self.authorisation = Authorisation::Over { held_for: ending.holder.clone() };
            }
            (other, _) => self.transaction = other,
        }
        self.promised = Some(ending);
    }

    /// Ends what is going on here. A cable that is held stays so.
    pub fn give_up(&mut self, reason: StopReason) {
        if self.force_end(reason, trigger_of_stop(reason), None) {
            return;
        }
        let is_closing = matches!(self.transaction, Transaction::Closing(_));
        let is_here = matches!(self.authorisation, Authorisation::Awaited { .. } | Authorisation::Granted(_));
        if !is_closing && is_here {
            self.authorisation = Authorisation::OVER;
            self.transaction = Transaction::None;
        }
    }

    /// Has the lock opened once more, even if it was told to before (1.6 §5.18).
    pub fn unlock(&mut self) {
        self.give_up(StopReason::UnlockCommand);
        if let Transaction::Closing(closing) = &mut self.transaction {
            closing.is_freed = true;
        }
        if let Authorisation::Over { held_for } = &mut self.authorisation {
            *held_for = None;
        }
        self.facts.forget_lock_order();
    }

    /// Stops the transaction, or its authorisation where that does not end it. False if none runs.
    pub fn stop(&mut self, reason: StopReason, token: Option<IdToken>) -> bool {
        self.stop_for(reason, trigger_of_stop(reason), token)
    }

    /// The same, with what brought it about.
    pub fn stop_for(&mut self, reason: StopReason, trigger: TriggerReason, token: Option<IdToken>) -> bool {
        match reason {
            StopReason::Local | StopReason::Remote | StopReason::MasterPass => {
                self.end_authorisation(reason, trigger, token, false)
            }
            _ => self.force_end(reason, trigger, token),
        }
    }

    /// The driver may charge no longer. The transaction ends with that, where a stop point says so (E07, F03, E05.FR.09, E05.FR.10);
    /// else it goes on without. False if none runs.
    pub(super) fn end_authorisation(
        &mut self,
        reason: StopReason,
        trigger: TriggerReason,
        token: Option<IdToken>,
        is_cable_held: bool,
    ) -> bool {
        if self.points.ends_with_authorisation() {
            return self.force_end(reason, trigger, token);
        }
        let Transaction::Open(open) = &mut self.transaction else { return false };
        open.change = Some(trigger);
        if let Some(right) = self.authorisation.right() {
            let token = Some(right.grant.token.clone());
            open.over.get_or_insert_with(|| Box::new(Lapsed { reason, token }));
            self.authorisation = Authorisation::Over { held_for: is_cable_held.then(|| right.holder()) };
        }
        true
    }

    /// The transaction ends, whatever its stop points. False if none runs.
    pub(super) fn force_end(&mut self, reason: StopReason, trigger: TriggerReason, token: Option<IdToken>) -> bool {
        match core::mem::take(&mut self.transaction) {
            Transaction::Open(open) => {
                self.close(open, reason, trigger, token);
                true
            }
            other => {
                self.transaction = other;
                false
            }
        }
    }

    pub(super) fn close(&mut self, open: Open, reason: StopReason, trigger: TriggerReason, token: Option<IdToken>) {
        let open = Open { interrupted: None, ..open };
        self.transaction = Transaction::Closing(Closing::new(open, reason, trigger, token));
    }

    /// Who frees the cable after this end.
    fn holder_after(&self, closing: &Closing, settings: &Settings) -> Option<Holder> {
        match &self.authorisation {
            _ if closing.is_freed => None,
            Authorisation::Granted(right) => keeps_cable(closing.reason, settings).then(|| right.holder()),
            Authorisation::Over { held_for } => held_for.clone(),
            Authorisation::None | Authorisation::Awaited { .. } => None,
        }
    }

    fn ending(&self, closing: &Closing, settings: &Settings) -> Ending {
        Ending {
            transaction: closing.open.transaction,
            reason: Some(closing.reason),
            token: closing.token.clone(),
            holder: self.holder_after(closing, settings),
            goes_on: false,
        }
    }

    /// Puts on record what the session promises. With the ticket that an answer waits for.
    pub fn keep_promise(&mut self, store: &mut StoreQueue, settings: &Settings) -> Option<Ticket> {
        let wanted = match (&self.transaction, &self.authorisation) {
            (Transaction::Closing(closing), _) => Some(self.ending(closing, settings)),
            (Transaction::Open(open), Authorisation::Granted(right)) if right.is_cut_off => {
                Some(Ending { transaction: open.transaction, reason: None, token: None, holder: None, goes_on: false })
            }
            (Transaction::Open(open), Authorisation::Over { held_for }) => Some(Ending {
                transaction: open.transaction,
                reason: open.over.as_ref().map(|lapsed| lapsed.reason),
                token: None,
                holder: held_for.clone(),
                goes_on: true,
            }),
            (Transaction::None, Authorisation::Over { held_for }) => {
                let promised = self.promised.as_ref().filter(|ending| ending.reason.is_some());
                promised.map(|ending| Ending { holder: held_for.clone(), ..ending.clone() })
            }
            (
                Transaction::None
                | Transaction::Beginning { .. }
                | Transaction::Unmetered { .. }
                | Transaction::Open(_),
                _,
            ) => None,
        };
        self.promise(store, wanted);
        self.promised.is_some().then_some(self.promise_ticket)
    }

    fn promise(&mut self, store: &mut StoreQueue, wanted: Option<Ending>) {
        if wanted == self.promised {
            return;
        }
        let key = key(self.id);
        match &wanted {
            Some(ending) => self.promise_ticket = store.push(StoreOp::Put { key, value: ending.write() }),
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
    pub(super) fn finish(&mut self, ctx: &mut Context<'_>, mut closing: Closing) -> bool {
        if let Some(order) = self.facts.order_power(Power::Off) {
            ctx.order(self.id, order);
        }
        let ending = self.ending(&closing, ctx.settings);
        self.promise(&mut ctx.shared.store, Some(ending));
        let now = ctx.now();
        let until = *closing.until.get_or_insert(now + ctx.shared.config.hardware.meter_timeout);
        let since = *closing.since.get_or_insert(now);
        let is_waiting = self.facts.contactor == Contactor::Closed && now < until;
        let read = if is_waiting { None } else { self.read_meter(ctx, Some(since)) };
        let Some((reading, is_fresh)) = read else {
            self.transaction = Transaction::Closing(closing);
            return true;
        };
        // One that wakes up after a power cut, or showed nonsense, is asked again.
        let may_recover = !self.meter.has_answered() || closing.open.register.is_in_doubt();
        if !is_fresh && may_recover && closing.silent + 1 < METER_ATTEMPTS {
            closing.silent += 1;
            self.transaction = Transaction::Closing(closing);
            return false;
        }
        let held_for = self.holder_after(&closing, ctx.settings);
        let Closing { mut open, reason, trigger, token, .. } = closing;
        let transaction = open.transaction;
        let at = open.stamp(&ctx.shared.clock, now);
        // Never below what was told (1.6 §6.49, errata 3.78).
        let meter_mwh = open.register.told_mwh();
        let last = reading.filter(|_| is_fresh).map(|reading| self.values_for_stop(ctx, &self.completed(ctx, reading)));
        let last = last.unwrap_or_default();
        ctx.journal.settle_readings(&mut ctx.shared.store, transaction, most_readings(ctx.settings));
        self.authorisation = Authorisation::Over { held_for };
        let moment = self.moment();
        let event = open.event(ctx, self.id, trigger, moment.charging_state());
        let record = JournalRecord::Stopped(Stopped { transaction, at, meter_mwh, reason, token, last });
        ctx.journal.append(&mut ctx.shared.store, record, Some(event));
        ctx.running = ctx.running.saturating_sub(1);
        self.ended = Some((transaction, reason));
        self.spent = moment.met();
        if open.register.has_moved() {
            // What was told is this transaction's alone.
            self.meter = Meter::default();
        }
        false
    }

    /// Tells of the end once it may be told.
    pub(super) fn tell_end(&mut self, ctx: &mut Context<'_>) {
        if self.may_tell(&ctx.shared.store)
            && let Some((transaction, reason)) = self.ended.take()
        {
            let name = ctx.known_as(transaction);
            ctx.event(Event::TransactionEnded { evse: self.id, transaction: transaction.id(), name, reason });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LogIndex;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<Ending>();
        agrees_with_postcard::<(Ending, bool)>();
    }

    /// A promise of before authorisations could end alone, as the code of then wrote it.
    #[test]
    fn promise_of_before_is_read() {
        let bytes = [1, 20, 128, 128, 128, 128, 16, 1, 4, 1, 3, 84, 65, 71, 0];
        let (reason, token) = (Some(StopReason::Local), Some(IdToken::new("TAG")));
        let transaction = TransactionNo(LogIndex(1 << 32));
        let ending = Ending { transaction, reason, token, holder: None, goes_on: false };
        assert_eq!(Ending::read(&bytes).as_ref(), Ok(&ending));
        assert_eq!(ending.write(), bytes);
        let goes_on = Ending { goes_on: true, ..ending };
        assert_eq!(Ending::read(&goes_on.write()), Ok(goes_on));
    }
}
