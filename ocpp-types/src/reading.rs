//! Meter values of every version in one form, with what is doubtful about them.
//!
//! [`Reading`] is made from a sampled value of any version: the specification's defaults are filled in, prefixes and multipliers
//! multiplied out. The sampled value itself stays as it was received. What does not fit together is not corrected but named: as a
//! [`Doubt`] of one reading, a [`Conflict`] between the readings of one meter value, or a [`Step`] of a register that no meter makes.
//!
//! ```
//! # #[cfg(feature = "v1_6")] {
//! use ocpp_types::{codec::Decode, reading::{Doubt, Quantity, Reading, Unit}, v1_6::SampledValue};
//!
//! let register = Reading::from(&SampledValue::from_json(r#"{"value":"12.345","unit":"kWh"}"#).unwrap());
//! assert_eq!((register.quantity, register.unit), (Quantity::ActiveEnergy, Some(Unit::WattHour)));
//! assert_eq!(register.value.unwrap().to_string(), "12345");
//!
//! let charge = Reading::from(&SampledValue::from_json(r#"{"value":"81","measurand":"SoC","unit":"V"}"#).unwrap());
//! assert_eq!(charge.doubts, [Doubt::UnitOfOtherQuantity]);
//! # }
//! ```

use alloc::{collections::BTreeMap, vec::Vec};

use crate::decimal::Decimal;

/// What is measured, whichever way it flows and however it is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Energy, also wanted or possible.
    ActiveEnergy,
    /// Reactive energy.
    ReactiveEnergy,
    /// Apparent energy.
    ApparentEnergy,
    /// Power, also offered or set.
    ActivePower,
    /// Reactive power.
    ReactivePower,
    /// Apparent power.
    ApparentPower,
    /// Power factor.
    PowerFactor,
    /// Current.
    Current,
    /// Voltage.
    Voltage,
    /// Frequency.
    Frequency,
    /// Temperature.
    Temperature,
    /// State of charge of a battery.
    StateOfCharge,
    /// Revolutions in a time.
    Speed,
    /// A duration.
    Time,
    /// Anything else.
    Other,
}

/// A unit without prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Wh.
    WattHour,
    /// varh.
    VarHour,
    /// VAh.
    VoltAmpereHour,
    /// W.
    Watt,
    /// var.
    Var,
    /// VA.
    VoltAmpere,
    /// A.
    Ampere,
    /// V.
    Volt,
    /// Hz.
    Hertz,
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
    /// K.
    Kelvin,
    /// Percent.
    Percent,
    /// Revolutions per minute.
    RevolutionsPerMinute,
    /// s.
    Second,
}

/// What is doubtful about one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// There is no number, or not one that can be kept exactly.
    NoNumber,
    /// The unit is absent and has no default for this measurand; the usual one was taken.
    UnitAssumed,
    /// The unit is none that can be converted; the value stands as it was sent.
    UnknownUnit,
    /// The unit belongs to another quantity: a state of charge in volts.
    UnitOfOtherQuantity,
    /// The value is impossible: a charge above 100 %, a power factor above 1, a register below zero.
    OutOfRange,
}

/// A sampled value with its defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The name of the measurand.
    pub measurand: &'static str,
    /// What it measures.
    pub quantity: Quantity,
    /// The number, in `unit`; absent for signed data and for texts that are no number.
    pub value: Option<Decimal>,
    /// The unit; absent where there is none, or it is not known.
    pub unit: Option<Unit>,
    /// The phase; absent for all together.
    pub phase: Option<&'static str>,
    /// Where it was measured.
    pub location: &'static str,
    /// Why it was taken.
    pub context: &'static str,
    /// What is doubtful; empty for a good reading.
    pub doubts: Vec<Doubt>,
}

/// Readings of one meter value that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conflict {
    /// The same measurand, place, phase and context twice, with different values.
    TwoValues,
    /// One conductor under two names: as `L1` and as `L1-N`.
    MixedPhases,
}

