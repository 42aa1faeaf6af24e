//! MeterValues that the CSMS asked for of connectors without a transaction (1.6 §5.17): the last of each, sent once.
//!
//! Stores nothing: they tell what is, not what was.

use crate::site::journal::Measured;
use crate::station::EvseId;
use crate::table::Table;

/// Readings to send.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    waiting: Table<EvseId, Measured>,
}

impl Readings {
    pub fn take(&mut self, reading: Measured) {
        self.waiting.insert(reading.spot.evse, reading);
    }

    /// The reading to send now.
    pub fn next(&mut self) -> Option<Measured> {
        self.waiting.pop_first().map(|(_, reading)| reading)
    }
}
