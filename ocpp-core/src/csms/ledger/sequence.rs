//! Transactions that the station names, and whose events it numbers (2.x E §1.3.2): each event counts once, whenever it comes.
//!
//! An account is opened by the first event of a transaction that arrives, whichever it is, and is the same in the end for every order of
//! the same events: the begin and the end are what the station calls so, the registers those of the lowest and highest number that told
//! one, and what is missing follows from the numbers seen.

mod reused;

use alloc::vec::Vec;

use chrono::{DateTime, Utc};
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::judge::{self, Yardstick, note};
use super::seen::Seen;
use super::{Ledger, orphan_key};
use crate::csms::report::{EventKind, EventReport};
use crate::csms::{
    Authorization, Consumption, EventInfo, Fact, Finding, IdToken, Limits, MeterValue, OrphanStop, Place, Settled,
    Started, StopReport, Stopped, TransactionId, Updated, Verdict,
};

/// What is known of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub(super) struct Account {
    transaction: TransactionId,
    /// What the station calls it, if that was the name of another one before.
    #[cfg_attr(feature = "serde", serde(default))]
    told_as: Option<TransactionId>,
    place: Place,
    begin: Option<Point>,
    end: Option<Point>,
    seen: Seen,
    /// The register at the begin: of the lowest number that told one, of those at the begin if there are any.
    start: Option<Mark>,
    /// The register at the end: of the highest number that told one, of those at the end if there are any.
    stop: Option<Mark>,
    /// The greatest register told, in Wh.
    greatest_wh: Option<i64>,
    /// The last tokens with a verdict, and the verdicts.
    #[cfg_attr(feature = "serde", serde(default))]
    verdicts: Vec<(IdToken, Authorization)>,
    /// What the facts say that it comes to.
    told: Option<Sum>,
    /// The latest time told that can be right.
    #[cfg_attr(feature = "serde", serde(default))]
    last_at: Option<DateTime<Utc>>,
}

/// A begin or an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
struct Point {
    seq_no: u64,
    at: DateTime<Utc>,
    has_odd_time: bool,
}

/// A register, and how near it is to the begin or the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
struct Mark {
    /// Whether it is not said to be of the begin; or whether it is said to be of the end.
    rank: bool,
    seq_no: u64,
    wh: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
struct Sum {
    consumption: Consumption,
    start_wh: Option<i64>,
    stop_wh: Option<i64>,
    missing: u64,
}

impl Ledger {
    /// Judges a numbered event: the transaction as it is recorded, and the fact. There is none if it was recorded before.
    pub fn judge_event(&self, mut report: EventReport, by: &Yardstick) -> (TransactionId, Verdict, Option<Fact>) {
        report.transaction = self.recorded_as(&report.transaction);
        if let Some(renamed) = self.renamed_by(&report) {
            let transaction = renamed.transaction().cloned().unwrap_or(report.transaction);
            return (transaction, Verdict::Duplicate, Some(renamed));
        }
        let (transaction, is_renamed) = self.name_of(&report, by);
        report.transaction = transaction.clone();
        let adopted = self.adopt(&report.transaction, report.seq_no);
        let account = self.account(&report.transaction).or(adopted.as_ref());
        let is_seen = account.is_some_and(|account| account.seen.contains(report.seq_no));
        let begin = account.and_then(|account| account.begin);
        let end = account.and_then(|account| account.end);
        report.event.seq_no = Some(report.seq_no);
        let is_repeated = match report.kind {
            EventKind::Begin => begin.is_some() && is_seen,
            EventKind::Update => is_seen,
            EventKind::End => {
                let is_recent = || self.recent.contains(&orphan_key(Some(&report.transaction), &stop_of(&report)));
                let is_told = self.is_ended_at(&report.transaction, report.at);
                is_told || end.is_some_and(|end| end.seq_no == report.seq_no || is_recent())
            }
        };
        if is_repeated {
            return (transaction, Verdict::Duplicate, None);
        }
        let verdict = verdict(account, report.kind, report.seq_no);
        let mut findings = Vec::new();
        by.time(&mut report.at, &mut findings);
        by.moments(&mut report.samples, &mut findings);
        if is_seen {
            note(&mut findings, Finding::SequenceReused);
        }
        if verdict == Verdict::Gap {
            note(&mut findings, Finding::SequenceGap);
        }
        let fact = match report.kind {
            EventKind::Begin => {
                self.doubt_begin(&report, begin.is_some(), &mut findings);
                if is_renamed {
                    note(&mut findings, Finding::NameReused);
                }
                Fact::Started(started(report, verdict, findings))
            }
            EventKind::Update => {
                match account {
                    Some(account) if begin.is_some() => account.doubt_update(&report, by, &mut findings),
                    Some(_) | None => note(&mut findings, Finding::UnknownTransaction),
                }
                Fact::Updated(updated(report, verdict, findings))
            }
            EventKind::End => {
                let transaction = transaction.clone();
                let stop = StopReport { findings, ..stop_of(&report) };
                match account {
                    Some(_) if end.is_some() => Fact::StopContradicted { transaction, report: stop },
                    Some(account) if begin.is_some() => account.stopped(stop, report.seq_no, verdict, by),
                    Some(_) | None => Fact::StopOrphaned(OrphanStop { named: Some(transaction), report: stop }),
                }
            }
        };
        (transaction, verdict, Some(fact))
    }

