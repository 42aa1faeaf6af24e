//! What the machine of a station and its blocks share, free of any version.

use alloc::string::String;
use alloc::vec::Vec;
use ocpp_rpc::queue::Queue;

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_rpc::engine::{Config as RpcConfig, Engine, ReplyToken};
use ocpp_rpc::{CallError, ErrorCode};
use ocpp_types::SmallString;

use crate::rng::Rng;
#[cfg(feature = "security")]
use crate::site::access::{Access, AccessChange};
use crate::site::journal::Journal;
use crate::site::link::{Address, Link};
#[cfg(all(feature = "security", feature = "transaction_events"))]
use crate::site::networks::Networks;
use crate::site::plugs::Plugs;
use crate::site::questions::Questions;
#[cfg(feature = "security")]
use crate::site::security_events::{MAX_INFO, SecurityEvent, SecurityEvents};
#[cfg(feature = "firmware_management")]
use crate::station::JobId;
#[cfg(feature = "security")]
use crate::station::Reporting;
use crate::station::{
    Action, BootReason, CallFailure, ConnectRefusal, ConnectRequest, Event, EvseAction, EvseId, Faults, FrameRefusal,
    RebootKind, SecurityEventKind, StationConfig,
};
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
#[cfg(feature = "security")]
use crate::time::Stamp;
use crate::time::{Anchor, Boot, Clock, Instant, ToldTime};

/// What a machine and its blocks share, free of any version.
#[derive(Debug)]
pub(crate) struct Shared {
    pub config: StationConfig,
    /// The latest time seen.
    pub now: Instant,
    pub clock: Clock,
    pub store: StoreQueue,
    pub link: Link,
    pub rpc: Engine,
    pub plugs: Plugs,
    pub questions: Questions,
    #[cfg(feature = "security")]
    pub security_events: SecurityEvents,
    /// Why the station boots.
    pub boot_reason: BootReason,
    /// Whether anything was told to the station since it was made.
    pub has_booted: bool,
    /// What is wrong with the station itself.
    pub faults: Faults,
    /// A restart to order, behind everything that leaves before it.
    pub reboot: Option<RebootKind>,
    /// Once this is durable, and answered, the station connects anew.
    #[cfg(feature = "security")]
    pub reconnect_after: Option<Ticket>,
    #[cfg(feature = "security")]
    pub access: Access,
    #[cfg(all(feature = "security", feature = "transaction_events"))]
    pub networks: Networks,
    pub address: Address,
    actions: Queue<Action>,
    /// Answers that wait until a record is durable.
    gated: Vec<(Ticket, ReplyToken, String)>,
    /// Jobs of this boot.
    #[cfg(feature = "firmware_management")]
    jobs: u32,
    /// Frames whose times rest on the first anchor of this boot wait for it.
    anchored: Ticket,
    /// For what is drawn when it is first needed.
    #[cfg(feature = "transaction_events")]
    pub seeds: Rng,
}