/// How a register of energy went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// By this much, which may be nothing.
    Forward {
        /// The growth in mWh.
        mwh: i64,
    },
    /// It fell.
    Backward,
    /// It grew or fell about a thousand times, as it does when Wh and kWh change places.
    Thousandfold,
}

/// What a sampled value says, before defaults.
struct Sample<'a> {
    measurand: Option<&'static str>,
    value: Option<Decimal>,
    unit: Option<&'a str>,
    multiplier: i64,
    phase: Option<&'static str>,
    location: Option<&'static str>,
    context: Option<&'static str>,
}

impl Reading {
    fn new(sample: &Sample<'_>) -> Self {
        let measurand = sample.measurand.unwrap_or("Energy.Active.Import.Register");
        let quantity = Quantity::of(measurand);
        let mut doubts = Vec::new();
        let (unit, exponent) = match sample.unit {
            None => {
                // Wh is the default of energies; in 1.6 frequencies, speeds and factors have no unit.
                let certain = matches!(
                    quantity,
                    Quantity::ActiveEnergy
                        | Quantity::Frequency
                        | Quantity::Speed
                        | Quantity::PowerFactor
                        | Quantity::Other
                );
                if !certain {
                    doubts.push(Doubt::UnitAssumed);
                }
                (quantity.usual_unit(), 0)
            }
            Some(text) => match Unit::parse(text) {
                Some((unit, exponent)) => {
                    if quantity != Quantity::Other && unit.quantity() != quantity {
                        doubts.push(Doubt::UnitOfOtherQuantity);
                    }
                    (Some(unit), exponent)
                }
                None => {
                    doubts.push(Doubt::UnknownUnit);
                    (None, 0)
                }
            },
        };
        let value = sample.value.and_then(|value| times_power_of_ten(value, sample.multiplier.checked_add(exponent)?));
        match value {
            None => doubts.push(Doubt::NoNumber),
            Some(value) if !is_possible(quantity, measurand, value) => doubts.push(Doubt::OutOfRange),
            Some(_) => {}
        }
        Self {
            measurand,
            quantity,
            value,
            unit,
            phase: sample.phase,
            location: sample.location.unwrap_or("Outlet"),
            context: sample.context.unwrap_or("Sample.Periodic"),
            doubts,
        }
    }

    /// The value in thousandths of its unit, rounded: mWh, mA, mV.
    pub fn thousandths(&self) -> Option<i64> {
        self.value?.round_scaled(3)
    }
}

fn is_possible(quantity: Quantity, measurand: &str, value: Decimal) -> bool {
    let within = |min: i64, max: i64| value >= Decimal::from(min) && value <= Decimal::from(max);
    match quantity {
        Quantity::StateOfCharge => within(0, 100),
        Quantity::PowerFactor => within(-1, 1),
        Quantity::Frequency | Quantity::Speed | Quantity::Time => value >= Decimal::ZERO,
        Quantity::ActiveEnergy | Quantity::ReactiveEnergy | Quantity::ApparentEnergy => {
            !measurand.ends_with(".Register") || value >= Decimal::ZERO
        }
        Quantity::ActivePower
        | Quantity::ReactivePower
        | Quantity::ApparentPower
        | Quantity::Current
        | Quantity::Voltage
        | Quantity::Temperature
        | Quantity::Other => true,
    }
}

/// What contradicts itself in the readings of one meter value, with the index of the later reading.
pub fn conflicts(readings: &[Reading]) -> Vec<(usize, Conflict)> {
    let mut seen = BTreeMap::new();
    let mut conflicts = Vec::new();
    for (index, reading) in readings.iter().enumerate() {
        let place = |phase| (reading.measurand, reading.location, reading.context, phase);
        let said = (reading.value, reading.unit);
        if seen.insert(place(reading.phase), said).is_some_and(|earlier| earlier != said) {
            conflicts.push((index, Conflict::TwoValues));
        }
        if reading.phase.and_then(other_name).is_some_and(|name| seen.contains_key(&place(Some(name)))) {
            conflicts.push((index, Conflict::MixedPhases));
        }
    }
    conflicts
}