    /// What a transaction comes to, if that is not what the facts say yet.
    pub fn settle(&self, transaction: &TransactionId) -> Option<Fact> {
        let account = self.account(transaction)?;
        let sum = account.sum().filter(|sum| account.told != Some(*sum))?;
        Some(Fact::Settled(Settled {
            transaction: transaction.clone(),
            consumption: sum.consumption,
            meter_start_wh: sum.start_wh,
            meter_stop_wh: sum.stop_wh,
            missing: sum.missing,
        }))
    }

    /// The verdict on a token of a transaction, if there is one yet.
    pub fn token_verdict(&self, transaction: &TransactionId, token: &IdToken) -> Option<Authorization> {
        let mut verdicts = self.account(transaction)?.verdicts.iter();
        verdicts.find(|(known, _)| known.matches(token)).map(|(_, verdict)| verdict.clone())
    }

    /// The open transaction that this one will drive out, if it is new: one without a begin first.
    pub fn displaced_by(&self, transaction: &TransactionId, limits: &Limits) -> Option<TransactionId> {
        let open = || self.accounts.iter().filter(|account| !account.is_closed());
        let is_full = self.account(transaction).is_none() && open().count() >= limits.open_transactions.max(1);
        let first = open().find(|account| account.begin.is_none()).or_else(|| open().next());
        first.filter(|_| is_full).map(|account| account.transaction.clone())
    }

