//! Times in the forms that logs have.

use chrono::{DateTime, Datelike, Utc};
use ocpp_core::time::Instant;
use ocpp_types::datetime;

/// When a line was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Time {
    /// By the wall clock; UTC unless the log says otherwise.
    pub wall: Option<DateTime<Utc>>,
    /// Within the day, the year or since the start, where the log tells no more.
    pub at: Option<Instant>,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The first time in a text.
pub(super) fn find(text: &str) -> Time {
    let starts = || {
        let mut before = ' ';
        text.char_indices().filter_map(move |(at, c)| {
            let is_start = !before.is_alphanumeric() && c.is_alphanumeric();
            before = c;
            is_start.then_some(at)
        })
    };
    let at_starts = || starts().filter_map(|at| text.get(at..));
    if let Some(wall) = at_starts().find_map(date_time) {
        return Time { wall: Some(wall), at: None };
    }
    let at = at_starts().find_map(of_year).or_else(|| at_starts().find_map(time_of_day)).or_else(|| uptime(text));
    Time { wall: None, at }
}

/// The value of a member that is called a time: also seconds or milliseconds since 1970.
pub(super) fn of_member(value: &str) -> Time {
    match find(value) {
        Time { wall: None, at: None } => Time { wall: epoch(value), at: None },
        time => time,
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, by the number of digits.
fn epoch(text: &str) -> Option<DateTime<Utc>> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let millis = match whole.len() {
        9..=10 => number.checked_mul(1000)? + format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?,
        12..=13 => number,
        15..=16 => number / 1000,
        18..=19 => number / 1_000_000,
        _ => return None,
    };
    DateTime::from_timestamp_millis(millis)
}

/// A date and a time at the beginning of `text`.
fn date_time(text: &str) -> Option<DateTime<Utc>> {
    let (year, month, day, rest) = year_first(text)
        .or_else(|| day_first(text))
        .or_else(|| month_named(text))
        .or_else(|| epoch_like(text).map(|_| (0, 0, 0, text)))?;
    if year == 0 {
        return epoch_like(text);
    }
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    let rest = rest.trim_start_matches(['T', 't', ' ', '_', ':', '-']);
    // US dates go with a clock of twelve hours.
    let is_us = is_twelve_hours(rest) && text.contains('/') && day <= 12;
    let (month, day) = if is_us { (day, month) } else { (month, day) };
    let (hour, minute, second, fraction, rest) = clock(rest)?;
    let zone = zone(rest);
    let written = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction}{zone}");
    datetime::parse(&written)
}

/// Seconds since 1970 with a fraction, or milliseconds: not each number of ten digits is a time.
fn epoch_like(text: &str) -> Option<DateTime<Utc>> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = text.get(..end)?;
    let is_plausible = number.len() >= 13 && number.starts_with(['1', '2']);
    epoch(number).filter(|time| is_plausible && (2001..2100).contains(&time.year()))
}

type Date<'a> = (i32, u32, u32, &'a str);

fn number<T: std::str::FromStr>(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<(T, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).filter(|_| digits.contains(&end))?;
    Some((number.parse().ok()?, rest))
}

/// `2026-05-02`, `2026/05/02`, `20260502`.
fn year_first(text: &str) -> Option<Date<'_>> {
    if let Some((date, rest)) = number::<u32>(text, 8..=8) {
        let (year, month, day) = (i32::try_from(date / 10_000).ok()?, date / 100 % 100, date % 100);
        return rest.starts_with(['T', 't', ' ', '-', '_']).then_some((year, month, day, rest));
    }
    let (year, rest) = number(text, 4..=4)?;
    let mark = rest.chars().next().filter(|mark| matches!(mark, '-' | '/' | '.'))?;
    let (month, rest) = number(rest.strip_prefix(mark)?, 1..=2)?;
    let (day, rest) = number(rest.strip_prefix(mark)?, 1..=2)?;
    Some((year, month, day, rest))
}

