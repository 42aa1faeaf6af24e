//! The words of cases for a CSMS: what the bench reports as a station, and what it answers by itself.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Bench, CONNECTOR, token, with};
use crate::conformance::pattern::{Pattern, answer};
use crate::conformance::{Step, Stop};

/// A transaction that the bench tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    evse: u16,
    /// The number of its next event.
    next: u64,
}

/// An event of a transaction, and what its answer must be like.
pub struct Event {
    payload: Value,
    info: Value,
    answer: Pattern,
}

impl Event {
    /// The begin of a transaction.
    pub fn started(trigger: &str) -> Self {
        Event::new("Started", trigger)
    }

    /// Something in the middle of it.
    pub fn updated(trigger: &str) -> Self {
        Event::new("Updated", trigger)
    }

    /// The end, for this reason.
    pub fn ended(trigger: &str, reason: &str) -> Self {
        Event::new("Ended", trigger).info("stoppedReason", reason)
    }

    /// Nothing is said of a token where none is told.
    fn new(kind: &str, trigger: &str) -> Self {
        let payload = json!({ "eventType": kind, "triggerReason": trigger });
        Event { payload, info: json!({}), answer: answer().absent("idTokenInfo") }
    }

    /// The charging state.
    pub fn state(self, state: &str) -> Self {
        self.info("chargingState", state)
    }

    /// A member of `transactionInfo`.
    pub fn info(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.info = with(self.info, name, value);
        self
    }

    /// With this token, of which the CSMS says one of these.
    pub fn token<const N: usize>(self, id: &str, verdicts: [&str; N]) -> Self {
        Event { answer: answer().one_of("idTokenInfo.status", verdicts), ..self.with("idToken", token(id)) }
    }

    /// The token is said to be of this group.
    pub fn of_group(mut self, group: &str) -> Self {
        self.answer = self.answer.is("idTokenInfo.groupIdToken.idToken", group);
        self
    }

    /// It happened while there was no connection.
    pub fn offline(self) -> Self {
        self.with("offline", true)
    }

    /// With a register that shows so much, read for this reason.
    pub fn reading(self, wh: u32, context: &str, at: &str) -> Self {
        self.with("meterValue", json!([reading(wh, context, at)]))
    }

    /// Any member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.payload = with(self.payload, name, value);
        self
    }
}

/// A meter value with the register.
pub(in crate::conformance::v2) fn reading(wh: u32, context: &str, at: &str) -> Value {
    json!({ "timestamp": at, "sampledValue": [{
        "value": wh, "context": context, "measurand": "Energy.Active.Import.Register",
    }] })
}

