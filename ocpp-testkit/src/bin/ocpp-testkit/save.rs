//! `--save`: the frames of live connections as a trace.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use chrono::Utc;
use ocpp_testkit::drivers::tokio::Direction;
use ocpp_testkit::link::End;
use ocpp_testkit::trace::record::{Header, Record, What, dialect, version};

use crate::print;

/// Writes a trace, each line as it happens: the program may end at any moment.
pub struct Saver {
    file: File,
    /// Whose side of the connections this is.
    role: End,
    /// The open connection of each station.
    open: BTreeMap<String, u64>,
    last: u64,
}

impl Saver {
    /// Begins a file.
    pub fn create(path: &Path, role: End) -> io::Result<Self> {
        let file =
            File::create(path).map_err(|error| io::Error::other(print::unusable("--save", path.display(), &error)))?;
        let mut saver = Saver { file, role, open: BTreeMap::new(), last: 0 };
        writeln!(saver.file, "{}", Header::new())?;
        Ok(saver)
    }

    /// A station is connected, with this subprotocol. Its connection before is closed, if that was not told.
    pub fn connected(&mut self, station: &str, subprotocol: &str) -> io::Result<()> {
        self.closed(station)?;
        self.last += 1;
        self.open.insert(station.to_owned(), self.last);
        let version =
            dialect(subprotocol).map_or_else(|| subprotocol.to_owned(), |dialect| version(dialect).to_owned());
        self.write(station, self.last, What::Connected { version: Some(version) })
    }

    /// A frame went over the connection.
    pub fn frame(&mut self, station: &str, direction: Direction, text: &str) -> io::Result<()> {
        let Some(conn) = self.open.get(station).copied() else { return Ok(()) };
        let from = match direction {
            Direction::Out => self.role,
            Direction::In => self.role.peer(),
        };
        self.write(station, conn, What::Frame { from, text: text.to_owned() })
    }

    /// The connection is gone, if there was one.
    pub fn closed(&mut self, station: &str) -> io::Result<()> {
        match self.open.remove(station) {
            Some(conn) => self.write(station, conn, What::Closed),
            None => Ok(()),
        }
    }

    fn write(&mut self, station: &str, conn: u64, what: What) -> io::Result<()> {
        let record =
            Record { wall: Some(Utc::now()), at: None, conn: Some(conn), station: Some(station.to_owned()), what };
        writeln!(self.file, "{record}")
    }
}
