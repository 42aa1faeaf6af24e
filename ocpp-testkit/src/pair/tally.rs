//! How much happened in a run.

use std::ops::AddAssign;

use serde::Serialize;

/// How much happened in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Messages that the two ends sent.
    pub messages: u64,
    /// Store operations of both ends.
    pub stored: u64,
    /// Acts of drivers and operators.
    pub acts: u64,
    /// Connections that were cut, died in silence, or were taken over.
    pub cuts: u64,
    /// Calls of the station that are to be answered with an error, or never.
    pub bad_answers: u64,
    /// Times at which the station lost its power or rebooted.
    pub reboots: u64,
    /// Times at which the server's process died.
    pub restarts: u64,
    /// Store operations that failed, of both ends.
    pub store_failures: u64,
    /// Faults of the hardware.
    pub faults: u64,
    /// Clocks that jumped.
    pub clock_steps: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.messages += other.messages;
        self.stored += other.stored;
        self.acts += other.acts;
        self.cuts += other.cuts;
        self.bad_answers += other.bad_answers;
        self.reboots += other.reboots;
        self.restarts += other.restarts;
        self.store_failures += other.store_failures;
        self.faults += other.faults;
        self.clock_steps += other.clock_steps;
    }
}
