//! The `ocpp-testkit` program.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod csms;
mod lines;
mod station;

/// Stations and servers of OCPP: in virtual time, and over real sockets.
#[derive(Parser)]
#[command(name = "ocpp-testkit", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a station with simulated hardware over a WebSocket.
    Station(station::Station),
    /// Run a CSMS over WebSockets.
    Csms(csms::Csms),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Station(station) => station.run(),
        Command::Csms(csms) => csms.run(),
    }
}
