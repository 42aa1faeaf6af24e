//! ReserveNow and CancelReservation (1.6 §5.1, §5.13), for single connectors.
//!
//! Owns the reservations and stores each as an entry `reservation/<connector>`. A reservation ends when a transaction uses
//! it, at its expiry, when it is cancelled, or when its connector fails or goes out of service.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use compact_str::{CompactString, format_compact};
use ocpp_types::v1_6::{CancelReservationStatus, ReservationStatus, ReserveNowRequest};
use serde::{Deserialize, Serialize};

use super::connector::Connector;
use crate::station::{EvseId, EvseStatus, IdToken};
use crate::store::framing::Record;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::time::{Clock, Instant};

const PREFIX: &str = "reservation/";

/// A connector that is kept for a token or its group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reservation {
    pub id: i64,
    pub token: IdToken,
    pub group: Option<IdToken>,
    expiry_ms: i64,
}

impl Record for Reservation {
    const KIND: u8 = 35;
}

impl Reservation {
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

    pub fn of(&self, evse: EvseId) -> Option<&Reservation> {
        self.held.get(&evse)
    }

    /// Carries out a ReserveNow. With the ticket that an acceptance waits for.
    pub fn on_reserve(
        &mut self,
        store: &mut StoreQueue,
        connectors: &[Connector],
        request: &ReserveNowRequest,
    ) -> (ReservationStatus, Option<Ticket>) {
        // Reservations of connector 0 are not supported: ReserveConnectorZeroSupported is absent.
        let wanted = u16::try_from(request.connector_id).ok().map(EvseId);
        let Some(connector) = connectors.iter().find(|connector| Some(connector.evse) == wanted) else {
            return (ReservationStatus::Rejected, None);
        };
        let evse = connector.evse;
        let is_replaced = self.of(evse).is_some_and(|held| held.id == request.reservation_id);
        match connector.condition().status {
            EvseStatus::Available => {}
            EvseStatus::Reserved if is_replaced => {}
            EvseStatus::Faulted => return (ReservationStatus::Faulted, None),
            EvseStatus::Unavailable => return (ReservationStatus::Unavailable, None),
            EvseStatus::Preparing
            | EvseStatus::Charging
            | EvseStatus::SuspendedEv
            | EvseStatus::SuspendedEvse
            | EvseStatus::Finishing
            | EvseStatus::Reserved => return (ReservationStatus::Occupied, None),
        }
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

fn key(evse: EvseId) -> EntryKey {
    EntryKey::new(&format_compact!("{PREFIX}{}", evse.0))
}
