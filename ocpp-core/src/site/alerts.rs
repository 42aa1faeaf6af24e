//! Alert events (2.x N07): what is wrong with the hardware, told as a hard-wired notification when it comes and when it goes.
//!
//! In: the faults of each place, as they are now. Out: the alert to tell next. Stores nothing: what outlasts a power cut is told
//! anew. While nobody can be told the alerts wait, a bounded number of them, and the oldest go first.

use alloc::vec::Vec;

use ocpp_rpc::queue::Queue;

use super::plugs::Spot;
use super::policy::Statuses;
use super::verdict::Undelivered;
use crate::station::Fault;
use crate::time::Stamp;

/// The most that wait.
const MOST: usize = 16;

/// Something came or went.
#[derive(Debug)]
pub(crate) struct Alert {
    /// Counts the alerts since the station booted.
    pub id: u32,
    pub at: Stamp,
    /// Where; none for the station as a whole.
    pub place: Option<Spot>,
    pub fault: Fault,
    pub has_gone: bool,
}

/// What is told of the hardware.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    count: u32,
    /// What is wrong, as it was noted.
    known: Vec<(Option<Spot>, Fault)>,
    /// What the CSMS has not been told.
    waiting: Queue<Alert>,
    /// Whether the first one is on its way.
    is_asked: bool,
}

impl Alerts {
    /// What is wrong at a place now. Who is not told of alerts is told of all that is wrong when that changes.
    pub fn observe(&mut self, told: Statuses, place: Option<Spot>, faults: &[Fault], at: Stamp) {
        match told {
            Statuses::OfSessions => {
                if !self.known.is_empty() || !self.waiting.is_empty() {
                    *self = Alerts { count: self.count, ..Alerts::default() };
                }
                return;
            }
            Statuses::OfConnectors => {}
        }
        let evse = |place: Option<Spot>| place.map(|spot| spot.evse);
        let mut known = core::mem::take(&mut self.known);
        known.retain(|(where_, fault)| {
            let stays = evse(*where_) != evse(place) || faults.iter().any(|new| new.is_same(fault));
            if !stays {
                self.note(*where_, fault.clone(), at, true);
            }
            stays
        });
        for fault in faults {
            if !known.iter().any(|(where_, old)| evse(*where_) == evse(place) && old.is_same(fault)) {
                self.note(place, fault.clone(), at, false);
                known.push((place, fault.clone()));
            }
        }
        self.known = known;
    }

    fn note(&mut self, place: Option<Spot>, fault: Fault, at: Stamp, has_gone: bool) {
        if self.waiting.len() >= MOST {
            self.waiting.remove(usize::from(self.is_asked));
        }
        self.count = self.count.wrapping_add(1);
        self.waiting.push_back(Alert { id: self.count, at, place, fault, has_gone });
    }

    /// The alert to send now.
    pub fn next(&mut self) -> Option<&Alert> {
        self.is_asked = !self.waiting.is_empty();
        self.waiting.front()
    }

    /// The CSMS has taken the alert, or never will.
    pub fn answered(&mut self) {
        if core::mem::take(&mut self.is_asked) {
            self.waiting.pop_front();
        }
    }

    /// The CSMS did not take the alert.
    pub fn undelivered(&mut self, why: Undelivered) {
        match why {
            Undelivered::Refused | Undelivered::Unsendable => self.answered(),
            // It may have arrived or not.
            Undelivered::TimedOut | Undelivered::LinkLost => self.is_asked = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::FaultCode;

    fn fault(code: FaultCode) -> Fault {
        Fault { code, is_blocking: true, info: None, vendor_error_code: None, vendor_id: None }
    }

    fn drain(alerts: &mut Alerts) -> Vec<(FaultCode, bool)> {
        core::iter::from_fn(|| {
            let told = alerts.next().map(|alert| (alert.fault.code, alert.has_gone));
            alerts.answered();
            told
        })
        .collect()
    }

    #[test]
    fn faults_are_told_as_they_come_and_go() {
        let mut alerts = Alerts::default();
        let (hot, lock) = (fault(FaultCode::HighTemperature), fault(FaultCode::ConnectorLockFailure));
        let told = Statuses::OfConnectors;
        alerts.observe(told, None, core::slice::from_ref(&hot), Stamp::Wall(1));
        alerts.observe(told, None, &[hot.clone(), lock.clone()], Stamp::Wall(2));
        alerts.observe(told, None, core::slice::from_ref(&lock), Stamp::Wall(3));
        alerts.observe(told, None, &[lock], Stamp::Wall(4));
        use FaultCode::{ConnectorLockFailure, HighTemperature};
        let all = [(HighTemperature, false), (ConnectorLockFailure, false), (HighTemperature, true)];
        assert_eq!(drain(&mut alerts), all);
        // A face that has no word for them takes none along; the next one is told of what is there.
        alerts.observe(Statuses::OfSessions, None, &[], Stamp::Wall(5));
        assert_eq!(drain(&mut alerts), []);
        alerts.observe(told, None, &[hot], Stamp::Wall(6));
        assert_eq!(drain(&mut alerts), [(HighTemperature, false)]);
    }

    #[test]
    fn alerts_that_wait_are_bounded_and_the_one_on_its_way_stays() {
        let mut alerts = Alerts::default();
        let told = Statuses::OfConnectors;
        alerts.observe(told, None, &[fault(FaultCode::WeakSignal)], Stamp::Wall(0));
        assert_eq!(alerts.next().map(|alert| alert.id), Some(1));
        for at in 1..100 {
            let faults = [fault(FaultCode::OverVoltage)];
            alerts.observe(told, None, if at % 2 == 0 { &[] } else { &faults }, Stamp::Wall(at));
            assert!(alerts.waiting.len() <= MOST);
        }
        alerts.undelivered(Undelivered::TimedOut);
        assert_eq!(alerts.next().map(|alert| alert.id), Some(1), "sent anew");
        alerts.undelivered(Undelivered::Refused);
        assert!(alerts.next().is_some_and(|alert| alert.id > 1));
    }
}
