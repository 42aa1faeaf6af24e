//! What the station knows of a customer (N09, N10).

use serde_json::{Value, json};

use super::{accepted, status};
use crate::conformance::pattern::answer;
use crate::conformance::v2::{Bench, case, entry, token};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_N_27_CSMS", "A customer's data are told", "N09.FR.01, N09.FR.04", &[], |bench| {
        order(bench, true, false, "Accepted")?;
        tell(bench, "data")
    }),
    case("TC_N_29_CSMS", "A customer's data are not told", "N09.FR.01, N09.FR.04", &[], |bench| {
        order(bench, true, false, "Rejected")
    }),
    case("TC_N_30_CSMS", "A customer's data are told and deleted", "N10.FR.08", &[], |bench| {
        order(bench, true, true, "Accepted")?;
        tell(bench, "data")
    }),
    case("TC_N_31_CSMS", "Nothing is known of a customer", "N10.FR.08", &[], |bench| {
        order(bench, true, true, "Accepted")?;
        tell(bench, "")
    }),
    case("TC_N_62_CSMS", "A customer by a name", "N10.FR.08", &[], |bench| {
        order_of(bench, ("customerIdentifier", "OpenChargeAlliance".into()), (true, true), accepted())?;
        tell(bench, "data")
    }),
    case("TC_N_46_CSMS", "A customer goes out of the local list", "N10.FR.02, N10.FR.08, D01.FR.01", &[], |bench| {
        order(bench, true, true, "Accepted")?;
        tell(bench, "data")?;
        let list = json!([entry(&bench.values.token2.clone(), "Accepted", None)]);
        let update = json!({ "versionNumber": 2, "updateType": "Differential", "localAuthorizationList": list });
        bench.order("SendLocalList", update, accepted()).map(|_| ())
    }),
];

fn order(bench: &mut Bench<'_>, report: bool, clear: bool, verdict: &str) -> Step {
    let of = token(&bench.values.token.clone());
    order_of(bench, ("idToken", of), (report, clear), status(verdict))
}

fn order_of(bench: &mut Bench<'_>, (name, of): (&str, Value), (report, clear): (bool, bool), told: Value) -> Step {
    let request = json!({ "requestId": 5, "report": report, "clear": clear, name: of });
    bench.order("CustomerInformation", request, told).map(|_| ())
}

fn tell(bench: &mut Bench<'_>, data: &str) -> Step {
    let at = bench.wall_text(chrono::TimeDelta::zero());
    let payload = json!({ "data": data, "seqNo": 0, "generatedAt": at, "requestId": 5 });
    bench.ask("NotifyCustomerInformation", payload, answer()).map(|_| ())
}
