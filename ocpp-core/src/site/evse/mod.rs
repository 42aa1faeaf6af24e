//! An EVSE (1.6 §3.2, §4.8 to §4.10; 2.x E01 to E10): from the driver's arrival over the transaction to his leaving.
//!
//! Owns the hardware's facts, the session and the meter. Takes facts, tokens and stop requests; gives orders
//! to the hardware, records to the journal, and signals. Power is ordered by the session alone, never gated on storage.

mod begin;
mod ending;
mod hardware;
mod metering;
mod token;

#[cfg(test)]
mod tests;

pub(crate) use ending::restore as restore_promises;
pub(crate) use token::TokenUse;

use core::time::Duration;

use super::bearer::Bearer;
use super::context::Context;
use super::points::{PointSet, TxPoint, TxPoints};
use super::policy::{Policy, Uses};
use super::session::{self, Authorisation, Closing, Open, Right, Sampling, Transaction};
use super::settings::{Setting, Settings};
use crate::site::journal::{JournalRecord, Sampled};
use crate::site::metering::{Aligned, Meter, SampleContext};
use crate::station::{
    AuthorizationStatus, Cable, ChargingState, Event, EvseFacts, EvseId, EvseStatus, IdToken, Lock, StopReason,
    TransactionNo, TriggerReason, Vehicle,
};
use crate::store::Ticket;
use crate::time::{Clock, Instant};
use ending::{CABLE_PATIENCE, Ending};
use metering::Wanted;

/// One EVSE.
#[derive(Debug)]
pub(crate) struct Evse {
    pub id: EvseId,
    facts: EvseFacts,
    /// Whether the meter signs what it shows.
    has_signed: bool,
    /// Whether the hardware said anything of the cable since the start.
    is_cable_known: bool,
    /// Whether a session had ended here before the restart, and the plug may be gone.
    awaits_cable: bool,
    /// When anything was told first since the start.
    seen_at: Option<Instant>,
    /// When a vehicle came last.
    connected_at: Instant,
    /// When the last vehicle left.
    left_at: Instant,
    /// When the contactor opened last.
    opened_at: Instant,
    /// Whether a fault of the whole station makes charging impossible.
    is_station_blocked: bool,
    /// What stands in the entry of this EVSE.
    promised: Option<Ending>,
    /// Of the last promise.
    promise_ticket: Ticket,
    /// An end that was not told yet.
    ended: Option<(TransactionNo, StopReason)>,
    /// Its hardware restarts once nobody is here.
    #[cfg(feature = "transaction_events")]
    resets: bool,
    /// A register that is not to be believed, and was not told of yet.
    implausible_mwh: Option<i64>,
    meter: Meter,
    aligned: [Aligned; 2],
    wanted: Wanted,
    /// Whether something hangs on what the meter shows, beside the readings that are due.
    is_meter_watched: bool,
    authorisation: Authorisation,
    transaction: Transaction,
    /// When the transaction ends, and when one that is none yet begins and ends.
    points: TxPoints,
    /// Points that were met when the last transaction ended, and are so since: they begin no other.
    spent: PointSet,
    /// Whether it is in service; counts while it is free.
    is_operative: bool,
    /// Whether charging profiles leave it nothing.
    is_curtailed: bool,
    /// Whether it shows that it is kept for somebody.
    is_reserved: bool,
    /// The status that the host was shown last.
    shown: EvseStatus,
}

impl Evse {
    pub fn new(evse: EvseId, points: TxPoints) -> Self {
        Evse {
            id: evse,
            facts: EvseFacts::default(),
            has_signed: false,
            is_cable_known: false,
            awaits_cable: false,
            seen_at: None,
            connected_at: Instant::ZERO,
            left_at: Instant::ZERO,
            opened_at: Instant::ZERO,
            is_station_blocked: false,
            promised: None,
            promise_ticket: Ticket(0),
            ended: None,
            implausible_mwh: None,
            meter: Meter::default(),
            #[cfg(feature = "transaction_events")]
            resets: false,
            aligned: <[Aligned; 2]>::default(),
            wanted: Wanted::default(),
            is_meter_watched: false,
            authorisation: Authorisation::None,
            transaction: Transaction::None,
            points,
            spent: PointSet::NONE,
            is_operative: true,
            is_curtailed: false,
            is_reserved: false,
            shown: EvseStatus::Available,
        }
    }

