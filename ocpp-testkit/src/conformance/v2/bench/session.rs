//! The words of cases: the reusable states of a session, and what is told on the way to each.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Bench, with};
use crate::conformance::Step;
use crate::conformance::bench::Call;
use crate::conformance::pattern::{Pattern, answer, request};

/// The connector under test of each EVSE.
pub const CONNECTOR: u16 = 1;

/// What the readers of the run read.
pub const KIND: &str = "ISO14443";

/// A token as requests have it.
pub fn token(id: &str) -> Value {
    json!({ "idToken": id, "type": KIND })
}

impl Bench<'_> {
    /// A StatusNotification of the first connector of an EVSE.
    pub fn status(evse: u16, status: &str) -> Pattern {
        Bench::status_at((evse, CONNECTOR), status)
    }

    /// An Authorize of this token.
    pub fn authorize(token: &str) -> Pattern {
        request("Authorize").is("idToken.idToken", token).is("idToken.type", KIND)
    }

    /// The right time.
    pub fn wall(&self) -> DateTime<Utc> {
        self.target.wall()
    }

    /// The right time so long from now, as text.
    pub fn wall_text(&self, from_now: TimeDelta) -> String {
        (self.wall() + from_now).to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// How far a time may be off.
    pub fn leeway(&self) -> TimeDelta {
        TimeDelta::from_std(self.values.tolerance).unwrap_or(TimeDelta::MAX)
    }

    /// Whether transactions begin at this point.
    pub fn starts_at(&self, point: &str) -> bool {
        self.edge.starts.iter().any(|start| start == point)
    }

    /// Whether transactions end at this point.
    pub fn stops_at(&self, point: &str) -> bool {
        self.edge.stops.iter().any(|stop| stop == point)
    }

    /// Whether a transaction that charges ends with its authorisation: at the latest the energy does.
    pub fn ends_with_authorisation(&self) -> bool {
        ["Authorized", "PowerPathClosed", "EnergyTransfer"].iter().any(|point| self.stops_at(point))
    }

    /// The transaction that runs at an EVSE, once its begin was looked at.
    pub fn transaction_at(&self, evse: u16) -> Option<String> {
        let begins = |call: &Call, id: &str| {
            let payload = &call.payload;
            let is_start = payload.get("eventType").is_some_and(|kind| kind == "Started");
            is_start && payload.pointer("/transactionInfo/transactionId").is_some_and(|it| it == id)
        };
        let is_told = |id: &str| !self.inbox.iter().any(|call| begins(call, id));
        let here = self.edge.running.iter().find(|(id, running)| running.evse == evse && is_told(id));
        here.map(|(id, _)| id.clone())
    }

    /// An event of the transaction at an EVSE, of the one that runs or of one that begins.
    pub fn event(&self, evse: u16, trigger: &str, state: &str) -> Pattern {
        self.any_event(evse, trigger, state).is_not("offline", true)
    }

    /// The same, of something that happened while the station was offline.
    pub fn late_event(&self, evse: u16, trigger: &str, state: &str) -> Pattern {
        self.any_event(evse, trigger, state).is("offline", true)
    }

    fn any_event(&self, evse: u16, trigger: &str, state: &str) -> Pattern {
        let event = match self.transaction_at(evse) {
            None => request("TransactionEvent").is("eventType", "Started").is("evse.id", evse),
            Some(id) => {
                let event = request("TransactionEvent").is("eventType", "Updated");
                event.is("transactionInfo.transactionId", id).is_or_absent("evse.id", evse)
            }
        };
        event.is("triggerReason", trigger).is("transactionInfo.chargingState", state)
    }

    /// State EVConnectedPreSession: a vehicle is connected.
    ///
    /// # Errors
    /// When the station does not tell of it.
    pub fn ev_connected(&mut self, evse: u16) -> Step {
        let runs = self.transaction_at(evse).is_some();
        let mut told = vec![Bench::status(evse, "Occupied")];
        if runs || self.starts_at("EVConnected") {
            let event = self.event(evse, "CablePluggedIn", "EVConnected").is("evse.connectorId", CONNECTOR);
            told.push(if runs { event.or(STATE, "SuspendedEVSE") } else { event });
        }
        self.connect_vehicle(evse)?;
        self.gather(&told, &[]).map(|_| ())
    }

    fn connect_vehicle(&mut self, evse: u16) -> Step {
        self.edge.plugged.insert(evse);
        self.plug(evse)
    }

    /// Whether a vehicle is at an EVSE.
    fn is_plugged(&self, evse: u16) -> bool {
        self.edge.plugged.contains(&evse)
    }

    /// What is told when somebody is authorised at an EVSE, if anything: the token of the driver is told once.
    fn authorised_event(&self, evse: u16, token: &str, trigger: &str) -> Option<Pattern> {
        let runs = self.transaction_at(evse).is_some();
        let is_plugged = self.is_plugged(evse);
        let begins = self.starts_at("Authorized") || (is_plugged && self.starts_at("PowerPathClosed"));
        let event = self.event(evse, trigger, if is_plugged { "SuspendedEVSE" } else { "Idle" });
        let event = event.names(token);
        (runs || begins).then_some(event)
    }

    /// State Authorized, local: a token is presented, and the CSMS asked about it.
    ///
    /// # Errors
    /// When the station does not ask or tell.
    pub fn authorized(&mut self, evse: u16, token: &str) -> Step {
        self.present(evse, token)?;
        self.expect(Bench::authorize(token))?;
        self.tells_authorised(evse, token)
    }

    /// State Authorized, local, with a token that the station knows: it does not ask.
    ///
    /// # Errors
    /// When it asks, or does not tell.
    pub fn authorized_unasked(&mut self, evse: u16, token: &str) -> Step {
        self.present(evse, token)?;
        self.tells_authorised(evse, token)
    }

    /// What is told of an authorisation at the station.
    ///
    /// # Errors
    /// When it is not.
    pub fn tells_authorised(&mut self, evse: u16, token: &str) -> Step {
        match self.authorised_event(evse, token, "Authorized") {
            Some(event) => self.expect(event).map(|_| ()),
            None => Ok(()),
        }
    }

    /// State Authorized, remote. AuthorizeRemoteStart decides whether the CSMS is asked.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn authorized_remotely(&mut self, evse: u16, token: &str) -> Step {
        let asks = self.is_set("AuthCtrlr.AuthorizeRemoteStart")?;
        self.request_start(evse, token)?;
        if asks {
            self.expect(Bench::authorize(token))?;
        }
        self.tells_remote_start(evse, token)
    }

    /// A RequestStartTransaction is accepted.
    ///
    /// # Errors
    /// When it is not.
    pub fn request_start(&mut self, evse: u16, id: &str) -> Step {
        let mut accepted = answer().is("status", "Accepted");
        // F02.FR.01: the transaction that runs already is named.
        accepted = match self.transaction_at(evse) {
            Some(running) => accepted.is("transactionId", running),
            None => accepted.absent("transactionId"),
        };
        let request = json!({ "idToken": token(id), "remoteStartId": REMOTE_START, "evseId": evse });
        self.ask("RequestStartTransaction", request, accepted).map(|_| ())
    }

    /// What is told of an authorisation by the CSMS.
    ///
    /// # Errors
    /// When it is not.
    pub fn tells_remote_start(&mut self, evse: u16, token: &str) -> Step {
        match self.authorised_event(evse, token, "RemoteStart") {
            Some(event) => self.expect(event.is("transactionInfo.remoteStartId", REMOTE_START)).map(|_| ()),
            None => {
                self.edge.remote_starts.insert(evse);
                Ok(())
            }
        }
    }

    /// State EnergyTransferStarted, where a vehicle is connected and somebody authorised.
    ///
    /// # Errors
    /// When no energy flows.
    pub fn energy_flows(&mut self, evse: u16) -> Step<Call> {
        let flows = self.event(evse, "ChargingStateChanged", "Charging");
        // The vehicle or the contactor may be waited for.
        let waits = ["SuspendedEV", "SuspendedEVSE"].map(|state| self.event(evse, "ChargingStateChanged", state));
        let (_, call) = self.first_of(self.values.patience, &[flows], &waits)?;
        Ok(call)
    }

    /// A vehicle is connected where somebody is authorised already, and energy flows.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn ev_connects_and_charges(&mut self, evse: u16, token: &str) -> Step {
        let runs = self.transaction_at(evse).is_some();
        let begins = !runs && (self.starts_at("EVConnected") || self.starts_at("PowerPathClosed"));
        let mut told = vec![Bench::status(evse, "Occupied")];
        // F02.FR.21: whoever was authorised by the CSMS is told so first.
        let is_remote = self.edge.remote_starts.remove(&evse) && begins;
        if runs || begins {
            let (state, trigger) = ("SuspendedEVSE", if is_remote { "RemoteStart" } else { "CablePluggedIn" });
            let event = self.event(evse, trigger, state).or(STATE, "EVConnected").is("evse.connectorId", CONNECTOR);
            let event = if is_remote { event.is("transactionInfo.remoteStartId", REMOTE_START) } else { event };
            told.push(if begins { event.names(token) } else { event });
        }
        self.connect_vehicle(evse)?;
        self.gather(&told, &[])?;
        self.energy_flows(evse).map(|_| ())
    }

    /// State EnergyTransferStarted: cable first, then the token.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn charging(&mut self, evse: u16) -> Step<String> {
        let token = self.values.token.clone();
        self.charging_with(evse, &token)
    }

    /// The same with another token.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn charging_with(&mut self, evse: u16, token: &str) -> Step<String> {
        self.precondition("EnergyTransferStarted", |bench| {
            bench.ev_connected(evse)?;
            bench.authorized(evse, token)?;
            bench.energy_flows(evse)?;
            Ok(bench.transaction_at(evse).unwrap_or_default())
        })
    }

    /// State EVDisconnected: the vehicle goes.
    ///
    /// # Errors
    /// When the station does not tell of it.
    pub fn ev_disconnected(&mut self, evse: u16, reason: &str) -> Step {
        self.ev_disconnected_passing(evse, reason, &[])
    }

    /// The same, where statuses like these may come in between.
    ///
    /// # Errors
    /// When the station does not tell of it.
    pub fn ev_disconnected_passing(&mut self, evse: u16, reason: &str, passing: &[Pattern]) -> Step {
        let mut told = vec![Bench::status(evse, "Available")];
        if self.transaction_at(evse).is_some() {
            let ended = self.ended(evse, "EVCommunicationLost", reason);
            told.push(ended.is("transactionInfo.chargingState", "Idle"));
        }
        self.leave(evse)?;
        self.gather(&told, passing).map(|_| ())
    }

    /// The plug is pulled out.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn leave(&mut self, evse: u16) -> Step {
        self.edge.plugged.remove(&evse);
        self.unplug(evse)
    }

    /// A driver was authorised while the station was offline, and a vehicle was there: what is told later.
    ///
    /// # Errors
    /// When it is not.
    pub fn late_start(&mut self, evse: u16, token: &str) -> Step {
        let runs = self.transaction_at(evse).is_some();
        if runs || self.starts_at("Authorized") || self.starts_at("PowerPathClosed") {
            self.expect(self.late_event(evse, "Authorized", "SuspendedEVSE").names(token))?;
        }
        let flows = self.late_event(evse, "ChargingStateChanged", "Charging");
        let flows = if self.transaction_at(evse).is_some() { flows } else { flows.names(token) };
        self.expect(flows).map(|_| ())
    }

    /// Vehicles are at these EVSEs, and the station was offline when it found them: the transactions that began with that.
    pub fn begun_by_cables(&self, evses: &[u16]) -> Vec<Pattern> {
        let begun = evses.iter().filter(|_| self.starts_at("EVConnected"));
        begun.map(|evse| self.late_event(*evse, "CablePluggedIn", "EVConnected")).collect()
    }

    /// A vehicle was connected while the station was offline: what is told later.
    ///
    /// # Errors
    /// When it is not.
    pub fn late_connection(&mut self, evse: u16) -> Step {
        let mut told = vec![Bench::status(evse, "Occupied")];
        told.extend(self.begun_by_cables(&[evse]));
        self.edge.plugged.insert(evse);
        self.gather(&told, &[]).map(|_| ())
    }

    /// A whole session with a token, which the CSMS is asked about.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn whole_session(&mut self, evse: u16, token: &str) -> Step {
        self.charging_with(evse, token)?;
        self.stop_authorized(evse, token)?;
        self.ev_disconnected(evse, "Local")
    }

    /// State IdTokenCached: a session with the token puts it into the cache.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn cache_token(&mut self, evse: u16, token: &str) -> Step {
        self.precondition("IdTokenCached", |bench| bench.whole_session(evse, token))
    }

    /// A token is asked about and refused, at an EVSE that is free and stays so.
    ///
    /// # Errors
    /// When the station does not ask, or does something.
    pub fn cache_refused(&mut self, evse: u16, token: &str) -> Step {
        self.precondition("IdTokenCached", |bench| {
            bench.present(evse, token)?;
            bench.expect(Bench::authorize(token)).map(|_| ())
        })
    }

    /// State IdTokenLocalAuthList: a full list of these tokens, each with what is said of it, and its group.
    ///
    /// # Errors
    /// When the station does not take it.
    pub fn install_list(&mut self, tokens: &[(&str, &str, Option<&str>)]) -> Step<i64> {
        self.precondition("IdTokenLocalAuthList", |bench| {
            bench.configure_if_there("LocalAuthListCtrlr.Enabled", "true")?;
            let wanted = answer().present("versionNumber");
            let known = bench.aside(|bench| bench.ask("GetLocalListVersion", json!({}), wanted))?;
            let version = known.get("versionNumber").and_then(Value::as_i64).unwrap_or(0).max(0) + 1;
            let entries: Vec<Value> = tokens.iter().map(|(id, verdict, group)| entry(id, verdict, *group)).collect();
            let mut list = json!({ "versionNumber": version, "updateType": "Full" });
            if !entries.is_empty() {
                list = with(list, "localAuthorizationList", entries);
            }
            bench.ask("SendLocalList", list, answer().is("status", "Accepted"))?;
            Ok(version)
        })
    }

    /// Connectors go out of service, or come back, and say so. Without an EVSE the whole station does.
    ///
    /// # Errors
    /// When the station does not do its part.
    pub fn change_availability(&mut self, place: Value, to: &str, told: &[Pattern]) -> Step {
        self.order_availability(place, to, "Accepted")?;
        self.gather(told, &[]).map(|_| ())
    }

    /// A ChangeAvailability is answered so.
    ///
    /// # Errors
    /// When it is answered otherwise.
    pub fn order_availability(&mut self, place: Value, to: &str, verdict: &str) -> Step {
        let mut request = json!({ "operationalStatus": to });
        if !place.is_null() {
            request = with(request, "evse", place);
        }
        self.ask("ChangeAvailability", request, answer().is("status", verdict)).map(|_| ())
    }

    /// The network is gone for so long, and what happens meanwhile is done by `steps`.
    ///
    /// # Errors
    /// When a step is not done.
    pub fn offline_for(&mut self, span: Duration, steps: impl FnOnce(&mut Self) -> Step) -> Step {
        self.go_offline()?;
        steps(self)?;
        self.pass(span)?;
        self.go_online()
    }
}

pub(super) const STATE: &str = "transactionInfo.chargingState";

/// The number of every remote start.
const REMOTE_START: i64 = 4_711;

/// An entry of a local list.
pub fn entry(id: &str, verdict: &str, group: Option<&str>) -> Value {
    let mut info = json!({ "status": verdict });
    if let Some(group) = group {
        info = with(info, "groupIdToken", json!({ "idToken": group, "type": "Central" }));
    }
    json!({ "idToken": token(id), "idTokenInfo": info })
}
