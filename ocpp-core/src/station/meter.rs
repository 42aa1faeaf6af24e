//! Meter readings in integers with their unit in the name; which of them a message carries is configuration.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use ocpp_types::SmallString;
use ocpp_types::decimal::Decimal;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The values of an EVSE's meter at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct MeterReading {
    /// The register of imported active energy in mWh, as the meter shows it: it never goes back, and is not set to zero
    /// when a transaction starts (1.6 errata 3.78).
    pub energy_mwh: i64,
    /// Further values of the same moment.
    pub values: Vec<MeterSample>,
    /// The register as the meter signed it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub signed: Option<Box<SignedValue>>,
}

/// A value as a meter signed it (2.x SignedMeterValueType; 1.6 §7.45 `SignedData`): nobody looks into it on its way to the CSMS, and it
/// arrives byte for byte. 1.6 has room for the data alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct SignedValue {
    /// What was signed, with its signature, as text: for a CSMS of 2.x in Base64. At most 32768 bytes; to a CSMS of 2.0.1 only
    /// what has at most 2500 is told. A value with more in any member is not taken.
    pub data: String,
    /// How it was signed, at most 50 bytes; empty if that is in the data.
    #[cfg_attr(feature = "serde", serde(default))]
    pub signing_method: SmallString,
    /// How the data are encoded, at most 50 bytes, such as `OCMF` or `EDL`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub encoding_method: SmallString,
    /// The meter's public key, at most 2500 bytes; empty if it is not to be told.
    #[cfg_attr(feature = "serde", serde(default))]
    pub public_key: String,
}

impl SignedValue {
    /// The longest that is taken.
    const MAX_BYTES: usize = 32_768;

    /// Signed data with their encoding.
    pub fn new(data: &str, encoding_method: &str) -> Self {
        let (data, encoding_method) = (String::from(data), SmallString::new(encoding_method));
        SignedValue { data, encoding_method, ..Self::default() }
    }

    fn fits(&self) -> bool {
        self.data.len() <= Self::MAX_BYTES
            && self.public_key.len() <= 2500
            && self.signing_method.len() <= 50
            && self.encoding_method.len() <= 50
    }
}

impl MeterReading {
    /// A reading of the energy register alone.
    pub fn energy_wh(energy_wh: i64) -> Self {
        Self::energy_mwh(energy_wh.saturating_mul(1000))
    }

    /// A reading of the energy register alone, in mWh.
    pub fn energy_mwh(energy_mwh: i64) -> Self {
        MeterReading { energy_mwh, values: Vec::new(), signed: None }
    }

    /// The energy register as a value.
    pub(crate) fn register(&self) -> MeterSample {
        let signed = self.signed.clone();
        MeterSample { signed, ..MeterSample::new(Measurand::EnergyActiveImportRegister, None, self.energy_mwh) }
    }

    /// Adds the register as the meter signed it.
    #[must_use]
    pub fn with_signed(mut self, signed: SignedValue) -> Self {
        self.signed = Some(Box::new(signed));
        self
    }

    /// Without signed values that nobody could take.
    pub(crate) fn bounded(mut self) -> Self {
        self.signed = self.signed.filter(|signed| signed.fits());
        for value in &mut self.values {
            value.signed = value.signed.take().filter(|signed| signed.fits());
        }
        self
    }

    /// The imported active power in mW: that of the whole, or of the phases together.
    #[cfg(feature = "california_pricing")]
    pub(crate) fn import_power_mw(&self) -> Option<i64> {
        let values = || self.values.iter().filter(|value| value.measurand == Measurand::PowerActiveImport);
        let whole = values().find(|value| value.phase.is_none()).map(|value| value.milli);
        whole.or_else(|| values().map(|value| value.milli).reduce(i64::saturating_add))
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, measurand: Measurand, phase: Option<Phase>, milli: i64) -> Self {
        self.values.push(MeterSample::new(measurand, phase, milli));
        self
    }
}

/// One measured value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct MeterSample {
    /// What is measured; it fixes the unit.
    pub measurand: Measurand,
    /// The phase, where the value belongs to one.
    pub phase: Option<Phase>,
    /// Thousandths of the measurand's unit: mWh, mW, mA, mV, m°C, thousandths of a percent.
    pub milli: i64,
    /// The value as the meter signed it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none", with = "signed_form"))]
    pub signed: Option<Box<SignedValue>>,
}

