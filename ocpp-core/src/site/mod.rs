//! The site: how a station behaves, free of protocol versions. Faces speak for it.
//!
//! A file per functional block. Blocks see a [`Context`] and themselves, and never call each other: what belongs to another
//! block is a [`Signal`], which `router` moves. A face turns a call into a request of the site, and a verdict into its answer;
//! it asks each block what is to be sent next, and tells it how that ended.

#[cfg(feature = "security")]
pub(crate) mod access;
#[cfg(feature = "transaction_events")]
pub(crate) mod alerts;
pub(crate) mod answers;
pub(crate) mod authorize;
pub(crate) mod availability;
pub(crate) mod bearer;
#[cfg(feature = "security")]
pub(crate) mod certificates;
pub(crate) mod claims;
pub(crate) mod context;
#[cfg(feature = "security")]
mod csr;
#[cfg(feature = "transaction_events")]
pub(crate) mod customers;
pub(crate) mod data_transfer;
mod delivery;
pub(crate) mod evse;
#[cfg_attr(not(feature = "firmware_management"), path = "absent/firmware.rs")]
pub(crate) mod firmware;
#[cfg(feature = "firmware_management")]
pub(crate) mod firmware_job;
pub(crate) mod heartbeat;
#[cfg_attr(not(feature = "handling"), path = "absent/host_calls.rs")]
pub(crate) mod host_calls;
pub(crate) mod journal;
pub(crate) mod link;
#[cfg_attr(not(feature = "local_auth_list"), path = "absent/local_list.rs")]
pub(crate) mod local_list;
#[cfg_attr(not(feature = "transaction_events"), path = "absent/master_pass.rs")]
mod master_pass;
pub(crate) mod metering;
#[cfg(feature = "transaction_events")]
mod naming;
#[cfg(all(feature = "security", feature = "transaction_events"))]
pub(crate) mod networks;
#[cfg_attr(not(feature = "smart_charging"), path = "absent/offer.rs")]
mod offer;
mod place;
#[cfg(feature = "plug_and_charge")]
pub(crate) mod plug_and_charge;
pub(crate) mod plugs;
pub(crate) mod points;
pub(crate) mod policy;
#[cfg_attr(not(feature = "california_pricing"), path = "absent/pricing.rs")]
pub(crate) mod pricing;
#[cfg_attr(not(feature = "smart_charging"), path = "absent/profiles.rs")]
pub(crate) mod profiles;
pub(crate) mod questions;
pub(crate) mod readings;
pub(crate) mod registration;
mod remote;
pub(crate) mod replies;
#[cfg(feature = "firmware_management")]
pub(crate) mod reports;
mod requests;
#[cfg_attr(not(feature = "reservation"), path = "absent/reservation.rs")]
pub(crate) mod reservation;
#[cfg(feature = "reservation")]
mod reserve;
pub(crate) mod reset;
mod router;
#[cfg(feature = "security")]
pub(crate) mod security_events;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod shared;
pub(crate) mod signal;
#[cfg(all(feature = "security", any(feature = "plug_and_charge", feature = "transaction_events")))]
mod signing_backoff;
pub(crate) mod status;
pub(crate) mod timers;
pub(crate) mod token;
pub(crate) mod turns;
pub(crate) mod unlock;
#[cfg(feature = "firmware_management")]
pub(crate) mod upload;
#[cfg(feature = "firmware_management")]
pub(crate) mod upload_job;
pub(crate) mod verdict;

use alloc::vec::Vec;
use ocpp_rpc::queue::Queue;

use crate::station::{Event, EvseId, SecurityEventKind, TransactionId, TransactionNo};
use crate::store::Image;
use crate::time::Instant;

use answers::Owed;
use authorize::Authorize;
use availability::Availability;
#[cfg(feature = "security")]
use certificates::Certificates;
use context::Context;
use data_transfer::DataTransfers;
use evse::Evse;
use firmware::FirmwareManagement;
use heartbeat::Heartbeat;
use host_calls::HostCalls;
use journal::Journal;
#[cfg(feature = "transaction_events")]
use naming::Naming;
#[cfg(feature = "plug_and_charge")]
use plug_and_charge::PlugAndCharge;
use points::TxPoints;
use policy::Policy;
use pricing::Pricing;
use profiles::SmartCharging;
use readings::Readings;
use registration::Registration;
use replies::Replies;
use reservation::Reservations;
use reset::Reset;
use router::Parts;
use settings::{Setting, Settings};
use shared::Shared;
use signal::Signal;
use status::StatusNotifications;
use unlock::Unlocking;
use verdict::LateReply;

