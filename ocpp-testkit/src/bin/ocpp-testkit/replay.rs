//! `replay`: a recording through the machine again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use ocpp_testkit::replay::{Agreement, Difference, ReplayError, replay};
use ocpp_testkit::trace::record::Recording;
use serde::Serialize;

use crate::print;

const AFTER_HELP: &str = "\
FILE is a recording of `pipe --record`, or any trace with a machine's inputs and outputs whose header tells role, seed and
config.

Exit status: 0 if every output agrees, 1 at the first that does not, 2 if the file cannot be replayed.

Example:
  ocpp-testkit replay session.jsonl";

/// Run a recording through the machine again and compare every output.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Replay {
    /// The recording.
    file: PathBuf,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict<'a> {
    Agreed(&'a Agreement),
    Difference(&'a Difference),
}

impl Replay {
    pub fn run(&self) -> ExitCode {
        match read(&self.file).and_then(|recording| replay(&recording).map_err(Failure::from)) {
            Ok(agreement) => {
                let Agreement { inputs, outputs, restores } = agreement;
                let text = format!("{inputs} inputs, {outputs} outputs and {restores} restores agree");
                self.print(&Verdict::Agreed(&agreement), &text);
                ExitCode::SUCCESS
            }
            Err(Failure::Replay(ReplayError::Differs(difference))) => {
                self.print(&Verdict::Difference(&difference), &difference.to_string());
                ExitCode::FAILURE
            }
            Err(Failure::Replay(error)) => self.give_up(&error),
            Err(Failure::File(error)) => self.give_up(&error),
        }
    }

    fn print(&self, verdict: &Verdict<'_>, text: &str) {
        match serde_json::to_string(verdict) {
            Ok(json) if self.json => println!("{json}"),
            Ok(_) | Err(_) => println!("{text}"),
        }
    }

    fn give_up(&self, error: &dyn std::fmt::Display) -> ExitCode {
        eprintln!("replay: {}: {error}", self.file.display());
        ExitCode::from(print::COULD_NOT)
    }
}

enum Failure {
    File(Box<dyn std::error::Error>),
    Replay(ReplayError),
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        Failure::Replay(error)
    }
}

fn read(file: &Path) -> Result<Recording, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        let advice = ocpp_testkit::stores::advice(error.kind());
        Failure::File(format!("{error}; {advice}").into())
    })?;
    text.parse().map_err(|error: ocpp_testkit::trace::record::RecordError| Failure::File(error.into()))
}
