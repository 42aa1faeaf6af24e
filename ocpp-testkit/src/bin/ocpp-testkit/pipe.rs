//! `pipe`: a machine on stdin and stdout, in virtual time.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use ocpp_core::Station;
use ocpp_core::csms::{Session, SessionConfig};
use ocpp_core::station::StationConfig;
use ocpp_testkit::lines::Lines;
use ocpp_testkit::pipe::{Machine, Setup, SetupError, configured};
use ocpp_testkit::seed::Seed;

use crate::lines::{Version, explain};
use crate::print;

const AFTER_HELP: &str = r#"PIPE.md in the sources lists every input and output and shows whole sessions. In short, a line of stdin is one of
  {"at":0,"in":{"Link":{"Opened":{"subprotocol":"ocpp1.6"}}}}    an input at this millisecond
  {"at":9000,"dump":{}}                                          what is in the store by now
  {"at":9000,"restore":{"entries":{},"logs":{}}}                 boot from such a dump
and what comes of it are lines {"at":..,"out":..}, ended by one {"at":..,"timeout":..} that tells the next deadline. A line
that makes no sense gives {"error":{"line":..,"column":..,"reason":..}}, and the program goes on.

Exit status: 0 at the end of stdin, 1 if a line was wrong, 2 if the machine could not be made or a pipe broke.

Example:
  printf '%s\n' '{"at":0,"in":{"Link":{"Opened":{"subprotocol":"ocpp1.6"}}}}' '{"at":30000,"in":"Tick"}' |
    ocpp-testkit pipe --role station --auto-store"#;

/// Drive a station or a CSMS's session by JSON lines on stdin and stdout, in virtual time.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Pipe {
    /// The machine.
    #[arg(long, value_enum)]
    role: Role,
    /// The version to speak: 1.6, 2.0.1 or 2.1.
    #[arg(long, value_name = "VERSION", default_value = "1.6")]
    ocpp: Version,
    /// The number of EVSEs of a station, 1 if nothing else is said.
    #[arg(long, value_name = "N")]
    evses: Option<u16>,
    /// What is drawn is drawn from this; the same seed and lines give the same output.
    #[arg(long, default_value_t)]
    seed: u64,
    /// A JSON object with members of the configuration that differ from the defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Confirm each store operation at once.
    #[arg(long)]
    auto_store: bool,
    /// Write a recording that `replay` runs again.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    Station,
    Csms,
}

type Failure = Box<dyn std::error::Error>;

impl Pipe {
    pub fn run(self) -> ExitCode {
        let served = match self.role {
            Role::Station => self.station_config().and_then(|config| self.serve::<Station>(config)),
            Role::Csms => self.session_config().and_then(|config| self.serve::<Session>(config)),
        };
        match served {
            Ok(0) => ExitCode::SUCCESS,
            Ok(_) => ExitCode::FAILURE,
            Err(error) => print::give_up("pipe", error.as_ref()),
        }
    }

    fn station_config(&self) -> Result<StationConfig, Failure> {
        let mut config = StationConfig::new("ws://csms.example/ocpp", "CP001", "Vendor", "Model");
        config.network.versions = vec![self.ocpp.0];
        let mut config = self.configured(config)?;
        if let Some(evses) = self.evses {
            config = config.with_evses(evses);
        }
        Ok(config)
    }

    fn session_config(&self) -> Result<SessionConfig, Failure> {
        match self.evses {
            None => self.configured(SessionConfig::default()),
            Some(_) => Err("--evses is for a station".into()),
        }
    }

    fn configured<C: serde::Serialize + serde::de::DeserializeOwned>(&self, defaults: C) -> Result<C, Failure> {
        let Some(file) = &self.config else { return Ok(defaults) };
        let text = print::read("--config", file)?;
        configured(&defaults, &text).map_err(|error| format!("--config {}: {error}", file.display()).into())
    }

    /// Gives the number of wrong lines.
    fn serve<M: Machine>(&self, config: M::Config) -> Result<u64, Failure> {
        Version::built_in(&[self.ocpp], M::speaks)?;
        let recording = self.record.as_ref().map(|file| {
            let opened = File::create(file).map_err(|error| print::unusable("--record", file.display(), &error));
            opened.map(|file| Box::new(BufWriter::new(file)) as Box<dyn Write>)
        });
        let setup = Setup { ocpp: self.ocpp.0, config, seed: Seed(self.seed), auto_store: self.auto_store };
        let out = BufWriter::new(io::stdout().lock());
        let begun = ocpp_testkit::pipe::Pipe::<M, _>::begin(setup, out, recording.transpose()?);
        let mut pipe = begun.map_err(|error| match error {
            SetupError::Misuse(error) => Failure::from(explain(&error)),
            SetupError::Io(error) => error.into(),
            other => other.into(),
        })?;
        for line in Lines::of(io::stdin().lock()) {
            pipe.line(&line?)?;
        }
        Ok(pipe.errors())
    }
}
