//! ReserveNow (1.6 §5.13, 2.x H01): whether one more place can be kept.

use super::Site;
use super::claims::Claims;
use super::connector::Connector;
use super::reservation::{Reservation, ReserveVerdict, WHOLE_STATION};
use super::settings::Key;
use super::shared::Shared;
use crate::station::{EvseId, EvseStatus};
use crate::store::Ticket;

impl Site {
    /// Keeps an EVSE, or one of all, for a token. With the ticket that an acceptance waits for.
    pub fn on_reserve(
        &mut self,
        shared: &mut Shared,
        evse: EvseId,
        reservation: Reservation,
    ) -> (ReserveVerdict, Option<Ticket>) {
        let connectors = self.connectors.as_slice();
        let (exists, refusal) = if evse == WHOLE_STATION {
            (self.settings.is_on(Key::ReserveConnectorZeroSupported), refusal(connectors))
        } else {
            let wanted = connectors.iter().position(|connector| connector.evse == evse);
            (wanted.is_some(), refusal(wanted.and_then(|at| connectors.get(at..=at)).unwrap_or_default()))
        };
        if !exists {
            (ReserveVerdict::Rejected, None)
        } else if shared.faults.blocking().is_some() {
            (ReserveVerdict::Faulted, None)
        } else if !self.has_room_for(evse, &reservation) {
            (refusal, None)
        } else {
            (ReserveVerdict::Accepted, Some(self.reservations.hold(&mut shared.store, evse, reservation)))
        }
    }

    /// Whether a place can be kept for one more, in the stead of what has its id.
    fn has_room_for(&self, evse: EvseId, reservation: &Reservation) -> bool {
        let (with, without) = self.reservations.with(evse, reservation);
        let claims = |reservations| Claims::new(&self.connectors, reservations, &self.authorize, None);
        let is_free = match evse {
            WHOLE_STATION => without.of(WHOLE_STATION).is_none(),
            evse => claims(&without).is_free(evse),
        };
        is_free && claims(&with).keeps_station() && claims(&with).broken() <= claims(&self.reservations).broken()
    }
}

/// Why connectors cannot be reserved: they are occupied, unless each is faulted or out of service.
fn refusal(connectors: &[Connector]) -> ReserveVerdict {
    let all = |statuses: &[EvseStatus]| connectors.iter().all(|c| statuses.contains(&c.condition().status));
    if all(&[EvseStatus::Faulted]) {
        ReserveVerdict::Faulted
    } else if all(&[EvseStatus::Faulted, EvseStatus::Unavailable]) {
        ReserveVerdict::Unavailable
    } else {
        ReserveVerdict::Occupied
    }
}
