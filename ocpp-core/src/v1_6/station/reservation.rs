//! ReserveNow and CancelReservation (1.6 §5.1, §5.13), of a connector or of any (0).
//!
//! Owns the reservations and stores each as an entry `reservation/<connector>`. A reservation ends when a transaction uses
//! it, at its expiry, when it is cancelled, or when its connector, or the station, fails or goes out of service. One of any
//! connector binds each that could be taken by another while no other is available.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use compact_str::{CompactString, format_compact};
use ocpp_types::v1_6::{CancelReservationStatus, ReservationStatus, ReserveNowRequest};
use serde::{Deserialize, Serialize};

use super::connector::Connector;
use super::settings::{Key, Settings};
use crate::shared::Shared;
use crate::station::{EvseId, EvseStatus, IdToken};
use crate::store::framing::Record;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::time::{Clock, Instant};

const PREFIX: &str = "reservation/";

/// The place of a reservation of any connector.
pub(super) const WHOLE_STATION: EvseId = EvseId(0);

/// A connector that is kept for a token or its group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reservation {
    id: i64,
    token: IdToken,
    group: Option<IdToken>,
    expiry_ms: i64,
}

impl Record for Reservation {
    const KIND: u8 = 35;
}

impl Reservation {
    /// Whether it is for this token by name.
    pub fn is_of(&self, token: &IdToken) -> bool {
        self.token == *token
    }

    /// Whether it is for a group too.
    pub fn is_of_group(&self) -> bool {
        self.group.is_some()
    }

    /// Whether it is for this token, or for its group.
    pub fn admits(&self, token: &IdToken, group: Option<&IdToken>) -> bool {
        self.token == *token || (group.is_some() && self.group.as_ref() == group)
    }

    fn expiry(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.expiry_ms)
    }
}

/// The reservations by connector.
#[derive(Debug, Default)]
pub(crate) struct Reservations {
    held: Table<EvseId, Reservation>,
}

impl Reservations {
    /// Reads what was stored. Gives the entries that could not be used.
    pub fn restore(image: &Image) -> (Self, Vec<CompactString>) {
        let mut reservations = Reservations::default();
        let mut skipped = Vec::new();
        for (key, bytes) in &image.entries {
            let Some(number) = key.as_str().strip_prefix(PREFIX) else { continue };
            match (number.parse(), Reservation::from_bytes(bytes)) {
                (Ok(number), Ok(reservation)) => {
                    reservations.held.insert(EvseId(number), reservation);
                }
                (Ok(_) | Err(_), _) => skipped.push(CompactString::new(key.as_str())),
            }
        }
        (reservations, skipped)
    }

    /// The reservation that a connector is bound by, while so many others are available.
    pub fn binding(&self, evse: EvseId, others: usize) -> Option<&Reservation> {
        self.of(evse).or_else(|| self.of(WHOLE_STATION).filter(|_| others == 0))
    }

    /// A transaction of this token begins at a connector: its reservation ends. Gives its id.
    pub fn use_up(
        &mut self,
        store: &mut StoreQueue,
        evse: EvseId,
        token: &IdToken,
        group: Option<&IdToken>,
    ) -> Option<i64> {
        let admits = |evse: &EvseId| self.of(*evse).is_some_and(|held| held.admits(token, group));
        let place = [evse, WHOLE_STATION].into_iter().find(admits)?;
        let id = self.of(place).map(|held| held.id);
        self.end(store, place);
        id
    }

    fn of(&self, evse: EvseId) -> Option<&Reservation> {
        self.held.get(&evse)
    }