    /// Takes in a numbered event that is recorded. False for what is not numbered.
    pub(super) fn enter(&mut self, fact: &Fact, limits: &Limits) -> bool {
        let (transaction, event, samples, place, (at, findings)) = match fact {
            Fact::Started(Started { transaction, event, samples, place, at, findings, .. })
            | Fact::Updated(Updated { transaction, event, samples, place, at, findings, .. }) => {
                (transaction, event, samples, place, (*at, findings))
            }
            Fact::Stopped(Stopped { transaction, report, .. })
            | Fact::StopOrphaned(OrphanStop { named: Some(transaction), report }) => {
                (transaction, &report.event, &report.samples, &report.place, (report.at, &report.findings))
            }
            Fact::Settled(settled) => {
                if let Some(account) = self.account_mut(&settled.transaction) {
                    account.told = Some(Sum {
                        consumption: settled.consumption,
                        start_wh: settled.meter_start_wh,
                        stop_wh: settled.meter_stop_wh,
                        missing: settled.missing,
                    });
                }
                return true;
            }
            Fact::StopOrphaned(_)
            | Fact::StopContradicted { .. }
            | Fact::Authorized { .. }
            | Fact::Renamed(_)
            | Fact::Sampled(_)
            | Fact::Booted(_)
            | Fact::Status(_)
            | Fact::Progress(_)
            | Fact::SecurityEvent(_) => return false,
        };
        let seq_no = match (event.seq_no, fact, self.account(transaction)) {
            (Some(seq_no), _, _) => seq_no,
            // Told in 1.6, which has no numbers, of one that began in 2.x.
            (None, Fact::Stopped(_), Some(account)) => account.seen.last().map_or(0, |last| last.saturating_add(1)),
            (None, _, _) => return false,
        };
        let place = *place;
        let Some(account) = self.hear(transaction, seq_no, limits) else { return true };
        let is_nearer = account.place.connector().is_none() && account.place.evse() == place.evse();
        if account.place.is_station() || is_nearer {
            account.place = place;
        }
        account.read(seq_no, samples);
        if !judge::has_odd_time(findings) {
            account.last_at = account.last_at.max(Some(at));
        }
        let mut stop = None;
        match fact {
            Fact::Started(started) if account.begin.is_none() => {
                if started.findings.contains(&Finding::NameReused) {
                    account.told_as = reused::told_by(transaction);
                }
                account.begin = Some(Point::new(seq_no, started.at, &started.findings));
            }
            Fact::Stopped(Stopped { report, consumption, .. }) => {
                if let (None, Some(wh)) = (report.event.seq_no, report.meter_stop_wh) {
                    account.stop = Some(Mark { rank: true, seq_no, wh });
                }
                let sum = Sum { consumption: *consumption, ..account.close(seq_no, report) };
                account.told = Some(sum).filter(|sum| sum.missing == 0);
                stop = Some(report);
            }
            Fact::StopOrphaned(OrphanStop { report, .. }) if account.end.is_none() => {
                account.close(seq_no, report);
                stop = Some(report);
            }
            _ => {}
        }
        let last = stop.map(|report| (account.place.number(), account.stop.map(|mark| mark.wh), report));
        if let Some((evse, Some(register_wh), report)) = last {
            let is_odd = judge::has_odd_time(&report.findings) || report.findings.contains(&Finding::StopBeforeStart);
            self.note_register(evse, register_wh, (!is_odd).then_some(report.at), limits);
        }
        if let Fact::Stopped(Stopped { inferred: true, report, .. }) = fact {
            self.remember(orphan_key(None, report), limits);
        }
        self.forget_ended(transaction, limits);
        true
    }

    /// Keeps the verdict on the token of a transaction. False if the transaction is none of these.
    pub(super) fn keep_verdict(
        &mut self,
        transaction: &TransactionId,
        token: Option<&IdToken>,
        verdict: &Authorization,
    ) -> bool {
        let Some(account) = self.account_mut(transaction) else { return false };
        if let Some(token) = token {
            account.verdicts.retain(|(known, _)| known != token);
            if account.verdicts.len() >= Account::MAX_TOKENS {
                account.verdicts.remove(0);
            }
            account.verdicts.push((token.clone(), verdict.clone()));
        }
        true
    }

    /// An event of this number was told of a transaction. Gives its account.
    pub(super) fn hear(&mut self, transaction: &TransactionId, seq_no: u64, limits: &Limits) -> Option<&mut Account> {
        if let Some(displaced) = self.displaced_by(transaction, limits) {
            self.accounts.retain(|account| account.transaction != displaced);
        }
        let account = self.open(transaction, seq_no)?;
        account.seen.insert(seq_no);
        Some(account)
    }

    pub(super) fn account(&self, transaction: &TransactionId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.transaction == *transaction)
    }

