//! StatusNotification (1.6 §4.9), debounced: the current status of the station and each connector, no history.
//!
//! Takes conditions as they change, gives what to report next. A status is reported once it has lasted
//! MinimumStatusDuration (§9.1.20), in order of change; what changed back in the meantime is not reported. After the CSMS
//! accepted the station, all are (errata 3.22). A message has room for one error: of several, each is told once, and the
//! gravest last, so that it stands; when that is over, the next one stands. What may not have arrived counts as not told
//! (§4.9, errata 3.19). Stores nothing.

use alloc::vec::Vec;
use core::time::Duration;

use super::policy::Statuses;
use super::verdict::Undelivered;
use crate::station::{EvseStatus, Fault};
use crate::time::{Instant, Stamp};

/// How a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition<'a> {
    pub status: EvseStatus,
    /// In the order in which they came.
    pub faults: &'a [Fault],
    pub info: Option<&'static str>,
}

/// What one StatusNotification tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub status: EvseStatus,
    pub fault: Option<Fault>,
    pub info: Option<&'static str>,
}

#[derive(Debug)]
struct Told {
    fault: Fault,
    is_told: bool,
}

#[derive(Debug)]
struct Line {
    status: EvseStatus,
    info: Option<&'static str>,
    faults: Vec<Told>,
    since: Instant,
    at: Stamp,
    /// What stands at the CSMS; none if that is not known.
    reported: Option<Report>,
    /// The CSMS asked for it.
    is_wanted: bool,
    /// It was not answered: others go first.
    is_late: bool,
}

impl Line {
    fn is(&self, condition: &Condition<'_>) -> bool {
        let faults = self.faults.iter().map(|told| &told.fault);
        self.status == condition.status && self.info == condition.info && faults.eq(condition.faults)
    }

    /// The fault that stands in the end: a blocking one before any warning, and the newest of its kind.
    fn gravest(&self) -> Option<&Fault> {
        let newest_first = || self.faults.iter().rev().map(|told| &told.fault);
        newest_first().find(|fault| fault.is_blocking).or_else(|| newest_first().next())
    }

    /// The fault to tell, if something is to be told.
    fn next(&self) -> Option<Option<&Fault>> {
        let gravest = self.gravest();
        let untold = self.faults.iter().find(|told| !told.is_told && gravest != Some(&told.fault));
        if let Some(untold) = untold {
            return Some(Some(&untold.fault));
        }
        let stands = self.reported.as_ref().is_some_and(|reported| {
            reported.status == self.status && reported.info == self.info && reported.fault.as_ref() == gravest
        });
        (self.is_wanted || !stands).then_some(gravest)
    }

    fn due_at(&self, minimum: Duration) -> Instant {
        // The first report is not a change, and does not wait.
        if self.reported.is_none() || self.is_wanted { self.since } else { self.since + minimum }
    }
}

/// The conditions of the station (0) and its connectors (1 and up).
#[derive(Debug)]
pub(crate) struct StatusNotifications {
    lines: Vec<Line>,
    /// The first that is told of.
    first: usize,
    asked: Option<(usize, Report)>,
}

impl StatusNotifications {
    pub fn new(connectors: u16, now: Instant, at: Stamp) -> Self {
        let line = || Line {
            status: EvseStatus::Available,
            info: None,
            faults: Vec::new(),
            since: now,
            at,
            reported: None,
            is_wanted: false,
            is_late: false,
        };
        StatusNotifications { lines: (0..=connectors).map(|_| line()).collect(), first: 0, asked: None }
    }

    /// Takes a condition in.
    pub fn update(&mut self, connector: usize, condition: &Condition<'_>, now: Instant, at: Stamp) {
        let Some(line) = self.lines.get_mut(connector).filter(|line| !line.is(condition)) else { return };
        let old = core::mem::take(&mut line.faults);
        let was_told = |fault: &Fault| old.iter().any(|told| told.is_told && told.fault == *fault);
        let told = |fault: &Fault| Told { is_told: was_told(fault), fault: fault.clone() };
        line.faults = condition.faults.iter().map(told).collect();
        (line.since, line.at, line.info, line.status) = (now, at, condition.info, condition.status);
    }

    /// How a place is.
    #[cfg(feature = "transaction_events")]
    pub fn status(&self, connector: usize) -> EvseStatus {
        self.lines.get(connector).map_or(EvseStatus::Unavailable, |line| line.status)
    }