impl Bench<'_> {
    /// The station boots, and reports all its connectors as free.
    ///
    /// # Errors
    /// When it is not accepted.
    pub fn boots_for(&mut self, reason: &str) -> Step {
        self.asks_to_serve(reason, "Accepted")?;
        self.all_show("Available")
    }

    /// A BootNotification, to which this is the answer.
    ///
    /// # Errors
    /// When it is another.
    pub fn asks_to_serve(&mut self, reason: &str, status: &str) -> Step {
        let station = json!({ "vendorName": "Testkit", "model": "Conformance" });
        let answered = answer()
            .is("status", status)
            .present("currentTime")
            .that("interval", "an interval", |n| n.as_i64().is_some_and(|n| n >= 0));
        let answered = if status == "Accepted" {
            answered.that("interval", "a positive interval", |n| n.as_i64().is_some_and(|n| n > 0))
        } else {
            answered
        };
        self.ask("BootNotification", json!({ "reason": reason, "chargingStation": station }), answered).map(|_| ())
    }

    /// A StatusNotification of a connector.
    pub fn status_payload(&self, evse: u16, status: &str) -> Value {
        json!({
            "timestamp": self.wall_text(TimeDelta::zero()), "connectorStatus": status, "evseId": evse,
            "connectorId": CONNECTOR,
        })
    }

    /// The connector of an EVSE has this status.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn shows_at(&mut self, evse: u16, status: &str) -> Step {
        self.edge.statuses.insert((evse, CONNECTOR), status.to_owned());
        let payload = self.status_payload(evse, status);
        self.ask("StatusNotification", payload, answer()).map(|_| ())
    }

    /// The connector under test has this status.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn shows(&mut self, status: &str) -> Step {
        self.shows_at(self.values.connector, status)
    }

    /// All connectors have this status.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn all_show(&mut self, status: &str) -> Step {
        (1..=self.values.connectors).try_for_each(|evse| self.shows_at(evse, status))
    }

    /// A token is presented: the CSMS says one of these of it.
    ///
    /// # Errors
    /// When it says something else.
    pub fn asks_for<const N: usize>(&mut self, id: &str, verdicts: [&str; N]) -> Step<Value> {
        let verdict = answer().one_of("idTokenInfo.status", verdicts);
        self.ask("Authorize", json!({ "idToken": token(id) }), verdict)
    }

    /// A transaction begins at an EVSE, with this event: its name.
    ///
    /// # Errors
    /// When the CSMS says something else.
    pub fn begins(&mut self, evse: u16, event: Event) -> Step<String> {
        self.edge.begun += 1;
        let id = format!("{}-{}-{}", self.values.run, self.edge.begun, self.now().as_millis());
        self.edge.reported.insert(id.clone(), Told { evse, next: 0 });
        let place = json!({ "id": evse, "connectorId": CONNECTOR });
        self.tells(&id, event.with("evse", place))?;
        Ok(id)
    }

    /// The next event of a transaction.
    ///
    /// # Errors
    /// When the CSMS says something else.
    pub fn tells(&mut self, id: &str, event: Event) -> Step {
        let number = self.next_event(id)?;
        self.tells_as(id, number, event)
    }

    /// The number of the next event of a transaction, which is taken with it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn next_event(&mut self, id: &str) -> Step<u64> {
        let told = self.edge.reported.get_mut(id);
        let told = told.ok_or_else(|| Stop::Inconclusive(format!("{id} does not run")))?;
        told.next += 1;
        Ok(told.next - 1)
    }

    /// An event of a transaction by its number.
    ///
    /// # Errors
    /// When the CSMS says something else.
    pub fn tells_as(&mut self, id: &str, number: u64, event: Event) -> Step {
        let Event { payload, info, answer } = event;
        let payload = with(payload, "transactionInfo", with(info, "transactionId", id));
        let payload = with(payload, "seqNo", number);
        let payload = match payload.get("timestamp") {
            Some(_) => payload,
            None => with(payload, "timestamp", self.wall_text(TimeDelta::zero())),
        };
        if payload.get("eventType").is_some_and(|kind| kind == "Ended") {
            self.edge.reported.remove(id);
        }
        self.ask("TransactionEvent", payload, answer).map(|_| ())
    }

    /// State Authorized: the token is presented first, and begins the transaction.
    ///
    /// # Errors
    /// When the CSMS does not do its part.
    pub fn told_authorized(&mut self, evse: u16, id: &str) -> Step<String> {
        self.asks_for(id, ["Accepted"])?;
        self.begins(evse, Event::started("Authorized").token(id, ["Accepted"]))
    }

    /// State EVConnectedPreSession: the cable begins the transaction.
    ///
    /// # Errors
    /// When the CSMS does not do its part.
    pub fn told_connected(&mut self, evse: u16) -> Step<String> {
        self.shows_at(evse, "Occupied")?;
        self.begins(evse, Event::started("CablePluggedIn").state("EVConnected"))
    }

    /// The rest of the state EnergyTransferStarted, of a transaction that is authorised.
    ///
    /// # Errors
    /// When the CSMS does not do its part.
    pub fn told_energy(&mut self, evse: u16, transaction: &str) -> Step {
        self.shows_at(evse, "Occupied")?;
        self.tells(transaction, Event::updated("CablePluggedIn").state("EVConnected"))?;
        self.tells(transaction, Event::updated("ChargingStateChanged").state("Charging"))
    }

    /// State EnergyTransferStarted at an EVSE.
    ///
    /// # Errors
    /// When the CSMS does not do its part.
    pub fn told_charging_at(&mut self, evse: u16, id: &str) -> Step<String> {
        self.precondition("EnergyTransferStarted", |bench| {
            let transaction = bench.told_authorized(evse, id)?;
            bench.told_energy(evse, &transaction)?;
            Ok(transaction)
        })
    }

    /// State EnergyTransferStarted at the EVSE under test.
    ///
    /// # Errors
    /// When the CSMS does not do its part.
    pub fn told_charging(&mut self) -> Step<String> {
        self.told_charging_at(self.values.connector, &self.values.token.clone())
    }

    /// State EVConnectedPostSession: the driver ends the energy.
    ///
    /// # Errors
    /// When the CSMS does not do its part.
    pub fn told_stopped(&mut self, transaction: &str) -> Step {
        let id = self.values.token.clone();
        self.tells(transaction, Event::updated("StopAuthorized").token(&id, ["Accepted"]))?;
        self.tells(transaction, Event::updated("ChargingStateChanged").state("EVConnected"))
    }

    /// State EVDisconnected: the cable ends the transaction.
    ///
    /// # Errors
    /// When the CSMS does not do its part.
    pub fn told_disconnected(&mut self, transaction: &str) -> Step {
        self.shows("Available")?;
        self.tells(transaction, Event::ended("EVCommunicationLost", "EVDisconnected").state("Idle"))
    }

    /// A message about a job, of the request of this number.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report_progress(&mut self, action: &str, request: i64, statuses: &[&str]) -> Step {
        statuses.iter().try_for_each(|status| {
            self.ask(action, json!({ "status": status, "requestId": request }), answer()).map(|_| ())
        })
    }

    /// A security event of this kind.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report_security_event(&mut self, kind: &str) -> Step {
        let event = json!({ "type": kind, "timestamp": self.wall_text(TimeDelta::zero()) });
        self.ask("SecurityEventNotification", event, answer()).map(|_| ())
    }

    /// As a station does that ends its sessions and goes away.
    pub(super) fn mend_csms(&mut self) {
        let running = std::mem::take(&mut self.edge.reported);
        let has_left = !running.is_empty() || self.edge.statuses.values().any(|status| status != "Available");
        if has_left && (self.is_connected || self.connect().is_ok()) {
            for (id, told) in running {
                self.edge.reported.insert(id.clone(), told);
                let _ = self.tells(&id, Event::ended("AbnormalCondition", "Other").state("Idle"));
                let _ = self.shows_at(told.evse, "Available");
            }
            let _ = self.all_show("Available");
        }
        let _ = self.target.set_network(false);
    }
}

