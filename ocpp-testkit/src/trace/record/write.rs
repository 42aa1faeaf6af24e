//! Writing.

use std::fmt;

use chrono::SecondsFormat;
use ocpp_types::json::{Kind, Reader, Writer};

use super::{FORMAT, Header, Record, Recording, What, version};
use crate::link::End;

/// The whole file.
impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.header.iter().try_for_each(|header| writeln!(f, "{header}"))?;
        self.entries.iter().try_for_each(|entry| writeln!(f, "{}", entry.record))
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
            What::Cut { from, text } => {
                line.text("from", Some(from.name()));
                line.text("cut", Some(text));
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
