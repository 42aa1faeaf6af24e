//! The authorization cache (C10 to C12).

use std::time::Duration;

use serde_json::json;

use crate::conformance::pattern::status;
use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step};

const ENABLED: &str = "AuthCacheCtrlr.Enabled";
const CACHE: &[Need] = &[Need::Key(ENABLED)];
const ENERGY: &[Need] = &[Need::Key(ENABLED), Need::Key("TxCtrlr.MaxEnergyOnInvalidId")];

pub(super) const CASES: &[Case] = &[
    case("TC_C_08_CS", "A cached token charges unasked", "C12.FR.02, C12.FR.04", CACHE, accepted),
    case(
        "TC_C_09_CS",
        "A cached invalid token is asked about, and is invalid",
        "C12.FR.05, C10.FR.03",
        CACHE,
        |bench| refused(bench, &bench.values.invalid_token.clone(), true),
    ),
    case("TC_C_10_CS", "A cached blocked token is asked about", "C12.FR.05, C10.FR.03", CACHE, |bench| {
        refused(bench, &bench.values.blocked_token.clone(), false)
    }),
    case("TC_C_11_CS", "A cached expired token is asked about", "C12.FR.05, C10.FR.03", CACHE, |bench| {
        refused(bench, &bench.values.expired_token.clone(), true)
    }),
    case(
        "TC_C_12_CS",
        "A cached invalid token is asked about, and is valid now",
        "C12.FR.05, C10.FR.03",
        CACHE,
        valid_now,
    ),
    case("TC_C_13_CS", "A cached token before the cable", "C12.FR.02, C12.FR.04", CACHE, token_first),
    case("TC_C_15_CS", "Refused later: some energy is given", "C12.FR.02, C12.FR.04, E05.FR.03", ENERGY, |bench| {
        deauthorised(bench, Deauthorised { stops: false, energy_wh: 10_000 })
    }),
    case("TC_C_16_CS", "Refused later: the transaction ends", "C12.FR.02, C12.FR.04, E05.FR.02", CACHE, |bench| {
        deauthorised(bench, Deauthorised { stops: true, energy_wh: 0 })
    }),
    case(
        "TC_C_17_CS",
        "Refused later: the transaction is suspended",
        "C12.FR.02, C12.FR.04, E05.FR.01",
        CACHE,
        |bench| deauthorised(bench, Deauthorised { stops: false, energy_wh: 0 }),
    ),
    case(
        "TC_C_18_CS",
        "Refused later: the transaction ends after some energy",
        "C12.FR.02, C12.FR.04, E05.FR.03",
        ENERGY,
        |bench| deauthorised(bench, Deauthorised { stops: true, energy_wh: 50 }),
    ),
    case(
        "TC_C_57_CS",
        "A cached invalid token is not asked about",
        "C12.FR.05, C10.FR.03",
        &[Need::Key(ENABLED), Need::Key("AuthCacheCtrlr.DisablePostAuthorize")],
        never_asked,
    ),
    case("TC_C_32_CS", "The cache outlasts a boot", "C10.FR.02", CACHE, outlasts),
    case("TC_C_33_CS", "An answer to Authorize is cached", "C10.FR.04, C12.FR.06", CACHE, cached_by_authorize),
    case("TC_C_34_CS", "An answer to TransactionEvent is cached", "C10.FR.05, C12.FR.06", CACHE, cached_by_event),
    case("TC_C_36_CS", "Without LocalPreAuthorize all are asked about", "C10.FR.11", CACHE, always_asked),
    case("TC_C_37_CS", "A cleared cache knows nobody", "C11.FR.01 to C11.FR.03", CACHE, cleared),
    case("TC_C_38_CS", "A cache that is off is not cleared", "C11.FR.01, C11.FR.02, C11.FR.04", CACHE, not_cleared),
    case("TC_C_41_CS", "A cached token of the same group stops", "C09.FR.02, C09.FR.03, C09.FR.07", CACHE, group_stops),
    case(
        "TC_C_44_CS",
        "A cached invalid token of the group does not stop",
        "C09.FR.02, C09.FR.03, C09.FR.07",
        CACHE,
        invalid_of_group,
    ),
    case(
        "TC_C_46_CS",
        "What is cached is forgotten in time",
        "C10.FR.08",
        &[Need::Key(ENABLED), Need::Key("AuthCacheCtrlr.LifeTime")],
        forgotten,
    ),
];

fn cache_on(bench: &mut Bench<'_>) -> Step {
    bench.configure(ENABLED, "true")?;
    bench.configure("AuthCtrlr.LocalPreAuthorize", "true")?;
    bench.configure_if_there("AuthCacheCtrlr.DisablePostAuthorize", "false")
}

fn cached(bench: &mut Bench<'_>) -> Step<(u16, String)> {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    cache_on(bench)?;
    bench.cache_token(evse, &token)?;
    Ok((evse, token))
}

fn plugged(bench: &mut Bench<'_>, evse: u16) -> Step {
    bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))
}

fn accepted(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = cached(bench)?;
    plugged(bench, evse)?;
    bench.authorized_unasked(evse, &token)?;
    bench.energy_flows(evse).map(|_| ())
}

fn refused(bench: &mut Bench<'_>, token: &str, is_plugged: bool) -> Step {
    let evse = bench.values.connector;
    cache_on(bench)?;
    bench.cache_refused(evse, token)?;
    if is_plugged {
        plugged(bench, evse)?;
    }
    bench.present(evse, token)?;
    bench.expect(Bench::authorize(token))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

fn valid_now(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.invalid_token.clone());
    cache_on(bench)?;
    bench.cache_refused(evse, &token)?;
    plugged(bench, evse)?;
    bench.will_say(&token, "Accepted");
    bench.authorized(evse, &token)?;
    bench.energy_flows(evse).map(|_| ())
}

