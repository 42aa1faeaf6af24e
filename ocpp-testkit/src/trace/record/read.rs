//! Reading.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_types::json::{Kind, Reader};
use ocpp_types::{Fault, datetime};

use super::{Entry, FORMAT, Header, Reason, Record, RecordError, Recording, What, dialect};
use crate::link::End;

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
    /// Whose boundary it is, where neither header nor line say so.
    role: Option<End>,
    /// The latest virtual time.
    at: Option<u64>,
}

impl RecordReader {
    /// A reader of a transcript: `role` is the machine where no line tells, and a line of the boundary without a time is of the time
    /// of the one before, as `pipe` takes it.
    pub fn with_role(role: Option<End>) -> Self {
        RecordReader { role, at: Some(0), ..RecordReader::default() }
    }

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
        let mut members = Members::read(text).map_err(|wrong| self.error(wrong))?;
        let is_boundary = matches!(members.kind, Some(MemberKind::In(_) | MemberKind::Out(_) | MemberKind::Restore(_)));
        if self.at.is_some() && members.at.is_some() {
            self.at = members.at;
        } else if members.wall.is_none() && is_boundary {
            members.at = members.at.or(self.at);
        }
        match members.format {
            None => members.record(self.header.as_ref().and_then(|header| header.role).or(self.role)).map(Some),
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
    Cut(String),
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
            "cut" => self.kind(at, MemberKind::Cut(reader.string()?.into()))?,
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
            MemberKind::Cut(text) => What::Cut { from: self.from.ok_or(whole(Reason::NoSender))?, text },
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
