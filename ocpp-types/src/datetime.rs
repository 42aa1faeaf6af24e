//! Dates and times, read and written as OCPP does (RFC 3339).

use alloc::string::String;

pub use chrono::{DateTime, Utc};
use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};

/// Reads an RFC 3339 date and time: any offset, `T` and `Z` in either case, a fraction of any length.
///
/// Digits beyond nanoseconds are dropped. A leap second, allowed at 23:59:60 UTC only, is read as the second after it. The years
/// 0 to 9999 (in UTC) are accepted.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let mut scanner = Scanner(text.as_bytes());
    let time = scanner.local_time(b"Tt")?;
    let offset = scanner.offset()?;
    if !scanner.0.is_empty() {
        return None;
    }
    time.at_offset(offset)
}

/// Like [`parse`], and reads common mistakes too: a space for the `T`, single digits, a comma before the fraction, no seconds, an
/// offset without colon or minutes, or none at all, which is taken for UTC.
pub(crate) fn parse_lenient(text: &str) -> Option<DateTime<Utc>> {
    let mut scanner = Scanner(text.trim_ascii().as_bytes());
    let time = scanner.lenient_local_time()?;
    let offset = if scanner.0.is_empty() { 0 } else { scanner.lenient_offset()? };
    if !scanner.0.is_empty() {
        return None;
    }
    time.at_offset(offset)
}

/// Whether the year has a form in RFC 3339.
pub(crate) fn is_writable(time: &DateTime<Utc>) -> bool {
    (0..=9999).contains(&time.year())
}

/// Appends `time` with `Z` and, unless they are zero, milliseconds. Smaller parts are cut off, as are digits of the year above four.
pub(crate) fn push(time: &DateTime<Utc>, text: &mut String) {
    let year = time.year().unsigned_abs();
    let mut buffer = *b"0000-00-00T00:00:00.000Z";
    // A nanosecond part above a second is chrono's leap second; it is written as the last moment before.
    let millis = (time.nanosecond() / 1_000_000).min(999);
    for (end, width, value) in [
        (4, 4, year),
        (7, 2, time.month()),
        (10, 2, time.day()),
        (13, 2, time.hour()),
        (16, 2, time.minute()),
        (19, 2, time.second()),
        (23, 3, millis),
    ] {
        let mut rest = value;
        for slot in buffer.iter_mut().take(end).rev().take(width) {
            *slot = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }
    let written = core::str::from_utf8(&buffer).unwrap_or_default();
    if millis == 0 {
        text.push_str(written.get(..19).unwrap_or_default());
        text.push('Z');
    } else {
        text.push_str(written);
    }
}

struct LocalTime {
    date: NaiveDate,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
}

impl LocalTime {
    /// The time in UTC, if the local one is `offset` seconds ahead of it.
    fn at_offset(&self, offset: i64) -> Option<DateTime<Utc>> {
        let leap = self.second == 60;
        let second = if leap { 59 } else { self.second };
        let time = NaiveTime::from_hms_nano_opt(self.hour, self.minute, second, self.nanosecond)?;
        let local = self.date.and_time(time).and_utc();
        let mut utc = local;
        if offset != 0 {
            utc = local.checked_sub_signed(TimeDelta::seconds(offset))?;
        }
        if leap {
            if (utc.hour(), utc.minute()) != (23, 59) {
                return None;
            }
            utc = utc.checked_add_signed(TimeDelta::seconds(1))?;
        }
        is_writable(&utc).then_some(utc)
    }
}

/// The unread rest of a text.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn local_time(&mut self, separators: &[u8]) -> Option<LocalTime> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, separator, h1, h2, b':', n1, n2, b':', s1, s2, rest @ ..] =
            self.0
        else {
            return None;
        };
        self.0 = rest;
        let nanosecond = self.fraction(b".")?;
        let year = number(*y1, *y2)? * 100 + number(*y3, *y4)?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(*m1, *m2)?, number(*d1, *d2)?)?;
        let (hour, minute, second) = (number(*h1, *h2)?, number(*n1, *n2)?, number(*s1, *s2)?);
        separators.contains(separator).then_some(LocalTime { date, hour, minute, second, nanosecond })
    }

    fn lenient_local_time(&mut self) -> Option<LocalTime> {
        let year = self.number()? * 100 + self.number()?;
        let month = self.short_number(b"-")?;
        let day = self.short_number(b"-")?;
        let hour = self.short_number(b"Tt ")?;
        let minute = self.short_number(b":")?;
        let (mut second, mut nanosecond) = (0, 0);
        if self.0.first() == Some(&b':') {
            second = self.short_number(b":")?;
            nanosecond = self.fraction(b".,")?;
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some(LocalTime { date, hour, minute, second, nanosecond })
    }

    /// The offset from UTC in seconds.
    fn offset(&mut self) -> Option<i64> {
        let Some(sign) = self.sign()? else { return Some(0) };
        let hours = self.number()?;
        self.one_of(b":")?;
        let minutes = self.number()?;
        offset_seconds(sign, hours, minutes)
    }

    fn lenient_offset(&mut self) -> Option<i64> {
        let Some(sign) = self.sign()? else { return Some(0) };
        let hours = self.number()?;
        if self.0.first() == Some(&b':') {
            self.one_of(b":")?;
        }
        let minutes = if self.0.is_empty() { 0 } else { self.number()? };
        offset_seconds(sign, hours, minutes)
    }

    /// The sign of an offset, or nothing for `Z`.
    fn sign(&mut self) -> Option<Option<i64>> {
        match self.one_of(b"Zz+-")? {
            b'+' => Some(Some(1)),
            b'-' => Some(Some(-1)),
            _ => Some(None),
        }
    }

    /// The nanoseconds of an optional fraction.
    fn fraction(&mut self, points: &[u8]) -> Option<u32> {
        if !self.0.first().is_some_and(|first| points.contains(first)) {
            return Some(0);
        }
        self.0 = self.0.get(1..)?;
        let (mut nanoseconds, mut unit) = (0, 100_000_000);
        let mut any = false;
        while let Some(digit) = self.0.first().filter(|byte| byte.is_ascii_digit()) {
            nanoseconds += u32::from(digit - b'0') * unit;
            unit /= 10;
            any = true;
            self.0 = self.0.get(1..)?;
        }
        any.then_some(nanoseconds)
    }

    /// A number of one digit or two, after one of the separators.
    fn short_number(&mut self, separators: &[u8]) -> Option<u32> {
        self.one_of(separators)?;
        match self.0 {
            [_, next, ..] if next.is_ascii_digit() => self.number(),
            [digit, rest @ ..] => {
                self.0 = rest;
                number(b'0', *digit)
            }
            [] => None,
        }
    }

    fn number(&mut self) -> Option<u32> {
        let [tens, ones, rest @ ..] = self.0 else { return None };
        self.0 = rest;
        number(*tens, *ones)
    }

    fn one_of(&mut self, expected: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        expected.contains(first).then_some(*first)
    }
}

