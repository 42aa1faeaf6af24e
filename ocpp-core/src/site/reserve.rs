//! ReserveNow (1.6 §5.13, 2.x H01): whether one more place can be kept.

use super::authorize::Authorize;
use super::claims::Claims;
use super::evse::Evse;
use super::reservation::{Reservation, Reservations, WHOLE_STATION};
use super::settings::{Setting, Settings};
use super::shared::Shared;
use super::verdict::ReserveVerdict;
use crate::station::{EvseId, EvseStatus};
use crate::store::Ticket;

/// Keeps an EVSE, or one of all, for a token. With the ticket that an acceptance waits for.
pub(super) fn reserve(
    reservations: &mut Reservations,
    shared: &mut Shared,
    settings: &Settings,
    evses: &[Evse],
    authorize: &Authorize,
    (evse, reservation): (EvseId, Reservation),
) -> (ReserveVerdict, Option<Ticket>) {
    let (exists, refusal) = if evse == WHOLE_STATION {
        (settings.is_on(Setting::NonEvseSpecificReservation), refusal(evses))
    } else {
        let wanted = evses.iter().position(|one| one.id == evse);
        (wanted.is_some(), refusal(wanted.and_then(|at| evses.get(at..=at)).unwrap_or_default()))
    };
    if !exists {
        (ReserveVerdict::Rejected, None)
    } else if shared.faults.blocking().is_some() {
        (ReserveVerdict::Faulted, None)
    } else if !has_room_for(reservations, evses, authorize, (evse, &reservation)) {
        (refusal, None)
    } else {
        (ReserveVerdict::Accepted, Some(reservations.hold(&mut shared.store, evse, reservation)))
    }
}

/// Whether a place can be kept for one more, in the stead of what has its id.
fn has_room_for(
    reservations: &Reservations,
    evses: &[Evse],
    authorize: &Authorize,
    (evse, reservation): (EvseId, &Reservation),
) -> bool {
    let (with, without) = reservations.with(evse, reservation);
    let before = Claims::new(evses, reservations, authorize, None);
    let after = Claims::new(evses, &with, authorize, None);
    let is_free = match evse {
        WHOLE_STATION => without.of(WHOLE_STATION).is_none(),
        evse => Claims::new(evses, &without, authorize, None).is_free(evse),
    };
    is_free && after.keeps_station() && after.broken() <= before.broken()
}

/// Why EVSEs cannot be reserved: they are occupied, unless each is faulted or out of service.
fn refusal(evses: &[Evse]) -> ReserveVerdict {
    let all = |statuses: &[EvseStatus]| evses.iter().all(|c| statuses.contains(&c.condition().status));
    if all(&[EvseStatus::Faulted]) {
        ReserveVerdict::Faulted
    } else if all(&[EvseStatus::Faulted, EvseStatus::Unavailable]) {
        ReserveVerdict::Unavailable
    } else {
        ReserveVerdict::Occupied
    }
}