/// The other name of a conductor.
fn other_name(phase: &str) -> Option<&'static str> {
    match phase {
        "L1" => Some("L1-N"),
        "L2" => Some("L2-N"),
        "L3" => Some("L3-N"),
        "L1-N" => Some("L1"),
        "L2-N" => Some("L2"),
        "L3-N" => Some("L3"),
        _ => None,
    }
}

/// How a register went from one value to a later one.
pub fn step(before_mwh: i64, after_mwh: i64) -> Step {
    let (small, big) = (i128::from(before_mwh.min(after_mwh)), i128::from(before_mwh.max(after_mwh)));
    // Within a tenth, since energy flowed in between.
    if small > 0 && (big - small * 1000).abs() * 10 <= big {
        return Step::Thousandfold;
    }
    match after_mwh.checked_sub(before_mwh) {
        Some(mwh) if mwh >= 0 => Step::Forward { mwh },
        _ => Step::Backward,
    }
}

fn times_power_of_ten(value: Decimal, exponent: i64) -> Option<Decimal> {
    let scale = i64::from(value.scale()).checked_sub(exponent)?;
    let (mantissa, scale) = match u8::try_from(scale) {
        Ok(scale) => (value.mantissa(), scale),
        Err(_) => {
            let missing = u32::try_from(scale.checked_neg()?).ok()?;
            (value.mantissa().checked_mul(10_i64.checked_pow(missing)?)?, 0)
        }
    };
    (scale <= Decimal::MAX_SCALE).then(|| Decimal::from_scaled(mantissa, scale))
}

impl Quantity {
    /// What the measurand with this name measures, in any version.
    pub fn of(measurand: &str) -> Self {
        const BY_BEGINNING: &[(&str, Quantity)] = &[
            ("Energy.Reactive.", Quantity::ReactiveEnergy),
            ("Energy.Apparent.", Quantity::ApparentEnergy),
            ("Energy", Quantity::ActiveEnergy),
            ("Display.BatteryEnergyCapacity", Quantity::ActiveEnergy),
            ("Power.Reactive.", Quantity::ReactivePower),
            ("Power.Factor", Quantity::PowerFactor),
            ("Power.", Quantity::ActivePower),
            ("Current.", Quantity::Current),
            ("Voltage", Quantity::Voltage),
            ("Frequency", Quantity::Frequency),
            ("Temperature", Quantity::Temperature),
            ("SoC", Quantity::StateOfCharge),
            ("Display.PresentSOC", Quantity::StateOfCharge),
            ("Display.MinimumSOC", Quantity::StateOfCharge),
            ("Display.TargetSOC", Quantity::StateOfCharge),
            ("Display.MaximumSOC", Quantity::StateOfCharge),
            ("Display.RemainingTime", Quantity::Time),
            ("RPM", Quantity::Speed),
        ];
        BY_BEGINNING
            .iter()
            .find(|(beginning, _)| measurand.starts_with(beginning))
            .map_or(Self::Other, |(_, quantity)| *quantity)
    }

    /// The unit that a value without unit most likely has.
    pub fn usual_unit(self) -> Option<Unit> {
        match self {
            Self::ActiveEnergy => Some(Unit::WattHour),
            Self::ReactiveEnergy => Some(Unit::VarHour),
            Self::ApparentEnergy => Some(Unit::VoltAmpereHour),
            Self::ActivePower => Some(Unit::Watt),
            Self::ReactivePower => Some(Unit::Var),
            Self::ApparentPower => Some(Unit::VoltAmpere),
            Self::Current => Some(Unit::Ampere),
            Self::Voltage => Some(Unit::Volt),
            Self::Frequency => Some(Unit::Hertz),
            Self::Temperature => Some(Unit::Celsius),
            Self::StateOfCharge => Some(Unit::Percent),
            Self::Speed => Some(Unit::RevolutionsPerMinute),
            Self::Time => Some(Unit::Second),
            Self::PowerFactor | Self::Other => None,
        }
    }
}

