//! A machine on a pipe: JSON lines in, JSON lines out, virtual time. `PIPE.md` describes both.

mod configured;
mod durable;
mod machine;
mod unknown;

use std::io::{self, Write};

use ocpp_core::MisuseError;
use ocpp_core::store::Ticket;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

pub use configured::{ConfigError, configured};
pub use machine::{Host, Machine, StoredFact, boot_seed};

use crate::lines::{Line, LineError};
use crate::seed::Seed;
use crate::trace::record::{Header, Record, What};
use durable::Store;

/// More ticks than a script can mean to jump over with one line: a machine that is not answered for days.
const MAX_TICKS: u32 = 10_000;

/// How the machine and the pipe are set up.
#[derive(Clone, Debug)]
pub struct Setup<M: Machine> {
    /// The version to speak, as the recording tells it.
    pub ocpp: Dialect,
    /// The machine.
    pub config: M::Config,
    /// Decides all that is drawn.
    pub seed: Seed,
    /// Whether each store operation is confirmed at once.
    pub auto_store: bool,
}

impl<M: Machine> Setup<M> {
    /// The header of a recording of this machine.
    ///
    /// # Errors
    /// When the configuration has no JSON form.
    pub fn header(&self) -> serde_json::Result<Header> {
        Ok(Header {
            role: Some(M::ROLE),
            ocpp: Some(self.ocpp),
            seed: Some(self.seed.0),
            config: Some(serde_json::to_string(&self.config)?),
            ..Header::new()
        })
    }
}

