//! Security events on their way to the CSMS (1.6 security white paper A04, 2.x A04), in order, one at a time.
//!
//! Takes events, gives the one to send next. Every event is told to the host, for the security log
//! that is its own. While the station uses a security profile, critical ones are kept as entries `security/<n>` from when
//! they happen until the CSMS has answered; the next one waits for the removal to be durable, so that a power cut repeats
//! at most one. Others that are to be sent are kept in memory, one of each kind.
//!
//! Of what is full, the oldest of the same kind goes first, else the oldest: no flood of one kind washes the others away.

use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use crate::site::verdict::Undelivered;
use crate::station::{Reporting, SecurityEventKind};
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::time::{Clock, Instant, Stamp};
use crate::words::numbered;

const PREFIX: &str = "security/";

/// The most characters of what is said beside the kind.
pub(super) const MAX_INFO: usize = 255;

/// The wait after a CSMS that refused an event.
const RETRY: Duration = Duration::from_secs(60);

/// How often an event is sent to a CSMS that refuses it.
const ATTEMPTS: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct SecurityEvent {
    pub kind: SecurityEventKind,
    pub info: Option<SmallString>,
    pub at: Stamp,
}

packed!(SecurityEvent { kind, info, at });

impl Record for SecurityEvent {
    const KIND: u8 = 49;
}

#[derive(Debug)]
struct Waiting {
    event: SecurityEvent,
    /// Names its entry, if it has one.
    number: Option<u32>,
    stored: Ticket,
}

/// The events that the CSMS is to learn of.
#[derive(Debug)]
pub(crate) struct SecurityEvents {
    waiting: Vec<Waiting>,
    next_number: u32,
    /// Whether a security profile is in use; without one the host alone is told, unless the family always reports.
    pub has_profile: bool,
    pub reports_always: bool,
    /// Whether the first one is on its way.
    is_asked: bool,
    refusals: u8,
    retry_at: Option<Instant>,
    /// The removal of the last one that was answered.
    removed: Ticket,
}

impl SecurityEvents {
    /// Reads what was stored. Gives the entries that could not be used.
    pub fn restore(image: &Image, clock: &mut Clock, skipped: &mut Vec<SmallString>) -> Self {
        let mut waiting = Vec::new();
        for (key, bytes) in &image.entries {
            let Some(number) = key.as_str().strip_prefix(PREFIX) else { continue };
            match (number.parse(), SecurityEvent::from_bytes(bytes)) {
                (Ok(number), Ok(event)) => {
                    clock.saw(event.at);
                    // Entries come in the order of their names, which is not that of the numbers.
                    let place = waiting.partition_point(|other: &Waiting| other.number < Some(number));
                    waiting.insert(place, Waiting { event, number: Some(number), stored: Ticket(0) });
                }
                (Err(_), _) | (_, Err(_)) => skipped.push(SmallString::new(key.as_str())),
            }
        }
        let next_number = waiting.last().and_then(|last| last.number).map_or(0, |last| last.wrapping_add(1));
        SecurityEvents {
            waiting,
            next_number,
            has_profile: false,
            reports_always: false,
            is_asked: false,
            refusals: 0,
            retry_at: None,
            removed: Ticket(0),
        }
    }

    /// The event to send now, with its time. It waits until it is durable, the one before it gone, and the time known.
    pub fn next(&mut self, now: Instant, store: &StoreQueue, clock: &Clock) -> Option<(&SecurityEvent, DateTime<Utc>)> {
        let first = self.waiting.first()?;
        let is_durable = store.is_durable(first.stored) && store.is_durable(self.removed);
        if !is_durable || self.retry_at.is_some_and(|at| at > now) {
            return None;
        }
        let at = clock.resolve(first.event.at)?;
        self.is_asked = true;
        Some((&first.event, at))
    }

    /// The CSMS has taken the event, or never will.
    pub fn answered(&mut self, store: &mut StoreQueue) {
        if core::mem::take(&mut self.is_asked) && !self.waiting.is_empty() {
            self.remove(store, 0);
            self.refusals = 0;
            self.retry_at = None;
        }
    }

    /// The CSMS did not take the event.
    pub fn undelivered(&mut self, now: Instant, store: &mut StoreQueue, why: Undelivered) {
        match why {
            Undelivered::Refused => self.refused(now, store),
            Undelivered::Unsendable => self.answered(store),
            // It may have arrived or not.
            Undelivered::TimedOut | Undelivered::LinkLost => self.is_asked = false,
        }
    }

    fn refused(&mut self, now: Instant, store: &mut StoreQueue) {
        if !self.is_asked {
            return;
        }
        self.refusals += 1;
        if self.refusals >= ATTEMPTS {
            self.answered(store);
        } else {
            self.is_asked = false;
            self.retry_at = Some(now + RETRY);
        }
    }

    /// When the first one is to be tried again.
    pub fn deadline(&self) -> Option<Instant> {
        self.retry_at.filter(|_| !self.waiting.is_empty())
    }

    /// Takes an event in, unless nobody is to be told. `most` bounds how many wait.
    pub fn push(&mut self, store: &mut StoreQueue, event: SecurityEvent, reporting: Reporting, most: usize) {
        if !self.has_profile && !self.reports_always {
            return;
        }
        let is_durable = match reporting {
            Reporting::Logged => return,
            Reporting::Told if self.waiting.iter().any(|waiting| waiting.event.kind == event.kind) => return,
            Reporting::Told => false,
            Reporting::Guaranteed => true,
        };
        if self.waiting.len() >= most {
            // What is on its way stays.
            let free = usize::from(self.is_asked);
            let same = self.waiting.iter().skip(free).position(|waiting| waiting.event.kind == event.kind);
            let place = same.unwrap_or(0) + free;
            if place >= self.waiting.len() {
                return;
            }
            self.remove(store, place);
        }
        let mut stored = Ticket(0);
        let number = is_durable.then_some(self.next_number);
        if let Some(number) = number {
            self.next_number = number.wrapping_add(1);
            stored = store.push(StoreOp::Put { key: entry(number), value: event.to_bytes() });
        }
        self.waiting.push(Waiting { event, number, stored });
    }

    fn remove(&mut self, store: &mut StoreQueue, place: usize) {
        if let Some(number) = self.waiting.remove(place).number {
            self.removed = store.push(StoreOp::Delete { key: entry(number) });
        }
    }
}

fn entry(number: u32) -> EntryKey {
    EntryKey::new(&numbered(PREFIX, number))
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<SecurityEvent>();
    }
}
