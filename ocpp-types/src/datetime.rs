//! Dates and times, read and written as OCPP does (RFC 3339).

use alloc::string::String;

pub use chrono::{DateTime, Utc};
/// Reads an RFC 3339 date and time: any offset, `T` and `Z` in either case, a fraction of any length.
///
/// Digits beyond nanoseconds are dropped. A leap second, allowed at 23:59:60 UTC only, is read as the second after it. The years
/// 0 to 9999 (in UTC) are accepted.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    parse_moment(text)?.date_time()
}

/// Like [`parse`], and reads common mistakes too: a space for the `T`, single digits, a comma before the fraction, no seconds, an
/// offset without colon or minutes, or none at all, which is taken for UTC.
pub(crate) fn parse_lenient(text: &str) -> Option<Moment> {
    let mut scanner = Scanner(text.trim_ascii().as_bytes());
    let time = scanner.lenient_local_time()?;
    let offset = if scanner.0.is_empty() { 0 } else { scanner.lenient_offset()? };
    if !scanner.0.is_empty() {
        return None;
    }
    time.at_offset(offset)
}

/// Like [`parse`], without the calendar of another crate.
pub(crate) fn parse_moment(text: &str) -> Option<Moment> {
    let mut scanner = Scanner(text.as_bytes());
    let time = scanner.local_time(b"Tt")?;
    let offset = scanner.offset()?;
    if !scanner.0.is_empty() {
        return None;
    }
    time.at_offset(offset)
}

/// Whether the year has a form in RFC 3339.
pub(crate) fn is_writable(time: &DateTime<Utc>) -> bool {
    WRITABLE.contains(&time.timestamp())
}

/// Appends `time` with `Z` and, unless they are zero, milliseconds. Smaller parts are cut off, as are digits of the year above four.
pub(crate) fn push(time: &DateTime<Utc>, text: &mut String) {
    // A nanosecond part above a second is chrono's leap second; it is written as the last moment before.
    push_parts(time.timestamp(), (time.timestamp_subsec_nanos() / 1_000_000).min(999), text);
}

/// Appends a time given in seconds and milliseconds, as [`push`] does.
fn push_parts(seconds: i64, millis: u32, text: &mut String) {
    let days = i32::try_from(seconds.div_euclid(DAY)).unwrap_or_default();
    let clock = u32::try_from(seconds.rem_euclid(DAY)).unwrap_or_default();
    let (year, month, day) = civil(days);
    let mut buffer = *b"0000-00-00T00:00:00.000Z";
    for (end, width, value) in [
        (4, 4, year.unsigned_abs()),
        (7, 2, month),
        (10, 2, day),
        (13, 2, clock / 3600),
        (16, 2, clock / 60 % 60),
        (19, 2, clock % 60),
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

/// Seconds of a day.
const DAY: i64 = 86_400;
/// The seconds of the years 0 to 9999, which RFC 3339 can write.
const WRITABLE: core::ops::Range<i64> = -62_167_219_200..253_402_300_800;

/// A time in seconds since 1970 and nanoseconds.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    seconds: i64,
    nanosecond: u32,
}

impl Moment {
    pub(crate) fn date_time(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.seconds, self.nanosecond)
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z: a time without a calendar, for devices whose flash is small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Reads what [`parse`] reads. Digits beyond milliseconds are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        parse_moment(text).map(Self::from)
    }

    /// Whether the year has a form in RFC 3339.
    pub(crate) fn is_writable(self) -> bool {
        WRITABLE.contains(&self.0.div_euclid(1000))
    }

    /// Appends the time as messages write it.
    pub fn push_to(self, text: &mut String) {
        let millis = u32::try_from(self.0.rem_euclid(1000)).unwrap_or_default();
        push_parts(self.0.div_euclid(1000), millis, text);
    }
}

impl From<Moment> for UnixMillis {
    fn from(moment: Moment) -> Self {
        Self(moment.seconds * 1000 + i64::from(moment.nanosecond / 1_000_000))
    }
}

impl From<DateTime<Utc>> for UnixMillis {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_millis())
    }
}

/// A time in milliseconds lies outside the years that a calendar covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("outside the calendar")]
pub struct OutsideCalendar;

impl TryFrom<UnixMillis> for DateTime<Utc> {
    type Error = OutsideCalendar;

    fn try_from(time: UnixMillis) -> Result<Self, OutsideCalendar> {
        Self::from_timestamp_millis(time.0).ok_or(OutsideCalendar)
    }
}

