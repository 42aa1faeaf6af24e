//! What messages say of meters, whatever version they are of. Numbers are read as far as they can be: that they keep their schema is
//! checked elsewhere.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use ocpp_types::{Decimal, datetime};
use serde_json::Value;

/// What a sample is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Quantity {
    /// The register of imported energy, in Wh.
    Energy,
    /// Power imported, in W.
    Power,
    /// Current imported, in A.
    Current,
}

/// One value of a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Its place in the payload.
    pub path: String,
    /// When it was taken.
    pub at: Option<DateTime<Utc>>,
    /// What it is of.
    pub quantity: Quantity,
    /// The value in thousandths of the unit of its quantity.
    pub milli: i64,
}

/// The samples in a list of `MeterValue` at the member `name`: unsigned ones of all phases together, at the outlet.
pub(crate) fn samples(payload: &Value, name: &str) -> Vec<Sample> {
    let mut found = Vec::new();
    for (i, value) in list(payload, name).enumerate() {
        let at = time(value, "timestamp");
        for (j, sample) in list(value, "sampledValue").enumerate() {
            let is = |member: &str, expected: &str| sample.get(member).is_none_or(|found| found == expected);
            let is_plain = sample.get("phase").is_none() && is("location", "Outlet") && is("format", "Raw");
            let quantity = match text(sample, "measurand") {
                None | Some("Energy.Active.Import.Register") => Quantity::Energy,
                Some("Power.Active.Import") => Quantity::Power,
                Some("Current.Import") => Quantity::Current,
                Some(_) => continue,
            };
            if is_plain && let Some(milli) = milli(sample, quantity) {
                found.push(Sample { path: format!("$.{name}[{i}].sampledValue[{j}].value"), at, quantity, milli });
            }
        }
    }
    found
}

/// The value of a sample in thousandths.
fn milli(sample: &Value, quantity: Quantity) -> Option<i64> {
    let structured = sample.get("unitOfMeasure");
    let unit = text(sample, "unit").or_else(|| text(structured?, "unit"));
    let kilo = match (quantity, unit) {
        (_, None) | (Quantity::Energy, Some("Wh")) | (Quantity::Power, Some("W")) | (Quantity::Current, Some("A")) => 0,
        (Quantity::Energy, Some("kWh")) | (Quantity::Power, Some("kW")) => 3,
        (Quantity::Energy | Quantity::Power | Quantity::Current, Some(_)) => return None,
    };
    let multiplier = structured.and_then(|unit| unit.get("multiplier")).map_or(Some(0), Value::as_i64)?;
    let value = decimal(sample.get("value")?)?;
    let power = kilo + multiplier.clamp(-18, 18) + 3 - i64::from(value.scale());
    let step = 10_i64.checked_pow(u32::try_from(power.unsigned_abs()).ok()?)?;
    if power < 0 { Some(value.mantissa() / step) } else { value.mantissa().checked_mul(step) }
}

/// A number, or a text that is one.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Decimal::from_str(&number.to_string()).ok(),
        Value::String(text) => Decimal::from_str(text).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The items of a list; none if there is no list.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A whole number.
pub(crate) fn integer(value: &Value, name: &str) -> Option<i64> {
    value.get(name).and_then(Value::as_i64)
}

/// A text.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// A time.
pub(crate) fn time(value: &Value, name: &str) -> Option<DateTime<Utc>> {
    datetime::parse(text(value, name)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn samples_of_both_families_are_read_in_thousandths() {
        let read = |sample: Value| {
            let samples = samples(&json!({"v": [{"sampledValue": [sample]}]}), "v");
            samples.first().map(|sample| (sample.quantity, sample.milli))
        };
        let energy = |milli| Some((Quantity::Energy, milli));
        assert_eq!(read(json!({"value": "12.5"})), energy(12_500));
        assert_eq!(read(json!({"value": "0.0125", "unit": "kWh"})), energy(12_500));
        assert_eq!(read(json!({"value": 12.5, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}})), energy(12_500_000));
        assert_eq!(read(json!({"value": 5, "unitOfMeasure": {"multiplier": -4}})), energy(0));
        let power = json!({"value": "7.4", "unit": "kW", "measurand": "Power.Active.Import"});
        assert_eq!(read(power), Some((Quantity::Power, 7_400_000)));
        let current = json!({"value": 16, "measurand": "Current.Import"});
        assert_eq!(read(current), Some((Quantity::Current, 16_000)));
        for other in [
            json!({"value": "1", "phase": "L1"}),
            json!({"value": "1", "measurand": "Voltage"}),
            json!({"value": "1", "location": "Inlet"}),
            json!({"value": "1", "unit": "A"}),
            json!({"value": "?"}),
            json!({"value": "9223372036854775807"}),
        ] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
    }
}
