//! Days at a station with two connectors, drawn at random: drivers, operators, faults, and every kind of failure at any
//! moment. At the end of each day all plugs are pulled and the network is up; then the bill is that of the meters.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::time::Duration;

use common::{pair, secs};
use ocpp_core::csms::{AuthorizationStatus, Command, IdToken};
use ocpp_core::station::{Direction, Event, EvseId, Fault, FaultCode, Handling, Vehicle};
use ocpp_core::time::Instant;
use ocpp_testkit::checks::Failure;
use ocpp_testkit::csms::Policy;
use ocpp_testkit::link::{End, Network};
use ocpp_testkit::pair::{PairConfig, Step};
use ocpp_testkit::replay::replay;
use ocpp_types::v1_6::Action;
use proptest::prelude::*;

/// The last act of the day comes before this second.
const EVENING: u64 = 1_200;

/// What differs from day to day, beside what happens.
#[derive(Clone, Copy, Debug)]
struct Place {
    seed: u64,
    has_lock: bool,
    station_lag_ms: u64,
    csms_lag_ms: u64,
    latency_ms: u64,
}

fn place() -> impl Strategy<Value = Place> {
    (any::<u64>(), any::<bool>(), 1_u64..600, 1_u64..600, 1_u64..900).prop_map(
        |(seed, has_lock, station_lag_ms, csms_lag_ms, latency_ms)| Place {
            seed,
            has_lock,
            station_lag_ms,
            csms_lag_ms,
            latency_ms,
        },
    )
}

fn config(place: Place) -> PairConfig {
    let policy = Policy::default()
        .with_token("TAG", AuthorizationStatus::Accepted)
        .with_token("FRIEND", AuthorizationStatus::Accepted)
        .with_token("BLOCKED", AuthorizationStatus::Blocked);
    let mut config = PairConfig::new(place.seed)
        .with_policy(policy)
        .with_setting("AllowOfflineTxForUnknownId", "true")
        // A connection that dies in silence costs attempts, and nothing shall be given up here.
        .with_setting("TransactionMessageAttempts", "1000")
        .with_setting("TransactionMessageRetryInterval", "10");
    config.station = config.station.with_evses(2);
    config.station_clock = config.wall;
    config.station_store.lag = Duration::from_millis(place.station_lag_ms);
    config.csms_store.lag = Duration::from_millis(place.csms_lag_ms);
    config.latency_up = Duration::from_millis(place.latency_ms);
    if place.has_lock {
        config.hardware = config.hardware.with_lock();
    }
    config
}

fn evse() -> impl Strategy<Value = EvseId> {
    (1_u16..=2).prop_map(EvseId)
}

fn token() -> impl Strategy<Value = IdToken> {
    prop_oneof![4 => Just("TAG"), 2 => Just("FRIEND"), 1 => Just("BLOCKED"), 1 => Just("STRANGER")]
        .prop_map(IdToken::new)
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Station), Just(End::Csms)]
}

