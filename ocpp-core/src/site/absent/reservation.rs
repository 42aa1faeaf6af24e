//! Stands in for reservations where the feature is off: there are none.

use alloc::vec::Vec;

use ocpp_types::SmallString;

use super::bearer::{Bearer, Verdict};
use crate::station::{EvseId, ReservationView};
use crate::store::{Image, StoreQueue, Ticket};
use crate::time::{Clock, Instant};

pub(super) const WHOLE_STATION: EvseId = EvseId(0);

/// No reservation is of this type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reservation {}

impl Reservation {
    pub fn verdict(&self, _: Bearer<'_>) -> Verdict {
        match *self {}
    }
}

/// Nothing.
#[derive(Debug)]
pub(crate) struct Reservations;

impl Reservations {
    pub fn restore(_: &Image) -> (Self, Vec<SmallString>) {
        (Reservations, Vec::new())
    }

    pub fn all(&self) -> impl Iterator<Item = ReservationView<'_>> {
        core::iter::empty()
    }

    pub fn of(&self, _: EvseId) -> Option<&Reservation> {
        None
    }

    pub fn use_up(&mut self, _: &mut StoreQueue, _: EvseId, _: Bearer<'_>) -> Option<i64> {
        None
    }

    pub fn end(&mut self, _: &mut StoreQueue, _: EvseId) -> Option<Ticket> {
        None
    }

    pub fn expire(&mut self, _: &mut StoreQueue, _: &Clock, _: Instant) {}

    pub fn deadline(&self, _: &Clock) -> Option<Instant> {
        None
    }
}