/// `02.05.2026`, `02/05/2026`, `02-05-2026`, `02/May/2026`.
fn day_first(text: &str) -> Option<Date<'_>> {
    let (first, rest) = number(text, 1..=2)?;
    let mark = rest.chars().next().filter(|mark| matches!(mark, '-' | '/' | '.' | ' '))?;
    let rest = rest.strip_prefix(mark)?;
    let (second, rest) = number(rest, 1..=2).or_else(|| month(rest))?;
    let (year, rest) = number(rest.strip_prefix(mark)?, 4..=4)?;
    // The month cannot be greater than 12.
    let (month, day) = if second > 12 { (first, second) } else { (second, first) };
    Some((year, month, day, rest))
}

/// `May 2 10:21:41 2026`, `May 2, 2026 10:21:41`.
fn month_named(text: &str) -> Option<Date<'_>> {
    let (month, rest) = month(text)?;
    let (day, rest) = number(rest.trim_start(), 1..=2)?;
    let after = rest.trim_start_matches([',', ' ']);
    if let Some((year, rest)) = number(after, 4..=4) {
        return Some((year, month, day, rest));
    }
    // The year stands after the time.
    let (.., rest) = clock(after)?;
    let (year, _) = number(rest.trim_start(), 4..=4)?;
    Some((year, month, day, after))
}

fn month(text: &str) -> Option<(u32, &str)> {
    let (name, rest) = text.split_at_checked(3)?;
    let place = MONTHS.iter().position(|month| name.eq_ignore_ascii_case(month))?;
    Some((u32::try_from(place).ok()? + 1, rest))
}

/// Hour, minute, second, fraction, and the rest.
fn clock(text: &str) -> Option<(u32, u32, u32, &str, &str)> {
    let (hour, minute, rest, is_basic) = match number::<u32>(text, 6..=6) {
        Some((time, rest)) => (time / 10_000, time / 100 % 100, rest, Some(time % 100)),
        None => {
            let (hour, rest) = number(text, 1..=2)?;
            let (minute, rest) = number(rest.strip_prefix(':')?, 2..=2)?;
            (hour, minute, rest, None)
        }
    };
    let (second, rest) = match is_basic {
        Some(second) => (second, rest),
        None => number(rest.strip_prefix(':')?, 2..=2)?,
    };
    let fraction = rest.strip_prefix(['.', ',']).or_else(|| rest.strip_prefix(':'));
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (fraction, rest) = match fraction {
        Some(fraction) if digits(fraction) > 0 => fraction.split_at_checked(digits(fraction))?,
        Some(_) | None => ("0", rest),
    };
    let hour = match rest.trim_start().get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("pm") if hour < 12 => hour + 12,
        Some("am") if hour == 12 => 0,
        Some(_) | None => hour,
    };
    Some((hour, minute, second, fraction, rest))
}

fn is_twelve_hours(text: &str) -> bool {
    clock(text).is_some_and(|(.., rest)| {
        let half = rest.trim_start().get(..2).map(str::to_ascii_lowercase);
        matches!(half.as_deref(), Some("am" | "pm"))
    })
}

/// The offset, with a colon.
fn zone(text: &str) -> String {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let is_offset =
        |zone: &&str| zone.starts_with(['+', '-']) && number::<u32>(zone.get(1..).unwrap_or_default(), 2..=4).is_some();
    match text.get(..6).filter(is_offset) {
        Some(zone) if zone.as_bytes().get(3) == Some(&b':') => zone.to_owned(),
        Some(_) | None => match text.get(..5).filter(is_offset) {
            Some(zone) => format!("{}:{}", zone.get(..3).unwrap_or_default(), zone.get(3..).unwrap_or_default()),
            None => "Z".to_owned(),
        },
    }
}

/// `May  2 10:21:41`: the time since the beginning of the year.
fn of_year(text: &str) -> Option<Instant> {
    let (month, rest) = month(text)?;
    let (day, rest) = number::<u32>(rest.trim_start(), 1..=2)?;
    let (hour, minute, second, fraction, _) = clock(rest.trim_start())?;
    // The year is not told; this one has all days.
    instant(&format!("1972-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction}Z"), 63_072_000_000)
}

