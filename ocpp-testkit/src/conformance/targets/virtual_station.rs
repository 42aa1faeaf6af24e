//! Our station machine in virtual time, with simulated hardware and a store that lags.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_core::station::{
    Action, Answer, Bay, ConnectRefusal, ConnectRequest, Customer, EvseId, Fault, FaultCode, IdToken, Input,
    InstalledCertificates, LinkAction, LinkInput, Question, Secret, StationConfig, Vehicle,
};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;

use super::virtual_time::{self, VirtualTime};
use crate::clock::WallClock;
use crate::conformance::target::{Happening, Manual, Target, Trouble};
use crate::conformance::{SignedFirmware, Values};
use crate::hardware::Hardware;
use crate::jobs;
use crate::pair::StationEnd;
use crate::seed::Seed;
use crate::store::{StoreHabits, StoreReply};

/// From a connection attempt to its end.
const CONNECT_TIME: Duration = Duration::from_millis(50);
/// From the loss of the power to its return, and from an ordered restart to the next boot.
const OUTAGE: Duration = Duration::from_secs(10);
/// An AuthorizationKey of 16 bytes.
const PASSWORD: &str = "conformance: key";
/// More actions than any input can ask for.
const MAX_ACTIONS: usize = 10_000;

/// A station of ours.
pub struct VirtualStation {
    end: StationEnd,
    now: Instant,
    wall: WallClock,
    is_network_up: bool,
    is_connected: bool,
    subprotocol: &'static str,
    /// Why the next connection is refused.
    refusal: Option<ConnectRefusal>,
    /// How endpoints begin that cannot be reached.
    blocked: Option<String>,
    /// How the last connection was ordered.
    request: Option<ConnectRequest>,
    /// When the connection attempt ends that is under way.
    attempt: Option<Instant>,
    power_back: Option<Instant>,
    /// Of whom its host keeps something.
    customer: Option<String>,
    happenings: VecDeque<Happening>,
}

/// What is due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    PowerBack,
    Attempt,
    Store,
    Hardware,
    Tick,
}

impl VirtualStation {
    /// A folder on a file server that its host reaches: for [`Values::files`].
    pub const FILES: &str = "ftp://files.example/conformance";

    /// The values that its simulated host is made for: files, certificates and firmware that it takes.
    #[must_use]
    pub fn with_host(values: Values) -> Values {
        Values {
            files: Some(Self::FILES.to_owned()),
            customer: Some("CONF-CUSTOMER".to_owned()),
            root_certificate: Some(jobs::certificate("root")),
            station_certificate: Some(jobs::certificate("station")),
            firmware: Some(SignedFirmware {
                location: format!("{}/firmware", Self::FILES),
                certificate: jobs::certificate("signer"),
                signature: "c2lnbmF0dXJl".to_owned(),
            }),
            ..values
        }
    }

    /// A station under power that speaks 1.6, with two connectors; its plugs are locked unless the run's cables are fixed. It has what every
    /// security profile needs.
    ///
    /// # Errors
    /// When the machine cannot be made.
    pub fn new(values: &Values) -> Result<Self, Trouble> {
        Self::speaking(Dialect::V1_6, values)
    }

    /// The same station, which speaks this version.
    ///
    /// # Errors
    /// When the machine cannot be made.
    pub fn speaking(dialect: Dialect, values: &Values) -> Result<Self, Trouble> {
        Self::with_settings(dialect, &[], values)
    }

    /// The same, with these settings of its maker.
    ///
    /// # Errors
    /// When the machine cannot be made.
    pub fn with_settings(dialect: Dialect, settings: &[(&str, &str)], values: &Values) -> Result<Self, Trouble> {
        let mut config = StationConfig::new("ws://csms.example/ocpp", &values.station, "Testkit", "Virtual")
            .with_evses(2)
            .with_setting("SecurityProfile", &values.security_profile.to_string());
        if dialect != Dialect::V1_6 {
            // Part 6 TC_B_53: a list tells what it may hold.
            config = config.with_setting("OCPPCommCtrlr.FileTransferProtocols", "FTP");
        }
        config = settings.iter().fold(config, |config, (name, value)| config.with_setting(name, value));
        config.network.versions = vec![dialect];
        config.network.password = Some(Secret(PASSWORD.into()));
        config.network.certificates = InstalledCertificates::new(true, true);
        config.hardware.has_fixed_cables = values.fixed_cable;
        config.hardware.resets_evses = values.resets_evses;
        config.hardware.detects_bay = values.detects_bay;
        config.hardware.signs_readings = values.signs_readings;
        config.policy.asks_about_customers = values.customer.is_some();
        Self::with_config(config, values)
    }

