//! `simulate`: worlds under faults.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use ocpp_core::Station;
use ocpp_core::csms::Session;
use ocpp_testkit::pair::Sabotage;
use ocpp_testkit::seed::Seed;
use ocpp_testkit::trace::record::Header;
use ocpp_testkit::world::{Plan, Shrunk, Summary, Watch, World, WorldFailure, shrink};
use serde::Serialize;

use crate::lines::Version;
use crate::print;

/// Run many stations and one CSMS in virtual time under faults, and check everything.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status: 0 if everything held, 1 if a check failed, 2 if the trace could not be saved.\n\n\
    Examples:\n  ocpp-testkit simulate --seed 7 --stations 50 --hours 24\n  \
    ocpp-testkit simulate --seed 1 --worlds 100 --save failures\n  \
    ocpp-testkit simulate --sabotage double-stop   # must fail"
)]
pub struct Simulate {
    /// Everything is drawn from this; the same seed gives the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many stations.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    stations: u16,
    /// The versions that the stations speak by turns, separated by commas.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1.6")]
    ocpp: Vec<Version>,
    /// How many hours the drivers come and go.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8784))]
    hours: u32,
    /// How many worlds, with this seed and the next ones.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    worlds: u32,
    /// Print one JSON object for each world instead of tables.
    #[arg(long)]
    json: bool,
    /// Where to write the trace of a world that failed.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Plant a bug, to see it found.
    #[arg(long, value_name = "KIND")]
    sabotage: Option<Sabotage>,
    /// How many runs the search for a shorter trace may take.
    #[arg(long, default_value_t = 1_000)]
    shrink_runs: usize,
}

/// What `--json` prints of a world.
#[derive(Serialize)]
struct Output {
    seed: u64,
    held: bool,
    #[serde(flatten)]
    summary: Summary,
    station_hours_per_second: u64,
    failure: Option<OutputFailure>,
}

#[derive(Serialize)]
struct OutputFailure {
    station: usize,
    step: u64,
    at_ms: u64,
    violation: String,
    /// What is left of the plan.
    acts: Vec<String>,
    again: String,
}

impl Simulate {
    /// Runs the worlds, until one fails.
    pub fn run(&self) -> ExitCode {
        // Not only after the hours that a failure takes to be found.
        if let Some(directory) = &self.save
            && let Err(error) = fs::create_dir_all(directory)
        {
            eprintln!("simulate: {}", print::unusable("--save", directory.display(), &error));
            return ExitCode::from(print::COULD_NOT);
        }
        let versions =
            match Version::built_in(&self.ocpp, |version| Station::speaks(version) && Session::speaks(version)) {
                Ok(versions) => versions,
                Err(reason) => {
                    eprintln!("simulate: {reason}");
                    return ExitCode::from(print::COULD_NOT);
                }
            };
        for seed in (self.seed..).take(self.worlds as usize) {
            let mut plan = Plan::draw_in(Seed(seed), self.stations.into(), self.hours.into(), &versions);
            plan.sabotage = self.sabotage;
            let started = Instant::now();
            let (summary, failure) = self.live(seed, &plan);
            let took = started.elapsed();
            let shrunk = failure.as_ref().map(|failure| {
                eprintln!("seed {seed}: {}: looking for a shorter trace", failure.failure.violation);
                shrink(&plan, failure, self.shrink_runs)
            });
            self.print(seed, summary, took, failure.as_ref().zip(shrunk.as_ref()));
            if let Some(shrunk) = &shrunk {
                return self.save(seed, shrunk);
            }
        }
        ExitCode::SUCCESS
    }

    fn live(&self, seed: u64, plan: &Plan) -> (Summary, Option<WorldFailure>) {
        let mut world = match World::new(plan, Watch::default()) {
            Ok(world) => world,
            Err(failure) => return (Summary::default(), Some(failure)),
        };
        let until = plan.until.as_millis().max(1);
        let mut told = 0;
        let failure = world
            .run(|now| {
                let percent = now.as_millis() * 100 / until;
                if percent >= told + 10 {
                    told = percent;
                    eprintln!("seed {seed}: {percent:>3} % of {} h at {} stations", self.hours, self.stations);
                }
            })
            .err();
        (world.summary(), failure)
    }

