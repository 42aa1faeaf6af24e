//! Traces from elsewhere: the project's own records, and the logs of other programs.
//!
//! A file whose first line is a JSON object with a member of a record is a trace ([`record`](super::record)). All else is a log, of
//! which these lines are understood:
//!
//! ```text
//! [2,"1","Heartbeat",{}]
//! 2026-11-20T16:36:10.904Z > [2,"1","Heartbeat",{}]
//! 2026-11-20 16:36:10,904 INFO CP001: receive message [2,"1","Heartbeat",{}]
//! 16:36:10.904 [ws] Send: [3,"1",{"currentTime":"2026-11-20T16:36:10Z"}]
//! {"time":"2026-11-20T16:36:10.904Z","direction":"in","message":[2,"1","Heartbeat",{}]}
//! 2026-11-20T16:36:10.904Z csms [3,"1",{}]
//! ```
//!
//! - The frame is the first JSON array that begins with a number. One that is cut off is kept as it stands.
//! - Before it stands the time: RFC 3339, with a space for the `T` and a comma for the point, UTC unless it says otherwise; or
//!   the time of day.
//! - Before it stands the direction: an arrow (`>`, `->`, `=>`, `>>`, `→` and the reverse), or the word nearest to the frame of: `sent`,
//!   `sending`, `out`, `outgoing`, `tx`, `received`, `in`, `incoming`, `rx` and their like, `station`, `csms`. Whose log it is, and so what
//!   `sent` means, follows from the actions. Without a direction the action tells the sender.
//!
//! Lines without a frame are given back with their numbers: nothing is lost.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_rpc::frame::MessageType;
use ocpp_types::json::{Kind, Reader};
use ocpp_types::{Direction, datetime, v1_6, v2_0_1, v2_1};

use super::conversation::Head;
use super::record::{Entry, Record, RecordReader, Recording, What};
use crate::link::End;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// All that could be read.
    pub recording: Recording,
    /// What could not.
    pub unread: Vec<Unread>,
    /// Whether the file is a trace; else it is a log of another program.
    pub is_trace: bool,
}

/// A line that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
    /// The line.
    pub text: String,
}

/// Reads a trace or a log.
pub fn read(text: &str) -> Imported {
    if is_trace(text) { read_trace(text) } else { read_log(text) }
}

impl Imported {
    /// Whether the messages stand in their order, as far as can be seen: those of a trace do, and those with a time.
    pub fn is_in_order(&self) -> bool {
        let has_time = |entry: &Entry| entry.record.wall.is_some() || entry.record.at.is_some();
        self.is_trace || self.recording.entries.iter().any(has_time)
    }
}

/// One frame that stands alone, over as many lines as it likes.
pub fn frame(text: &str) -> Imported {
    let head = Head::read(text, Dialect::V2_1);
    let line = Line { wall: None, at: None, towards: None, frame: text.to_owned(), head };
    let mut imported = Imported::default();
    imported.recording.entries.push(line.entry(1, End::Station, &BTreeMap::new()));
    imported
}

/// Whether the first line that is not blank is a record, or would be one.
pub fn is_trace(text: &str) -> bool {
    const MEMBERS: [&str; 8] = ["ocpp_trace", "t", "at", "from", "frame", "in", "out", "restore"];
    let first = text.lines().find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let is_member = |key: &str| MEMBERS.contains(&key);
    let mut reader = Reader::with_depth(first, u8::MAX);
    if reader.begin_object().is_err() {
        return false;
    }
    while let Ok(Some(key)) = reader.next_key() {
        if is_member(&key) {
            return true;
        }
        if reader.skip_value().is_err() {
            break;
        }
    }
    false
}

fn read_trace(text: &str) -> Imported {
    let mut reader = RecordReader::default();
    let mut imported = Imported { is_trace: true, ..Imported::default() };
    for line in text.lines() {
        match reader.read(line) {
            Ok(record) => {
                let entry = |record| Entry { line: reader.line(), record };
                imported.recording.entries.extend(record.map(entry));
            }
            Err(error) => {
                let reason = format!("column {}: {}", error.column, error.reason);
                imported.unread.push(Unread { line: error.line, reason, text: line.to_owned() });
            }
        }
    }
    imported.recording.header = reader.header().cloned();
    imported
}

fn read_log(text: &str) -> Imported {
    let mut imported = Imported::default();
    let mut lines = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        match Line::read(line) {
            Some(read) => lines.push((number, read)),
            None if line.trim_ascii().is_empty() => {}
            None => {
                let reason = "no frame in this line".to_owned();
                imported.unread.push(Unread { line: number, reason, text: line.to_owned() });
            }
        }
    }
    let writer = writer(lines.iter().map(|(_, line)| line));
    let mut calls = BTreeMap::new();
    for (number, line) in lines {
        if let (Some(MessageType::Call), Some(id)) = (line.head.kind, line.head.id.clone()) {
            let from = line.from(writer, &calls);
            calls.insert(id, from);
        }
        imported.recording.entries.push(line.entry(number, writer, &calls));
    }
    imported
}

