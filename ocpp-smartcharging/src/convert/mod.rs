//! From the messages of each version to the neutral model and back: from structs, and from the views of the tables.
//!
//! Numbers and times keep three digits after the point; what a message has beyond them is cut off. What a composite schedule or a
//! report gives is written with as many digits as its version allows, cut off too: never more than was meant.
//! Tariffs, price schedules, signatures and `customData` have no part in limits and are not kept.

#[cfg(all(feature = "tables", feature = "v1_6"))]
mod tables_v1_6;
#[cfg(feature = "v1_6")]
mod v1_6;
#[cfg(feature = "v2_0_1")]
mod v2_0_1;
#[cfg(feature = "v2_1")]
mod v2_1;

use chrono::{DateTime, SubsecRound, Utc};
use ocpp_types::Decimal;

#[cfg(feature = "v2_0_1")]
pub use self::v2_0_1::NotIn2_0_1;
use crate::validate::ReasonCode;

/// Why a message does not fit the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A number is negative where it cannot be, or beyond what its field can hold.
    #[error("{field} is {value}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Its value.
        value: i64,
    },
    /// A decimal number is beyond 64 bits in thousandths.
    #[error("{field} is {value}")]
    TooLarge {
        /// The field.
        field: &'static str,
        /// Its value.
        value: Decimal,
    },
    /// An enumeration value outside its schema, as lenient decoding lets through.
    #[error("unrecognized {field}")]
    Unrecognized {
        /// The field.
        field: &'static str,
    },
}

impl ConvertError {
    /// The field that does not fit.
    pub fn field(&self) -> &'static str {
        match self {
            Self::OutOfRange { field, .. } | Self::TooLarge { field, .. } | Self::Unrecognized { field } => field,
        }
    }

    /// What kind of fault it is.
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::OutOfRange { .. } | Self::TooLarge { .. } => ReasonCode::InvalidValue,
            Self::Unrecognized { .. } => ReasonCode::UnsupportedParam,
        }
    }
}

/// A time as it is stored and sent: to the millisecond.
fn whole_millis(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(3)
}

/// A time of the tables. What was read has a year that the calendar covers.
#[cfg(feature = "tables")]
fn time(time: ocpp_types::datetime::UnixMillis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.0).unwrap_or_default()
}

/// `value` in the narrower type of the model.
fn narrow<T: TryFrom<i64>>(field: &'static str, value: i64) -> Result<T, ConvertError> {
    T::try_from(value).map_err(|_| ConvertError::OutOfRange { field, value })
}

/// Takes numbers into the narrower types of the model, and remembers the first value that does not fit: whoever reads a message asks
/// once, at its end, so that no step has to pass a failure on.
#[cfg(all(feature = "tables", feature = "v1_6"))]
#[derive(Default)]
struct Fitting(Option<ConvertError>);

#[cfg(all(feature = "tables", feature = "v1_6"))]
impl Fitting {
    #[cold]
    fn refuse(&mut self, error: ConvertError) {
        self.0.get_or_insert(error);
    }

    fn number<T: TryFrom<i64> + Default>(&mut self, field: &'static str, value: i64) -> T {
        T::try_from(value).unwrap_or_else(|_| {
            self.refuse(ConvertError::OutOfRange { field, value });
            T::default()
        })
    }

    fn milli(&mut self, field: &'static str, value: Decimal) -> i64 {
        milli(field, value).unwrap_or_else(|error| {
            self.refuse(error);
            0
        })
    }

    /// A value of an enumeration; none if it was not recognised.
    fn word<T>(&mut self, field: &'static str, value: Option<T>, other: T) -> T {
        value.unwrap_or_else(|| {
            self.refuse(ConvertError::Unrecognized { field });
            other
        })
    }

    fn end<T>(self, value: T) -> Result<T, ConvertError> {
        match self.0 {
            Some(error) => Err(error),
            None => Ok(value),
        }
    }
}

fn narrow_option<T: TryFrom<i64>>(field: &'static str, value: Option<i64>) -> Result<Option<T>, ConvertError> {
    value.map(|value| narrow(field, value)).transpose()
}

/// In thousandths; further digits are cut off.
fn milli(field: &'static str, value: Decimal) -> Result<i64, ConvertError> {
    let shift = |exponent: u8| 10_i64.checked_pow(u32::from(exponent));
    let milli = match value.scale().checked_sub(3) {
        Some(extra) => shift(extra).map(|divisor| value.mantissa() / divisor),
        None => value.to_scaled(3),
    };
    milli.ok_or(ConvertError::TooLarge { field, value })
}

fn milli_option(field: &'static str, value: Option<Decimal>) -> Result<Option<i64>, ConvertError> {
    value.map(|value| milli(field, value)).transpose()
}

/// Thousandths with at most so many digits after the point, cut off, and none that is not needed.
fn decimal(milli: i64, digits: u8) -> Decimal {
    let (mut mantissa, mut scale) = (milli, 3);
    while scale > 0 && (scale > digits || mantissa % 10 == 0) {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::from_scaled(mantissa, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_thousandths_and_back() {
        let cases = [("16", 16_000, "16"), ("8.1", 8_100, "8.1"), ("-2.0605", -2_060, "-2"), ("0.05", 50, "0")];
        for (text, thousandths, tenths) in cases {
            let value: Decimal = text.parse().unwrap();
            assert_eq!(milli("limit", value), Ok(thousandths));
            assert_eq!(alloc::string::ToString::to_string(&decimal(thousandths, 1)), tenths);
            assert_eq!(milli("limit", decimal(thousandths, 3)), Ok(thousandths));
        }
        let huge = Decimal::from_scaled(i64::MAX, 0);
        assert_eq!(milli("limit", huge), Err(ConvertError::TooLarge { field: "limit", value: huge }));
    }
}
