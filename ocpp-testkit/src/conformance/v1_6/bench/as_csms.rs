//! The words of cases for a station, and the states that they begin in.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Bench;
use crate::conformance::Step;
use crate::conformance::bench::Call;
use crate::conformance::pattern::{self, Pattern, answer, request};

/// A transaction of the station under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction(pub i64);

impl Bench<'_> {
    /// A StatusNotification; only a fault has an error code.
    pub fn status(connector: u16, status: &str) -> Pattern {
        Bench::one_of_statuses(connector, [status])
    }

    /// A StatusNotification with one of these statuses.
    pub fn one_of_statuses<const N: usize>(connector: u16, statuses: [&str; N]) -> Pattern {
        let pattern = request("StatusNotification").is("connectorId", connector).one_of("status", statuses);
        if statuses.contains(&"Faulted") { pattern } else { pattern.is("errorCode", "NoError") }
    }

    /// An Authorize of this token.
    pub fn authorize(token: &str) -> Pattern {
        request("Authorize").is("idTag", token)
    }

    /// A StartTransaction with this token, at no reservation.
    pub fn start(connector: u16, token: &str) -> Pattern {
        request("StartTransaction").is("connectorId", connector).is("idTag", token).absent("reservationId")
    }

    /// A StopTransaction.
    pub fn stop(transaction: Transaction, reason: &str) -> Pattern {
        let stop = request("StopTransaction").is("transactionId", transaction.0);
        // 1.6 §6.49: the reason may be left out where it is Local.
        if reason == "Local" { stop.is_or_absent("reason", reason) } else { stop.is("reason", reason) }
    }

    /// The right time.
    pub fn wall(&self) -> DateTime<Utc> {
        self.target.wall()
    }

    /// The right time so long from now, as text.
    pub fn wall_text(&self, from_now: Duration) -> String {
        let from_now = TimeDelta::from_std(from_now).unwrap_or(TimeDelta::MAX);
        (self.wall() + from_now).to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// How far a time may be off.
    pub fn leeway(&self) -> TimeDelta {
        TimeDelta::from_std(self.values.tolerance).unwrap_or(TimeDelta::MAX)
    }

    /// A vehicle is connected, and the station says so.
    ///
    /// # Errors
    /// When it does not.
    pub fn plug_in(&mut self, connector: u16) -> Step {
        self.plug(connector)?;
        self.expect(Bench::status(connector, "Preparing")).map(|_| ())
    }

    /// A driver is authorized, and no cable is there yet (state Authorized).
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn authorized(&mut self, connector: u16, token: &str) -> Step {
        self.present(connector, token)?;
        self.gather(&[Bench::authorize(token), Bench::status(connector, "Preparing")], &[]).map(|_| ())
    }

    /// The token of the run, which the station knows, starts a transaction without a question.
    ///
    /// # Errors
    /// When it does not.
    pub fn starts_unasked(&mut self) -> Step {
        let (connector, token) = (self.values.connector, self.values.token.clone());
        self.present(connector, &token)?;
        self.expect(Bench::status(connector, "Preparing"))?;
        self.plug(connector)?;
        self.starts(connector, Bench::start(connector, &token)).map(|_| ())
    }

    /// The same by a remote start.
    ///
    /// # Errors
    /// When it does not.
    pub fn starts_remotely_unasked(&mut self) -> Step {
        let (connector, token) = (self.values.connector, self.values.token.clone());
        self.plug_in(connector)?;
        let request = json!({ "connectorId": connector, "idTag": token });
        self.ask("RemoteStartTransaction", request, pattern::status("Accepted"))?;
        self.starts(connector, Bench::start(connector, &token)).map(|_| ())
    }

    /// The station starts a transaction and reports Charging, in either order. Before that it may wait for the contactor
    /// or the vehicle (1.6 §4.9, B4 and B5).
    ///
    /// # Errors
    /// When it does not.
    pub fn starts(&mut self, connector: u16, start: Pattern) -> Step<Transaction> {
        self.starts_passing(connector, start, &[])
    }

    /// Like [`Self::starts`], where calls like these may come before.
    ///
    /// # Errors
    /// When it does not start.
    pub fn starts_passing(&mut self, connector: u16, start: Pattern, passing: &[Pattern]) -> Step<Transaction> {
        let mut passing = passing.to_vec();
        passing.extend(["SuspendedEV", "SuspendedEVSE"].map(|status| Bench::status(connector, status)));
        let calls = self.gather(&[start, Bench::status(connector, "Charging")], &passing)?;
        Ok(self.transaction_of(calls.first()))
    }

    /// The transaction that a start was told to be.
    pub fn transaction_of(&self, start: Option<&Call>) -> Transaction {
        let number = start.and_then(|start| start.answer.get("transactionId")).and_then(Value::as_i64);
        Transaction(number.unwrap_or_default())
    }

    /// The station ends a transaction and reports Finishing, in either order.
    ///
    /// # Errors
    /// When it does not.
    pub fn stops(&mut self, connector: u16, stop: Pattern) -> Step {
        self.gather(&[stop, Bench::status(connector, "Finishing")], &[]).map(|_| ())
    }

    /// A remote start is accepted, and the token asked about if the station does so.
    ///
    /// # Errors
    /// When it is not.
    pub fn remote_start(&mut self, connector: u16, token: &str) -> Step {
        self.remote_start_with(json!({ "connectorId": connector, "idTag": token }), token)
    }

    /// Like [`Self::remote_start`], with this request.
    ///
    /// # Errors
    /// When it is not accepted.
    pub fn remote_start_with(&mut self, request: Value, token: &str) -> Step {
        self.ask("RemoteStartTransaction", request, pattern::status("Accepted"))?;
        if self.is_set("AuthorizeRemoteTxRequests") {
            self.expect(Bench::authorize(token))?;
        }
        Ok(())
    }

    /// A transaction runs: cable first, then a remote start (state Charging).
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn charging(&mut self) -> Step<Transaction> {
        let (connector, token) = (self.values.connector, self.values.token.clone());
        self.precondition("Charging", |bench| {
            bench.plug_in(connector)?;
            bench.remote_start(connector, &token)?;
            bench.starts(connector, Bench::start(connector, &token))
        })
    }

    /// A connector is reserved for the token of the run; until when, from now.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn reserve(&mut self, connector: u16, group: Option<&str>, span: Duration) -> Step<i64> {
        let request = self.reservation(connector, group, span);
        let id = request.get("reservationId").and_then(Value::as_i64).unwrap_or_default();
        self.ask("ReserveNow", request, pattern::status("Accepted"))?;
        self.expect(Bench::status(connector, "Reserved"))?;
        Ok(id)
    }

    /// A ReserveNow for the token of the run.
    pub fn reservation(&self, connector: u16, group: Option<&str>, span: Duration) -> Value {
        let mut request = json!({
            "connectorId": connector,
            "idTag": self.values.token,
            "reservationId": 77,
            "expiryDate": self.wall_text(span),
        });
        if let (Some(request), Some(group)) = (request.as_object_mut(), group) {
            request.insert("parentIdTag".to_owned(), group.into());
        }
        request
    }

    /// Connectors go out of service, or come back, and say so.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn change_availability(&mut self, connector: u16, to: &str) -> Step {
        let request = json!({ "connectorId": connector, "type": to });
        self.ask("ChangeAvailability", request, pattern::status("Accepted"))?;
        let status = if to == "Operative" { "Available" } else { "Unavailable" };
        self.expect(Bench::status(connector, status)).map(|_| ())
    }

    /// Only the connector under test is left in service.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn take_others_out(&mut self) -> Step {
        for other in (1..=self.connectors()).filter(|other| *other != self.values.connector) {
            self.precondition("SetConnectorUnavailable", |bench| bench.change_availability(other, "Inoperative"))?;
        }
        Ok(())
    }

    /// Statuses of all connectors but the one under test, and of the station.
    pub fn others_available(&self) -> Vec<Pattern> {
        let others = (0..=self.connectors()).filter(|other| *other != self.values.connector);
        others.map(|other| Bench::status(other, "Available")).collect()
    }

    /// Whether the end of a transaction was not reported yet.
    pub fn runs(&self, transaction: Transaction) -> bool {
        self.edge.transactions.contains_key(&transaction.0)
    }

    /// The station boots.
    ///
    /// # Errors
    /// When it does not.
    pub fn expect_boot(&mut self) -> Step<Call> {
        self.expect_within(self.values.boot_patience, request("BootNotification"))
    }

    /// A certificate was installed, which goes after the case.
    pub fn note_certificate(&mut self, hash: &Value) {
        self.edge.traces.certificates.push(hash.clone());
    }

    /// A charging profile is installed.
    ///
    /// # Errors
    /// When the station does not take it.
    pub fn set_profile(&mut self, connector: u16, profile: Value) -> Step {
        let request = json!({ "connectorId": connector, "csChargingProfiles": profile });
        self.ask("SetChargingProfile", request, answer().is("status", "Accepted")).map(|_| ())
    }
}
