//! What a station shows of itself when it is asked.

use chrono::{DateTime, Utc};
use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::SecurityProfile;
use ocpp_types::SmallString;

#[cfg(feature = "smart_charging")]
use super::Limit;
use super::{
    Cable, ChargingNeeds, ConnectorId, EvseId, EvseStatus, Fault, IdToken, SettingAccess, SettingKind, TransactionId,
};
use crate::time::Instant;

/// How an EVSE is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvseView<'a> {
    /// The status of its connector in use.
    pub status: EvseStatus,
    /// The connector in use, or that was last.
    pub connector: ConnectorId,
    /// What hangs there.
    pub cable: Cable,
    /// Whether it is in service.
    pub is_operative: bool,
    /// Its own faults, in the order in which they came.
    pub faults: &'a [Fault],
    /// How full the vehicle's battery is, in percent.
    pub state_of_charge: Option<u8>,
    /// What the vehicle needs.
    pub charging_needs: Option<&'a ChargingNeeds>,
    /// What it may draw now.
    #[cfg(feature = "smart_charging")]
    pub limit: Limit,
    /// The transaction, until its end is on record.
    pub session: Option<SessionView<'a>>,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionView<'a> {
    /// As the station itself names it in its events.
    pub transaction: TransactionId,
    /// The name by which the CSMS knows it, if it has one.
    pub name: Option<TransactionId>,
    /// The number of a CSMS of 1.6 for it, once it told one.
    pub csms_id: Option<i64>,
    /// Who charges; none where a transaction began before that was known, or its authorisation ended.
    pub token: Option<&'a IdToken>,
    /// When it began, if the time was known then or became known since.
    pub since: Option<DateTime<Utc>>,
    /// The register at the begin, in mWh.
    pub meter_start_mwh: i64,
    /// The energy since, in mWh, as far as the meter told.
    pub energy_mwh: i64,
}

/// A reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReservationView<'a> {
    /// The CSMS's number for it.
    pub id: i64,
    /// What is kept; none is one of all EVSEs.
    pub evse: Option<EvseId>,
    /// For whom.
    pub token: &'a IdToken,
    /// The group that may use it too.
    pub group: Option<&'a IdToken>,
    /// Until when.
    pub expires: Option<DateTime<Utc>>,
}

/// How the station and its CSMS are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkView<'a> {
    /// They are.
    Open {
        /// Where.
        url: &'a SmallString,
        /// The security profile, if one is in use.
        security_profile: Option<SecurityProfile>,
        /// Over which of the host's networks, if that was said.
        slot: Option<u32>,
        /// The version that is spoken.
        dialect: Option<Dialect>,
        /// Whether the CSMS has accepted the station.
        is_accepted: bool,
    },
    /// An attempt is under way.
    Connecting,
    /// The last attempt failed, or the connection went; the next attempt is made then.
    Waiting {
        /// When.
        retry_at: Instant,
    },
    /// The host wants none ([`Command::Disconnect`](super::Command::Disconnect)).
    Held,
}

/// A configuration key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingView<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value; none where it is secret.
    pub value: Option<&'a str>,
    /// What values look like.
    pub kind: SettingKind,
    /// Whether the CSMS may change it.
    pub access: SettingAccess,
}
