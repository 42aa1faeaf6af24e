//! Readings of an EVSE's meter: of the interval, of the clock, and those that the CSMS asks for (1.6 §3.16, §4.7).
//!
//! All that are due at a moment are taken from one reading of the meter. Readings of a transaction, and those of the clock,
//! are recorded in the journal; others are given to the CSMS as they are.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Evse, Transaction};
use crate::site::context::Context;
use crate::site::journal::{JournalRecord, Measured, Room, Sampled, StopReading, trigger_of_sample};
use crate::site::metering::{MeterPolicy, Read, SampleContext};
use crate::site::offer;
use crate::site::policy::{Policy, Uses};
use crate::site::settings::{Setting, Settings};
use crate::station::{
    Contactor, Event, EvseAction, Measurand, MeasurandChoice, MeterReading, MeterSample, TransactionNo,
};
use crate::time::Instant;

/// Readings that are due, and since when the last of them is.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    contexts: Vec<(SampleContext, Uses)>,
    /// One that is told beside the transaction.
    is_beside: bool,
    since: Instant,
}

impl Wanted {
    /// A reading is due since `since`.
    pub fn add(&mut self, context: SampleContext, uses: Uses, since: Instant) {
        match self.contexts.iter_mut().find(|(wanted, _)| *wanted == context) {
            Some((_, known)) => {
                known.is_told |= uses.is_told;
                known.is_kept |= uses.is_kept;
            }
            None => self.contexts.push((context, uses)),
        }
        self.since = self.since.max(since);
    }
}

impl Evse {
    /// The CSMS asks for a reading (1.6 §5.17).
    #[cfg(feature = "remote_trigger")]
    pub fn trigger_reading(&mut self, now: Instant) {
        self.wanted.add(SampleContext::Trigger, Uses::TOLD, now);
    }

    /// The CSMS asks for a reading that is none of the transaction (2.x F06.FR.06).
    #[cfg(all(feature = "transaction_events", feature = "remote_trigger"))]
    pub fn trigger_reading_beside(&mut self, now: Instant) {
        self.wanted.is_beside = true;
        self.wanted.since = self.wanted.since.max(now);
    }

    /// The cost is to be counted by a reading of now.
    #[cfg(feature = "california_pricing")]
    pub fn want_price_reading(&mut self, now: Instant) {
        self.wanted.add(SampleContext::Other, Uses::TOLD, now);
    }

    /// The meter's values, ten seconds old at most, if the meter is watched and they are at hand; else they are asked for.
    #[cfg(feature = "california_pricing")]
    pub fn watch_meter(&mut self, ctx: &mut Context<'_>, is_watched: bool) -> Option<MeterReading> {
        self.is_meter_watched = is_watched;
        if !is_watched {
            return None;
        }
        if let Some(reading) = self.meter.latest(ctx.now(), WATCH) {
            return Some(reading.clone());
        }
        let policy = MeterPolicy { freshness: WATCH, timeout: ctx.shared.config.hardware.meter_timeout };
        let mut read = self.meter.read(ctx.now(), policy);
        if let Read::Stale(_) = read {
            read = self.meter.read(ctx.now(), policy);
        }
        if read == Read::Ask {
            ctx.order(self.id, EvseAction::ReadMeter);
        }
        None
    }

