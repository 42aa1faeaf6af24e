//! Short loops over bytes, in which most of the reading time goes.

/// How many bytes come before the first quote, backslash or control character, or in all. Eight are looked at in one step.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The high bit of each byte that is below `limit`, unless it was set before; above the first such byte others may be set too.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit);
    let (mut length, mut rest) = (0, bytes);
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // With bit 1 turned over, the quote comes right behind the control characters and the space changes places with it.
        let quote_or_control = below(word ^ (ONES * 2), 0x21);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = (quote_or_control | backslash) & !word & HIGH;
        if found != 0 {
            return length + (found.trailing_zeros() / 8) as usize;
        }
        length += 8;
        rest = after;
    }
    let stops = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
    length + rest.iter().position(stops).unwrap_or(rest.len())
}

/// The integer that `text` begins with, and its length, if it is too short to overflow. Nothing for all else, fractions and exponents
/// included.
pub(super) fn short_integer(text: &[u8]) -> Option<(i64, usize)> {
    let (negative, unsigned) = match text {
        [b'-', unsigned @ ..] => (true, unsigned),
        unsigned => (false, unsigned),
    };
    let (value, length) = digits(unsigned, 0);
    let leading_zero = length > 1 && unsigned.first() == Some(&b'0');
    if length == 0 || length > 18 || leading_zero || matches!(unsigned.get(length), Some(b'.' | b'e' | b'E')) {
        return None;
    }
    Some((if negative { -value } else { value }, length + usize::from(negative)))
}

/// Appends the digits that `text` begins with to `value`, and counts them. The value has no meaning when there are more than 18.
#[inline]
pub(crate) fn digits(text: &[u8], value: i64) -> (i64, usize) {
    let (mut value, mut count) = (value, 0);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        count += 1;
    }
    (value, count)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_byte_at_every_place_ends_a_plain_run_or_does_not() {
        for length in 0..20 {
            for place in 0..length {
                for byte in 0..=255 {
                    // What surrounds it must not disturb: the space and letters next to the quote and the backslash, high bytes.
                    for fill in [b' ', b'!', b'#', b'[', b']', 0x7F, 0x80, 0xFF] {
                        let mut text: Vec<u8> = core::iter::repeat_n(fill, length).collect();
                        text[place] = byte;
                        let ends = byte < 0x20 || byte == b'"' || byte == b'\\';
                        assert_eq!(plain_length(&text), if ends { place } else { length }, "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn integers_are_short_up_to_eighteen_digits() {
        for (text, read) in [
            (&b"0,"[..], Some((0, 1))),
            (b"-0", Some((0, 2))),
            (b"-12]", Some((-12, 3))),
            (b"999999999999999999", Some((999_999_999_999_999_999, 18))),
            (b"1000000000000000000", None),
            (b"99999999999999999999999999", None),
            (b"01", None),
            (b"1.0", None),
            (b"1e2", None),
            (b"-", None),
            (b"+1", None),
            (b"", None),
        ] {
            assert_eq!(short_integer(text), read, "{text:?}");
        }
    }
}
