//! The device model: variables and reports (B05 to B08), and custom data (P).

use serde_json::{Value, json};

use crate::conformance::pattern::{Pattern, answer, status};
use crate::conformance::v2::bench::{Bench, Name, get_result, set_result, with};
use crate::conformance::v2::case;
use crate::conformance::v2::required_variables::REQUIRED;
use crate::conformance::{Case, Step, Stop};

const THRESHOLD: &str = "OCPPCommCtrlr.OfflineThreshold";
const OFFLINE: &str = "AuthCtrlr.LocalAuthorizeOffline";
const TIMEOUT: &str = "OCPPCommCtrlr.MessageTimeout[Default]";
const NO_COMPONENT: &str = "UnknownComponent.OfflineThreshold";
const NO_VARIABLE: &str = "OCPPCommCtrlr.UnknownVariable";

pub(super) const CASES: &[Case] = &[
    case("TC_B_06_CS", "One variable is read", "B06.FR.01 to B06.FR.04, B06.FR.10, B06.FR.11", &[], read_one),
    case("TC_B_07_CS", "Several variables are read", "B06.FR.01 to B06.FR.05, B06.FR.10", &[], read_several),
    case("TC_B_32_CS", "An unknown component is not read", "B06.FR.06", &[], |bench| {
        reads(bench, json!([Name(NO_COMPONENT).wanted()]), get_result(NO_COMPONENT, "UnknownComponent"))
    }),
    case("TC_B_33_CS", "An unknown variable is not read", "B06.FR.07", &[], |bench| {
        reads(bench, json!([Name(NO_VARIABLE).wanted()]), get_result(NO_VARIABLE, "UnknownVariable"))
    }),
    case("TC_B_34_CS", "An attribute that is not there is not read", "B06.FR.08", &[], |bench| {
        let wanted = with_attribute(Name(THRESHOLD).wanted(), "Target");
        let told = get_result(THRESHOLD, "NotSupportedAttributeType").is("getVariableResult.0.attributeType", "Target");
        reads(bench, json!([wanted]), told)
    }),
    case("TC_B_09_CS", "One variable is set", "B05.FR.01 to B05.FR.03, B05.FR.10, B05.FR.12", &[], |bench| {
        let wanted = with_attribute(Name(THRESHOLD).valued("300"), "Actual");
        let told = set_result(THRESHOLD, "Accepted").is("setVariableResult.0.attributeType", "Actual");
        sets(bench, json!([wanted]), no_error(told, "setVariableResult.0"))
    }),
    case("TC_B_10_CS", "Several variables are set", "B05.FR.01 to B05.FR.03, B05.FR.10", &[], set_several),
    case("TC_B_11_CS", "A value that cannot be is refused", "B05.FR.07, B05.FR.08", &[], |bench| {
        sets(bench, json!([Name(THRESHOLD).valued("-1")]), set_result(THRESHOLD, "Rejected"))?;
        sets(bench, json!([Name(THRESHOLD).valued("soon")]), set_result(THRESHOLD, "Rejected"))?;
        sets(bench, json!([Name(OFFLINE).valued("maybe")]), set_result(OFFLINE, "Rejected"))
    }),
    case("TC_B_35_CS", "An unknown component is not set", "B05.FR.04", &[], |bench| {
        sets(bench, json!([Name(NO_COMPONENT).valued("300")]), set_result(NO_COMPONENT, "UnknownComponent"))
    }),
    case("TC_B_36_CS", "An unknown variable is not set", "B05.FR.05", &[], |bench| {
        sets(bench, json!([Name(NO_VARIABLE).valued("300")]), set_result(NO_VARIABLE, "UnknownVariable"))
    }),
    case("TC_B_37_CS", "An attribute that is not there is not set", "B05.FR.06", &[], |bench| {
        let wanted = with_attribute(Name(THRESHOLD).valued("300"), "Target");
        let told = set_result(THRESHOLD, "NotSupportedAttributeType").is("setVariableResult.0.attributeType", "Target");
        sets(bench, json!([wanted]), told)
    }),
    case("TC_B_39_CS", "A variable that can only be read is not set", "B05.FR.09", &[], |bench| {
        sets(bench, json!([Name(TIMEOUT).valued("40")]), set_result(TIMEOUT, "Rejected"))
    }),
    case(
        "TC_B_12_CS",
        "A report of the configuration",
        "B07.FR.01, B07.FR.03, B07.FR.07, B07.FR.08",
        &[],
        configuration,
    ),
    case(
        "TC_B_13_CS",
        "A report of all",
        "B07.FR.01, B07.FR.03, B07.FR.04, B07.FR.08, B07.FR.10, B07.FR.12",
        &[],
        |bench| {
            let all = base_report(bench, "FullInventory")?;
            lacking(&all)
        },
    ),
    case("TC_B_14_CS", "A summary", "B07.FR.01, B07.FR.11, B07.FR.13", &[], summary),
    case("TC_B_15_CS", "A summary that is not there", "B07.FR.02", &[], no_summary),
    case("TC_B_53_CS", "A report has all that must be there", "B07.FR.10, B07.FR.12", &[], everything),
    case("TC_P_01_CS", "Data of an unknown vendor are refused", "P01.FR.05, P01.FR.06", &[], |bench| {
        let data = json!({ "vendorId": "org.example.nobody", "messageId": "nothing", "data": "some" });
        let refused = answer().one_of("status", ["UnknownVendorId", "UnknownMessageId", "Rejected"]);
        bench.ask("DataTransfer", data, refused).map(|_| ())
    }),
    case("TC_P_03_CS", "Custom data do no harm", "part 2 §1.1", &[], custom_data),
];

