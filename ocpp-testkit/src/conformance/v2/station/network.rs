//! Network connection profiles (B09, B10), and the security profile that comes with one (A05).
//!
//! What a station wants of its next connection is seen at a simulated one alone: a live one goes away.

use std::time::Duration;

use ocpp_rpc::handshake::IdentityRules;
use serde_json::{Value, json};

use crate::conformance::access::demands;
use crate::conformance::pattern::{answer, status};
use crate::conformance::v2::bench::{Bench, Name};
use crate::conformance::v2::{case, unwritten};
use crate::conformance::{Case, Need, Step, Stop};

const PRIORITY: &str = "OCPPCommCtrlr.NetworkConfigurationPriority";
const ATTEMPTS: &str = "OCPPCommCtrlr.NetworkProfileConnectionAttempts";
const SLOTS: &[Need] = &[Need::Key(PRIORITY)];
const HANDSHAKES: &str =
    "what a root makes of the next TLS handshake is for the driver's own tests: the runner makes none";
const HAS_ALL: &str = "the simulated host cannot lose the last certificate; the station's own tests hold it (A05)";

pub(super) const CASES: &[Case] = &[
    case(
        "TC_A_19_CS",
        "Raise the security profile",
        "A05.FR.04 to A05.FR.06",
        &[Need::Key(PRIORITY), Need::SecurityProfile(1)],
        raise,
    ),
    unwritten("TC_A_20_CS", "Raise it without a root certificate", "A05.FR.02", HAS_ALL),
    unwritten("TC_A_21_CS", "Raise it without a certificate of the station", "A05.FR.03", HAS_ALL),
    case(
        "TC_A_22_CS",
        "The security profile cannot be lowered",
        "B09.FR.04",
        &[Need::Key(PRIORITY), Need::SecurityProfile(2)],
        |bench| {
            let lower = bench.security_profile() - 1;
            let request = profile(2, &endpoint(lower, "lower"), lower);
            bench.ask("SetNetworkProfile", request, status("Rejected")).map(|_| ())
        },
    ),
    case("TC_B_43_CS", "A slot that is not there is refused", "B09.FR.02, B09.FR.05", SLOTS, |bench| {
        let present = current(bench)?;
        let request = profile(999, &endpoint(present, "other"), present);
        bench.ask("SetNetworkProfile", request, status("Rejected")).map(|_| ())
    }),
    case("TC_B_45_CS", "Go over to another profile", "B09.FR.01, B10.FR.01, B10.FR.04, B10.FR.06", SLOTS, |bench| {
        let (old, new) = moves(bench)?;
        bench.reset("OnIdle")?;
        bench.booted(["RemoteReset", "ScheduledReset"])?;
        is_at(bench, &new, &old)
    }),
    case("TC_B_46_CS", "Fall back to the profile before", "B10.FR.03, B10.FR.04", SLOTS, |bench| {
        bench.configure(ATTEMPTS, "2")?;
        let (old, new) = moves(bench)?;
        bench.block(Some(&new))?;
        falls_back(bench, &old, &new)
    }),
    unwritten("TC_B_47_CS", "Fall back from a new root", "B10.FR.07, M05.FR.15, M05.FR.16", HANDSHAKES),
    case("TC_B_49_CS", "Fall back after all attempts", "B10.FR.07", SLOTS, |bench| {
        bench.configure(ATTEMPTS, "1")?;
        bench.configure_if_there("OCPPCommCtrlr.RetryBackOffRepeatTimes", "0")?;
        bench.configure_if_there("OCPPCommCtrlr.RetryBackOffRandomRange", "0")?;
        let (old, new) = moves(bench)?;
        bench.block(Some("ws"))?;
        bench.reset("OnIdle")?;
        // Both of them were tried by then.
        bench.pass(ALL_TRIED)?;
        bench.block(Some(&new))?;
        comes_back(bench)?;
        is_at(bench, &old, &new)
    }),
    unwritten("TC_B_50_CS", "Go over to a CSMS with a new root", "M05.FR.13", HANDSHAKES),
];

/// A boot, and an attempt at each of two endpoints.
const ALL_TRIED: Duration = Duration::from_secs(60);
/// Attempts are further and further apart.
const BACK_AGAIN: Duration = Duration::from_secs(900);

/// The security profile of the present connection.
fn current(bench: &mut Bench<'_>) -> Step<u8> {
    Ok(bench.required("SecurityCtrlr.SecurityProfile")?.parse().unwrap_or(0))
}

fn endpoint(security_profile: u8, name: &str) -> String {
    format!("{}://{name}.example/ocpp", if security_profile < 2 { "ws" } else { "wss" })
}

fn profile(slot: u16, url: &str, security_profile: u8) -> Value {
    json!({ "configurationSlot": slot, "connectionData": {
        "messageTimeout": 30, "ocppCsmsUrl": url, "ocppInterface": "Wired0", "ocppTransport": "JSON",
        "ocppVersion": "OCPP20", "securityProfile": security_profile,
    }})
}

/// Another slot goes before the first. Gives both endpoints, that before and that to come.
fn moves(bench: &mut Bench<'_>) -> Step<(String, String)> {
    let old = bench.connect_request()?.url.to_string();
    let present = current(bench)?;
    let new = endpoint(present, "other");
    bench.ask("SetNetworkProfile", profile(2, &new, present), status("Accepted"))?;
    sets_priority(bench)?;
    Ok((old, new))
}

fn sets_priority(bench: &mut Bench<'_>) -> Step {
    let taken = answer().one_of("setVariableResult.0.attributeStatus", ["Accepted", "RebootRequired"]);
    bench.ask("SetVariables", json!({ "setVariableData": [Name(PRIORITY).valued("2,1")] }), taken).map(|_| ())
}

/// The station is connected to this endpoint, and not to the other one.
fn is_at(bench: &Bench<'_>, wanted: &str, other: &str) -> Step {
    let url = bench.connect_request()?.url.to_string();
    match url.starts_with(wanted) && !url.starts_with(other) {
        true => Ok(()),
        false => Err(Stop::Failed(format!("the station connects to {url}"))),
    }
}

/// It boots, and connects where it can.
fn comes_back(bench: &mut Bench<'_>) -> Step {
    let until = bench.now() + BACK_AGAIN;
    while !bench.is_connected && bench.pump(until)? {}
    bench.booted(["RemoteReset", "ScheduledReset"])
}

fn falls_back(bench: &mut Bench<'_>, old: &str, new: &str) -> Step {
    bench.reset("OnIdle")?;
    // The power goes first.
    let until = bench.now() + bench.values.patience;
    while bench.is_connected && bench.pump(until)? {}
    comes_back(bench)?;
    is_at(bench, old, new)
}

/// Errata 6.2.7: it does not go back.
fn raise(bench: &mut Bench<'_>) -> Step {
    let higher = bench.security_profile() + 1;
    if higher > 3 {
        return Err(Stop::NotApplicable("no profile is above that of the station".to_owned()));
    }
    bench.connect_request()?;
    let request = profile(2, &endpoint(higher, "safer"), higher);
    bench.ask("SetNetworkProfile", request, status("Accepted"))?;
    sets_priority(bench)?;
    bench.reset("OnIdle")?;
    bench.booted(["RemoteReset", "ScheduledReset"])?;
    demands(bench.connect_request()?, higher, &IdentityRules::V2, &super::security::LENGTHS)?;
    bench.expect_value("SecurityCtrlr.SecurityProfile", &higher.to_string())?;
    bench.expect_value(PRIORITY, "2")
}
