//! What the protocol families judge differently, as values that a face gives.

use ocpp_rpc::handshake::IdentityRules;
#[cfg(feature = "security")]
use ocpp_rpc::handshake::ProfileRules;
#[cfg(feature = "smart_charging")]
use ocpp_smartcharging::validate::Edition;

#[cfg(feature = "transaction_events")]
use super::points::PointSet;
use super::points::TxPoints;
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
    /// Whether the station names transactions (2.x E01.FR.08).
    #[cfg(feature = "transaction_events")]
    pub names_transactions: bool,
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
