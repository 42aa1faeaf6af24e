//! ChangeAvailability (1.6 §5.2, 2.x G03, G04): which connectors and EVSEs are in service.
//!
//! Stores an entry `availability/<evse>` for what is out of service, 0 being the station with all EVSEs, and
//! `availability/<evse>.<connector>` for one of several connectors of an EVSE. What is in use goes out of service when it becomes free.

use super::evse::Evse;
use super::plugs::Plugs;
use super::verdict::AvailabilityVerdict;
use crate::station::{ConnectorId, EvseId, StationConfig};
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::words::{joined, numbered};

const PREFIX: &str = "availability/";

/// An EVSE and one of its connectors, 0 being all of them.
type Place = (u16, u16);

const STATION: Place = (0, 0);

/// What is out of service.
#[derive(Debug, Default)]
pub(crate) struct Availability {
    inoperative: Table<Place, ()>,
}

fn place(name: &str) -> Option<Place> {
    let (evse, connector) = name.split_once('.').unwrap_or((name, "0"));
    Some((evse.parse().ok()?, connector.parse().ok()?))
}

impl Availability {
    pub fn restore(image: &Image) -> Self {
        let places = image.entries.keys().filter_map(|key| place(key.as_str().strip_prefix(PREFIX)?));
        Availability { inoperative: places.map(|place| (place, ())).collect() }
    }

    /// Whether the station is in service.
    pub fn is_station_operative(&self) -> bool {
        !self.inoperative.contains_key(&STATION)
    }

    /// Whether an EVSE is in service, whatever its connectors are.
    pub fn is_operative(&self, evse: EvseId) -> bool {
        self.is_station_operative() && !self.inoperative.contains_key(&(evse.0, 0))
    }

    /// Whether one of several connectors is out of service, whatever its EVSE is.
    pub fn is_out(&self, evse: EvseId, connector: ConnectorId) -> bool {
        self.inoperative.contains_key(&(evse.0, connector.0))
    }

    /// Carries a request out: of one connector, of an EVSE, or of the station where neither is named. With the ticket that its answer
    /// waits for.
    pub fn on_change(
        &mut self,
        store: &mut StoreQueue,
        (config, plugs, evses): (&StationConfig, &Plugs, &[Evse]),
        evse: Option<EvseId>,
        connector: Option<ConnectorId>,
        is_operative: bool,
    ) -> (AvailabilityVerdict, Option<Ticket>) {
        let connectors = evse.map_or(1, |evse| config.connectors_of(evse));
        if connector.is_some_and(|connector| !(1..=connectors).contains(&connector.0)) || connectors == 0 {
            return (AvailabilityVerdict::Rejected, None);
        }
        // The only one is its EVSE.
        let connector = connector.filter(|_| connectors > 1);
        let wanted: Place = (evse.map_or(0, |evse| evse.0), connector.map_or(0, |connector| connector.0));
        let mut ticket = None;
        if connector.is_some() && is_operative && self.inoperative.contains_key(&(wanted.0, 0)) {
            // The others stay as they are.
            for other in (1..=connectors).filter(|other| *other != wanted.1) {
                self.set(store, (wanted.0, other), false);
            }
            ticket = self.set(store, (wanted.0, 0), true);
        }
        // What comes back as a whole comes back with all its parts.
        let is_part = |place: &Place| wanted == STATION || (wanted.1 == 0 && place.0 == wanted.0);
        let parts: Table<Place, ()> =
            self.inoperative.keys().filter(|place| is_part(place)).map(|place| (*place, ())).collect();
        for part in parts.keys().filter(|_| is_operative) {
            ticket = self.set(store, *part, true).or(ticket);
        }
        ticket = self.set(store, wanted, is_operative).or(ticket);
        let is_addressed = |evse: &&Evse| match connector {
            Some(connector) => evse.id.0 == wanted.0 && plugs.active(evse.id).connector == connector,
            None => wanted.0 == 0 || evse.id.0 == wanted.0,
        };
        let in_use = !is_operative && evses.iter().filter(is_addressed).any(Evse::is_in_use);
        (if in_use { AvailabilityVerdict::Scheduled } else { AvailabilityVerdict::Accepted }, ticket)
    }

    fn set(&mut self, store: &mut StoreQueue, place: Place, is_operative: bool) -> Option<Ticket> {
        let key = EntryKey::new(&match place {
            (evse, 0) => numbered(PREFIX, evse),
            (evse, connector) => joined(&[PREFIX, &numbered("", evse), &numbered(".", connector)]),
        });
        let is_new = if is_operative {
            self.inoperative.remove(&place).is_some()
        } else {
            self.inoperative.insert(place, ()).is_none()
        };
        let op = if is_operative { StoreOp::Delete { key } } else { StoreOp::Put { key, value: [1].into() } };
        is_new.then(|| store.push(op))
    }
}