impl Shared {
    /// What a station that boots now begins with.
    pub fn restore(config: StationConfig, address: Address, seed: u64, image: &Image) -> Self {
        let mut skipped = Vec::new();
        let last_boot: Option<Boot> = read_entry(image, BOOT_ENTRY, &mut skipped);
        let anchors = read_anchors(image, &mut skipped);
        // The journal knows too, should the entry be unreadable: positions must not be used twice.
        let last_boot = last_boot.unwrap_or_default().max(Journal::last_boot(image));
        let boot = Boot(last_boot.0.saturating_add(1));

        #[cfg_attr(not(feature = "security"), allow(unused_mut, reason = "only security events have stamps here"))]
        let mut clock = Clock::new(boot, anchors.known, anchors.guessed);
        #[cfg(feature = "security")]
        let security_events = SecurityEvents::restore(image, &mut clock, &mut skipped);
        let mut seeds = Rng::new(seed);
        let mut store = StoreQueue::default();
        store.push(StoreOp::Put { key: EntryKey::new(BOOT_ENTRY), value: boot.to_bytes() });
        let ordered: Option<Rebooting> = read_entry(image, REBOOT_ENTRY, &mut skipped);
        if image.entry(REBOOT_ENTRY).is_some() {
            store.push(StoreOp::Delete { key: EntryKey::new(REBOOT_ENTRY) });
        }
        let known = ordered.map(|Rebooting(reason)| reason).or(config.device.boot_reason);
        let rpc_config = RpcConfig { limits: config.limits.frame, ..RpcConfig::STANDARD };
        Shared {
            now: Instant::ZERO,
            clock,
            store,
            link: Link::new(Instant::ZERO, Rng::new(seeds.next_u64())),
            plugs: Plugs::new(&config),
            rpc: Engine::new(rpc_config, seeds.next_u64()),
            questions: Questions::new(config.limits.questions),
            #[cfg(feature = "security")]
            security_events,
            boot_reason: known.unwrap_or(BootReason::Unknown),
            has_booted: false,
            faults: Faults::default(),
            reboot: None,
            #[cfg(feature = "security")]
            reconnect_after: None,
            #[cfg(feature = "security")]
            access: Access::restore(&config, address.first_password.is_some(), image, &mut skipped),
            #[cfg(all(feature = "security", feature = "transaction_events"))]
            networks: Networks::restore(image, &mut skipped),
            address,
            actions: skipped.into_iter().map(|place| Action::Event(Event::RecordSkipped { place })).collect(),
            gated: Vec::new(),
            #[cfg(feature = "firmware_management")]
            jobs: 0,
            anchored: Ticket(0),
            #[cfg(feature = "transaction_events")]
            seeds,
            config,
        }
    }

