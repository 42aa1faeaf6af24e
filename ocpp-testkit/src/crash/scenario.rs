//! A run of the enumeration.

use std::time::Duration;

use ocpp_rpc::Dialect;

use crate::checks::Failure;
use crate::pair::{Pair, PairConfig, Step};

/// A run that always ends in quiet.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// How the pair is set up.
    pub config: fn() -> PairConfig,
    /// What happens, with the seconds after the start; what is asked of the station is in the words of this version.
    pub steps: fn(Dialect) -> Vec<(u64, Step)>,
    /// What must hold at the end, beside the bill.
    pub holds: fn(&mut Pair) -> Result<(), Failure>,
}

impl Scenario {
    /// Runs it to quiet, and checks what must hold then.
    ///
    /// # Errors
    /// When a check fails.
    pub fn run(&self, config: PairConfig) -> Result<Pair, Failure> {
        let version = config.station.network.versions.first().copied().unwrap_or(Dialect::V1_6);
        let mut pair = Pair::new(config)?;
        pair.script((self.steps)(version).into_iter().map(|(seconds, step)| (Duration::from_secs(seconds), step)));
        pair.drive_quiet()?;
        pair.end_fate();
        (self.holds)(&mut pair)?;
        pair.check_delivered()?;
        pair.check_bill()?;
        Ok(pair)
    }
}
