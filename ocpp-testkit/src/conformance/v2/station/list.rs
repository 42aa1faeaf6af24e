//! Authorization by the local list (C13, C14), and the list itself (D01, D02).

use std::time::Duration;

use serde_json::{Value, json};

use super::cache::{Deauthorised, allow_offline, deauthorised_later};
use crate::conformance::pattern::{answer, status};
use crate::conformance::v2::bench::{Bench, entry, token, with};
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step};

const ENABLED: &str = "LocalAuthListCtrlr.Enabled";
const UNKNOWN: &str = "AuthCtrlr.OfflineTxForUnknownIdEnabled";
const LIST: &[Need] = &[Need::Key("LocalAuthListCtrlr.Entries")];
const LIST_AND_CACHE: &[Need] =
    &[Need::Key("LocalAuthListCtrlr.Entries"), Need::Key("AuthCacheCtrlr.Enabled"), Need::Key(UNKNOWN)];

pub(super) const CASES: &[Case] = &[
    case("TC_C_27_CS", "A listed token charges unasked", "C14.FR.02", LIST, |bench| {
        let (evse, token) = listed(bench, &bench.values.token.clone(), "Accepted")?;
        bench.authorized_unasked(evse, &token)?;
        bench.ev_connects_and_charges(evse, &token)
    }),
    case("TC_C_28_CS", "A listed invalid token is asked about, and is invalid", "C14.FR.03", LIST, |bench| {
        refused(bench, &bench.values.invalid_token.clone(), "Invalid", false)
    }),
    case("TC_C_29_CS", "A listed blocked token is asked about", "C14.FR.03", LIST, |bench| {
        refused(bench, &bench.values.blocked_token.clone(), "Blocked", true)
    }),
    case("TC_C_30_CS", "A listed expired token is asked about", "C14.FR.03", LIST, |bench| {
        refused(bench, &bench.values.expired_token.clone(), "Expired", true)
    }),
    case("TC_C_31_CS", "A listed invalid token is asked about, and is valid now", "C14.FR.03", LIST, |bench| {
        let (evse, token) = listed(bench, &bench.values.invalid_token.clone(), "Invalid")?;
        bench.will_say(&token, "Accepted");
        bench.authorized(evse, &token)?;
        bench.ev_connects_and_charges(evse, &token)
    }),
    case(
        "TC_C_58_CS",
        "A listed invalid token is not asked about",
        "C14.FR.03",
        &[Need::Key("LocalAuthListCtrlr.Entries"), Need::Key("LocalAuthListCtrlr.DisablePostAuthorize")],
        |bench| {
            let (evse, token) = listed(bench, &bench.values.invalid_token.clone(), "Invalid")?;
            bench.configure("LocalAuthListCtrlr.DisablePostAuthorize", "true")?;
            bench.present(evse, &token)?;
            bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
        },
    ),
    case("TC_C_40_CS", "A listed token of the same group stops", "C09.FR.02, C09.FR.03, C09.FR.07", LIST, group_stops),
    case(
        "TC_C_43_CS",
        "A listed invalid token of the group does not stop",
        "C09.FR.02, C09.FR.03, C09.FR.07",
        LIST,
        invalid_of_group,
    ),
    case("TC_C_21_CS", "Offline a listed token charges", "C13.FR.01, C13.FR.02", LIST, offline_accepted),
    case("TC_C_22_CS", "Offline a listed invalid token does not charge", "C13.FR.02", LIST, |bench| {
        offline_refused(bench, &bench.values.invalid_token.clone(), "Invalid")
    }),
    case("TC_C_23_CS", "Offline a listed blocked token does not charge", "C13.FR.02", LIST, |bench| {
        offline_refused(bench, &bench.values.blocked_token.clone(), "Blocked")
    }),
    case("TC_C_24_CS", "Offline a listed expired token does not charge", "C13.FR.02", LIST, |bench| {
        offline_refused(bench, &bench.values.expired_token.clone(), "Expired")
    }),
    case("TC_C_25_CS", "The list goes before the cache", "C13.FR.01, C14.FR.01", LIST_AND_CACHE, list_before_cache),
    case(
        "TC_C_26_CS",
        "Offline an unknown token charges",
        "C15.FR.02, C15.FR.06, C15.FR.08, C13.FR.04",
        &[Need::Key(UNKNOWN)],
        unknown_offline,
    ),
    case("TC_D_01_CS", "A full list", "D01.FR.02, D01.FR.15", LIST, |bench| {
        let token = bench.values.token.clone();
        enabled(bench)?;
        send(bench, "Full", 5, vec![entry(&token, "Accepted", None)])?;
        version(bench, 5)
    }),
    case("TC_D_02_CS", "An addition to the list", "D01.FR.02, D01.FR.16", LIST, |bench| {
        let other = bench.values.token2.clone();
        changed(bench, vec![entry(&other, "Accepted", None)])
    }),
    case("TC_D_03_CS", "A removal from the list", "D01.FR.02, D01.FR.17", LIST, |bench| {
        let known = bench.values.token.clone();
        changed(bench, vec![json!({ "idToken": token(&known) })])
    }),
    case("TC_D_04_CS", "An empty list", "D01.FR.02, D01.FR.04", LIST, |bench| {
        installed(bench)?;
        send(bench, "Full", 6, Vec::new())?;
        version(bench, 6)
    }),
    case("TC_D_05_CS", "An empty change", "D01.FR.02, D01.FR.05", LIST, |bench| changed(bench, Vec::new())),
    case("TC_D_06_CS", "A change of an older list", "D01.FR.19", LIST, |bench| {
        let other = bench.values.token2.clone();
        installed(bench)?;
        let list = list("Differential", 4, vec![entry(&other, "Accepted", None)]);
        bench.ask("SendLocalList", list, status("VersionMismatch"))?;
        version(bench, 5)
    }),
    case("TC_D_07_CS", "The list outlasts a boot", "D01.FR.10", LIST, |bench| {
        installed(bench)?;
        bench.reboots()?;
        version(bench, 5)
    }),
    case("TC_D_08_CS", "The version of the list", "D02.FR.01, D02.FR.02", LIST, |bench| {
        installed(bench)?;
        version(bench, 5)
    }),
    case("TC_D_10_CS", "A list that is off has no version", "D02.FR.03", LIST, |bench| {
        bench.configure(ENABLED, "false")?;
        version(bench, 0)
    }),
];