    /// Takes the readings that are due, once the meter answers.
    pub(super) fn take_readings(&mut self, ctx: &mut Context<'_>) {
        let now = ctx.now();
        let wall = ctx.shared.clock.wall_ms(now);
        let mut open = match &mut self.transaction {
            Transaction::Open(open) if open.interrupted.is_none() => Some(open),
            _ => None,
        };
        for (place, intervals) in ctx.policy.intervals().iter().enumerate() {
            if let Some(sampling) = open.as_mut().and_then(|open| open.sampled.get_mut(place)) {
                let interval = ctx.settings.seconds(intervals.sampled);
                if let Some(due) = sampling.due(interval).filter(|due| *due <= now) {
                    sampling.taken(now, interval);
                    self.wanted.add(SampleContext::Periodic, intervals.uses, due);
                }
            }
            let interval = ctx.settings.number(intervals.aligned);
            if self.aligned.get_mut(place).is_some_and(|aligned| aligned.is_due(wall, interval)) {
                self.wanted.add(SampleContext::Clock, intervals.uses, now);
            }
        }
        if self.wanted.contexts.is_empty() && !self.wanted.is_beside {
            return;
        }
        let Some((reading, is_fresh)) = self.read_meter(ctx, Some(self.wanted.since)) else { return };
        let Wanted { contexts: wanted, is_beside, .. } = core::mem::take(&mut self.wanted);
        // Without the meter there is nothing to tell: an old value under a new time would be false.
        if let Some(reading) = reading.filter(|_| is_fresh) {
            let reading = self.completed(ctx, reading);
            for (context, uses) in wanted {
                self.record_reading(ctx, context, uses, &reading);
            }
            if is_beside {
                let values = MeasurandChoice::pick(
                    &ctx.settings.measurands(Setting::AlignedMeasurands),
                    &reading,
                    ctx.settings.signs(true),
                );
                self.record_beside(ctx, SampleContext::Trigger, values);
            }
        }
    }

    fn record_reading(&mut self, ctx: &mut Context<'_>, context: SampleContext, uses: Uses, reading: &MeterReading) {
        let (key, stop_key) = match context {
            SampleContext::Clock => (Setting::AlignedMeasurands, Some(Setting::AlignedTxEndedMeasurands)),
            SampleContext::Periodic => (Setting::TxUpdatedMeasurands, Some(Setting::TxEndedMeasurands)),
            SampleContext::Trigger | SampleContext::InterruptionEnd | SampleContext::Other => {
                (Setting::TxUpdatedMeasurands, None)
            }
        };
        let is_signed = ctx.settings.signs(context == SampleContext::Clock);
        let pick = |key| MeasurandChoice::pick(&ctx.settings.measurands(key), reading, is_signed);
        let mut values = if uses.is_told { pick(key) } else { Vec::new() };
        // The cost rests on the register, whatever else is sampled.
        if context == SampleContext::Other
            && !values.iter().any(|v| v.measurand == Measurand::EnergyActiveImportRegister)
        {
            values.insert(0, reading.register());
        }
        let for_stop = stop_key.filter(|_| uses.is_kept).map(pick).unwrap_or_default();
        let (clock, now) = (&ctx.shared.clock, ctx.now());
        let transaction = self.begun_mut().map(|open| (open.transaction, open.stamp(clock, now)));
        match transaction {
            Some((transaction, at)) => {
                self.record_sample(
                    ctx,
                    Sampled { transaction, spot: ctx.shared.plugs.active(self.id), at, context, values },
                );
                keep_for_stop(ctx, StopReading { transaction, at, context, values: for_stop });
            }
            None => self.record_beside(ctx, context, values),
        }
    }

    fn record_sample(&mut self, ctx: &mut Context<'_>, sample: Sampled) {
        if sample.values.is_empty() || !self.has_room(ctx, sample.transaction) {
            return;
        }
        let (trigger, state) = (trigger_of_sample(sample.context), self.moment().charging_state());
        let evse = self.id;
        let event = self.begun_mut().map(|open| open.event(ctx, evse, trigger, state));
        ctx.journal.append(&mut ctx.shared.store, JournalRecord::Sampled(sample), event);
    }

    /// Finds or makes room for an event in the middle of a transaction.
    pub(super) fn has_room(&self, ctx: &mut Context<'_>, transaction: TransactionNo) -> bool {
        let shared = &mut *ctx.shared;
        let room = ctx.journal.make_room(&mut shared.store, &shared.clock, &shared.config.limits, ctx.running);
        match room {
            Room::Free | Room::Made(None) => {}
            Room::Made(Some(transaction)) => ctx.event(Event::SampleDropped { transaction: transaction.id() }),
            Room::None => ctx.event(Event::SampleDropped { transaction: transaction.id() }),
        }
        room != Room::None
    }