    /// A transaction that began in 1.6, by its number, and of which 2.x tells the rest, beginning with this event.
    fn adopt(&self, transaction: &TransactionId, seq_no: u64) -> Option<Account> {
        let number = transaction.number()?;
        let running = self.running.iter().find(|running| running.number == number)?;
        let mark = |wh| Some(Mark { rank: false, seq_no: 0, wh });
        Some(Account {
            place: Place::numbered(running.connector),
            begin: Some(Point { seq_no, at: running.at, has_odd_time: running.has_odd_time }),
            start: mark(running.meter_start_wh),
            stop: mark(running.register_wh),
            greatest_wh: Some(running.register_wh),
            verdicts: running.verdict.iter().map(|verdict| (running.token.clone(), verdict.clone())).collect(),
            ..Account::new(transaction)
        })
    }

    /// Whether 1.6 told of this end before.
    fn is_ended_at(&self, transaction: &TransactionId, at: DateTime<Utc>) -> bool {
        let number = transaction.number();
        self.ended.iter().any(|ended| Some(ended.number) == number && ended.ended_at == at)
    }

    /// The only transaction that began in 2.x and goes on, and can be the one that 1.6 means without naming it.
    pub(super) fn only_open(&self, place: Option<u32>, at: DateTime<Utc>) -> Option<&Account> {
        let mut open = self.accounts.iter().filter(|account| {
            account.begin.is_some_and(|begin| begin.at <= at)
                && account.end.is_none()
                && place.is_none_or(|place| account.place.number() == place)
        });
        let first = open.next()?;
        open.next().is_none().then_some(first)
    }

    fn account_mut(&mut self, transaction: &TransactionId) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.transaction == *transaction)
    }

    fn open(&mut self, transaction: &TransactionId, seq_no: u64) -> Option<&mut Account> {
        if self.account(transaction).is_none() {
            let adopted = self.adopt(transaction, seq_no);
            self.running.retain(|running| adopted.is_none() || Some(running.number) != transaction.number());
            self.accounts.push(adopted.unwrap_or_else(|| Account::new(transaction)));
        }
        self.account_mut(transaction)
    }

    /// Those that ended, and that are told with all their events, go first; the one that was just heard of may still have to be settled.
    fn forget_ended(&mut self, current: &TransactionId, limits: &Limits) {
        while self.accounts.iter().filter(|account| account.is_closed()).count() > limits.closed_transactions.max(1) {
            let whole =
                |account: &Account| account.sum().is_some_and(|sum| sum.missing == 0 && account.told == Some(sum));
            let other = |account: &Account| account.is_closed() && account.transaction != *current;
            let place = self.accounts.iter().position(whole).or_else(|| self.accounts.iter().position(other));
            let Some(place) = place else { return };
            self.accounts.remove(place);
        }
    }

    fn doubt_begin(&self, report: &EventReport, is_second: bool, findings: &mut Vec<Finding>) {
        if is_second {
            note(findings, Finding::StartContradicted);
        }
        let evse = report.place.number();
        let is_odd = judge::has_odd_time(findings);
        let is_open = |account: &&Account| {
            account.transaction != report.transaction && account.place.number() == evse && account.end.is_none()
        };
        let mut others = self.accounts.iter().filter(is_open).filter_map(|account| account.begin);
        // E01.FR.14: one transaction on an EVSE.
        if evse > 0 && others.any(|begin| is_odd || begin.has_odd_time || begin.at <= report.at) {
            note(findings, Finding::Overlapping);
        }
        let register_wh = registers(&report.samples).map(|(_, wh)| wh).next();
        if evse > 0 && register_wh.is_some_and(|wh| self.is_below_last_stop(evse, wh, report.at, is_odd)) {
            note(findings, Finding::RegisterBelowLastStop);
        }
    }
}

impl Account {
    /// Beyond it the oldest is forgotten: a repeat of its event asks again.
    const MAX_TOKENS: usize = 8;

    fn new(transaction: &TransactionId) -> Self {
        Account {
            transaction: transaction.clone(),
            told_as: None,
            place: Place::STATION,
            begin: None,
            end: None,
            seen: Seen::default(),
            start: None,
            stop: None,
            greatest_wh: None,
            verdicts: Vec::new(),
            told: None,
            last_at: None,
        }
    }

