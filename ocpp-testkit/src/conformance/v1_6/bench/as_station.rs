//! The words of cases for a CSMS: what the bench reports as a station.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::Bench;
use crate::conformance::pattern::{Pattern, answer};
use crate::conformance::{Step, Stop};

impl Bench<'_> {
    /// The bench boots, and reports all its connectors as free.
    ///
    /// # Errors
    /// When it is not accepted.
    pub fn boot(&mut self) -> Step {
        let request = json!({ "chargePointVendor": "Testkit", "chargePointModel": "Conformance" });
        let accepted =
            answer()
                .is("status", "Accepted")
                .present("currentTime")
                .that("interval", "a positive interval", |n| n.as_i64().is_some_and(|n| n > 0));
        self.ask("BootNotification", request, accepted)?;
        self.report_all("Available")
    }

    /// The bench reports a status of the station and of all connectors.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report_all(&mut self, status: &str) -> Step {
        (0..=self.values.connectors).try_for_each(|connector| self.report_at(connector, status))
    }

    /// The connector under test has this status.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report(&mut self, status: &str) -> Step {
        self.report_at(self.values.connector, status)
    }

    /// A connector has this status.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report_at(&mut self, connector: u16, status: &str) -> Step {
        self.report_fault(connector, status, "NoError")
    }

    /// A connector has this status and error code.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report_fault(&mut self, connector: u16, status: &str, error: &str) -> Step {
        let request = json!({
            "connectorId": connector, "errorCode": error, "status": status, "timestamp": text(self.wall()),
        });
        self.edge.statuses.insert(connector.into(), status.to_owned());
        self.ask("StatusNotification", request, answer()).map(|_| ())
    }

    /// A token is presented: the CSMS says this of it.
    ///
    /// # Errors
    /// When it says something else.
    pub fn authorize_as(&mut self, token: &str, verdict: &str) -> Step {
        self.authorize_with(token, answer().is("idTagInfo.status", verdict))
    }

    /// A token is presented: the answer is like this.
    ///
    /// # Errors
    /// When it is not.
    pub fn authorize_with(&mut self, token: &str, pattern: Pattern) -> Step {
        self.ask("Authorize", json!({ "idTag": token }), pattern).map(|_| ())
    }

    /// A transaction began with the valid token.
    ///
    /// # Errors
    /// When the CSMS does not accept it.
    pub fn report_start(&mut self) -> Step<i64> {
        let token = self.values.token.clone();
        self.report_start_of(&token, self.wall(), "Accepted", json!({}))
    }

    /// A transaction began with this token, at this time; more members as given.
    ///
    /// # Errors
    /// When the CSMS says something else of the token, or gives no number.
    pub fn report_start_of(&mut self, token: &str, at: DateTime<Utc>, verdict: &str, more: Value) -> Step<i64> {
        let mut request = json!({
            "connectorId": self.values.connector, "idTag": token, "meterStart": 1_000, "timestamp": text(at),
        });
        if let (Some(request), Value::Object(more)) = (request.as_object_mut(), more) {
            request.extend(more);
        }
        let started = answer().is("idTagInfo.status", verdict).present("transactionId");
        let started = self.ask("StartTransaction", request, started)?;
        let number = started.get("transactionId").and_then(Value::as_i64).unwrap_or_default();
        if !self.edge.given.insert(number) {
            return Err(Stop::Failed(format!("gave the number {number} twice")));
        }
        Ok(number)
    }

    /// A transaction runs: identification first (state Charging).
    ///
    /// # Errors
    /// When the CSMS does not do its part.
    pub fn report_charging(&mut self) -> Step<i64> {
        let token = self.values.token.clone();
        self.precondition("Charging", |bench| {
            bench.authorize_as(&token, "Accepted")?;
            bench.report("Preparing")?;
            let transaction = bench.report_start()?;
            bench.report("Charging")?;
            Ok(transaction)
        })
    }

    /// A transaction ended now.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report_stop(&mut self, transaction: i64, reason: &str) -> Step {
        self.report_stop_at(transaction, reason, self.wall())
    }

    /// A transaction ended at this time.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report_stop_at(&mut self, transaction: i64, reason: &str, at: DateTime<Utc>) -> Step {
        let request = json!({
            "transactionId": transaction, "meterStop": 2_500, "timestamp": text(at), "reason": reason,
        });
        self.ask("StopTransaction", request, answer()).map(|_| ())
    }

    /// A message about a job, which has nothing but a status.
    ///
    /// # Errors
    /// When it is not answered.
    pub fn report_job(&mut self, action: &str, status: &str) -> Step {
        self.ask(action, json!({ "status": status }), answer()).map(|_| ())
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