/// The end whose log it is: most of what it sent are its calls.
fn writer<'a>(lines: impl Iterator<Item = &'a Line>) -> End {
    let mut votes = 0;
    for line in lines {
        let vote = match (&line.towards, line.caller()) {
            (Some(Towards::Sent), Some(End::Station)) | (Some(Towards::Received), Some(End::Csms)) => 1,
            (Some(Towards::Sent), Some(End::Csms)) | (Some(Towards::Received), Some(End::Station)) => -1,
            (Some(Towards::Sent | Towards::Received), None) | (Some(Towards::Of(_)) | None, _) => 0,
        };
        votes += vote;
    }
    if votes < 0 { End::Csms } else { End::Station }
}

/// A line of a log.
struct Line {
    wall: Option<DateTime<Utc>>,
    at: Option<Instant>,
    towards: Option<Towards>,
    frame: String,
    head: Head,
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Towards {
    /// Away from the program whose log it is.
    Sent,
    /// To it.
    Received,
    /// From this end.
    Of(End),
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let (before, frame) = split_at_frame(line)?;
        let wall = before.char_indices().find_map(|(at, _)| wall(before.get(at..)?));
        let at = match wall {
            Some(_) => None,
            None => before.char_indices().find_map(|(at, _)| time_of_day(before.get(at..)?)),
        };
        let head = Head::read(&frame, Dialect::V2_1);
        Some(Line { wall, at, towards: arrow(before).or_else(|| word(before)), frame, head })
    }

    /// Who makes such a call, if only one end does.
    fn caller(&self) -> Option<End> {
        let action = self.head.action.as_deref().filter(|_| self.head.kind == Some(MessageType::Call))?;
        let direction = (action.parse::<v2_1::Action>().map(|action| action.direction()))
            .or_else(|_| action.parse::<v2_0_1::Action>().map(|action| action.direction()))
            .or_else(|_| action.parse::<v1_6::Action>().map(|action| action.direction()));
        match direction.ok()? {
            Direction::StationToCsms => Some(End::Station),
            Direction::CsmsToStation => Some(End::Csms),
            Direction::Both => None,
        }
    }

    fn entry(self, line: u64, writer: End, calls: &BTreeMap<String, End>) -> Entry {
        let what = What::Frame { from: self.from(writer, calls), text: self.frame };
        Entry { line, record: Record { wall: self.wall, at: self.at, conn: None, station: None, what } }
    }

    fn from(&self, writer: End, calls: &BTreeMap<String, End>) -> End {
        match self.towards {
            Some(Towards::Of(end)) => end,
            Some(Towards::Sent) => writer,
            Some(Towards::Received) => writer.peer(),
            None => {
                let asked = self.head.id.as_ref().and_then(|id| calls.get(id));
                self.caller().or_else(|| asked.map(|end| end.peer())).unwrap_or(End::Station)
            }
        }
    }
}

/// What stands before the frame, and the frame: the first array that begins with a number, or what there is of it.
fn split_at_frame(line: &str) -> Option<(&str, String)> {
    let starts = |rest: &str| {
        let mut reader = Reader::with_depth(rest, u8::MAX);
        reader.begin_array().and_then(|()| reader.next_element()).is_ok_and(|more| more)
            && reader.peek().is_ok_and(|kind| kind == Kind::Number)
            && reader.number().is_ok()
            && rest.get(reader.position()..).is_some_and(|rest| rest.trim_ascii_start().starts_with(','))
    };
    let (at, _) = line.match_indices('[').find(|(at, _)| line.get(*at..).is_some_and(starts))?;
    let (before, rest) = line.split_at_checked(at)?;
    let mut reader = Reader::with_depth(rest, u8::MAX);
    let frame = reader.raw_value().unwrap_or_else(|_| rest.trim_ascii_end());
    Some((before, frame.to_owned()))
}

/// A date and time at the beginning of `text`.
fn wall(text: &str) -> Option<DateTime<Utc>> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' ', '_'])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (fraction, rest) = match rest.strip_prefix(['.', ',']) {
        Some(fraction) if digits(fraction) > 0 => fraction.split_at_checked(digits(fraction))?,
        Some(_) | None => ("0", rest),
    };
    let zones = [rest.get(..1).filter(|zone| matches!(*zone, "Z" | "z")), rest.get(..6)];
    let zoned = |zone: &str| datetime::parse(&format!("{date}T{time}.{fraction}{zone}"));
    zones.into_iter().flatten().chain(["Z"]).find_map(zoned)
}

/// A time of day at the beginning of `text`, as milliseconds since midnight.
fn time_of_day(text: &str) -> Option<Instant> {
    let wall = wall(&format!("1970-01-01T{}Z", text.split([' ', ']', '"', '\t']).next()?.replace(',', ".")))?;
    u64::try_from(wall.timestamp_millis()).ok().map(Instant::from_millis)
}

/// The arrow nearest to the frame.
fn arrow(before: &str) -> Option<Towards> {
    let before = before.trim_ascii_end().trim_end_matches(['-', '=', ':', ' ']);
    match before.chars().next_back()? {
        '>' | '→' | '➡' | '»' => Some(Towards::Sent),
        '<' | '←' | '⬅' | '«' => Some(Towards::Received),
        _ => None,
    }
}

