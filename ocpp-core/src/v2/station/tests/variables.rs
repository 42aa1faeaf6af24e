//! GetVariables and SetVariables (B05, B06).

use super::*;

fn variable(path: &str) -> Value {
    let (component, variable) = path.split_once('.').unwrap();
    let (name, instance) = variable.trim_end_matches(']').split_once('[').unwrap_or((variable, ""));
    let mut pair = json!({"component": {"name": component}, "variable": {"name": name}});
    if !instance.is_empty() {
        pair["variable"]["instance"] = json!(instance);
    }
    pair
}

fn get(bench: &mut Bench, path: &str) -> Value {
    let answer = bench.request("GetVariables", &json!({"getVariableData": [variable(path)]}));
    answer["getVariableResult"][0].clone()
}

fn set(bench: &mut Bench, path: &str, value: &str) -> String {
    let mut wanted = variable(path);
    wanted["attributeValue"] = json!(value);
    let answer = bench.request("SetVariables", &json!({"setVariableData": [wanted]}));
    answer["setVariableResult"][0]["attributeStatus"].as_str().unwrap().to_owned()
}

/// B06.FR.01 to B06.FR.11, B06.FR.14, B06.FR.15.
#[test]
fn variables_are_read_each_for_itself() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let with = |path: &str, member: &str, value: Value| {
            let mut pair = variable(path);
            pair[member] = value;
            pair
        };
        let mut at_evse = variable("TxCtrlr.TxStartPoint");
        at_evse["component"]["evse"] = json!({"id": 1});
        let cases = [
            (variable("txctrlr.TXSTARTPOINT"), "Accepted", Some("PowerPathClosed")),
            (variable("OCPPCommCtrlr.MessageTimeout[Default]"), "Accepted", Some("30")),
            (variable("OCPPCommCtrlr.MessageTimeout"), "UnknownVariable", None),
            (variable("OCPPCommCtrlr.MessageTimeout[Other]"), "UnknownVariable", None),
            (variable("TxCtrlr.Nonsense"), "UnknownVariable", None),
            (variable("Nonsense.TxStartPoint"), "UnknownComponent", None),
            (at_evse, "UnknownComponent", None),
            (with("TxCtrlr.TxStartPoint", "attributeType", json!("Target")), "NotSupportedAttributeType", None),
            (with("TxCtrlr.TxStartPoint", "attributeType", json!("Actual")), "Accepted", Some("PowerPathClosed")),
            (variable("SecurityCtrlr.BasicAuthPassword"), "Rejected", None),
        ];
        let asked: Vec<&Value> = cases.iter().map(|(asked, ..)| asked).collect();
        let answer = bench.request("GetVariables", &json!({"getVariableData": asked}));
        let results = answer["getVariableResult"].as_array().unwrap();
        assert_eq!(results.len(), cases.len(), "B06.FR.01");
        for (result, (asked, status, value)) in results.iter().zip(&cases) {
            assert_eq!(result["attributeStatus"], *status, "{asked}");
            assert_eq!(result.get("attributeValue").and_then(Value::as_str), *value, "{asked}");
            assert_eq!(result["component"], asked["component"], "B06.FR.02");
            assert_eq!(result["variable"], asked["variable"], "B06.FR.14");
            let attribute = asked.get("attributeType").cloned().unwrap_or(json!("Actual"));
            assert_eq!(result["attributeType"], attribute, "B06.FR.03, B06.FR.11");
        }
    }
}

/// B05.FR.01 to B05.FR.12 (A01, A02 of the field list): what cannot be carried out is refused alone.
#[test]
fn variables_are_set_or_refused_each_for_itself() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let cases = [
            ("TxCtrlr.EVConnectionTimeOut", "77", "Accepted"),
            ("TxCtrlr.EVConnectionTimeOut", "0", "Rejected"),
            ("TxCtrlr.EVConnectionTimeOut", "soon", "Rejected"),
            ("TxCtrlr.TxStartPoint", "EVConnected, authorized", "Accepted"),
            ("TxCtrlr.TxStartPoint", "EVConnected,Nonsense", "Rejected"),
            ("TxCtrlr.TxStartPoint", "", "Rejected"),
            ("TxCtrlr.TxStartPoint", "ParkingBayOccupancy", "Rejected"),
            ("TxCtrlr.TxStopPoint", "DataSigned", "Rejected"),
            ("OCPPCommCtrlr.HeartbeatInterval", "0", "Rejected"),
            ("OCPPCommCtrlr.MessageTimeout[Default]", "5", "Rejected"),
            ("DeviceDataCtrlr.ItemsPerMessage[GetVariables]", "5", "Rejected"),
            ("SecurityCtrlr.SecurityProfile", "2", "Rejected"),
            ("SecurityCtrlr.BasicAuthPassword", "0123456789abcdef0123", "Accepted"),
            ("SampledDataCtrlr.TxUpdatedMeasurands", "Voltage,SoC", "Accepted"),
            ("SampledDataCtrlr.TxUpdatedMeasurands", "Temperature", "Rejected"),
            ("Nonsense.TxStartPoint", "EVConnected", "UnknownComponent"),
            ("TxCtrlr.Nonsense", "EVConnected", "UnknownVariable"),
        ];
        let data: Vec<Value> = cases
            .iter()
            .map(|(path, value, _)| {
                let mut wanted = variable(path);
                wanted["attributeValue"] = json!(value);
                wanted
            })
            .collect();
        let answer = bench.request("SetVariables", &json!({"setVariableData": data}));
        let results = answer["setVariableResult"].as_array().unwrap();
        assert_eq!(results.len(), cases.len());
        for (result, (path, value, status)) in results.iter().zip(&cases) {
            assert_eq!(result["attributeStatus"], *status, "{path} = {value}");
            assert_eq!(result["attributeType"], "Actual", "B05.FR.12");
        }
        let mut bench = bench.cut();
        bench.connect();
        assert_eq!(get(&mut bench, "TxCtrlr.EVConnectionTimeOut")["attributeValue"], "77");
        assert_eq!(get(&mut bench, "TxCtrlr.TxStartPoint")["attributeValue"], "EVConnected, authorized");
        // It acts.
        bench.plug();
        bench.serve();
        assert_eq!(bench.transaction_events().len(), 1);
    }
}

