//! StatusNotification (1.6 §4.9): the current status of the station and each connector, no history.
//!
//! Takes statuses as they change, gives the one to report next. A status is reported once it has lasted
//! MinimumStatusDuration (§9.1.20), in order of change; what changed back in the meantime is not reported. After the CSMS
//! accepted the station, all are (errata 3.22). Stores nothing.

use alloc::vec::Vec;
use core::time::Duration;

use crate::station::{EvseStatus, Fault};
use crate::time::{Instant, Stamp};

/// What a StatusNotification tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub status: EvseStatus,
    pub fault: Option<Fault>,
    pub info: Option<&'static str>,
}

#[derive(Debug)]
struct Line {
    condition: Condition,
    since: Instant,
    at: Stamp,
    reported: Option<Condition>,
    /// The CSMS asked for it.
    is_wanted: bool,
}

/// The conditions of the station (0) and its connectors (1 and up).
#[derive(Debug)]
pub(crate) struct StatusNotifications {
    lines: Vec<Line>,
    asked: Option<(usize, Condition)>,
}

impl StatusNotifications {
    pub fn new(connectors: u16, now: Instant, at: Stamp) -> Self {
        let available = Condition { status: EvseStatus::Available, fault: None, info: None };
        let line = || Line { condition: available.clone(), since: now, at, reported: None, is_wanted: false };
        StatusNotifications { lines: (0..=connectors).map(|_| line()).collect(), asked: None }
    }

    /// Takes a condition in. True if the status is another than before.
    pub fn update(&mut self, connector: usize, condition: Condition, now: Instant, at: Stamp) -> bool {
        let Some(line) = self.lines.get_mut(connector) else { return false };
        if line.condition == condition {
            return false;
        }
        let is_new_status = line.condition.status != condition.status;
        *line = Line { condition, since: now, at, reported: line.reported.take(), is_wanted: line.is_wanted };
        is_new_status
    }

    /// Forgets what was reported: all is reported again.
    pub fn report_all(&mut self) {
        for line in &mut self.lines {
            line.reported = None;
        }
    }

    /// The CSMS asks for a connector's status, or for all. False if there is none such.
    #[cfg(feature = "remote_trigger")]
    pub fn trigger(&mut self, connector: Option<i64>) -> bool {
        let mut is_any = false;
        for (_, line) in
            (0..).zip(&mut self.lines).filter(|(number, _)| connector.is_none_or(|wanted| wanted == *number))
        {
            line.is_wanted = true;
            is_any = true;
        }
        is_any
    }

    fn unreported(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.is_wanted || line.reported.as_ref() != Some(&line.condition))
    }

    fn due_at(line: &Line, minimum: Duration) -> Instant {
        // The first report is not a change, and does not wait.
        if line.reported.is_none() || line.is_wanted { line.since } else { line.since + minimum }
    }

    /// The condition to report now, with the time of its beginning; of those asked for only, unless it `may_report`.
    pub fn next(&mut self, now: Instant, minimum: Duration, may_report: bool) -> Option<(usize, &Condition, Stamp)> {
        let (connector, line) = self
            .unreported()
            .filter(|(_, line)| (may_report || line.is_wanted) && Self::due_at(line, minimum) <= now)
            .min_by_key(|(connector, line)| (line.since, *connector))?;
        let (condition, at) = (line.condition.clone(), line.at);
        self.asked = Some((connector, condition));
        self.asked.as_ref().map(|(connector, condition)| (*connector, condition, at))
    }

    /// When the next status will have lasted long enough.
    pub fn deadline(&self, minimum: Duration) -> Option<Instant> {
        self.unreported().map(|(_, line)| Self::due_at(line, minimum)).min()
    }

    /// The CSMS took the report, or refused it, which repeating would not mend.
    pub fn answered(&mut self) {
        if let Some((connector, condition)) = self.asked.take()
            && let Some(line) = self.lines.get_mut(connector)
        {
            line.reported = Some(condition);
            line.is_wanted = false;
        }
    }

    /// The report may not have arrived: what is current then is reported again.
    pub fn lost(&mut self) {
        self.asked = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    fn condition(status: EvseStatus) -> Condition {
        Condition { status, fault: None, info: None }
    }

    fn sent(block: &mut StatusNotifications, now: Instant, minimum: Duration) -> Option<(usize, EvseStatus)> {
        let next = block.next(now, minimum, true).map(|(connector, condition, _)| (connector, condition.status));
        block.answered();
        next
    }

    #[test]
    fn all_are_reported_first_then_only_changes() {
        let none = Duration::ZERO;
        let mut block = StatusNotifications::new(2, at(0), Stamp::Wall(0));
        for connector in 0..=2 {
            assert_eq!(sent(&mut block, at(1), none), Some((connector, EvseStatus::Available)));
        }
        assert_eq!(sent(&mut block, at(1), none), None);
        assert!(block.update(2, condition(EvseStatus::Preparing), at(5), Stamp::Wall(5)));
        assert!(!block.update(2, condition(EvseStatus::Preparing), at(6), Stamp::Wall(6)));
        assert!(block.update(1, condition(EvseStatus::Faulted), at(7), Stamp::Wall(7)));
        assert_eq!(sent(&mut block, at(8), none), Some((2, EvseStatus::Preparing)), "in order of change");
        assert_eq!(sent(&mut block, at(8), none), Some((1, EvseStatus::Faulted)));
    }

    #[test]
    fn short_status_is_not_reported() {
        let minimum = Duration::from_secs(10);
        let mut block = StatusNotifications::new(1, at(0), Stamp::Wall(0));
        sent(&mut block, at(0), minimum);
        sent(&mut block, at(0), minimum);
        block.update(1, condition(EvseStatus::Preparing), at(20), Stamp::Wall(20));
        assert_eq!(sent(&mut block, at(29), minimum), None);
        assert_eq!(block.deadline(minimum), Some(at(30)));
        block.update(1, condition(EvseStatus::Available), at(29), Stamp::Wall(29));
        assert_eq!(block.deadline(minimum), None);
        block.update(1, condition(EvseStatus::Charging), at(40), Stamp::Wall(40));
        assert_eq!(sent(&mut block, at(50), minimum), Some((1, EvseStatus::Charging)));
    }

    #[test]
    fn lost_report_is_repeated_with_what_is_current() {
        let none = Duration::ZERO;
        let mut block = StatusNotifications::new(0, at(0), Stamp::Wall(0));
        assert!(block.next(at(0), none, true).is_some());
        block.lost();
        block.update(0, condition(EvseStatus::Faulted), at(1), Stamp::Wall(1));
        assert_eq!(sent(&mut block, at(2), none), Some((0, EvseStatus::Faulted)));
        assert_eq!(sent(&mut block, at(2), none), None);
    }
}
