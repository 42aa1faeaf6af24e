//! The OCPP 1.6 charge point: its blocks, and what holds them together.
//!
//! A frame goes one way: `frames` takes it apart, the block of its action reacts, `sender` has what is due leave, rendered by
//! `messages`; `router` moves what blocks tell each other.

mod authorize;
mod availability;
mod calls;
#[cfg(feature = "security")]
mod certificates;
mod claims;
mod configuration;
mod connector;
mod context;
mod data_transfer;
mod decoding;
#[cfg_attr(not(feature = "firmware_management"), path = "absent/firmware.rs")]
mod firmware;
mod frames;
#[cfg_attr(not(feature = "handling"), path = "absent/handling.rs")]
mod handling;
#[cfg_attr(not(feature = "local_auth_list"), path = "absent/local_list.rs")]
mod local_list;
mod messages;
mod place;
#[cfg(feature = "plug_and_charge")]
mod plug_and_charge;
#[cfg_attr(not(feature = "california_pricing"), path = "absent/pricing.rs")]
mod pricing;
mod readings;
#[cfg_attr(not(feature = "reservation"), path = "absent/reservation.rs")]
mod reservation;
mod reset;
mod router;
#[cfg_attr(not(feature = "security"), path = "absent/security.rs")]
mod security;
mod sender;
mod settings;
mod signal;
#[cfg_attr(not(feature = "smart_charging"), path = "absent/smart_charging.rs")]
mod smart_charging;
mod status;
#[cfg(feature = "remote_trigger")]
mod trigger;
mod unlock;

#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ocpp_rpc::engine::CallId;
use ocpp_rpc::liveness::LivenessSettings;
use ocpp_types::v1_6;

use crate::MisuseError;
use crate::parts::answers::Owed;
use crate::parts::heartbeat::Heartbeat;
use crate::parts::outbox::Outbox;
use crate::parts::registration::{self, Registration};
use crate::parts::turns::Turns;
use crate::shared::Shared;
use crate::station::{
    CertificateUse, Event, EvseId, EvseInput, IdToken, JobId, JobUpdate, RebootKind, SecurityEventKind, StationConfig,
    StopReason,
};
use crate::store::Image;
use crate::time::Instant;

use authorize::Authorize;
use availability::Availability;
#[cfg(feature = "security")]
use certificates::Certificates;
use connector::Connector;
use context::Context;
use data_transfer::DataTransfers;
use firmware::FirmwareManagement;
use handling::Handlings;
#[cfg(feature = "plug_and_charge")]
use plug_and_charge::PlugAndCharge;
use pricing::Pricing;
use readings::Readings;
use reservation::Reservations;
use reset::Reset;
use router::Parts;
use sender::Awaited;
use settings::{Key, Settings};
use signal::Signal;
use smart_charging::SmartCharging;
use status::StatusNotifications;
use unlock::Unlocking;

/// The machine of one charge point.
#[derive(Debug)]
pub(crate) struct Machine {
    settings: Settings,
    registration: Registration,
    heartbeat: Heartbeat,
    authorize: Authorize,
    status: StatusNotifications,
    connectors: Vec<Connector>,
    outbox: Outbox,
    availability: Availability,
    reservations: Reservations,
    readings: Readings,
    transfers: DataTransfers,
    handlings: Handlings,
    firmware: FirmwareManagement,
    #[cfg(feature = "security")]
    certificates: Certificates,
    smart_charging: SmartCharging,
    pricing: Pricing,
    #[cfg(feature = "plug_and_charge")]
    plug_and_charge: PlugAndCharge,
    reset: Reset,
    unlocking: Unlocking,
    signals: VecDeque<Signal>,
    /// The call on its way.
    awaited: Option<(CallId, Awaited)>,
    /// Which kind of call is the next.
    turns: Turns,
    /// Whether answers are owed, behind which calls wait.
    owed: Owed,
    was_online: bool,
    /// Whether it was told that the journal has no room.
    is_memory_short: bool,
}

