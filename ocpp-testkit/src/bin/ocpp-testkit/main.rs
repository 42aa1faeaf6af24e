//! The `ocpp-testkit` program.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

// Before all others: its macros stand in the place of those of the standard library.
#[macro_use]
mod print;

mod conformance;
mod csms;
mod demo;
mod lines;
mod pipe;
mod replay;
mod save;
mod schedule;
mod simulate;
mod station;
mod trace;
mod validate;

/// Stations and servers of OCPP: in virtual time, and over real sockets.
#[derive(Parser)]
#[command(name = "ocpp-testkit", version, disable_help_subcommand = true)]
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
    /// Run the cases of the OCPP compliance tool against our machines or a live peer.
    Conformance(conformance::Conformance),
    /// Drive a station or a CSMS's session by JSON lines on stdin and stdout, in virtual time.
    Pipe(pipe::Pipe),
    /// Run a recording through the machine again and compare every output.
    Replay(replay::Replay),
    /// Work out the composite schedule of a set of charging profiles.
    Schedule(schedule::Schedule),
    /// Show a trace, or the log of another program, as text, diagram or page.
    Trace(trace::Trace),
    /// Say what is wrong with frames, a payload or a whole trace, and where.
    Validate(validate::Validate),
}

fn main() -> ExitCode {
    let status = match Cli::parse().command.unwrap_or_else(|| Command::Demo(demo::Demo::default())) {
        Command::Demo(demo) => demo.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Station(station) => station.run(),
        Command::Csms(csms) => csms.run(),
        Command::Conformance(conformance) => conformance.run(),
        Command::Pipe(pipe) => pipe.run(),
        Command::Replay(replay) => replay.run(),
        Command::Schedule(schedule) => schedule.run(),
        Command::Trace(trace) => trace.run(),
        Command::Validate(validate) => validate.run(),
    };
    print::finish();
    status
}
