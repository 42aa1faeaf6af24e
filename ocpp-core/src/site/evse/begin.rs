//! How a transaction begins, and how what was to become one ends before.

use alloc::boxed::Box;
use core::time::Duration;

use super::metering::METER_ATTEMPTS;
use super::{Authorisation, Evse, Transaction};
use crate::site::context::Context;
use crate::site::journal::{EventFacts, JournalRecord, News, Started};
use crate::site::metering::Register;
use crate::site::points::TxPoint;
use crate::site::session::{self, Open, Sampling};
use crate::site::settings::Setting;
use crate::site::signal::Signal;
use crate::station::{Cable, Event, TokenRefusal, TransactionNo, TriggerReason, WithoutMeter};

impl Evse {
    /// No transaction goes on: whether one begins, and who is waited for how long.
    pub(super) fn prepare(&mut self, ctx: &mut Context<'_>) -> bool {
        let now = ctx.now();
        if self.authorisation == Authorisation::None && self.facts.cable != Cable::Absent && self.is_operative {
            self.authorisation = Authorisation::Awaited { since: now };
        }
        if let Some(point) = self.start_point()
            && !self.is_blocked()
        {
            self.transaction = Transaction::Beginning { trigger: self.why_begun(point), silent: 0 };
            return false;
        }
        self.ask_for_signed_data(ctx);
        let is_absent = self.facts.cable == Cable::Absent;
        let since = match &self.authorisation {
            Authorisation::None => return true,
            // 1.6 §4.9 "B1": nobody is here any more.
            Authorisation::Awaited { .. } if is_absent => {
                self.authorisation = Authorisation::None;
                return true;
            }
            Authorisation::Awaited { since } => *since,
            Authorisation::Granted(right) => right.since,
            Authorisation::Over { .. } if self.is_plug_gone(now) => {
                self.authorisation = Authorisation::None;
                return false;
            }
            Authorisation::Over { .. } => return true,
        };
        if since + ctx.settings.seconds(Setting::EvConnectionTimeOut) <= now {
            // 1.6 §4.9 "B1", or "B6" while a plug is in (errata 3.20, 3.21); 2.x C01.FR.26.
            self.authorisation = if is_absent { Authorisation::None } else { Authorisation::OVER };
        }
        true
    }

    /// The start point that is met, and may begin a transaction here.
    fn start_point(&mut self) -> Option<TxPoint> {
        let met = self.moment().met();
        // What comes while a cable is held for its owner belongs to his session.
        let is_held = matches!(self.authorisation, Authorisation::Over { held_for: Some(_) });
        self.spent = if is_held { met } else { self.spent.and(met) };
        let is_here = self.is_operative || self.authorisation != Authorisation::None;
        session::begins(self.points, met, self.spent).filter(|_| is_here)
    }

    /// Why a start point is met now: by what came last.
    fn why_begun(&self, point: TxPoint) -> TriggerReason {
        match (point, self.authorisation.right()) {
            // F02.FR.21: also where a cable came after it.
            (_, Some(right)) if right.grant.remote_start.is_some() => TriggerReason::RemoteStart,
            (TxPoint::ParkingBayOccupancy, _) => TriggerReason::EvDetected,
            (TxPoint::DataSigned, _) => TriggerReason::SignedDataReceived,
            (TxPoint::EnergyTransfer, _) => TriggerReason::ChargingStateChanged,
            (TxPoint::Authorized, Some(_)) => TriggerReason::Authorized,
            (TxPoint::PowerPathClosed, Some(right)) if right.at >= self.connected_at => TriggerReason::Authorized,
            (TxPoint::EvConnected | TxPoint::PowerPathClosed | TxPoint::Authorized, _) => TriggerReason::CablePluggedIn,
        }
    }

    /// Where a signed value begins transactions, the meter is asked for one (E01, scenario of DataSigned).
    fn ask_for_signed_data(&mut self, ctx: &mut Context<'_>) {
        let is_wanted = self.points.start.has(TxPoint::DataSigned) && !self.spent.has(TxPoint::DataSigned);
        let has_answered = || self.meter.since(ctx.now(), self.connected_at, Duration::MAX).is_some();
        if is_wanted && !self.has_signed && self.facts.cable == Cable::Connected && !has_answered() {
            let _ = self.read_meter(ctx, Some(self.connected_at));
        }
    }

