//! The device model, told by GetBaseReport (B07) and GetReport (B08).

use super::*;
use alloc::collections::BTreeSet;
use ocpp_types::catalogue::{self, Mutability, StandardVariable, ValueType};

const CATALOGUES: [(Dialect, &[StandardVariable]); 2] =
    [(Dialect::V2_0_1, catalogue::v2_0_1::VARIABLES), (Dialect::V2_1, catalogue::v2_1::VARIABLES)];

/// Two EVSEs, of which the second has two connectors.
fn two_evses(version: Dialect) -> Bench {
    let mut config = config(&[version], &[]).with_evses(2);
    config.hardware.evses[1] = crate::station::EvseConfig::with_kinds(&["cCCS2", "cType2"]);
    config.device.serial_number = Some("S1".into());
    config.device.firmware_version = Some("1.2".into());
    let mut bench = Bench::boot(config, version, Image::default(), 0);
    bench.connect();
    bench.told.clear();
    bench
}

/// The variables of all parts of the report that is under way, which has this request id.
fn parts(bench: &mut Bench, request: i64) -> Vec<Value> {
    bench.serve();
    let parts = bench.take("NotifyReport");
    let count = parts.len();
    let mut all = Vec::new();
    for (number, part) in parts.into_iter().enumerate() {
        assert_eq!(part["requestId"], request, "B07.FR.04");
        assert_eq!(part["seqNo"], number, "B07.FR.10");
        assert_eq!(part["tbc"], number + 1 < count);
        all.extend(part["reportData"].as_array().unwrap().clone());
    }
    all
}

fn base(bench: &mut Bench, base: &str) -> Vec<Value> {
    let answer = bench.request("GetBaseReport", &json!({"requestId": 7, "reportBase": base}));
    assert_eq!(answer["status"], "Accepted", "{base}");
    parts(bench, 7)
}

fn custom(bench: &mut Bench, request: &Value) -> BTreeSet<String> {
    let mut request = request.clone();
    request["requestId"] = json!(8);
    let answer = bench.request("GetReport", &request);
    assert_eq!(answer["status"], "Accepted", "{request}");
    parts(bench, 8).iter().map(path).collect()
}

/// `Component@evse.connector/Variable[Instance]`.
fn path(data: &Value) -> String {
    let mut path = data["component"]["name"].as_str().unwrap().to_owned();
    if let Some(evse) = data["component"].get("evse") {
        path += &format!("@{}", evse["id"]);
        if let Some(connector) = evse.get("connectorId") {
            path += &format!(".{connector}");
        }
    }
    path += &format!("/{}", data["variable"]["name"].as_str().unwrap());
    if let Some(instance) = data["variable"].get("instance") {
        path += &format!("[{}]", instance.as_str().unwrap());
    }
    path
}