    /// A station under power with this configuration.
    ///
    /// # Errors
    /// When the machine cannot be made.
    pub fn with_config(config: StationConfig, values: &Values) -> Result<Self, Trouble> {
        let subprotocol = config.network.versions.first().copied().unwrap_or(Dialect::V1_6).subprotocol();
        let hardware = Hardware::new(1_000_000, 7_200);
        let hardware = if values.fixed_cable { hardware } else { hardware.with_lock() };
        let hardware = if values.detects_bay { hardware.with_bay_detector() } else { hardware };
        let hardware = if values.signs_readings { hardware.with_signatures() } else { hardware };
        let evses = (1..).take(config.hardware.evses.len()).map(|n| (EvseId(n), hardware.clone())).collect();
        // 2026-01-01T12:00:00Z
        let wall = DateTime::from_timestamp(1_767_268_800, 0).map_or(WallClock::UNSET, WallClock::starting_at);
        let end = StationEnd::new(config, evses, WallClock::UNSET, StoreHabits::default(), Seed(1));
        let mut station = VirtualStation {
            end,
            now: Instant::ZERO,
            wall,
            is_network_up: false,
            is_connected: false,
            subprotocol,
            refusal: None,
            blocked: None,
            request: None,
            attempt: None,
            power_back: Some(Instant::ZERO),
            customer: values.customer.clone(),
            happenings: VecDeque::new(),
        };
        station.happen(Due::PowerBack)?;
        Ok(station)
    }

    fn tell(&mut self, input: Input<'_>) -> Result<(), Trouble> {
        self.end.handle(self.now, input).map_err(lost)?;
        self.drain()
    }

    /// Carries out what the machine orders, and tells what hardware and host say to it.
    fn drain(&mut self) -> Result<(), Trouble> {
        for _ in 0..MAX_ACTIONS {
            if let Some(action) = self.end.poll_action() {
                self.carry_out(action)?;
                continue;
            }
            let now = self.now;
            let mut all = self.end.hardware.iter_mut();
            let fact = all.find_map(|(evse, hardware)| hardware.poll_fact(now).map(|fact| Input::Evse(*evse, fact)));
            let update = || self.end.jobs.poll_update(now).map(|(id, update)| Input::Job(id, update));
            match fact.or_else(update) {
                Some(input) => self.end.handle(now, input).map_err(lost)?,
                None => return Ok(()),
            }
        }
        Err(Trouble::Lost("the machine gives actions without end".to_owned()))
    }

    fn carry_out(&mut self, action: Action) -> Result<(), Trouble> {
        match action {
            Action::Link(LinkAction::Connect(request)) => {
                self.disconnect();
                self.request = Some(request);
                self.attempt = Some(self.now + CONNECT_TIME);
            }
            Action::Link(LinkAction::Send(bytes)) => {
                let text = String::from_utf8(bytes).map_err(lost)?;
                if self.is_connected {
                    self.happenings.push_back(Happening::Frame(text));
                }
            }
            Action::Link(LinkAction::Ping) => {
                if self.is_connected {
                    self.end.handle(self.now, Input::Link(LinkInput::Pong)).map_err(lost)?;
                }
            }
            Action::Link(LinkAction::Close) => self.disconnect(),
            Action::Store { ticket, op } => self.end.store_op(self.now, ticket, op).map_err(lost)?,
            Action::Evse(evse, order) => {
                let now = self.now;
                if let Some(hardware) = self.end.hardware.get_mut(&evse) {
                    hardware.order(now, &order);
                }
            }
            Action::Job(id, job) => self.end.jobs.order(self.now, id, &job),
            Action::SetClock(wall) => self.end.clock.set(self.now, wall),
            Action::Reboot(_) => self.cut_power(),
            Action::Ask { id, question: Question::CustomerInformation { customer, is_clear, .. }, .. } => {
                let data = self.tell_of(&customer, is_clear);
                let answer = Answer::CustomerInformation { data };
                self.end.handle(self.now, Input::Answer(id, answer)).map_err(lost)?;
            }
            // Other questions are left to their default; events are no messages.
            Action::Ask { .. } | Action::Event(_) | Action::Display(_) => {}
        }
        Ok(())
    }

    /// What the host keeps of a customer.
    fn tell_of(&mut self, customer: &Customer, is_clear: bool) -> Option<String> {
        let Customer::Identifier(identifier) = customer else { return None };
        let known = self.customer.clone().filter(|known| known.as_str() == identifier.as_str())?;
        if is_clear {
            self.customer = None;
        }
        Some(format!("{known}, who likes it bright"))
    }

    fn disconnect(&mut self) {
        self.attempt = None;
        if std::mem::take(&mut self.is_connected) {
            self.happenings.push_back(Happening::Closed);
        }
    }

    fn cut_power(&mut self) {
        self.disconnect();
        self.end.power_cut(self.now, 0);
        self.power_back = Some(self.now + OUTAGE);
    }

    fn hardware(&mut self, connector: u16, act: impl FnOnce(&mut Hardware, Instant)) -> Result<(), Trouble> {
        let now = self.now;
        let hardware = self.end.hardware.get_mut(&EvseId(connector));
        act(hardware.ok_or_else(|| Trouble::Undone(format!("no connector {connector}")))?, now);
        self.drain()
    }
}

impl VirtualTime for VirtualStation {
    type Due = Due;

    fn state(&mut self) -> (&mut Instant, &mut VecDeque<Happening>) {
        (&mut self.now, &mut self.happenings)
    }

