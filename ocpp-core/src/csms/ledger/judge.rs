//! What is odd about a report: by the server's clock, and by what is known of the connector and the transaction.
//!
//! What is told late is judged by its own time, so that an offline night delivered after the morning is nothing special. A time that
//! cannot be right orders nothing; then the order of arrival counts.

use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_types::decimal::Decimal;

use super::{Ended, Ledger, Running};
use crate::csms::report::{StartReport, no_time};
use crate::csms::{Finding, MeterValue, Plausible, SampledValue, StopReport, TransactionId};

/// Stations cut fractions of seconds off some of their times, and not off others.
pub(super) const SLACK: TimeDelta = TimeDelta::milliseconds(999);

/// What is measured if nothing is said of it (1.6 §7.43).
const REGISTER: &str = "Energy.Active.Import.Register";

/// What reports are judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Yardstick {
    /// The server's clock.
    pub now: DateTime<Utc>,
    pub plausible: Plausible,
}

impl Yardstick {
    /// Judges a time, and puts the clock's in the place of one that could not be read.
    pub(super) fn time(&self, at: &mut DateTime<Utc>, findings: &mut Vec<Finding>) {
        let earliest = self.now.checked_sub_signed(delta(self.plausible.behind)).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let latest = self.now.checked_add_signed(delta(self.plausible.ahead)).unwrap_or(DateTime::<Utc>::MAX_UTC);
        if *at == no_time() {
            *at = self.now;
            note(findings, Finding::TimeUnread);
        } else if *at > latest {
            note(findings, Finding::TimeAhead);
        } else if *at < earliest {
            note(findings, Finding::TimeLongPast);
        }
    }

    pub(super) fn moments(&self, values: &mut [MeterValue], findings: &mut Vec<Finding>) {
        values.iter_mut().for_each(|value| self.time(&mut value.at, findings));
    }

    /// Whether a connector can have given so much in this time.
    pub(super) fn allows(&self, energy_wh: i64, time: TimeDelta) -> bool {
        let seconds = i128::from(time.num_seconds().max(0)) + 60;
        i128::from(energy_wh) * 3600 <= i128::from(self.plausible.connector_watts) * seconds
    }
}

/// Whether one of the times is out of the question.
pub(super) fn has_odd_time(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| matches!(finding, Finding::TimeUnread | Finding::TimeAhead | Finding::TimeLongPast))
}

impl Ledger {
    /// What is odd about a start.
    pub(super) fn doubt_start(&self, report: &mut StartReport, by: &Yardstick) -> Vec<Finding> {
        let mut findings = Vec::new();
        by.time(&mut report.at, &mut findings);
        let (connector, at, is_odd) = (report.place.number(), report.at, has_odd_time(&findings));
        if connector == 0 {
            note(&mut findings, Finding::NoConnector);
            return findings;
        }
        for running in self.running.iter().filter(|running| running.connector == connector) {
            if running.at == at {
                note(&mut findings, Finding::StartContradicted);
            }
            if is_odd || running.has_odd_time || running.at <= at {
                note(&mut findings, Finding::Overlapping);
            }
        }
        let mut ended = self.ended.iter().filter(|ended| ended.connector == connector && !ended.has_odd_time);
        if !is_odd && ended.any(|ended| ended.began_at <= at && at + SLACK < ended.ended_at) {
            note(&mut findings, Finding::Overlapping);
        }
        if self.is_below_last_stop(connector, report.meter_start_wh, at, is_odd) {
            note(&mut findings, Finding::RegisterBelowLastStop);
        }
        findings
    }

    /// Whether a register is below that of the last stop there, and is later.
    pub(super) fn is_below_last_stop(&self, connector: u32, register_wh: i64, at: DateTime<Utc>, is_odd: bool) -> bool {
        let last = self.last_stops.iter().find(|last| last.connector == connector);
        let is_later = |since: Option<DateTime<Utc>>| is_odd || since.is_none_or(|since| since <= at + SLACK);
        last.is_some_and(|last| register_wh < last.register_wh && is_later(last.at))
    }

    /// What is odd about a stop whose transaction is not running.
    pub(super) fn doubt_stray_stop(report: &mut StopReport, by: &Yardstick) {
        let mut findings = Vec::new();
        by.time(&mut report.at, &mut findings);
        by.moments(&mut report.samples, &mut findings);
        report.findings = findings;
    }