    /// The next order or event.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    pub fn event(&mut self, event: Event) {
        self.actions.push_back(Action::Event(event));
    }

    /// A frame of the CSMS has no effect. Without a reason, that of its cause is told.
    pub fn refuse_frame(&mut self, cause: FrameRefusal, reason: SmallString) {
        let reason = if reason.is_empty() { cause.text().into() } else { reason };
        self.event(Event::FrameRefused { cause, reason });
    }

    /// A call of ours brought nothing.
    pub fn call_failed(&mut self, action: &str, cause: CallFailure, reason: &str) {
        self.event(Event::CallFailed { action: action.into(), cause, reason: reason.into() });
    }

    pub fn order(&mut self, evse: EvseId, action: EvseAction) {
        let action = self.plugs.order(evse, action);
        self.actions.push_back(Action::Evse(evse, action));
    }

    pub fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// The id of a new job, unlike those of all boots.
    #[cfg(feature = "firmware_management")]
    pub fn next_job(&mut self) -> JobId {
        self.jobs = self.jobs.wrapping_add(1);
        JobId(u64::from(self.clock.boot().0) << 32 | u64::from(self.jobs))
    }

    /// The host read a clock. One that shows an impossible time, as without a battery, is as good as none.
    pub fn on_wall(&mut self, wall: DateTime<Utc>) {
        if self.config.policy.plausible_time.covers(wall) {
            self.set_clock(wall);
        } else {
            self.event(Event::ClockRefused { wall });
        }
    }

    /// Sets the clock, and keeps the first anchor of the boot, so that stamps resolve alike after a restart.
    fn set_clock(&mut self, wall: DateTime<Utc>) {
        let shown = self.clock.wall(self.now);
        if self.clock.set(self.now, wall) {
            let (known, guessed) = self.clock.anchors();
            let value = Anchors { known: known.to_vec(), guessed: guessed.to_vec() }.to_bytes();
            self.anchored = self.store.push(StoreOp::Put { key: EntryKey::new(CLOCK_ENTRY), value });
        }
        self.event(Event::ClockSet { wall });
        // Less is drift.
        if shown.is_some_and(|shown| (wall - shown).abs() >= TimeDelta::seconds(1)) {
            self.raise(SecurityEventKind::SettingSystemTime, None);
        }
    }

    /// A security event happened: the host is told, and the CSMS as the kind has it. What is said beside the kind is cut
    /// at 255 characters, and tells no secret.
    #[cfg(feature = "security")]
    pub fn raise(&mut self, kind: SecurityEventKind, info: Option<&str>) {
        self.raise_as(kind, info, None, None);
    }

    /// The same, as critical or not, and at another time.
    #[cfg(feature = "security")]
    pub fn raise_as(
        &mut self,
        kind: SecurityEventKind,
        info: Option<&str>,
        is_critical: Option<bool>,
        at: Option<DateTime<Utc>>,
    ) {
        let info = info.map(|info| info.chars().take(MAX_INFO).collect::<SmallString>());
        self.event(Event::SecurityEvent { kind: kind.clone(), info: info.clone() });
        // A store that does not answer must not be given ever more.
        if !self.is_store_stuck() {
            let at = at.map_or_else(|| self.clock.stamp(self.now), Stamp::from_wall);
            let reporting = match is_critical {
                None => kind.reporting(),
                Some(true) => Reporting::Guaranteed,
                Some(false) => Reporting::Told,
            };
            let event = SecurityEvent { kind, info, at };
            self.security_events.push(&mut self.store, event, reporting, self.config.limits.security_events);
        }
    }

    /// Nobody is told.
    #[cfg(not(feature = "security"))]
    pub fn raise(&mut self, _: SecurityEventKind, _: Option<&str>) {}

    /// Nobody is told.
    #[cfg(not(feature = "security"))]
    pub fn raise_as(&mut self, _: SecurityEventKind, _: Option<&str>, _: Option<bool>, _: Option<DateTime<Utc>>) {}

    /// The security event to send now, with its time.
    #[cfg(feature = "security")]
    pub fn next_security_event(&mut self) -> Option<(&SecurityEvent, DateTime<Utc>)> {
        if !self.is_time_durable() {
            return None;
        }
        self.security_events.next(self.now, &self.store, &self.clock)
    }

    /// How to connect now.
    pub fn connect_request(&mut self) -> ConnectRequest {
        #[cfg(feature = "security")]
        let (password, profile) = self.access.way(&self.store);
        #[cfg(not(feature = "security"))]
        let (password, profile) = (None, None);
        #[cfg(all(feature = "security", feature = "transaction_events"))]
        if let Some((slot, network)) = self.networks.present() {
            return self.address.request_by(&self.config, slot, network, password);
        }
        self.address.request(&self.config, password, profile)
    }

    /// Takes a change of what to connect with in; the station connects anew with it once it is durable.
    #[cfg(feature = "security")]
    pub fn change_access(&mut self, change: AccessChange) -> Ticket {
        let ticket = self.access.change(&mut self.store, change);
        self.reconnect_after = Some(ticket);
        ticket
    }

    /// The connection is there.
    pub fn on_connected(&mut self) {
        #[cfg(all(feature = "security", feature = "transaction_events"))]
        {
            let profile = self.networks.present().map_or(0, |(_, network)| network.security_profile);
            self.networks.connected(&mut self.store, profile > self.access.profile());
            if self.access.adopt(&mut self.store, profile) {
                let kind = SecurityEventKind::ReconfigurationOfSecurityParameters;
                self.raise(kind, Some("SecurityProfile"));
            }
        }
        #[cfg(feature = "security")]
        if self.access.connected(&mut self.store) {
            let info = "SecurityProfile: no connection, the former one again";
            self.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some(info));
        }
    }

    /// Whether what the connection proved is on record: a power cut before leads back to what was proven before, which may be less safe
    /// (2.x A05.FR.06).
    #[cfg(feature = "security")]
    pub fn is_proof_durable(&self) -> bool {
        self.access.is_durable(&self.store)
    }

    /// Nothing is proven.
    #[cfg(not(feature = "security"))]
    pub fn is_proof_durable(&self) -> bool {
        true
    }

    /// The connection did not come about.
    pub fn on_connect_failed(&mut self, refusal: Option<ConnectRefusal>) {
        #[cfg(feature = "security")]
        self.access.failed(refusal.is_some());
        let kind = match refusal {
            None => return,
            Some(ConnectRefusal::Credentials) => SecurityEventKind::FailedToAuthenticateAtCsms,
            Some(ConnectRefusal::CsmsCertificate) => SecurityEventKind::InvalidCsmsCertificate,
            Some(ConnectRefusal::TlsVersion) => SecurityEventKind::InvalidTlsVersion,
            Some(ConnectRefusal::TlsCipherSuite) => SecurityEventKind::InvalidTlsCipherSuite,
        };
        self.raise(kind, None);
    }

    /// Takes the CSMS's time over, if the policy wants it. False if it is not believed, and to be asked for again.
    pub fn sync_clock(&mut self, wall: DateTime<Utc>) -> bool {
        let told = self.clock.judge(self.config.policy.clock, &self.config.policy.plausible_time, self.now, wall);
        match told {
            ToldTime::Taken => {
                self.set_clock(wall);
                self.act(Action::SetClock(wall));
            }
            ToldTime::Kept => {}
            ToldTime::Refused => self.event(Event::ClockRefused { wall }),
        }
        told != ToldTime::Refused
    }

    /// Whether the times of records may be told: those of boots without a clock rest on an anchor.
    pub fn is_time_durable(&self) -> bool {
        self.clock.is_set() && self.store.is_durable(self.anchored)
    }

    /// Whether so much waits for the store that nothing may begin which adds to it.
    pub fn is_store_stuck(&self) -> bool {
        self.store.len() > self.config.limits.unconfirmed
    }

    /// A restart was ordered: the next boot knows why.
    pub fn remember_reboot(&mut self, reason: BootReason) {
        self.store.push(StoreOp::Put { key: EntryKey::new(REBOOT_ENTRY), value: Rebooting(reason).to_bytes() });
    }

    /// Answers a call of the CSMS.
    pub fn reply(&mut self, token: ReplyToken, payload: &str) {
        // A refusal means that the link or the time-out was faster; the engine reported it.
        let _ = self.rpc.reply(self.now, token, payload);
    }

    /// Answers a call of the CSMS once `ticket` is durable.
    pub fn reply_after(&mut self, ticket: Ticket, token: ReplyToken, payload: String) {
        if self.store.is_durable(ticket) {
            self.reply(token, &payload);
        } else {
            self.gated.push((ticket, token, payload));
        }
    }

    /// Whether answers wait until a record is durable.
    pub fn owes_answers(&self) -> bool {
        !self.gated.is_empty()
    }

    /// Refuses a call of the CSMS.
    pub fn reply_error(&mut self, token: ReplyToken, code: ErrorCode, description: &'static str) {
        let _ = self.rpc.reply_error(self.now, token, &CallError::new(code, description));
    }

    /// Answers what is durable now.
    pub fn release_gated(&mut self) {
        let (open, gated): (Vec<_>, Vec<_>) =
            core::mem::take(&mut self.gated).into_iter().partition(|(t, ..)| self.store.is_durable(*t));
        self.gated = gated;
        for (_, token, payload) in open {
            self.reply(token, &payload);
        }
    }
}

