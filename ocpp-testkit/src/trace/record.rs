//! The trace file: JSON lines, one record each, after an optional header.
//!
//! ```text
//! {"ocpp_trace":1,"by":"ocpp-testkit 0.1.0","role":"station","ocpp":"1.6","seed":7,"config":{}}
//! {"t":"2026-11-20T16:36:10.903Z","conn":1,"id":"CP001","event":"connected","version":"1.6"}
//! {"t":"2026-11-20T16:36:10.904Z","conn":1,"id":"CP001","from":"station","frame":[2,"m1","Heartbeat",{}]}
//! {"t":"2026-11-20T16:36:10.905Z","conn":1,"id":"CP001","from":"csms","raw":"[3,\"m1\""}
//! {"at":1500,"in":{"Stored":7}}
//! ```
//!
//! - Time is `t` (RFC 3339) or `at` (milliseconds of virtual time); at least one of them.
//! - `conn` numbers the connection, `id` is the station's identity. A trace of one station needs neither.
//! - A line is of one kind: a frame seen on the wire (`from`, and `frame` as JSON, `raw` as text, or `cut`: what a logger left of
//!   it), a change of the connection
//!   (`event`), what a machine was told (`in`) or told (`out`), or the store dump it was started from (`restore`). The last
//!   three bear the `role` of the machine, unless the header does.
//!
//! Unknown members are ignored, unknown kinds of lines are errors.

mod read;
mod write;

use chrono::{DateTime, Utc};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_types::Rule;
use serde::Serialize;
use thiserror::Error;

pub use read::RecordReader;

use crate::link::End;

/// The version of the format that is written, and the highest that is read.
pub const FORMAT: i64 = 1;

/// A trace file as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The first line, if it is a header.
    pub header: Option<Header>,
    /// All other lines.
    pub entries: Vec<Entry>,
}

/// A record and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of its line, from 1.
    pub line: u64,
    /// What the line says.
    pub record: Record,
}

/// Where a trace comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The program that wrote it.
    pub by: Option<String>,
    /// The machine whose boundary was recorded.
    pub role: Option<End>,
    /// The version it speaks, if it was told one.
    pub ocpp: Option<Dialect>,
    /// The seed of the machine.
    pub seed: Option<u64>,
    /// The configuration of the machine, JSON text.
    pub config: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, by the wall clock.
    pub wall: Option<DateTime<Utc>>,
    /// When, in virtual time.
    pub at: Option<Instant>,
    /// The number of the connection.
    pub conn: Option<u64>,
    /// The identity of the station.
    pub station: Option<String>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A text message on the wire.
    Frame {
        /// Who sent it.
        from: End,
        /// The message as it was sent, whether or not it is JSON.
        text: String,
    },
    /// A text message of which only a part was recorded.
    Cut {
        /// Who sent it.
        from: End,
        /// What a logger left of it.
        text: String,
    },
    /// A connection was made.
    Connected {
        /// The version agreed on: its number (`1.6`) or the subprotocol.
        version: Option<String>,
    },
    /// The connection ended.
    Closed,
    /// A machine was told something.
    In {
        /// Which machine.
        role: End,
        /// The serde form of its `Input`, JSON text.
        input: String,
    },
    /// A machine ordered or told something.
    Out {
        /// Which machine.
        role: End,
        /// The serde form of its `Action`, JSON text.
        action: String,
    },
    /// A machine was started from what was durable.
    Restore {
        /// Which machine.
        role: End,
        /// The dump of its store, JSON text.
        dump: String,
    },
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct RecordError {
    /// The number of the line, from 1.
    pub line: u64,
    /// The byte of the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub reason: Reason,
}

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The line is no JSON, or a member has another type than it should.
    #[error("{0}")]
    Json(Rule),
    /// The trace was written in a later version of the format.
    #[error("trace format {0} is not known, {FORMAT} is the highest that is")]
    Format(i64),
    /// A header stands after the first line.
    #[error("header after the first line")]
    LateHeader,
    /// A member has a value that it cannot have.
    #[error("{member} is {value:?}, expected {expected}")]
    Value {
        /// The member.
        member: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// There is neither `t` nor `at`.
    #[error("neither t nor at")]
    NoTime,
    /// A frame without sender.
    #[error("frame without from")]
    NoSender,
    /// Neither the line nor the header says which machine it is about.
    #[error("in, out or restore without role")]
    NoRole,
    /// The line is of no known kind.
    #[error("none of frame, raw, cut, event, in, out and restore")]
    UnknownKind,
    /// The line is of more than one kind.
    #[error("more than one of frame, raw, cut, event, in, out and restore")]
    SeveralKinds,
}

/// The version of this number (`1.6`) or subprotocol (`ocpp1.6`).
pub fn dialect(version: &str) -> Option<Dialect> {
    Dialect::from_subprotocol(version).or_else(|| Dialect::from_subprotocol(&format!("ocpp{version}")))
}

/// The number of a version: `1.6`.
pub fn version(dialect: Dialect) -> &'static str {
    dialect.subprotocol().trim_start_matches("ocpp")
}

impl Header {
    /// The header of a trace that this program writes.
    pub fn new() -> Self {
        let by = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        Header { by: Some(by.to_owned()), ..Header::default() }
    }
}

impl Record {
    /// A record in virtual time.
    pub fn at(at: Instant, what: What) -> Self {
        Record { wall: None, at: Some(at), conn: None, station: None, what }
    }
}

impl What {
    /// What a machine is told.
    ///
    /// # Errors
    /// When the input has no JSON form.
    pub fn input(role: End, input: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::to_string(input).map(|input| What::In { role, input })
    }

    /// What a machine orders or tells.
    ///
    /// # Errors
    /// When the action has no JSON form.
    pub fn output(role: End, action: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::to_string(action).map(|action| What::Out { role, action })
    }
}

#[cfg(test)]
mod tests;