/// B07.FR.08 (A03 of the field list): every variable that is required of a component is there, with its type and unit.
#[test]
fn full_report_has_every_required_variable_as_the_specification_has_it() {
    for (version, catalogue) in CATALOGUES {
        let mut bench = two_evses(version);
        let report = base(&mut bench, "FullInventory");
        let paths: Vec<String> = report.iter().map(path).collect();
        assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len(), "one is told twice");
        let components: BTreeSet<&str> =
            report.iter().map(|data| data["component"]["name"].as_str().unwrap()).collect();
        let (mut missing, mut other) = (BTreeSet::new(), Vec::new());
        for known in catalogue {
            let Some(component) = known.component.filter(|component| components.contains(component)) else { continue };
            let instance = known.instance.map(|instance| format!("[{instance}]")).unwrap_or_default();
            let is_it = |data: &&Value| {
                data["component"]["name"] == component && path(data).ends_with(&format!("/{}{instance}", known.name))
            };
            let told: Vec<&Value> = report.iter().filter(is_it).collect();
            if told.is_empty() && known.required {
                missing.insert(format!("{component}/{}{instance}", known.name));
            }
            for data in told {
                let characteristics = &data["variableCharacteristics"];
                if let Some(kind) = known.kind {
                    let name = match kind {
                        ValueType::Boolean => "boolean",
                        ValueType::Integer => "integer",
                        ValueType::Decimal => "decimal",
                        ValueType::DateTime => "dateTime",
                        ValueType::OptionList => "OptionList",
                        ValueType::MemberList => "MemberList",
                        ValueType::SequenceList => "SequenceList",
                        ValueType::Text | ValueType::Password | ValueType::Identifier => "string",
                    };
                    if characteristics["dataType"] != name {
                        other.push(format!("{} is {name}", path(data)));
                    }
                }
                if let Some(unit) = known.unit {
                    let told = characteristics["unit"].as_str().unwrap_or_default();
                    if unit.split(',').all(|unit| unit.trim() != told) {
                        other.push(format!("{} is in {unit}", path(data)));
                    }
                }
                let only = match known.mutability {
                    Some(Mutability::ReadOnly) => Some("ReadOnly"),
                    Some(Mutability::WriteOnly) => Some("WriteOnly"),
                    Some(Mutability::ReadWrite | Mutability::Either) | None => None,
                };
                if only.is_some_and(|only| data["variableAttribute"][0]["mutability"] != only) {
                    other.push(format!("{} is {only:?}", path(data)));
                }
            }
        }
        assert_eq!(other, [] as [String; 0]);
        if version == Dialect::V2_0_1 {
            assert!(missing.is_empty(), "{missing:?}");
        } else {
            std::eprintln!("2.1 lacks {missing:?}");
        }
    }
}

/// What is reported is what GetVariables reads, and what is said to be writable can be written.
#[test]
fn report_agrees_with_reading_and_writing() {
    for version in EDITIONS {
        let mut bench = two_evses(version);
        let report = base(&mut bench, "FullInventory");
        assert!(report.len() > 60, "{}", report.len());
        for data in &report {
            let pair = json!({"component": data["component"], "variable": data["variable"]});
            let answer = bench.request("GetVariables", &json!({"getVariableData": [pair]}));
            let read = &answer["getVariableResult"][0];
            let attribute = &data["variableAttribute"][0];
            assert_eq!(attribute["type"], "Actual");
            if attribute["mutability"] == "WriteOnly" {
                assert_eq!(read["attributeStatus"], "Rejected", "B06.FR.09 {}", path(data));
                assert_eq!(attribute.get("value"), None, "errata 2.10");
                continue;
            }
            assert_eq!(read["attributeStatus"], "Accepted", "{}", path(data));
            assert_eq!(read["attributeValue"], attribute["value"], "{}", path(data));
            let mut wanted = pair;
            wanted["attributeValue"] = attribute["value"].clone();
            let answer = bench.request("SetVariables", &json!({"setVariableData": [wanted]}));
            let status = answer["setVariableResult"][0]["attributeStatus"].as_str().unwrap();
            let is_set = ["Accepted", "RebootRequired"].contains(&status);
            assert_eq!(is_set, attribute["mutability"] == "ReadWrite", "{}", path(data));
            assert!(!is_set || attribute["persistent"] == true, "part 2 §2");
        }
    }
}