fn step() -> impl Strategy<Value = Step> {
    let fault =
        Fault { code: FaultCode::OverVoltage, is_blocking: true, info: None, vendor_error_code: None, vendor_id: None };
    let change = |value: u32| Command::ChangeConfiguration {
        key: "MeterValueSampleInterval".into(),
        value: value.to_string().into(),
    };
    let reset = |kind| Command::Call { action: "Reset".into(), payload: format!(r#"{{"type":"{kind}"}}"#) };
    prop_oneof![
        6 => evse().prop_map(Step::Plug),
        4 => evse().prop_map(Step::Unplug),
        8 => (evse(), token()).prop_map(|(evse, token)| Step::Token(Some(evse), token)),
        1 => token().prop_map(|token| Step::Token(None, token)),
        2 => (evse(), prop_oneof![Just(Vehicle::Paused), Just(Vehicle::Ready)])
            .prop_map(|(evse, vehicle)| Step::Vehicle(evse, vehicle)),
        1 => (evse(), prop::option::of(Just(fault))).prop_map(|(evse, fault)| Step::Fault(evse, fault)),
        2 => (0_usize..3, 0_usize..3).prop_map(|(keep_up, keep_down)| Step::Cut { keep_up, keep_down }),
        1 => Just(Step::DieSilently),
        2 => prop_oneof![Just(Network::Up), Just(Network::Refusing), Just(Network::Dead)].prop_map(Step::Network),
        2 => (end(), 0_usize..4, any::<bool>(), 1_u64..120).prop_map(|(end, keep, in_flight_arrives, outage)| {
            Step::PowerCut { end, keep, in_flight_arrives, outage: secs(outage) }
        }),
        1 => (end(), 1_u32..3).prop_map(|(end, count)| Step::FailStore(end, count)),
        2 => (prop::option::of(1_u32..=2), token())
            .prop_map(|(evse, token)| Step::Csms(Command::remote_start(evse, token))),
        2 => Just(Step::RemoteStopRunning),
        1 => (5_u32..90).prop_map(move |value| Step::Csms(change(value))),
        1 => prop_oneof![Just("Soft"), Just("Hard")].prop_map(move |kind| Step::Csms(reset(kind))),
    ]
}

fn evening() -> [(u64, Step); 6] {
    [
        (EVENING, Step::Network(Network::Up)),
        (EVENING, Step::Fault(EvseId(1), None)),
        (EVENING, Step::Fault(EvseId(2), None)),
        // Whoever still holds a plug lets it go.
        (EVENING + 1, Step::Unplug(EvseId(1))),
        (EVENING + 1, Step::Unplug(EvseId(2))),
        // A plug that is held until then; by now the longest wait for a connection is over.
        (EVENING + 1_000, Step::RemoteStopRunning),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_day_is_billed_by_the_meters(place in place(), steps in prop::collection::vec((0_u64..EVENING * 1_000, step()), 1..40)) {
        let day = |trace| -> Result<(), Failure> {
            let mut pair = pair(PairConfig { trace, ..config(place) }, evening());
            for (at, step) in &steps {
                pair.at(Instant::from_millis(*at), step.clone());
            }
            pair.drive_quiet()?;
            pair.check_delivered()?;
            pair.check_bill()
        };
        // A day that fails is lived once more, for its trace.
        day(false).or_else(|_| day(true)).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_day_of_the_station_replays(place in place(), steps in prop::collection::vec((0_u64..EVENING * 1_000, step()), 1..40)) {
        let mut pair = pair(PairConfig { trace: false, record: true, ..config(place) }, evening());
        for (at, step) in &steps {
            pair.at(Instant::from_millis(*at), step.clone());
        }
        pair.drive_quiet().map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        let boots = pair.station.boots();
        let agreement = pair.station.recording().map(replay).transpose();
        let agreement = agreement.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(agreement.map(|agreement| agreement.restores + 1), Some(boots));
    }
}

/// What the two ends say to each other, with the times and the message ids, when each message is handled so; and how many
/// calls of the station the application was shown.
fn frames(place: Place, steps: &[(u64, Step)], handling: Handling) -> Result<(Vec<String>, usize), Failure> {
    let mut config = PairConfig { trace: false, record_wire: true, ..config(place) };
    for action in Action::ALL {
        for direction in [Direction::Incoming, Direction::Outgoing] {
            config.station = config.station.with_handling(direction, action.as_str(), handling);
        }
    }
    let mut pair = pair(config, evening());
    for (at, step) in steps {
        pair.at(Instant::from_millis(*at), step.clone());
    }
    pair.drive_quiet()?;
    let is_shown = |event: &Event| matches!(event, Event::Observed { direction: Direction::Outgoing, .. });
    let shown = pair.station_events.iter().filter(|(_, event)| is_shown(event)).count();
    Ok((pair.records().iter().map(|record| format!("{record:?}")).collect(), shown))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_day_has_the_same_frames_when_the_application_looks_on_or_lets_them_pass(
        place in place(),
        steps in prop::collection::vec((0_u64..EVENING * 1_000, step()), 1..40),
    ) {
        let live = |handling| frames(place, &steps, handling).map_err(|failure| TestCaseError::fail(failure.to_string()));
        let (expected, _) = live(Handling::Core)?;
        let calls = expected.iter().filter(|record| record.contains("from: Station, text: \"[2,")).count();
        prop_assert_eq!(live(Handling::Observe)?, (expected.clone(), calls));
        prop_assert_eq!(live(Handling::Ask)?, (expected, 0));
    }
}
