//! The transactions of one station: which are running, which ended lately, and what a report about one means.
//!
//! Delivery is at least once: reports come with the station's own retries (1.6 §3.7.1, 2.x E13) and are judged. A new one becomes a
//! [`Fact`], a repeated one is answered like the first, so that recording is idempotent. The ledger changes by facts alone, so it is
//! what its facts make it, live or replayed.
//!
//! Here are those that the CSMS names by numbers, and whose reports are known by their content (1.6). Those that the station names, and
//! whose events it numbers (2.x), are in [`sequence`].

use alloc::vec::Vec;
use ocpp_rpc::queue::Queue;

use chrono::{DateTime, Utc};
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::report::{StartReport, no_time};
use super::{
    Attribution, Authorization, AuthorizationStatus, Consumption, Fact, Finding, IdToken, Limits, MeterValue,
    OrphanStop, Place, Samples, Started, StopReport, Stopped, TransactionId,
};
use crate::rng::Rng;

mod judge;
mod names;
mod seen;
mod sequence;
#[cfg(test)]
mod tests;

pub(crate) use judge::Yardstick;

/// The transactions of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub(crate) struct Ledger {
    /// The greatest number given out.
    last_number: i32,
    /// In the order of their start.
    running: Vec<Running>,
    /// In the order of their end.
    ended: Queue<Ended>,
    /// The last stop on each connector.
    #[cfg_attr(feature = "serde", serde(default))]
    last_stops: Vec<LastStop>,
    /// Reports that bear no key of their own: meter values, ends of unknown transactions, contradicting ends.
    recent: Queue<Fingerprint>,
    /// Those with numbered events, in the order in which they were heard of.
    #[cfg_attr(feature = "serde", serde(default))]
    accounts: Vec<sequence::Account>,
    /// Names of transactions beside those of the facts, oldest first.
    #[cfg_attr(feature = "serde", serde(default))]
    aliases: names::Aliases,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
struct Running {
    number: i32,
    connector: u32,
    token: IdToken,
    meter_start_wh: i64,
    at: DateTime<Utc>,
    verdict: Option<Authorization>,
    /// Whether the station used the number, and so knows it.
    named: bool,
    /// The greatest register told, in Wh.
    #[cfg_attr(feature = "serde", serde(default))]
    register_wh: i64,
    /// Whether the time was read, and not taken from the server's clock.
    #[cfg_attr(feature = "serde", serde(default = "yes"))]
    is_time_read: bool,
    /// Whether the time cannot be right.
    #[cfg_attr(feature = "serde", serde(default))]
    has_odd_time: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
struct Ended {
    number: i32,
    start: Fingerprint,
    stop: Fingerprint,
    /// Whether the station named no transaction when it ended.
    inferred: bool,
    verdict: Option<AuthorizationStatus>,
    #[cfg_attr(feature = "serde", serde(default))]
    connector: u32,
    #[cfg_attr(feature = "serde", serde(default))]
    began_at: DateTime<Utc>,
    #[cfg_attr(feature = "serde", serde(default))]
    ended_at: DateTime<Utc>,
    /// Whether one of the times cannot be right; true where they are not known.
    #[cfg_attr(feature = "serde", serde(default = "yes"))]
    has_odd_time: bool,
}

/// The last stop on a connector, by its time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
struct LastStop {
    connector: u32,
    register_wh: i64,
    /// None if the time cannot be right.
    at: Option<DateTime<Utc>>,
}

#[cfg(feature = "serde")]
fn yes() -> bool {
    true
}

/// What a reported start means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StartJudgement {
    /// What the station is to call it.
    pub transaction: TransactionId,
    /// The fact, unless it was recorded before.
    pub fact: Option<Fact>,
}

