//! What the protocol families judge differently, as values that a face gives.

use ocpp_rpc::handshake::IdentityRules;
#[cfg(feature = "security")]
use ocpp_rpc::handshake::ProfileRules;
#[cfg(feature = "smart_charging")]
use ocpp_smartcharging::validate::Edition;

#[cfg(feature = "transaction_events")]
use super::points::PointSet;
use super::points::TxPoints;
use super::settings::{Setting, Settings};

/// The rules that the site follows.
#[derive(Debug)]
pub(crate) struct Policy {
    /// When transactions begin and end.
    pub points: Points,
    /// Whether what changes in a transaction is told, beside meter values (2.x E02.FR.13, E02.FR.17).
    pub tells_changes: bool,
    /// Whether the station names transactions (2.x E01.FR.08).
    #[cfg(feature = "transaction_events")]
    pub names_transactions: bool,
    /// Whether the CSMS is asked about each token that is not known here, also about one that can do nothing (2.x C01.FR.02).
    pub asks_about_every_token: bool,
    /// Whether a vehicle that left a fixed cable is waited for no longer than one that has to come first (2.x E10.FR.02).
    pub gives_up_fixed_cables: bool,
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

/// What a reading of the meter is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uses {
    /// To be told as soon as can be.
    pub is_told: bool,
    /// To be told with the end of the transaction.
    pub is_kept: bool,
}

impl Uses {
    pub const TOLD: Uses = Uses { is_told: true, is_kept: false };
    #[cfg(feature = "transaction_events")]
    pub const KEPT: Uses = Uses { is_told: false, is_kept: true };
    pub const BOTH: Uses = Uses { is_told: true, is_kept: true };
}

/// The settings that have the intervals of readings, and what those are taken for.
#[derive(Debug)]
pub(crate) struct Intervals {
    pub uses: Uses,
    /// Counted from the start of the transaction.
    pub sampled: Setting,
    /// Counted from midnight.
    pub aligned: Setting,
}

const TOGETHER: &[Intervals] =
    &[Intervals { uses: Uses::BOTH, sampled: Setting::TxUpdatedInterval, aligned: Setting::AlignedDataInterval }];

#[cfg(feature = "transaction_events")]
const APART: &[Intervals] = &[
    Intervals { uses: Uses::TOLD, sampled: Setting::TxUpdatedInterval, aligned: Setting::AlignedDataInterval },
    Intervals { uses: Uses::KEPT, sampled: Setting::TxEndedInterval, aligned: Setting::AlignedTxEndedInterval },
];

impl Policy {
    /// By which intervals readings are taken, at most two: what is told at the end has intervals of its own in 2.x alone.
    pub fn intervals(&self) -> &'static [Intervals] {
        #[cfg(feature = "transaction_events")]
        if self.tells_changes {
            return APART;
        }
        TOGETHER
    }
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
