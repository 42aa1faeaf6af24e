//! What vendors add (P02, and `customData`).

use serde_json::json;

use crate::conformance::pattern::answer;
use crate::conformance::v2::{Bench, case, with};
use crate::conformance::{Case, Step};

const VENDOR: &str = "org.example.conformance";

pub(super) const CASES: &[Case] = &[
    case("TC_P_02_CSMS", "Vendor data that the CSMS does not know", "P02.FR.06, P02.FR.07", &[], |bench| {
        let unknown = answer().one_of("status", ["UnknownVendorId", "UnknownMessageId", "Rejected"]);
        bench.ask("DataTransfer", json!({ "vendorId": VENDOR, "messageId": "conformance" }), unknown).map(|_| ())
    }),
    case("TC_P_03_CSMS", "Messages with members of a vendor", "P01, P02", &[], custom),
];

fn custom(bench: &mut Bench<'_>) -> Step {
    let data = json!({ "vendorId": VENDOR, "conformance": [1, 2, 3] });
    let status = with(bench.status_payload(bench.values.connector, "Occupied"), "customData", data.clone());
    bench.ask("StatusNotification", status, answer())?;
    let event = crate::conformance::v2::Event::started("CablePluggedIn").state("EVConnected").with("customData", data);
    bench.begins(bench.values.connector, event).map(|_| ())
}
