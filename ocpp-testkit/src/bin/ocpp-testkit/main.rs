//! The `ocpp-testkit` program.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod csms;
mod demo;
mod lines;
mod simulate;
mod station;

/// Stations and servers of OCPP: in virtual time, and over real sockets.
#[derive(Parser)]
#[command(name = "ocpp-testkit", disable_help_subcommand = true)]
struct Cli {
    /// Without a subcommand: `demo`.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run a whole charging session in virtual time; print its trace and its bill.
    Demo(demo::Demo),
    /// Run many stations and one CSMS in virtual time under faults, and check everything.
    Simulate(simulate::Simulate),
    /// Run a station with simulated hardware over a WebSocket.
    Station(station::Station),
    /// Run a CSMS over WebSockets, with its ledger in SQLite.
    Csms(csms::Csms),
}

fn main() -> ExitCode {
    match Cli::parse().command.unwrap_or_else(|| Command::Demo(demo::Demo::default())) {
        Command::Demo(demo) => demo.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Station(station) => station.run(),
        Command::Csms(csms) => csms.run(),
    }
}