impl MeterSample {
    /// A value that is not signed.
    pub fn new(measurand: Measurand, phase: Option<Phase>, milli: i64) -> Self {
        MeterSample { measurand, phase, milli, signed: None }
    }

    /// The number in the measurand's unit, without zeros that say nothing.
    pub(crate) fn number(&self) -> Decimal {
        let (mut mantissa, mut scale) = (self.milli, 3);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Decimal::from_scaled(mantissa, scale)
    }
}

/// In JSON alone: how records have it is said there.
#[cfg(feature = "serde")]
mod signed_form {
    use alloc::boxed::Box;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::SignedValue;

    pub fn serialize<S: Serializer>(signed: &Option<Box<SignedValue>>, serializer: S) -> Result<S::Ok, S::Error> {
        signed.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<SignedValue>>, D::Error> {
        if deserializer.is_human_readable() { Option::deserialize(deserializer) } else { Ok(None) }
    }
}

macro_rules! measurands {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $unit:ident;)*) => {
        /// What is measured, with its unit (1.6 §7.31, §7.45).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
        pub enum Measurand {
            $($(#[doc = $doc])* #[cfg_attr(feature = "serde", serde(rename = $text))] $name,)*
        }

        impl Measurand {
            /// All measurands.
            pub const ALL: &'static [Measurand] = &[$(Measurand::$name),*];

            /// The protocol's name, the same in all versions.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Measurand::$name => $text,)*
                }
            }

            /// The unit of its values.
            pub fn unit(self) -> Unit {
                match self {
                    $(Measurand::$name => Unit::$unit,)*
                }
            }

            /// The measurand of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Measurand::$name),)*
                    _ => None,
                }
            }
        }
    };
}

measurands! {
    /// Register of imported active energy.
    EnergyActiveImportRegister = "Energy.Active.Import.Register", Wh;
    /// Register of exported active energy.
    EnergyActiveExportRegister = "Energy.Active.Export.Register", Wh;
    /// Register of imported reactive energy.
    EnergyReactiveImportRegister = "Energy.Reactive.Import.Register", Varh;
    /// Register of exported reactive energy.
    EnergyReactiveExportRegister = "Energy.Reactive.Export.Register", Varh;
    /// Imported active energy of the interval.
    EnergyActiveImportInterval = "Energy.Active.Import.Interval", Wh;
    /// Exported active energy of the interval.
    EnergyActiveExportInterval = "Energy.Active.Export.Interval", Wh;
    /// Imported reactive energy of the interval.
    EnergyReactiveImportInterval = "Energy.Reactive.Import.Interval", Varh;
    /// Exported reactive energy of the interval.
    EnergyReactiveExportInterval = "Energy.Reactive.Export.Interval", Varh;
    /// Imported active power.
    PowerActiveImport = "Power.Active.Import", W;
    /// Exported active power.
    PowerActiveExport = "Power.Active.Export", W;
    /// Imported reactive power.
    PowerReactiveImport = "Power.Reactive.Import", Var;
    /// Exported reactive power.
    PowerReactiveExport = "Power.Reactive.Export", Var;
    /// Power factor, thousandths.
    PowerFactor = "Power.Factor", None;
    /// The most power offered to the vehicle.
    PowerOffered = "Power.Offered", W;
    /// Imported current.
    CurrentImport = "Current.Import", A;
    /// Exported current.
    CurrentExport = "Current.Export", A;
    /// The most current offered to the vehicle.
    CurrentOffered = "Current.Offered", A;
    /// Voltage.
    Voltage = "Voltage", V;
    /// Grid frequency.
    Frequency = "Frequency", Hertz;
    /// Temperature inside the station.
    Temperature = "Temperature", Celsius;
    /// State of charge of the vehicle.
    SoC = "SoC", Percent;
    /// Fan speed in revolutions per minute.
    Rpm = "RPM", None;
}