    /// Learns whether it is in service, and kept for somebody.
    pub fn allot(&mut self, is_operative: bool, is_reserved: bool) {
        self.is_operative = is_operative;
        self.is_reserved = is_reserved;
    }

    /// Whether it shows that it is kept for somebody.
    pub fn is_reserved(&self) -> bool {
        self.is_reserved
    }

    /// The transaction, until its end is on record.
    pub fn transaction(&self) -> Option<TransactionNo> {
        self.begun().map(|open| open.transaction)
    }

    /// The transaction, with the register at its begin.
    #[cfg(feature = "california_pricing")]
    pub fn running_since(&self) -> Option<(TransactionNo, i64)> {
        self.begun().map(|open| (open.transaction, open.meter_start_mwh))
    }

    /// The hardware as it was reported last.
    pub fn facts(&self) -> &EvseFacts {
        &self.facts
    }

    /// What hangs here.
    pub fn cable(&self) -> Cable {
        self.facts.cable
    }

    /// The transaction, until its end is on record.
    pub fn begun(&self) -> Option<&Open> {
        match &self.transaction {
            Transaction::Open(open) | Transaction::Closing(Closing { open, .. }) => Some(open),
            Transaction::None | Transaction::Beginning { .. } | Transaction::Unmetered { .. } => None,
        }
    }

    fn begun_mut(&mut self) -> Option<&mut Open> {
        match &mut self.transaction {
            Transaction::Open(open) | Transaction::Closing(Closing { open, .. }) => Some(open),
            Transaction::None | Transaction::Beginning { .. } | Transaction::Unmetered { .. } => None,
        }
    }

    /// Since when a vehicle waits here for a token. One that stayed after its session does not: another driver's token
    /// must not start it (errata 3.20).
    pub fn waiting_since(&self, now: Instant) -> Option<Instant> {
        match &self.authorisation {
            Authorisation::None => Some(now),
            Authorisation::Awaited { since } => Some(*since),
            Authorisation::Granted(_) | Authorisation::Over { .. } => None,
        }
        .filter(|_| self.facts.cable == Cable::Connected && self.takes_grants())
    }

