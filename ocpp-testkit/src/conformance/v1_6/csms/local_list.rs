//! The local authorization list (1.6 §5.10, §5.15, §7.1).

use serde_json::{Value, json};

use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_042_1_CSMS", "The version of a list that is not supported", "5.10", &[], |bench| {
        bench.order("GetLocalListVersion", json!({}), json!({ "listVersion": -1 })).map(|_| ())
    }),
    case("TC_043_1_CSMS", "A list that is not supported", "5.15, 7.47, errata 3.52", &[], |bench| {
        send(bench, 1, "Full", "NotSupported")
    }),
    case("TC_043_3_CSMS", "A list that cannot be stored", "5.15, 7.47, errata 3.52", &[], |bench| {
        send(bench, 1, "Full", "Failed")
    }),
    case("TC_043_4_CSMS", "A full list", "5.15, 7.1, errata 3.52", &[], |bench| send(bench, 1, "Full", "Accepted")),
    case("TC_043_5_CSMS", "A differential list", "5.10, 5.15, 7.1", &[], |bench| {
        bench.precondition("a full list", |bench| send(bench, 1, "Full", "Accepted"))?;
        send(bench, 2, "Differential", "Accepted")
    }),
];

/// Every entry has its information: in a differential list one without means removal (1.6 §7.1).
fn send(bench: &mut Bench<'_>, version: i64, kind: &str, verdict: &str) -> Step {
    let token = if kind == "Full" { &bench.values.token } else { &bench.values.token2 };
    let list: Value = json!([{ "idTag": token, "idTagInfo": { "status": "Accepted" } }]);
    let request = json!({ "listVersion": version, "updateType": kind, "localAuthorizationList": list });
    bench.order("SendLocalList", request, json!({ "status": verdict })).map(|_| ())
}
