//! Variables, reports and network profiles (B05 to B07, B09).

use serde_json::{Value, json};

use super::{accepted, status};
use crate::conformance::v2::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_B_06_CSMS", "Read a variable", "B06.FR.01, B06.FR.02, B06.FR.03", &[], read),
    case("TC_B_09_CSMS", "Set a variable", "B05.FR.01, B05.FR.02, B05.FR.03", &[], |bench| {
        order_set(bench, &[valued("OCPPCommCtrlr", "OfflineThreshold", "123")], &["Accepted"])
    }),
    case("TC_B_10_CSMS", "Set several variables", "B05.FR.01, B05.FR.02, B05.FR.03", &[], |bench| {
        let threshold = valued("OCPPCommCtrlr", "OfflineThreshold", "123");
        order_set(bench, &[threshold, valued("AuthCtrlr", "AuthorizeRemoteStart", "false")], &["Accepted", "Rejected"])
    }),
    case("TC_B_13_CSMS", "Ask for the full inventory", "B07.FR.08", &[], report),
    case("TC_B_42_CSMS", "Set a network profile", "B09.FR.01", &[], |bench| network(bench, "Accepted")),
    case("TC_B_44_CSMS", "Set a network profile that cannot be kept", "B09.FR.03", &[], |bench| {
        network(bench, "Failed")
    }),
];

pub(super) fn named(component: &str, variable: &str) -> Value {
    json!({ "component": { "name": component }, "variable": { "name": variable } })
}

pub(super) fn valued(component: &str, variable: &str, value: &str) -> Value {
    let mut named = named(component, variable);
    if let Some(members) = named.as_object_mut() {
        members.insert("attributeValue".to_owned(), value.into());
    }
    named
}

/// The operator has these set, each of which ends so.
pub(super) fn order_set(bench: &mut Bench<'_>, wanted: &[Value], statuses: &[&str]) -> Step {
    let told = wanted.iter().zip(statuses).map(|(wanted, status)| {
        json!({ "attributeStatus": status, "component": wanted.get("component"), "variable": wanted.get("variable") })
    });
    let told = json!({ "setVariableResult": told.collect::<Vec<_>>() });
    bench.order("SetVariables", json!({ "setVariableData": wanted }), told).map(|_| ())
}

fn read(bench: &mut Bench<'_>) -> Step {
    let threshold = named("OCPPCommCtrlr", "OfflineThreshold");
    let mut told = threshold.clone();
    if let Some(members) = told.as_object_mut() {
        members.insert("attributeStatus".to_owned(), "Accepted".into());
        members.insert("attributeValue".to_owned(), "60".into());
    }
    let request = json!({ "getVariableData": [threshold] });
    bench.order("GetVariables", request, json!({ "getVariableResult": [told] })).map(|_| ())
}

/// In two parts.
fn report(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "requestId": 7, "reportBase": "FullInventory" });
    bench.order("GetBaseReport", request, accepted())?;
    for (number, name, is_more) in [(0, "OfflineThreshold", true), (1, "HeartbeatInterval", false)] {
        let mut variable = named("OCPPCommCtrlr", name);
        if let Some(members) = variable.as_object_mut() {
            members.insert("variableAttribute".to_owned(), json!([{ "value": "60" }]));
        }
        let part = json!({
            "requestId": 7, "generatedAt": bench.wall_text(chrono::TimeDelta::zero()), "seqNo": number, "tbc": is_more,
            "reportData": [variable],
        });
        bench.ask("NotifyReport", part, crate::conformance::pattern::answer())?;
    }
    Ok(())
}

fn network(bench: &mut Bench<'_>, verdict: &str) -> Step {
    let data = json!({
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "ws://csms.example/ocpp",
        "messageTimeout": 30, "securityProfile": 1, "ocppInterface": "Wired0",
    });
    let request = json!({ "configurationSlot": 2, "connectionData": data });
    bench.order("SetNetworkProfile", request, status(verdict)).map(|_| ())
}
