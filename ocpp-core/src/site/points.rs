//! When transactions begin and end (2.x TxStartPoint, TxStopPoint): the points, sets of them, and their names.

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
    pub fn as_str(self) -> &'static str {
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
