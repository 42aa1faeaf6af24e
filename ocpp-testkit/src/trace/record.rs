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
//! - A line is of one kind: a frame seen on the wire (`from`, and `frame` as JSON or `raw` as text), a change of the connection
//!   (`event`), what a machine was told (`in`) or told (`out`), or the store dump it was started from (`restore`). The last
//!   three bear the `role` of the machine, unless the header does.
//!
//! Unknown members are ignored, unknown kinds of lines are errors.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_types::json::{Kind, Reader, Writer};
use ocpp_types::{Fault, Rule, datetime};
use serde::Serialize;
use thiserror::Error;

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
    #[error("none of frame, raw, event, in, out and restore")]
    UnknownKind,
    /// The line is of more than one kind.
    #[error("more than one of frame, raw, event, in, out and restore")]
    SeveralKinds,
}

impl FromStr for Recording {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let mut reader = RecordReader::default();
        let mut entries = Vec::new();
        for line in text.split('\n') {
            let record = reader.read(line)?;
            entries.extend(record.map(|record| Entry { line: reader.line, record }));
        }
        Ok(Recording { header: reader.header, entries })
    }
}

/// Reads lines, one after the other.
#[derive(Clone, Debug, Default)]
pub struct RecordReader {
    line: u64,
    header: Option<Header>,
}

impl RecordReader {
    /// The header, once it was read.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The number of the line read last.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line. None if it is blank, or the header.
    ///
    /// # Errors
    /// When it is no record. The lines after it can be read all the same.
    pub fn read(&mut self, text: &str) -> Result<Option<Record>, RecordError> {
        self.line += 1;
        if text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let members = Members::read(text).map_err(|wrong| self.error(wrong))?;
        match members.format {
            None => members.record(self.header.as_ref().and_then(|header| header.role)).map(Some),
            Some((format, at)) if format != FORMAT => Err(Wrong { at, reason: Reason::Format(format) }),
            Some((_, at)) if self.line > 1 => Err(Wrong { at, reason: Reason::LateHeader }),
            Some(_) => {
                self.header = Some(members.header());
                Ok(None)
            }
        }
        .map_err(|wrong| self.error(wrong))
    }

    fn error(&self, wrong: Wrong) -> RecordError {
        RecordError { line: self.line, column: wrong.at + 1, reason: wrong.reason }
    }
}

/// What is wrong at a byte of the line.
struct Wrong {
    at: usize,
    reason: Reason,
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Wrong { at: fault.offset(), reason: Reason::Json(fault.rule()) }
    }
}

/// The members of a line, those that are known.
#[derive(Default)]
struct Members {
    format: Option<(i64, usize)>,
    by: Option<String>,
    ocpp: Option<Dialect>,
    seed: Option<u64>,
    config: Option<String>,
    wall: Option<DateTime<Utc>>,
    at: Option<u64>,
    conn: Option<u64>,
    id: Option<String>,
    version: Option<String>,
    role: Option<End>,
    from: Option<End>,
    kind: Option<MemberKind>,
}

/// The member that says of which kind a line is.
enum MemberKind {
    Frame(String),
    Connected,
    Closed,
    In(String),
    Out(String),
    Restore(String),
}

impl Members {
    fn read(text: &str) -> Result<Self, Wrong> {
        let mut reader = Reader::with_depth(text, u8::MAX);
        let mut members = Members::default();
        reader.begin_object()?;
        while let Some(name) = reader.next_key()? {
            members.member(&name, &mut reader)?;
        }
        reader.finish()?;
        Ok(members)
    }

    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Wrong> {
        if reader.peek()? == Kind::Null && !matches!(name, "frame" | "in" | "out") {
            return Ok(reader.skip_value()?);
        }
        let at = reader.position();
        match name {
            "ocpp_trace" => self.format = Some((reader.integer()?, at)),
            "by" => self.by = Some(reader.string()?.into()),
            "ocpp" => self.ocpp = Some(text_value(reader, "ocpp", "1.6, 2.0.1 or 2.1", dialect)?),
            "seed" => self.seed = Some(number(reader, "seed")?),
            "config" => self.config = Some(reader.raw_value()?.to_owned()),
            "t" => self.wall = Some(text_value(reader, "t", "an RFC 3339 time", datetime::parse)?),
            "at" => self.at = Some(number(reader, "at")?),
            "conn" => self.conn = Some(number(reader, "conn")?),
            "id" => self.id = Some(reader.string()?.into()),
            "version" => self.version = Some(reader.string()?.into()),
            "role" => self.role = Some(text_value(reader, "role", "station or csms", End::from_name)?),
            "from" => self.from = Some(text_value(reader, "from", "station or csms", End::from_name)?),
            "frame" => self.kind(at, MemberKind::Frame(reader.raw_value()?.to_owned()))?,
            "raw" => self.kind(at, MemberKind::Frame(reader.string()?.into()))?,
            "event" => {
                let known = |text: &str| match text {
                    "connected" => Some(MemberKind::Connected),
                    "closed" => Some(MemberKind::Closed),
                    _ => None,
                };
                let event = text_value(reader, "event", "connected or closed", known)?;
                self.kind(at, event)?;
            }
            "in" => self.kind(at, MemberKind::In(reader.raw_value()?.to_owned()))?,
            "out" => self.kind(at, MemberKind::Out(reader.raw_value()?.to_owned()))?,
            "restore" => self.kind(at, MemberKind::Restore(reader.raw_value()?.to_owned()))?,
            _ => reader.skip_value()?,
        }
        Ok(())
    }