    fn print(&self, seed: u64, summary: Summary, took: Duration, failed: Option<(&WorldFailure, &Shrunk)>) {
        let output = Output {
            seed,
            held: failed.is_none(),
            station_hours_per_second: station_hours_per_second(&summary, took),
            summary,
            failure: failed.map(|(found, shrunk)| OutputFailure {
                station: found.station,
                step: found.step,
                at_ms: found.failure.at.as_millis(),
                violation: found.failure.violation.to_string(),
                acts: shrunk.plan.acts.iter().map(ToString::to_string).collect(),
                again: self.again(seed),
            }),
        };
        if self.json {
            match serde_json::to_string(&output) {
                Ok(text) => println!("{text}"),
                Err(error) => eprintln!("the result cannot be written: {error}"),
            }
            return;
        }
        output.print_table();
        if let (Some(failure), Some((_, shrunk))) = (&output.failure, failed) {
            failure.print(seed, shrunk);
        }
    }

    /// The command that shows the same again.
    fn again(&self, seed: u64) -> String {
        let sabotage = self.sabotage.map_or_else(String::new, |sabotage| format!(" --sabotage {}", sabotage.name()));
        let list = self.ocpp.iter().map(Version::to_string).collect::<Vec<_>>().join(",");
        let ocpp = if list == "1.6" { String::new() } else { format!(" --ocpp {list}") };
        let Simulate { stations, hours, shrink_runs, .. } = self;
        format!(
            "ocpp-testkit simulate --seed {seed}{ocpp} --stations {stations} --hours {hours} --shrink-runs {shrink_runs}{sabotage}"
        )
    }

    fn save(&self, seed: u64, shrunk: &Shrunk) -> ExitCode {
        let Some(directory) = &self.save else { return ExitCode::FAILURE };
        match write(directory, seed, shrunk) {
            Ok([records, text]) => {
                eprintln!("trace: {}\nlog:   {}", records.display(), text.display());
                ExitCode::FAILURE
            }
            Err(error) => {
                eprintln!("the trace cannot be saved in {}: {error}", directory.display());
                ExitCode::from(2)
            }
        }
    }
}

fn station_hours_per_second(summary: &Summary, took: Duration) -> u64 {
    let station_seconds = u128::from(summary.seconds) * summary.stations as u128;
    u64::try_from(station_seconds * 1_000_000 / 3_600 / took.as_micros().max(1)).unwrap_or(u64::MAX)
}

fn write(directory: &Path, seed: u64, shrunk: &Shrunk) -> io::Result<[PathBuf; 2]> {
    fs::create_dir_all(directory)?;
    let path = |ending: &str| directory.join(format!("seed-{seed}.{ending}"));
    let header = Header { seed: Some(seed), ..Header::new() };
    let lines = std::iter::once(header.to_string()).chain(shrunk.records.iter().map(ToString::to_string));
    let paths = [path("jsonl"), path("txt")];
    let [records, text] = &paths;
    fs::write(records, lines.map(|line| line + "\n").collect::<String>())?;
    fs::write(text, &shrunk.trace)?;
    Ok(paths)
}

impl Output {
    fn print_table(&self) {
        let Summary { stations, seconds, steps, sessions, energy_wh, tally, trace_hash } = &self.summary;
        let hours = format!("{}.{}", seconds / 3_600, seconds % 3_600 / 360);
        let energy = format!("{}.{:03} kWh", energy_wh / 1000, energy_wh % 1000);
        let rows: [(&str, &dyn ToString); 19] = [
            ("seed", &self.seed),
            ("stations", stations),
            ("hours", &hours),
            ("sessions", sessions),
            ("energy", &energy),
            ("acts of people", &tally.acts),
            ("messages", &tally.messages),
            ("store operations", &tally.stored),
            ("cuts", &tally.cuts),
            ("bad answers", &tally.bad_answers),
            ("reboots", &tally.reboots),
            ("server restarts", &tally.restarts),
            ("store failures", &tally.store_failures),
            ("hardware faults", &tally.faults),
            ("clock steps", &tally.clock_steps),
            ("steps", steps),
            ("station hours a second", &self.station_hours_per_second),
            ("trace hash", &format!("{trace_hash:016x}")),
            ("all held", &if self.held { "yes" } else { "NO" }),
        ];
        for (name, value) in rows {
            println!("{name:<24}{:>20}", value.to_string());
        }
    }
}

impl OutputFailure {
    fn print(&self, seed: u64, shrunk: &Shrunk) {
        let seconds = format!("{}.{:03}", self.at_ms / 1000, self.at_ms % 1000);
        println!("\nseed {seed}, step {}, station {}, at {seconds} s: {}", self.step, self.station, self.violation);
        let (acts, lines) = (shrunk.plan.acts.len(), shrunk.trace.lines().count());
        println!("\nshortest found, in {} runs: {acts} acts, {lines} lines of trace", shrunk.runs);
        self.acts.iter().for_each(|act| println!("{act}"));
        println!("\n{}\nagain: {}", shrunk.failure, self.again);
    }
}
