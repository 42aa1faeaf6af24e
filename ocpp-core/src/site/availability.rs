//! ChangeAvailability (1.6 §5.2): which EVSEs are in service.
//!
//! Stores an entry `availability/<evse>` for what is out of service, 0 being the station with all EVSEs. An
//! EVSE that is in use goes out of service when it becomes free.

use super::evse::Evse;
use super::verdict::AvailabilityVerdict;
use crate::station::EvseId;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::words::numbered;

const PREFIX: &str = "availability/";

/// What is out of service.
#[derive(Debug, Default)]
pub(crate) struct Availability {
    inoperative: Table<u16, ()>,
}

impl Availability {
    pub fn restore(image: &Image) -> Self {
        let numbers = image.entries.keys().filter_map(|key| key.as_str().strip_prefix(PREFIX)?.parse().ok());
        Availability { inoperative: numbers.map(|number| (number, ())).collect() }
    }

    /// Whether the station is in service.
    pub fn is_station_operative(&self) -> bool {
        !self.inoperative.contains_key(&0)
    }

    /// Whether an EVSE is in service.
    pub fn is_operative(&self, evse: EvseId) -> bool {
        self.is_station_operative() && !self.inoperative.contains_key(&evse.0)
    }

    /// Carries a request out, of the station where no EVSE is named. With the ticket that its answer waits for.
    pub fn on_change(
        &mut self,
        store: &mut StoreQueue,
        evses: &[Evse],
        evse: Option<EvseId>,
        is_operative: bool,
    ) -> (AvailabilityVerdict, Option<Ticket>) {
        let number = evse.map_or(0, |evse| evse.0);
        if usize::from(number) > evses.len() || evse == Some(EvseId(0)) {
            return (AvailabilityVerdict::Rejected, None);
        }
        let mut ticket = None;
        // The change of the station applies to all EVSEs: their own entries go when it comes back.
        for target in (0..=u16::MAX).take(evses.len() + 1).filter(|t| *t == number || (number == 0 && is_operative)) {
            ticket = self.set(store, target, is_operative).or(ticket);
        }
        let is_addressed = |evse: &&Evse| number == 0 || evse.id.0 == number;
        let in_use = !is_operative && evses.iter().filter(is_addressed).any(Evse::is_in_use);
        (if in_use { AvailabilityVerdict::Scheduled } else { AvailabilityVerdict::Accepted }, ticket)
    }

    fn set(&mut self, store: &mut StoreQueue, number: u16, is_operative: bool) -> Option<Ticket> {
        let key = EntryKey::new(&numbered(PREFIX, number));
        let is_new = if is_operative {
            self.inoperative.remove(&number).is_some()
        } else {
            self.inoperative.insert(number, ()).is_none()
        };
        let op = if is_operative { StoreOp::Delete { key } } else { StoreOp::Put { key, value: [1].into() } };
        is_new.then(|| store.push(op))
    }
}