    fn next_due(&self) -> Option<(Instant, Due)> {
        let due = |at: Option<Instant>, due| at.map(|at| (at, due));
        let all = [
            due(self.power_back, Due::PowerBack),
            due(self.attempt, Due::Attempt),
            due(self.end.store().poll_timeout(), Due::Store),
            due(self.end.hardware_timeout(), Due::Hardware),
            due(self.end.tick_at(), Due::Tick),
        ];
        all.into_iter().flatten().min()
    }

    fn happen(&mut self, due: Due) -> Result<(), Trouble> {
        match due {
            Due::PowerBack => {
                self.power_back = None;
                self.end.power_on(self.now).map_err(lost)?;
                self.drain()
            }
            Due::Attempt => {
                self.attempt = None;
                if let Some(why) = self.refusal.take_if(|_| self.is_network_up) {
                    return self.tell(Input::Link(LinkInput::Refused(why)));
                }
                let url = self.request.as_ref().map_or("", |request| &request.url);
                let is_blocked = self.blocked.as_deref().is_some_and(|blocked| url.starts_with(blocked));
                self.is_connected = self.is_network_up && !is_blocked;
                if !self.is_connected {
                    return self.tell(Input::Link(LinkInput::Closed));
                }
                self.happenings.push_back(Happening::Opened);
                self.tell(Input::Link(LinkInput::Opened { subprotocol: self.subprotocol.into() }))
            }
            Due::Store => match self.end.poll_store(self.now) {
                Some(StoreReply::Stored(ticket)) => self.tell(Input::Stored(ticket)),
                Some(StoreReply::Failed(ticket)) => self.tell(Input::StoreFailed(ticket)),
                None => Ok(()),
            },
            Due::Hardware => self.drain(),
            Due::Tick => self.tell(Input::Tick),
        }
    }
}

impl Target for VirtualStation {
    fn now(&self) -> Instant {
        self.now
    }

    fn wall(&self) -> DateTime<Utc> {
        self.wall.read(self.now).unwrap_or_default()
    }

    fn next(&mut self, until: Instant) -> Result<Option<Happening>, Trouble> {
        virtual_time::next(self, until)
    }

    fn send(&mut self, text: &str) -> Result<(), Trouble> {
        if !self.is_connected {
            return Err(Trouble::NotConnected);
        }
        self.tell(Input::Link(LinkInput::Frame(text.as_bytes().into())))
    }

    fn set_network(&mut self, up: bool) -> Result<(), Trouble> {
        self.is_network_up = up;
        if !up && self.is_connected {
            self.disconnect();
            self.tell(Input::Link(LinkInput::Closed))?;
        }
        Ok(())
    }

    fn perform(&mut self, step: &Manual) -> Result<(), Trouble> {
        match step {
            Manual::Plug(connector) => self.hardware(*connector, Hardware::plug),
            Manual::Unplug(connector) => self.hardware(*connector, Hardware::unplug),
            Manual::Vehicle(connector, wants) => self.hardware(*connector, |hardware, now| {
                hardware.set_vehicle(now, if *wants { Vehicle::Ready } else { Vehicle::Paused });
            }),
            Manual::Bay(connector, is_occupied) => self.hardware(*connector, |hardware, now| {
                hardware.set_bay(now, if *is_occupied { Bay::Occupied } else { Bay::Free });
            }),
            Manual::UnplugVehicle(connector) => self.hardware(*connector, Hardware::unplug_vehicle),
            Manual::Token { connector, id } => {
                self.tell(Input::Token { evse: connector.map(EvseId), token: IdToken::new(id) })
            }
            Manual::Fault(0, code) => self.tell(Input::Fault(Some(fault(*code)))),
            Manual::Fault(connector, code) => {
                self.hardware(*connector, |hardware, now| hardware.set_fault(now, Some(fault(*code))))
            }
            Manual::FaultCleared(0) => self.tell(Input::Fault(None)),
            Manual::FaultCleared(connector) => self.hardware(*connector, |hardware, now| hardware.set_fault(now, None)),
            Manual::LockStuck(connector, stuck) => {
                self.hardware(*connector, |hardware, now| hardware.set_lock_stuck(now, *stuck))
            }
            Manual::PowerCycle => {
                self.cut_power();
                Ok(())
            }
            Manual::Order { .. } => Err(Trouble::Undone("a station takes no orders of an operator".to_owned())),
        }
    }

    fn refuse_once(&mut self, why: ConnectRefusal) -> bool {
        self.refusal = Some(why);
        true
    }

    fn block(&mut self, endpoint: Option<&str>) -> bool {
        self.blocked = endpoint.map(str::to_owned);
        true
    }

    fn connect_request(&self) -> Option<&ConnectRequest> {
        self.request.as_ref()
    }

    fn is_fresh(&self) -> bool {
        true
    }
}

fn fault(code: FaultCode) -> Fault {
    Fault { code, is_blocking: true, info: None, vendor_error_code: None, vendor_id: None }
}

fn lost(error: impl std::fmt::Display) -> Trouble {
    Trouble::Lost(error.to_string())
}
