//! What the protocol families judge differently, as values that a face gives.

use ocpp_rpc::handshake::IdentityRules;
#[cfg(feature = "security")]
use ocpp_rpc::handshake::ProfileRules;
#[cfg(feature = "smart_charging")]
use ocpp_smartcharging::validate::Edition;

/// The rules that the site follows.
#[derive(Debug)]
pub(crate) struct Policy {
    /// When transactions begin and end.
    pub points: TxPoints,
    /// Whether what changes in a transaction is told, beside meter values (2.x E02.FR.13, E02.FR.17).
    pub tells_changes: bool,
    /// Whether somebody may charge without an identifier, by a start button (2.x C02).
    pub has_start_button: bool,
    /// What an identity of a station may be.
    pub identity: IdentityRules,
    /// Which changes of the security profile are allowed.
    #[cfg(feature = "security")]
    pub profile_rules: ProfileRules,
    /// By whose rules charging profiles are judged, replaced and cleared.
    #[cfg(feature = "smart_charging")]
    pub edition: Edition,
}

/// What a transaction may begin or end with (2.x TxStartPoint, TxStopPoint).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TxPoint {
    /// A vehicle is in the bay.
    ParkingBayOccupancy,
    /// A vehicle is connected.
    EvConnected,
    /// Somebody may charge.
    Authorized,
    /// The meter gave a signed value.
    DataSigned,
    /// A vehicle is connected, and somebody may charge.
    PowerPathClosed,
    /// Energy flows.
    EnergyTransfer,
}

impl TxPoint {
    pub const ALL: [TxPoint; 6] = [
        TxPoint::ParkingBayOccupancy,
        TxPoint::EvConnected,
        TxPoint::Authorized,
        TxPoint::DataSigned,
        TxPoint::PowerPathClosed,
        TxPoint::EnergyTransfer,
    ];
}

/// A set of points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PointSet(u8);

impl PointSet {
    pub const NONE: PointSet = PointSet(0);

    pub const fn with(self, point: TxPoint) -> Self {
        PointSet(self.0 | 1 << point as u8)
    }

    pub const fn has(self, point: TxPoint) -> bool {
        self.0 & 1 << point as u8 != 0
    }

    pub const fn and(self, other: PointSet) -> Self {
        PointSet(self.0 & other.0)
    }

    pub const fn or(self, other: PointSet) -> Self {
        PointSet(self.0 | other.0)
    }
}

/// When transactions begin and end: with the first start point that is met, and the first stop point that is met no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TxPoints {
    pub start: PointSet,
    pub stop: PointSet,
}

impl TxPoints {
    /// Whether a transaction may begin before a vehicle is connected.
    pub fn begins_without_vehicle(self) -> bool {
        self.start.has(TxPoint::Authorized) || self.start.has(TxPoint::ParkingBayOccupancy)
    }

    /// Whether a transaction ends with its authorisation (E05.FR.10, E07, F03).
    pub fn ends_with_authorisation(self) -> bool {
        let points = [TxPoint::Authorized, TxPoint::PowerPathClosed, TxPoint::EnergyTransfer];
        points.into_iter().any(|point| self.stop.has(point))
    }
}
