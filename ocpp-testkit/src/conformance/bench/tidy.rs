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
        let traces = std::mem::take(&mut self.traces);
        match self.role {
            Role::Station => self.mend_station(&traces),
            Role::Csms => self.mend_csms(&traces),
        }
        let _ = self.pass(self.values.pause);
        self.inbox.clear();
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
        for connector in &traces.held_locks {
            let _ = self.perform(Manual::LockStuck(*connector, false));
            // It was told to open while it could not.
            let _ = self.ask("UnlockConnector", json!({ "connectorId": connector }), answer());
        }
        for connector in &traces.broken {
            let _ = self.perform(Manual::FaultCleared(*connector));
        }
        let _ = self.pass(settle);
        // What waited for the mending may have begun by now.
        for transaction in self.transactions.keys().copied().collect::<Vec<_>>() {
            let _ = self.ask("RemoteStopTransaction", json!({ "transactionId": transaction }), answer());
        }
        let _ = self.pass(settle);
        for connector in &traces.plugged {
            // The plug may be held for the token that started, which was refused afterwards.
            let _ = self.ask("UnlockConnector", json!({ "connectorId": connector }), answer());
            let _ = self.perform(Manual::Unplug(*connector));
        }
        self.wait_until_free();
        for reservation in &traces.reservations {
            let _ = self.ask("CancelReservation", json!({ "reservationId": reservation }), answer());
        }
        if traces.has_made_inoperative {
            let _ = self.ask("ChangeAvailability", json!({ "connectorId": 0, "type": "Operative" }), answer());
        }
        if traces.has_set_profile {
            let _ = self.ask("ClearChargingProfile", json!({}), answer());
        }
        for hash in &traces.certificates {
            let _ = self.ask("DeleteCertificate", json!({ "certificateHashData": hash }), answer());
        }
        if traces.has_sent_list {
            let _ = self.install_list(&[]);
        }
        if self.is_set("AuthorizationCacheEnabled") {
            let _ = self.ask("ClearCache", json!({}), answer());
        }
        for (key, value) in &traces.keys {
            let _ = self.ask("ChangeConfiguration", json!({ "key": key, "value": value }), answer());
        }
    }

    /// A token that was accepted and waits for a cable goes after a while.
    fn wait_until_free(&mut self) {
        let wait = self.key("ConnectionTimeOut").parse().map_or(self.values.patience, Duration::from_secs);
        let until = self.now() + wait + self.values.settle;
        let is_busy = |bench: &Self| {
            bench.statuses.values().any(|status| !["Available", "Reserved", "Unavailable"].contains(&status.as_str()))
        };
        while is_busy(self) && matches!(self.pump(until), Ok(true)) {}
    }
}
