//! What an EVSE can give, and what it offers to the vehicle now.

use crate::station::{EvseFacts, EvseId, Limit, Measurand, Power, StationConfig, Supply};

/// What an EVSE offers to the vehicle: nothing while no energy may flow.
pub(crate) fn offered(config: &StationConfig, evse: EvseId, facts: &EvseFacts) -> [Option<(Measurand, i64)>; 2] {
    let limit = facts.limit(own_limit(&config.supply_of(evse)));
    let (milliamps, milliwatts) = match (limit, config.supply_of(evse)) {
        (Limit::Ac { milliamps, phases }, _) => {
            let each = milliwatts(milliamps.into(), config.hardware.wiring.line_millivolts);
            (i64::from(milliamps), each.saturating_mul(phases.into()))
        }
        (Limit::Dc { milliwatts }, supply) => {
            let milliwatts = i64::try_from(milliwatts).unwrap_or(i64::MAX);
            let millivolts = if let Supply::Dc { millivolts, .. } = supply { millivolts } else { 1 };
            (milliwatts.saturating_mul(1000) / i64::from(millivolts.max(1)), milliwatts)
        }
    };
    let is_on = facts.power() == Power::On;
    let value = |measurand, milli| Some((measurand, if is_on { milli } else { 0 }));
    [value(Measurand::CurrentOffered, milliamps), value(Measurand::PowerOffered, milliwatts)]
}

/// What an EVSE may draw where no profile limits it.
pub(crate) fn own_limit(supply: &Supply) -> Limit {
    match *supply {
        Supply::Ac { phases, max_milliamps, .. } => Limit::Ac { milliamps: max_milliamps, phases: phases.clamp(1, 3) },
        Supply::Dc { max_milliwatts, .. } => Limit::Dc { milliwatts: max_milliwatts },
    }
}

/// Of a current at a voltage.
pub(crate) fn milliwatts(milliamps: i64, millivolts: u32) -> i64 {
    milliamps.saturating_mul(millivolts.into()) / 1_000
}
