//! The meter of an EVSE, with a memory of all that ever flowed: the truth that bills are checked against.

use ocpp_core::station::{Measurand, MeterReading, SignedValue};
use ocpp_core::time::Instant;

/// Microjoules (milliwatt times millisecond) in a milliwatt-hour.
const UJ_PER_MWH: i64 = 3_600_000;
/// Between phase and neutral.
pub(super) const MAINS_MILLIVOLTS: u32 = 230_000;

/// A register of imported active energy. It never goes back, and no power cut touches it.
#[derive(Clone, Debug)]
pub struct Meter {
    /// The moments at which the power changed, oldest first; the first is the beginning of time.
    changes: Vec<Change>,
    last: Change,
    /// By how many thousandths of what flowed the readings are too high: a broken promise, to prove that checks see it.
    error_permille: i64,
    signs: bool,
}

/// From `at` on the register grows from `microjoules` by `milliwatts`.
#[derive(Clone, Copy, Debug)]
struct Change {
    at: Instant,
    microjoules: i64,
    milliwatts: u64,
}

impl Change {
    fn microjoules_at(&self, at: Instant) -> i64 {
        let millis = at.as_millis().saturating_sub(self.at.as_millis());
        let millis = i64::try_from(millis).unwrap_or(i64::MAX);
        self.microjoules.saturating_add(millis.saturating_mul(i64::try_from(self.milliwatts).unwrap_or(i64::MAX)))
    }
}

impl Meter {
    /// A meter that shows `register_mwh`.
    pub fn new(register_mwh: i64) -> Self {
        let last = Change { at: Instant::ZERO, microjoules: register_mwh.saturating_mul(UJ_PER_MWH), milliwatts: 0 };
        Meter { changes: vec![last], last, error_permille: 0, signs: false }
    }

    /// The power changes.
    pub fn set_power(&mut self, now: Instant, milliwatts: u64) {
        self.last = Change { at: now.max(self.last.at), microjoules: self.last.microjoules_at(now), milliwatts };
        self.changes.push(self.last);
    }

    /// What the register showed, or will show if the power stays: in mWh.
    pub fn register_mwh(&self, at: Instant) -> i64 {
        let valid = self.changes.partition_point(|change| change.at <= at);
        let change = valid.checked_sub(1).and_then(|index| self.changes.get(index)).unwrap_or(&self.last);
        change.microjoules_at(at) / UJ_PER_MWH
    }

    /// Lets the readings be wrong from now on.
    pub fn misread(&mut self, error_permille: i64) {
        self.error_permille = error_permille;
    }

    /// Has the readings signed from now on. The signature is none that anybody could check.
    pub fn sign(&mut self) {
        self.signs = true;
    }

    /// The values now.
    pub fn reading(&self, now: Instant) -> MeterReading {
        let milliwatts = i64::try_from(self.last.milliwatts).unwrap_or(i64::MAX);
        let register_mwh = self.register_mwh(now);
        let error_mwh = (register_mwh - self.register_mwh(Instant::ZERO)) * self.error_permille / 1000;
        let reading = MeterReading::energy_mwh(register_mwh + error_mwh)
            .with(Measurand::PowerActiveImport, None, milliwatts)
            .with(Measurand::CurrentImport, None, milliwatts.saturating_mul(1_000) / i64::from(MAINS_MILLIVOLTS))
            .with(Measurand::Voltage, None, MAINS_MILLIVOLTS.into());
        // Base64 of whatever length.
        let signed = || SignedValue::new(&format!("{:016}", register_mwh + error_mwh), "OCMF");
        if self.signs { reading.with_signed(signed()) } else { reading }
    }
}