fn token_first(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = cached(bench)?;
    bench.authorized_unasked(evse, &token)?;
    bench.ev_connects_and_charges(evse, &token)
}

/// What is to happen to a transaction whose token is refused when the CSMS hears of it.
#[derive(Clone, Copy)]
pub(super) struct Deauthorised {
    /// StopTxOnInvalidId.
    pub stops: bool,
    /// MaxEnergyOnInvalidId.
    pub energy_wh: u32,
}

fn deauthorised(bench: &mut Bench<'_>, how: Deauthorised) -> Step {
    let (evse, token) = cached(bench)?;
    allow_offline(bench)?;
    deauthorised_later(bench, evse, &token, how)
}

/// Tokens that the station knows may charge while it is offline.
pub(super) fn allow_offline(bench: &mut Bench<'_>) -> Step {
    bench.configure("AuthCtrlr.LocalAuthorizeOffline", "true")?;
    bench.configure_if_there("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
}

/// A session begins offline, and is refused when the CSMS hears of it.
pub(super) fn deauthorised_later(bench: &mut Bench<'_>, evse: u16, token: &str, how: Deauthorised) -> Step {
    bench.configure("TxCtrlr.StopTxOnInvalidId", if how.stops { "true" } else { "false" })?;
    bench.configure_if_there("TxCtrlr.MaxEnergyOnInvalidId", &how.energy_wh.to_string())?;
    plugged(bench, evse)?;
    bench.will_say(token, "Invalid");
    bench.offline_for(Duration::from_secs(5), |bench| bench.present(evse, token))?;
    bench.late_start(evse, token)?;
    match (how.stops, how.energy_wh) {
        (false, 0) => bench.suspended_by_station(evse),
        (true, 0) => bench.deauthorised(evse),
        (true, _) => {
            // So much energy takes a while.
            bench.never(Duration::from_secs(2), &["TransactionEvent"])?;
            bench.deauthorised_within(evse, bench.values.boot_patience)
        }
        (false, _) => bench.never(bench.values.watch, &["TransactionEvent"]),
    }
}

fn never_asked(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.invalid_token.clone());
    cache_on(bench)?;
    bench.cache_refused(evse, &token)?;
    bench.configure("AuthCacheCtrlr.DisablePostAuthorize", "true")?;
    plugged(bench, evse)?;
    bench.present(evse, &token)?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

fn outlasts(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = cached(bench)?;
    bench.reboots()?;
    bench.authorized_unasked(evse, &token)?;
    bench.ev_connects_and_charges(evse, &token)
}

fn cached_by_authorize(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    cache_on(bench)?;
    bench.whole_session(evse, &token)?;
    plugged(bench, evse)?;
    bench.authorized_unasked(evse, &token)?;
    bench.energy_flows(evse).map(|_| ())
}

fn cached_by_event(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = cached(bench)?;
    bench.configure("TxCtrlr.StopTxOnInvalidId", "true")?;
    plugged(bench, evse)?;
    bench.will_say(&token, "Invalid");
    bench.authorized_unasked(evse, &token)?;
    bench.deauthorised_at_once(evse)?;
    bench.ev_disconnected(evse, "DeAuthorized")?;
    bench.ev_connected(evse)?;
    bench.present(evse, &token)?;
    bench.expect(Bench::authorize(&token))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

fn always_asked(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = cached(bench)?;
    bench.configure("AuthCtrlr.LocalPreAuthorize", "false")?;
    bench.will_say(&token, "Invalid");
    bench.present(evse, &token)?;
    bench.expect(Bench::authorize(&token))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

fn cleared(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = cached(bench)?;
    bench.ask("ClearCache", json!({}), status("Accepted"))?;
    plugged(bench, evse)?;
    bench.authorized(evse, &token)?;
    bench.energy_flows(evse).map(|_| ())
}

fn not_cleared(bench: &mut Bench<'_>) -> Step {
    cached(bench)?;
    bench.configure(ENABLED, "false")?;
    bench.ask("ClearCache", json!({}), status("Rejected")).map(|_| ())
}

/// Both tokens are cached with their group.
fn cached_group(bench: &mut Bench<'_>, other: &str) -> Step<(u16, String)> {
    let group = bench.values.group.clone();
    let token = bench.values.token.clone();
    [token.as_str(), other].iter().for_each(|token| bench.will_group(token, &group));
    cached(bench)
}

fn group_stops(bench: &mut Bench<'_>) -> Step {
    let other = bench.values.token2.clone();
    let (evse, token) = cached_group(bench, &other)?;
    bench.cache_token(evse, &other)?;
    plugged(bench, evse)?;
    bench.authorized_unasked(evse, &token)?;
    bench.energy_flows(evse)?;
    bench.stop_authorized(evse, &other)?;
    bench.ev_disconnected(evse, "Local")
}

fn invalid_of_group(bench: &mut Bench<'_>) -> Step {
    let other = bench.values.invalid_token.clone();
    let (evse, token) = cached_group(bench, &other)?;
    bench.cache_refused(evse, &other)?;
    plugged(bench, evse)?;
    bench.authorized_unasked(evse, &token)?;
    bench.energy_flows(evse)?;
    bench.present(evse, &other)?;
    bench.expect(Bench::authorize(&other))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

fn forgotten(bench: &mut Bench<'_>) -> Step {
    let life = Duration::from_secs(6);
    bench.configure_seconds("AuthCacheCtrlr.LifeTime", life)?;
    let (evse, token) = cached(bench)?;
    plugged(bench, evse)?;
    bench.pass(life)?;
    bench.authorized(evse, &token)?;
    bench.energy_flows(evse).map(|_| ())
}
