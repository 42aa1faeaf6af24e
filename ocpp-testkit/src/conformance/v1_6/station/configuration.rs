//! Configuration keys (1.6 §5.3, §5.8, §9).

use serde_json::{Value, json};

use crate::conformance::pattern::{answer, status};
use crate::conformance::v1_6::required_keys::{Access, REQUIRED};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step, Stop};

pub(super) const CASES: &[Case] = &[
    case(
        "TC_019_CS",
        "The required keys are there, and set as they should be",
        "5.8, 9.1, 9.2, 9.4, errata 3.80, errata 3.84",
        &[],
        retrieve,
    ),
    case("TC_040_1_CS", "An unknown key is not supported", "5.3, 7.22", &[], |bench| {
        let request = json!({ "key": "Testing", "value": "true" });
        bench.ask("ChangeConfiguration", request, status("NotSupported")).map(|_| ())
    }),
    case("TC_040_2_CS", "A value out of range is rejected", "5.3, 7.22, ocpp-j 4.2.3", &[], invalid_value),
];

fn names(configuration: &Value) -> Vec<String> {
    let entries = configuration.get("configurationKey").and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.get("key")?.as_str().map(str::to_owned)).collect()
}

fn get(bench: &mut Bench<'_>, keys: &[String]) -> Step<Value> {
    let none_unknown = |unknown: &Value| unknown.as_array().is_none_or(Vec::is_empty);
    let pattern = answer().that("unknownKey", "empty or absent", none_unknown);
    let configuration = bench.ask("GetConfiguration", json!({ "key": keys }), pattern)?;
    let told = names(&configuration);
    let is_told = |key: &String| told.iter().any(|name| name.eq_ignore_ascii_case(key));
    if told.len() == keys.len() && keys.iter().all(is_told) {
        return Ok(configuration);
    }
    Err(Stop::Failed(format!("asked for {keys:?}, told of {told:?}")))
}

fn retrieve(bench: &mut Bench<'_>) -> Step {
    get(bench, &["SupportedFeatureProfiles".to_owned()])?;
    let all = bench.ask("GetConfiguration", json!({}), answer().present("configurationKey"))?;
    let entries = all.get("configurationKey").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut wrong = Vec::new();
    for (_, key, access) in REQUIRED.iter().filter(|(profile, ..)| bench.has_profile(profile)) {
        let entry = entries
            .iter()
            .find(|entry| entry.get("key").and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case(key)));
        let is_read_only = entry.and_then(|entry| entry.get("readonly")?.as_bool());
        match (access, is_read_only) {
            (_, None) => wrong.push(format!("{key} is missing")),
            (Access::Read, Some(false)) => wrong.push(format!("{key} may be set")),
            (Access::ReadWrite, Some(true)) => wrong.push(format!("{key} may not be set")),
            (Access::Either, Some(_)) | (Access::Read, Some(true)) | (Access::ReadWrite, Some(false)) => {}
        }
    }
    if !wrong.is_empty() {
        return Err(Stop::Failed(wrong.join(", ")));
    }
    get(bench, &["GetConfigurationMaxKeys".to_owned()])?;
    let most = bench.key("GetConfigurationMaxKeys").parse().unwrap_or(1);
    let many: Vec<String> = names(&all).into_iter().take(most).collect();
    get(bench, &many).map(|_| ())
}

fn invalid_value(bench: &mut Bench<'_>) -> Step {
    let key = "MeterValueSampleInterval".to_owned();
    let before = get(bench, std::slice::from_ref(&key))?;
    let request = json!({ "key": key, "value": "-1" });
    bench.ask_or("ChangeConfiguration", request, status("Rejected"), &["PropertyConstraintViolation"])?;
    let after = get(bench, &[key])?;
    if before == after { Ok(()) } else { Err(Stop::Failed(format!("the value changed: {before}, {after}"))) }
}
