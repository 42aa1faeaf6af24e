//! Reservations (1.6 §5.1, §5.13).

use std::time::Duration;

use ocpp_core::station::FaultCode;
use serde_json::json;

use crate::conformance::pattern::{Pattern, request, status};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step, Stop};

const RESERVES: Need = Need::Profile("Reservation");
const NO_RESERVES: Need = Need::NoProfile("Reservation");
const STATION: &[Need] = &[RESERVES, Need::True("ReserveConnectorZeroSupported")];
const LONG: Duration = Duration::from_secs(3_600);

pub(super) const CASES: &[Case] = &[
    case("TC_046_1_CS", "The reserved token starts, no other", "4.8, 4.9, 5.13", &[RESERVES], local_start),
    case("TC_046_2_CS", "The reserved token starts remotely", "4.8, 5.11, 5.13", &[RESERVES], remote_start),
    case("TC_047_CS", "A reservation expires", "4.9, 5.13", &[RESERVES], expires),
    case("TC_048_1_CS", "A faulted connector cannot be reserved", "5.13, 7.40", &[RESERVES], faulted),
    case("TC_048_2_CS", "A connector in use cannot be reserved", "5.13, 7.40", &[RESERVES], occupied),
    case("TC_048_4_CS", "A station without reservations rejects", "3.3, 5.13, 7.40", &[NO_RESERVES], |bench| {
        refused(bench, bench.values.connector, "Rejected")
    }),
    case("TC_050_1_CS", "A faulted station cannot be reserved", "5.13, 7.40, 9.3.1", STATION, station_faulted),
    case("TC_050_2_CS", "A station in use cannot be reserved", "5.13, 7.40, 9.3.1", STATION, station_occupied),
    case(
        "TC_050_4_CS",
        "A station without reservations rejects one of itself",
        "3.3, 5.13, 7.40, 9.3.1",
        &[NO_RESERVES],
        |bench| refused(bench, 0, "Rejected"),
    ),
    case("TC_051_CS", "A reservation is cancelled", "4.9, 5.1, 5.13", &[RESERVES], cancelled),
    case("TC_052_CS", "An unknown reservation cannot be cancelled", "5.1, 7.5", &[RESERVES], unknown),
    case(
        "TC_053_1_CS",
        "A token of the group uses the reservation",
        "3.10, 3.11, 4.1, 4.8, 5.13",
        &[RESERVES],
        group_local,
    ),
    case(
        "TC_053_2_CS",
        "A token of the group uses the reservation remotely",
        "3.10, 3.11, 5.11, 5.13",
        &[RESERVES],
        group_remote,
    ),
];

fn reserved_start(connector: u16, token: &str, reservation: i64) -> Pattern {
    request("StartTransaction").is("connectorId", connector).is("idTag", token).is("reservationId", reservation)
}

fn local_start(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.take_others_out()?;
    let reservation = bench.reserve(connector, None, LONG)?;
    bench.present(connector, &bench.values.token2.clone())?;
    bench.never(bench.values.watch, &["StartTransaction", "StatusNotification"])?;
    bench.present(connector, &token)?;
    bench.gather(&[Bench::status(connector, "Preparing")], &[Bench::authorize(&token)])?;
    bench.plug(connector)?;
    bench.starts(connector, reserved_start(connector, &token, reservation)).map(|_| ())
}

fn remote_start(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    let reservation = bench.reserve(connector, None, LONG)?;
    let request = json!({ "connectorId": connector, "idTag": token });
    bench.plug(connector)?;
    // The cable of whoever it is leaves the reservation, or does not.
    bench.pass(bench.values.settle)?;
    bench.ask("RemoteStartTransaction", request, status("Accepted"))?;
    let passing = [Bench::authorize(&token), Bench::status(connector, "Preparing")];
    bench.starts_passing(connector, reserved_start(connector, &token, reservation), &passing).map(|_| ())
}