    /// A reading while no transaction runs.
    fn record_beside(&self, ctx: &mut Context<'_>, context: SampleContext, values: Vec<MeterSample>) {
        if values.is_empty() {
            return;
        }
        let record = Measured { spot: ctx.shared.plugs.active(self.id), at: ctx.stamp(), context, values };
        match context {
            // 1.6 §3.7: clock-aligned ones are queued while offline.
            SampleContext::Clock => {
                let shared = &mut *ctx.shared;
                let (clock, limits) = (&shared.clock, &shared.config.limits);
                let room = ctx.journal.make_room_beside(&mut shared.store, clock, limits, ctx.running);
                if room != Room::None && !shared.is_store_stuck() {
                    ctx.journal.append(&mut shared.store, JournalRecord::Measured(record), None);
                }
            }
            SampleContext::Trigger | SampleContext::Other => ctx.readings.take(record),
            // Of a transaction that has ended since.
            SampleContext::Periodic | SampleContext::InterruptionEnd => {}
        }
    }

    /// What a stop tells of the transaction's begin and end (1.6 errata 3.14): every measurand that it tells at all, and what the meter
    /// signed, which the bill rests on.
    pub(super) fn values_for_stop(&self, ctx: &Context<'_>, reading: &MeterReading) -> Vec<MeterSample> {
        let mut choices = ctx.settings.measurands(Setting::TxEndedMeasurands);
        choices.extend(ctx.settings.measurands(Setting::AlignedTxEndedMeasurands));
        let is_signed = ctx.settings.signs(false);
        let mut values = MeasurandChoice::pick(&choices, reading, is_signed);
        let has_register = values.iter().any(|value| value.measurand == Measurand::EnergyActiveImportRegister);
        if is_signed && reading.signed.is_some() && !has_register {
            values.insert(0, reading.register());
        }
        values
    }

    /// What is kept of the values at a begin: for the stop, and where the begin tells any, for that (2.x E01.FR.09). The register is
    /// kept anyhow.
    pub(super) fn values_of_begin(&self, ctx: &Context<'_>, reading: &MeterReading) -> Vec<MeterSample> {
        #[cfg_attr(not(feature = "transaction_events"), allow(unused_mut, reason = "only 2.x tells any"))]
        let mut values = self.values_for_stop(ctx, reading);
        #[cfg(feature = "transaction_events")]
        if ctx.policy.tells_changes {
            let choices = ctx.settings.measurands(Setting::TxStartedMeasurands);
            for sample in MeasurandChoice::pick(&choices, reading, ctx.settings.signs(false)) {
                let is_bare_register = sample.signed.is_none() && sample == reading.register();
                if !is_bare_register && !values.contains(&sample) {
                    values.push(sample);
                }
            }
        }
        values
    }

    /// A reading with what the meter does not show and the station knows: the vehicle's state of charge, and what it is offered. What is
    /// picked for messages and records is picked of such a one.
    pub(super) fn completed(&self, ctx: &Context<'_>, mut reading: MeterReading) -> MeterReading {
        let config = &ctx.shared.config;
        let known = self.facts.state_of_charge.map(|percent| (Measurand::SoC, i64::from(percent) * 1000));
        let offered = offer::offered(config, self.id, &self.facts);
        for (measurand, milli) in offered.into_iter().chain([known]).flatten() {
            let is_shown = reading.values.iter().any(|value| value.measurand == measurand);
            if !is_shown && config.hardware.measurands.contains(&measurand) {
                reading.values.push(MeterSample::new(measurand, None, milli));
            }
        }
        reading
    }

    /// The meter shows this. What is told of a transaction never goes back.
    pub(super) fn on_meter(&mut self, now: Instant, mut reading: MeterReading) {
        reading = reading.bounded();
        self.has_signed |= reading.signed.is_some();
        let shown_mwh = reading.energy_mwh;
        let is_plausible = match self.begun_mut() {
            Some(open) => {
                let is_plausible = open.register.take(now, shown_mwh);
                reading.energy_mwh = open.register.told_mwh();
                is_plausible
            }
            // No energy was ever imported backwards.
            None => shown_mwh >= 0,
        };
        if is_plausible {
            self.meter.report(now, reading);
        } else {
            // As good as silence.
            self.implausible_mwh = Some(shown_mwh);
        }
    }

    /// A reading of the last minute, if no energy can have flowed since.
    pub(super) fn reading_at_rest(&self, now: Instant) -> Option<MeterReading> {
        let is_open = self.facts.contactor == Contactor::Open;
        self.meter.since(now, self.opened_at, AT_REST).filter(|_| is_open).cloned()
    }