/// The blocks of one station, and what goes on between them.
#[derive(Debug)]
pub(crate) struct Site {
    pub settings: Settings,
    policy: Policy,
    /// When transactions that begin now begin and end.
    points: TxPoints,
    pub registration: Registration,
    pub heartbeat: Heartbeat,
    pub authorize: Authorize,
    pub status: StatusNotifications,
    #[cfg(feature = "transaction_events")]
    pub alerts: alerts::Alerts,
    pub evses: Vec<Evse>,
    pub journal: Journal,
    #[cfg(feature = "transaction_events")]
    naming: Naming,
    pub availability: Availability,
    pub reservations: Reservations,
    pub readings: Readings,
    pub transfers: DataTransfers,
    pub calls: HostCalls,
    pub firmware: FirmwareManagement,
    #[cfg(feature = "security")]
    pub certificates: Certificates,
    pub smart_charging: SmartCharging,
    pub pricing: Pricing,
    #[cfg(feature = "plug_and_charge")]
    pub plug_and_charge: PlugAndCharge,
    reset: Reset,
    unlocking: Unlocking,
    /// What is answered later than at once.
    pub replies: Replies,
    signals: Queue<Signal>,
    /// Whether answers are owed, behind which calls wait.
    pub owed: Owed,
    was_online: bool,
    /// When the station was online last.
    offline_since: Instant,
    /// Whether it was told that the journal has no room.
    is_memory_short: bool,
}

impl Site {
    /// A site that boots from what was durable.
    pub fn restore(mut settings: Settings, policy: Policy, shared: &mut Shared, image: &Image) -> Self {
        let mut skipped = settings::stored::restore(&mut settings, image);
        let retry_interval = settings.seconds(Setting::TransactionMessageRetryInterval);
        let (journal, open, lost) = Journal::restore(image, &mut shared.clock, &mut shared.store, retry_interval);
        skipped.extend(lost);
        let (reservations, unread) = Reservations::restore(image);
        skipped.extend(unread);
        let (firmware, unread) = FirmwareManagement::restore(image);
        skipped.extend(unread);
        let (authorize, unread) = Authorize::restore(image, &mut shared.store);
        skipped.extend(unread);
        let (smart_charging, unread) = SmartCharging::restore(&shared.config, &policy, image, &mut shared.store);
        skipped.extend(unread);
        #[cfg(feature = "transaction_events")]
        let (naming, unread) = Naming::restore(image);
        #[cfg(feature = "transaction_events")]
        skipped.extend(unread);
        for place in skipped {
            shared.event(Event::RecordSkipped { place });
        }

        let points = policy.points.now(&settings);
        let mut evses: Vec<Evse> = (1..=shared.config.evse_count()).map(|n| Evse::new(EvseId(n), points)).collect();
        for transaction in open {
            // A station that lost an EVSE since still ends its transaction, at the last one.
            let place = usize::from(transaction.spot.evse.0).min(evses.len());
            if let Some(evse) = evses.get_mut(place.saturating_sub(1)) {
                shared.plugs.resume(transaction.spot);
                evse.take_up(transaction, shared.config.policy.after_power_loss);
            }
        }
        for place in evse::restore_promises(image, &mut evses, &mut shared.store) {
            shared.event(Event::RecordSkipped { place });
        }
        let _ = settings::security::follow(&mut settings, shared);
        #[cfg(all(feature = "security", feature = "transaction_events"))]
        {
            let priority = settings.text(Setting::NetworkConfigurationPriority);
            shared.networks.plan(&mut shared.store, priority, shared.access.proven_profile());
            keep_priority(&mut settings, shared);
        }
        #[cfg(feature = "security")]
        {
            shared.security_events.reports_always = policy.reports_always;
        }
        shared.raise(SecurityEventKind::StartupOfTheDevice, None);
        let stamp = shared.clock.stamp(shared.now);
        let mut status = StatusNotifications::new(shared.config.connector_count(), shared.now, stamp);
        status.tell(policy.statuses);
        Site {
            settings,
            policy,
            points,
            registration: Registration::new(image.entry(registration::ENTRY).is_some()),
            heartbeat: Heartbeat::default(),
            authorize,
            status,
            #[cfg(feature = "transaction_events")]
            alerts: alerts::Alerts::default(),
            evses,
            journal,
            #[cfg(feature = "transaction_events")]
            naming,
            availability: Availability::restore(image),
            reservations,
            readings: Readings::default(),
            transfers: DataTransfers::default(),
            calls: HostCalls::default(),
            firmware,
            #[cfg(feature = "security")]
            certificates: Certificates::default(),
            smart_charging,
            pricing: Pricing::default(),
            #[cfg(feature = "plug_and_charge")]
            plug_and_charge: PlugAndCharge::default(),
            reset: Reset::default(),
            unlocking: Unlocking::default(),
            replies: Replies::default(),
            signals: Queue::new(),
            owed: Owed::default(),
            was_online: false,
            offline_since: Instant::ZERO,
            is_memory_short: false,
        }
    }

