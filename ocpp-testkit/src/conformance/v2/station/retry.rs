//! Events that are not answered, or with an error (E13).

use std::time::Duration;

use serde_json::Value;

use crate::conformance::bench::Call;
use crate::conformance::pattern::{Pattern, request};
use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::case;
use crate::conformance::{Case, Step, Stop};

const ATTEMPTS: &str = "OCPPCommCtrlr.MessageAttempts[TransactionEvent]";
const INTERVAL: &str = "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]";
const TIMEOUT: &str = "OCPPCommCtrlr.MessageTimeout[Default]";

/// How often it is tried, and the wait after the first time.
const TIMES: u32 = 3;
const WAIT: Duration = Duration::from_secs(3);

pub(super) const CASES: &[Case] = &[
    case("TC_E_41_CS", "No answer comes: it is tried a few times", "E13.FR.01 to E13.FR.04", &[], |bench| {
        tries(bench, Answer::None, TIMES)
    }),
    case("TC_E_42_CS", "The second time it is answered", "E13.FR.01 to E13.FR.03", &[], |bench| {
        tries(bench, Answer::None, 2)
    }),
    case("TC_E_50_CS", "An error comes: it is tried a few times", "E13.FR.01 to E13.FR.04", &[], |bench| {
        tries(bench, Answer::Error, TIMES)
    }),
    case("TC_E_51_CS", "After an error it is answered", "E13.FR.01 to E13.FR.03", &[], |bench| {
        tries(bench, Answer::Error, 2)
    }),
];

/// What the event gets instead of an answer.
#[derive(Clone, Copy)]
enum Answer {
    None,
    Error,
}

/// The event of a plug-in, or the first of the transaction, is sent `times` times: the last one is answered, unless it was
/// the last attempt anyway.
fn tries(bench: &mut Bench<'_>, answer: Answer, times: u32) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure(ATTEMPTS, &TIMES.to_string())?;
    bench.configure_seconds(INTERVAL, WAIT)?;
    let patience = match answer {
        Answer::Error => Duration::ZERO,
        Answer::None => Duration::from_secs(bench.required(TIMEOUT)?.parse().unwrap_or_default()),
    };
    bench.precondition("Authorized", |bench| bench.authorized(evse, &token))?;
    let failing = if times == TIMES { times } else { times - 1 };
    for _ in 0..failing {
        match answer {
            Answer::None => bench.will_not_answer("TransactionEvent"),
            Answer::Error => bench.will_refuse("TransactionEvent", "InternalError"),
        }
    }
    bench.plug(evse)?;
    let first = bench.gather(&[Bench::status(evse, "Occupied"), request("TransactionEvent")], &[])?;
    let Some(mut last) = first.into_iter().nth(1) else { return Err(Stop::Failed("no event".to_owned())) };
    for attempt in 1..times {
        // E13.FR.02: each wait is longer by the interval.
        last = again(bench, &last, patience + WAIT * attempt)?;
    }
    // What follows the event goes now.
    let patience_for_next = if times == TIMES { patience + bench.values.patience } else { bench.values.patience };
    bench.expect_within(patience_for_next, after(&last))?;
    let until = patience + WAIT * (times + 1);
    bench.never_like(until, &same(&last))
}

/// The same event comes once more, after this time.
fn again(bench: &mut Bench<'_>, before: &Call, wait: Duration) -> Step<Call> {
    let call = bench.expect_after(wait, same(before))?;
    match call.payload == before.payload {
        true => Ok(call),
        false => Err(Stop::Failed(format!("it came again as {}", call.payload))),
    }
}

/// An event of this number.
fn same(event: &Call) -> Pattern {
    request("TransactionEvent").is("seqNo", event.payload.get("seqNo").and_then(Value::as_u64).unwrap_or_default())
}

/// The next event.
fn after(last: &Call) -> Pattern {
    let id = last.payload.get("seqNo").and_then(Value::as_u64).unwrap_or_default();
    request("TransactionEvent")
        .is("eventType", "Updated")
        .is("seqNo", id + 1)
        .is("transactionInfo.chargingState", "Charging")
}
