//! The local authorization list (D01, D02).

use serde_json::{Value, json};

use super::accepted;
use crate::conformance::v2::{Bench, case, entry, token};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_D_01_CSMS", "A full list", "D01.FR.01, D01.FR.06, D01.FR.18", &[], |bench| {
        version(bench, 0)?;
        let first = entry(&bench.values.token.clone(), "Accepted", None);
        send(bench, "Full", 1, &[first, entry(&bench.values.blocked_token.clone(), "Blocked", None)])
    }),
    case("TC_D_02_CSMS", "A list that adds to the one before", "D01.FR.01, D01.FR.06, D01.FR.18", &[], |bench| {
        version(bench, 1)?;
        send(bench, "Differential", 2, &[entry(&bench.values.token2.clone(), "Accepted", None)])
    }),
    case("TC_D_03_CSMS", "A list that takes out of the one before", "D01.FR.01, D01.FR.17, D01.FR.18", &[], |bench| {
        let gone = json!({ "idToken": token(&bench.values.token.clone()) });
        send(bench, "Differential", 3, &[gone])
    }),
    case("TC_D_04_CSMS", "An empty list", "D01.FR.01, D01.FR.06, D01.FR.18", &[], |bench| send(bench, "Full", 4, &[])),
    case("TC_D_09_CSMS", "The version where there is no list", "D02.FR.03", &[], |bench| version(bench, 0)),
];

fn version(bench: &mut Bench<'_>, told: i64) -> Step {
    bench.order("GetLocalListVersion", json!({}), json!({ "versionNumber": told })).map(|_| ())
}

/// An empty list is none at all.
fn send(bench: &mut Bench<'_>, kind: &str, version: i64, entries: &[Value]) -> Step {
    let mut request = json!({ "versionNumber": version, "updateType": kind });
    if let (false, Some(members)) = (entries.is_empty(), request.as_object_mut()) {
        members.insert("localAuthorizationList".to_owned(), entries.into());
    }
    let call = bench.order("SendLocalList", request, accepted())?;
    match entries.is_empty() && call.payload.get("localAuthorizationList").is_some() {
        true => Err(crate::conformance::Stop::Failed(format!("a list that is not empty: {}", call.payload))),
        false => Ok(()),
    }
}
