//! Each combination of start and stop points, through whatever happens: what holds for every transaction (E01, E06).

use proptest::prelude::*;

use super::*;

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    Cable(Cable),
    Vehicle(Vehicle),
    Token(u8),
    RemoteStart(u8),
    RemoteStop,
    Link(bool),
    Wait(u64),
    Cut,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cable = prop_oneof![Just(Cable::Absent), Just(Cable::Plugged), Just(Cable::Connected), Just(Cable::Connected)];
    let step = prop_oneof![
        4 => cable.prop_map(Step::Cable),
        3 => prop_oneof![Just(Vehicle::Ready), Just(Vehicle::Paused)].prop_map(Step::Vehicle),
        4 => (0_u8..2).prop_map(Step::Token),
        1 => (0_u8..2).prop_map(Step::RemoteStart),
        1 => Just(Step::RemoteStop),
        1 => any::<bool>().prop_map(Step::Link),
        2 => (1_u64..150).prop_map(Step::Wait),
        1 => Just(Step::Cut),
    ];
    proptest::collection::vec(step, 1..30)
}

const POINTS: [&str; 4] = ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"];

fn list(bits: u8) -> String {
    let chosen = POINTS.iter().zip(0..).filter(|(_, at)| bits & 1 << at != 0).map(|(point, _)| *point);
    chosen.collect::<Vec<_>>().join(",")
}

fn run(version: Dialect, start: u8, stop: u8, goes_on: bool, steps: &[Step]) {
    let (start, stop) = (list(start), list(stop));
    let settings = [
        ("TxCtrlr.TxStartPoint", start.as_str()),
        ("TxCtrlr.TxStopPoint", stop.as_str()),
        ("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true"),
        ("AuthCtrlr.AuthorizeRemoteStart", "false"),
        ("SampledDataCtrlr.TxUpdatedInterval", "50"),
        ("TxCtrlr.EVConnectionTimeOut", "100"),
    ];
    let config = config(&[version], &settings);
    let config = if goes_on { resumes(config) } else { config };
    let mut bench = Bench::boot(config, version, Image::default(), 0);
    bench.connect();
    let (mut is_up, mut began) = (true, 0);
    let starts = |bench: &Bench| bench.events.iter().filter(|event| event.starts_with("TransactionStarted")).count();
    for step in steps {
        match *step {
            Step::Cable(cable) => bench.cable(cable),
            Step::Vehicle(vehicle) => bench.input(Input::Evse(EVSE, EvseInput::Vehicle(vehicle))),
            Step::Token(token) => bench.swipe(if token == 0 { "A" } else { "B" }),
            Step::RemoteStart(token) if is_up => {
                let token = json!({"idToken": if token == 0 { "A" } else { "B" }, "type": "ISO14443"});
                bench.request("RequestStartTransaction", &json!({"evseId": 1, "idToken": token, "remoteStartId": 9}));
            }
            Step::RemoteStop if is_up => {
                let last = bench.told.iter().rev().find(|(action, _)| action == "TransactionEvent");
                let name = last.map_or(json!("none"), |(_, event)| event["transactionInfo"]["transactionId"].clone());
                bench.request("RequestStopTransaction", &json!({"transactionId": name}));
            }
            Step::RemoteStart(_) | Step::RemoteStop => {}
            Step::Link(true) if !is_up => {
                bench.connect();
                is_up = true;
            }
            Step::Link(false) if is_up => {
                bench.close();
                is_up = false;
            }
            Step::Link(_) => {}
            Step::Wait(seconds) => {
                bench.energy_wh += if bench.contactor == Contactor::Closed { 7 } else { 0 };
                if is_up {
                    bench.serve_for(seconds);
                } else {
                    bench.wait(seconds);
                }
            }
            Step::Cut => {
                began += starts(&bench);
                bench = bench.cut();
                if is_up {
                    bench.connect();
                }
            }
        }
        if is_up {
            bench.serve();
        }
    }
    if !is_up {
        bench.connect();
    }
    bench.serve_for(1);
    began += starts(&bench);
    let events = bench.transaction_events();
    assert_eq!(story::check(&events, false), began, "{start} to {stop}: {events:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_transaction_is_told_whole_with_any_points(
        is_2_1: bool, start in 1_u8..16, stop in 1_u8..16, goes_on: bool, steps in steps()
    ) {
        run(if is_2_1 { Dialect::V2_1 } else { Dialect::V2_0_1 }, start, stop, goes_on, &steps);
    }
}

/// Each pair of points, through a day in which everything happens.
#[test]
fn every_pair_of_points_tells_a_day_whole() {
    let day = [
        Step::Cable(Cable::Connected),
        Step::Token(0),
        Step::Vehicle(Vehicle::Ready),
        Step::Wait(120),
        Step::Link(false),
        Step::Vehicle(Vehicle::Paused),
        Step::Vehicle(Vehicle::Ready),
        Step::Cut,
        Step::Token(0),
        Step::Cable(Cable::Absent),
        Step::Token(1),
        Step::Cable(Cable::Connected),
        Step::Link(true),
        Step::RemoteStop,
        Step::Cable(Cable::Absent),
        Step::RemoteStart(1),
        Step::Wait(120),
    ];
    for (start, stop) in (1..16).flat_map(|start| (1..16).map(move |stop| (start, stop))) {
        for goes_on in [false, true] {
            run(Dialect::V2_0_1, start, stop, goes_on, &day);
        }
    }
}