impl Machine {
    /// The keys and their values, after a look at what 1.6 cannot say of a configuration.
    pub fn check(config: &StationConfig) -> Result<Settings, MisuseError> {
        for (member, name) in [("vendor", &config.vendor), ("model", &config.model)] {
            if name.chars().count() > 20 {
                return Err(MisuseError::unfit(member, name, "is longer than 20 characters"));
            }
        }
        handling::check(config)?;
        Settings::new(config)
    }

    /// A machine that boots from what was durable.
    pub fn restore(mut settings: Settings, shared: &mut Shared, image: &Image) -> Self {
        let mut skipped = configuration::restore(&mut settings, image);
        let retry_interval = settings.seconds(Key::TransactionMessageRetryInterval);
        let (outbox, open, lost) = Outbox::restore(image, &mut shared.clock, &mut shared.store, retry_interval);
        skipped.extend(lost);
        let (reservations, unread) = Reservations::restore(image);
        skipped.extend(unread);
        let (firmware, unread) = FirmwareManagement::restore(image);
        skipped.extend(unread);
        let (authorize, unread) = Authorize::restore(image, &mut shared.store);
        skipped.extend(unread);
        let (smart_charging, unread) = SmartCharging::restore(&shared.config, image, &mut shared.store);
        skipped.extend(unread);
        for place in skipped {
            shared.event(Event::RecordSkipped { place });
        }

        let mut connectors: Vec<Connector> = (1..=shared.config.evses).map(|n| Connector::new(EvseId(n))).collect();
        for transaction in open {
            // A station that lost an EVSE since still ends its transaction, at the last one.
            let place = usize::from(transaction.evse.0).min(connectors.len());
            if let Some(connector) = connectors.get_mut(place.saturating_sub(1)) {
                connector.take_up(transaction, shared.config.after_power_loss);
            }
        }
        for place in connector::restore_promises(image, &mut connectors, &mut shared.store) {
            shared.event(Event::RecordSkipped { place });
        }
        let _ = security::follow(&mut settings, shared);
        shared.raise(SecurityEventKind::StartupOfTheDevice, None);
        let stamp = shared.clock.stamp(shared.now);
        Machine {
            settings,
            registration: Registration::new(image.entry(registration::ENTRY).is_some()),
            heartbeat: Heartbeat::default(),
            authorize,
            status: StatusNotifications::new(shared.config.evses, shared.now, stamp),
            connectors,
            outbox,
            availability: Availability::restore(image),
            reservations,
            readings: Readings::default(),
            transfers: DataTransfers::default(),
            handlings: Handlings::default(),
            firmware,
            #[cfg(feature = "security")]
            certificates: Certificates::default(),
            smart_charging,
            pricing: Pricing::default(),
            #[cfg(feature = "plug_and_charge")]
            plug_and_charge: PlugAndCharge::default(),
            reset: Reset::default(),
            unlocking: Unlocking::default(),
            signals: VecDeque::new(),
            awaited: None,
            turns: Turns::new(sender::KINDS.len()),
            owed: Owed::default(),
            was_online: false,
            is_memory_short: false,
        }
    }

    /// Whether the CSMS can be asked: the link is open and the station accepted.
    fn is_online(&self, shared: &Shared) -> bool {
        shared.link.is_up() && self.registration.is_accepted()
    }

    /// How many transactions run.
    fn running(&self) -> usize {
        self.connectors.iter().filter(|connector| connector.transaction().is_some()).count()
    }