impl Ledger {
    /// Judges a start: the same connector, token, meter value and time are the same transaction. A new one gets a
    /// number greater than `floor` and all before. None if there are no more numbers.
    pub fn judge_start(
        &self,
        mut report: StartReport,
        floor: i32,
        rng: &mut Rng,
        by: &Yardstick,
    ) -> Option<StartJudgement> {
        let key = start_key(report.place.number(), &report.token, report.meter_start_wh, report.at);
        let running = self.running.iter().find(|running| running.key() == key).map(|running| running.number);
        let ended = || self.ended.iter().find(|ended| ended.start == key).map(|ended| ended.number);
        if let Some(number) = running.or_else(ended) {
            return Some(StartJudgement { transaction: number.into(), fact: None });
        }
        if let Some((transaction, fact)) = self.number_for(&report, floor, rng) {
            return Some(StartJudgement { transaction, fact });
        }
        let number = next_number(self.last_number.max(floor), rng)?;
        let findings = self.doubt_start(&mut report, by);
        let transaction = TransactionId::from(number);
        let StartReport { place, token, meter_start_wh, at, reservation } = report;
        let mut started = Started::new(transaction.clone(), place, at);
        started.token = Some(token);
        started.meter_start_wh = Some(meter_start_wh);
        started.reservation = reservation;
        started.findings = findings;
        Some(StartJudgement { transaction, fact: Some(Fact::Started(started)) })
    }

    /// Judges the end of the transaction that the station named, or of the one that fits if it named none. None if it was
    /// recorded before.
    pub fn judge_stop(&self, named: Option<&TransactionId>, mut report: StopReport, by: &Yardstick) -> Option<Fact> {
        let (stop, orphan) = (stop_key(&report), orphan_key(named, &report));
        Self::doubt_stray_stop(&mut report, by);
        let Some(transaction) = named.map(|named| self.recorded_as(named)) else {
            let told_in_2_x = || self.accounts.iter().any(|account| account.is_ended_by(&report));
            let seen = self.ended.iter().any(|ended| ended.inferred && ended.stop == stop) || told_in_2_x();
            if seen || self.recent.contains(&orphan) {
                return None;
            }
            return match self.only(|running| running.may_be_ended_by(&report)) {
                Some(running) => Some(self.stopped(running, true, report, by)),
                None => Some(match self.only_open(None, report.at) {
                    Some(account) => account.ended_in_1_6(true, report),
                    None => Fact::StopOrphaned(OrphanStop { named: None, report }),
                }),
            };
        };
        if let Some(account) = self.account(&transaction).filter(|account| account.has_begun()) {
            return match account.ends_at() {
                Some(_) if account.is_ended_by(&report) => None,
                Some(_) if self.recent.contains(&orphan_key(Some(&transaction), &report)) => None,
                Some(_) => Some(Fact::StopContradicted { transaction, report }),
                None => Some(account.ended_in_1_6(false, report)),
            };
        }
        let number = transaction.number();
        if let Some(running) = self.running.iter().find(|running| Some(running.number) == number) {
            return Some(self.stopped(running, false, report, by));
        }
        let ended = self.ended.iter().find(|ended| Some(ended.number) == number);
        if ended.is_some_and(|ended| ended.stop == stop) || self.recent.contains(&orphan) {
            return None;
        }
        Some(match ended {
            Some(_) => Fact::StopContradicted { transaction, report },
            None => Fact::StopOrphaned(OrphanStop { named: Some(transaction), report }),
        })
    }

    /// Judges meter values, of the transaction that the station named, or of the one that fits if it named none and they are not known
    /// to be outside all. None if they were recorded before.
    pub fn judge_samples(
        &self,
        place: Place,
        named: Option<TransactionId>,
        is_outside: bool,
        mut values: Vec<MeterValue>,
        by: &Yardstick,
    ) -> Option<Fact> {
        let named = named.map(|named| self.recorded_as(&named));
        let (connector, number) = (place.number(), named.as_ref().and_then(TransactionId::number));
        let is_timed = values.iter().all(|value| value.at != no_time());
        if self.recent.contains(&samples_key(connector, named.as_ref(), &values, is_timed)) {
            return None;
        }
        let findings = self.doubt_samples(connector, named.as_ref(), &mut values, by);
        let attribution = match named {
            Some(named) if number.is_some_and(|number| self.knows(number)) => Attribution::Named(named),
            Some(named) if self.account(&named).is_some() => Attribution::Named(named),
            Some(named) => Attribution::Unknown(named),
            None if is_outside => Attribution::None,
            None => match self.only(|running| running.may_have_sampled(connector, &values)) {
                Some(running) => Attribution::Inferred(running.number.into()),
                None => {
                    let first = values.first().map(|value| value.at);
                    let open = first.and_then(|first| self.only_open(Some(connector), first));
                    open.map_or(Attribution::None, |account| Attribution::Inferred(account.name()))
                }
            },
        };
        Some(Fact::Sampled(Samples { place, attribution, values, findings }))
    }

