//! What the bench answers when a case does not say otherwise.

use serde_json::{Value, json};

use super::{Bench, with};

impl Bench<'_> {
    /// From now on this is said of a token.
    pub fn will_say(&mut self, token: &str, verdict: &str) {
        self.edge.verdicts.insert(token.to_owned(), verdict.to_owned());
    }

    /// From now on a token is told to be of a group.
    pub fn will_group(&mut self, token: &str, group: &str) {
        self.edge.groups.insert(token.to_owned(), group.to_owned());
    }

    pub(super) fn as_csms(&mut self, action: &str, payload: &Value) -> Option<Value> {
        Some(match action {
            "BootNotification" => self.boot_answer("Accepted"),
            "Heartbeat" => json!({ "currentTime": null }),
            "Authorize" => json!({ "idTokenInfo": self.token_info(payload) }),
            "TransactionEvent" if payload.get("idToken").is_some() => {
                json!({ "idTokenInfo": self.token_info(payload) })
            }
            "DataTransfer" => json!({ "status": "UnknownVendorId" }),
            "SignCertificate" => json!({ "status": "Accepted" }),
            "FirmwareStatusNotification"
            | "LogStatusNotification"
            | "MeterValues"
            | "NotifyCustomerInformation"
            | "NotifyEvent"
            | "NotifyMonitoringReport"
            | "NotifyReport"
            | "ReportChargingProfiles"
            | "ReservationStatusUpdate"
            | "SecurityEventNotification"
            | "StatusNotification"
            | "TransactionEvent" => json!({}),
            _ => return None,
        })
    }

    /// What is said of the token of a call.
    fn token_info(&self, payload: &Value) -> Value {
        let token = payload.pointer("/idToken/idToken").and_then(Value::as_str).unwrap_or_default();
        let mut info = json!({ "status": self.verdict(token) });
        if let Some(group) = self.edge.groups.get(token) {
            info = with(info, "groupIdToken", json!({ "idToken": group, "type": "Central" }));
        }
        info
    }

    fn verdict(&self, token: &str) -> String {
        let values = self.values;
        if let Some(said) = self.edge.verdicts.get(token) {
            return said.clone();
        }
        let known = [
            (&values.token, "Accepted"),
            (&values.token2, "Accepted"),
            (&values.invalid_token, "Invalid"),
            (&values.expired_token, "Expired"),
            (&values.blocked_token, "Blocked"),
        ];
        let found = known.iter().find(|(known, _)| token.eq_ignore_ascii_case(known));
        found.map_or("Unknown", |(_, verdict)| verdict).to_owned()
    }
}
