//! The initial state, and booting.

use std::time::Duration;

use serde_json::{Value, json};

use super::Bench;
use crate::conformance::bench::Call;
use crate::conformance::pattern::{Pattern, answer, request};
use crate::conformance::{Step, Stop};

/// Why a station boots that was not told to.
const FIRST: [&str; 2] = ["PowerUp", "Unknown"];
/// The most EVSEs, and connectors of one, that are looked for.
const MOST: (u16, u16) = (8, 2);

impl Bench<'_> {
    /// The station boots, and reports all its connectors as free.
    pub(super) fn station_boots(&mut self) -> Step {
        let learn = |bench: &mut Self| {
            bench.read_places()?;
            bench.read_points()
        };
        let greetings = |bench: &Self| {
            let mut all = vec![startup()];
            all.extend(bench.all_statuses("Available"));
            all
        };
        self.boots(&request("BootNotification").one_of("reason", FIRST), learn, greetings)
    }

    /// Which EVSEs and connectors there are: those whose AvailabilityState can be read.
    fn read_places(&mut self) -> Step {
        let all = (1..=MOST.0).flat_map(|evse| (1..=MOST.1).map(move |connector| (evse, connector)));
        let all: Vec<(u16, u16)> = all.collect();
        let wanted: Vec<Value> = all
            .iter()
            .map(|(evse, connector)| {
                let evse = json!({ "id": evse, "connectorId": connector });
                json!({ "component": { "name": "Connector", "evse": evse }, "variable": { "name": "AvailabilityState" } })
            })
            .collect();
        let found = self.look(json!({ "getVariableData": wanted }))?;
        let is_there = |result: &Value| result.get("attributeStatus").is_some_and(|status| status == "Accepted");
        self.edge.places =
            all.into_iter().zip(&found).filter(|(_, result)| is_there(result)).map(|(at, _)| at).collect();
        if self.edge.places.is_empty() {
            Err(Stop::Failed("no connector has an AvailabilityState".to_owned()))
        } else {
            Ok(())
        }
    }

    /// The EVSEs of the station.
    pub fn evses(&self) -> Vec<u16> {
        let mut evses: Vec<u16> = self.edge.places.iter().map(|(evse, _)| *evse).collect();
        evses.dedup();
        evses
    }

    /// An EVSE that is not under test.
    ///
    /// # Errors
    /// When there is none.
    pub fn other_evse(&self) -> Step<u16> {
        let other = self.evses().into_iter().find(|evse| *evse != self.values.connector);
        other.ok_or_else(|| Stop::NotApplicable("for stations with more than one EVSE".to_owned()))
    }

    /// The same status of all connectors.
    pub fn all_statuses(&self, status: &str) -> Vec<Pattern> {
        self.edge.places.iter().map(|place| Bench::status_at(*place, status)).collect()
    }

    /// The statuses of all connectors, those of one EVSE this one and the others free.
    pub fn all_statuses_but(&self, evse: u16, status: &str) -> Vec<Pattern> {
        let of = |place: (u16, u16)| if place.0 == evse { status } else { "Available" };
        self.edge.places.iter().map(|place| Bench::status_at(*place, of(*place))).collect()
    }

    /// A StatusNotification of a connector.
    pub fn status_at((evse, connector): (u16, u16), status: &str) -> Pattern {
        request("StatusNotification").is("evseId", evse).is("connectorId", connector).is("connectorStatus", status)
    }

    /// The station boots, for one of these reasons. Before, it may say that it goes out of service (B11.FR.03).
    ///
    /// # Errors
    /// When it does not.
    pub fn expect_boot<const N: usize>(&mut self, reasons: [&str; N]) -> Step<Call> {
        let leaving = self.all_statuses("Unavailable");
        self.expect_boot_passing(reasons, &leaving)
    }

    /// The same, where statuses like these may come before.
    ///
    /// # Errors
    /// When it does not.
    pub fn expect_boot_passing<const N: usize>(&mut self, reasons: [&str; N], passing: &[Pattern]) -> Step<Call> {
        let boot = request("BootNotification").one_of("reason", reasons);
        let (_, call) = self.first_of(self.values.boot_patience, &[boot], passing)?;
        Ok(call)
    }

    /// The rest of the state Booted: the statuses, and the word that it started (A04).
    ///
    /// # Errors
    /// When it does not come.
    pub fn greets(&mut self, statuses: Vec<Pattern>) -> Step {
        let mut all = statuses;
        all.push(startup());
        self.gather(&all, &[]).map(|_| ())
    }

    /// The state Booted, after a reset or a power cut.
    ///
    /// # Errors
    /// When it is not reached.
    pub fn booted<const N: usize>(&mut self, reasons: [&str; N]) -> Step {
        self.expect_boot(reasons)?;
        self.greets(self.all_statuses("Available"))
    }

    /// Connectors have these statuses by now, or tell of them soon.
    ///
    /// # Errors
    /// When they have not.
    pub fn statuses_by_now(&mut self, wanted: &[Pattern]) -> Step {
        let is_told = |pattern: &&Pattern, bench: &Self| {
            bench.edge.statuses.iter().any(|((evse, connector), status)| {
                let told = json!({ "evseId": evse, "connectorId": connector, "connectorStatus": status });
                pattern.matches(&told).is_ok()
            })
        };
        let open: Vec<Pattern> = wanted.iter().filter(|pattern| !is_told(pattern, self)).cloned().collect();
        self.gather(&open, wanted).map(|_| ())
    }

    /// The station is told to boot.
    ///
    /// # Errors
    /// When it does not take the order.
    pub fn reset(&mut self, kind: &str) -> Step {
        self.ask("Reset", json!({ "type": kind }), answer().is("status", "Accepted")).map(|_| ())
    }

    /// A whole reset, with the state Booted after it.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn reboots(&mut self) -> Step {
        self.reset("Immediate")?;
        self.booted(["RemoteReset"])
    }

    /// The station waits so long for its next call, and calls then.
    ///
    /// # Errors
    /// When it calls before, or not then.
    pub fn expect_after(&mut self, wait: Duration, pattern: Pattern) -> Step<Call> {
        let least = self.now() + wait.saturating_sub(self.values.tolerance);
        let call = self.expect_within(wait + self.values.patience, pattern)?;
        if call.at < least {
            return Err(Stop::Failed(format!("{} came before {wait:?} were over", call.action)));
        }
        Ok(call)
    }
}

/// The event of a boot.
fn startup() -> Pattern {
    request("SecurityEventNotification").one_of("type", ["StartupOfTheDevice", "ResetOrReboot"])
}