    /// The verdict on the token that began a transaction, if there is one yet. For one that ended, only the status.
    pub fn verdict(&self, transaction: &TransactionId, token: &IdToken) -> Option<Authorization> {
        if self.account(transaction).is_some() {
            return self.token_verdict(transaction, token);
        }
        let number = transaction.number()?;
        let running = self.running.iter().find(|running| running.number == number);
        let ended = || self.ended.iter().find(|ended| ended.number == number);
        running.and_then(|running| running.verdict.clone()).or_else(|| Some(ended()?.verdict?.into()))
    }

    /// The running transaction that a further one will drive out.
    pub fn displaced(&self, limits: &Limits) -> Option<TransactionId> {
        let is_full = self.running.len() >= limits.open_transactions.max(1);
        self.running.first().filter(|_| is_full).map(|running| running.number.into())
    }

    /// Takes in what is recorded.
    pub fn apply(&mut self, fact: &Fact, limits: &Limits) {
        if self.enter(fact, limits) {
            return;
        }
        match fact {
            Fact::Booted(_)
            | Fact::Status(_)
            | Fact::Progress(_)
            | Fact::SecurityEvent(_)
            | Fact::Updated(_)
            | Fact::Settled(_) => {}
            Fact::Started(started) => self.begin(started, limits),
            Fact::Authorized { transaction, token, verdict } => {
                if !self.keep_verdict(transaction, token.as_ref(), verdict) {
                    self.authorize(transaction, verdict);
                }
            }
            Fact::Sampled(samples) => {
                let named = match &samples.attribution {
                    Attribution::Named(transaction) | Attribution::Unknown(transaction) => Some(transaction),
                    Attribution::Inferred(_) | Attribution::None => None,
                };
                let number = fact.transaction().and_then(TransactionId::number);
                if let Some(running) = self.running.iter_mut().find(|running| Some(running.number) == number) {
                    running.named |= named.is_some();
                    running.sampled(samples);
                }
                let is_timed = !samples.findings.contains(&Finding::TimeUnread);
                let key = samples_key(samples.place.number(), named, &samples.values, is_timed);
                self.remember(key, limits);
            }
            Fact::Stopped(stopped) => self.end(stopped, limits),
            Fact::Renamed(renamed) => self.rename(renamed, limits),
            Fact::StopContradicted { transaction, report } => {
                self.remember(orphan_key(Some(transaction), report), limits);
            }
            Fact::StopOrphaned(orphan) => {
                self.remember(orphan_key(orphan.named.as_ref(), &orphan.report), limits);
            }
        }
    }

    fn begin(&mut self, started: &Started, limits: &Limits) {
        let Some(number) = started.transaction.number() else { return };
        self.last_number = self.last_number.max(number);
        if self.displaced(limits).is_some() {
            self.running.remove(0);
        }
        let meter_start_wh = started.meter_start_wh.unwrap_or_default();
        self.running.push(Running {
            number,
            connector: started.place.number(),
            token: started.token.clone().unwrap_or_else(|| IdToken::new("")),
            meter_start_wh,
            at: started.at,
            verdict: None,
            named: false,
            register_wh: meter_start_wh,
            is_time_read: !started.findings.contains(&Finding::TimeUnread),
            has_odd_time: judge::has_odd_time(&started.findings),
        });
    }

    fn authorize(&mut self, transaction: &TransactionId, verdict: &Authorization) {
        let number = transaction.number();
        if let Some(running) = self.running.iter_mut().find(|running| Some(running.number) == number) {
            running.verdict = Some(verdict.clone());
        } else if let Some(ended) = self.ended.iter_mut().find(|ended| Some(ended.number) == number) {
            ended.verdict = Some(verdict.status);
        }
    }

    fn end(&mut self, stopped: &Stopped, limits: &Limits) {
        let number = stopped.transaction.number();
        let Some(place) = self.running.iter().position(|running| Some(running.number) == number) else { return };
        let running = self.running.remove(place);
        if self.running.is_empty() {
            // Most stations idle most of the time.
            self.running = Vec::new();
        }
        let report = &stopped.report;
        let is_odd = judge::has_odd_time(&report.findings) || report.findings.contains(&Finding::StopBeforeStart);
        let stop_wh = report.meter_stop_wh.unwrap_or(running.register_wh);
        self.note_register(running.connector, stop_wh, (!is_odd).then_some(report.at), limits);
        let ended = Ended {
            number: running.number,
            start: running.key(),
            stop: stop_key(&stopped.report),
            inferred: stopped.inferred,
            verdict: running.verdict.map(|verdict| verdict.status),
            connector: running.connector,
            began_at: running.at,
            ended_at: report.at,
            has_odd_time: running.has_odd_time || judge::has_odd_time(&report.findings),
        };
        push_bounded(&mut self.ended, ended, limits.closed_transactions.max(1));
    }