    /// A transaction is about to begin: `silent` is how often the meter did not answer; none while energy flows without.
    pub(super) fn go_on_beginning(
        &mut self,
        ctx: &mut Context<'_>,
        trigger: TriggerReason,
        silent: Option<u8>,
    ) -> bool {
        let is_off = silent.is_some() && self.is_blocked();
        if self.start_point().is_some() && !is_off {
            return self.start(ctx, trigger, silent);
        }
        if let Some(right) = self.authorisation.right_mut() {
            right.since = ctx.now();
        }
        true
    }

    /// A transaction begins with a reading of now, or one of the rest before it: no number is invented (1.6 §6.45).
    fn start(&mut self, ctx: &mut Context<'_>, trigger: TriggerReason, silent: Option<u8>) -> bool {
        let limits = &ctx.shared.config.limits;
        if !ctx.journal.has_room(limits, ctx.running) || ctx.shared.is_store_stuck() {
            return self.refuse_start(ctx, TokenRefusal::Busy);
        }
        let fresh = match self.read_meter(ctx, None) {
            Some((reading, is_fresh)) => reading.filter(|_| is_fresh),
            None => {
                self.transaction = match silent {
                    Some(silent) => Transaction::Beginning { trigger, silent },
                    None => Transaction::Unmetered { trigger },
                };
                return true;
            }
        };
        let Some(reading) = fresh.or_else(|| self.reading_at_rest(ctx.now()).filter(|_| silent.is_some())) else {
            self.transaction = match (silent, ctx.shared.config.policy.without_meter) {
                (Some(silent), _) if silent + 1 < METER_ATTEMPTS => {
                    Transaction::Beginning { trigger, silent: silent + 1 }
                }
                (Some(_), WithoutMeter::Refuse) => return self.refuse_start(ctx, TokenRefusal::MeterSilent),
                (Some(_), WithoutMeter::Charge) | (None, _) => Transaction::Unmetered { trigger },
            };
            return false;
        };
        let meter_mwh = reading.energy_mwh;
        let at = ctx.stamp();
        let grant = self.authorisation.right().map(|right| &right.grant);
        // Before the start is on record: a cut in between frees the EVSE, which is harmless.
        let reservation =
            grant.and_then(|grant| ctx.reservations.use_up(&mut ctx.shared.store, self.id, grant.bearer()));
        let remote_start = grant.and_then(|grant| grant.remote_start);
        let record = JournalRecord::Started(Started {
            spot: ctx.shared.plugs.active(self.id),
            token: grant.map(|grant| grant.token.clone()),
            group: grant.and_then(|grant| grant.group.clone()),
            at,
            meter_mwh,
            reservation,
            first: self.values_of_begin(ctx, &self.completed(ctx, reading)),
        });
        let news = remote_start.map(|id| Box::new(News { remote_start: Some(id), ..News::default() }));
        let moment = self.moment();
        let state = session::told_with(trigger, moment.charging_state());
        let event =
            EventFacts::new(0, ctx.shared.plugs.active(self.id).connector, trigger, state, !ctx.is_online, news);
        let transaction = TransactionNo(ctx.journal.append(&mut ctx.shared.store, record, Some(event)));
        if self.authorisation == Authorisation::OVER {
            self.authorisation = Authorisation::Awaited { since: ctx.now() };
        }
        ctx.running += 1;
        let name = ctx.known_as(transaction);
        ctx.event(Event::TransactionStarted { evse: self.id, transaction: transaction.id(), name });
        self.transaction = Transaction::Open(Open {
            transaction,
            next_seq: 1,
            state,
            news: None,
            change: None,
            ever: moment.met(),
            over: None,
            interrupted: None,
            meter_start_mwh: meter_mwh,
            register: Register::begin(ctx.now(), meter_mwh),
            sampled: [Sampling::since(ctx.now()); 2],
            last: at,
        });
        false
    }

    /// Without room or a meter nothing begins; somebody who was accepted is told.
    fn refuse_start(&mut self, ctx: &mut Context<'_>, reason: TokenRefusal) -> bool {
        if self.authorisation.right().is_some() {
            ctx.signals.push_back(Signal::Refused { evse: Some(self.id), reason });
            self.authorisation = Authorisation::OVER;
        }
        self.spent = self.moment().met();
        true
    }
}
