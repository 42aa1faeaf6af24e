//! Configuration keys and the cache (1.6 §5.3, §5.4, §5.8).

use serde_json::{Value, json};

use super::remote::accepted;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_019_1_CSMS", "Read all keys", "5.8, 9.1, 6.23", &[], |bench| read(bench, json!({}))),
    case("TC_019_2_CSMS", "Read one key", "5.8, 9.1.29", &[], |bench| {
        read(bench, json!({ "key": ["SupportedFeatureProfiles"] }))
    }),
    case("TC_040_1_CSMS", "Set a key that the station does not know", "5.3, 7.22", &[], |bench| {
        change(bench, "ConformanceTest", "1", "NotSupported")
    }),
    case("TC_040_2_CSMS", "Set a value that is out of range", "5.3, 7.22", &[], |bench| {
        change(bench, "MeterValueSampleInterval", "-1", "Rejected")
    }),
    case("TC_061_CSMS", "Clear the cache", "5.4", &[], |bench| {
        bench.order("ClearCache", json!({}), accepted()).map(|_| ())
    }),
];

fn read(bench: &mut Bench<'_>, request: Value) -> Step {
    let told = json!({ "configurationKey": [
        { "key": "SupportedFeatureProfiles", "readonly": true, "value": "Core" },
    ]});
    let wants_all = request.get("key").is_none();
    let call = bench.order("GetConfiguration", request, told)?;
    // A list without names asks for all, as none does.
    let named = call.payload.get("key").and_then(Value::as_array).is_some_and(|keys| !keys.is_empty());
    match wants_all && named {
        true => Err(crate::conformance::Stop::Failed("asked for some keys where all were wanted".to_owned())),
        false => Ok(()),
    }
}

fn change(bench: &mut Bench<'_>, key: &str, value: &str, verdict: &str) -> Step {
    let request = json!({ "key": key, "value": value });
    bench.order("ChangeConfiguration", request, json!({ "status": verdict })).map(|_| ())
}
