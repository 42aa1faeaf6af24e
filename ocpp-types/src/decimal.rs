//! Exact decimal numbers.

use alloc::string::String;
use core::{cmp::Ordering, fmt, num::NonZeroU8, str::FromStr};

use crate::json::digits;

/// A decimal number kept exactly as it was written: a 64-bit mantissa and the number of digits after the point.
///
/// `2935.600` stays `2935.600`, and `0.1` is one tenth. Comparing looks at the value only, so `1.50 == 1.5`. A number with an
/// exponent is written without it, with the same value.
///
/// ```
/// use ocpp_types::decimal::Decimal;
///
/// let energy: Decimal = "2935.600".parse()?;
/// assert_eq!(energy.to_string(), "2935.600");
/// assert_eq!(energy.to_scaled(3), Some(2_935_600));
/// assert_eq!(energy, Decimal::from_scaled(29356, 1));
/// # Ok::<(), ocpp_types::decimal::ParseDecimalError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Decimal {
    mantissa: i64,
    /// One more than the number of digits after the point, so that an `Option` needs no more room.
    scale: NonZeroU8,
}

/// A text is no decimal number, or has more digits than a [`Decimal`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number of at most 18 digits")]
pub struct ParseDecimalError;

impl Decimal {
    /// The greatest number of digits after the point.
    pub const MAX_SCALE: u8 = 18;

    /// Zero, without digits after the point.
    pub const ZERO: Self = Self { mantissa: 0, scale: NonZeroU8::MIN };

    /// `mantissa` divided by ten to the power of `scale`: `from_scaled(2_935_600, 3)` is 2935.600. A scale above
    /// [`MAX_SCALE`](Self::MAX_SCALE) counts as that.
    pub fn from_scaled(mantissa: i64, scale: u8) -> Self {
        let digits = scale.min(Self::MAX_SCALE);
        Self { mantissa, scale: NonZeroU8::MIN.saturating_add(digits) }
    }

    /// All digits as one integer: 2935600 for `2935.600`.
    pub fn mantissa(&self) -> i64 {
        self.mantissa
    }

    /// The number of digits after the point: 3 for `2935.600`.
    pub fn scale(&self) -> u8 {
        self.scale.get() - 1
    }

    /// The number in units of ten to the power of minus `scale`, if that is an integer of 64 bits: 32 A to the scale 3 is 32,000 mA.
    pub fn to_scaled(&self, scale: u8) -> Option<i64> {
        match scale.checked_sub(self.scale()) {
            Some(more) => self.mantissa.checked_mul(power_of_ten(more)?),
            None => {
                let divisor = power_of_ten(self.scale() - scale)?;
                (self.mantissa % divisor == 0).then(|| self.mantissa / divisor)
            }
        }
    }

    /// The number in units of ten to the power of minus `scale`, rounded to the nearest integer, halves away from zero; `None` if
    /// that exceeds 64 bits.
    pub fn round_scaled(&self, scale: u8) -> Option<i64> {
        if self.scale() <= scale {
            return self.to_scaled(scale);
        }
        let divisor = power_of_ten(self.scale() - scale)?;
        let (whole, rest) = (self.mantissa / divisor, self.mantissa % divisor);
        let is_up = rest.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2);
        Some(if is_up { whole + rest.signum() } else { whole })
    }

    /// Whether the number is less than an integer.
    pub(crate) fn is_below(&self, bound: i64) -> bool {
        // Rounding down keeps the answer, and needs no wider integers.
        self.mantissa.div_euclid(power_of_ten(self.scale()).unwrap_or(1)) < bound
    }

    /// Whether the number is greater than an integer.
    pub(crate) fn is_above(&self, bound: i64) -> bool {
        let unit = power_of_ten(self.scale()).unwrap_or(1);
        let whole = self.mantissa.div_euclid(unit);
        whole > bound || (whole == bound && self.mantissa.rem_euclid(unit) > 0)
    }

    /// The number, if it is an integer.
    pub fn to_integer(&self) -> Option<i64> {
        self.to_scaled(0)
    }

    /// The digits, as `Display` has them.
    pub fn digits(&self) -> String {
        let mut text = String::new();
        self.push_to(&mut text);
        text
    }

    /// Appends the digits to `text`.
    pub(crate) fn push_to(&self, text: &mut String) {
        let mut buffer = [0; 20];
        let digits = crate::json::decimal_digits(self.mantissa.unsigned_abs(), false, &mut buffer);
        let scale = usize::from(self.scale());
        if self.mantissa < 0 {
            text.push('-');
        }
        let (whole, fraction) = digits.split_at_checked(digits.len().saturating_sub(scale)).unwrap_or_default();
        text.push_str(if whole.is_empty() { "0" } else { whole });
        if scale > 0 {
            text.push('.');
            for _ in fraction.len()..scale {
                text.push('0');
            }
            text.push_str(fraction);
        }
    }
}