    pub(super) fn name(&self) -> TransactionId {
        self.transaction.clone()
    }

    pub(super) fn place_number(&self) -> u32 {
        self.place.number()
    }

    pub(super) fn start_wh(&self) -> Option<i64> {
        self.start.map(|mark| mark.wh)
    }

    pub(super) fn begins_at(&self) -> Option<DateTime<Utc>> {
        self.begin.map(|begin| begin.at)
    }

    pub(super) fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.end.map(|end| end.at)
    }

    /// Whether its end is told again, in 1.6.
    pub(super) fn is_ended_by(&self, report: &StopReport) -> bool {
        let stop_wh = self.stop.map(|mark| mark.wh);
        self.ends_at() == Some(report.at) && stop_wh == report.meter_stop_wh
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begin.is_some()
    }

    /// The tokens on which there was a verdict.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &IdToken> {
        self.verdicts.iter().map(|(token, _)| token)
    }

    /// The end of one that began, as 1.6 tells it: without its name, if that is to be `inferred`.
    pub(super) fn ended_in_1_6(&self, inferred: bool, report: StopReport) -> Fact {
        let consumption = Consumption::of(self.start_wh(), report.meter_stop_wh);
        Fact::Stopped(Stopped { inferred, ..Stopped::new(self.name(), consumption, report) })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.begin.is_some() && self.end.is_some()
    }

    fn read(&mut self, seq_no: u64, samples: &[MeterValue]) {
        for (context, wh) in registers(samples) {
            let start = Mark { rank: context != Some("Transaction.Begin"), seq_no, wh };
            let stop = Mark { rank: context == Some("Transaction.End"), seq_no, wh };
            // Of one event the first and the last count.
            self.start = Some(self.start.filter(|old| (old.rank, old.seq_no) <= (start.rank, seq_no)).unwrap_or(start));
            self.stop = Some(self.stop.filter(|old| (old.rank, old.seq_no) > (stop.rank, seq_no)).unwrap_or(stop));
            self.greatest_wh = self.greatest_wh.max(Some(wh));
        }
    }

    fn close(&mut self, seq_no: u64, report: &StopReport) -> Sum {
        self.end = Some(Point::new(seq_no, report.at, &report.findings));
        self.sum().unwrap_or(Sum { consumption: Consumption::Unknown, start_wh: None, stop_wh: None, missing: 0 })
    }

    /// What it comes to, once its begin and its end are known.
    fn sum(&self) -> Option<Sum> {
        let (begin, end) = (self.begin?, self.end?);
        let (start_wh, stop_wh) = (self.start.map(|mark| mark.wh), self.stop.map(|mark| mark.wh));
        let missing = self.seen.missing(begin.seq_no, end.seq_no);
        Some(Sum { consumption: Consumption::of(start_wh, stop_wh), start_wh, stop_wh, missing })
    }

    /// The end of one that began.
    fn stopped(&self, mut report: StopReport, seq_no: u64, verdict: Verdict, by: &Yardstick) -> Fact {
        self.doubt_end(&mut report, by);
        let mut closed = self.clone();
        closed.read(seq_no, &report.samples);
        let Sum { consumption, .. } = closed.close(seq_no, &report);
        Fact::Stopped(Stopped { transaction: self.transaction.clone(), inferred: false, consumption, report, verdict })
    }

    fn doubt_update(&self, report: &EventReport, by: &Yardstick, findings: &mut Vec<Finding>) {
        if !report.place.is_station() && !self.place.is_station() && report.place.evse() != self.place.evse() {
            note(findings, Finding::OtherConnector);
        }
        let Some(begin) = self.begin.filter(|begin| !begin.has_odd_time) else { return };
        let is_odd = judge::has_odd_time(findings);
        let end = self.end.filter(|end| !end.has_odd_time).map(|end| end.at);
        judge::doubt_moments(&report.samples, begin.at, end, findings);
        let Some(start) = self.start.filter(|start| start.seq_no <= report.seq_no) else { return };
        for moment in &report.samples {
            let Some((least, most)) = judge::register_wh(moment) else { continue };
            if most < start.wh {
                note(findings, Finding::NonMonotonic);
            }
            if !is_odd && !by.allows(least.saturating_sub(start.wh), moment.at - begin.at) {
                note(findings, Finding::TooMuchEnergy);
            }
        }
    }

    fn doubt_end(&self, report: &mut StopReport, by: &Yardstick) {
        let findings = &mut report.findings;
        let stop_wh = registers(&report.samples).map(|(_, wh)| wh).last();
        if stop_wh.is_some_and(|wh| Some(wh) < self.greatest_wh) {
            note(findings, Finding::NonMonotonic);
        }
        let Some(begin) = self.begin.filter(|begin| !begin.has_odd_time) else { return };
        let is_odd = judge::has_odd_time(findings);
        if report.at + judge::SLACK < begin.at {
            note(findings, Finding::StopBeforeStart);
        }
        if report.at == begin.at {
            note(findings, Finding::ZeroLength);
        }
        let energy_wh = self.start.zip(stop_wh).map_or(0, |(start, stop_wh)| stop_wh.saturating_sub(start.wh));
        if !is_odd && !by.allows(energy_wh, report.at - begin.at) {
            note(findings, Finding::TooMuchEnergy);
        }
        judge::doubt_moments(&report.samples, begin.at, Some(report.at), findings);
    }
}