/// The days from 1970-01-01 to a date of the Gregorian calendar; `None` if there is no such date.
fn days(year: u32, month: u32, day: u32) -> Option<i32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > length {
        return None;
    }
    // Years are counted from March on, so that the leap day is the last one, and from 400 before zero, so that none is negative.
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    i32::try_from(days).ok().map(|days| days - EPOCH)
}

/// The days from the first of March 400 years before year 0 to 1970-01-01.
const EPOCH: i32 = 719_468 + 146_097;

/// Year, month and day of a number of days since 1970-01-01.
fn civil(days: i32) -> (i32, u32, u32) {
    let days = i64::from(days) + 719_468;
    let era = days.div_euclid(146_097) as i32;
    let day = days.rem_euclid(146_097) as u32;
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let rest = day - (365 * year + year / 4 - year / 100);
    let month = (5 * rest + 2) / 153;
    let of_month = rest - (153 * month + 2) / 5 + 1;
    let january = month >= 10;
    (era * 400 + year as i32 + i32::from(january), if january { month - 9 } else { month + 3 }, of_month)
}

struct LocalTime {
    /// Since 1970-01-01.
    days: i32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
}

impl LocalTime {
    /// The time in UTC, if the local one is `offset` seconds ahead of it.
    fn at_offset(&self, offset: i64) -> Option<Moment> {
        if self.hour > 23 || self.minute > 59 || self.second > 60 {
            return None;
        }
        let leap = self.second == 60;
        let clock = self.hour * 3600 + self.minute * 60 + if leap { 59 } else { self.second };
        let mut seconds = i64::from(self.days) * DAY + i64::from(clock) - offset;
        if leap {
            // Only in the last minute of a day.
            if seconds.rem_euclid(DAY) != DAY - 1 {
                return None;
            }
            seconds += 1;
        }
        WRITABLE.contains(&seconds).then_some(Moment { seconds, nanosecond: self.nanosecond })
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
        let days = days(year, number(*m1, *m2)?, number(*d1, *d2)?)?;
        let (hour, minute, second) = (number(*h1, *h2)?, number(*n1, *n2)?, number(*s1, *s2)?);
        separators.contains(separator).then_some(LocalTime { days, hour, minute, second, nanosecond })
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
        Some(LocalTime { days: days(year, month, day)?, hour, minute, second, nanosecond })
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
    use chrono::{Datelike, TimeDelta, Timelike};
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
            assert_eq!(parse_lenient(text).and_then(Moment::date_time), expected, "{text}");
        }
        assert!(parse_lenient("yesterday").is_none());
    }

    #[test]
    fn years_of_five_digits_are_not_written() {
        let last = parse("9999-12-31T23:59:59Z").unwrap();
        assert!(last.to_json().is_ok());
        assert_eq!((last + TimeDelta::seconds(1)).to_json().unwrap_err().rule, Rule::DateTime);
    }

    #[test]
    fn every_day_of_five_hundred_centuries_is_that_of_chrono() {
        let first = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for day in -20_000 * 366..30_000 * 366 {
            let date = first.checked_add_signed(TimeDelta::days(i64::from(day))).unwrap();
            assert_eq!(civil(day), (date.year(), date.month(), date.day()));
            if let Ok(year @ 0..=9999) = u32::try_from(date.year()) {
                assert_eq!(days(year, date.month(), date.day()), Some(day));
            }
        }
        for (year, month, day) in
            [(2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1), (2024, 1, 0)]
        {
            assert_eq!(days(year, month, day), None);
        }
    }

    #[test]
    fn milliseconds_are_those_of_the_calendar() {
        for text in [
            "0000-01-01T00:00:00.001Z",
            "1969-12-31T23:59:59.999Z",
            "2024-02-29T12:34:56.789123Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            let (time, millis) = (parse(text).unwrap(), UnixMillis::parse(text).unwrap());
            assert_eq!(UnixMillis::from(time), millis, "{text}");
            let mut again = String::new();
            millis.push_to(&mut again);
            assert_eq!(again, written(&time));
            assert_eq!(DateTime::try_from(millis).map(UnixMillis::from), Ok(millis));
        }
        assert_eq!(DateTime::try_from(UnixMillis(i64::MAX)), Err(OutsideCalendar));
        assert!(UnixMillis(253_402_300_799_999).is_writable() && !UnixMillis(253_402_300_800_000).is_writable());
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