/// What the specification has as read-only cannot be set, and every default reads back.
#[test]
fn read_only_variables_are_refused() {
    use ocpp_types::catalogue::{Mutability, StandardVariable};
    let all: [(Dialect, &[StandardVariable]); 2] = [
        (Dialect::V2_0_1, ocpp_types::catalogue::v2_0_1::VARIABLES),
        (Dialect::V2_1, ocpp_types::catalogue::v2_1::VARIABLES),
    ];
    for (version, known) in all {
        let mut bench = Bench::accepted(version, &[]);
        let mut count = 0;
        for known in known {
            let Some(component) = known.component else { continue };
            let instance = known.instance.map(|instance| format!("[{instance}]")).unwrap_or_default();
            let path = format!("{component}.{}{instance}", known.name);
            let read = get(&mut bench, &path);
            if read["attributeStatus"] != "Accepted" {
                continue;
            }
            count += 1;
            let value = read["attributeValue"].as_str().unwrap().to_owned();
            let status = set(&mut bench, &path, &value);
            let is_read_only = known.mutability == Some(Mutability::ReadOnly);
            assert!(!is_read_only || status == "Rejected", "{path}: {status}");
        }
        assert!(count > 20, "{count}");
    }
}

/// B05.FR.10: the answer waits for the store.
#[test]
fn accepted_value_is_durable_before_it_is_answered() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
    bench.confirms = false;
    let mut wanted = variable("TxCtrlr.EVConnectionTimeOut");
    wanted["attributeValue"] = json!("33");
    bench.frame(&json!([2, "s", "SetVariables", {"setVariableData": [wanted]}]));
    assert!(bench.sent.is_empty());
    bench.confirm();
    bench.settle();
    assert_eq!(bench.sent[0][2]["setVariableResult"][0]["attributeStatus"], "Accepted");
}

/// A01: a text of 16 to 40 characters, durable before it is answered, used from the next connection on, and told to nobody.
#[test]
fn password_is_a_text_that_the_next_connection_has() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let path = "SecurityCtrlr.BasicAuthPassword";
        for unfit in ["short", "", &"x".repeat(41)] {
            assert_eq!(set(&mut bench, path, unfit), "Rejected", "{unfit}");
        }
        bench.passwords.clear();
        let secret = "0123456789abcdefG";
        assert_eq!(set(&mut bench, path, secret), "Accepted");
        let is_logged = |event: &String| event.contains("ReconfigurationOfSecurityParameters");
        assert!(bench.events.iter().any(is_logged), "A01.FR.11");
        assert!(bench.events.iter().all(|event| !event.contains(secret)), "A01.FR.12");
        let mut bench = bench.cut();
        let password = ocpp_rpc::handshake::Password::from_bytes(secret.as_bytes()).unwrap();
        let identity = ocpp_rpc::handshake::Identity::new("CP1", &ocpp_rpc::handshake::IdentityRules::V2).unwrap();
        assert_eq!(bench.passwords, [Some(password.authorization(&identity))]);
        bench.connect();
        assert_eq!(get(&mut bench, path)["attributeStatus"], "Rejected", "B06.FR.09");
    }
}

/// B06.FR.16.
#[test]
fn more_items_than_allowed_are_refused() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[("DeviceDataCtrlr.ItemsPerMessage[GetVariables]", "2")]);
    let one = variable("TxCtrlr.TxStartPoint");
    assert_eq!(
        bench.request("GetVariables", &json!({"getVariableData": [one, one, one]})),
        "OccurrenceConstraintViolation"
    );
    let answer = bench.request("GetVariables", &json!({"getVariableData": [one, one]}));
    assert_eq!(answer["getVariableResult"].as_array().unwrap().len(), 2);
}

/// A custom setting of the host whose name has the form of a variable is one; a key of 1.6 alone is none.
#[test]
fn settings_of_the_host_are_variables_where_their_names_are() {
    use crate::station::{CustomSetting, SettingAccess, SettingKind};
    let mut config = config(&[Dialect::V2_0_1], &[]);
    let custom = |name: &str, access| CustomSetting {
        name: name.into(),
        kind: SettingKind::Integer { min: 0, max: 100 },
        access,
        default: "50".into(),
    };
    config.policy.custom_settings = alloc::vec![
        custom("Fan.Speed", SettingAccess::ReadWrite),
        custom("Fan.Mode", SettingAccess::AfterReboot),
        custom("Plain", SettingAccess::ReadWrite),
    ];
    let mut bench = Bench::boot(config, Dialect::V2_0_1, Image::default(), 0);
    bench.connect();
    assert_eq!(set(&mut bench, "Fan.Speed", "70"), "Accepted");
    assert_eq!(set(&mut bench, "Fan.Mode", "1"), "RebootRequired");
    assert_eq!(get(&mut bench, "Fan.Speed")["attributeValue"], "70");
    assert_eq!(get(&mut bench, "Fan.Nonsense")["attributeStatus"], "UnknownVariable");
}
