//! DataTransfer (1.6 §4.3, §5.6).

use serde_json::json;

use crate::conformance::pattern::status;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[case("TC_062_CS", "An unknown vendor is refused", "5.6, 4.3, 7.23", &[], unknown)];

/// 1.6 §4.3 names UnknownVendorId; a station that looks at the message first may say so.
fn unknown(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "vendorId": "example.conformance", "messageId": "none", "data": "none" });
    let refused = status("UnknownVendorId");
    bench.ask("DataTransfer", request, refused).map(|_| ())
}
