//! ReserveNow and CancelReservation (1.6 §5.1, §5.13), of an EVSE or of any (0).
//!
//! Owns the reservations and stores each as an entry `reservation/<evse>`. A reservation ends when a transaction uses
//! it, at its expiry, when it is cancelled, or when its EVSE, or the station, fails or goes out of service. What can be
//! reserved, and who may charge in spite of it, is reckoned in `claims`.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use super::bearer::{Bearer, Verdict, is_same_group};
use crate::station::{Event, EvseId, IdToken, ReservationView};
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::time::{Clock, Instant};
use crate::words::numbered;

const PREFIX: &str = "reservation/";

/// The place of a reservation of any EVSE.
pub(super) const WHOLE_STATION: EvseId = EvseId(0);

/// An EVSE that is kept for a token or its group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Reservation {
    pub id: i64,
    pub token: IdToken,
    pub group: Option<IdToken>,
    pub expiry_ms: i64,
}

packed!(Reservation { id, token, group, expiry_ms });

impl Record for Reservation {
    const KIND: u8 = 35;
}

impl Reservation {
    /// Whether it is for this token, or for its group.
    pub fn verdict(&self, bearer: Bearer<'_>) -> Verdict {
        if self.token.matches(bearer.token) || is_same_group(self.group.as_ref(), bearer.group) {
            Verdict::Yes
        } else if self.group.is_some() && !bearer.is_group_known {
            Verdict::IfOfGroup
        } else {
            Verdict::No
        }
    }

    fn expiry(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.expiry_ms)
    }
}

/// The reservations by EVSE.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reservations {
    held: Table<EvseId, Reservation>,
    /// What the host knows to be kept: the CSMS's numbers, with the times of their ends.
    told: Table<i64, i64>,
}

impl Reservations {
    /// Reads what was stored. Gives the entries that could not be used.
    pub fn restore(image: &Image) -> (Self, Vec<SmallString>) {
        let mut reservations = Reservations::default();
        let mut skipped = Vec::new();
        for (key, bytes) in &image.entries {
            let Some(number) = key.as_str().strip_prefix(PREFIX) else { continue };
            match (number.parse(), Reservation::from_bytes(bytes)) {
                (Ok(number), Ok(reservation)) => {
                    reservations.told.insert(reservation.id, reservation.expiry_ms);
                    reservations.held.insert(EvseId(number), reservation);
                }
                (Ok(_) | Err(_), _) => skipped.push(SmallString::new(key.as_str())),
            }
        }
        (reservations, skipped)
    }

    /// What is kept for somebody.
    pub fn all(&self) -> impl Iterator<Item = ReservationView<'_>> {
        self.held.iter().map(|(evse, held)| ReservationView {
            id: held.id,
            evse: (*evse != WHOLE_STATION).then_some(*evse),
            token: &held.token,
            group: held.group.as_ref(),
            expires: held.expiry(),
        })
    }

    /// What the host is to be told: ends first.
    pub fn news(&mut self) -> Vec<Event> {
        let is_same = self.held.len() == self.told.len()
            && self.held.values().all(|held| self.told.get(&held.id) == Some(&held.expiry_ms));
        if is_same {
            return Vec::new();
        }
        let is_held = |id: i64| self.held.values().any(|held| held.id == id);
        let ended = self.told.keys().filter(|id| !is_held(**id));
        let mut news: Vec<_> = ended.map(|id| Event::ReservationEnded { id: *id }).collect();
        for (evse, held) in self.held.iter().filter(|(_, held)| self.told.get(&held.id) != Some(&held.expiry_ms)) {
            news.push(Event::Reserved {
                id: held.id,
                evse: (*evse != WHOLE_STATION).then_some(*evse),
                token: held.token.clone(),
                group: held.group.clone(),
                expires: held.expiry(),
            });
        }
        self.told = self.held.values().map(|held| (held.id, held.expiry_ms)).collect();
        news
    }

    /// The reservation of an EVSE, or of any.
    pub fn of(&self, evse: EvseId) -> Option<&Reservation> {
        self.held.get(&evse)
    }

    /// A transaction of this token begins at an EVSE: its reservation ends. Gives its id.
    pub fn use_up(&mut self, store: &mut StoreQueue, evse: EvseId, bearer: Bearer<'_>) -> Option<i64> {
        let is_his = |evse: &EvseId| self.of(*evse).is_some_and(|held| held.verdict(bearer) == Verdict::Yes);
        let place = [evse, WHOLE_STATION].into_iter().find(is_his)?;
        let id = self.of(place).map(|held| held.id);
        self.end(store, place);
        id
    }

    /// Where the reservation of this id is.
    pub(super) fn place_of(&self, id: i64) -> Option<EvseId> {
        self.held.iter().find(|(_, held)| held.id == id).map(|(evse, _)| *evse)
    }

    /// Carries out a CancelReservation. Gives the ticket that its answer waits for; none if there is no such reservation.
    pub fn on_cancel(&mut self, store: &mut StoreQueue, id: i64) -> Option<Ticket> {
        self.place_of(id).and_then(|evse| self.end(store, evse))
    }

    /// Keeps a place, in the stead of what has its id. Gives the ticket that the answer waits for.
    pub fn hold(&mut self, store: &mut StoreQueue, evse: EvseId, reservation: Reservation) -> Ticket {
        if let Some(elsewhere) = self.place_of(reservation.id).filter(|elsewhere| *elsewhere != evse) {
            self.end(store, elsewhere);
        }
        let ticket = store.push(StoreOp::Put { key: key(evse), value: reservation.to_bytes() });
        self.held.insert(evse, reservation);
        ticket
    }

    /// What would be kept if a place were, in the stead of what has its id: with it, and without.
    pub fn with(&self, evse: EvseId, reservation: &Reservation) -> (Self, Self) {
        let mut without = self.clone();
        if let Some(replaced) = self.place_of(reservation.id) {
            without.held.remove(&replaced);
        }
        let mut with = without.clone();
        with.held.insert(evse, reservation.clone());
        (with, without)
    }

    /// Ends the reservation of an EVSE.
    pub fn end(&mut self, store: &mut StoreQueue, evse: EvseId) -> Option<Ticket> {
        self.held.remove(&evse).map(|_| store.push(StoreOp::Delete { key: key(evse) }))
    }

    /// Ends what has expired by the wall clock.
    pub fn expire(&mut self, store: &mut StoreQueue, clock: &Clock, now: Instant) {
        let is_over = |held: &Reservation| clock.is_set() && held.expiry().is_none_or(|at| clock.has_reached(now, at));
        let over: Vec<EvseId> = self.held.iter().filter(|(_, held)| is_over(held)).map(|(evse, _)| *evse).collect();
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
    EntryKey::new(&numbered(PREFIX, evse.0))
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<Reservation>();
    }
}
