//! Payloads of commands and their answers against the schema of the version that the station speaks.

use ocpp_rpc::Dialect;
use ocpp_testkit::link::End;
use ocpp_testkit::validate::payload::{Part, Verdict, check};
use ocpp_types::lenient::Repair;

/// Whether a CSMS may send this.
pub fn request(version: Dialect, action: &str, payload: &str) -> Result<(), String> {
    match check(version, action, Part::Request, Some(End::Csms), payload) {
        Verdict::Read(repairs) => repairs.first().map_or(Ok(()), |repair| Err(broken(repair))),
        Verdict::Unreadable(violation) => Err(violation.to_string()),
        Verdict::Signed => Ok(()),
        Verdict::NotItsPart => Err(format!("{action} is not for a CSMS to send")),
        Verdict::UnknownAction => Err(format!("{} has no action {action:?}", number(version))),
    }
}

/// What is wrong with a station's answer. That to an action of a vendor cannot be judged.
pub fn response(version: Dialect, action: &str, payload: &str) -> Option<String> {
    match check(version, action, Part::Response, Some(End::Station), payload) {
        Verdict::Read(repairs) => repairs.first().map(broken),
        Verdict::Unreadable(violation) => Some(violation.to_string()),
        Verdict::Signed | Verdict::NotItsPart | Verdict::UnknownAction => None,
    }
}

fn broken(repair: &Repair) -> String {
    format!("{}: {}", repair.path, repair.rule)
}

fn number(version: Dialect) -> &'static str {
    version.subprotocol().trim_start_matches("ocpp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_judged_by_the_schema() {
        let request = |action, payload| super::request(Dialect::V1_6, action, payload);
        let response = |action, payload| super::response(Dialect::V1_6, action, payload);
        assert_eq!(request("RemoteStopTransaction", r#"{"transactionId":7}"#), Ok(()));
        assert!(request("RemoteStopTransaction", r#"{"transactionId":"7"}"#).is_err());
        assert!(request("StopTransaction", "{}").unwrap_err().contains("not for a CSMS"));
        assert!(request("Stop", "{}").unwrap_err().contains("1.6 has no action"));
        assert_eq!(response("RemoteStopTransaction", r#"{"status":"Accepted"}"#), None);
        assert!(response("RemoteStopTransaction", r#"{"status":"Perhaps"}"#).is_some());
        assert_eq!(response("Vendor", "{}"), None);
    }

    #[test]
    fn each_version_has_its_own_actions_and_words() {
        let reset = r#"{"type":"Immediate"}"#;
        assert!(super::request(Dialect::V1_6, "Reset", reset).is_err());
        assert_eq!(super::request(Dialect::V2_0_1, "Reset", reset), Ok(()));
        let get = r#"{"getVariableData":[{"component":{"name":"c"},"variable":{"name":"v"}}]}"#;
        assert_eq!(super::request(Dialect::V2_1, "GetVariables", get), Ok(()));
        assert!(super::request(Dialect::V1_6, "GetVariables", get).unwrap_err().contains("1.6 has no action"));
        assert!(super::request(Dialect::V2_0_1, "SetDefaultTariff", "{}").unwrap_err().contains("2.0.1 has no action"));
    }
}