/// The decimal digits of a number, without `core::fmt`, which is much for a device. Twenty bytes hold each.
pub fn digits_of(number: u64, buffer: &mut [u8; 20]) -> &str {
    crate::json::decimal_digits(number, false, buffer)
}

fn power_of_ten(exponent: u8) -> Option<i64> {
    (0..exponent).try_fold(1_i64, |power, _| power.checked_mul(10))
}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    /// Reads the grammar of JSON numbers.
    fn from_str(text: &str) -> Result<Self, ParseDecimalError> {
        match Self::from_short(text.as_bytes()) {
            Some((value, length)) if length == text.len() => Ok(value),
            _ => Self::from_any(text),
        }
    }
}

impl Decimal {
    /// The number that `text` begins with, and its length, if it is too short to overflow and has no exponent.
    pub(crate) fn from_short(text: &[u8]) -> Option<(Self, usize)> {
        let (negative, unsigned) = match text {
            [b'-', unsigned @ ..] => (true, unsigned),
            unsigned => (false, unsigned),
        };
        let (whole, length) = digits(unsigned, 0);
        let (mut mantissa, mut scale, mut end) = (whole, 0, length);
        let mut rest = unsigned.get(length..)?;
        if let [b'.', fraction @ ..] = rest {
            (mantissa, scale) = digits(fraction, whole);
            end = length + 1 + scale;
            rest = fraction.get(scale..)?;
        }
        let leading_zero = length > 1 && unsigned.first() == Some(&b'0');
        let no_fraction = end > length && scale == 0;
        if length == 0 || length + scale > 18 || leading_zero || no_fraction || matches!(rest, [b'e' | b'E', ..]) {
            return None;
        }
        let scale = u8::try_from(scale).ok()?;
        let value = Self::from_scaled(if negative { -mantissa } else { mantissa }, scale);
        Some((value, end + usize::from(negative)))
    }

    fn from_any(text: &str) -> Result<Self, ParseDecimalError> {
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', unsigned @ ..] => (true, unsigned),
            unsigned => (false, unsigned),
        };
        // Collected below zero, where one value more exists than above.
        let mut mantissa = 0_i64;
        let (mut digits, mut point, mut exponent) = (0_usize, None, 0);
        let mut rest = unsigned;
        while let [byte, after @ ..] = rest {
            rest = after;
            match byte {
                b'0'..=b'9' => {
                    mantissa = push_digit(mantissa, byte - b'0')?;
                    digits += 1;
                }
                b'.' if point.is_none() => point = Some(digits),
                b'e' | b'E' => {
                    exponent = parse_exponent(rest)?;
                    break;
                }
                _ => return Err(ParseDecimalError),
            }
        }
        let whole = point.unwrap_or(digits);
        let leading_zero = whole > 1 && unsigned.first() == Some(&b'0');
        if whole == 0 || point == Some(digits) || leading_zero {
            return Err(ParseDecimalError);
        }
        let fraction = i64::try_from(digits - whole).map_err(|_| ParseDecimalError)?;
        let mut scale = fraction.saturating_sub(exponent);
        if mantissa == 0 && exponent != 0 {
            scale = scale.clamp(0, i64::from(Self::MAX_SCALE));
        }
        while scale > i64::from(Self::MAX_SCALE) && exponent < 0 && mantissa % 10 == 0 {
            (mantissa, scale) = (mantissa / 10, scale - 1);
        }
        while scale < 0 {
            (mantissa, scale) = (push_digit(mantissa, 0)?, scale + 1);
        }
        let mantissa = if negative { mantissa } else { mantissa.checked_neg().ok_or(ParseDecimalError)? };
        match u8::try_from(scale) {
            Ok(scale) if scale <= Self::MAX_SCALE => Ok(Self::from_scaled(mantissa, scale)),
            _ => Err(ParseDecimalError),
        }
    }
}

fn push_digit(negative: i64, digit: u8) -> Result<i64, ParseDecimalError> {
    negative.checked_mul(10).and_then(|value| value.checked_sub(i64::from(digit))).ok_or(ParseDecimalError)
}

