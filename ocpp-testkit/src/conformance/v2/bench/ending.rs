//! The words of cases: how transactions and authorisations end.

use std::time::Duration;

use serde_json::json;

use super::Bench;
use super::session::STATE;
use crate::conformance::Step;
use crate::conformance::pattern::{Pattern, answer, request};

impl Bench<'_> {
    /// The last event of the transaction that runs at an EVSE.
    pub fn ended(&self, evse: u16, trigger: &str, reason: &str) -> Pattern {
        self.ended_any_time(evse, trigger, reason).is_not("offline", true)
    }

    /// The same, while the station was offline.
    pub fn late_end(&self, evse: u16, trigger: &str, reason: &str) -> Pattern {
        self.ended_any_time(evse, trigger, reason).is("offline", true)
    }

    fn ended_any_time(&self, evse: u16, trigger: &str, reason: &str) -> Pattern {
        let id = self.transaction_at(evse).unwrap_or_default();
        let event = request("TransactionEvent").is("eventType", "Ended").is("transactionInfo.transactionId", id);
        let event = event.is("triggerReason", trigger).is_or_absent("evse.id", evse);
        // Part 6: a stop by the driver at the station may be left without its reason.
        match reason {
            "Local" => event.is_or_absent("transactionInfo.stoppedReason", reason),
            _ => event.is("transactionInfo.stoppedReason", reason),
        }
    }

    /// State StopAuthorized, local: the same token again. Its transaction ends if it ends with the authorisation.
    ///
    /// # Errors
    /// When the station does not tell of it.
    pub fn stop_authorized(&mut self, evse: u16, token: &str) -> Step {
        self.stop_authorized_passing(evse, token, &[])
    }

    /// The same, where statuses like these may come in between.
    ///
    /// # Errors
    /// When the station does not tell of it.
    pub fn stop_authorized_passing(&mut self, evse: u16, token: &str, passing: &[Pattern]) -> Step {
        self.present(evse, token)?;
        let stop = self.stop_event(evse, "StopAuthorized", "Local", Some(token));
        self.gather(&[stop], passing).map(|_| ())
    }

    /// State StopAuthorized, remote.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn stopped_remotely(&mut self, evse: u16) -> Step {
        let id = self.transaction_at(evse).unwrap_or_default();
        self.ask("RequestStopTransaction", json!({ "transactionId": id }), answer().is("status", "Accepted"))?;
        self.tells_stop(evse, "RemoteStop", "Remote", None)
    }

    /// The end of an authorisation is told, and with it that of the transaction or of the energy.
    ///
    /// # Errors
    /// When it is not.
    pub fn tells_stop(&mut self, evse: u16, trigger: &str, reason: &str, token: Option<&str>) -> Step {
        let stop = self.stop_event(evse, trigger, reason, token);
        self.expect(stop).map(|_| ())
    }

    fn stop_event(&self, evse: u16, trigger: &str, reason: &str, token: Option<&str>) -> Pattern {
        let event = if self.ends_with_authorisation() {
            self.ended(evse, trigger, reason).is("transactionInfo.chargingState", "EVConnected")
        } else {
            self.event(evse, trigger, "EVConnected")
        };
        match token {
            Some(token) => event.may_name(token),
            None => event.absent("idToken"),
        }
    }

    /// The token is refused, and the station gives no more energy.
    ///
    /// # Errors
    /// When it does not.
    pub fn suspended_by_station(&mut self, evse: u16) -> Step {
        let suspended = self.event(evse, "ChargingStateChanged", "SuspendedEVSE").or("triggerReason", "Deauthorized");
        self.expect(suspended).map(|_| ())
    }

    /// The token is refused, and the authorisation ends with it.
    ///
    /// # Errors
    /// When it does not.
    pub fn deauthorised(&mut self, evse: u16) -> Step {
        self.deauthorised_within(evse, self.values.patience)
    }

    /// The same, when it has had the energy that it may have.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn deauthorised_within(&mut self, evse: u16, patience: Duration) -> Step {
        let event = if self.ends_with_authorisation() {
            self.ended(evse, "Deauthorized", "DeAuthorized").is("transactionInfo.chargingState", "EVConnected")
        } else {
            self.event(evse, "Deauthorized", "EVConnected")
        };
        self.expect_within(patience, event).map(|_| ())
    }

    /// The same, before or after energy began to flow.
    ///
    /// # Errors
    /// When it does not.
    pub fn deauthorised_at_once(&mut self, evse: u16) -> Step {
        let over = self.ended(evse, "Deauthorized", "DeAuthorized").is(STATE, "EVConnected");
        let flows = self.event(evse, "ChargingStateChanged", "Charging");
        self.first_of(self.values.patience, &[over], &[flows]).map(|_| ())
    }
}
