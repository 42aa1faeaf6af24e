//! How transactions begin (E01, E03, E05).

use crate::conformance::v2::{Bench, Event, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_E_01_CSMS", "A start by the closed power path", "E01.FR.05", &[], |bench| {
        let transaction = by_energy(bench, "SuspendedEVSE")?;
        bench.tells(&transaction, Event::updated("ChargingStateChanged").state("Charging"))
    }),
    case("TC_E_02_CSMS", "A start by the energy", "E01.FR.06", &[], |bench| by_energy(bench, "Charging").map(|_| ())),
    case("TC_E_04_CSMS", "A start with the token first", "E03.FR.02", &[], |bench| bench.told_charging().map(|_| ())),
    case("TC_E_09_CSMS", "A start by the cable", "E01.FR.02", &[], |bench| {
        bench.told_connected(bench.values.connector).map(|_| ())
    }),
    case("TC_E_10_CSMS", "A start by the token", "E01.FR.03", &[], |bench| {
        bench.told_authorized(bench.values.connector, &bench.values.token.clone()).map(|_| ())
    }),
    case("TC_E_12_CSMS", "A start by the parking bay", "E01.FR.01", &[], |bench| {
        bench.begins(bench.values.connector, Event::started("EVDetected")).map(|_| ())
    }),
    case("TC_E_38_CSMS", "A vehicle that is not ready", "E03.FR.02", &[], not_ready),
    case("TC_E_53_CSMS", "Each transaction counts from zero", "E01.FR.07", &[], twice),
];

fn by_energy(bench: &mut Bench<'_>, state: &str) -> Step<String> {
    let token = bench.values.token.clone();
    bench.asks_for(&token, ["Accepted"])?;
    bench.shows("Occupied")?;
    let event = Event::started("ChargingStateChanged").state(state).token(&token, ["Accepted"]);
    bench.begins(bench.values.connector, event)
}

fn not_ready(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.told_authorized(bench.values.connector, &bench.values.token.clone())?;
    bench.shows("Occupied")?;
    bench.tells(&transaction, Event::updated("CablePluggedIn").state("EVConnected"))?;
    bench.tells(&transaction, Event::updated("ChargingStateChanged").state("SuspendedEV"))
}

fn twice(bench: &mut Bench<'_>) -> Step {
    for _ in 0..2 {
        let transaction = bench.told_charging()?;
        bench.told_stopped(&transaction)?;
        bench.told_disconnected(&transaction)?;
    }
    Ok(())
}
