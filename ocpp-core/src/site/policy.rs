//! What the protocol families judge differently, as values that a face gives.

use ocpp_rpc::handshake::IdentityRules;
#[cfg(feature = "security")]
use ocpp_rpc::handshake::ProfileRules;
#[cfg(feature = "smart_charging")]
use ocpp_smartcharging::validate::Edition;

#[cfg(feature = "transaction_events")]
use super::settings::Setting;
use super::settings::Settings;

/// The rules that the site follows.
#[derive(Debug)]
pub(crate) struct Policy {
    /// When transactions begin and end.
    pub points: Points,
    /// Whether what changes in a transaction is told, beside meter values (2.x E02.FR.13, E02.FR.17).
    pub tells_changes: bool,
    /// Whether somebody may charge without an identifier, by a start button (2.x C02).
    pub has_start_button: bool,
    /// What is told of a place.
    pub statuses: Statuses,
    /// Whether all statuses are told again after a long time offline (2.x B04.FR.01).
    pub repeats_statuses: bool,
    /// Whether security events are told also without a security profile (2.x A04).
    #[cfg(feature = "security")]
    pub reports_always: bool,
    /// What an identity of a station may be.
    pub identity: IdentityRules,
    /// Which changes of the security profile are allowed.
    #[cfg(feature = "security")]
    pub profile_rules: ProfileRules,
    /// By whose rules charging profiles are judged, replaced and cleared.
    #[cfg(feature = "smart_charging")]
    pub edition: Edition,
}

/// Where it stands when transactions begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Points {
    /// In the family's specification.
    Fixed(TxPoints),
    /// In the settings (2.x TxCtrlr.TxStartPoint, TxCtrlr.TxStopPoint).
    #[cfg(feature = "transaction_events")]
    OfSettings,
}

impl Points {
    /// The points that count for what begins now.
    #[cfg_attr(not(feature = "transaction_events"), allow(unused_variables, reason = "they are fixed"))]
    pub fn now(self, settings: &Settings) -> TxPoints {
        match self {
            Points::Fixed(points) => points,
            #[cfg(feature = "transaction_events")]
            Points::OfSettings => {
                let points = |setting| PointSet::of(settings.text(setting)).unwrap_or_default();
                TxPoints { start: points(Setting::TxStartPoint), stop: points(Setting::TxStopPoint) }
            }
        }
    }
}

/// What is told of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statuses {
    /// The session and the faults of each connector and the station (1.6 §4.9).
    OfSessions,
    /// Whether a connector can be used (2.x ConnectorStatusEnumType).
    #[cfg(feature = "transaction_events")]
    OfConnectors,
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

    /// Its name in 2.x.
    #[cfg(feature = "transaction_events")]
    fn as_str(self) -> &'static str {
        match self {
            TxPoint::ParkingBayOccupancy => "ParkingBayOccupancy",
            TxPoint::EvConnected => "EVConnected",
            TxPoint::Authorized => "Authorized",
            TxPoint::DataSigned => "DataSigned",
            TxPoint::PowerPathClosed => "PowerPathClosed",
            TxPoint::EnergyTransfer => "EnergyTransfer",
        }
    }
}

/// A set of points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PointSet(u8);

impl PointSet {
    pub const NONE: PointSet = PointSet(0);

    pub const fn with(self, point: TxPoint) -> Self {
        PointSet(self.0 | 1 << point as u8)
    }

    /// The set of a comma separated list of names, in any letter case; none if one is no point.
    #[cfg(feature = "transaction_events")]
    pub fn of(list: &str) -> Option<PointSet> {
        let named = |name: &str| TxPoint::ALL.into_iter().find(|point| point.as_str().eq_ignore_ascii_case(name));
        list.split(',').map(str::trim).try_fold(PointSet::NONE, |set, name| Some(set.with(named(name)?)))
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
