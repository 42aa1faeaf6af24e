//! Meter values, as stations send them.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
use serde::{Deserialize, Serialize};

use super::{Finding, Place, TransactionId};

/// Meter values that a station sent (1.6 §6.31, 2.x J01).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Samples {
    /// The connector; the station is its main meter.
    #[cfg_attr(feature = "serde", serde(alias = "connector"))]
    pub place: Place,
    /// The transaction that they belong to.
    pub attribution: Attribution,
    /// The values.
    pub values: Vec<MeterValue>,
    /// What is odd about it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub findings: Vec<Finding>,
}

impl Samples {
    /// Values, and nothing odd about them.
    pub fn new(place: Place, attribution: Attribution, values: Vec<MeterValue>) -> Self {
        Samples { place, attribution, values, findings: Vec::new() }
    }
}

/// Which transaction meter values belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
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

/// Values of one moment (1.6 §7.33, 2.x MeterValueType).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct MeterValue {
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// The values.
    pub values: Vec<SampledValue>,
}

/// One value, as it was sent: nothing is filled in, names are those of the version spoken (1.6 §7.43, 2.x SampledValueType).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SampledValue {
    /// A number in digits; in 1.6 signed data, if `format` says so.
    pub value: String,
    /// Why it was taken; none means `Sample.Periodic`.
    pub context: Option<SmallString>,
    /// `Raw` if none (1.6).
    pub format: Option<SmallString>,
    /// What is measured; none means `Energy.Active.Import.Register`.
    pub measurand: Option<SmallString>,
    /// The phase.
    pub phase: Option<SmallString>,
    /// Where it was measured; none means `Outlet`.
    pub location: Option<SmallString>,
    /// The unit; none means `Wh` for energy.
    pub unit: Option<SmallString>,
    /// The power of ten that scales the value (2.x); none means 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiplier: Option<i32>,
    /// The same value as its meter signed it (2.x).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Box<SignedValue>>,
}

impl SampledValue {
    /// A value, and nothing said of it.
    pub fn new(value: &str) -> Self {
        SampledValue { value: String::from(value), ..SampledValue::default() }
    }

    /// What the meter signed, byte for byte as it came, in whichever way the version carries it.
    pub fn signed_data(&self) -> Option<&str> {
        let is_signed = self.format.as_deref() == Some("SignedData");
        self.signed.as_ref().map(|signed| signed.data.as_str()).or(is_signed.then_some(self.value.as_str()))
    }
}

/// A value as its meter signed it (2.x SignedMeterValueType). Opaque: byte for byte as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignedValue {
    /// The signed data (`signedMeterData`).
    pub data: String,
    /// How it is signed (`signingMethod`).
    pub signing_method: Option<SmallString>,
    /// How it is encoded (`encodingMethod`).
    pub encoding_method: Option<SmallString>,
    /// The meter's public key (`publicKey`).
    pub public_key: Option<String>,
}

impl SignedValue {
    /// Signed data, and nothing said of it.
    pub fn new(data: &str) -> Self {
        SignedValue { data: String::from(data), ..SignedValue::default() }
    }
}