/// The structure comes from the configuration.
#[test]
fn places_are_those_of_the_hardware() {
    let mut bench = two_evses(Dialect::V2_0_1);
    let values: Vec<String> = base(&mut bench, "FullInventory")
        .iter()
        .map(|data| format!("{}={}", path(data), data["variableAttribute"][0]["value"].as_str().unwrap_or("-")))
        .filter(|line| ["ChargingStation/", "EVSE", "Connector@"].iter().any(|start| line.starts_with(start)))
        .collect();
    assert_eq!(
        values.join("\n"),
        "ChargingStation/AvailabilityState=Available\n\
         ChargingStation/Available=true\n\
         ChargingStation/Model=Model\n\
         ChargingStation/Problem=false\n\
         ChargingStation/SerialNumber=S1\n\
         ChargingStation/SupplyPhases=3\n\
         ChargingStation/VendorName=Vendor\n\
         EVSE@1/AllowReset=false\n\
         EVSE@1/AvailabilityState=Available\n\
         EVSE@1/Available=true\n\
         EVSE@1/Power=\n\
         EVSE@1/Problem=false\n\
         EVSE@1/SupplyPhases=3\n\
         Connector@1.1/AvailabilityState=Available\n\
         Connector@1.1/Available=true\n\
         Connector@1.1/ConnectorType=Unknown\n\
         Connector@1.1/Problem=false\n\
         Connector@1.1/SupplyPhases=3\n\
         EVSE@2/AllowReset=false\n\
         EVSE@2/AvailabilityState=Available\n\
         EVSE@2/Available=true\n\
         EVSE@2/Power=\n\
         EVSE@2/Problem=false\n\
         EVSE@2/SupplyPhases=3\n\
         Connector@2.1/AvailabilityState=Available\n\
         Connector@2.1/Available=true\n\
         Connector@2.1/ConnectorType=cCCS2\n\
         Connector@2.1/Problem=false\n\
         Connector@2.1/SupplyPhases=3\n\
         Connector@2.2/AvailabilityState=Available\n\
         Connector@2.2/Available=true\n\
         Connector@2.2/ConnectorType=cType2\n\
         Connector@2.2/Problem=false\n\
         Connector@2.2/SupplyPhases=3"
    );
    let power = custom(&mut bench, &json!({"componentVariable": [{"component": {"name": "EVSE"}}]}));
    assert!(power.contains("EVSE@1/Power"));
}