impl Point {
    fn new(seq_no: u64, at: DateTime<Utc>, findings: &[Finding]) -> Self {
        Point { seq_no, at, has_odd_time: judge::has_odd_time(findings) }
    }
}

fn verdict(account: Option<&Account>, kind: EventKind, seq_no: u64) -> Verdict {
    let begin = account.and_then(|account| account.begin);
    let last = account.and_then(|account| account.seen.last());
    match kind {
        EventKind::Update | EventKind::End if begin.is_none() => Verdict::Orphan,
        EventKind::Begin | EventKind::Update | EventKind::End => match last {
            Some(last) if seq_no < last => Verdict::Stale,
            Some(last) if begin.is_some() && seq_no - last > 1 => Verdict::Gap,
            Some(_) | None => Verdict::Applied,
        },
    }
}

/// The registers that were told, with why they were taken, in the order of their list.
fn registers(samples: &[MeterValue]) -> impl Iterator<Item = (Option<&str>, i64)> {
    let values = samples.iter().flat_map(|moment| &moment.values);
    values.filter_map(|value| Some((value.context.as_deref(), judge::register_of(value)?.0)))
}

fn started(report: EventReport, verdict: Verdict, findings: Vec<Finding>) -> Started {
    let meter_start_wh = registers(&report.samples).map(|(_, wh)| wh).next();
    let EventReport { transaction, at, place, token, reservation, samples, event, .. } = report;
    Started { transaction, place, token, meter_start_wh, at, reservation, event, samples, verdict, findings }
}

impl EventReport {
    /// The first register that it tells, in Wh.
    pub(super) fn register_wh(&self) -> Option<i64> {
        registers(&self.samples).map(|(_, wh)| wh).next()
    }
}

fn updated(report: EventReport, verdict: Verdict, findings: Vec<Finding>) -> Updated {
    let EventReport { transaction, at, place, token, reservation, samples, event, .. } = report;
    Updated { transaction, place, at, token, reservation, event, samples, verdict, findings }
}

fn stop_of(report: &EventReport) -> StopReport {
    StopReport {
        meter_stop_wh: registers(&report.samples).map(|(_, wh)| wh).last(),
        at: report.at,
        reason: report.reason.clone(),
        token: report.token.clone(),
        place: report.place,
        reservation: report.reservation,
        event: EventInfo { seq_no: Some(report.seq_no), ..report.event.clone() },
        samples: report.samples.clone(),
        findings: Vec::new(),
    }
}
