//! Payloads of commands and their answers against the schema of OCPP 1.6.

use ocpp_types::v1_6::{Action, CsmsRequest, StationResponse};

/// Whether a CSMS may send this.
pub fn request(action: &str, payload: &str) -> Result<(), String> {
    let known: Action = action.parse().map_err(|_| format!("1.6 has no action {action:?}"))?;
    match CsmsRequest::from_json(known, payload) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(format!("{action} is not for a CSMS to send")),
        Err(violation) => Err(violation.to_string()),
    }
}

/// What is wrong with a station's answer. That to an action of a vendor cannot be judged.
pub fn response(action: &str, payload: &str) -> Option<String> {
    let known: Action = action.parse().ok()?;
    StationResponse::from_json(known, payload).err().map(|violation| violation.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_judged_by_the_schema() {
        assert_eq!(request("RemoteStopTransaction", r#"{"transactionId":7}"#), Ok(()));
        assert!(request("RemoteStopTransaction", r#"{"transactionId":"7"}"#).is_err());
        assert!(request("StopTransaction", "{}").unwrap_err().contains("not for a CSMS"));
        assert!(request("Stop", "{}").unwrap_err().contains("no action"));
        assert_eq!(response("RemoteStopTransaction", r#"{"status":"Accepted"}"#), None);
        assert!(response("RemoteStopTransaction", r#"{"status":"Perhaps"}"#).is_some());
        assert_eq!(response("Vendor", "{}"), None);
    }
}