/// What an operator's software does by itself, unless the case is about it.
pub(super) fn is_housekeeping(action: &str) -> bool {
    matches!(
        action,
        "GetVariables" | "SetVariables" | "GetBaseReport" | "TriggerMessage" | "GetLocalListVersion" | "DataTransfer"
    )
}

/// A station that takes what an operator's software does by itself.
pub(super) fn by_itself(action: &str, payload: &Value) -> Option<Value> {
    let each = |list: &str, status: Value| -> Vec<Value> {
        let asked = payload.get(list).and_then(Value::as_array).into_iter().flatten();
        let told = |of: &Value| {
            let mut told = status.clone();
            for name in ["component", "variable"] {
                told = with(told, name, of.get(name).cloned().unwrap_or_default());
            }
            told
        };
        asked.map(told).collect()
    };
    match action {
        "GetVariables" => Some(
            json!({ "getVariableResult": each("getVariableData", json!({ "attributeStatus": "UnknownVariable" })) }),
        ),
        "SetVariables" => {
            Some(json!({ "setVariableResult": each("setVariableData", json!({ "attributeStatus": "Accepted" })) }))
        }
        "ClearCache" | "ChangeAvailability" => Some(json!({ "status": "Accepted" })),
        "GetBaseReport" => Some(json!({ "status": "NotSupported" })),
        "TriggerMessage" => Some(json!({ "status": "NotImplemented" })),
        "GetLocalListVersion" => Some(json!({ "versionNumber": 0 })),
        "DataTransfer" => Some(json!({ "status": "UnknownVendorId" })),
        _ => None,
    }
}