fn parse_exponent(text: &[u8]) -> Result<i64, ParseDecimalError> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return Err(ParseDecimalError);
    }
    let mut magnitude = 0_i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(ParseDecimalError);
        }
        // An exponent beyond 16 bits is as hopeless as the greatest one, unless the number is zero.
        magnitude = (magnitude * 10 + i64::from(digit - b'0')).min(i64::from(u16::MAX));
    }
    Ok(if negative { -magnitude } else { magnitude })
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self::from_scaled(value, 0)
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self::from_scaled(i64::from(value), 0)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale().max(other.scale());
        self.widened(scale).cmp(&other.widened(scale))
    }
}

impl Decimal {
    /// The mantissa at a `scale` that is not below the own one. 19 digits more always fit into 128 bits.
    fn widened(&self, scale: u8) -> i128 {
        let factor = power_of_ten(scale.saturating_sub(self.scale())).unwrap_or(1);
        i128::from(self.mantissa) * i128::from(factor)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

crate::interop::via_json!(Decimal);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits())
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trailing_zeros_survive() {
        for text in ["2935.600", "0.000", "-12.50", "7", "0", "0.000000000000000001", "-9223372036854775808"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn exponents_are_written_out() {
        for (text, written) in [
            ("1e3", "1000"),
            ("1.5E+2", "150"),
            ("25e-3", "0.025"),
            ("1.0e1", "10"),
            ("0e999999999999", "0"),
            ("0e-999999999999", "0.000000000000000000"),
            ("1e00000000000000000000", "1"),
            ("-1.25e1", "-12.5"),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_kept_exactly_is_refused() {
        for text in ["1e19", "1e-19", "9223372036854775808", "0.0000000000000000001", "1e999999999999999999999", ""] {
            assert_eq!(text.parse::<Decimal>(), Err(ParseDecimalError), "{text}");
        }
    }

    #[test]
    fn only_the_grammar_of_json_is_read() {
        for text in
            ["+1", "01", "1.", ".5", "1e", "1e+", "--1", "1_0", " 1", "1 ", "-", "0x10", "NaN", "1.2.3", "1e2e3"]
        {
            assert_eq!(text.parse::<Decimal>(), Err(ParseDecimalError), "{text}");
        }
    }

    #[test]
    fn an_option_needs_no_more_room() {
        assert_eq!(size_of::<Option<Decimal>>(), size_of::<Decimal>());
    }

    proptest! {
        #[test]
        fn texts_round_trip(mantissa in any::<i64>(), scale in 0..=Decimal::MAX_SCALE) {
            let value = Decimal::from_scaled(mantissa, scale);
            let read: Decimal = value.to_string().parse().unwrap();
            prop_assert_eq!((read.mantissa(), read.scale()), (mantissa, scale));
        }

        #[test]
        fn order_is_by_value(a in -1000..1000_i64, b in -1000..1000_i64, s in 0..4_u8, t in 0..4_u8) {
            let (x, y) = (Decimal::from_scaled(a, s), Decimal::from_scaled(b, t));
            let (x_scaled, y_scaled) = (a * 10_i64.pow(4 - u32::from(s)), b * 10_i64.pow(4 - u32::from(t)));
            prop_assert_eq!(x.cmp(&y), x_scaled.cmp(&y_scaled));
            prop_assert_eq!(x.to_scaled(4), Some(x_scaled));
        }

        #[test]
        fn bounds_are_those_of_the_order(mantissa in any::<i64>(), scale in 0..=Decimal::MAX_SCALE, bound in -20..20_i64) {
            for value in [Decimal::from_scaled(mantissa, scale), Decimal::from_scaled(bound, scale)] {
                prop_assert_eq!(value.is_below(bound), value < Decimal::from(bound));
                prop_assert_eq!(value.is_above(bound), value > Decimal::from(bound));
            }
        }

        #[test]
        fn rounding_goes_to_the_nearest(mantissa in -100_000..100_000_i64, scale in 0..5_u8) {
            let rounded = Decimal::from_scaled(mantissa, 4).round_scaled(scale).unwrap();
            let unit = 10_i64.pow(4 - u32::from(scale.min(4)));
            if scale <= 4 {
                prop_assert!((rounded * unit - mantissa).abs() * 2 <= unit);
            }
        }

        #[test]
        fn exponents_keep_the_value(mantissa in -100_000..100_000_i64, exponent in -12..12_i32) {
            let read: Decimal = format!("{mantissa}e{exponent}").parse().unwrap();
            let expected = if exponent < 0 {
                Decimal::from_scaled(mantissa, exponent.unsigned_abs() as u8)
            } else {
                Decimal::from(mantissa * 10_i64.pow(exponent as u32))
            };
            prop_assert_eq!(read, expected);
        }
    }
}
