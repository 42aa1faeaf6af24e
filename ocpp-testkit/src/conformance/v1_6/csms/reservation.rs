//! Reservations (1.6 §5.1, §5.13).

use std::time::Duration;

use serde_json::{Value, json};

use super::remote::accepted;
use crate::conformance::pattern::answer;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step, Stop};

const LONG: Duration = Duration::from_secs(3_600);

pub(super) const CASES: &[Case] = &[
    case("TC_046_CSMS", "A transaction uses the reservation", "4.8, 5.13", &[], used),
    case("TC_047_CSMS", "A reservation expires", "4.9, 5.13", &[], expires),
    case("TC_048_1_CSMS", "A faulted connector is not reserved", "5.13, 7.40", &[], |bench| refused(bench, "Faulted")),
    case("TC_048_2_CSMS", "A connector in use is not reserved", "5.13, 7.40", &[], |bench| {
        bench.report("Preparing")?;
        refused(bench, "Occupied")
    }),
    case("TC_048_4_CSMS", "A station rejects reservations", "5.13, 7.40", &[], |bench| refused(bench, "Rejected")),
    case("TC_051_CSMS", "A reservation is cancelled", "5.1, 5.13", &[], |bench| {
        cancel(bench, "Accepted")?;
        bench.report("Available")
    }),
    case("TC_052_CSMS", "A reservation that is over is cancelled", "5.1, 7.5", &[], |bench| cancel(bench, "Rejected")),
    case("TC_053_CSMS", "A token of the group uses the reservation", "3.10, 3.11, 4.1, 5.13", &[], used_by_group),
];

/// The operator reserves the connector under test; the number of the reservation.
fn reserve(bench: &mut Bench<'_>, span: Duration, verdict: &str, more: Value) -> Step<i64> {
    let mut request = bench.reservation(bench.values.connector, None, span);
    if let (Some(request), Value::Object(more)) = (request.as_object_mut(), more) {
        request.extend(more);
    }
    let call = bench.order("ReserveNow", request, json!({ "status": verdict }))?;
    if verdict == "Accepted" {
        bench.report("Reserved")?;
    }
    call.payload.get("reservationId").and_then(Value::as_i64).ok_or_else(|| Stop::Failed("no reservationId".to_owned()))
}

fn start_reserved(bench: &mut Bench<'_>, token: &str, reservation: i64) -> Step {
    bench.report("Preparing")?;
    bench.report_start_of(token, bench.wall(), "Accepted", json!({ "reservationId": reservation }))?;
    bench.report("Charging")
}

fn used(bench: &mut Bench<'_>) -> Step {
    let token = bench.values.token.clone();
    let reservation = reserve(bench, LONG, "Accepted", json!({}))?;
    bench.authorize_as(&token, "Accepted")?;
    start_reserved(bench, &token, reservation)
}

fn expires(bench: &mut Bench<'_>) -> Step {
    let span = bench.values.reservation;
    reserve(bench, span, "Accepted", json!({}))?;
    bench.pass(span)?;
    bench.report("Available")
}

fn refused(bench: &mut Bench<'_>, verdict: &str) -> Step {
    reserve(bench, LONG, verdict, json!({})).map(|_| ())
}

fn cancel(bench: &mut Bench<'_>, verdict: &str) -> Step {
    let reservation = reserve(bench, LONG, "Accepted", json!({}))?;
    if verdict == "Rejected" {
        bench.report("Available")?;
    }
    let answer = if verdict == "Accepted" { accepted() } else { json!({ "status": verdict }) };
    bench.order("CancelReservation", json!({ "reservationId": reservation }), answer).map(|_| ())
}

fn used_by_group(bench: &mut Bench<'_>) -> Step {
    let (other, group) = (bench.values.token2.clone(), bench.values.group.clone());
    let reservation = reserve(bench, LONG, "Accepted", json!({ "parentIdTag": group }))?;
    bench.authorize_with(&other, answer().is("idTagInfo.status", "Accepted").is("idTagInfo.parentIdTag", group))?;
    start_reserved(bench, &other, reservation)
}