/// The value of two digits.
fn number(tens: u8, ones: u8) -> Option<u32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn offset_seconds(sign: i64, hours: u32, minutes: u32) -> Option<i64> {
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};
    use proptest::prelude::*;

    use super::*;
    use crate::{codec::Encode, violation::Rule};

    fn written(time: &DateTime<Utc>) -> String {
        let mut text = String::new();
        push(time, &mut text);
        text
    }

    #[test]
    fn every_form_of_rfc_3339_is_read() {
        for (text, expected) in [
            ("2024-02-29T12:34:56Z", "2024-02-29T12:34:56Z"),
            ("2024-02-29t12:34:56z", "2024-02-29T12:34:56Z"),
            ("2024-02-29T12:34:56.7Z", "2024-02-29T12:34:56.700Z"),
            ("2024-02-29T12:34:56.123456789Z", "2024-02-29T12:34:56.123Z"),
            ("2024-02-29T12:34:56.1234567899999Z", "2024-02-29T12:34:56.123Z"),
            ("2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00Z"),
            ("2023-12-31T23:30:00-05:45", "2024-01-01T05:15:00Z"),
            ("2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z"),
            ("2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2017-01-01T01:59:60.5+02:00", "2017-01-01T00:00:00.500Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(written(&parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn nanoseconds_are_kept_when_read() {
        assert_eq!(parse("2024-02-29T12:34:56.123456789Z").unwrap().nanosecond(), 123_456_789);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "2024-02-29",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:61Z",
            "2024-01-01T12:00:60Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00,5Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00+0100",
            "2024-01-01T00:00:00+24:00",
            "2024-01-01T00:00:00+01:60",
            "2024-01-01T00:00:00+01",
            "2024-1-1T00:00:00Z",
            "222222017-01-01T00:00:00Z",
            "-024-01-01T00:00:00Z",
            "+024-01-01T00:00:00Z",
            "2024-01-01T00:00:00ZZ",
            " 2024-01-01T00:00:00Z",
            "2024-01-01T00:00Z",
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "２024-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn lenient_reading_knows_the_common_mistakes() {
        let expected = parse("2024-05-06T07:08:09Z");
        for text in [
            "2024-05-06T07:08:09",
            "2024-05-06 07:08:09",
            "2024-05-06T09:08:09+0200",
            "2024-05-06T09:08:09+02",
            " 2024-05-06 07:08:09Z ",
        ] {
            assert_eq!(parse_lenient(text), expected, "{text}");
        }
        assert_eq!(parse_lenient("yesterday"), None);
    }

    #[test]
    fn years_of_five_digits_are_not_written() {
        let last = parse("9999-12-31T23:59:59Z").unwrap();
        assert!(last.to_json().is_ok());
        assert_eq!((last + TimeDelta::seconds(1)).to_json().unwrap_err().rule, Rule::DateTime);
    }

    proptest! {
        #[test]
        fn chrono_agrees(seconds in -62_167_219_200_i64..253_402_300_800, millis in 0..1000_u32, offset in -1439..=1439_i32) {
            let time = DateTime::from_timestamp(seconds, millis * 1_000_000).unwrap();
            let text = written(&time);
            prop_assert_eq!(parse(&text), Some(time));
            prop_assert_eq!(DateTime::parse_from_rfc3339(&text).unwrap(), time);
            let local = time.with_timezone(&chrono::FixedOffset::east_opt(offset * 60).unwrap());
            if (0..=9999).contains(&local.year()) {
                prop_assert_eq!(parse(&format!("{}", local.format("%Y-%m-%dT%H:%M:%S%.f%:z"))), Some(time));
            }
        }
    }
}
