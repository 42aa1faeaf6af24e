//! A connector (1.6 §3.2, §4.8 to §4.10): from the driver's arrival over the transaction to his leaving.
//!
//! Owns the hardware's facts, the stage of the session and the meter. Takes facts, tokens and stop requests; gives orders
//! to the hardware, records to the journal, and signals. Power is ordered by the stage alone, never gated on storage.

mod ending;
mod hardware;
mod metering;
mod stage;
mod token;

pub(crate) use ending::restore as restore_promises;
pub(crate) use stage::{Running, Stage, Stopping};
pub(crate) use token::TokenUse;

use core::time::Duration;

use super::bearer::{Bearer, Grant};
use super::context::Context;
use super::settings::{Setting, Settings};
use super::signal::Signal;
use crate::site::journal::{JournalRecord, Started};
use crate::site::metering::{Aligned, Meter, Register, SampleContext};
use crate::station::{
    AuthorizationStatus, Cable, Event, EvseFacts, EvseId, IdToken, Lock, StopReason, TokenRefusal, TransactionNo,
    WithoutMeter,
};
use crate::store::Ticket;
use crate::time::{Clock, Instant};
use ending::{CABLE_PATIENCE, Ending};
use metering::{METER_ATTEMPTS, Wanted, values_for_stop};

/// One connector.
#[derive(Debug)]
pub(crate) struct Connector {
    pub evse: EvseId,
    facts: EvseFacts,
    /// Whether the hardware said anything of the cable since the start.
    is_cable_known: bool,
    /// Whether a session had ended here before the restart, and the plug may be gone.
    awaits_cable: bool,
    /// When anything was told first since the start.
    seen_at: Option<Instant>,
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
    /// A register that is not to be believed, and was not told of yet.
    implausible_mwh: Option<i64>,
    meter: Meter,
    aligned: Aligned,
    wanted: Wanted,
    /// Whether something hangs on what the meter shows, beside the readings that are due.
    is_meter_watched: bool,
    stage: Stage,
    /// Whether it is in service; counts while it is free.
    is_operative: bool,
    /// Whether charging profiles leave it nothing.
    is_curtailed: bool,
    /// Whether it shows that it is kept for somebody.
    is_reserved: bool,
}

impl Connector {
    pub fn new(evse: EvseId) -> Self {
        Connector {
            evse,
            facts: EvseFacts::default(),
            is_cable_known: false,
            awaits_cable: false,
            seen_at: None,
            opened_at: Instant::ZERO,
            is_station_blocked: false,
            promised: None,
            promise_ticket: Ticket(0),
            ended: None,
            implausible_mwh: None,
            meter: Meter::default(),
            aligned: Aligned::default(),
            wanted: Wanted::default(),
            is_meter_watched: false,
            stage: Stage::Idle,
            is_operative: true,
            is_curtailed: false,
            is_reserved: false,
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
        self.running().map(|running| running.transaction)
    }

    /// The transaction, with the register at its begin.
    #[cfg(feature = "california_pricing")]
    pub fn running_since(&self) -> Option<(TransactionNo, i64)> {
        self.running().map(|running| (running.transaction, running.meter_start_mwh))
    }

    /// The session, until its end is on record.
    pub fn session(&self) -> Option<&Running> {
        self.running()
    }

    /// What hangs here.
    pub fn cable(&self) -> Cable {
        self.facts.cable
    }

    fn running(&self) -> Option<&Running> {
        match &self.stage {
            Stage::Interrupted { running, .. }
            | Stage::Running(running)
            | Stage::Stopping(Stopping { running, .. }) => Some(running),
            Stage::Idle
            | Stage::Preparing { .. }
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Finishing { .. } => None,
        }
    }

    /// Since when a vehicle waits here for a token. One that stayed after its session does not: another driver's token
    /// must not start it (errata 3.20).
    pub fn waiting_since(&self, now: Instant) -> Option<Instant> {
        match &self.stage {
            Stage::Idle => Some(now),
            Stage::Preparing { since, grant: None } => Some(*since),
            Stage::Preparing { .. }
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_)
            | Stage::Stopping(_)
            | Stage::Finishing { .. } => None,
        }
        .filter(|_| self.facts.cable == Cable::Connected && self.takes_grants())
    }

