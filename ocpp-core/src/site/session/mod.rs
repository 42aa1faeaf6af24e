//! A session of an EVSE: three states beside each other, and the transaction, which is the part of it that the CSMS records.
//!
//! | state | what it is | who moves it |
//! |---|---|---|
//! | plug | what hangs at the socket, and whether the bay is taken | facts of the hardware |
//! | authorisation | nobody, awaited, granted, or over while the plug is still in | tokens, the CSMS, time |
//! | energy | whether it is allowed, offered, and flows | the two others, faults, limits, facts |
//!
//! The transaction is none, beginning (a reading of the meter is missing), open, or closing (the contactor and the last reading are
//! waited for). It begins when a start point is met that was not met when the last one ended, and ends when a stop point is met no
//! longer that was met in it ([`TxPoints`]; E01, E06). So each begin has one end, and a vehicle that stays begins no second one.
//!
//! Statuses of 1.6, and `chargingState` and `ConnectorStatus` of 2.x, are derived ([`Moment`]), never kept.

mod authorisation;
mod transaction;

pub(crate) use authorisation::{Authorisation, Right};
pub(crate) use transaction::{Closing, Lapsed, Open, Sampling, Transaction};

use super::points::{PointSet, TxPoint, TxPoints};
use crate::station::{Cable, ChargingState, TriggerReason};

/// The three states of a session, as they are at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub plug: Cable,
    pub is_bay_occupied: bool,
    /// Whether the meter signs what it shows.
    pub has_signed: bool,
    /// Whether somebody was accepted, and that is not over.
    pub is_authorised: bool,
    pub energy: Energy,
}

/// What the energy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Energy {
    /// The station offers none.
    Off,
    /// It does, and its contactor is open.
    Offered,
    /// It does, and the vehicle takes none.
    Refused,
    Flows,
}

/// The status of a connector (2.x ConnectorStatusEnumType).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectorStatus {
    Available,
    Occupied,
    Reserved,
    Unavailable,
    Faulted,
}

impl Moment {
    /// The points that are met (E01).
    pub fn met(&self) -> PointSet {
        let is_connected = self.plug == Cable::Connected;
        let points = [
            (TxPoint::ParkingBayOccupancy, self.is_bay_occupied),
            (TxPoint::EvConnected, is_connected),
            (TxPoint::Authorized, self.is_authorised),
            (TxPoint::DataSigned, self.has_signed && is_connected),
            (TxPoint::PowerPathClosed, self.is_authorised && is_connected),
            (TxPoint::EnergyTransfer, self.energy == Energy::Flows && is_connected),
        ];
        points.into_iter().filter(|(_, is_met)| *is_met).fold(PointSet::NONE, |set, (point, _)| set.with(point))
    }

    /// What a transaction does (2.x ChargingStateEnumType).
    pub fn charging_state(&self) -> ChargingState {
        match (self.plug, self.energy) {
            (Cable::Absent | Cable::Plugged, _) => ChargingState::Idle,
            // Authorisation is what is missing.
            (Cable::Connected, _) if !self.is_authorised => ChargingState::EvConnected,
            (Cable::Connected, Energy::Flows) => ChargingState::Charging,
            (Cable::Connected, Energy::Refused) => ChargingState::SuspendedEv,
            (Cable::Connected, Energy::Off | Energy::Offered) => ChargingState::SuspendedEvse,
        }
    }
}

/// What an event tells that the transaction does. That a vehicle came is one event, and that it takes nothing of what it is offered is
/// another (E03.FR.12).
pub(crate) fn told_with(trigger: TriggerReason, state: ChargingState) -> ChargingState {
    let is_early = trigger == TriggerReason::CablePluggedIn && state == ChargingState::SuspendedEv;
    if is_early { ChargingState::EvConnected } else { state }
}

/// The start point that is met first, of those that were not met when the last transaction ended.
pub(crate) fn begins(points: TxPoints, met: PointSet, spent: PointSet) -> Option<TxPoint> {
    TxPoint::ALL.into_iter().find(|point| points.start.has(*point) && met.has(*point) && !spent.has(*point))
}

/// The stop point that is met no longer, of those that were met in the transaction.
///
/// A power path that was never closed counts by its halves: E06.FR.06 asks for the vehicle, or the authorisation, to be lost.
/// Signed data do not end a transaction (2.1 errata 2.8, 2.0.1 errata 2.24: E06.FR.05 is deleted).
pub(crate) fn ends(points: TxPoints, met: PointSet, ever: PointSet) -> Option<TxPoint> {
    let is_lost = |point: TxPoint| ever.has(point) && !met.has(point);
    let is_ended = |point: &TxPoint| match point {
        TxPoint::DataSigned => false,
        TxPoint::PowerPathClosed => is_lost(TxPoint::EvConnected) || is_lost(TxPoint::Authorized),
        TxPoint::ParkingBayOccupancy | TxPoint::EvConnected | TxPoint::Authorized | TxPoint::EnergyTransfer => {
            is_lost(*point)
        }
    };
    TxPoint::ALL.into_iter().filter(|point| points.stop.has(*point)).find(is_ended)
}