/// B07.FR.07, B07.FR.09: what can be set, and how the places are.
#[test]
fn configuration_and_summary_are_parts_of_the_whole() {
    let mut bench = two_evses(Dialect::V2_0_1);
    for data in base(&mut bench, "ConfigurationInventory") {
        assert_ne!(data["variableAttribute"][0]["mutability"], "ReadOnly", "{}", path(&data));
    }
    let places = ["ChargingStation", "EVSE@1", "Connector@1.1", "EVSE@2", "Connector@2.1", "Connector@2.2"];
    let states: Vec<String> = places.iter().map(|place| format!("{place}/AvailabilityState")).collect();
    let summary = |bench: &mut Bench| base(bench, "SummaryInventory").iter().map(path).collect::<Vec<_>>();
    assert_eq!(summary(&mut bench), states);
    bench.plug();
    let fault = crate::station::Fault {
        code: crate::station::FaultCode::GroundFailure,
        is_blocking: true,
        info: None,
        vendor_error_code: None,
        vendor_id: None,
    };
    bench.input(Input::Evse(EvseId(2), EvseInput::Fault(fault)));
    bench.serve();
    let summary: Vec<Value> = base(&mut bench, "SummaryInventory");
    let of = |wanted: &str| {
        let data = summary.iter().find(|data| path(data) == wanted).unwrap_or_else(|| panic!("no {wanted}"));
        data["variableAttribute"][0]["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("EVSE@1/AvailabilityState"), "Occupied");
    assert_eq!(of("Connector@1.1/AvailabilityState"), "Occupied");
    assert_eq!((of("EVSE@2/AvailabilityState"), of("EVSE@2/Problem")), ("Faulted".into(), "true".into()));
    assert!(summary.iter().all(|data| path(data) != "EVSE@1/Problem"));
}

/// B08.FR.05, B08.FR.11, B08.FR.20 to B08.FR.25: what a pair does not say is not limited.
#[test]
fn custom_report_has_what_is_named() {
    let mut bench = two_evses(Dialect::V2_0_1);
    let pair = |component: Value, variable: Option<Value>| {
        let mut pair = json!({"component": component});
        if let Some(variable) = variable {
            pair["variable"] = variable;
        }
        json!({"componentVariable": [pair]})
    };
    let name = |name: &str| Some(json!({"name": name}));
    let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<String>>();
    let states = pair(json!({"name": "Connector", "evse": {"id": 2}}), name("availabilitystate"));
    assert_eq!(
        custom(&mut bench, &states),
        set(&["Connector@2.1/AvailabilityState", "Connector@2.2/AvailabilityState"]),
        "B08.FR.22"
    );
    let exact = pair(json!({"name": "Connector", "evse": {"id": 2, "connectorId": 2}}), name("ConnectorType"));
    assert_eq!(custom(&mut bench, &exact), set(&["Connector@2.2/ConnectorType"]));
    let every = pair(json!({"name": "EVSE"}), name("Power"));
    assert_eq!(custom(&mut bench, &every), set(&["EVSE@1/Power", "EVSE@2/Power"]), "B08.FR.23");
    let instances = pair(json!({"name": "DeviceDataCtrlr"}), name("ItemsPerMessage"));
    let all = ["GetReport", "GetVariables", "SetVariables"];
    let all: BTreeSet<String> = all.iter().map(|of| format!("DeviceDataCtrlr/ItemsPerMessage[{of}]")).collect();
    assert_eq!(custom(&mut bench, &instances), all, "B08.FR.21");
    let instance =
        pair(json!({"name": "DeviceDataCtrlr"}), Some(json!({"name": "ItemsPerMessage", "instance": "GetReport"})));
    assert_eq!(custom(&mut bench, &instance), set(&["DeviceDataCtrlr/ItemsPerMessage[GetReport]"]));
    let whole = pair(json!({"name": "ClockCtrlr"}), None);
    assert!(
        custom(&mut bench, &whole).is_superset(&set(&["ClockCtrlr/DateTime", "ClockCtrlr/TimeSource"])),
        "B08.FR.20"
    );
    for nothing in [
        pair(json!({"name": "EVSE", "evse": {"id": 3}}), None),
        pair(json!({"name": "EVSE", "instance": "x"}), None),
        pair(json!({"name": "Nonsense"}), None),
        pair(json!({"name": "EVSE"}), name("Nonsense")),
    ] {
        let mut request = nothing.clone();
        request["requestId"] = json!(9);
        assert_eq!(bench.request("GetReport", &request)["status"], "EmptyResultSet", "B08.FR.15 {nothing}");
    }
    assert_eq!(bench.sent, [] as [Value; 0], "B07.FR.05");
    let many: Vec<Value> = (0..51).map(|_| json!({"component": {"name": "EVSE"}})).collect();
    let answer = bench.request("GetReport", &json!({"requestId": 1, "componentVariable": many}));
    assert_eq!(answer, "OccurrenceConstraintViolation", "B08.FR.17");
}

/// B08.FR.07 to B08.FR.10, B08.FR.13: components that meet one of the criteria at least, with all their variables.
#[test]
fn criteria_choose_components() {
    let mut bench = two_evses(Dialect::V2_0_1);
    let components = |paths: &BTreeSet<String>| {
        paths.iter().map(|path| path.split_once('/').unwrap().0.to_owned()).collect::<BTreeSet<_>>()
    };
    let all = components(&custom(&mut bench, &json!({})));
    let by = |bench: &mut Bench, criteria: &[&str]| components(&custom(bench, &json!({"componentCriteria": criteria})));
    assert_eq!(by(&mut bench, &["Available"]), all, "B08.FR.08");
    assert_eq!(by(&mut bench, &["Active"]), all, "B08.FR.07: none has the variable");
    let enabled = by(&mut bench, &["Enabled"]);
    assert!(!enabled.contains("AuthCacheCtrlr") && enabled.contains("TxCtrlr"), "B08.FR.09: the cache is off");
    let problem = json!({"requestId": 1, "componentCriteria": ["Problem"]});
    assert_eq!(bench.request("GetReport", &problem)["status"], "EmptyResultSet", "B08.FR.10");
    assert_eq!(by(&mut bench, &["Problem", "Available"]), all, "B08.FR.13");
    let narrowed = json!({"componentCriteria": ["Available"], "componentVariable": [{"component": {"name": "EVSE"}}]});
    assert_eq!(components(&custom(&mut bench, &narrowed)).len(), 2, "B08.FR.05");
}

/// A list that no message has room for is left out, and not cut: what is missing of it would be forbidden.
#[test]
fn list_of_values_that_is_too_long_is_left_out() {
    let mut config = config(&[Dialect::V2_0_1], &[]);
    config.hardware.measurands = crate::station::Measurand::ALL.to_vec();
    let choices: Vec<_> = (0..300).map(|number| format!("choice{number}").into()).collect();
    let kind = crate::station::SettingKind::Choice(choices);
    let access = crate::station::SettingAccess::ReadWrite;
    config.policy.custom_settings.push(crate::station::CustomSetting::new("Fan.Mode", kind, access, "choice7"));
    let mut bench = Bench::boot(config, Dialect::V2_0_1, Image::default(), 0);
    bench.connect();
    bench.told.clear();
    let report = base(&mut bench, "FullInventory");
    let fan = report.iter().find(|data| path(data) == "Fan/Mode").unwrap();
    assert_eq!(fan["variableCharacteristics"], json!({"dataType": "OptionList", "supportsMonitoring": false}));
    assert_eq!(fan["variableAttribute"][0]["value"], "choice7");
}

/// A part is told until it is answered, over a loss of the connection too, and a refusal ends the report alone.
#[test]
fn part_is_told_until_it_is_answered() {
    let mut bench = two_evses(Dialect::V2_0_1);
    bench.request("GetBaseReport", &json!({"requestId": 7, "reportBase": "SummaryInventory"}));
    let (_, first) = bench.call("NotifyReport");
    bench.wait(31);
    bench.wait(120);
    let (_, again) = bench.call("NotifyReport");
    assert_eq!(again["reportData"], first["reportData"]);
    bench.close();
    bench.connect();
    assert_eq!(bench.take("NotifyReport").len(), 1);
    for request in [10, 11] {
        bench.request("GetBaseReport", &json!({"requestId": request, "reportBase": "FullInventory"}));
    }
    let place = bench.sent.iter().position(|frame| frame[2] == "NotifyReport").unwrap();
    let refused = bench.sent.remove(place);
    assert_eq!(refused[3]["requestId"], 10);
    bench.frame(&json!([4, refused[1], "InternalError", "", {}]));
    assert!(parts(&mut bench, 11).len() > 60);
}

/// B07.FR.13: what waits is bounded.
#[test]
fn more_reports_than_can_wait_are_rejected() {
    let mut bench = two_evses(Dialect::V2_0_1);
    let status = |bench: &mut Bench, id: i64| {
        let request = json!({"requestId": id, "reportBase": "SummaryInventory"});
        bench.request("GetBaseReport", &request)["status"].as_str().unwrap().to_owned()
    };
    let all: Vec<String> = (0..5).map(|id| status(&mut bench, id)).collect();
    assert_eq!(all, ["Accepted", "Accepted", "Accepted", "Accepted", "Rejected"]);
    bench.serve();
    assert_eq!(bench.take("NotifyReport").len(), 4);
    assert_eq!(status(&mut bench, 9), "Accepted");
}

/// B02.FR.02 (A04 of the field list): what is asked for leaves before acceptance.
#[test]
fn report_leaves_while_pending() {
    let mut bench = Bench::new(Dialect::V2_0_1, &[]);
    bench.open();
    let now = wall(0).to_rfc3339();
    bench.answer("BootNotification", &json!({"status": "Pending", "currentTime": now, "interval": 300}));
    assert!(base(&mut bench, "FullInventory").len() > 30);
}