    fn kind(&mut self, at: usize, kind: MemberKind) -> Result<(), Wrong> {
        match self.kind.replace(kind) {
            None => Ok(()),
            Some(_) => Err(Wrong { at, reason: Reason::SeveralKinds }),
        }
    }

    fn header(self) -> Header {
        Header { by: self.by, role: self.role, ocpp: self.ocpp, seed: self.seed, config: self.config }
    }

    fn record(self, default_role: Option<End>) -> Result<Record, Wrong> {
        let whole = |reason| Wrong { at: 0, reason };
        let role = || self.role.or(default_role).ok_or(whole(Reason::NoRole));
        let what = match self.kind.ok_or(whole(Reason::UnknownKind))? {
            MemberKind::Frame(text) => What::Frame { from: self.from.ok_or(whole(Reason::NoSender))?, text },
            MemberKind::Connected => What::Connected { version: self.version },
            MemberKind::Closed => What::Closed,
            MemberKind::In(input) => What::In { role: role()?, input },
            MemberKind::Out(action) => What::Out { role: role()?, action },
            MemberKind::Restore(dump) => What::Restore { role: role()?, dump },
        };
        if self.wall.is_none() && self.at.is_none() {
            return Err(whole(Reason::NoTime));
        }
        let at = self.at.map(Instant::from_millis);
        Ok(Record { wall: self.wall, at, conn: self.conn, station: self.id, what })
    }
}

fn text_value<T>(
    reader: &mut Reader<'_>,
    member: &'static str,
    expected: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Wrong> {
    let at = reader.position();
    let text = reader.string()?;
    read(&text).ok_or_else(|| Wrong { at, reason: Reason::Value { member, value: text.into_owned(), expected } })
}

fn number(reader: &mut Reader<'_>, member: &'static str) -> Result<u64, Wrong> {
    let at = reader.position();
    let digits = reader.number()?;
    let expected = "a whole number from 0 on";
    digits.parse().map_err(|_| Wrong { at, reason: Reason::Value { member, value: digits.to_owned(), expected } })
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

/// The line, without its end.
impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { by, role, ocpp, seed, config } = self;
        let mut line = LineWriter::new();
        line.0.key("ocpp_trace");
        line.0.integer(FORMAT);
        line.text("by", by.as_deref());
        line.text("role", role.map(End::name));
        line.text("ocpp", ocpp.map(version));
        line.json("seed", seed.map(|seed| seed.to_string()).as_deref());
        line.json("config", config.as_deref());
        line.finish(f)
    }
}

/// The line, without its end.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { wall, at, conn, station, what } = self;
        let mut line = LineWriter::new();
        line.text("t", wall.map(|wall| wall.to_rfc3339_opts(SecondsFormat::AutoSi, true)).as_deref());
        line.json("at", at.map(|at| at.as_millis().to_string()).as_deref());
        line.json("conn", conn.map(|conn| conn.to_string()).as_deref());
        line.text("id", station.as_deref());
        match what {
            What::Frame { from, text } => {
                line.text("from", Some(from.name()));
                if fits_in_a_line(text) { line.json("frame", Some(text)) } else { line.text("raw", Some(text)) }
            }
            What::Connected { version } => {
                line.text("event", Some("connected"));
                line.text("version", version.as_deref());
            }
            What::Closed => line.text("event", Some("closed")),
            What::In { role, input } => line.boundary(*role, "in", input),
            What::Out { role, action } => line.boundary(*role, "out", action),
            What::Restore { role, dump } => line.boundary(*role, "restore", dump),
        }
        line.finish(f)
    }
}

/// Whether a frame's text can stand in a line as JSON.
fn fits_in_a_line(text: &str) -> bool {
    let mut reader = Reader::new(text);
    let is_array = reader.peek().is_ok_and(|kind| kind == Kind::Array);
    is_array && !text.contains(['\n', '\r']) && reader.skip_value().and_then(|()| reader.finish()).is_ok()
}

struct LineWriter(Writer);

impl LineWriter {
    fn new() -> Self {
        let mut writer = Writer::new();
        writer.begin_object();
        LineWriter(writer)
    }

    fn text(&mut self, member: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.key(member);
            self.0.string(value);
        }
    }

    fn json(&mut self, member: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.key(member);
            self.0.raw(value);
        }
    }

    fn boundary(&mut self, role: End, member: &str, json: &str) {
        self.text("role", Some(role.name()));
        self.json(member, Some(json));
    }

    fn finish(mut self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.end_object();
        f.write_str(self.0.text())
    }
}

#[cfg(test)]
mod tests;