    /// Whether the CSMS can be asked: the link is open and the station accepted.
    pub fn is_online(&self, shared: &Shared) -> bool {
        shared.link.is_up() && self.registration.is_accepted()
    }

    /// Another face speaks for the site from now on. What began goes on by the points with which it began; what begins follows the
    /// new rules, and the CSMS has to accept the station anew: it may be another one.
    #[cfg_attr(not(feature = "security"), allow(unused_variables, reason = "nobody is told"))]
    pub fn adopt(&mut self, shared: &mut Shared, policy: Policy) {
        #[cfg(feature = "security")]
        {
            shared.security_events.reports_always = policy.reports_always;
        }
        self.status.tell(policy.statuses);
        self.smart_charging.follow(&policy);
        self.registration.renew();
        self.policy = policy;
    }

    /// The name by which the CSMS knows a transaction, if it has one.
    #[cfg_attr(not(feature = "transaction_events"), allow(unused_variables, reason = "numbers need no salt"))]
    pub fn known_as(&self, shared: &Shared, transaction: TransactionNo) -> Option<TransactionId> {
        #[cfg(feature = "transaction_events")]
        if self.policy.names_transactions {
            return self.naming.told(&self.journal, &shared.store, transaction);
        }
        self.journal.number_of(transaction)
    }

    /// How many transactions run.
    fn running(&self) -> usize {
        self.evses.iter().filter(|evse| evse.transaction().is_some()).count()
    }