fn with_attribute(wanted: Value, attribute: &str) -> Value {
    with(wanted, "attributeType", attribute)
}

/// There is no word of an error with it.
fn no_error(pattern: Pattern, result: &str) -> Pattern {
    pattern.is_or_absent(&format!("{result}.attributeStatusInfo.reasonCode"), "NoError")
}

fn reads(bench: &mut Bench<'_>, wanted: Value, told: Pattern) -> Step {
    bench.ask("GetVariables", json!({ "getVariableData": wanted }), told).map(|_| ())
}

fn sets(bench: &mut Bench<'_>, wanted: Value, told: Pattern) -> Step {
    bench.ask("SetVariables", json!({ "setVariableData": wanted }), told).map(|_| ())
}

fn read_one(bench: &mut Bench<'_>) -> Step {
    bench.configure(THRESHOLD, "300")?;
    let told = get_result(THRESHOLD, "Accepted")
        .is("getVariableResult.0.attributeType", "Actual")
        .is("getVariableResult.0.attributeValue", "300");
    let wanted = with_attribute(Name(THRESHOLD).wanted(), "Actual");
    reads(bench, json!([wanted]), no_error(told, "getVariableResult.0"))
}

/// B06.FR.05: a result for each that is asked about.
fn read_several(bench: &mut Bench<'_>) -> Step {
    bench.configure(THRESHOLD, "300")?;
    bench.configure(OFFLINE, "true")?;
    let told = get_result(THRESHOLD, "Accepted")
        .is("getVariableResult.0.attributeValue", "300")
        .is("getVariableResult.1.attributeStatus", "Accepted")
        .is("getVariableResult.1.attributeValue", "true")
        .is("getVariableResult.1.variable.name", "LocalAuthorizeOffline")
        .absent("getVariableResult.2");
    reads(bench, json!([Name(THRESHOLD).wanted(), Name(OFFLINE).wanted()]), told)
}

fn set_several(bench: &mut Bench<'_>) -> Step {
    let told = set_result(THRESHOLD, "Accepted")
        .is("setVariableResult.1.attributeStatus", "Accepted")
        .is("setVariableResult.1.variable.name", "LocalAuthorizeOffline")
        .absent("setVariableResult.2");
    let told = no_error(no_error(told, "setVariableResult.0"), "setVariableResult.1");
    sets(bench, json!([Name(THRESHOLD).valued("300"), Name(OFFLINE).valued("true")]), told)
}

fn base_report(bench: &mut Bench<'_>, base: &str) -> Step<Vec<Value>> {
    let request = json!({ "requestId": 31, "reportBase": base });
    bench.ask("GetBaseReport", request, status("Accepted").is_or_absent("statusInfo.reasonCode", "NoError"))?;
    bench.report(31)
}

/// `Component.Variable[Instance]` of an element of a report.
fn name_of(element: &Value) -> String {
    let text = |pointer: &str| element.pointer(pointer).and_then(Value::as_str);
    let instance = text("/variable/instance").map(|instance| format!("[{instance}]")).unwrap_or_default();
    let (component, variable) =
        (text("/component/name").unwrap_or_default(), text("/variable/name").unwrap_or_default());
    format!("{component}.{variable}{instance}")
}