fn expires(bench: &mut Bench<'_>) -> Step {
    let (connector, other) = (bench.values.connector, bench.values.token2.clone());
    let (span, tolerance) = (bench.values.reservation, bench.values.tolerance);
    bench.take_others_out()?;
    let until = bench.now() + span;
    bench.reserve(connector, None, span)?;
    let over = bench.expect_within(span + bench.values.patience, Bench::status(connector, "Available"))?.at;
    if over + tolerance < until || over > until + tolerance {
        return Err(Stop::Failed("did not end at its time".to_owned()));
    }
    bench.plug_in(connector)?;
    bench.remote_start(connector, &other)?;
    bench.starts(connector, Bench::start(connector, &other)).map(|_| ())
}

fn refused(bench: &mut Bench<'_>, connector: u16, verdict: &str) -> Step {
    let request = bench.reservation(connector, None, LONG);
    bench.ask("ReserveNow", request, status(verdict))?;
    bench.quiet(bench.values.settle)
}

fn faulted(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    bench.precondition("SetConnectorFaulted", |bench| {
        bench.break_down(connector, FaultCode::OtherError)?;
        bench.expect(Bench::status(connector, "Faulted").is("errorCode", "OtherError")).map(|_| ())
    })?;
    refused(bench, connector, "Faulted")
}

fn occupied(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    bench.precondition("SetConnectorOccupied", |bench| bench.plug_in(connector))?;
    refused(bench, connector, "Occupied")
}

fn station_faulted(bench: &mut Bench<'_>) -> Step {
    bench.precondition("SetChargePointFaulted", |bench| {
        (0..=bench.connectors()).try_for_each(|place| bench.break_down(place, FaultCode::OtherError))?;
        let faulted = |place| Bench::status(place, "Faulted").is("errorCode", "OtherError");
        let all: Vec<_> = (0..=bench.connectors()).map(faulted).collect();
        bench.gather(&all, &[]).map(|_| ())
    })?;
    refused(bench, 0, "Faulted")
}

fn station_occupied(bench: &mut Bench<'_>) -> Step {
    for connector in 1..=bench.connectors() {
        bench.precondition("SetConnectorOccupied", |bench| bench.plug_in(connector))?;
    }
    refused(bench, 0, "Occupied")
}

fn cancelled(bench: &mut Bench<'_>) -> Step {
    let (connector, other) = (bench.values.connector, bench.values.token2.clone());
    let reservation = bench.precondition("Reserved", |bench| bench.reserve(connector, None, LONG))?;
    bench.ask("CancelReservation", json!({ "reservationId": reservation }), status("Accepted"))?;
    bench.expect(Bench::status(connector, "Available"))?;
    bench.plug_in(connector)?;
    bench.remote_start(connector, &other)?;
    bench.starts(connector, Bench::start(connector, &other)).map(|_| ())
}

fn unknown(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    let reservation = bench.precondition("Reserved", |bench| bench.reserve(connector, None, LONG))?;
    bench.ask("CancelReservation", json!({ "reservationId": reservation + 1 }), status("Rejected"))?;
    bench.never(bench.values.settle, &["StatusNotification"])?;
    // It stayed, so it can be cancelled.
    bench.ask("CancelReservation", json!({ "reservationId": reservation }), status("Accepted"))?;
    bench.expect(Bench::status(connector, "Available")).map(|_| ())
}

fn reserve_for_group(bench: &mut Bench<'_>) -> Step<i64> {
    let (connector, group) = (bench.values.connector, bench.values.group.clone());
    bench.group_tokens();
    bench.take_others_out()?;
    bench.reserve(connector, Some(&group), LONG)
}

fn group_local(bench: &mut Bench<'_>) -> Step {
    let (connector, other) = (bench.values.connector, bench.values.token2.clone());
    let reservation = reserve_for_group(bench)?;
    bench.authorized(connector, &other)?;
    bench.plug(connector)?;
    bench.starts(connector, reserved_start(connector, &other, reservation)).map(|_| ())
}

fn group_remote(bench: &mut Bench<'_>) -> Step {
    let (connector, other) = (bench.values.connector, bench.values.token2.clone());
    let reservation = reserve_for_group(bench)?;
    bench.plug(connector)?;
    bench.pass(bench.values.settle)?;
    let request = json!({ "connectorId": connector, "idTag": other });
    bench.ask("RemoteStartTransaction", request, status("Accepted"))?;
    let passing = [Bench::authorize(&other), Bench::status(connector, "Preparing")];
    bench.starts_passing(connector, reserved_start(connector, &other, reservation), &passing).map(|_| ())
}