    /// Another family is spoken to: what it is told of, the station or its connectors alone, and nothing of it was told.
    pub fn tell(&mut self, statuses: Statuses) {
        self.first = match statuses {
            Statuses::OfSessions => 0,
            #[cfg(feature = "transaction_events")]
            Statuses::OfConnectors => 1,
        };
        self.asked = None;
        self.report_all();
    }

    /// Forgets what was reported: all is reported again.
    pub fn report_all(&mut self) {
        for line in &mut self.lines {
            line.reported = None;
            for told in &mut line.faults {
                told.is_told = false;
            }
        }
    }

    /// The CSMS asks for a connector's status, or for all. False if there is none such.
    #[cfg(feature = "remote_trigger")]
    pub fn trigger(&mut self, connector: Option<i64>) -> bool {
        let mut is_any = false;
        for (_, line) in (0..)
            .zip(&mut self.lines)
            .skip(self.first)
            .filter(|(number, _)| connector.is_none_or(|wanted| wanted == *number))
        {
            line.is_wanted = true;
            is_any = true;
        }
        is_any
    }

    /// What to report now, with the time of its beginning; of those asked for only, unless it `may_report`.
    pub fn next(&mut self, now: Instant, minimum: Duration, may_report: bool) -> Option<(usize, &Report, Stamp)> {
        let lines = self.lines.iter().enumerate().skip(self.first);
        let (connector, line, fault) = lines
            .filter(|(_, line)| (may_report || line.is_wanted) && line.due_at(minimum) <= now)
            .filter_map(|(connector, line)| line.next().map(|fault| (connector, line, fault)))
            .min_by_key(|(connector, line, _)| (line.is_late, line.since, *connector))?;
        let report = Report { status: line.status, fault: fault.cloned(), info: line.info };
        let at = line.at;
        let (connector, report) = &*self.asked.insert((connector, report));
        Some((*connector, report, at))
    }

    /// When the next status will have lasted long enough.
    pub fn deadline(&self, minimum: Duration) -> Option<Instant> {
        self.lines.iter().skip(self.first).filter(|line| line.next().is_some()).map(|line| line.due_at(minimum)).min()
    }

    /// The CSMS took the report, or refused it, which repeating would not mend.
    pub fn answered(&mut self) {
        if let Some((connector, report)) = self.asked.take()
            && let Some(line) = self.lines.get_mut(connector)
        {
            for told in line.faults.iter_mut().filter(|told| report.fault.as_ref() == Some(&told.fault)) {
                told.is_told = true;
            }
            line.reported = Some(report);
            (line.is_wanted, line.is_late) = (false, false);
        }
    }

    /// The CSMS did not take the report. One that it refuses, or that cannot be said, is not said again.
    pub fn undelivered(&mut self, why: Undelivered) {
        match why {
            Undelivered::Refused | Undelivered::Unsendable => self.answered(),
            Undelivered::TimedOut => self.lost(true),
            Undelivered::LinkLost => self.lost(false),
        }
    }

