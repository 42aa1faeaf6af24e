//! Transactions without a connection (E04, E08, E11, E12), and their state (E14).

use std::time::Duration;

use serde_json::json;

use super::cache::allow_offline;
use crate::conformance::pattern::{Pattern, answer};
use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::case;
use crate::conformance::{Case, Step};

const INTERVAL: &str = "SampledDataCtrlr.TxUpdatedInterval";

pub(super) const CASES: &[Case] = &[
    case("TC_E_28_CS", "A transaction that is not known", "E14.FR.01", &[], |bench| {
        asks(bench, Some("nobody-knows-this-one"), Some(false), false)
    }),
    case("TC_E_29_CS", "It goes on, and something waits", "E14.FR.02, E14.FR.04", &[], ongoing_with_queue),
    case("TC_E_30_CS", "It goes on, and nothing waits", "E14.FR.02, E14.FR.05", &[], |bench| {
        let id = bench.charging(bench.values.connector)?;
        asks(bench, Some(&id), Some(true), false)
    }),
    case("TC_E_31_CS", "It is over, and something waits", "E14.FR.03, E14.FR.04", &[], ended_with_queue),
    case("TC_E_32_CS", "It is over, and nothing waits", "E14.FR.03, E14.FR.05", &[], |bench| {
        let (evse, token) = (bench.values.connector, bench.values.token.clone());
        let id = bench.charging(evse)?;
        bench.stop_authorized(evse, &token)?;
        bench.ev_disconnected(evse, "Local")?;
        asks(bench, Some(&id), Some(false), false)
    }),
    case("TC_E_33_CS", "Something waits", "E14.FR.06, E14.FR.07", &[], |bench| {
        let (evse, token) = (bench.values.connector, bench.values.token.clone());
        queued(bench, evse, &token, |bench| asks(bench, None, None, true))
    }),
    case("TC_E_34_CS", "Nothing waits", "E14.FR.06, E14.FR.08", &[], |bench| asks(bench, None, None, false)),
    case("TC_E_40_CS", "The connection goes in a transaction", "E11.FR.01, E11.FR.02, E11.FR.06", &[], |bench| {
        let evse = bench.values.connector;
        sampled(bench)?;
        bench.charging(evse)?;
        bench.offline_for(3 * bench.values.sample + Duration::from_millis(500), |_| Ok(()))?;
        late_samples(bench, evse, 3)
    }),
    case("TC_E_43_CS", "A whole transaction offline", "E12.FR.01, E12.FR.02, E12.FR.06", &[], |bench| {
        let (evse, token) = (bench.values.connector, bench.values.token.clone());
        queued(bench, evse, &token, |_| Ok(()))
    }),
    case("TC_E_44_CS", "A transaction ends offline", "E08.FR.01, E08.FR.04 to E08.FR.08", &[], |bench| {
        let token = bench.values.token.clone();
        ends_offline(bench, &token)
    }),
    case("TC_E_45_CS", "A token of the group ends it offline", "E08.FR.02, E08.FR.04 to E08.FR.08", &[], |bench| {
        let (token, other, group) =
            (bench.values.token.clone(), bench.values.token2.clone(), bench.values.group.clone());
        [&token, &other].iter().for_each(|token| bench.will_group(token, &group));
        bench.install_list(&[(&token, "Accepted", Some(&group)), (&other, "Accepted", Some(&group))])?;
        allow_offline(bench)?;
        ends_offline(bench, &other)
    }),
];

/// What the station says of a transaction, or of all.
fn asks(bench: &mut Bench<'_>, id: Option<&str>, goes_on: Option<bool>, waits: bool) -> Step {
    let request = id.map_or(json!({}), |id| json!({ "transactionId": id }));
    let told = answer().is("messagesInQueue", waits);
    let told = match goes_on {
        Some(goes_on) => told.is("ongoingIndicator", goes_on),
        None => told.absent("ongoingIndicator"),
    };
    bench.ask("GetTransactionStatus", request, told).map(|_| ())
}

fn sampled(bench: &mut Bench<'_>) -> Step {
    bench.configure_seconds(INTERVAL, bench.values.sample)?;
    bench.configure_if_there("AlignedDataCtrlr.Interval", "0")
}

/// So many samples that were taken offline.
fn late_samples(bench: &mut Bench<'_>, evse: u16, count: usize) -> Step {
    for _ in 0..count {
        let sample = bench.late_event(evse, "MeterValuePeriodic", "Charging").present("meterValue");
        bench.expect(sample)?;
    }
    Ok(())
}

/// The question goes as soon as the connection is there.
fn ongoing_with_queue(bench: &mut Bench<'_>) -> Step {
    let evse = bench.values.connector;
    sampled(bench)?;
    let id = bench.charging(evse)?;
    bench.offline_for(2 * bench.values.sample + Duration::from_millis(500), |_| Ok(()))?;
    asks(bench, Some(&id), Some(true), true)?;
    late_samples(bench, evse, 2)
}

fn ended_with_queue(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    let id = bench.charging(evse)?;
    bench.offline_for(Duration::from_secs(5), |bench| {
        bench.present(evse, &token)?;
        bench.pass(Duration::from_secs(2))?;
        bench.leave(evse)
    })?;
    asks(bench, Some(&id), Some(false), true)?;
    late_stop(bench, evse, &token, true)
}

/// How a session ended offline, and that the connector is free, if it was not free before.
fn late_stop(bench: &mut Bench<'_>, evse: u16, token: &str, frees: bool) -> Step {
    let free: Vec<Pattern> = frees.then(|| Bench::status(evse, "Available")).into_iter().collect();
    if bench.ends_with_authorisation() {
        let over = bench.late_end(evse, "StopAuthorized", "Local").may_name(token);
        let over = over.is("transactionInfo.chargingState", "EVConnected");
        return bench.gather(&[&[over], free.as_slice()].concat(), &[]).map(|_| ());
    }
    let stopped = bench.late_event(evse, "StopAuthorized", "EVConnected").may_name(token);
    bench.first_of(bench.values.patience, &[stopped], &free)?;
    let over = bench.late_end(evse, "EVCommunicationLost", "Local").is("transactionInfo.chargingState", "Idle");
    bench.gather(&[over], &free).map(|_| ())
}

fn ends_offline(bench: &mut Bench<'_>, token: &str) -> Step {
    let evse = bench.values.connector;
    bench.charging(evse)?;
    bench.offline_for(Duration::from_secs(5), |bench| {
        bench.present(evse, token)?;
        bench.pass(Duration::from_secs(2))?;
        bench.leave(evse)
    })?;
    late_stop(bench, evse, token, true)
}

/// State TransactionEventsInQueueEnded: a whole session offline. `then` comes before its events.
fn queued(bench: &mut Bench<'_>, evse: u16, token: &str, then: impl FnOnce(&mut Bench<'_>) -> Step) -> Step {
    allow_offline(bench)?;
    bench.configure_if_there("TxCtrlr.MaxEnergyOnInvalidId", "0")?;
    bench.offline_for(Duration::from_secs(5), |bench| {
        bench.plug(evse)?;
        bench.present(evse, token)?;
        bench.pass(Duration::from_secs(5))?;
        bench.present(evse, token)?;
        bench.pass(Duration::from_secs(2))?;
        bench.unplug(evse)
    })?;
    then(bench)?;
    if bench.starts_at("EVConnected") {
        bench.expect(bench.late_event(evse, "CablePluggedIn", "EVConnected"))?;
    }
    bench.late_start(evse, token)?;
    late_stop(bench, evse, token, false)
}
