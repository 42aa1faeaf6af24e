//! Bringing a live station back into its initial state, after whatever the case did to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Bench;
use super::variables::Name;

/// What a case left behind.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// The values before the case.
    pub variables: BTreeMap<String, String>,
    pub has_triggered: bool,
    has_sent_list: bool,
    has_made_inoperative: bool,
    /// The hash data of certificates that were installed.
    pub certificates: Vec<Value>,
}

impl Bench<'_> {
    /// Notes what a call that is about to leave may do to the station, answered or not.
    pub(super) fn note_effect(&mut self, action: &str, _: &Value) {
        match action {
            "TriggerMessage" => self.edge.traces.has_triggered = true,
            "SendLocalList" => self.edge.traces.has_sent_list = true,
            "ChangeAvailability" => self.edge.traces.has_made_inoperative = true,
            _ => {}
        }
    }

    /// A certificate was installed, which goes after the case.
    pub fn note_certificate(&mut self, hash: &Value) {
        self.edge.traces.certificates.push(hash.clone());
    }

    /// Brings the station back, whatever the case left.
    pub(super) fn mend(&mut self, traces: &Traces) {
        let unlocking = |evse| json!({ "evseId": evse, "connectorId": super::CONNECTOR });
        self.mend_around(unlocking, |bench| {
            let running = bench.edge.running.keys();
            running.map(|transaction| ("RequestStopTransaction", json!({ "transactionId": transaction }))).collect()
        });
        self.wait_until_free(traces.has_made_inoperative);
        if traces.has_made_inoperative {
            self.put_back("ChangeAvailability", json!({ "operationalStatus": "Operative" }));
            for evse in self.evses() {
                let place = json!({ "id": evse });
                self.put_back("ChangeAvailability", json!({ "operationalStatus": "Operative", "evse": place }));
                let place = json!({ "id": evse, "connectorId": super::CONNECTOR });
                self.put_back("ChangeAvailability", json!({ "operationalStatus": "Operative", "evse": place }));
            }
        }
        for hash in &traces.certificates {
            self.put_back("DeleteCertificate", json!({ "certificateHashData": hash }));
        }
        if traces.has_sent_list {
            let _ = self.install_list(&[]);
        }
        self.put_back("ClearCache", json!({}));
        for (name, value) in &traces.variables {
            self.put_back("SetVariables", json!({ "setVariableData": [Name(name).valued(value)] }));
        }
        let _ = self.wait_connected();
    }

    /// A token that was accepted and waits for a cable goes after a while, unless it was the case that took connectors out.
    fn wait_until_free(&mut self, has_made_inoperative: bool) {
        let is_free = |status: &str| status == "Available" || (status == "Unavailable" && has_made_inoperative);
        self.wait_while(self.values.patience, |bench| bench.edge.statuses.values().any(|status| !is_free(status)));
    }
}
