//! Bringing a live station back into its initial state, after whatever the case did to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::Bench;
use crate::conformance::pattern::answer;
use crate::conformance::target::Manual;
use crate::conformance::{Role, Step};

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
}

impl Bench<'_> {
    /// Cleans up as far as it goes: the next case looks for itself whether it finds its initial state.
    pub(super) fn tidy(&mut self) {
        match self.role {
            Role::Station if self.target.is_fresh() => {}
            Role::Station => {
                let traces = std::mem::take(&mut self.traces);
                // The state after a failure may be anything; what cannot be mended is left to the next case to find.
                let _ = self.mend(&traces);
            }
            Role::Csms => {
                let _ = self.target.set_network(false);
            }
        }
    }

    fn mend(&mut self, traces: &Traces) -> Step {
        self.prepared.clear();
        let _ = self.go_online();
        let settle = self.values.settle;
        for connector in &traces.held_locks {
            self.perform(Manual::LockStuck(*connector, false))?;
            // It was told to open while it could not.
            let _ = self.ask("UnlockConnector", json!({ "connectorId": connector }), answer());
        }
        for connector in &traces.broken {
            self.perform(Manual::FaultCleared(*connector))?;
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
            self.perform(Manual::Unplug(*connector))?;
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
        self.inbox.clear();
        Ok(())
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
