//! Traces from elsewhere: the project's own records, and the logs of other programs.
//!
//! A file whose first line is a record is a trace ([`record`](super::record)); the transcripts of `pipe` are traces. All else is a
//! log, of which frames are read wherever they stand:
//!
//! ```text
//! 2026-11-20T16:36:10.904Z > [2,"1","Heartbeat",{}]
//! 2026-11-20 16:36:10,904 INFO CP001: receive message [2,"1","Heartbeat",{}]
//! {"time":"2026-11-20T16:36:10.904Z","direction":"in","message":[2,"1","Heartbeat",{}]}
//! {"level":"info","msg":"charge point CP001 sent [2,\"1\",\"Heartbeat\",{}]"}
//! 16:36:10.904 CSMS -> CP001: [3, '1', {'currentTime': '2026-11-20T16:36:10Z'}]
//! ```
//!
//! - A **frame** (`frames`) is JSON over one line or many, JSON within a string, or a list as Python and JavaScript print it. What
//!   a logger shortened is kept as such: it is no broken frame. What two loggers wrote is read once.
//! - The **time** (`times`) is any that stands in the line, or in the heading above a frame that begins its line.
//! - The **station** (`names`) is the identity that the line names, and each has a conversation of its own.
//! - The **sender** (`words`, `senders`) is what the line says by the names of both ends, by words like `sent` and `recv`, or by arrows, so
//!   far as that agrees with the calls that only one end makes; else these calls and their answers tell.
//!
//! Lines without a frame are given back with their numbers: nothing is lost.

#[cfg(test)]
mod corpus;
mod csv;
mod frames;
mod log;
mod markup;
mod names;
mod objects;
mod records;
mod relaxed;
mod senders;
mod sighting;
mod times;
mod tokens;
mod words;

use ocpp_rpc::Dialect;

use super::conversation::Head;
use super::record::{Entry, Record, Recording, What};
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
    /// Whether the messages stand in the order in which they were sent.
    pub order: Order,
}

/// What is known of the order of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// They may be examples: nothing says when or between whom they were sent, and none answers another.
    #[default]
    Unknown,
    /// They stand in their order.
    Kept,
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
    /// Whether it is nothing that should have been read: another program's line, or a frame that was read before.
    pub is_foreign: bool,
}

/// Reads a trace or a log.
pub fn read(text: &str) -> Imported {
    if records::is_trace(text) { records::read(text) } else { log::read(text) }
}

/// One frame that stands alone, over as many lines as it likes.
pub fn frame(text: &str) -> Imported {
    let head = Head::read(text, Dialect::V2_1);
    let sighting = sighting::Sighting { frame: text.to_owned(), head, ..sighting::Sighting::default() };
    let from = sighting.caller().unwrap_or(End::Station);
    let record =
        Record { wall: None, at: None, conn: None, station: None, what: What::Frame { from, text: text.to_owned() } };
    let mut imported = Imported::default();
    imported.recording.entries.push(Entry { line: 1, record });
    imported
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::End;
    use crate::trace::record::{Entry, Record, What};

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