    /// What is odd about the stop of this transaction, beside its times.
    pub(super) fn doubt_stop(&self, running: &Running, report: &mut StopReport, by: &Yardstick) {
        let findings = &mut report.findings;
        let told_wh = report.samples.iter().filter_map(register_wh).map(|(least, _)| least).max();
        let stop_wh = report.meter_stop_wh.unwrap_or(running.register_wh);
        if told_wh.max(Some(running.register_wh)) > Some(stop_wh) {
            note(findings, Finding::NonMonotonic);
        }
        if running.has_odd_time || findings.contains(&Finding::TimeUnread) {
            return;
        }
        let is_odd = has_odd_time(findings);
        let (began, ended) = (running.at, report.at);
        if ended + SLACK < began {
            note(findings, Finding::StopBeforeStart);
        }
        if ended == began {
            note(findings, Finding::ZeroLength);
        }
        if !is_odd && !by.allows(stop_wh.saturating_sub(running.meter_start_wh), ended - began) {
            note(findings, Finding::TooMuchEnergy);
        }
        doubt_moments(&report.samples, began, Some(ended), findings);
        let within = |other: DateTime<Utc>| began < other && other + SLACK < ended;
        let of_running = self.running.iter().filter(|other| other.connector == running.connector);
        let of_ended = self.ended.iter().filter(|other| other.connector == running.connector);
        let mut others = of_running
            .filter(|other| !other.has_odd_time)
            .map(|other| other.at)
            .chain(of_ended.filter(|other| !other.has_odd_time).map(|other| other.began_at));
        if !is_odd && running.connector > 0 && others.any(within) {
            note(findings, Finding::Overlapping);
        }
    }

    /// What is odd about meter values that name a transaction.
    pub(super) fn doubt_samples(
        &self,
        connector: u32,
        named: Option<&TransactionId>,
        values: &mut [MeterValue],
        by: &Yardstick,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        by.moments(values, &mut findings);
        let Some(number) = named.map(TransactionId::number) else { return findings };
        let running = self.running.iter().find(|running| Some(running.number) == number);
        let ended = self.ended.iter().find(|ended| Some(ended.number) == number);
        let place = running.map(|running| running.connector).or_else(|| ended.map(|ended| ended.connector));
        match place {
            None => note(&mut findings, Finding::UnknownTransaction),
            Some(place) if place != connector => note(&mut findings, Finding::OtherConnector),
            Some(_) => {}
        }
        if findings.contains(&Finding::TimeUnread) {
            return findings;
        }
        let is_odd = has_odd_time(&findings);
        if let Some(running) = running.filter(|running| !running.has_odd_time) {
            doubt_moments(values, running.at, None, &mut findings);
            for value in values.iter() {
                let Some((least, most)) = register_wh(value) else { continue };
                if most < running.meter_start_wh {
                    note(&mut findings, Finding::NonMonotonic);
                }
                if !is_odd && !by.allows(least.saturating_sub(running.meter_start_wh), value.at - running.at) {
                    note(&mut findings, Finding::TooMuchEnergy);
                }
            }
        } else if let Some(Ended { began_at, ended_at, .. }) = ended.filter(|ended| !ended.has_odd_time) {
            doubt_moments(values, *began_at, Some(*ended_at), &mut findings);
        }
        findings
    }
}

pub(super) fn doubt_moments(
    values: &[MeterValue],
    began: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
    findings: &mut Vec<Finding>,
) {
    if values.iter().any(|value| value.at + SLACK < began) {
        note(findings, Finding::ValuesBeforeStart);
    }
    if values.iter().any(|value| ended.is_some_and(|ended| ended + SLACK < value.at)) {
        note(findings, Finding::ValuesAfterStop);
    }
}

/// What the register shows at this moment, in Wh: at least, and at most, since digits were cut off.
pub(super) fn register_wh(moment: &MeterValue) -> Option<(i64, i64)> {
    moment.values.iter().find(|value| is_register(value)).and_then(register_of)
}

fn is_register(value: &SampledValue) -> bool {
    value.phase.is_none()
        && value.format.as_deref().is_none_or(|format| format == "Raw")
        && value.location.as_deref().is_none_or(|location| location == "Outlet")
        && value.measurand.as_deref().is_none_or(|measurand| measurand == REGISTER)
}

/// What the register shows by this value.
pub(super) fn register_of(value: &SampledValue) -> Option<(i64, i64)> {
    if !is_register(value) {
        return None;
    }
    let digits: Decimal = value.value.trim().parse().ok()?;
    let unit_wh = match value.unit.as_deref() {
        None | Some("Wh") => 1,
        Some("kWh") => 1000,
        Some(_) => return None,
    };
    let power = |exponent: i32| 10_i64.checked_pow(exponent.unsigned_abs());
    let multiplier = value.multiplier.unwrap_or_default();
    let (unit_wh, scale) = if multiplier < 0 {
        (unit_wh, power(multiplier)?.checked_mul(10_i64.checked_pow(u32::from(digits.scale()))?)?)
    } else {
        (power(multiplier)?.checked_mul(unit_wh)?, 10_i64.checked_pow(u32::from(digits.scale()))?)
    };
    let wh = |mantissa: i64| mantissa.checked_mul(unit_wh).map(|wh| wh.div_euclid(scale));
    Some((wh(digits.mantissa())?, wh(digits.mantissa().checked_add(1)?)?))
}

pub(super) fn note(findings: &mut Vec<Finding>, finding: Finding) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}

fn delta(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}