/// What every station must have that the report has not.
fn lacking(all: &[Value]) -> Step {
    let names: Vec<String> = all.iter().map(name_of).collect();
    let lacks: Vec<&str> = REQUIRED.into_iter().filter(|name| !names.iter().any(|there| there == name)).collect();
    if lacks.is_empty() { Ok(()) } else { Err(Stop::Failed(format!("not reported: {}", lacks.join(", ")))) }
}

/// B07.FR.07: what the operator can set, and nothing else.
fn configuration(bench: &mut Bench<'_>) -> Step {
    let all = base_report(bench, "ConfigurationInventory")?;
    let is_fixed =
        |element: &&Value| element.pointer("/variableAttribute/0/mutability").is_some_and(|it| it == "ReadOnly");
    match (all.iter().find(is_fixed), all.iter().any(|element| name_of(element) == THRESHOLD)) {
        (Some(fixed), _) => Err(Stop::Failed(format!("{} cannot be set", name_of(fixed)))),
        (None, true) => Ok(()),
        (None, false) => Err(Stop::Failed(format!("{THRESHOLD} is not reported"))),
    }
}

fn summary(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "requestId": 31, "reportBase": "SummaryInventory" });
    let told = bench.ask("GetBaseReport", request, answer().one_of("status", ["Accepted", "NotSupported"]))?;
    if told.get("status").is_some_and(|status| status == "NotSupported") {
        return Err(Stop::NotApplicable("the station makes no summary".to_owned()));
    }
    let all = bench.report(31)?;
    let has_state = all.iter().any(|element| name_of(element) == "ChargingStation.AvailabilityState");
    if has_state { Ok(()) } else { Err(Stop::Failed("the state of the station is not in its summary".to_owned())) }
}

fn no_summary(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "requestId": 31, "reportBase": "SummaryInventory" });
    let told = bench.ask("GetBaseReport", request, answer().one_of("status", ["Accepted", "NotSupported"]))?;
    if told.get("status").is_some_and(|status| status == "Accepted") {
        bench.report(31)?;
        return Err(Stop::NotApplicable("the station makes a summary".to_owned()));
    }
    bench.quiet(bench.values.watch)
}

/// Errata 6.2.19: lists tell what they may hold, and what can be read has a value, but for the power of an EVSE and what the
/// host keeps.
fn everything(bench: &mut Bench<'_>) -> Step {
    let all = base_report(bench, "FullInventory")?;
    lacking(&all)?;
    for element in &all {
        let name = name_of(element);
        let text = |pointer: &str| element.pointer(pointer).and_then(Value::as_str);
        let kind = text("/variableCharacteristics/dataType").unwrap_or_default();
        let list = text("/variableCharacteristics/valuesList").unwrap_or_default();
        let value = text("/variableAttribute/0/value");
        let wrong = |what: &str| Err(Stop::Failed(format!("{name}: {what}: {element}")));
        if kind.is_empty() {
            return wrong("no characteristics");
        }
        if matches!(kind, "OptionList" | "SequenceList" | "MemberList") {
            if list.is_empty() {
                return wrong("no list of values");
            }
            let may_be = |one: &str| list.split(',').any(|other| other.trim() == one.trim());
            if value.is_some_and(|value| !value.is_empty() && !value.split(',').all(may_be)) {
                return wrong("its value is not in the list");
            }
        }
        let is_secret = text("/variableAttribute/0/mutability") == Some("WriteOnly");
        match (is_secret, value) {
            (true, Some(_)) => return wrong("tells what can only be written"),
            (false, None) if name != "EVSE.Power" => return wrong("has no value"),
            (true, None) | (false, Some(_) | None) => {}
        }
    }
    Ok(())
}

fn custom_data(bench: &mut Bench<'_>) -> Step {
    let custom = json!({ "vendorId": "org.example.custom", "some": [1, { "more": "data" }] });
    let mut wanted = with_attribute(Name(THRESHOLD).valued("200"), "Actual");
    wanted = with(wanted, "customData", custom.clone());
    let request = json!({ "setVariableData": [wanted], "customData": custom });
    bench.ask("SetVariables", request, set_result(THRESHOLD, "Accepted"))?;
    let mut wanted = Name(THRESHOLD).wanted();
    wanted = with(wanted, "customData", custom);
    let told = get_result(THRESHOLD, "Accepted")
        .is_or_absent("getVariableResult.0.attributeType", "Actual")
        .is("getVariableResult.0.attributeValue", "200");
    reads(bench, json!([wanted]), told)
}