/// Units of measurands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Watt-hours.
    Wh,
    /// Reactive volt-ampere-hours.
    Varh,
    /// Watts.
    W,
    /// Reactive volt-amperes.
    Var,
    /// Amperes.
    A,
    /// Volts.
    V,
    /// Degrees Celsius.
    Celsius,
    /// Percent.
    Percent,
    /// Hertz; OCPP 1.6 has no name for it on the wire (errata 3.86).
    Hertz,
    /// A plain number.
    None,
}

macro_rules! phases {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// The phase or pair of phases that a value belongs to (1.6 §7.33).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
        pub enum Phase {
            $($(#[doc = $doc])* #[cfg_attr(feature = "serde", serde(rename = $text))] $name,)*
        }

        impl Phase {
            /// The protocol's name, the same in all versions.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Phase::$name => $text,)*
                }
            }

            /// The phase of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Phase::$name),)*
                    _ => None,
                }
            }
        }
    };
}

phases! {
    /// Phase 1.
    L1 = "L1";
    /// Phase 2.
    L2 = "L2";
    /// Phase 3.
    L3 = "L3";
    /// Neutral.
    N = "N";
    /// Phase 1 to neutral.
    L1N = "L1-N";
    /// Phase 2 to neutral.
    L2N = "L2-N";
    /// Phase 3 to neutral.
    L3N = "L3-N";
    /// Phase 1 to phase 2.
    L1L2 = "L1-L2";
    /// Phase 2 to phase 3.
    L2L3 = "L2-L3";
    /// Phase 3 to phase 1.
    L3L1 = "L3-L1";
}

/// A measurand as the keys of sampled and aligned data name it: with an optional phase (1.6 §9.1.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MeasurandChoice {
    pub measurand: Measurand,
    phase: Option<Phase>,
}

impl MeasurandChoice {
    /// Whether the value is one of the choice.
    pub fn has(&self, sample: &MeterSample) -> bool {
        self.measurand == sample.measurand && (self.phase.is_none() || self.phase == sample.phase)
    }

    /// Reads `Voltage` or `Voltage.L1`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(measurand) = Measurand::from_name(text) {
            return Some(MeasurandChoice { measurand, phase: None });
        }
        let (name, phase) = text.rsplit_once('.')?;
        Some(MeasurandChoice { measurand: Measurand::from_name(name)?, phase: Some(Phase::from_name(phase)?) })
    }

    /// Reads a comma separated list. An empty text is an empty list.
    pub fn parse_list(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Self::parse).collect()
    }

    /// Picks the values of a reading that the list names, without phase all phases (1.6 §3.16.3), as the meter signed them too or not.
    pub fn pick(choices: &[Self], reading: &MeterReading, is_signed: bool) -> Vec<MeterSample> {
        let energy = reading.register();
        let chosen = |sample: &&MeterSample| choices.iter().any(|choice| choice.has(sample));
        let picked = core::iter::once(&energy).chain(&reading.values).filter(chosen).cloned();
        picked.map(|sample| MeterSample { signed: sample.signed.filter(|_| is_signed), ..sample }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn every_measurand_reads_back_by_its_name() {
        for &measurand in Measurand::ALL {
            assert_eq!(Measurand::from_name(measurand.as_str()), Some(measurand));
        }
        assert_eq!(Measurand::from_name("Voltage.L1"), None);
    }

    #[test]
    fn list_of_measurands_picks_phases() {
        let reading = MeterReading::energy_wh(5)
            .with(Measurand::Voltage, Some(Phase::L1), 230_000)
            .with(Measurand::Voltage, Some(Phase::L2), 231_000)
            .with(Measurand::SoC, None, 40_000);
        let pick = |list: &str| -> Vec<i64> {
            let choices = MeasurandChoice::parse_list(list).unwrap();
            MeasurandChoice::pick(&choices, &reading, true).iter().map(|sample| sample.milli).collect()
        };
        assert_eq!(pick(""), Vec::<i64>::new());
        assert_eq!(pick("Energy.Active.Import.Register"), vec![5000]);
        assert_eq!(pick("Voltage"), vec![230_000, 231_000]);
        assert_eq!(pick("SoC, Voltage.L2"), vec![231_000, 40_000]);
        assert_eq!(MeasurandChoice::parse_list("Voltage.L9"), None);
    }
}
