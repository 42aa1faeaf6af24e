//! What messages say of meters, whatever version they are of. Numbers are read as far as they can be: that they keep their schema is
//! checked elsewhere.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use ocpp_types::{Decimal, datetime};
use serde_json::Value;

/// The reading of a register that counts imported energy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Register {
    /// Its place in the payload.
    pub path: String,
    /// When it was read.
    pub at: Option<DateTime<Utc>>,
    /// What it showed.
    pub milliwatt_hours: i64,
}

/// Readings of the main register in a list of `MeterValue` at the member `name`: all phases together, at the outlet, unsigned.
pub(crate) fn registers(payload: &Value, name: &str) -> Vec<Register> {
    let mut found = Vec::new();
    for (i, value) in list(payload, name).enumerate() {
        let at = time(value, "timestamp");
        for (j, sample) in list(value, "sampledValue").enumerate() {
            let is = |member: &str, expected: &str| sample.get(member).is_none_or(|found| found == expected);
            if is("measurand", "Energy.Active.Import.Register")
                && sample.get("phase").is_none()
                && is("location", "Outlet")
                && is("format", "Raw")
                && let Some(milliwatt_hours) = energy(sample)
            {
                let path = format!("$.{name}[{i}].sampledValue[{j}].value");
                found.push(Register { path, at, milliwatt_hours });
            }
        }
    }
    found
}

/// The value of a sample in mWh.
fn energy(sample: &Value) -> Option<i64> {
    let unit = |of: &Value| of.get("unit").and_then(Value::as_str).map(str::to_owned);
    let structured = sample.get("unitOfMeasure");
    let factor = match unit(sample).or_else(|| structured.and_then(unit)).as_deref() {
        None | Some("Wh") => 0,
        Some("kWh") => 3,
        Some(_) => return None,
    };
    let multiplier = structured.and_then(|unit| unit.get("multiplier")).map_or(Some(0), Value::as_i64)?;
    let value = decimal(sample.get("value")?)?;
    let power = factor + multiplier.clamp(-18, 18) + 3 - i64::from(value.scale());
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
    fn registers_of_both_families_are_read_in_milliwatt_hours() {
        let read = |sample: Value| {
            let registers = registers(&json!({"v": [{"sampledValue": [sample]}]}), "v");
            registers.first().map(|register| register.milliwatt_hours)
        };
        assert_eq!(read(json!({"value": "12.5"})), Some(12_500));
        assert_eq!(read(json!({"value": "0.0125", "unit": "kWh"})), Some(12_500));
        assert_eq!(read(json!({"value": 12.5, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}})), Some(12_500_000));
        assert_eq!(read(json!({"value": 5, "unitOfMeasure": {"multiplier": -4}})), Some(0));
        assert_eq!(read(json!({"value": 12.5, "unitOfMeasure": {"unit": "kWh"}})), Some(12_500_000));
        for other in [
            json!({"value": "1", "phase": "L1"}),
            json!({"value": "1", "measurand": "Current.Import"}),
            json!({"value": "1", "location": "Inlet"}),
            json!({"value": "1", "unit": "A"}),
            json!({"value": "?"}),
            json!({"value": "9223372036854775807"}),
        ] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
    }
}
