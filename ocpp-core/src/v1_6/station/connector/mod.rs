//! A connector (1.6 §3.2, §4.8 to §4.10): from the driver's arrival over the transaction to his leaving.
//!
//! Owns the hardware's facts, the stage of the session and the meter. Takes facts, tokens and stop requests; gives orders
//! to the hardware, records to the outbox, and signals. Power is ordered by the stage alone, never gated on storage.

mod metering;
mod stage;
mod token;

pub(crate) use stage::{Running, Stage, Stopping};
pub(crate) use token::TokenUse;

use super::authorize::Grant;
use super::claims::Bearer;
use super::context::Context;
use super::settings::{Key, Settings};
use super::signal::Signal;
use super::status::Condition;
use crate::parts::metering::{Aligned, Meter, SampleContext};
use crate::parts::outbox::{JournalRecord, OpenTransaction, Started, Stopped};
#[cfg(feature = "smart_charging")]
use crate::station::Limit;
use crate::station::{
    AfterPowerLoss, AuthorizationStatus, Cable, Contactor, Event, EvseFacts, EvseId, EvseInput, EvseStatus, IdToken,
    Lock, Power, StopReason, TokenRefusal, TransactionNo, Vehicle,
};
use crate::time::{Clock, Instant};
use metering::{Wanted, values_for_stop};

/// One connector.
#[derive(Debug)]
pub(crate) struct Connector {
    pub evse: EvseId,
    facts: EvseFacts,
    /// Whether the hardware said anything of the cable since the start.
    is_cable_known: bool,
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