const BOOT_ENTRY: &str = "boot";
const CLOCK_ENTRY: &str = "clock";
const REBOOT_ENTRY: &str = "reboot";

/// Why a restart was ordered.
#[cfg_attr(all(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
struct Rebooting(BootReason);

packed!(Rebooting { 0 });

impl Record for Rebooting {
    const KIND: u8 = 52;
}

impl Record for Boot {
    const KIND: u8 = 32;
}

/// The anchors that something on record rests on: of boots that knew the time, and of those that did not.
#[derive(Default)]
#[cfg_attr(all(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
struct Anchors {
    known: Vec<Anchor>,
    guessed: Vec<Anchor>,
}

packed!(Anchors { known, guessed });

impl Record for Anchors {
    const KIND: u8 = 51;
}

/// The first anchors of the last boots, as they were kept once.
#[cfg_attr(all(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
struct FirstAnchors(Vec<Anchor>);

packed!(FirstAnchors { 0 });

impl Record for FirstAnchors {
    const KIND: u8 = 33;
}

fn read_anchors(image: &Image, skipped: &mut Vec<SmallString>) -> Anchors {
    let Some(bytes) = image.entry(CLOCK_ENTRY) else { return Anchors::default() };
    if let Ok(FirstAnchors(known)) = FirstAnchors::from_bytes(bytes) {
        return Anchors { known, guessed: Vec::new() };
    }
    read_entry(image, CLOCK_ENTRY, skipped).unwrap_or_default()
}

fn read_entry<R: Record>(image: &Image, name: &str, skipped: &mut Vec<SmallString>) -> Option<R> {
    match R::from_bytes(image.entry(name)?) {
        Ok(value) => Some(value),
        Err(_) => {
            skipped.push(SmallString::new(name));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<Rebooting>();
        agrees_with_postcard::<Anchors>();
        agrees_with_postcard::<FirstAnchors>();
        agrees_with_postcard::<Boot>();
    }
}