    /// Who was accepted here, and has not begun.
    pub fn bearer(&self) -> Option<Bearer<'_>> {
        match &self.stage {
            Stage::Preparing { grant: Some(grant), .. }
            | Stage::Starting { grant, .. }
            | Stage::Unmetered { grant } => Some(grant.bearer()),
            Stage::Idle
            | Stage::Preparing { grant: None, .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_)
            | Stage::Stopping(_)
            | Stage::Finishing { .. } => None,
        }
    }

    /// Whether it is idle, in service and whole.
    pub fn is_available(&self) -> bool {
        self.stage == Stage::Idle && self.is_operative && !self.is_blocked()
    }

    /// Whether nothing hangs here and nothing goes on: another connector of the EVSE may be the one in use.
    pub fn may_change_plugs(&self) -> bool {
        self.facts.cable == Cable::Absent && matches!(self.stage, Stage::Idle | Stage::Preparing { .. })
    }

    /// Whether somebody is here.
    pub fn is_in_use(&self) -> bool {
        self.stage != Stage::Idle
    }

    /// The lock as last reported.
    pub fn lock(&self) -> Lock {
        self.facts.lock
    }

    /// Whether a transaction runs and is not ending.
    pub fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running(_) | Stage::Interrupted { .. })
    }

    /// Whether a driver is about to charge here, or does.
    pub fn is_busy(&self) -> bool {
        match self.stage {
            Stage::Idle | Stage::Preparing { grant: None, .. } | Stage::Finishing { .. } => false,
            Stage::Preparing { grant: Some(_), .. }
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_)
            | Stage::Stopping(_) => true,
        }
    }

    /// Whether [`Self::on_grant`] would take one.
    pub fn takes_grants(&self) -> bool {
        let has_place = matches!(
            self.stage,
            Stage::Idle | Stage::Preparing { grant: None, .. } | Stage::Finishing { held_for: None }
        );
        has_place && self.is_operative && !self.is_blocked()
    }

    /// The CSMS's answer to the start (1.6 §3.5.4, errata 3.17).
    pub fn on_start_answered(&mut self, status: Option<AuthorizationStatus>, group: Option<IdToken>) {
        let (Stage::Running(running) | Stage::Interrupted { running, .. }) = &mut self.stage else { return };
        if group.is_some() {
            running.group = group;
        }
        running.is_refused |= status.is_some_and(|status| status != AuthorizationStatus::Accepted);
    }

    /// Does what the facts and the time ask for, until nothing more is to do.
    pub fn advance(&mut self, ctx: &mut Context<'_>) {
        self.seen_at.get_or_insert(ctx.now());
        if let Some(energy_mwh) = self.implausible_mwh.take() {
            ctx.event(Event::MeterImplausible { evse: self.evse, energy_mwh });
        }
        self.take_readings(ctx);
        loop {
            let stage = core::mem::take(&mut self.stage);
            let (next, is_settled) = self.step(ctx, stage);
            self.stage = next;
            if is_settled {
                break;
            }
        }
        self.keep_promise(&mut ctx.shared.store, ctx.settings);
        self.tell_end(ctx);
    }

    /// One transition; true when the stage stays.
    fn step(&mut self, ctx: &mut Context<'_>, stage: Stage) -> (Stage, bool) {
        match stage {
            Stage::Idle if self.facts.cable != Cable::Absent && self.is_operative => {
                (Stage::Preparing { since: ctx.now(), grant: None }, false)
            }
            Stage::Idle => (Stage::Idle, true),
            Stage::Preparing { since, grant } => self.prepare(ctx, since, grant),
            Stage::Starting { grant, .. } if self.facts.cable != Cable::Connected || self.is_blocked() => {
                (Stage::Preparing { since: ctx.now(), grant: Some(grant) }, true)
            }
            Stage::Unmetered { grant } if self.facts.cable != Cable::Connected => {
                (Stage::Preparing { since: ctx.now(), grant: Some(grant) }, true)
            }
            Stage::Starting { grant, silent } => self.start(ctx, grant, Some(silent)),
            Stage::Unmetered { grant } => self.start(ctx, grant, None),
            Stage::Interrupted { running, patience } => self.resume(ctx, running, patience),
            Stage::Running(running) => self.run(ctx, running),
            Stage::Stopping(stopping) => self.finish(ctx, stopping),
            Stage::Finishing { .. } if self.is_plug_gone(ctx.now()) => (Stage::Idle, false),
            Stage::Finishing { held_for } => (Stage::Finishing { held_for }, true),
        }
    }

    fn prepare(&mut self, ctx: &mut Context<'_>, since: Instant, grant: Option<Grant>) -> (Stage, bool) {
        let is_connected = self.facts.cable == Cable::Connected;
        match grant {
            Some(grant) if is_connected && !self.is_blocked() => (Stage::Starting { grant, silent: 0 }, false),
            // 1.6 §4.9 "B1": nobody is here any more.
            None if self.facts.cable == Cable::Absent => (Stage::Idle, true),
            grant => {
                if since + ctx.settings.seconds(Setting::EvConnectionTimeOut) > ctx.now() {
                    return (Stage::Preparing { since, grant }, true);
                }
                // 1.6 §4.9 "B1", or "B6" while a plug is in (errata 3.20, 3.21).
                let is_gone = self.facts.cable == Cable::Absent;
                (if is_gone { Stage::Idle } else { Stage::Finishing { held_for: None } }, true)
            }
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

    /// A transaction begins with a reading of now, or one of the rest before it: no number is invented (1.6 §6.45). `silent`:
    /// how often the meter did not answer; none while energy flows without.
    fn start(&mut self, ctx: &mut Context<'_>, grant: Grant, silent: Option<u8>) -> (Stage, bool) {
        let limits = &ctx.shared.config.limits;
        if !ctx.journal.has_room(limits, ctx.running) || ctx.shared.is_store_stuck() {
            return self.refuse_start(ctx, TokenRefusal::Busy);
        }
        let fresh = match self.read_meter(ctx, None) {
            Some((reading, is_fresh)) => reading.filter(|_| is_fresh),
            None => {
                let stage = silent.map(|silent| Stage::Starting { grant: grant.clone(), silent });
                return (stage.unwrap_or(Stage::Unmetered { grant }), true);
            }
        };
        let Some(reading) = fresh.or_else(|| self.reading_at_rest(ctx.now()).filter(|_| silent.is_some())) else {
            let stage = match (silent, ctx.shared.config.without_meter) {
                (Some(silent), _) if silent + 1 < METER_ATTEMPTS => Stage::Starting { grant, silent: silent + 1 },
                (Some(_), WithoutMeter::Refuse) => return self.refuse_start(ctx, TokenRefusal::MeterSilent),
                (Some(_), WithoutMeter::Charge) | (None, _) => Stage::Unmetered { grant },
            };
            return (stage, false);
        };
        let meter_mwh = reading.energy_mwh;
        let at = ctx.stamp();
        // Before the start is on record: a cut in between frees the connector, which is harmless.
        let reservation = ctx.reservations.use_up(&mut ctx.shared.store, self.evse, grant.bearer());
        let record = JournalRecord::Started(Started {
            spot: ctx.shared.plugs.active(self.evse),
            token: grant.token.clone(),
            group: grant.group.clone(),
            at,
            meter_mwh,
            reservation,
            first: values_for_stop(ctx.settings, &reading),
        });
        let transaction = TransactionNo(ctx.journal.append(&mut ctx.shared.store, record));
        ctx.running += 1;
        ctx.event(Event::TransactionStarted { evse: self.evse, transaction: transaction.id() });
        let running = Running {
            transaction,
            token: grant.token,
            group: grant.group,
            is_refused: false,
            is_cut_off: false,
            meter_start_mwh: meter_mwh,
            register: Register::begin(ctx.now(), meter_mwh),
            sampled_at: ctx.now(),
            last: at,
        };
        (Stage::Running(running), false)
    }

    fn refuse_start(&self, ctx: &mut Context<'_>, reason: TokenRefusal) -> (Stage, bool) {
        ctx.signals.push_back(Signal::Refused { evse: Some(self.evse), reason });
        (Stage::Finishing { held_for: None }, true)
    }

    /// After a power cut: the hardware has to say whether the vehicle is still there.
    fn resume(&mut self, ctx: &mut Context<'_>, mut running: Running, patience: Duration) -> (Stage, bool) {
        if self.is_cable_known && self.facts.cable == Cable::Connected {
            // Whether a refused token has any energy left, the meter has to say first.
            if running.is_refused && !running.is_cut_off {
                match self.read_meter(ctx, None) {
                    Some((_, is_fresh)) => running.is_cut_off = !is_fresh,
                    None => return (Stage::Interrupted { running, patience }, true),
                }
            }
            running.sampled_at = ctx.now();
            self.want(SampleContext::InterruptionEnd, ctx.now());
            return (Stage::Running(running), false);
        }
        if self.is_cable_known || self.seen_at.is_some_and(|at| at + patience <= ctx.now()) {
            return (Stage::Stopping(Stopping::new(running, StopReason::PowerLoss, None)), false);
        }
        (Stage::Interrupted { running, patience }, true)
    }

    fn run(&mut self, ctx: &mut Context<'_>, mut running: Running) -> (Stage, bool) {
        if self.facts.cable != Cable::Connected && ctx.settings.is_on(Setting::StopTxOnEvSideDisconnect) {
            return (Stage::Stopping(Stopping::new(running, StopReason::EvDisconnected, None)), false);
        }
        if running.is_refused && !running.is_cut_off {
            running.is_cut_off = self.has_used_allowance(ctx, running.meter_start_mwh);
            if running.is_cut_off && ctx.settings.is_on(Setting::StopTxOnInvalidId) {
                return (Stage::Stopping(Stopping::new(running, StopReason::DeAuthorized, None)), false);
            }
        }
        (Stage::Running(running), true)
    }

    /// When time changes something here. Each may lie in the past, waiting for something else.
    pub fn deadlines(&self, settings: &Settings, clock: &Clock) -> impl Iterator<Item = Instant> + use<> {
        let stage = match &self.stage {
            Stage::Preparing { since, .. } => Some(*since + settings.seconds(Setting::EvConnectionTimeOut)),
            Stage::Interrupted { patience, .. } => self.seen_at.map(|at| at + *patience),
            Stage::Finishing { .. } if self.awaits_cable && !self.is_cable_known => self.cable_by(),
            Stage::Stopping(stopping) => stopping.until,
            Stage::Idle
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Running(_)
            | Stage::Finishing { .. } => None,
        };
        self.reading_deadlines(settings, clock).into_iter().chain([stage]).flatten()
    }
}
