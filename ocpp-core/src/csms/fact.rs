//! What stations report, as the application's database keeps it. Plain data, whatever version was spoken.

use alloc::string::String;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
use serde::{Deserialize, Serialize};

use super::transaction::{OrphanStop, Renamed, Settled, Started, StopReport, Stopped, TransactionId, Updated};
use super::values::Samples;
use super::{Authorization, BootReason, IdToken, Place, RegistrationStatus};

/// Something to commit. In the order of their tickets the facts are a station's history:
/// [`SessionState`](super::SessionState) is rebuilt from them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Fact {
    /// The station booted and was told whether it may serve.
    Booted(Booted),
    /// A status was reported that differs from the last one.
    Status(StatusReport),
    /// A transaction began.
    Started(Started),
    /// The verdict on a token of a transaction, as the station is told.
    #[non_exhaustive]
    Authorized {
        /// The transaction.
        transaction: TransactionId,
        /// The token, where a transaction may have several (2.x); in 1.6 that of its begin is meant.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        token: Option<IdToken>,
        /// The verdict.
        verdict: Authorization,
    },
    /// Something else happened in a transaction (2.x E02 to E05).
    Updated(Updated),
    /// Meter values.
    Sampled(Samples),
    /// A transaction ended.
    Stopped(Stopped),
    /// An end was reported for a transaction that ended before with other values. The first end stays.
    StopContradicted {
        /// The transaction.
        transaction: TransactionId,
        /// The later report.
        report: StopReport,
    },
    /// An end was reported, but it is not known of which transaction.
    StopOrphaned(OrphanStop),
    /// The begin of a transaction was told again, under another name: its first answer was lost, and another version was spoken then.
    /// Facts go on under the first name.
    Renamed(Renamed),
    /// What a transaction that ended comes to, by all that is known of it now. The last one counts, and outdoes [`Fact::Stopped`].
    Settled(Settled),
    /// The station told how far it is with what it was asked to do.
    Progress(Progress),
    /// Something happened that bears on the station's security.
    SecurityEvent(SecurityEvent),
}

/// What a station says of itself when it boots (1.6 §6.3, 2.x B01).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StationInfo {
    /// The vendor's name.
    pub vendor: SmallString,
    /// The model's name.
    pub model: SmallString,
    /// The serial number of the station (`chargePointSerialNumber`).
    pub serial_number: Option<SmallString>,
    /// The serial number of its box (`chargeBoxSerialNumber`, deprecated in 1.6).
    pub box_serial_number: Option<SmallString>,
    /// The firmware's version.
    pub firmware_version: Option<SmallString>,
    /// The ICCID of the modem's SIM card.
    pub iccid: Option<SmallString>,
    /// The IMSI of the modem's SIM card.
    pub imsi: Option<SmallString>,
    /// The type of the main meter.
    pub meter_type: Option<SmallString>,
    /// The serial number of the main meter.
    pub meter_serial_number: Option<SmallString>,
    /// Why it booted; 1.6 does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_reason: Option<BootReason>,
}

impl StationInfo {
    /// A station of which no more is known.
    pub fn new(vendor: &str, model: &str) -> Self {
        let (vendor, model) = (SmallString::new(vendor), SmallString::new(model));
        StationInfo { vendor, model, ..StationInfo::default() }
    }
}

/// A boot and the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Booted {
    /// What the station says of itself.
    pub station: StationInfo,
    /// The verdict.
    pub status: RegistrationStatus,
    /// The interval that went with it, in whole seconds.
    #[cfg_attr(feature = "serde", serde(rename = "interval_ms", with = "ocpp_rpc::time::millis"))]
    pub interval: Duration,
}

/// The status of a station or one of its connectors (1.6 §6.47, 2.x G01). Names are those of the version spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct StatusReport {
    /// The connector, or the station.
    #[cfg_attr(feature = "serde", serde(alias = "connector"))]
    pub place: Place,
    /// The status, such as `Charging` (1.6) or `Occupied` (2.x).
    pub status: SmallString,
    /// The error code, `NoError` if there is none (1.6); 2.x has no such thing.
    pub error_code: Option<SmallString>,
    /// Further information on the error.
    pub info: Option<SmallString>,
    /// The vendor whose error code it is.
    pub vendor_id: Option<SmallString>,
    /// The vendor's error code.
    pub vendor_error_code: Option<SmallString>,
    /// When the status was taken on, by the station's clock.
    pub at: Option<DateTime<Utc>>,
}

impl StatusReport {
    /// A status, and nothing beside it.
    pub fn new(place: Place, status: &str) -> Self {
        StatusReport {
            place,
            status: SmallString::new(status),
            error_code: None,
            info: None,
            vendor_id: None,
            vendor_error_code: None,
            at: None,
        }
    }
}

/// How far a station is with work that takes long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Progress {
    /// What it does.
    pub work: StationWork,
    /// The number of the request that began it, where there is one.
    pub request: Option<i64>,
    /// The status, in the words of the version.
    pub status: SmallString,
}

/// Work of a station that takes long and is reported on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum StationWork {
    /// A firmware update (1.6 §4.5; with a number 1.6 security L01).
    Firmware,
    /// An upload of diagnostics (1.6 §4.4).
    Diagnostics,
    /// An upload of a log (1.6 security N01).
    Log,
}

/// A security event (1.6 security A04).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct SecurityEvent {
    /// What happened: a name of `ocpp_types::catalogue`, or the vendor's own.
    pub kind: SmallString,
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// What is said beside it.
    pub info: Option<String>,
}