impl Unit {
    /// What is measured in this unit.
    pub fn quantity(self) -> Quantity {
        match self {
            Self::WattHour => Quantity::ActiveEnergy,
            Self::VarHour => Quantity::ReactiveEnergy,
            Self::VoltAmpereHour => Quantity::ApparentEnergy,
            Self::Watt => Quantity::ActivePower,
            Self::Var => Quantity::ReactivePower,
            Self::VoltAmpere => Quantity::ApparentPower,
            Self::Ampere => Quantity::Current,
            Self::Volt => Quantity::Voltage,
            Self::Hertz => Quantity::Frequency,
            Self::Celsius | Self::Fahrenheit | Self::Kelvin => Quantity::Temperature,
            Self::Percent => Quantity::StateOfCharge,
            Self::RevolutionsPerMinute => Quantity::Speed,
            Self::Second => Quantity::Time,
        }
    }

    /// The unit of a text, and the power of ten of its prefix.
    fn parse(text: &str) -> Option<(Self, i64)> {
        Some(match text {
            "Wh" => (Self::WattHour, 0),
            "kWh" => (Self::WattHour, 3),
            "varh" => (Self::VarHour, 0),
            "kvarh" => (Self::VarHour, 3),
            "VAh" => (Self::VoltAmpereHour, 0),
            "kVAh" => (Self::VoltAmpereHour, 3),
            "W" => (Self::Watt, 0),
            "kW" => (Self::Watt, 3),
            "var" => (Self::Var, 0),
            "kvar" => (Self::Var, 3),
            "VA" => (Self::VoltAmpere, 0),
            "kVA" => (Self::VoltAmpere, 3),
            "A" => (Self::Ampere, 0),
            "V" => (Self::Volt, 0),
            "Hz" => (Self::Hertz, 0),
            "mHz" => (Self::Hertz, -3),
            "Celsius" | "Celcius" => (Self::Celsius, 0),
            "Fahrenheit" => (Self::Fahrenheit, 0),
            "K" => (Self::Kelvin, 0),
            "Percent" => (Self::Percent, 0),
            "RPM" => (Self::RevolutionsPerMinute, 0),
            "s" => (Self::Second, 0),
            _ => return None,
        })
    }
}

#[cfg(feature = "v1_6")]
impl From<&crate::v1_6::SampledValue> for Reading {
    fn from(sampled: &crate::v1_6::SampledValue) -> Self {
        let signed = sampled.format == Some(crate::v1_6::ValueFormat::SignedData);
        Self::new(&Sample {
            measurand: sampled.measurand.map(|measurand| measurand.as_str()),
            value: if signed { None } else { sampled.value.trim_ascii().parse().ok() },
            unit: sampled.unit.map(|unit| unit.as_str()),
            multiplier: 0,
            phase: sampled.phase.map(|phase| phase.as_str()),
            location: sampled.location.map(|location| location.as_str()),
            context: sampled.context.map(|context| context.as_str()),
        })
    }
}

#[cfg(any(feature = "v2_0_1", feature = "v2_1"))]
macro_rules! from_version_2 {
    ($version:ident) => {
        impl From<&crate::$version::SampledValue> for Reading {
            fn from(sampled: &crate::$version::SampledValue) -> Self {
                let unit = sampled.unit_of_measure.as_ref();
                Self::new(&Sample {
                    measurand: sampled.measurand.map(|measurand| measurand.as_str()),
                    value: Some(sampled.value),
                    unit: unit.and_then(|unit| unit.unit.as_deref()),
                    multiplier: unit.and_then(|unit| unit.multiplier).unwrap_or(0),
                    phase: sampled.phase.map(|phase| phase.as_str()),
                    location: sampled.location.map(|location| location.as_str()),
                    context: sampled.context.map(|context| context.as_str()),
                })
            }
        }
    };
}

#[cfg(feature = "v2_0_1")]
from_version_2!(v2_0_1);
#[cfg(feature = "v2_1")]
from_version_2!(v2_1);

#[cfg(all(test, feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
mod tests;