    /// The blocks beside the signals' addressee.
    fn context<'a>(&'a mut self, shared: &'a mut Shared) -> (Context<'a>, Parts<'a>) {
        let running = self.running();
        let is_online = self.is_online(shared);
        let context = Context {
            shared,
            settings: &self.settings,
            policy: &self.policy,
            points: self.points,
            journal: &mut self.journal,
            #[cfg(feature = "transaction_events")]
            naming: &self.naming,
            reservations: &mut self.reservations,
            readings: &mut self.readings,
            signals: &mut self.signals,
            is_online,
            once_accepted: self.registration.once_accepted(),
            running,
        };
        let parts = Parts {
            evses: &mut self.evses,
            authorize: &mut self.authorize,
            status: &mut self.status,
            #[cfg(feature = "transaction_events")]
            alerts: &mut self.alerts,
            smart_charging: &mut self.smart_charging,
            pricing: &mut self.pricing,
            availability: &self.availability,
            firmware: &mut self.firmware,
            reset: &self.reset,
        };
        (context, parts)
    }

    /// What waits for nothing, at the beginning of each turn.
    pub fn begin(&mut self, shared: &mut Shared) {
        self.points = self.policy.points.now(&self.settings);
        if settings::security::follow(&mut self.settings, shared) {
            #[cfg(feature = "security")]
            self.settings.tell(shared, settings::AnySetting::Standard(Setting::SecurityProfile));
            #[cfg(all(feature = "security", feature = "transaction_events"))]
            {
                shared.networks.remove_below(&mut shared.store, shared.access.proven_profile());
                keep_priority(&mut self.settings, shared);
            }
        }
        #[cfg(all(feature = "security", feature = "transaction_events"))]
        if shared.networks.take_switched() {
            self.registration.renew();
        }
        let is_online = self.is_online(shared);
        if self.was_online && !is_online {
            self.offline_since = shared.now;
            self.journal.went_offline();
            let (mut ctx, parts) = self.context(shared);
            parts.authorize.unreachable(&mut ctx);
        } else if !self.was_online && is_online && self.policy.repeats_statuses {
            self.repeat_statuses(shared.now);
        }
        self.was_online = is_online;
        if !shared.link.is_up() {
            self.registration.link_closed();
        }
        #[cfg(feature = "security")]
        {
            let (certificates, mut desk) = self.certificates(shared);
            certificates.advance(&mut desk);
        }
        #[cfg(feature = "california_pricing")]
        pricing::change_time_offset(&mut self.settings, shared);
        #[cfg(feature = "plug_and_charge")]
        self.plug_and_charge.advance(shared, &self.settings, is_online);
    }

    /// After a long time offline all statuses are told again (2.x B04.FR.01).
    #[cfg_attr(not(feature = "transaction_events"), allow(unused_variables, reason = "1.6 does not ask for that"))]
    fn repeat_statuses(&mut self, now: Instant) {
        #[cfg(feature = "transaction_events")]
        if self.offline_since + self.settings.seconds(Setting::OfflineThreshold) < now {
            self.status.report_all();
        }
    }

    /// Lets the blocks react until nothing more happens.
    pub fn advance(&mut self, shared: &mut Shared) {
        loop {
            self.watch_memory(shared);
            let (mut ctx, mut parts) = self.context(shared);
            let has_moved = parts.advance(&mut ctx);
            let has_signals = !ctx.signals.is_empty();
            while let Some(signal) = ctx.signals.pop_front() {
                parts.on_signal(&mut ctx, signal);
            }
            if !has_moved && !has_signals {
                break;
            }
        }
        #[cfg(feature = "reservation")]
        for event in self.reservations.news() {
            shared.event(event);
        }
        for (token, verdict, ticket) in self.unlocking.finished(shared.now, &self.evses, &shared.plugs) {
            self.replies.push(token, Some(ticket), LateReply::Unlocked(verdict));
        }
    }

    /// Finds whether answers are owed, after all that can be given were.
    pub fn watch_answers(&mut self, shared: &Shared) {
        let is_owed = shared.owes_answers() || self.unlocking.deadline().is_some();
        self.owed.update(is_owed, shared.now);
    }

    /// Tells once that the journal has no room, until all of it was delivered.
    fn watch_memory(&mut self, shared: &mut Shared) {
        if self.journal.is_empty() {
            self.is_memory_short = false;
        } else if !self.is_memory_short {
            let running = self.running();
            self.is_memory_short = !self.journal.has_room_for_sample(&shared.config.limits, running);
            if self.is_memory_short {
                shared.raise(SecurityEventKind::MemoryExhaustion, Some("journal"));
            }
        }
    }

    /// What waited for everything to be told, and durable.
    pub fn finish(&mut self, shared: &mut Shared) {
        #[cfg(feature = "transaction_events")]
        self.reset.wait(shared.now, &mut self.evses);
        let is_durable = shared.store.len() == 0;
        let is_told = self.journal.is_empty() && self.firmware.is_told();
        if let Some(kind) = self.reset.due(shared.now, &self.evses, is_told, is_durable) {
            shared.reboot = Some(kind);
        }
    }
}

/// The place of an EVSE in a list that begins with EVSE 1.
pub(crate) fn index(evse: EvseId) -> usize {
    usize::from(evse.0).wrapping_sub(1)
}

/// NetworkConfigurationPriority names slots with a network alone (A05.FR.06).
#[cfg(all(feature = "security", feature = "transaction_events"))]
fn keep_priority(settings: &mut Settings, shared: &mut Shared) {
    let key = Setting::NetworkConfigurationPriority;
    let before = networks::slots(settings.text(key)).unwrap_or_default();
    let kept: Vec<_> = before.iter().copied().filter(|slot| shared.networks.is_set(*slot)).collect();
    if kept.len() < before.len() {
        let present = shared.networks.present().map_or(networks::FIRST, |(slot, _)| slot);
        let kept = if kept.is_empty() { Vec::from([present]) } else { kept };
        let value: Vec<_> = kept.iter().map(|slot| crate::words::numbered("", *slot)).collect();
        settings::stored::change(settings, shared, settings::AnySetting::Standard(key), &value.join(","));
    }
}