fn enabled(bench: &mut Bench<'_>) -> Step {
    bench.configure_if_there(ENABLED, "true")
}

/// The token is in the list with this verdict.
fn listed(bench: &mut Bench<'_>, token: &str, verdict: &str) -> Step<(u16, String)> {
    bench.configure("AuthCtrlr.LocalPreAuthorize", "true")?;
    bench.configure_if_there("LocalAuthListCtrlr.DisablePostAuthorize", "false")?;
    bench.install_list(&[(token, verdict, None)])?;
    Ok((bench.values.connector, token.to_owned()))
}

fn refused(bench: &mut Bench<'_>, token: &str, verdict: &str, is_plugged: bool) -> Step {
    let (evse, token) = listed(bench, token, verdict)?;
    if is_plugged {
        bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
    }
    bench.present(evse, &token)?;
    bench.expect(Bench::authorize(&token))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

/// Two tokens of one group are listed, the second with this verdict; the first charges.
fn charging_with_group(bench: &mut Bench<'_>, other: &str, verdict: &str) -> Step<u16> {
    let (evse, token, group) = (bench.values.connector, bench.values.token.clone(), bench.values.group.clone());
    [token.as_str(), other].iter().for_each(|token| bench.will_group(token, &group));
    bench.configure("AuthCtrlr.LocalPreAuthorize", "true")?;
    bench.install_list(&[(&token, "Accepted", Some(&group)), (other, verdict, Some(&group))])?;
    bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
    bench.authorized_unasked(evse, &token)?;
    bench.energy_flows(evse)?;
    Ok(evse)
}

fn group_stops(bench: &mut Bench<'_>) -> Step {
    let other = bench.values.token2.clone();
    let evse = charging_with_group(bench, &other, "Accepted")?;
    bench.stop_authorized(evse, &other)?;
    bench.ev_disconnected(evse, "Local")
}

fn invalid_of_group(bench: &mut Bench<'_>) -> Step {
    let other = bench.values.invalid_token.clone();
    let evse = charging_with_group(bench, &other, "Invalid")?;
    bench.present(evse, &other)?;
    bench.expect(Bench::authorize(&other))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

fn offline_accepted(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = listed(bench, &bench.values.token.clone(), "Accepted")?;
    bench.configure_if_there(UNKNOWN, "false")?;
    bench.configure("AuthCtrlr.LocalAuthorizeOffline", "true")?;
    bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
    bench.offline_for(Duration::from_secs(5), |bench| bench.present(evse, &token))?;
    bench.late_start(evse, &token)
}

fn offline_refused(bench: &mut Bench<'_>, token: &str, verdict: &str) -> Step {
    let (evse, token) = listed(bench, token, verdict)?;
    bench.configure_if_there(UNKNOWN, "false")?;
    bench.configure("AuthCtrlr.LocalAuthorizeOffline", "true")?;
    bench.offline_for(Duration::from_secs(5), |bench| {
        bench.plug(evse)?;
        bench.present(evse, &token)
    })?;
    bench.late_connection(evse)?;
    bench.never(bench.values.watch, &["TransactionEvent", "Authorize"])
}

fn list_before_cache(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure("AuthCacheCtrlr.Enabled", "true")?;
    bench.configure("AuthCtrlr.LocalPreAuthorize", "true")?;
    bench.configure("TxCtrlr.StopTxOnInvalidId", "false")?;
    bench.cache_token(evse, &token)?;
    bench.install_list(&[(&token, "Invalid", None)])?;
    allow_offline(bench)?;
    bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
    bench.offline_for(Duration::from_secs(5), |bench| bench.present(evse, &token))?;
    bench.never(bench.values.watch, &["TransactionEvent", "Authorize"])
}

fn unknown_offline(bench: &mut Bench<'_>) -> Step {
    let evse = bench.values.connector;
    allow_offline(bench)?;
    deauthorised_later(bench, evse, "CONF-NOBODY", Deauthorised { stops: false, energy_wh: 0 })?;
    bench.stop_authorized(evse, "CONF-NOBODY")?;
    bench.ev_disconnected(evse, "Local")
}

fn list(kind: &str, version: i64, entries: Vec<Value>) -> Value {
    let mut list = json!({ "versionNumber": version, "updateType": kind });
    if !entries.is_empty() {
        list = with(list, "localAuthorizationList", entries);
    }
    list
}

fn send(bench: &mut Bench<'_>, kind: &str, version: i64, entries: Vec<Value>) -> Step {
    bench.ask("SendLocalList", list(kind, version, entries), status("Accepted")).map(|_| ())
}

fn version(bench: &mut Bench<'_>, wanted: i64) -> Step {
    bench.ask("GetLocalListVersion", json!({}), answer().is("versionNumber", wanted)).map(|_| ())
}

/// A list of one token, of version 5.
fn installed(bench: &mut Bench<'_>) -> Step {
    let token = bench.values.token.clone();
    enabled(bench)?;
    bench.precondition("IdTokenLocalAuthList", |bench| send(bench, "Full", 5, vec![entry(&token, "Accepted", None)]))
}

fn changed(bench: &mut Bench<'_>, entries: Vec<Value>) -> Step {
    installed(bench)?;
    send(bench, "Differential", 6, entries)?;
    version(bench, 6)
}
