//! The sender: which call leaves next. One at a time; the most urgent first.

use alloc::string::String;

use compact_str::ToCompactString;
use ocpp_rpc::engine::Lane;
use ocpp_types::v1_6::Action;

use super::Machine;
use super::firmware::JobStatus;
use super::frames::Failure;
use super::messages::{self, History, Unsendable};
#[cfg(feature = "plug_and_charge")]
use super::plug_and_charge;
use super::settings::Key;
use crate::parts::outbox::{JournalRecord, Pending};
use crate::shared::Shared;

/// What the call on its way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    BootNotification,
    Heartbeat,
    Authorize,
    StatusNotification,
    Transaction,
    MeterValues,
    JobStatus(JobStatus),
    DataTransfer,
    #[cfg(feature = "plug_and_charge")]
    Contract,
    #[cfg(feature = "plug_and_charge")]
    Certificate,
    #[cfg(feature = "security")]
    SecurityEvent,
    #[cfg(feature = "security")]
    SignCertificate,
    /// A call that the application makes.
    #[cfg(feature = "handling")]
    AppCall,
}

impl Machine {
    /// Sends the most urgent call, if one may leave. True if something was done.
    pub(super) fn send_next(&mut self, shared: &mut Shared) -> bool {
        if self.awaited.is_some() || self.handlings.holds_call() || !shared.link.is_up() || !shared.rpc.can_call() {
            return false;
        }
        let now = shared.now;
        if self.registration.is_due(now) {
            self.registration.asked();
            let message = messages::boot_notification(&shared.config);
            return self.send(shared, Awaited::BootNotification, Action::BootNotification, message);
        }
        // 1.6 §4.2: before the acceptance nothing else but what the CSMS asks for while it has the station wait.
        let is_accepted = self.registration.is_accepted();
        if !is_accepted && !self.registration.is_pending() {
            return false;
        }
        if is_accepted && let Some(request) = self.authorize.next() {
            #[cfg(feature = "plug_and_charge")]
            if let Some(contract) = &request.contract {
                let message = plug_and_charge::authorize(contract);
                return self.send(shared, Awaited::Contract, Action::DataTransfer, message);
            }
            let message = messages::authorize(&request.token);
            return self.send(shared, Awaited::Authorize, Action::Authorize, message);
        }
        #[cfg(feature = "plug_and_charge")]
        if is_accepted
            && self.settings.is_on(Key::ISO15118PnCEnabled)
            && let Some(message) = self.plug_and_charge.next(now, &shared.clock)
        {
            return self.send(shared, Awaited::Certificate, Action::DataTransfer, message);
        }
        let minimum = self.settings.seconds(Key::MinimumStatusDuration);
        if let Some((connector, condition, at)) = self.status.next(now, minimum, is_accepted) {
            let message = messages::status_notification(connector, condition, shared.clock.resolve(at));
            return self.send(shared, Awaited::StatusNotification, Action::StatusNotification, message);
        }
        #[cfg(feature = "security")]
        if is_accepted && let Some((event, at)) = shared.next_security_event() {
            let message = messages::security_event(event, at);
            return self.send(shared, Awaited::SecurityEvent, Action::SecurityEventNotification, message);
        }
        if let Some((status, message)) = self.firmware.due(is_accepted) {
            return self.send(shared, Awaited::JobStatus(status), status.action(), message);
        }
        #[cfg(feature = "security")]
        if let Some(message) = self.certificates.next(is_accepted) {
            return self.send(shared, Awaited::SignCertificate, Action::SignCertificate, message);
        }
        // Without the time they wait for it.
        if shared.clock.is_set()
            && let Some(reading) = self.readings.next()
        {
            let message = shared.clock.resolve(reading.at).ok_or(Unsendable);
            let message = message.and_then(|at| messages::measured(&reading, at));
            return self.send(shared, Awaited::MeterValues, Action::MeterValues, message);
        }
        let transaction = self.outbox.due(now, &shared.store).filter(|_| is_accepted && shared.is_time_durable());
        if let Some(pending) = transaction {
            let (action, message) = (action_of(pending), self.render(shared, pending));
            return self.send(shared, Awaited::Transaction, action, message);
        }
        if is_accepted && let Some(message) = self.transfers.next() {
            return self.send(shared, Awaited::DataTransfer, Action::DataTransfer, message);
        }
        if is_accepted && self.send_call(shared) {
            return true;
        }
        let interval = self.settings.seconds(Key::HeartbeatInterval);
        if self.heartbeat.is_wanted() || (is_accepted && self.heartbeat.deadline(interval) <= now) {
            self.heartbeat.asked(now);
            return self.send(shared, Awaited::Heartbeat, Action::Heartbeat, messages::heartbeat());
        }
        false
    }

    fn send(
        &mut self,
        shared: &mut Shared,
        awaited: Awaited,
        action: Action,
        message: Result<String, Unsendable>,
    ) -> bool {
        match message {
            Ok(text) => self.on_outgoing(shared, awaited, action.as_str(), &text),
            Err(error) => self.settle_failure(shared, awaited, Failure::Unsendable(error.to_compact_string())),
        }
        true
    }

    /// Hands a call to the engine.
    pub(super) fn transmit(&mut self, shared: &mut Shared, awaited: Awaited, action: &str, payload: &str) {
        let timeout = self.settings.seconds(Key::MessageTimeout);
        match shared.rpc.call(shared.now, Lane::Normal, action, payload, timeout) {
            Ok(call) => {
                self.heartbeat.sent(shared.now);
                self.awaited = Some((call, awaited));
            }
            Err(error) => self.settle_failure(shared, awaited, Failure::Unsendable(error.to_compact_string())),
        }
    }

    fn render(&self, shared: &Shared, pending: &Pending) -> Result<String, Unsendable> {
        let at = |stamp| shared.clock.resolve(stamp).ok_or(Unsendable);
        let csms_id = pending.transaction().and_then(|transaction| self.outbox.csms_id(transaction));
        match &pending.record {
            JournalRecord::Started(start) => messages::start_transaction(start, at(start.at)?),
            JournalRecord::Sampled(sample) => messages::meter_values(sample, csms_id, at(sample.at)?),
            JournalRecord::Stopped(stop) => {
                let (known, readings) = self.outbox.history(stop.transaction);
                let first = known.map(|known| Ok((at(known.started)?, known.first.as_slice()))).transpose()?;
                let readings = readings.map(|reading| Ok((at(reading.at)?, reading))).collect::<Result<_, _>>()?;
                messages::stop_transaction(stop, csms_id, at(stop.at)?, &History { first, readings })
            }
            JournalRecord::Measured(reading) => messages::measured(reading, at(reading.at)?),
        }
    }
}

pub(super) fn action_of(pending: &Pending) -> Action {
    match &pending.record {
        JournalRecord::Started(_) => Action::StartTransaction,
        JournalRecord::Sampled(_) | JournalRecord::Measured(_) => Action::MeterValues,
        JournalRecord::Stopped(_) => Action::StopTransaction,
    }
}
