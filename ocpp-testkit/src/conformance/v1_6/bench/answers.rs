//! What the bench answers when a case does not say otherwise, and what it sees on the way.

use serde_json::{Value, json};

use super::Bench;
use crate::conformance::{Step, Stop};

impl Bench<'_> {
    /// From now on the two valid tokens are told to be of one group.
    pub fn group_tokens(&mut self) {
        self.edge.is_grouped = true;
    }

    pub(super) fn as_csms(&mut self, action: &str, payload: &Value) -> Value {
        match action {
            "BootNotification" => self.boot_answer("Accepted"),
            "Heartbeat" => json!({ "currentTime": null }),
            "Authorize" => json!({ "idTagInfo": self.token_info(payload) }),
            "StartTransaction" => {
                self.edge.last_transaction += 1;
                json!({ "transactionId": self.edge.last_transaction, "idTagInfo": self.token_info(payload) })
            }
            "StopTransaction" if payload.get("idTag").is_some() => json!({ "idTagInfo": self.token_info(payload) }),
            "DataTransfer" => json!({ "status": "UnknownVendorId" }),
            "SignCertificate" => json!({ "status": "Accepted" }),
            _ => json!({}),
        }
    }

    fn token_info(&self, payload: &Value) -> Value {
        let token = payload.get("idTag").and_then(Value::as_str).unwrap_or_default();
        let is = |other: &str| token.eq_ignore_ascii_case(other);
        let status = if is(&self.values.token) || is(&self.values.token2) { "Accepted" } else { "Invalid" };
        match self.edge.is_grouped && status == "Accepted" {
            true => json!({ "status": status, "parentIdTag": self.values.group }),
            false => json!({ "status": status }),
        }
    }

    /// Rules that hold in every case: nothing before the station is accepted (1.6 §4.2), samples and ends only of
    /// transactions that run, each ended once, no meter that goes back, and no status that is no change.
    pub(super) fn follow_station(&mut self, action: &str, payload: &Value, answer: Option<&Value>) -> Step {
        let number = |payload: &Value, name| payload.get(name).and_then(Value::as_i64);
        match action {
            "BootNotification" => {
                self.is_accepted =
                    answer.and_then(|answer| answer.get("status")).is_some_and(|status| status == "Accepted");
                self.edge.told.clear();
                return Ok(());
            }
            // Not before: what was answered runs, whether it was right to begin it or not.
            "StartTransaction" => {
                if let Some(transaction) = answer.and_then(|answer| number(answer, "transactionId")) {
                    self.edge.transactions.insert(transaction, payload.clone());
                }
                if !self.is_accepted {
                    return Err(Stop::Failed(format!("sent {action} before it was accepted")));
                }
            }
            _ if !self.is_accepted => return Err(Stop::Failed(format!("sent {action} before it was accepted"))),
            "StatusNotification" => {
                let status = payload.get("status").and_then(Value::as_str).unwrap_or_default();
                let connector = number(payload, "connectorId").unwrap_or_default();
                self.edge.statuses.insert(connector, status.to_owned());
                self.follow_status(connector, payload)?;
            }
            "StopTransaction" => {
                let named = number(payload, "transactionId");
                let Some(start) = named.and_then(|named| self.edge.transactions.remove(&named)) else {
                    return Err(Stop::Failed(format!("ended a transaction that does not run: {payload}")));
                };
                if number(payload, "meterStop") < number(&start, "meterStart") {
                    return Err(Stop::Failed(format!("the meter went back: {start}, {payload}")));
                }
            }
            "MeterValues" => {
                let named = number(payload, "transactionId");
                if let Some(named) = named.filter(|named| !self.edge.transactions.contains_key(named)) {
                    return Err(Stop::Failed(format!("sent a sample of {named}, which does not run")));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// 1.6 §4.9: a status is reported when it changes, and no status changes into itself; an error may be reported any time.
    fn follow_status(&mut self, connector: i64, payload: &Value) -> Step {
        let mut told = payload.clone();
        if let Some(told) = told.as_object_mut() {
            told.remove("timestamp");
        }
        let is_error = payload.get("errorCode").is_some_and(|code| code != "NoError");
        if !is_error && self.edge.told.get(&connector) == Some(&told) {
            return Err(Stop::Failed(format!("reported a status that did not change: {payload}")));
        }
        self.edge.told.insert(connector, told);
        Ok(())
    }
}

/// A station that has the Core profile and lets itself be configured.
pub(super) fn as_station(action: &str) -> Option<Value> {
    match action {
        "GetConfiguration" => Some(json!({ "configurationKey": [
            { "key": "NumberOfConnectors", "readonly": true, "value": "2" },
            { "key": "SupportedFeatureProfiles", "readonly": true, "value": "Core" },
        ]})),
        "ChangeConfiguration" | "ClearCache" | "ChangeAvailability" => Some(json!({ "status": "Accepted" })),
        "TriggerMessage" => Some(json!({ "status": "NotImplemented" })),
        "GetLocalListVersion" => Some(json!({ "listVersion": 0 })),
        "DataTransfer" => Some(json!({ "status": "UnknownVendorId" })),
        _ => None,
    }
}