/// The word nearest to the frame that tells a direction.
fn word(before: &str) -> Option<Towards> {
    let mut words = before.rsplit(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| match word.to_ascii_lowercase().as_str() {
        "send" | "sent" | "sending" | "sends" | "out" | "outgoing" | "outbound" | "tx" => Some(Towards::Sent),
        "receive" | "received" | "receiving" | "receives" | "recv" | "in" | "incoming" | "inbound" | "rx" => {
            Some(Towards::Received)
        }
        "station" | "cs" | "cp" | "chargepoint" | "chargingstation" | "charger" => Some(Towards::Of(End::Station)),
        "csms" | "server" | "centralsystem" | "backend" => Some(Towards::Of(End::Csms)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Vec<(Option<String>, &'static str, String)> {
        let imported = read(text);
        let time = |record: &Record| {
            record.wall.map(|wall| wall.to_rfc3339()).or_else(|| record.at.map(|at| at.as_millis().to_string()))
        };
        let frame = |entry: Entry| match &entry.record.what {
            What::Frame { from, text } => (time(&entry.record), from.name(), text.clone()),
            other => panic!("{other:?}"),
        };
        imported.recording.entries.into_iter().map(frame).collect()
    }

    fn one(line: &str) -> (Option<String>, &'static str) {
        let frames = frames(line);
        let [(time, from, _)] = frames.as_slice() else { panic!("{line}: {frames:?}") };
        (time.clone(), from)
    }

    #[test]
    fn times_are_read_in_the_forms_logs_have() {
        let whole = Some("2026-11-20T16:36:10+00:00".to_owned());
        let parted = Some("2026-11-20T16:36:10.904+00:00".to_owned());
        for (time, expected) in [
            ("2026-11-20T16:36:10.904Z", &parted),
            ("2026-11-20 16:36:10,904 INFO", &parted),
            ("[2026-11-20T17:36:10.904+01:00]", &parted),
            ("{\"time\":\"2026-11-20T16:36:10\",\"frame_is\":", &whole),
            ("x 2026-11-20 16:36:10:", &whole),
            ("16:36:10.904", &Some("59770904".to_owned())),
            ("[00:00:01] ", &Some("1000".to_owned())),
            ("", &None),
        ] {
            assert_eq!(one(&format!(r#"{time} [2,"1","Heartbeat",{{}}]"#)).0, *expected, "{time}");
        }
    }

    #[test]
    fn writer_of_the_log_follows_from_the_actions() {
        let station = "out [2,\"1\",\"Heartbeat\",{}]\nin [3,\"1\",{}]\nin [2,\"2\",\"DataTransfer\",{}]";
        let senders = |text: &str| frames(text).into_iter().map(|(_, from, _)| from).collect::<Vec<_>>();
        assert_eq!(senders(station), ["station", "csms", "csms"]);
        let server =
            "x: receive message [2,\"1\",\"Heartbeat\",{}]\nx: send [3,\"1\",{}]\n-> [2,\"2\",\"DataTransfer\",{}]";
        assert_eq!(senders(server), ["station", "csms", "csms"]);
    }

    #[test]
    fn sender_follows_from_the_action_where_nothing_else_tells() {
        let text = "[2,\"1\",\"Reset\",{\"type\":\"Soft\"}]\n[3,\"1\",{\"status\":\"Accepted\"}]\n[2,\"2\",\"Heartbeat\",{}]\n[3,\"2\",{}]";
        let senders: Vec<_> = frames(text).into_iter().map(|(_, from, _)| from).collect();
        assert_eq!(senders, ["csms", "station", "station", "csms"]);
        assert_eq!(one(r#"csms: [2,"2","Heartbeat",{}]"#).1, "csms", "what is said outranks what is likely");
    }

    #[test]
    fn what_is_not_read_is_given_back() {
        let imported = read("INFO: [ws] connected\n\nsend: [2,\"1\",\"Heartb\nrecv [3,\"1\",{}] in 5 ms");
        let unread: Vec<_> = imported.unread.iter().map(|unread| (unread.line, unread.text.as_str())).collect();
        assert_eq!(unread, [(1, "INFO: [ws] connected")]);
        let texts: Vec<_> = imported.recording.entries.iter().map(|entry| (entry.line, &entry.record.what)).collect();
        let frame = |text: &str, from| What::Frame { from, text: text.to_owned() };
        let (cut, whole) = (frame("[2,\"1\",\"Heartb", End::Station), frame("[3,\"1\",{}]", End::Csms));
        assert_eq!(texts, [(3, &cut), (4, &whole)]);
    }

    #[test]
    fn lines_of_a_trace_that_are_wrong_do_not_stop_the_rest() {
        let imported = read("{\"ocpp_trace\":1,\"ocpp\":\"1.6\"}\n{\"at\":1}\n{\"at\":2,\"event\":\"closed\"}");
        assert!(imported.is_trace && imported.recording.header.is_some());
        assert_eq!(imported.unread.len(), 1);
        assert_eq!((imported.unread[0].line, imported.recording.entries[0].line), (2, 3));
    }
}
