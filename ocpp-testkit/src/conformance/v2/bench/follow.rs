//! Rules that hold in every case.

use serde_json::Value;

use super::Bench;
use crate::conformance::{Step, Stop};

/// A transaction that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub evse: u16,
    /// Once a vehicle is there.
    connector: Option<u64>,
    next: u64,
    /// The last event, while it was not answered: it comes again (E13).
    unanswered: Option<Value>,
}

fn wrong(what: &str, payload: &Value) -> Step {
    Err(Stop::Failed(format!("{what}: {payload}")))
}

impl Bench<'_> {
    /// Nothing before the station is accepted but what B02 lets go; the events of a transaction in their order, each once; no
    /// status that is no change.
    pub(super) fn follow(&mut self, action: &str, payload: &Value, answer: Option<&Value>) -> Step {
        match action {
            "BootNotification" => {
                self.is_accepted = answer.and_then(|it| it.get("status")).is_some_and(|status| status == "Accepted");
                self.edge.told.clear();
                Ok(())
            }
            // What was told to go by TriggerMessage, or asked for (B02.FR.02, B02.FR.05).
            "NotifyReport" | "Heartbeat" | "SecurityEventNotification" => Ok(()),
            "StatusNotification" => {
                self.follow_status(payload)?;
                self.only_accepted(action)
            }
            "MeterValues" => {
                self.follow_meter_values(payload)?;
                self.only_accepted(action)
            }
            "TransactionEvent" => {
                self.follow_event(payload, answer.is_some())?;
                self.only_accepted(action)
            }
            _ => self.only_accepted(action),
        }
    }

    fn only_accepted(&self, action: &str) -> Step {
        match self.is_accepted || self.edge.traces.has_triggered {
            true => Ok(()),
            false => Err(Stop::Failed(format!("sent {action} before it was accepted"))),
        }
    }

    /// G01: a status is reported when it changes.
    fn follow_status(&mut self, payload: &Value) -> Step {
        let number =
            |name| payload.get(name).and_then(Value::as_u64).and_then(|it| u16::try_from(it).ok()).unwrap_or(0);
        let place = (number("evseId"), number("connectorId"));
        let status = payload.get("connectorStatus").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.edge.statuses.insert(place, status.clone());
        match self.edge.told.insert(place, status.clone()) {
            Some(before) if before == status => wrong("reported a status that did not change", payload),
            Some(_) | None => Ok(()),
        }
    }

    /// J01.FR.14, J01.FR.22: of an EVSE without a transaction or of the main meter, by the clock or as it was asked for.
    fn follow_meter_values(&self, payload: &Value) -> Step {
        let evse = payload.get("evseId").and_then(Value::as_u64).unwrap_or_default();
        let is_known = evse == 0 || self.edge.places.iter().any(|(known, _)| u64::from(*known) == evse);
        if !is_known && !self.edge.places.is_empty() {
            return wrong("tells of an EVSE that is not there", payload);
        }
        let samples = payload.get("meterValue").and_then(Value::as_array).into_iter().flatten();
        let mut samples = samples.filter_map(|reading| reading.get("sampledValue").and_then(Value::as_array)).flatten();
        let fits = |sample: &Value| sample.get("context").is_some_and(|it| it == "Sample.Clock" || it == "Trigger");
        if samples.all(fits) { Ok(()) } else { wrong("tells of a reading for another reason", payload) }
    }

    fn follow_event(&mut self, payload: &Value, is_answered: bool) -> Step {
        let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let number = |pointer: &str| payload.pointer(pointer).and_then(Value::as_u64);
        let id = text("/transactionInfo/transactionId").to_owned();
        let seq_no = number("/seqNo").unwrap_or_default();
        let (kind, evse, connector) = (text("/eventType"), number("/evse/id"), number("/evse/connectorId"));
        let unanswered = (!is_answered).then(|| payload.clone());
        let Some(running) = self.edge.running.get_mut(&id) else {
            // E01.FR.07, E02.FR.01: it begins once, with the first number.
            if kind != "Started" || seq_no != 0 || self.edge.ended.contains(&id) {
                return wrong("told of a transaction that does not run", payload);
            }
            let evse = evse.and_then(|it| u16::try_from(it).ok()).unwrap_or_default();
            if self.edge.running.values().any(|other| other.evse == evse) {
                return wrong("began a transaction where another runs", payload);
            }
            self.edge.running.insert(id, Running { evse, connector, next: 1, unanswered });
            return self.follow_readings(kind, payload);
        };
        if running.unanswered.as_ref() == Some(payload) {
            running.unanswered = unanswered;
            return Ok(());
        }
        running.unanswered = unanswered;
        if kind == "Started" || seq_no != running.next {
            return wrong(&format!("event {} of the transaction is due", running.next), payload);
        }
        running.next += 1;
        if evse.is_some_and(|evse| evse != u64::from(running.evse)) {
            return wrong("the transaction is at another EVSE", payload);
        }
        if let (Some(one), Some(other)) = (running.connector, connector)
            && one != other
        {
            return wrong("the transaction is at another connector", payload);
        }
        running.connector = running.connector.or(connector);
        if kind == "Ended" {
            self.edge.running.remove(&id);
            self.edge.ended.insert(id);
        }
        self.follow_readings(kind, payload)
    }

    /// A time that lies ahead tells of no reading. Why something was measured fits the event (J02, ReadingContextEnumType).
    fn follow_readings(&self, kind: &str, payload: &Value) -> Step {
        let samples = payload.get("meterValue").and_then(Value::as_array).into_iter().flatten();
        let samples = samples.filter_map(|reading| reading.get("sampledValue").and_then(Value::as_array)).flatten();
        let context =
            |sample: &Value| sample.get("context").and_then(Value::as_str).unwrap_or("Sample.Periodic").to_owned();
        let contexts: Vec<String> = samples.map(context).collect();
        let may_be: &[&str] = match kind {
            "Started" => &["Transaction.Begin"],
            "Updated" => &["Sample.Periodic", "Sample.Clock", "Trigger"],
            _ => &["Transaction.Begin", "Sample.Periodic", "Sample.Clock", "Transaction.End"],
        };
        if contexts.iter().any(|context| !may_be.contains(&context.as_str())) {
            return wrong("tells of a reading for another reason", payload);
        }
        if kind == "Ended" && !contexts.is_empty() && !contexts.iter().any(|context| context == "Transaction.End") {
            return wrong("tells of no reading of the end", payload);
        }
        let ahead = self.wall() + self.leeway();
        let readings = payload.get("meterValue").and_then(Value::as_array).into_iter().flatten();
        let mut times =
            readings.filter_map(|reading| reading.get("timestamp")).filter_map(crate::conformance::pattern::time);
        if times.any(|at| at > ahead) { wrong("tells of a reading that is still to come", payload) } else { Ok(()) }
    }
}