    /// The report may not have arrived, because the link went or (`is_unanswered`) no answer came: what the CSMS knows of the
    /// place is not known any more, and what is current then is reported.
    fn lost(&mut self, is_unanswered: bool) {
        if let Some((connector, _)) = self.asked.take()
            && let Some(line) = self.lines.get_mut(connector)
        {
            line.reported = None;
            line.is_late |= is_unanswered;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::station::FaultCode;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    fn is(status: EvseStatus) -> Condition<'static> {
        Condition { status, faults: &[], info: None }
    }

    fn fault(code: FaultCode, is_blocking: bool) -> Fault {
        Fault { code, is_blocking, info: None, vendor_error_code: None, vendor_id: None }
    }

    fn sent(block: &mut StatusNotifications, now: Instant, minimum: Duration) -> Option<(usize, EvseStatus)> {
        let next = block.next(now, minimum, true).map(|(connector, report, _)| (connector, report.status));
        block.answered();
        next
    }

    /// Everything that is told now, of one place.
    fn told(block: &mut StatusNotifications) -> Vec<(EvseStatus, Option<FaultCode>)> {
        let next = || {
            let (_, report, _) = block.next(at(100), Duration::ZERO, true)?;
            let told = (report.status, report.fault.as_ref().map(|fault| fault.code));
            block.answered();
            Some(told)
        };
        core::iter::from_fn(next).collect()
    }

    #[test]
    fn all_are_reported_first_then_only_changes() {
        let none = Duration::ZERO;
        let mut block = StatusNotifications::new(2, at(0), Stamp::Wall(0));
        for connector in 0..=2 {
            assert_eq!(sent(&mut block, at(1), none), Some((connector, EvseStatus::Available)));
        }
        assert_eq!(sent(&mut block, at(1), none), None);
        block.update(2, &is(EvseStatus::Preparing), at(5), Stamp::Wall(5));
        block.update(2, &is(EvseStatus::Preparing), at(6), Stamp::Wall(6));
        block.update(1, &is(EvseStatus::Faulted), at(7), Stamp::Wall(7));
        assert_eq!(sent(&mut block, at(8), none), Some((2, EvseStatus::Preparing)), "in order of change");
        assert_eq!(sent(&mut block, at(8), none), Some((1, EvseStatus::Faulted)));
    }

    #[test]
    fn short_status_is_not_reported() {
        let minimum = Duration::from_secs(10);
        let mut block = StatusNotifications::new(1, at(0), Stamp::Wall(0));
        sent(&mut block, at(0), minimum);
        sent(&mut block, at(0), minimum);
        block.update(1, &is(EvseStatus::Preparing), at(20), Stamp::Wall(20));
        assert_eq!(sent(&mut block, at(29), minimum), None);
        assert_eq!(block.deadline(minimum), Some(at(30)));
        block.update(1, &is(EvseStatus::Available), at(29), Stamp::Wall(29));
        assert_eq!(block.deadline(minimum), None);
        block.update(1, &is(EvseStatus::Charging), at(40), Stamp::Wall(40));
        assert_eq!(sent(&mut block, at(50), minimum), Some((1, EvseStatus::Charging)));
    }

    #[test]
    fn lost_report_is_repeated_with_what_is_current_also_if_that_stood_before() {
        let none = Duration::ZERO;
        let mut block = StatusNotifications::new(0, at(0), Stamp::Wall(0));
        sent(&mut block, at(0), none);
        for is_unanswered in [false, true] {
            block.update(0, &is(EvseStatus::Faulted), at(1), Stamp::Wall(1));
            assert!(block.next(at(1), none, true).is_some());
            block.lost(is_unanswered);
            block.update(0, &is(EvseStatus::Available), at(2), Stamp::Wall(2));
            assert_eq!(sent(&mut block, at(2), none), Some((0, EvseStatus::Available)));
            assert_eq!(sent(&mut block, at(2), none), None);
        }
    }

    #[test]
    fn place_whose_report_is_not_answered_lets_the_others_pass() {
        let none = Duration::ZERO;
        let mut block = StatusNotifications::new(1, at(0), Stamp::Wall(0));
        assert!(block.next(at(0), none, true).is_some());
        block.lost(true);
        assert_eq!(sent(&mut block, at(1), none), Some((1, EvseStatus::Available)));
        assert_eq!(sent(&mut block, at(1), none), Some((0, EvseStatus::Available)));
    }

    /// One error a message: each is told once, and the gravest stands in the end.
    #[test]
    fn each_of_several_faults_is_told_and_the_gravest_stands() {
        use EvseStatus::{Available, Faulted};
        let (hot, weak) = (fault(FaultCode::HighTemperature, false), fault(FaultCode::WeakSignal, false));
        let ground = fault(FaultCode::GroundFailure, true);
        let mut block = StatusNotifications::new(0, at(0), Stamp::Wall(0));
        told(&mut block);
        let mut becomes = |status, faults: &[&Fault]| {
            let faults: Vec<Fault> = faults.iter().copied().cloned().collect();
            block.update(0, &Condition { status, faults: &faults, info: None }, at(1), Stamp::Wall(1));
            told(&mut block)
        };
        let (code_hot, code_weak) = (Some(FaultCode::HighTemperature), Some(FaultCode::WeakSignal));
        let code_ground = Some(FaultCode::GroundFailure);
        assert_eq!(becomes(Available, &[&hot, &weak]), [(Available, code_hot), (Available, code_weak)]);
        assert_eq!(becomes(Available, &[&hot]), [(Available, code_hot)], "shown again");
        assert_eq!(becomes(Faulted, &[&hot, &ground]), [(Faulted, code_ground)], "the warning was told");
        let both = [(Faulted, code_weak), (Faulted, code_ground)];
        assert_eq!(becomes(Faulted, &[&hot, &ground, &weak]), both, "a later warning hides nothing");
        assert_eq!(becomes(Faulted, &[&ground, &weak]), [], "it was not shown");
        assert_eq!(becomes(Available, &[&weak]), [(Available, code_weak)]);
        assert_eq!(becomes(Available, &[]), [(Available, None)]);
        assert_eq!(becomes(Faulted, &[&hot, &ground]), vec![(Faulted, code_hot), (Faulted, code_ground)], "came again");
    }
}