    /// The meter's values now, and whether they are; none while it is waited for.
    pub(super) fn read_meter(
        &mut self,
        ctx: &mut Context<'_>,
        not_before: Option<Instant>,
    ) -> Option<(Option<MeterReading>, bool)> {
        let config = &ctx.shared.config;
        let age = not_before.map_or(config.hardware.meter_freshness, |instant| ctx.now().saturating_since(instant));
        let policy =
            MeterPolicy { freshness: age.min(config.hardware.meter_freshness), timeout: config.hardware.meter_timeout };
        match self.meter.read(ctx.now(), policy) {
            Read::Fresh(reading) => Some((Some(reading), true)),
            Read::Stale(reading) => {
                ctx.event(Event::MeterSilent { evse: self.id });
                Some((reading, false))
            }
            Read::Ask => {
                ctx.order(self.id, EvseAction::ReadMeter);
                None
            }
            Read::Waiting => None,
        }
    }

    /// Whether a transaction that the CSMS refused has had its energy (1.6 §3.5.4).
    pub(super) fn has_used_allowance(&mut self, ctx: &mut Context<'_>, meter_start_mwh: i64) -> bool {
        let allowance_mwh = i64::from(ctx.settings.number(Setting::MaxEnergyOnInvalidId)).saturating_mul(1000);
        if allowance_mwh == 0 {
            return true;
        }
        let policy = MeterPolicy { freshness: WATCH, timeout: ctx.shared.config.hardware.meter_timeout };
        match self.meter.read(ctx.now(), policy) {
            Read::Fresh(reading) => reading.energy_mwh.saturating_sub(meter_start_mwh) >= allowance_mwh,
            // What cannot be measured is not given away.
            Read::Stale(_) => true,
            Read::Ask => {
                ctx.order(self.id, EvseAction::ReadMeter);
                false
            }
            Read::Waiting => false,
        }
    }

    /// When a reading is due, or one that is waited for is late.
    pub(super) fn reading_deadlines(
        &self,
        settings: &Settings,
        policy: &Policy,
        clock: &crate::time::Clock,
    ) -> [Option<Instant>; 4] {
        let (sample, allowance) = match &self.transaction {
            Transaction::Open(open) if open.interrupted.is_none() => {
                let is_near_end = self.authorisation.right().is_some_and(|right| right.is_refused && !right.is_cut_off);
                let is_watched = self.is_meter_watched || is_near_end;
                let allowance = is_watched.then(|| self.meter.outdated_at(WATCH)).flatten();
                let intervals = policy.intervals().iter().zip(open.sampled);
                let due = intervals.filter_map(|(at, sampling)| sampling.due(settings.seconds(at.sampled)));
                (due.min(), allowance)
            }
            Transaction::None
            | Transaction::Beginning { .. }
            | Transaction::Unmetered { .. }
            | Transaction::Open(_)
            | Transaction::Closing(_) => (None, None),
        };
        let aligned = self.aligned.iter().filter_map(|aligned| aligned.deadline(clock)).min();
        [sample, allowance, aligned, self.meter.deadline()]
    }
}

/// How often a meter is asked where much hangs on its answer.
pub(super) const METER_ATTEMPTS: u8 = 3;

/// How long the register of an EVSE without energy is known by its last reading.
const AT_REST: Duration = Duration::from_secs(60);

/// How often the meter is looked at where something hangs on what it shows.
const WATCH: Duration = Duration::from_secs(10);

/// How many readings a stop tells beside those of the begin and the end.
pub(super) fn most_readings(settings: &Settings) -> usize {
    let most = settings.number(Setting::StopTransactionMaxMeterValues).saturating_sub(2);
    usize::try_from(most).unwrap_or(usize::MAX)
}

fn keep_for_stop(ctx: &mut Context<'_>, reading: StopReading) {
    if reading.values.is_empty() || ctx.shared.is_store_stuck() {
        return;
    }
    let (transaction, most) = (reading.transaction, most_readings(ctx.settings));
    let shared = &mut *ctx.shared;
    if !ctx.journal.keep_for_stop(&mut shared.store, &shared.config.limits, most, reading) {
        ctx.event(Event::SampleDropped { transaction: transaction.id() });
    }
}