    /// Takes up a transaction that ran when the power failed: it ends now (1.6 §7.38 PowerLoss), or goes on.
    pub fn take_up(&mut self, open: OpenTransaction, policy: AfterPowerLoss) {
        let running = Running {
            transaction: open.transaction,
            token: open.token,
            group: open.group,
            is_refused: open.is_refused,
            is_cut_off: false,
            meter_start_mwh: open.meter_start_mwh,
            meter_mwh: open.meter_mwh,
            sampled_at: Instant::ZERO,
        };
        self.stage = match policy {
            AfterPowerLoss::End => Stage::Stopping(Stopping::new(running, StopReason::PowerLoss, None)),
            AfterPowerLoss::Resume(patience) => Stage::Interrupted { running, until: Instant::ZERO + patience },
        };
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

    /// Takes a fact in.
    pub fn on_fact(&mut self, now: Instant, fact: EvseInput) {
        match fact {
            EvseInput::Cable(cable) => {
                self.facts.cable = cable;
                self.is_cable_known = true;
            }
            EvseInput::Vehicle(vehicle) => self.facts.vehicle = vehicle,
            EvseInput::Contactor(contactor) => self.on_contactor(now, contactor),
            EvseInput::Lock(lock) => self.facts.lock = lock,
            EvseInput::Fault(fault) => self.facts.faults.report(fault),
            EvseInput::FaultEnded(code) => self.facts.faults.end(code),
            EvseInput::FaultCleared => self.facts.faults.clear(),
            EvseInput::Meter(reading) => self.meter.report(now, reading),
        }
    }

    fn on_contactor(&mut self, now: Instant, contactor: Contactor) {
        let has_opened = self.facts.contactor == Contactor::Closed && contactor == Contactor::Open;
        self.facts.contactor = contactor;
        if let (true, Stage::Stopping(stopping)) = (has_opened, &mut self.stage) {
            stopping.since = Some(now);
        }
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

    fn running(&self) -> Option<&Running> {
        match &self.stage {
            Stage::Interrupted { running, .. }
            | Stage::Running(running)
            | Stage::Stopping(Stopping { running, .. }) => Some(running),
            Stage::Idle | Stage::Preparing { .. } | Stage::Starting { .. } | Stage::Finishing { .. } => None,
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
            Stage::Preparing { grant: Some(grant), .. } | Stage::Starting { grant } => Some(grant.bearer()),
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
        self.stage == Stage::Idle && self.is_operative && self.facts.blocking_fault().is_none()
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
        has_place && self.is_operative && self.facts.blocking_fault().is_none()
    }

    /// Ends whatever is going on here.
    pub fn give_up(&mut self, reason: StopReason) {
        if !self.stop(reason, None)
            && let Stage::Preparing { .. } | Stage::Starting { .. } | Stage::Finishing { .. } = &self.stage
        {
            self.stage = Stage::Finishing { held_for: None };
        }
    }

    /// Has the lock opened once more, even if it was told to before (1.6 §5.18).
    pub fn unlock(&mut self) {
        self.give_up(StopReason::UnlockCommand);
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
        self.take_readings(ctx);
        loop {
            let stage = core::mem::take(&mut self.stage);
            let (next, is_settled) = self.step(ctx, stage);
            self.stage = next;
            if is_settled {
                break;
            }
        }
    }

    /// One transition; true when the stage stays.
    fn step(&mut self, ctx: &mut Context<'_>, stage: Stage) -> (Stage, bool) {
        match stage {
            Stage::Idle if self.facts.cable != Cable::Absent && self.is_operative => {
                (Stage::Preparing { since: ctx.now(), grant: None }, false)
            }
            Stage::Idle => (Stage::Idle, true),
            Stage::Preparing { since, grant } => self.prepare(ctx, since, grant),
            Stage::Starting { .. } if self.facts.cable != Cable::Connected => {
                let Stage::Starting { grant } = stage else { return (stage, true) };
                (Stage::Preparing { since: ctx.now(), grant: Some(grant) }, true)
            }
            Stage::Starting { grant } => self.start(ctx, grant),
            Stage::Interrupted { running, until } => self.resume(ctx, running, until),
            Stage::Running(running) => self.run(ctx, running),
            Stage::Stopping(stopping) => self.finish(ctx, stopping),
            Stage::Finishing { .. } if self.facts.cable == Cable::Absent => (Stage::Idle, false),
            Stage::Finishing { held_for } => (Stage::Finishing { held_for }, true),
        }
    }

    fn prepare(&mut self, ctx: &mut Context<'_>, since: Instant, grant: Option<Grant>) -> (Stage, bool) {
        let is_connected = self.facts.cable == Cable::Connected;
        match grant {
            Some(grant) if is_connected && self.facts.blocking_fault().is_none() => (Stage::Starting { grant }, false),
            // B1: nobody is here any more.
            None if self.facts.cable == Cable::Absent => (Stage::Idle, true),
            grant => {
                if since + ctx.settings.seconds(Key::ConnectionTimeOut) > ctx.now() {
                    return (Stage::Preparing { since, grant }, true);
                }
                // B1, or B6 while a plug is in (errata 3.20, 3.21).
                let is_gone = self.facts.cable == Cable::Absent;
                (if is_gone { Stage::Idle } else { Stage::Finishing { held_for: None } }, true)
            }
        }
    }

    fn start(&mut self, ctx: &mut Context<'_>, grant: Grant) -> (Stage, bool) {
        let limits = &ctx.shared.config.limits;
        if !ctx.outbox.has_room(limits, ctx.running) || ctx.shared.is_store_stuck() {
            let refused = Signal::Refused { evse: Some(self.evse), reason: TokenRefusal::Busy };
            ctx.signals.push_back(refused);
            return (Stage::Finishing { held_for: None }, true);
        }
        let Some((reading, _)) = self.read_meter(ctx, None) else { return (Stage::Starting { grant }, true) };
        let reading = reading.unwrap_or_default();
        let meter_mwh = reading.energy_mwh;
        let at = ctx.stamp();
        // Before the start is on record: a cut in between frees the connector, which is harmless.
        let reservation = ctx.reservations.use_up(&mut ctx.shared.store, self.evse, grant.bearer());
        let record = JournalRecord::Started(Started {
            evse: self.evse,
            token: grant.token.clone(),
            group: grant.group.clone(),
            at,
            meter_mwh,
            reservation,
            first: values_for_stop(ctx.settings, &reading),
        });
        let transaction = TransactionNo(ctx.outbox.append(&mut ctx.shared.store, record));
        ctx.running += 1;
        ctx.event(Event::TransactionStarted { evse: self.evse, transaction });
        let running = Running {
            transaction,
            token: grant.token,
            group: grant.group,
            is_refused: false,
            is_cut_off: false,
            meter_start_mwh: meter_mwh,
            meter_mwh,
            sampled_at: ctx.now(),
        };
        (Stage::Running(running), false)
    }

    /// After a power cut: the hardware has to say whether the vehicle is still there.
    fn resume(&mut self, ctx: &mut Context<'_>, mut running: Running, until: Instant) -> (Stage, bool) {
        if self.is_cable_known && self.facts.cable == Cable::Connected {
            running.sampled_at = ctx.now();
            self.want(SampleContext::InterruptionEnd, ctx.now());
            return (Stage::Running(running), false);
        }
        if self.is_cable_known || until <= ctx.now() {
            return (Stage::Stopping(Stopping::new(running, StopReason::PowerLoss, None)), false);
        }
        (Stage::Interrupted { running, until }, true)
    }

    fn run(&mut self, ctx: &mut Context<'_>, mut running: Running) -> (Stage, bool) {
        if self.facts.cable != Cable::Connected && ctx.settings.is_on(Key::StopTransactionOnEVSideDisconnect) {
            return (Stage::Stopping(Stopping::new(running, StopReason::EvDisconnected, None)), false);
        }
        if running.is_refused && !running.is_cut_off {
            running.is_cut_off = self.has_used_allowance(ctx, running.meter_start_mwh);
            if running.is_cut_off && ctx.settings.is_on(Key::StopTransactionOnInvalidId) {
                return (Stage::Stopping(Stopping::new(running, StopReason::DeAuthorized, None)), false);
            }
        }
        (Stage::Running(running), true)
    }

    /// The register is read when no more energy flows: after the contactor opened, or had its time to.
    fn finish(&mut self, ctx: &mut Context<'_>, mut stopping: Stopping) -> (Stage, bool) {
        if let Some(order) = self.facts.order_power(Power::Off) {
            ctx.order(self.evse, order);
        }
        let now = ctx.now();
        let until = *stopping.until.get_or_insert(now + ctx.shared.config.meter_timeout);
        let since = *stopping.since.get_or_insert(now);
        if self.facts.contactor == Contactor::Closed && now < until {
            return (Stage::Stopping(stopping), true);
        }
        let Some((reading, is_fresh)) = self.read_meter(ctx, Some(since)) else {
            return (Stage::Stopping(stopping), true);
        };
        let Stopping { running, reason, token, .. } = stopping;
        let transaction = running.transaction;
        let meter_mwh = reading.as_ref().map_or(running.meter_mwh, |reading| reading.energy_mwh);
        let last = reading.filter(|_| is_fresh).map(|reading| values_for_stop(ctx.settings, &reading));
        let last = last.unwrap_or_default();
        let record = JournalRecord::Stopped(Stopped { transaction, at: ctx.stamp(), meter_mwh, reason, token, last });
        ctx.outbox.append(&mut ctx.shared.store, record);
        ctx.running = ctx.running.saturating_sub(1);
        ctx.event(Event::TransactionEnded { evse: self.evse, transaction, reason });
        let keeps_cable = match reason {
            // 1.6 §3.5.4: until the same identifier, or one of its group, is presented (errata 3.5).
            StopReason::DeAuthorized => true,
            StopReason::EvDisconnected => !ctx.settings.is_on(Key::UnlockConnectorOnEVSideDisconnect),
            StopReason::EmergencyStop
            | StopReason::HardReset
            | StopReason::Local
            | StopReason::Other
            | StopReason::PowerLoss
            | StopReason::Reboot
            | StopReason::Remote
            | StopReason::SoftReset
            | StopReason::UnlockCommand => false,
        };
        (Stage::Finishing { held_for: keeps_cable.then(|| running.into_holder()) }, false)
    }

    /// Whether a transaction runs that energy may flow for, as far as charging profiles leave any.
    pub fn may_charge(&self) -> bool {
        let has_right = matches!(&self.stage, Stage::Running(running) if !running.is_cut_off);
        has_right && self.facts.blocking_fault().is_none()
    }

    /// Whether a limit allows more than the one that stands, which at first is the EVSE's `own`.
    #[cfg(feature = "smart_charging")]
    pub fn is_raised_by(&self, limit: Limit, own: Limit) -> bool {
        limit.total() > self.facts.limit(own).total()
    }

    /// Takes the limit from now on.
    #[cfg(feature = "smart_charging")]
    pub fn limit(&mut self, ctx: &mut Context<'_>, limit: Limit, own: Limit) {
        self.is_curtailed = limit.is_zero();
        if let Some(order) = self.facts.order_limit(limit, own) {
            ctx.order(self.evse, order);
        }
    }

    /// Orders power and lock as the stage wants them.
    pub fn order_hardware(&mut self, ctx: &mut Context<'_>) {
        let power = if self.may_charge() && !self.is_curtailed { Power::On } else { Power::Off };
        let lock = match &self.stage {
            Stage::Starting { .. } | Stage::Interrupted { .. } | Stage::Running(_) | Stage::Stopping(_) => Lock::Locked,
            Stage::Finishing { held_for: Some(_) } => Lock::Locked,
            Stage::Finishing { held_for: None } | Stage::Idle | Stage::Preparing { .. } => Lock::Unlocked,
        };
        // Held before energy flows, released after.
        let orders = [self.facts.order_power(power), self.facts.order_lock(lock)];
        for order in orders.into_iter().flatten() {
            ctx.order(self.evse, order);
        }
    }

    /// The status to report (1.6 §4.9, §7.7).
    pub fn condition(&self) -> Condition<'_> {
        let mut info = None;
        let status = match &self.stage {
            _ if self.facts.blocking_fault().is_some() => EvseStatus::Faulted,
            Stage::Idle if !self.is_operative => EvseStatus::Unavailable,
            Stage::Idle if self.is_reserved => EvseStatus::Reserved,
            Stage::Idle => EvseStatus::Available,
            Stage::Preparing { .. } | Stage::Starting { .. } => EvseStatus::Preparing,
            Stage::Interrupted { .. } => EvseStatus::SuspendedEvse,
            // Suspension by the station takes precedence.
            Stage::Running(_) if self.facts.power() == Power::Off => EvseStatus::SuspendedEvse,
            Stage::Running(_) if self.facts.cable != Cable::Connected => {
                info = Some("EV side disconnected");
                EvseStatus::SuspendedEv
            }
            Stage::Running(_) => match (self.facts.vehicle, self.facts.contactor) {
                (Vehicle::Paused, _) => EvseStatus::SuspendedEv,
                (Vehicle::Ready, Contactor::Closed) => EvseStatus::Charging,
                (Vehicle::Ready, Contactor::Open) => EvseStatus::SuspendedEvse,
            },
            Stage::Stopping(_) | Stage::Finishing { .. } => EvseStatus::Finishing,
        };
        Condition { status, faults: self.facts.faults.as_slice(), info }
    }

    /// When time changes something here. Each may lie in the past, waiting for something else.
    pub fn deadlines(&self, settings: &Settings, clock: &Clock) -> impl Iterator<Item = Instant> + use<> {
        let stage = match &self.stage {
            Stage::Preparing { since, .. } => Some(*since + settings.seconds(Key::ConnectionTimeOut)),
            Stage::Interrupted { until, .. } => Some(*until),
            Stage::Stopping(stopping) => stopping.until,
            Stage::Idle | Stage::Starting { .. } | Stage::Running(_) | Stage::Finishing { .. } => None,
        };
        self.reading_deadlines(settings, clock).into_iter().chain([stage]).flatten()
    }
}
