//! Starting a transaction at the station (1.6 §4.1, §4.8).

use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_003_CS", "Local start, cable first", "4.1, 4.8, 4.9", &[], cable_first),
    case("TC_004_1_CS", "Local start, token first", "4.1, 4.8, 4.9", &[], token_first),
    case(
        "TC_006_CS",
        "One reader serves two connectors (withdrawn)",
        "4.1, 4.8, 4.9, 4.10",
        &[Need::Connectors(2)],
        shared_reader,
    ),
];

fn cable_first(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.plug_in(connector)?;
    bench.present(connector, &token)?;
    bench.expect(Bench::authorize(&token))?;
    bench.starts(connector, Bench::start(connector, &token)).map(|_| ())
}

fn token_first(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure_seconds("MeterValueSampleInterval", bench.values.sample)?;
    bench.precondition("Authorized", |bench| bench.authorized(connector, &token))?;
    bench.plug(connector)?;
    bench.starts(connector, Bench::start(connector, &token)).map(|_| ())
}

fn shared_reader(bench: &mut Bench<'_>) -> Step {
    let tokens = [bench.values.token.clone(), bench.values.token2.clone()];
    bench.configure_if_there("AuthorizationCacheEnabled", "false")?;
    let mut running = Vec::new();
    for (connector, token) in (1..).zip(tokens) {
        bench.present_at_station(&token)?;
        bench.expect(Bench::authorize(&token))?;
        bench.plug_in(connector)?;
        running.push((connector, bench.starts(connector, Bench::start(connector, &token))?, token));
    }
    for (connector, transaction, token) in running {
        bench.present_at_station(&token)?;
        bench.stops(connector, Bench::stop(transaction, "Local").is("idTag", token))?;
        bench.unplug(connector)?;
        bench.expect(Bench::status(connector, "Available"))?;
    }
    Ok(())
}
