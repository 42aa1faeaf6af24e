//! `schedule`: what a set of charging profiles adds up to.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use ocpp_smartcharging::model::RateUnit;
use ocpp_testkit::schedule::{self, ProfileSet};

use crate::print;

const AFTER_HELP: &str = r#"The file is one JSON object:
  {"ocpp": "1.6",                                    or 2.0.1, 2.1
   "profiles": [{"evseId": 1, "profile": {..}}],     in the order of installation, as the messages have them
   "transactions": [{"evseId": 1, "id": "7", "start": "2026-01-01T12:00:00Z"}],
   "settings": {"supplyVoltage": 230, "defaultLimitA": 32, "defaultLimitW": 22080, "defaultNumberPhases": 3,
                "numberOfEvses": 1, "evseType": "AC"},
   "request": {"evseId": 1, "start": "2026-01-01T12:00:00Z", "duration": 86400, "chargingRateUnit": "A"}}
Only "ocpp" and "profiles" must be there. Profiles that a station would refuse are named on stderr, and counted in.

Example:
  ocpp-testkit schedule profiles.json --duration 3600 --unit W --svg profiles.svg"#;

/// Work out the composite schedule of a set of charging profiles; print it as a table.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Schedule {
    /// The file with the profiles.
    file: PathBuf,
    /// The first instant, which is also "now"; instead of that of the file.
    #[arg(long, value_name = "T")]
    at: Option<DateTime<Utc>>,
    /// How far ahead, in seconds; instead of that of the file.
    #[arg(long, value_name = "S")]
    duration: Option<u32>,
    /// The unit of the result, A or W; instead of that of the file.
    #[arg(long, value_name = "A|W", value_parser = unit)]
    unit: Option<RateUnit>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Draw the profiles and the result into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn unit(text: &str) -> Result<RateUnit, String> {
    schedule::unit(text).map_err(|_| "A or W".to_owned())
}

impl Schedule {
    pub fn run(self) -> ExitCode {
        match self.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => print::give_up("schedule", error.as_ref()),
        }
    }

    fn print(&self) -> Result<(), Box<dyn std::error::Error>> {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", self.file.display());
        let text = print::read("file", &self.file)?;
        let mut set = ProfileSet::read(&text, Utc::now()).map_err(|error| wrong(&error))?;
        let request = &mut set.request;
        request.start = self.at.unwrap_or(request.start);
        request.duration_seconds = self.duration.unwrap_or(request.duration_seconds);
        request.unit = self.unit.unwrap_or(request.unit);
        for (id, violation) in set.refused() {
            eprintln!("a station would refuse profile {}: {violation}", id.0);
        }
        let composite = set.composite().map_err(|error| wrong(&error))?;
        if let Some(file) = &self.svg {
            fs::write(file, schedule::picture(&set, &composite))
                .map_err(|error| print::unusable("--svg", file.display(), &error))?;
        }
        if self.json {
            println!("{}", schedule::json(&composite));
        } else {
            print!("{}", schedule::table(&composite));
        }
        Ok(())
    }
}
