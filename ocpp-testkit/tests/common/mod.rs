//! What scenario tests share.
#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use ocpp_core::station::EvseId;
use ocpp_testkit::pair::{Pair, PairConfig, Step};

pub const EVSE: EvseId = EvseId(1);

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A pair with a script of things to happen, each so many seconds after the start.
pub fn pair(config: PairConfig, steps: impl IntoIterator<Item = (u64, Step)>) -> Pair {
    let mut pair = Pair::new(config).unwrap_or_else(|failure| panic!("{failure}"));
    pair.script(steps.into_iter().map(|(seconds, step)| (secs(seconds), step)));
    pair
}

/// The same, run until all is quiet; everything is delivered and the bill agrees with the meter.
pub fn finished(config: PairConfig, steps: impl IntoIterator<Item = (u64, Step)>) -> Pair {
    let mut pair = pair(config, steps);
    finish(&mut pair);
    pair
}

pub fn finish(pair: &mut Pair) {
    let checked = pair.drive_quiet().and_then(|()| pair.check_delivered()).and_then(|()| pair.check_bill());
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Runs for some time.
pub fn run(pair: &mut Pair, seconds: u64) {
    pair.run_for(secs(seconds)).unwrap_or_else(|failure| panic!("{failure}"));
}

/// A driver plugs in at 5 s, presents the token at 8 s and again at 200 s, and leaves at 210 s.
pub fn session() -> [(u64, Step); 4] {
    [(5, Step::Plug(EVSE)), (8, Step::token(1, "TAG")), (200, Step::token(1, "TAG")), (210, Step::Unplug(EVSE))]
}

/// The frames from a time on, as a conversation.
pub fn conversation_from(pair: &Pair, seconds: u64) -> String {
    let later = |line: &&str| {
        line.split_once('.').and_then(|(at, _)| at.trim().parse().ok()).is_some_and(|at: u64| at >= seconds)
    };
    pair.trace.conversation().lines().filter(later).map(|line| format!("{line}\n")).collect()
}

/// How often the station sent this action.
pub fn count(pair: &Pair, action: &str) -> usize {
    let sent = format!("> {action} ");
    pair.trace.conversation().lines().filter(|line| line.contains(&sent)).count()
}

/// The folder of the recordings, if it is there: beside the repository in `../shared/traces`, or where `OCPP_TRACES` says.
pub fn recordings() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let folder = std::env::var_os("OCPP_TRACES").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        println!("SKIPPED: no recordings in {}", folder.display());
        return None;
    }
    Some(folder)
}
