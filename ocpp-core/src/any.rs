//! The station as a host sees it: one machine, whatever version it speaks.

mod helpers;
mod readers;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
#[cfg(feature = "security")]
use core::time::Duration;

use ocpp_rpc::engine::{CallEnd, Event as RpcEvent};
use ocpp_rpc::{Dialect, handshake};
use ocpp_types::SmallString;

use crate::face::Face;
use crate::site::Site;
use crate::site::link::{Address, LinkDue};
use crate::site::settings::Settings;
use crate::site::shared::Shared;
use crate::site::timers::NextDeadline;
#[cfg(feature = "plug_and_charge")]
use crate::station::CertificateUse;
#[cfg(not(feature = "plug_and_charge"))]
use crate::station::TokenRefusal;
use crate::station::{
    Action, Command, ConnectRefusal, ConnectorId, Event, EvseId, EvseInput, Input, LinkAction, LinkInput, MAX_WATCHED,
    SecurityEventKind, StationConfig, Timer,
};
use crate::store::Image;
use crate::time::Instant;
use crate::{MisuseError, Refusal};

/// The wait before the station connects with another password or profile: the CSMS has its answer to read first.
#[cfg(feature = "security")]
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

/// A charging station.
///
/// Facts go in by [`handle`](Self::handle), orders come out of [`poll_action`](Self::poll_action), and
/// [`poll_timeout`](Self::poll_timeout) says when to call again at the latest. See the crate's page for the loop.
#[derive(Debug)]
pub struct Station {
    shared: Shared,
    site: Site,
    face: Face,
    deadline: Option<(Instant, Timer)>,
}

impl Station {
    /// A station that boots now, from what its store held: nothing for a new one. The instant of boot is zero.
    ///
    /// The seed must differ between stations and boots; the host takes it from entropy.
    ///
    /// # Errors
    /// When the configuration contradicts itself, or names what is not there: a version that is not built in, a setting.
    pub fn new(mut config: StationConfig, seed: u64, image: &Image) -> Result<Self, MisuseError> {
        config.check()?;
        let (face, policy) = Face::check(&config)?;
        let address = Address::of(&mut config, &policy.identity)?;
        let settings = Settings::new(&config)?;
        let mut shared = Shared::restore(config, address, seed, image);
        let site = Site::restore(settings, policy, &mut shared, image);
        let mut station = Station { shared, site, face, deadline: None };
        station.settle();
        Ok(station)
    }

    /// Whether this version is built in.
    pub fn speaks(version: Dialect) -> bool {
        Face::of(version).is_some()
    }

