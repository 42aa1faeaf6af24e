//! Who has a claim to an EVSE, and whether there is room for one more (1.6 §5.13).
//!
//! A narrow view of EVSEs, reservations and tokens, made for one decision. What is promised: a reserved EVSE to
//! its token; to a reservation of the station one EVSE that nobody else has; a place, wherever it may be, to each
//! token that is asked about or accepted without an EVSE of its own. A place is an EVSE where nobody is and that no
//! other token is asked about for. Nobody gets what would break a promise that could be kept.

use alloc::vec::Vec;

use super::authorize::Authorize;
use super::bearer::{Bearer, Verdict};
use super::evse::Evse;
use super::reservation::{Reservation, Reservations, WHOLE_STATION};
use crate::station::{EvseId, IdToken};

/// The claims of all but the token that the decision is about.
#[derive(Debug)]
pub(crate) struct Claims<'a> {
    reservations: &'a Reservations,
    /// The free EVSEs, with what they are reserved for.
    places: Vec<(EvseId, Option<&'a Reservation>)>,
    /// The reservation of the station, unless a token that is at an EVSE will use it.
    station: Option<&'a Reservation>,
    /// Those who may come to any EVSE, the first first.
    comers: Vec<Bearer<'a>>,
    /// One more who comes, and may use the reservation of the station: that leaves him a place, wherever he goes.
    user: Option<Bearer<'a>>,
}

impl<'a> Claims<'a> {
    pub fn new(
        evses: &'a [Evse],
        reservations: &'a Reservations,
        authorize: &'a Authorize,
        decided: Option<&IdToken>,
    ) -> Self {
        let others =
            || authorize.comers().filter(|(_, bearer)| !decided.is_some_and(|token| token.matches(bearer.token)));
        let is_claimed = |evse| others().any(|(place, _)| place == Some(evse));
        let places = evses
            .iter()
            .filter(|evse| evse.is_available() && !is_claimed(evse.id))
            .map(|evse| (evse.id, reservations.of(evse.id)))
            .collect();
        let station = reservations.of(WHOLE_STATION).filter(|held| {
            let granted = evses.iter().filter_map(|evse| evse.bearer().map(|b| (Some(evse.id), b)));
            let mut there = granted.chain(others().filter(|(evse, _)| evse.is_some()));
            !there.any(|(evse, bearer)| {
                evse.is_some_and(|evse| reservations.of(evse).is_none()) && held.verdict(bearer) == Verdict::Yes
            })
        });
        let mut comers: Vec<_> = others().filter(|(evse, _)| evse.is_none()).map(|(_, bearer)| bearer).collect();
        let is_user = |comer: &Bearer<'_>| station.is_some_and(|held| held.verdict(*comer) == Verdict::Yes);
        let user = comers.iter().position(is_user).map(|user| comers.remove(user));
        Claims { reservations, places, station, comers, user }
    }

    /// Whether an EVSE that takes tokens may go to this one.
    pub fn at(&self, evse: EvseId, bearer: Bearer<'_>) -> Verdict {
        if !bearer.may_use(evse) {
            return Verdict::No;
        }
        if let Some(held) = self.reservations.of(evse) {
            return held.verdict(bearer);
        }
        let harm = self.unserved(self.station, None, None);
        let is_harmless = |station, more| self.unserved(station, more, Some(evse)) <= harm;
        let has_other = self.places.iter().any(|(place, held)| *place != evse && held.is_none());
        if (self.station.is_none() || has_other) && is_harmless(self.station, None) {
            return Verdict::Yes;
        }
        let verdict = self.station.map_or(Verdict::No, |held| held.verdict(bearer));
        if is_harmless(None, self.user) { verdict } else { Verdict::No }
    }

    /// Whether the token may come to one of the EVSEs.
    pub fn anywhere(&self, bearer: Bearer<'_>) -> Verdict {
        let harm = self.unserved(self.station, None, None);
        let has_place = |bearer| self.unserved(self.station, Some(bearer), None) <= harm;
        let as_reserved = match self.station {
            Some(held) if self.user.is_none() && self.keeps_station() => held.verdict(bearer),
            Some(_) | None => Verdict::No,
        };
        if as_reserved == Verdict::Yes || has_place(Bearer { is_group_known: true, ..bearer }) {
            Verdict::Yes
        } else if as_reserved == Verdict::IfOfGroup || has_place(bearer) {
            Verdict::IfOfGroup
        } else {
            Verdict::No
        }
    }

    /// Whether an EVSE is free, and reserved for nobody.
    #[cfg(feature = "reservation")]
    pub fn is_free(&self, evse: EvseId) -> bool {
        self.places.iter().any(|(place, held)| *place == evse && held.is_none())
    }

    /// Whether there is one left for the reservation of the station.
    pub fn keeps_station(&self) -> bool {
        self.station.is_none() || self.places.iter().any(|(_, held)| held.is_none())
    }

    /// How many of those who were promised one could not have a place.
    #[cfg(feature = "reservation")]
    pub fn broken(&self) -> usize {
        self.unserved(self.station, None, None)
    }

    /// The same, with one more who comes, and without a place. The reservation of the station goes first, then whoever
    /// came first.
    fn unserved(&self, station: Option<&Reservation>, more: Option<Bearer<'_>>, without: Option<EvseId>) -> usize {
        let places = self.places.iter().filter(|(evse, _)| Some(*evse) != without).copied();
        let comers = self.comers.iter().copied().chain(more).map(Some);
        let needs: Vec<_> = station.map(|_| None).into_iter().chain(comers).collect();
        let mut search = Search { takers: places.clone().map(|_| None).collect(), places: places.collect(), needs };
        (0..search.needs.len()).filter(|need| !search.settle(*need, &mut Vec::new())).count()
    }
}

/// A search for places for all, by augmenting paths.
struct Search<'a> {
    places: Vec<(EvseId, Option<&'a Reservation>)>,
    /// Which need has each place.
    takers: Vec<Option<usize>>,
    /// A token, or the reservation of the station.
    needs: Vec<Option<Bearer<'a>>>,
}

impl Search<'_> {
    /// Finds a place for a need, where others may have to move for it. As deep as there are places at most.
    fn settle(&mut self, need: usize, tried: &mut Vec<usize>) -> bool {
        for place in 0..self.places.len() {
            if tried.contains(&place) || !self.suits(need, place) {
                continue;
            }
            tried.push(place);
            let taker = self.takers.get(place).copied().flatten();
            if taker.is_none_or(|taker| self.settle(taker, tried)) {
                if let Some(slot) = self.takers.get_mut(place) {
                    *slot = Some(need);
                }
                return true;
            }
        }
        false
    }

    fn suits(&self, need: usize, place: usize) -> bool {
        let Some((evse, held)) = self.places.get(place).copied() else { return false };
        match (held, self.needs.get(need).copied().flatten()) {
            (None, None) => true,
            (None, Some(bearer)) => bearer.may_use(evse),
            (Some(held), Some(bearer)) => bearer.may_use(evse) && held.verdict(bearer) != Verdict::No,
            (Some(_), None) => false,
        }
    }
}