    /// Carries out a ReserveNow. With the ticket that an acceptance waits for.
    pub fn on_reserve(
        &mut self,
        shared: &mut Shared,
        settings: &Settings,
        connectors: &[Connector],
        request: &ReserveNowRequest,
    ) -> (ReservationStatus, Option<Ticket>) {
        let wanted = u16::try_from(request.connector_id).ok().map(EvseId);
        let is_replaced = |evse| self.of(evse).is_some_and(|held| held.id == request.reservation_id);
        let (evse, status) = match wanted {
            Some(WHOLE_STATION) if settings.is_on(Key::ReserveConnectorZeroSupported) => {
                let is_free = self.of(WHOLE_STATION).is_none() || is_replaced(WHOLE_STATION);
                (WHOLE_STATION, if is_free { best_status(connectors) } else { EvseStatus::Reserved })
            }
            _ => match connectors.iter().find(|connector| Some(connector.evse) == wanted) {
                Some(connector) => (connector.evse, connector.condition().status),
                None => return (ReservationStatus::Rejected, None),
            },
        };
        let is_station_faulted = shared.faults.blocking().is_some();
        match status {
            _ if is_station_faulted => return (ReservationStatus::Faulted, None),
            EvseStatus::Available => {}
            EvseStatus::Reserved if is_replaced(evse) => {}
            EvseStatus::Faulted => return (ReservationStatus::Faulted, None),
            EvseStatus::Unavailable => return (ReservationStatus::Unavailable, None),
            EvseStatus::Preparing
            | EvseStatus::Charging
            | EvseStatus::SuspendedEv
            | EvseStatus::SuspendedEvse
            | EvseStatus::Finishing
            | EvseStatus::Reserved => return (ReservationStatus::Occupied, None),
        }
        let store = &mut shared.store;
        let elsewhere = self.held.iter().find(|(_, held)| held.id == request.reservation_id).map(|(evse, _)| *evse);
        if let Some(elsewhere) = elsewhere.filter(|elsewhere| *elsewhere != evse) {
            self.end(store, elsewhere);
        }
        let reservation = Reservation {
            id: request.reservation_id,
            token: IdToken::new(request.id_tag.as_str()),
            group: request.parent_id_tag.as_ref().map(|tag| IdToken::new(tag.as_str())),
            expiry_ms: request.expiry_date.timestamp_millis(),
        };
        let ticket = store.push(StoreOp::Put { key: key(evse), value: reservation.to_bytes() });
        self.held.insert(evse, reservation);
        (ReservationStatus::Accepted, Some(ticket))
    }

    /// Carries out a CancelReservation. With the ticket that an acceptance waits for.
    pub fn on_cancel(&mut self, store: &mut StoreQueue, id: i64) -> (CancelReservationStatus, Option<Ticket>) {
        let found = self.held.iter().find(|(_, held)| held.id == id).map(|(evse, _)| *evse);
        match found.and_then(|evse| self.end(store, evse)) {
            Some(ticket) => (CancelReservationStatus::Accepted, Some(ticket)),
            None => (CancelReservationStatus::Rejected, None),
        }
    }

    /// Ends the reservation of a connector.
    pub fn end(&mut self, store: &mut StoreQueue, evse: EvseId) -> Option<Ticket> {
        self.held.remove(&evse).map(|_| store.push(StoreOp::Delete { key: key(evse) }))
    }

    /// Ends what has expired by the wall clock.
    pub fn expire(&mut self, store: &mut StoreQueue, wall: Option<DateTime<Utc>>) {
        let is_over = |held: &Reservation| held.expiry() <= wall;
        let over: Vec<EvseId> =
            self.held.iter().filter(|(_, held)| wall.is_some() && is_over(held)).map(|(evse, _)| *evse).collect();
        for evse in over {
            self.end(store, evse);
        }
    }

    /// When the next one expires, by the clock as it is now.
    pub fn deadline(&self, clock: &Clock) -> Option<Instant> {
        self.held.values().filter_map(|held| clock.instant_of(held.expiry()?)).min()
    }
}

/// What any connector has to offer, the best first.
fn best_status(connectors: &[Connector]) -> EvseStatus {
    use EvseStatus::{Available, Faulted, Reserved, Unavailable};
    let has = |status: &EvseStatus| connectors.iter().any(|connector| connector.condition().status == *status);
    let all = |status: &EvseStatus| connectors.iter().all(|connector| connector.condition().status == *status);
    let only = [Faulted, Unavailable].into_iter().find(all);
    let best = [Available, Reserved].into_iter().find(has).or(only);
    best.unwrap_or(EvseStatus::Preparing)
}

fn key(evse: EvseId) -> EntryKey {
    EntryKey::new(&format_compact!("{PREFIX}{}", evse.0))
}