    /// The register at a stop; one that is told late says nothing of later ones.
    fn note_register(&mut self, connector: u32, register_wh: i64, at: Option<DateTime<Utc>>, limits: &Limits) {
        let last = LastStop { connector, register_wh, at };
        let has_room = connector > 0 && self.last_stops.len() < limits.connectors;
        match self.last_stops.iter_mut().find(|stop| stop.connector == connector) {
            Some(stop) if at.is_none() || stop.at <= at => *stop = last,
            Some(_) => {}
            None if has_room => self.last_stops.push(last),
            None => {}
        }
    }

    fn stopped(&self, running: &Running, inferred: bool, mut report: StopReport, by: &Yardstick) -> Fact {
        self.doubt_stop(running, &mut report, by);
        let consumption = Consumption::of(Some(running.meter_start_wh), report.meter_stop_wh);
        Fact::Stopped(Stopped { inferred, ..Stopped::new(running.number.into(), consumption, report) })
    }

    fn remember(&mut self, report: Fingerprint, limits: &Limits) {
        push_bounded(&mut self.recent, report, limits.recent_reports.max(1));
    }

    fn knows(&self, number: i32) -> bool {
        self.running.iter().any(|running| running.number == number)
            || self.ended.iter().any(|ended| ended.number == number)
    }

    /// The running transaction that fits, if there is exactly one.
    fn only(&self, fits: impl Fn(&Running) -> bool) -> Option<&Running> {
        let mut fitting = self.running.iter().filter(|running| fits(running));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }
}

impl Running {
    fn key(&self) -> Fingerprint {
        let at = if self.is_time_read { self.at } else { no_time() };
        start_key(self.connector, &self.token, self.meter_start_wh, at)
    }

    /// Whether an end without number can be that of this transaction: one whose number never reached the station
    /// (1.6 errata 3.18).
    fn may_be_ended_by(&self, report: &StopReport) -> bool {
        !self.named
            && self.at <= report.at
            && report.meter_stop_wh.is_none_or(|stop_wh| self.meter_start_wh <= stop_wh)
            && report.token.as_ref().is_none_or(|token| *token == self.token)
    }

    fn may_have_sampled(&self, connector: u32, values: &[MeterValue]) -> bool {
        self.connector == connector && values.iter().all(|value| self.at <= value.at)
    }

    fn sampled(&mut self, samples: &Samples) {
        if !samples.findings.is_empty() {
            return;
        }
        let registers = samples.values.iter().filter_map(judge::register_wh);
        self.register_wh = registers.map(|(least, _)| least).fold(self.register_wh, i64::max);
    }
}

/// A number after `last`, by a step that cannot be foretold. Steps are 32,000 on average at first and get smaller with
/// the room that is left, so that a station has numbers for more than 700,000 transactions.
fn next_number(last: i32, rng: &mut Rng) -> Option<i32> {
    let last = last.max(0);
    let room = i32::MAX - last;
    let span = (room >> 15).max(1).min(room);
    (span > 0).then(|| last + 1 + i32::try_from(rng.next_u64() % span.unsigned_abs() as u64).unwrap_or(0))
}

fn start_key(connector: u32, token: &IdToken, meter_start_wh: i64, at: DateTime<Utc>) -> Fingerprint {
    Fingerprint::new(b'b').number(connector.into()).token(token).number(meter_start_wh).time(at)
}

fn stop_key(report: &StopReport) -> Fingerprint {
    Fingerprint::new(b'e').stop(report)
}

fn orphan_key(named: Option<&TransactionId>, report: &StopReport) -> Fingerprint {
    Fingerprint::new(b'o').transaction(named).stop(report)
}

fn samples_key(connector: u32, named: Option<&TransactionId>, values: &[MeterValue], is_timed: bool) -> Fingerprint {
    Fingerprint::new(b's').number(connector.into()).transaction(named).values(values, is_timed)
}

fn push_bounded<T>(list: &mut Queue<T>, item: T, limit: usize) {
    while list.len() >= limit {
        list.pop_front();
    }
    list.push_back(item);
}