/// `10:21:41.904`: the time since midnight.
fn time_of_day(text: &str) -> Option<Instant> {
    let (hour, minute, second, fraction, _) =
        clock(text).filter(|_| text.as_bytes().get(..3).is_some_and(|start| start.contains(&b':')))?;
    instant(&format!("1970-01-01T{hour:02}:{minute:02}:{second:02}.{fraction}Z"), 0)
}

fn instant(text: &str, from: i64) -> Option<Instant> {
    let millis = datetime::parse(text)?.timestamp_millis().checked_sub(from)?;
    u64::try_from(millis).ok().map(Instant::from_millis)
}

/// `I (12345) tag:` and `[   12.345678]` at the beginning: the time since the start.
fn uptime(text: &str) -> Option<Instant> {
    let text = text.trim_start().trim_start_matches(|c: char| c.is_ascii_uppercase() || c == ' ');
    let inner = |open: char, close: char| Some(text.strip_prefix(open)?.split_once(close)?.0.trim());
    let is_digits = |text: &str| !text.is_empty() && text.len() < 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(millis) = inner('(', ')').or_else(|| inner('[', ']')).filter(|text| is_digits(text)) {
        return millis.parse().ok().map(Instant::from_millis);
    }
    let (seconds, fraction) = inner('[', ']')?.split_once('.').filter(|(a, b)| is_digits(a) && is_digits(b))?;
    let millis = format!("{fraction:0<3}").get(..3)?.parse::<u64>().ok()?;
    Some(Instant::from_millis(seconds.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(millis)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_logs_have() {
        let whole = "2026-05-02T10:21:41+00:00";
        let parted = "2026-05-02T10:21:41.904+00:00";
        for (text, expected) in [
            ("2026-05-02T10:21:41.904Z", parted),
            ("x [2026-05-02 10:21:41,904] INFO", parted),
            ("2026/05/02 10:21:41", whole),
            ("2026-05-02_10:21:41", whole),
            ("2026-05-02T12:21:41.904+02:00", parted),
            ("2026-05-02 12:21:41.904 +0200 [x]", parted),
            ("02/May/2026:12:21:41 +0200", whole),
            ("02.05.2026 10:21:41.904", parted),
            ("13/05/2026 10:21:41", "2026-05-13T10:21:41+00:00"),
            ("05/13/2026 10:21:41", "2026-05-13T10:21:41+00:00"),
            ("[Nest] 17  - 05/02/2026, 10:21:41 AM     LOG", whole),
            ("5/2/2026, 10:21:41 PM", "2026-05-02T22:21:41+00:00"),
            ("Sat, 02 May 2026 10:21:41 GMT", whole),
            ("Sat May  2 10:21:41 2026", whole),
            ("May 2, 2026 10:21:41", whole),
            ("20260502T102141Z", whole),
            ("20260502 10:21:41.904", parted),
            ("1777717301.904 recv", parted),
            ("[1777717301904] recv", parted),
        ] {
            let found = find(text);
            assert_eq!(found.wall.map(|wall| wall.to_rfc3339()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn times_that_are_not_whole_still_order_the_lines() {
        for (text, expected) in [
            ("10:21:41.904 x", Some(37_301_904)),
            ("[00:00:01] ", Some(1_000)),
            ("Jan  2 00:00:01 host app[7]: ", Some(86_401_000)),
            ("<14>Jan  2 00:00:01 host app: ", Some(86_401_000)),
            ("I (12345) ocpp: ", Some(12_345)),
            ("[   12.345678] ", Some(12_345)),
            ("[12345] ", Some(12_345)),
            ("CP_1: send ", None),
            ("12:30 port", None),
            ("BOX 192.168.1.10:9000 a1:b2", None),
        ] {
            assert_eq!(find(text), Time { wall: None, at: expected.map(Instant::from_millis) }, "{text}");
        }
        assert_eq!(of_member("1777717301").wall.unwrap().to_rfc3339(), "2026-05-02T10:21:41+00:00");
    }
}