    /// Takes a fact in, at `now`. A `now` before one already seen counts as that one.
    ///
    /// # Errors
    /// When the caller made a mistake; then nothing was changed.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), MisuseError> {
        let now = self.shared.now.max(now);
        self.check(now, &input)?;
        self.shared.now = now;
        // Main loops tick all the time, and mostly nothing is due.
        if input == Input::Tick && self.deadline.is_none_or(|(at, _)| self.shared.now < at) {
            return Ok(());
        }
        self.shared.has_booted = true;
        self.pass_time();
        self.take(input);
        self.settle();
        Ok(())
    }

    /// The next order or event. Orders to one place are to be carried out in this order.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.shared.poll_action()
    }

    /// The value of a setting: after `Event::Configured`, what it was changed to. Any family's name will do, in any letter case:
    /// the configuration key of 1.6, or `Component.Variable[Instance]` of 2.x.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.site.setting(key)
    }

    /// When [`Input::Tick`] is due, if nothing else comes.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline.map(|(at, _)| at)
    }

    /// What waits for the deadline of [`poll_timeout`](Self::poll_timeout): to see why a station wakes up.
    pub fn next_timer(&self) -> Option<Timer> {
        self.deadline.map(|(_, timer)| timer)
    }

    /// Finds the caller's mistakes before anything changes.
    fn check(&self, now: Instant, input: &Input<'_>) -> Result<(), MisuseError> {
        let check_evse = |evse: EvseId| {
            let exists = (1..=self.shared.config.evse_count()).contains(&evse.0);
            if exists { Ok(()) } else { Err(MisuseError::UnknownEvse(evse)) }
        };
        let check_connector = |evse: EvseId, connector: ConnectorId| {
            check_evse(evse)?;
            let exists = (1..=self.shared.config.connectors_of(evse)).contains(&connector.0);
            if exists { Ok(()) } else { Err(MisuseError::UnknownConnector(evse, connector)) }
        };
        match input {
            Input::Evse(evse, EvseInput::Connector(connector, _)) => check_connector(*evse, *connector),
            Input::Evse(evse, _) | Input::Token { evse: Some(evse), .. } | Input::Contract { evse, .. } => {
                check_evse(*evse)
            }
            Input::Command(Command::EvCertificate { evse, .. }) => check_evse(*evse),
            Input::TokenAt { evses, .. } => evses.iter().try_for_each(|evse| check_evse(*evse)),
            Input::SiteLimit { evse, .. } => evse.map_or(Ok(()), check_evse),
            Input::Command(Command::ChangeAvailability { .. }) if self.shared.is_store_stuck() => {
                Err(MisuseError::Refused(Refusal::StoreStuck))
            }
            Input::Command(Command::ChangeAvailability { evse: Some(evse), connector: Some(connector), .. }) => {
                check_connector(*evse, *connector)
            }
            Input::Command(Command::ChangeAvailability { evse, .. }) => evse.map_or(Ok(()), check_evse),
            Input::Command(Command::Stop { evse, .. }) => {
                check_evse(*evse)?;
                let is_running = self.site.runs_transaction(*evse);
                if is_running { Ok(()) } else { Err(MisuseError::Refused(Refusal::NoTransaction)) }
            }
            Input::Answer(id, answer) => match self.shared.questions.about(now, *id) {
                Some(about) => self.face.check_answer(about, answer),
                None => Err(MisuseError::UnknownQuestion(id.0)),
            },
            Input::Command(Command::Configure { .. }) if self.shared.is_store_stuck() => {
                Err(MisuseError::Refused(Refusal::StoreStuck))
            }
            Input::Command(Command::Configure { key, value }) => self.site.settings.check(key, value).map(|_| ()),
            Input::Command(Command::DataTransfer { vendor_id, message_id, .. }) => {
                self.site.check_transfer(&self.shared, vendor_id, message_id.as_deref())
            }
            Input::Command(Command::SecurityEvent { kind, .. }) => check_security_event(kind),
            Input::Command(Command::SignCertificate { usage } | Command::CertificateExpires { usage, .. }) => {
                let has_one = self.site.has_certificate(*usage);
                if has_one { Ok(()) } else { Err(MisuseError::Refused(Refusal::NoSuchCertificate)) }
            }
            Input::Command(Command::Call { payload, .. }) => self.site.calls.check(&self.shared, payload),
            Input::Command(Command::WatchCertificates(certificates)) if certificates.len() > MAX_WATCHED => {
                Err(MisuseError::Refused(Refusal::TooManyCertificates))
            }
            Input::Stored(ticket) | Input::StoreFailed(ticket) if !self.shared.store.was_handed(*ticket) => {
                Err(MisuseError::UnknownTicket(*ticket))
            }
            Input::Link(_)
            | Input::Stored(_)
            | Input::StoreFailed(_)
            | Input::Wall(_)
            | Input::Certificates(_)
            | Input::Fault(_)
            | Input::FaultEnded(_)
            | Input::Token { evse: None, .. }
            | Input::Job(..)
            | Input::Command(
                Command::WatchCertificates(_)
                | Command::ValidateToken { .. }
                | Command::Reconnect
                | Command::Disconnect,
            )
            | Input::Tick => Ok(()),
        }
    }

    fn pass_time(&mut self) {
        let now = self.shared.now;
        self.shared.store.tick(now);
        self.shared.rpc.handle_timeout(now);
        for about in self.shared.questions.expire(now) {
            self.face.on_answered(&mut self.site, &mut self.shared, about, None);
        }
    }

    fn take(&mut self, input: Input<'_>) {
        let shared = &mut self.shared;
        match input {
            Input::Link(LinkInput::Opened { .. }) if shared.link.is_held() => {
                shared.act(Action::Link(LinkAction::Close))
            }
            Input::Link(LinkInput::Opened { subprotocol }) => self.open(subprotocol),
            // Of a connection that the station has let go of.
            Input::Link(LinkInput::Frame(_) | LinkInput::Pong) if !shared.link.is_up() => {}
            Input::Link(LinkInput::Frame(bytes)) => {
                shared.link.heard(shared.now);
                self.face.on_frame(&mut self.site, shared, &bytes);
            }
            Input::Link(LinkInput::Pong) => shared.link.heard(shared.now),
            Input::Link(LinkInput::Closed) => self.lose_link(None),
            Input::Link(LinkInput::Refused(refusal)) => self.lose_link(Some(refusal)),
            Input::Stored(ticket) => {
                shared.store.stored(ticket);
                shared.release_gated();
            }
            Input::StoreFailed(ticket) => {
                if let Some(wait) = shared.store.failed(shared.now, ticket) {
                    let retry_at = shared.now + wait;
                    shared.event(Event::StoreTrouble { ticket, retry_at });
                }
            }
            Input::Wall(wall) => shared.on_wall(wall),
            Input::Certificates(installed) => shared.config.network.certificates = installed,
            Input::Fault(Some(fault)) => shared.faults.report(fault),
            Input::Fault(None) => shared.faults.clear(),
            Input::FaultEnded(code) => shared.faults.end(code),
            Input::Evse(evse, fact) => self.site.on_fact(shared, evse, fact),
            Input::Token { evse, token } => self.site.on_token(shared, evse, Vec::new(), token),
            Input::TokenAt { evses, token } => match evses.as_slice() {
                [only] => self.site.on_token(shared, Some(*only), Vec::new(), token),
                _ => self.site.on_token(shared, None, evses, token),
            },
            Input::Job(id, word) => self.site.on_job(shared, id, &word),
            Input::Answer(id, answer) => {
                if let Some(about) = shared.questions.close(id) {
                    self.face.on_answered(&mut self.site, shared, about, Some(answer));
                }
            }
            Input::Command(Command::Stop { evse, reason, trigger }) => self.site.stop(evse, reason, trigger),
            Input::Command(Command::ValidateToken { token }) => self.site.validate(shared, token),
            Input::Command(Command::Configure { key, value }) => self.site.settings.configure(shared, &key, &value),
            Input::Command(Command::DataTransfer { vendor_id, message_id, data }) => {
                self.site.transfer(&vendor_id, message_id.as_deref(), data.as_deref());
            }
            Input::Command(Command::SecurityEvent { kind, info, is_critical, at }) => {
                shared.raise_as(kind, info.as_deref(), is_critical, at);
            }
            #[cfg(feature = "plug_and_charge")]
            Input::Contract { evse, contract } => self.site.on_contract(shared, evse, contract),
            #[cfg(not(feature = "plug_and_charge"))]
            Input::Contract { evse, .. } => {
                shared.event(Event::TokenRefused { evse: Some(evse), reason: TokenRefusal::Disabled });
            }
            #[cfg(feature = "plug_and_charge")]
            Input::Command(Command::EvCertificate { evse, action, schema_version, exi }) => {
                self.site.plug_and_charge.on_vehicle_request(evse, action, schema_version, exi);
            }
            #[cfg(not(feature = "plug_and_charge"))]
            Input::Command(Command::EvCertificate { evse, .. }) => {
                shared.event(Event::EvCertificate { evse, exi: None });
            }
            #[cfg(feature = "plug_and_charge")]
            Input::Command(Command::WatchCertificates(certificates)) => {
                self.site.plug_and_charge.watch(shared, certificates);
            }
            #[cfg(not(feature = "plug_and_charge"))]
            Input::Command(Command::WatchCertificates(_)) => {}
            #[cfg(feature = "plug_and_charge")]
            Input::Command(Command::SignCertificate { usage: CertificateUse::V2g }) => {
                self.site.plug_and_charge.renew(shared, &self.site.settings);
            }
            #[cfg(feature = "plug_and_charge")]
            Input::Command(Command::CertificateExpires { usage: CertificateUse::V2g, at }) => {
                self.site.plug_and_charge.certificate_expires(at);
            }
            #[cfg(feature = "security")]
            Input::Command(Command::SignCertificate { .. }) => {
                let (certificates, mut desk) = self.site.certificates(shared);
                certificates.renew(&mut desk);
            }
            #[cfg(feature = "security")]
            Input::Command(Command::CertificateExpires { at, .. }) => self.site.certificates.expires_at(at),
            #[cfg(not(feature = "security"))]
            Input::Command(Command::SignCertificate { .. } | Command::CertificateExpires { .. }) => {}
            Input::Command(Command::Call { action, payload }) => self.site.calls.push(action, payload),
            Input::SiteLimit { evse, limit } => self.site.smart_charging.set_site_limit(evse, limit),
            Input::Command(Command::ChangeAvailability { evse, connector, is_operative }) => {
                let _ = self.site.on_change_availability(shared, evse, connector, is_operative);
            }
            Input::Command(Command::Disconnect) => {
                shared.link.hold(true);
                self.close_link();
            }
            Input::Command(Command::Reconnect) => {
                shared.link.hold(false);
                self.close_link();
                self.shared.link.reconnect(self.shared.now);
            }
            Input::Tick => {}
        }
    }

    fn open(&mut self, subprotocol: SmallString) {
        let shared = &mut self.shared;
        match handshake::agreed(Some(&subprotocol), &shared.config.network.versions) {
            Ok(dialect) => {
                shared.link.opened(shared.now);
                shared.on_connected();
                shared.rpc.opened(shared.now, dialect);
                self.face.on_link_lost(&mut self.site, shared);
                if !self.face.speaks(dialect)
                    && let Some(face) = Face::of(dialect)
                {
                    // Calls on a connection that this one replaces were of the face before.
                    self.end_calls();
                    let shared = &mut self.shared;
                    self.site.adopt(shared, face.policy());
                    self.face = face;
                }
                self.face.begin(&mut self.site, &mut self.shared);
                self.shared.event(Event::Connected { subprotocol });
            }
            Err(_) => {
                shared.event(Event::SubprotocolRefused { subprotocol });
                shared.act(Action::Link(LinkAction::Close));
                self.lose_link(None);
            }
        }
    }

    /// The host says that there is no connection. Said twice, it is said once.
    fn lose_link(&mut self, refusal: Option<ConnectRefusal>) {
        if self.shared.link.is_down() {
            return;
        }
        if self.shared.link.is_connecting() {
            self.site.on_connect_failed(&mut self.shared, refusal);
        }
        let retry_at = self.shared.link.closed(self.shared.now, &self.site.backoff());
        self.shared.rpc.closed(self.shared.now);
        self.shared.event(Event::Disconnected { retry_at });
        self.face.on_link_lost(&mut self.site, &mut self.shared);
    }

    fn close_link(&mut self) {
        self.shared.act(Action::Link(LinkAction::Close));
        self.lose_link(None);
    }

    /// Lets everything that can happen now happen, and finds the next deadline.
    fn settle(&mut self) {
        self.advance();
        #[cfg(feature = "security")]
        if !self.shared.owes_answers()
            && self.shared.reconnect_after.take_if(|ticket| self.shared.store.is_durable(*ticket)).is_some()
        {
            self.close_link();
            self.shared.link.reconnect(self.shared.now + RECONNECT_WAIT);
            self.advance();
        }
        while let Some((ticket, op)) = self.shared.store.poll() {
            self.shared.act(Action::Store { ticket, op });
        }
        if let Some(kind) = self.shared.reboot.take() {
            self.shared.act(Action::Reboot(kind));
        }
        self.deadline = self.next_deadline();
    }

    /// Lets the site react, and sends what came of it.
    fn advance(&mut self) {
        self.run_link();
        self.end_calls();
        self.face.run(&mut self.site, &mut self.shared);
        while let Some(transmit) = self.shared.rpc.poll_transmit() {
            self.shared.act(Action::Link(LinkAction::Send(transmit.text.into_bytes())));
        }
    }

    /// Tells the face which of its calls ended without an answer.
    fn end_calls(&mut self) {
        while let Some(event) = self.shared.rpc.poll_event() {
            if let RpcEvent::CallEnded { call, end } = event {
                if end == CallEnd::TimedOut {
                    self.shared.link.call_timed_out();
                }
                self.face.on_call_ended(&mut self.site, &mut self.shared, call, end);
                // It may have been one too many, which ends further calls.
                self.run_link();
            }
        }
    }

    fn run_link(&mut self) {
        let liveness = self.site.liveness();
        while let Some(due) = self.shared.link.due(self.shared.now, &liveness) {
            match due {
                LinkDue::Connect => {
                    let request = self.shared.connect_request();
                    self.shared.link.target = Some((request.url.clone(), request.security_profile));
                    self.shared.act(Action::Link(LinkAction::Connect(request)));
                }
                LinkDue::Ping => self.shared.act(Action::Link(LinkAction::Ping)),
                LinkDue::GiveUp => self.close_link(),
            }
        }
    }

    fn next_deadline(&self) -> Option<(Instant, Timer)> {
        let shared = &self.shared;
        let mut next = NextDeadline::after(shared.now);
        next.add(Timer::Store, shared.store.deadline());
        next.add(Timer::Call, shared.rpc.poll_timeout());
        next.add(Timer::Link, shared.link.deadline(&self.site.liveness()));
        next.add(Timer::Question, shared.questions.deadline());
        self.site.add_deadlines(shared, &mut next);
        self.face.add_deadlines(shared, &mut next);
        next.get()
    }
}

fn check_security_event(kind: &SecurityEventKind) -> Result<(), MisuseError> {
    match kind {
        _ if cfg!(not(feature = "security")) => Err(MisuseError::Refused(Refusal::NotBuiltIn)),
        SecurityEventKind::Other(name) if !(1..=50).contains(&name.chars().count()) => {
            Err(MisuseError::Refused(Refusal::UnfitName))
        }
        _ => Ok(()),
    }
}
