//! Bringing a live station back into its initial state, after whatever the case did to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Bench;
use super::variables::Name;
use crate::conformance::pattern::answer;
use crate::conformance::target::Manual;

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

    /// The state after a failure may be anything: each step is tried, whatever came of the one before.
    pub(super) fn mend(&mut self, traces: &Traces) {
        let around = std::mem::take(&mut self.traces);
        let _ = self.go_online();
        let settle = self.values.settle;
        // The case may have told it to wait.
        let until = self.now() + self.values.boot_patience;
        while !self.is_accepted && matches!(self.pump(until), Ok(true)) {}
        for connector in &around.held_locks {
            let _ = self.perform(Manual::LockStuck(*connector, false));
        }
        for connector in &around.broken {
            let _ = self.perform(Manual::FaultCleared(*connector));
        }
        let _ = self.pass(settle);
        for transaction in self.edge.running.keys().cloned().collect::<Vec<_>>() {
            self.put_back("RequestStopTransaction", json!({ "transactionId": transaction }));
        }
        let _ = self.pass(settle);
        for evse in &around.plugged {
            self.put_back("UnlockConnector", json!({ "evseId": evse, "connectorId": super::CONNECTOR }));
            let _ = self.perform(Manual::Unplug(*evse));
        }
        for evse in &around.parked {
            let _ = self.perform(Manual::Bay(*evse, false));
        }
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

    /// A station that boots or connects anew meanwhile is asked once more.
    fn put_back(&mut self, action: &str, payload: Value) {
        for _ in 0..2 {
            let _ = self.ask(action, payload.clone(), answer());
            if self.is_connected {
                return;
            }
            let _ = self.wait_connected().and_then(|()| self.pass(self.values.settle));
        }
    }

    /// A token that was accepted and waits for a cable goes after a while, unless it was the case that took connectors out.
    fn wait_until_free(&mut self, has_made_inoperative: bool) {
        let until = self.now() + self.values.patience;
        let is_free = |status: &str| status == "Available" || (status == "Unavailable" && has_made_inoperative);
        while self.edge.statuses.values().any(|status| !is_free(status)) && matches!(self.pump(until), Ok(true)) {}
    }
}