    /// The blocks beside the signals' addressee.
    fn context<'a>(&'a mut self, shared: &'a mut Shared) -> (Context<'a>, Parts<'a>) {
        let running = self.running();
        let is_online = self.is_online(shared);
        let context = Context {
            shared,
            settings: &self.settings,
            outbox: &mut self.outbox,
            reservations: &mut self.reservations,
            readings: &mut self.readings,
            signals: &mut self.signals,
            is_online,
            once_accepted: self.registration.once_accepted(),
            running,
        };
        let parts = Parts {
            connectors: &mut self.connectors,
            authorize: &mut self.authorize,
            status: &mut self.status,
            smart_charging: &mut self.smart_charging,
            pricing: &mut self.pricing,
            availability: &self.availability,
            firmware: &mut self.firmware,
            reset: &self.reset,
        };
        (context, parts)
    }

    /// A fact about an EVSE.
    pub fn on_fact(&mut self, shared: &mut Shared, evse: EvseId, fact: EvseInput) {
        if let Some(connector) = self.connectors.get_mut(index(evse)) {
            connector.on_fact(shared.now, fact);
        }
    }

    /// Finds what is wrong with vendor data of the application.
    pub fn check_transfer(
        &self,
        shared: &Shared,
        vendor_id: &str,
        message_id: Option<&str>,
    ) -> Result<(), MisuseError> {
        self.transfers.check(shared.config.limits.questions, vendor_id, message_id)
    }

    /// Sends vendor data, which were checked.
    pub fn transfer(&mut self, vendor_id: &str, message_id: Option<&str>, data: Option<&str>) {
        self.transfers.push(vendor_id, message_id, data);
    }

    /// The host's word about a job.
    pub fn on_job(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) {
        #[cfg(feature = "security")]
        self.on_work(shared, id, word);
        #[cfg(feature = "plug_and_charge")]
        self.on_request_made(shared, id, word);
        if self.firmware.on_job(shared, id, word) {
            self.reset.order(shared.now, &mut self.connectors, RebootKind::Hard, StopReason::Reboot);
            shared.raise(SecurityEventKind::ResetOrReboot, Some("firmware"));
        }
    }

    /// Whether the station has a certificate of its own of this use that the core knows to renew.
    pub fn has_certificate(&self, usage: CertificateUse) -> bool {
        match usage {
            CertificateUse::Station => cfg!(feature = "security"),
            CertificateUse::V2g => cfg!(feature = "plug_and_charge"),
            CertificateUse::CsmsRoot
            | CertificateUse::ManufacturerRoot
            | CertificateUse::V2gRoot
            | CertificateUse::MoRoot => false,
        }
    }

    /// A token was presented.
    pub fn on_token(&mut self, shared: &mut Shared, evse: Option<EvseId>, token: IdToken) {
        let (mut ctx, mut parts) = self.context(shared);
        parts.on_token(&mut ctx, evse, token);
    }

    /// Whether a transaction runs at an EVSE.
    pub fn runs_transaction(&self, evse: EvseId) -> bool {
        self.connectors.get(index(evse)).is_some_and(Connector::is_running)
    }

    /// Stops the transaction at an EVSE.
    pub fn stop(&mut self, evse: EvseId, reason: StopReason) {
        if let Some(connector) = self.connectors.get_mut(index(evse)) {
            connector.stop(reason, None);
        }
    }

    /// How the link is kept alive.
    pub fn liveness(&self) -> LivenessSettings {
        LivenessSettings {
            ping_interval: self.settings.seconds(Key::WebSocketPingInterval),
            ..LivenessSettings::default()
        }
    }

    /// Lets the blocks react until nothing more happens.
    pub fn run(&mut self, shared: &mut Shared) {
        if security::follow(&mut self.settings, shared) {
            shared.event(Event::Configured { key: "SecurityProfile".into() });
        }
        let is_online = self.is_online(shared);
        if self.was_online && !is_online {
            let (mut ctx, parts) = self.context(shared);
            parts.authorize.unreachable(&mut ctx);
        }
        self.was_online = is_online;
        if !shared.link.is_up() {
            self.registration.link_closed();
            self.turns.link_lost();
        }
        #[cfg(feature = "security")]
        self.advance_certificates(shared);
        #[cfg(feature = "california_pricing")]
        self.change_time_offset(shared);
        #[cfg(feature = "plug_and_charge")]
        self.advance_plug_and_charge(shared);
        loop {
            self.watch_memory(shared);
            let (mut ctx, mut parts) = self.context(shared);
            let has_moved = parts.advance(&mut ctx);
            let has_signals = !ctx.signals.is_empty();
            while let Some(signal) = ctx.signals.pop_front() {
                parts.on_signal(&mut ctx, signal);
            }
            if has_moved || has_signals {
                continue;
            }
            self.answer_unlocks(shared);
            if !self.send_next(shared) {
                break;
            }
        }
        self.finish_requests(shared);
    }

    /// Tells once that the journal has no room, until all of it was delivered.
    fn watch_memory(&mut self, shared: &mut Shared) {
        if self.outbox.is_empty() {
            self.is_memory_short = false;
        } else if !self.is_memory_short {
            let running = self.running();
            self.is_memory_short = !self.outbox.has_room_for_sample(&shared.config.limits, running);
            if self.is_memory_short {
                shared.raise(SecurityEventKind::MemoryExhaustion, Some("journal"));
            }
        }
    }

    /// Answers what the locks have answered, and finds whether other answers are owed.
    fn answer_unlocks(&mut self, shared: &mut Shared) {
        for (token, status, ticket) in self.unlocking.finished(shared.now, &self.connectors) {
            calls::answer_after(shared, Some(ticket), token, &v1_6::UnlockConnectorResponse::new(status));
        }
        let is_owed = shared.owes_answers() || self.unlocking.deadline().is_some();
        self.owed.update(is_owed, shared.now);
    }

    /// What waited for everything to be told, and durable.
    fn finish_requests(&mut self, shared: &mut Shared) {
        let is_durable = shared.store.len() == 0;
        let is_told = self.outbox.is_empty() && self.firmware.is_told();
        if let Some(kind) = self.reset.due(shared.now, &self.connectors, is_told, is_durable) {
            shared.reboot = Some(kind);
        }
    }

    /// When time changes something.
    pub fn deadlines<'a>(&'a self, shared: &'a Shared) -> impl Iterator<Item = Instant> + 'a {
        let is_up = shared.link.is_up();
        let is_online = self.is_online(shared);
        let link =
            [self.registration.deadline(), self.owed.deadline()].into_iter().chain(self.turns.deadlines().map(Some));
        let link = link.filter(move |_| is_up);
        let online = [
            self.status.deadline(self.settings.seconds(Key::MinimumStatusDuration)),
            self.outbox.deadline(),
            Some(self.heartbeat.deadline(self.settings.seconds(Key::HeartbeatInterval))),
            #[cfg(feature = "security")]
            shared.security_events.deadline(),
        ];
        let online = online.into_iter().filter(move |_| is_online);
        let connectors = self.connectors.iter().flat_map(|c| c.deadlines(&self.settings, &shared.clock));
        let others = [
            self.authorize.deadline(),
            self.reservations.deadline(&shared.clock),
            self.smart_charging.deadline(&shared.clock),
            self.unlocking.deadline(),
        ];
        let jobs = self.firmware.deadlines(&shared.clock);
        let all = link.chain(online).chain(others).chain(jobs).chain(self.reset.deadlines());
        #[cfg(feature = "security")]
        let all = all.chain(self.certificates.deadlines(&shared.clock));
        #[cfg(feature = "plug_and_charge")]
        let all = all.chain(self.plug_and_charge.deadlines(&shared.clock, is_online));
        let all = all.flatten().chain(connectors).chain(self.pricing.deadlines(&shared.clock));
        #[cfg(feature = "california_pricing")]
        let all = all.chain(self.authorize.wait_deadlines()).chain(self.transition(shared));
        all
    }
}

/// The place of a connector in a list that begins with connector 1.
fn index(evse: EvseId) -> usize {
    usize::from(evse.0).wrapping_sub(1)
}
