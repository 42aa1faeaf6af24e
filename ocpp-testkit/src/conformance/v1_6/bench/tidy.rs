//! Bringing a live target back into its initial state, after whatever the case did to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ocpp_types::v1_6::Action;
use serde_json::{Value, json};

use super::Bench;

/// What a case left behind.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// The values before the case.
    pub keys: BTreeMap<String, String>,
    pub has_sent_list: bool,
    pub reservations: BTreeSet<i64>,
    pub has_made_inoperative: bool,
    pub has_set_profile: bool,
    /// The hash data of certificates that were installed.
    pub certificates: Vec<Value>,
    /// Transactions that the bench began as a station, and did not end.
    pub begun: BTreeSet<i64>,
}

/// Keys by which a station connects: their old values cannot be told, or not be had again (1.6 security A05.FR.02).
const ACCESS_KEYS: [&str; 2] = ["AuthorizationKey", "SecurityProfile"];

impl Bench<'_> {
    /// Notes what a call that is about to leave may do to the target, answered or not.
    pub(super) fn note_effect(&mut self, action: Action, payload: &Value) {
        let number = |name| payload.get(name).and_then(Value::as_i64);
        match action {
            Action::ReserveNow => self.edge.traces.reservations.extend(number("reservationId")),
            Action::ChangeAvailability => self.edge.traces.has_made_inoperative = true,
            Action::SetChargingProfile => self.edge.traces.has_set_profile = true,
            Action::SendLocalList => self.edge.traces.has_sent_list = true,
            Action::StopTransaction => {
                let ended = number("transactionId");
                self.edge.traces.begun.retain(|number| Some(*number) != ended);
            }
            Action::ChangeConfiguration => {
                let key = payload.get("key").and_then(Value::as_str).unwrap_or_default();
                let old = self.capabilities.value(key).filter(|_| !ACCESS_KEYS.contains(&key)).map(str::to_owned);
                if let Some(old) = old {
                    self.edge.traces.keys.entry(key.to_owned()).or_insert(old);
                }
            }
            _ => {}
        }
    }

    /// As a station does that ends its sessions and goes away.
    pub(super) fn mend_csms(&mut self, traces: &Traces) {
        let has_left = !traces.begun.is_empty() || self.edge.statuses.values().any(|status| status != "Available");
        if has_left && (self.is_connected || self.connect().is_ok()) {
            for transaction in &traces.begun {
                let _ = self.report_stop(*transaction, "Other");
            }
            let _ = self.report_all("Available");
        }
        let _ = self.target.set_network(false);
    }

    /// Brings the station back, whatever the case left.
    pub(super) fn mend_station(&mut self, traces: &Traces) {
        let unlocking = |connector| json!({ "connectorId": connector });
        self.mend_around(unlocking, |bench| {
            let running = bench.edge.transactions.keys();
            running.map(|transaction| ("RemoteStopTransaction", json!({ "transactionId": transaction }))).collect()
        });
        self.wait_until_free(traces.has_made_inoperative);
        for reservation in &traces.reservations {
            self.put_back("CancelReservation", json!({ "reservationId": reservation }));
        }
        if traces.has_made_inoperative {
            self.put_back("ChangeAvailability", json!({ "connectorId": 0, "type": "Operative" }));
        }
        if traces.has_set_profile {
            self.put_back("ClearChargingProfile", json!({}));
        }
        for hash in &traces.certificates {
            self.put_back("DeleteCertificate", json!({ "certificateHashData": hash }));
        }
        if traces.has_sent_list {
            let _ = self.install_list(&[]);
        }
        if self.is_set("AuthorizationCacheEnabled") {
            self.put_back("ClearCache", json!({}));
        }
        for (key, value) in &traces.keys {
            self.put_back("ChangeConfiguration", json!({ "key": key, "value": value }));
        }
        let _ = self.wait_connected();
    }

    /// A token that was accepted and waits for a cable goes after a while, and so does an installation of firmware, unless it
    /// was the case that took connectors out.
    fn wait_until_free(&mut self, has_made_inoperative: bool) {
        let wait = self.key("ConnectionTimeOut").parse().map_or(self.values.patience, Duration::from_secs);
        let is_free = |status: &str| match status {
            "Available" | "Reserved" => true,
            "Unavailable" => has_made_inoperative,
            _ => false,
        };
        let within = wait + self.values.settle;
        self.wait_while(within, |bench| bench.edge.statuses.values().any(|status| !is_free(status)));
    }
}