/// Why a pipe cannot begin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The machine cannot be made.
    #[error(transparent)]
    Misuse(#[from] MisuseError),
    /// Nothing can be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A machine on a pipe.
///
/// What comes out in answer to a line is written before [`line`](Self::line) returns, and ends with a line that tells the
/// next deadline. Nothing but lines lets time pass.
pub struct Pipe<M: Machine, Out> {
    host: Host<M>,
    store: Store<M>,
    auto_store: bool,
    now: Instant,
    errors: u64,
    out: Out,
    recording: Option<Box<dyn Write>>,
}

impl<M: Machine, Out: Write> Pipe<M, Out> {
    /// A new machine at time zero. Writes what it has to say by then.
    ///
    /// # Errors
    /// When the configuration contradicts itself, or nothing can be written.
    pub fn begin(setup: Setup<M>, out: Out, mut recording: Option<Box<dyn Write>>) -> Result<Self, SetupError> {
        if let Some(recording) = &mut recording {
            writeln!(recording, "{}", setup.header().map_err(io::Error::from)?)?;
        }
        let host = Host::new(setup.config, setup.seed)?;
        let store = Store::holding(M::Dump::default());
        let auto_store = setup.auto_store;
        let mut pipe = Pipe { host, store, auto_store, now: Instant::ZERO, errors: 0, out, recording };
        pipe.drain().map_err(Trouble::into_io)?;
        pipe.end_block()?;
        Ok(pipe)
    }

    /// Carries out a line. A blank one is nothing.
    ///
    /// # Errors
    /// When nothing can be written. What is wrong with the line is written.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        if line.is_blank() {
            return Ok(());
        }
        if let Err(trouble) = self.carry_out(line) {
            let error = match trouble {
                Trouble::Io(error) => return Err(error),
                Trouble::Line(error) => error,
                refusal @ (Trouble::Misuse(_) | Trouble::Stuck(_) | Trouble::TooFar(_)) => line.refused(refusal),
            };
            self.errors += 1;
            writeln!(self.out, r#"{{"error":{}}}"#, serde_json::to_string(&error)?)?;
        }
        self.end_block()
    }

    /// How many lines were wrong.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    fn carry_out(&mut self, line: &Line) -> Result<(), Trouble> {
        let Order { at, input, restore, dump } = line.parse_object::<Order<M::Input, M::Dump>>()?;
        if let Some(input) = &input {
            let given = line.parse::<Given>()?.input;
            let read = serde_json::to_value(input).map_err(io::Error::from)?;
            if let Some(unknown) = unknown::first(&given, &read) {
                return Err(line.refused(unknown).into());
            }
        }
        let at = at.map_or(self.now, |at| Instant::from_millis(at).max(self.now));
        match (input, restore, dump) {
            (Some(input), None, None) => {
                self.run_until(at)?;
                self.tell(input)
            }
            (None, Some(dump), None) => self.restore(at, dump),
            (None, None, Some(Cut { through })) => {
                self.run_until(at)?;
                let dump = self.store.dump(through);
                Ok(self.say("dump", &serde_json::to_string(&dump).map_err(io::Error::from)?)?)
            }
            (None, None, None) => Err(line.refused("none of in, restore and dump").into()),
            _ => Err(line.refused("more than one of in, restore and dump").into()),
        }
    }

    /// Lets time pass: the machine is ticked at each of its deadlines.
    fn run_until(&mut self, at: Instant) -> Result<(), Trouble> {
        for _ in 0..MAX_TICKS {
            let Some(due) = self.host.poll_timeout().filter(|due| *due <= at) else {
                self.now = at;
                return Ok(());
            };
            self.now = self.now.max(due);
            self.tell(M::tick())?;
            if self.host.poll_timeout().is_some_and(|next| next <= self.now) {
                return Err(Trouble::Stuck(self.now));
            }
        }
        Err(Trouble::TooFar(self.now))
    }

    /// Tells the machine something, and writes what comes of it.
    fn tell(&mut self, input: M::Input) -> Result<(), Trouble> {
        let json = self.recording.is_some().then(|| serde_json::to_string(&input)).transpose();
        let json = json.map_err(io::Error::from)?;
        let reply = M::store_reply(&input);
        self.host.handle(self.now, input)?;
        if let Some(input) = json {
            self.record(What::In { role: M::ROLE, input })?;
        }
        if let Some(reply) = reply {
            self.store.reply(reply);
        }
        self.drain()
    }

    fn drain(&mut self) -> Result<(), Trouble> {
        while let Some(action) = self.host.poll_action() {
            let json = serde_json::to_string(&action).map_err(io::Error::from)?;
            self.say("out", &json)?;
            self.record(What::Out { role: M::ROLE, action: json })?;
            if let Some((ticket, op)) = M::store_order(&action) {
                self.store.issue(ticket, op);
            }
        }
        match self.store.last_issued().filter(|_| self.auto_store) {
            Some(ticket) => self.tell(M::stored(ticket)),
            None => Ok(()),
        }
    }

    /// The machine is gone as it was after the line before, and another one boots.
    fn restore(&mut self, at: Instant, dump: M::Dump) -> Result<(), Trouble> {
        self.host.restart(at, &dump)?;
        self.now = at;
        if self.recording.is_some() {
            let dump = serde_json::to_string(&dump).map_err(io::Error::from)?;
            self.record(What::Restore { role: M::ROLE, dump })?;
        }
        self.store = Store::holding(dump);
        self.drain()
    }

    fn end_block(&mut self) -> io::Result<()> {
        let timeout = self.host.poll_timeout();
        self.say("timeout", &serde_json::to_string(&timeout)?)?;
        if let Some(recording) = &mut self.recording {
            recording.flush()?;
        }
        self.out.flush()
    }

    fn say(&mut self, what: &str, json: &str) -> io::Result<()> {
        writeln!(self.out, r#"{{"at":{},"{what}":{json}}}"#, self.now.as_millis())
    }

    fn record(&mut self, what: What) -> io::Result<()> {
        match &mut self.recording {
            Some(recording) => writeln!(recording, "{}", Record::at(self.now, what)),
            None => Ok(()),
        }
    }
}

/// A line of stdin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order<Input, Dump> {
    at: Option<u64>,
    #[serde(rename = "in")]
    input: Option<Input>,
    restore: Option<Dump>,
    dump: Option<Cut>,
}

/// A line's input as it was written.
#[derive(Deserialize)]
struct Given {
    #[serde(rename = "in")]
    input: Value,
}

/// Which operations a power cut leaves beyond the confirmed ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cut {
    through: Option<Ticket>,
}

/// Why a line was not carried out.
#[derive(Debug, Error)]
enum Trouble {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{}", .0.reason)]
    Line(LineError),
    #[error(transparent)]
    Misuse(#[from] MisuseError),
    #[error("the machine is due again at {0}, where it was ticked: a bug of the machine")]
    Stuck(Instant),
    #[error("more than {MAX_TICKS} ticks fall due until then: time stands at {0} now")]
    TooFar(Instant),
}

impl From<LineError> for Trouble {
    fn from(error: LineError) -> Self {
        Trouble::Line(error)
    }
}

impl Trouble {
    fn into_io(self) -> io::Error {
        match self {
            Trouble::Io(error) => error,
            other => io::Error::other(other.to_string()),
        }
    }
}
