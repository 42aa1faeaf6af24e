//! `demo`: a whole charging session, station against mini-CSMS, in virtual time.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use ocpp_core::Station;
use ocpp_core::csms::Session;
use ocpp_core::station::EvseId;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_testkit::checks::{Failure, Violation, bill};
use ocpp_testkit::csms::Bill;
use ocpp_testkit::pair::{Pair, PairConfig, Step};
use serde::Serialize;

use crate::lines::Version;
use crate::print;

/// Run a whole charging session in virtual time; print its trace and its bill.
#[derive(Args, Debug, Default)]
#[command(after_help = "Example:\n  ocpp-testkit demo --ocpp 1.6 --json | jq .bill")]
pub struct Demo {
    /// The version to speak.
    #[arg(long, value_name = "VERSION", default_value_t)]
    ocpp: Version,
    /// What is drawn is drawn from this; the same seed gives the same trace.
    #[arg(long, default_value_t)]
    seed: u64,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Write what the station was told and did to this file too, for `trace`, `validate` and `replay`.
    #[arg(long)]
    save: Option<PathBuf>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Output {
    trace: Vec<OutputLine>,
    bill: Bill,
    meters: Vec<OutputMeter>,
    agrees: bool,
    disagreement: Option<String>,
}

#[derive(Serialize)]
struct OutputLine {
    at_ms: u64,
    actor: String,
    text: String,
}

/// What a meter really counted.
#[derive(Serialize)]
struct OutputMeter {
    connector: u16,
    start_mwh: i64,
    end_mwh: i64,
}

impl Demo {
    /// Runs it. Exit status 0 only when the bill agrees with the meter, 2 when the version cannot be spoken.
    pub fn run(&self) -> ExitCode {
        let spoken = Version::built_in(&[self.ocpp], |version| Station::speaks(version) && Session::speaks(version));
        if let Err(reason) = spoken {
            eprintln!("demo: {reason}");
            return ExitCode::from(print::COULD_NOT);
        }
        match session(self.seed, self.ocpp.0) {
            Ok((pair, verdict)) => {
                if let (Some(path), Some(recording)) = (&self.save, pair.station.recording())
                    && let Err(error) = fs::write(path, recording.to_string())
                {
                    eprintln!("demo: {}", print::unusable("--save", path.display(), &error));
                    return ExitCode::from(print::COULD_NOT);
                }
                self.print(&pair, verdict.err())
            }
            Err(failure) => {
                eprintln!("the session failed at {failure}");
                ExitCode::FAILURE
            }
        }
    }

    fn print(&self, pair: &Pair, disagreement: Option<Violation>) -> ExitCode {
        let output = Output::of(pair, disagreement.as_ref());
        if self.json {
            match serde_json::to_string(&output) {
                Ok(text) => println!("{text}"),
                Err(error) => eprintln!("the result cannot be written: {error}"),
            }
        } else {
            print!("{}\n{}", pair.trace, output.bill);
            for meter in &output.meters {
                let (start, end) = (meter.start_mwh, meter.end_mwh);
                let energy = end - start;
                println!("meter of connector {}: {start} to {end} mWh: {energy} mWh", meter.connector);
            }
            match &output.disagreement {
                None => println!("bill and meter agree"),
                Some(disagreement) => println!("bill and meter DISAGREE: {disagreement}"),
            }
        }
        if output.agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl Output {
    fn of(pair: &Pair, disagreement: Option<&Violation>) -> Self {
        let lines = pair.trace.lines().iter();
        Output {
            trace: lines
                .map(|line| OutputLine {
                    at_ms: line.at.as_millis(),
                    actor: line.actor.to_string(),
                    text: line.text.clone(),
                })
                .collect(),
            bill: pair.csms.bill(),
            meters: pair
                .station
                .hardware
                .iter()
                .map(|(evse, hardware)| OutputMeter {
                    connector: evse.0,
                    start_mwh: hardware.meter().register_mwh(Instant::ZERO),
                    end_mwh: hardware.meter().register_mwh(pair.now()),
                })
                .collect(),
            agrees: disagreement.is_none(),
            disagreement: disagreement.map(Violation::to_string),
        }
    }
}

/// A driver plugs in, shows the token, charges for some minutes, shows it again and leaves. Gives the finished pair, and
/// whether its bill agrees with the meter.
fn session(seed: u64, version: Dialect) -> Result<(Pair, Result<(), Violation>), Failure> {
    let evse = EvseId(1);
    let config = PairConfig { record: true, ..PairConfig::new(seed) }.speaking(&[version]);
    let mut pair = Pair::new(config)?;
    pair.script(
        [(5, Step::Plug(evse)), (8, Step::token(1, "TAG")), (305, Step::token(1, "TAG")), (315, Step::Unplug(evse))]
            .map(|(seconds, step)| (Duration::from_secs(seconds), step)),
    );
    pair.drive_quiet()?;
    pair.check_delivered()?;
    let (bill, hardware) = (pair.csms.bill(), &pair.station.hardware);
    let verdict = match bill.rows.len() {
        1 => pair
            .check_bill()
            .map_err(|failure| failure.violation)
            .and_then(|()| bill::tells_the_time(&bill, hardware, &pair.wall)),
        count => Err(Violation::Bill(format!("{count} transactions instead of one"))),
    };
    Ok((pair, verdict))
}
