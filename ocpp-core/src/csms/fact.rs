//! What stations report, as the application's database keeps it. Plain data, whatever version was spoken.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use chrono::{DateTime, Utc};
use compact_str::{CompactString, ToCompactString};
use serde::{Deserialize, Serialize};

use super::{Authorization, Finding, IdToken, RegistrationStatus};

/// Something to commit. In the order of their tickets the facts are a station's history:
/// [`SessionState`](super::SessionState) is rebuilt from them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Fact {
    /// The station booted and was told whether it may serve.
    Booted(Booted),
    /// A status was reported that differs from the last one.
    Status(StatusReport),
    /// A transaction began.
    Started(Started),
    /// The verdict on the token of a transaction that began, as the station is told.
    Authorized {
        /// The transaction.
        transaction: TransactionId,
        /// The verdict.
        verdict: Authorization,
    },
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
    /// The station told how far it is with what it was asked to do.
    Progress(Progress),
    /// Something happened that bears on the station's security.
    SecurityEvent(SecurityEvent),
}

/// Names a transaction of a station: in 1.6 the number that the CSMS gave it, in digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionId(CompactString);

impl TransactionId {
    /// The transaction of this name.
    pub fn new(text: &str) -> Self {
        TransactionId(CompactString::new(text))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number that is the name in 1.6.
    pub fn number(&self) -> Option<i32> {
        self.0.parse().ok()
    }
}

impl From<i32> for TransactionId {
    fn from(number: i32) -> Self {
        TransactionId(number.to_compact_string())
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a station says of itself when it boots (1.6 §6.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationInfo {
    /// The vendor's name.
    pub vendor: CompactString,
    /// The model's name.
    pub model: CompactString,
    /// The serial number of the station (`chargePointSerialNumber`).
    pub serial_number: Option<CompactString>,
    /// The serial number of its box (`chargeBoxSerialNumber`, deprecated in 1.6).
    pub box_serial_number: Option<CompactString>,
    /// The firmware's version.
    pub firmware_version: Option<CompactString>,
    /// The ICCID of the modem's SIM card.
    pub iccid: Option<CompactString>,
    /// The IMSI of the modem's SIM card.
    pub imsi: Option<CompactString>,
    /// The type of the main meter.
    pub meter_type: Option<CompactString>,
    /// The serial number of the main meter.
    pub meter_serial_number: Option<CompactString>,
}

/// A boot and the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Booted {
    /// What the station says of itself.
    pub station: StationInfo,
    /// The verdict.
    pub status: RegistrationStatus,
    /// The interval that went with it, in whole seconds.
    #[cfg_attr(feature = "serde", serde(rename = "interval_ms", with = "ocpp_rpc::time::millis"))]
    pub interval: Duration,
}

/// The status of a station or one of its connectors (1.6 §6.47). Names are those of the version spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct StatusReport {
    /// The connector; 0 is the station.
    pub connector: u32,
    /// The status, such as `Charging`.
    pub status: CompactString,
    /// The error code, `NoError` if there is none.
    pub error_code: CompactString,
    /// Further information on the error.
    pub info: Option<CompactString>,
    /// The vendor whose error code it is.
    pub vendor_id: Option<CompactString>,
    /// The vendor's error code.
    pub vendor_error_code: Option<CompactString>,
    /// When the status was taken on, by the station's clock.
    pub at: Option<DateTime<Utc>>,
}

/// The begin of a transaction (1.6 §6.45).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Started {
    /// The transaction.
    pub transaction: TransactionId,
    /// The connector, from 1.
    pub connector: u32,
    /// The driver.
    pub token: IdToken,
    /// The meter's register in Wh.
    pub meter_start_wh: i64,
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// The reservation that it ends.
    pub reservation: Option<i64>,
    /// What is odd about it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub findings: Vec<Finding>,
}

/// The end of a transaction, as reported (1.6 §6.49).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct StopReport {
    /// The meter's register in Wh.
    pub meter_stop_wh: i64,
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// Why, by the version's name; none means `Local` (1.6 §4.10).
    pub reason: Option<CompactString>,
    /// Who stopped it.
    pub token: Option<IdToken>,
    /// Meter values of the transaction.
    pub samples: Vec<MeterValue>,
    /// What is odd about it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub findings: Vec<Finding>,
}

/// The end of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Stopped {
    /// The transaction.
    pub transaction: TransactionId,
    /// Whether the station named no transaction, and this one alone fits (1.6 errata 3.18).
    pub inferred: bool,
    /// What was consumed.
    pub consumption: Consumption,
    /// What was reported.
    pub report: StopReport,
}

/// The energy of a transaction, by its first and last register value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consumption {
    /// In Wh.
    Wh(u64),
    /// The register went backwards: nothing can be said.
    NonMonotonic,
}

impl Consumption {
    /// The energy between two register values in Wh.
    pub fn between(start_wh: i64, stop_wh: i64) -> Self {
        if stop_wh < start_wh { Consumption::NonMonotonic } else { Consumption::Wh(stop_wh.abs_diff(start_wh)) }
    }
}

/// The end of an unknown transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OrphanStop {
    /// The transaction that the station named; none if it named none (in 1.6: a number below 1).
    pub named: Option<TransactionId>,
    /// What was reported.
    pub report: StopReport,
}

/// How far a station is with work that takes long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Progress {
    /// What it does.
    pub work: StationWork,
    /// The number of the request that began it, where there is one.
    pub request: Option<i64>,
    /// The status, in the words of the version.
    pub status: CompactString,
}

/// Work of a station that takes long and is reported on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
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
pub struct SecurityEvent {
    /// What happened: a name of `ocpp_types::catalogue`, or the vendor's own.
    pub kind: CompactString,
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// What is said beside it.
    pub info: Option<String>,
}

/// Meter values that a station sent (1.6 §6.31).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Samples {
    /// The connector; 0 is the station's main meter.
    pub connector: u32,
    /// The transaction that they belong to.
    pub attribution: Attribution,
    /// The values.
    pub values: Vec<MeterValue>,
    /// What is odd about it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub findings: Vec<Finding>,
}

/// Which transaction meter values belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attribution {
    /// The station named this one, and it is known.
    Named(TransactionId),
    /// The station named none; this one alone runs on the connector since before.
    Inferred(TransactionId),
    /// The station named this one, but it is not known.
    Unknown(TransactionId),
    /// The station named none, and none or several fit.
    None,
}

/// Values of one moment (1.6 §7.33).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct MeterValue {
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// The values.
    pub values: Vec<SampledValue>,
}

/// One value, as it was sent: nothing is filled in, names are those of the version spoken (1.6 §7.43).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampledValue {
    /// A number, or signed data.
    pub value: String,
    /// Why it was taken; none means `Sample.Periodic`.
    pub context: Option<CompactString>,
    /// `Raw` if none.
    pub format: Option<CompactString>,
    /// What is measured; none means `Energy.Active.Import.Register`.
    pub measurand: Option<CompactString>,
    /// The phase.
    pub phase: Option<CompactString>,
    /// Where it was measured; none means `Outlet`.
    pub location: Option<CompactString>,
    /// The unit; none means `Wh` for energy.
    pub unit: Option<CompactString>,
}