    /// Who was accepted here, and has not begun.
    pub fn bearer(&self) -> Option<Bearer<'_>> {
        self.authorisation.right().filter(|_| self.begun().is_none()).map(|right| right.grant.bearer())
    }

    /// Who charges here, or may.
    pub fn token(&self) -> Option<&IdToken> {
        self.authorisation.right().map(|right| &right.grant.token)
    }

    /// Whether nobody is here, and nothing goes on.
    fn is_idle(&self) -> bool {
        self.authorisation == Authorisation::None && self.transaction == Transaction::None
    }

    /// Whether it is idle, in service and whole.
    pub fn is_available(&self) -> bool {
        self.is_idle() && self.is_operative && !self.is_blocked()
    }

    /// Whether nothing hangs here and nothing goes on: another of its connectors may be the one in use.
    pub fn may_change_plugs(&self) -> bool {
        let is_quiet = match self.authorisation {
            Authorisation::None | Authorisation::Awaited { .. } | Authorisation::Granted(_) => true,
            Authorisation::Over { .. } => false,
        };
        self.facts.cable == Cable::Absent && is_quiet && self.transaction == Transaction::None
    }

    /// Whether somebody is here.
    pub fn is_in_use(&self) -> bool {
        !self.is_idle()
    }

    /// The lock as last reported.
    pub fn lock(&self) -> Lock {
        self.facts.lock
    }

    /// Whether a transaction runs and is not ending.
    pub fn is_running(&self) -> bool {
        matches!(self.transaction, Transaction::Open(_))
    }

    /// Whether a driver is about to charge here, or does.
    pub fn is_busy(&self) -> bool {
        self.authorisation.right().is_some() || self.transaction != Transaction::None
    }

    /// Whether the token is the one that is here, or may charge on here.
    pub fn concerns(&self, token: &IdToken) -> bool {
        self.is_held_by(token) || self.may_resume(token)
    }

    /// Whether [`Self::on_grant`] would take this token.
    pub fn takes(&self, token: &IdToken) -> bool {
        self.takes_grants() || self.may_resume(token)
    }

    /// Whether the token charged in the transaction that is open here, and may once more: the vehicle was gone and is back, or its
    /// driver had ended the authorisation (E09.FR.01). Where a cable is held until its owner comes, he comes for that.
    pub fn may_resume(&self, token: &IdToken) -> bool {
        let Transaction::Open(Open { over: Some(lapsed), interrupted: None, .. }) = &self.transaction else {
            return false;
        };
        let is_back = self.facts.cable == Cable::Connected && lapsed.reason != StopReason::DeAuthorized;
        let is_free = match &self.authorisation {
            Authorisation::None | Authorisation::Awaited { .. } | Authorisation::Over { held_for: None } => true,
            Authorisation::Over { held_for: Some(_) } => is_back,
            Authorisation::Granted(_) => false,
        };
        let is_its = lapsed.token.as_ref().is_some_and(|own| own.matches(token));
        is_its && is_free && self.is_operative && !self.is_blocked()
    }

    /// Whether [`Self::on_grant`] would take any.
    pub fn takes_grants(&self) -> bool {
        let has_place = match (&self.transaction, &self.authorisation) {
            (Transaction::Closing(_), _)
            | (_, Authorisation::Granted(_) | Authorisation::Over { held_for: Some(_) }) => false,
            // C01.FR.23: a transaction has one driver.
            (Transaction::Open(open), _) => open.over.is_none() && open.interrupted.is_none(),
            (Transaction::None | Transaction::Beginning { .. } | Transaction::Unmetered { .. }, _) => true,
        };
        has_place && self.is_operative && !self.is_blocked()
    }

    /// The CSMS's answer to the start (1.6 §3.5.4, errata 3.17).
    pub fn on_start_answered(&mut self, status: Option<AuthorizationStatus>, group: Option<IdToken>) {
        if !self.is_running() {
            return;
        }
        let Some(right) = self.authorisation.right_mut() else { return };
        if group.is_some() {
            right.grant.group = group;
        }
        right.is_refused |= status.is_some_and(|status| status != AuthorizationStatus::Accepted);
    }

    /// Does what the facts and the time ask for, until nothing more is to do.
    pub fn advance(&mut self, ctx: &mut Context<'_>) {
        // A transaction ends by the points with which it began.
        if self.begun().is_none() {
            self.points = ctx.points;
        }
        self.seen_at.get_or_insert(ctx.now());
        if let Some(energy_mwh) = self.implausible_mwh.take() {
            ctx.event(Event::MeterImplausible { evse: self.id, energy_mwh });
        }
        self.take_readings(ctx);
        while !self.step(ctx) {}
        self.keep_promise(&mut ctx.shared.store, ctx.settings);
        self.tell_end(ctx);
    }

    /// One transition; true when nothing more is to do.
    fn step(&mut self, ctx: &mut Context<'_>) -> bool {
        match core::mem::take(&mut self.transaction) {
            Transaction::None => self.prepare(ctx),
            Transaction::Beginning { trigger, silent } => self.go_on_beginning(ctx, trigger, Some(silent)),
            Transaction::Unmetered { trigger } => self.go_on_beginning(ctx, trigger, None),
            Transaction::Open(open) => match open.interrupted {
                Some(patience) => self.resume(ctx, open, patience),
                None => self.run(ctx, open),
            },
            Transaction::Closing(closing) => self.finish(ctx, closing),
        }
    }

    /// Whether the plug of a session that ended was taken. After a restart the hardware has a while to say so.
    fn is_plug_gone(&self, now: Instant) -> bool {
        let is_unsure = self.awaits_cable && !self.is_cable_known && self.cable_by().is_none_or(|by| now < by);
        self.facts.cable == Cable::Absent && !is_unsure
    }

    fn cable_by(&self) -> Option<Instant> {
        self.seen_at.map(|at| at + CABLE_PATIENCE)
    }

    /// After a power cut: the hardware has to say whether the vehicle is still there.
    fn resume(&mut self, ctx: &mut Context<'_>, open: Open, patience: Duration) -> bool {
        // E17.FR.16: none was there before, as after a begin without.
        let was_absent = !open.ever.has(TxPoint::EvConnected);
        if self.is_cable_known && (was_absent || self.facts.cable == Cable::Connected) {
            let is_unsure = self.authorisation.right().is_some_and(|right| right.is_refused && !right.is_cut_off);
            self.transaction = Transaction::Open(open);
            // Whether a refused token has any energy left, the meter has to say first.
            if is_unsure {
                let Some((_, is_fresh)) = self.read_meter(ctx, None) else { return true };
                if let Some(right) = self.authorisation.right_mut() {
                    right.is_cut_off = !is_fresh;
                }
            }
            if let Some(open) = self.begun_mut() {
                open.sampled = [Sampling::since(ctx.now()); 2];
                open.interrupted = None;
            }
            self.wanted.add(SampleContext::InterruptionEnd, Uses::TOLD, ctx.now());
            return false;
        }
        if self.is_cable_known || self.seen_at.is_some_and(|at| at + patience <= ctx.now()) {
            self.close(open, StopReason::PowerLoss, TriggerReason::AbnormalCondition, None);
            return false;
        }
        self.transaction = Transaction::Open(open);
        true
    }

    /// A transaction is open: what ends it, and what changes in it.
    fn run(&mut self, ctx: &mut Context<'_>, mut open: Open) -> bool {
        let moment = self.moment();
        let met = moment.met();
        open.ever = open.ever.or(met);
        let (ever, meter_start_mwh) = (open.ever, open.meter_start_mwh);
        self.transaction = Transaction::Open(open);
        let is_connected = met.has(TxPoint::EvConnected);
        if let Some(right) = self.authorisation.right() {
            // E09.FR.01, E10.
            let is_left = ever.has(TxPoint::EvConnected) && !is_connected;
            if is_left && ctx.settings.is_on(Setting::StopTxOnEvSideDisconnect) {
                let trigger = TriggerReason::EvCommunicationLost;
                let is_held = !ctx.settings.is_on(Setting::UnlockOnEvSideDisconnect);
                self.end_authorisation(StopReason::EvDisconnected, trigger, None, is_held);
                return false;
            }
            let since = self.waits_for_vehicle(right, ever, ctx.settings, ctx.policy);
            let timeout = ctx.settings.seconds(Setting::EvConnectionTimeOut);
            if since.is_some_and(|since| since + timeout <= ctx.now()) {
                let trigger = TriggerReason::EvConnectTimeout;
                // E03.FR.05; E03.FR.15, E10.FR.02.
                if self.points.stop.has(TxPoint::ParkingBayOccupancy) || is_left {
                    self.end_authorisation(StopReason::Timeout, trigger, None, false);
                } else {
                    self.force_end(StopReason::Timeout, trigger, None);
                }
                return false;
            }
            if right.is_refused && !right.is_cut_off && self.has_used_allowance(ctx, meter_start_mwh) {
                if let Some(right) = self.authorisation.right_mut() {
                    right.is_cut_off = true;
                }
                if ctx.settings.is_on(Setting::StopTxOnInvalidId) {
                    // E05.FR.09, E05.FR.10.
                    let trigger = TriggerReason::Deauthorized;
                    self.end_authorisation(StopReason::DeAuthorized, trigger, None, true);
                    return false;
                }
            }
        }
        if let Some(point) = session::ends(self.points, met, ever) {
            let (reason, trigger) = self.why_ended(point, is_connected);
            self.force_end(reason, trigger, None);
            return false;
        }
        // That somebody was accepted is told by every family.
        if ctx.policy.tells_changes || self.begun().is_some_and(|open| open.news.is_some()) {
            return !self.tell_change(ctx);
        }
        true
    }

    /// Since when a vehicle is waited for in an open transaction: none came yet, or it left a fixed cable, which no driver takes along.
    fn waits_for_vehicle(
        &self,
        right: &Right,
        ever: PointSet,
        settings: &Settings,
        policy: &Policy,
    ) -> Option<Instant> {
        if !ever.has(TxPoint::EvConnected) {
            return Some(right.since);
        }
        let is_left = self.facts.cable != Cable::Connected;
        let is_given_up = policy.gives_up_fixed_cables && settings.has_fixed_cables();
        (is_left && is_given_up).then(|| self.left_at.max(right.since))
    }

    /// Why a stop point ends a transaction: as the authorisation did, should it have ended before.
    fn why_ended(&self, point: TxPoint, is_connected: bool) -> (StopReason, TriggerReason) {
        let over = self.begun().and_then(|open| open.over.as_ref()).map(|lapsed| lapsed.reason);
        let (reason, trigger) = match point {
            TxPoint::ParkingBayOccupancy => (StopReason::Local, TriggerReason::EvDeparted),
            TxPoint::EvConnected => (StopReason::EvDisconnected, TriggerReason::EvCommunicationLost),
            TxPoint::PowerPathClosed if !is_connected => {
                (StopReason::EvDisconnected, TriggerReason::EvCommunicationLost)
            }
            TxPoint::PowerPathClosed | TxPoint::Authorized | TxPoint::DataSigned => {
                (StopReason::Other, TriggerReason::Deauthorized)
            }
            TxPoint::EnergyTransfer if !is_connected => {
                (StopReason::EvDisconnected, TriggerReason::EvCommunicationLost)
            }
            TxPoint::EnergyTransfer if self.facts.vehicle == Vehicle::Paused => {
                (StopReason::StoppedByEv, TriggerReason::ChargingStateChanged)
            }
            TxPoint::EnergyTransfer => (StopReason::Other, TriggerReason::ChargingStateChanged),
        };
        (over.unwrap_or(reason), trigger)
    }

    /// Records what changed in an open transaction (E02.FR.13, E02.FR.17), once there is room. False if nothing was recorded.
    fn tell_change(&mut self, ctx: &mut Context<'_>) -> bool {
        let (evse, state) = (self.id, self.moment().charging_state());
        let Transaction::Open(open) = &mut self.transaction else { return false };
        let trigger = match (open.change, open.state, state) {
            (Some(change), _, _) => change,
            (None, told, state) if told == state => return false,
            (None, ChargingState::Idle, _) => TriggerReason::CablePluggedIn,
            (None, _, ChargingState::Idle) => TriggerReason::EvCommunicationLost,
            (None, _, _) => TriggerReason::ChargingStateChanged,
        };
        let state = session::told_with(trigger, state);
        // A reservation is used up before that is on record: a cut in between frees the EVSE, which is harmless.
        if let (Some(news), Authorisation::Granted(right)) = (&mut open.news, &self.authorisation)
            && news.reservation.is_none()
        {
            news.reservation = ctx.reservations.use_up(&mut ctx.shared.store, evse, right.grant.bearer());
        }
        let at = open.stamp(&ctx.shared.clock, ctx.shared.now);
        let (transaction, context) = (open.transaction, SampleContext::Other);
        let sample =
            Sampled { transaction, spot: ctx.shared.plugs.active(evse), at, context, values: alloc::vec::Vec::new() };
        if !self.has_room(ctx, transaction) {
            return false;
        }
        let Transaction::Open(open) = &mut self.transaction else { return false };
        open.change = None;
        let event = open.event(ctx, evse, trigger, state);
        ctx.journal.append(&mut ctx.shared.store, JournalRecord::Sampled(sample), Some(event));
        true
    }

    /// When time changes something here. Each may lie in the past, waiting for something else.
    pub fn deadlines(
        &self,
        settings: &Settings,
        policy: &Policy,
        clock: &Clock,
    ) -> impl Iterator<Item = Instant> + use<> {
        let timeout = settings.seconds(Setting::EvConnectionTimeOut);
        let late = self.authorisation.right().map(|right| right.since + timeout);
        let stage = match (&self.transaction, &self.authorisation) {
            (Transaction::None, Authorisation::Awaited { since }) => Some(*since + timeout),
            (Transaction::None, Authorisation::Granted(_)) => late,
            (Transaction::None, Authorisation::Over { .. }) if self.awaits_cable && !self.is_cable_known => {
                self.cable_by()
            }
            (Transaction::Open(Open { interrupted: Some(patience), .. }), _) => self.seen_at.map(|at| at + *patience),
            (Transaction::Open(open), Authorisation::Granted(right)) => {
                self.waits_for_vehicle(right, open.ever, settings, policy).map(|since| since + timeout)
            }
            (Transaction::Closing(closing), _) => closing.until,
            (
                Transaction::None
                | Transaction::Beginning { .. }
                | Transaction::Unmetered { .. }
                | Transaction::Open(_),
                _,
            ) => None,
        };
        self.reading_deadlines(settings, policy, clock).into_iter().chain([stage]).flatten()
    }
}
