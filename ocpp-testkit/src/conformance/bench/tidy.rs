//! Bringing a live target back into its initial state, after whatever the case did to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ocpp_types::v1_6::Action;
use serde_json::{Value, json};

use super::Bench;
use crate::conformance::Role;
use crate::conformance::pattern::answer;
use crate::conformance::target::Manual;

/// What a case left behind.
#[derive(Debug, Default)]
pub(super) struct Traces {
    pub plugged: BTreeSet<u16>,
    pub broken: BTreeSet<u16>,
    pub held_locks: BTreeSet<u16>,
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
            Action::ReserveNow => self.traces.reservations.extend(number("reservationId")),
            Action::ChangeAvailability => self.traces.has_made_inoperative = true,
            Action::SetChargingProfile => self.traces.has_set_profile = true,
            Action::SendLocalList => self.traces.has_sent_list = true,
            Action::StopTransaction => {
                let ended = number("transactionId");
                self.traces.begun.retain(|number| Some(*number) != ended);
            }
            Action::ChangeConfiguration => {
                let key = payload.get("key").and_then(Value::as_str).unwrap_or_default();
                let old = self.capabilities.value(key).filter(|_| !ACCESS_KEYS.contains(&key)).map(str::to_owned);
                if let Some(old) = old {
                    self.traces.keys.entry(key.to_owned()).or_insert(old);
                }
            }
            _ => {}
        }
    }

    /// Ends what the case began, as far as it goes: the next case looks for itself whether it finds its initial state.
    pub(super) fn tidy(&mut self) {
        if self.target.is_fresh() {
            return;
        }
        self.is_tidying = true;
        self.prepared.clear();
        self.catch_up();
        let traces = std::mem::take(&mut self.traces);
        match self.role {
            Role::Station => self.mend_station(&traces),
            Role::Csms => self.mend_csms(&traces),
        }
        let _ = self.pass(self.values.pause);
        self.inbox.clear();
    }

    /// The case may have broken off while a call of ours was not answered yet, or before it saw that the connection went: what
    /// came of it has to be known.
    fn catch_up(&mut self) {
        while matches!(self.pump(self.now()), Ok(true)) {}
        let until = self.now() + self.values.patience;
        while self.is_connected && self.open.is_some() && matches!(self.pump(until), Ok(true)) {}
    }

    /// As a station does that ends its sessions and goes away.
    fn mend_csms(&mut self, traces: &Traces) {
        let has_left = !traces.begun.is_empty() || self.statuses.values().any(|status| status != "Available");
        if has_left && (self.is_connected || self.connect().is_ok()) {
            for transaction in &traces.begun {
                let _ = self.report_stop(*transaction, "Other");
            }
            let _ = self.report_all("Available");
        }
        let _ = self.target.set_network(false);
    }

    /// The state after a failure may be anything: each step is tried, whatever came of the one before.
    fn mend_station(&mut self, traces: &Traces) {
        let _ = self.go_online();
        let settle = self.values.settle;
        // The case may have told it to wait.
        let until = self.now() + self.values.boot_patience;
        while !self.is_accepted && matches!(self.pump(until), Ok(true)) {}
        for connector in &traces.held_locks {
            let _ = self.perform(Manual::LockStuck(*connector, false));
            // It was told to open while it could not.
            self.put_back("UnlockConnector", json!({ "connectorId": connector }));
        }
        for connector in &traces.broken {
            let _ = self.perform(Manual::FaultCleared(*connector));
        }
        let _ = self.pass(settle);
        // What waited for the mending may have begun by now.
        for transaction in self.transactions.keys().copied().collect::<Vec<_>>() {
            self.put_back("RemoteStopTransaction", json!({ "transactionId": transaction }));
        }
        let _ = self.pass(settle);
        for connector in &traces.plugged {
            // The plug may be held for the token that started, which was refused afterwards.
            self.put_back("UnlockConnector", json!({ "connectorId": connector }));
            let _ = self.perform(Manual::Unplug(*connector));
        }
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

    /// A station that boots or connects anew meanwhile is asked once more.
    fn put_back(&mut self, action: &str, payload: Value) {
        for _ in 0..2 {
            let _ = self.ask(action, payload.clone(), answer());
            if self.is_connected {
                return;
            }
            // It boots, or goes on, before it is asked.
            let _ = self.wait_connected().and_then(|()| self.pass(self.values.settle));
        }
    }

    /// A token that was accepted and waits for a cable goes after a while, and so does an installation of firmware, unless it
    /// was the case that took connectors out.
    fn wait_until_free(&mut self, has_made_inoperative: bool) {
        let wait = self.key("ConnectionTimeOut").parse().map_or(self.values.patience, Duration::from_secs);
        let until = self.now() + wait + self.values.settle;
        let is_free = |status: &str| match status {
            "Available" | "Reserved" => true,
            "Unavailable" => has_made_inoperative,
            _ => false,
        };
        while self.statuses.values().any(|status| !is_free(status)) && matches!(self.pump(until), Ok(true)) {}
    }
}
