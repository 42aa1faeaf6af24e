//! What comes out of the network, and what the world does.

use ocpp_core::MisuseError;
use ocpp_core::csms::{self, Command};
use ocpp_core::station::{self as st, ConnectRefusal, ConnectRequest, EvseId};
use ocpp_rpc::Dialect;

use super::{Interception, Pair, Step, text};
use crate::checks::wire::Frame;
use crate::checks::{Failure, Violation};
use crate::hardware::Hardware;
use crate::link::{Arrival, End};
use crate::trace::{Actor, INTERCEPTED};

impl Pair {
    pub(super) fn arrive(&mut self, end: End, arrival: Arrival) -> Result<(), Failure> {
        match (end, arrival) {
            (_, Arrival::Handshake(request)) => self.handshake(&request),
            (_, Arrival::Opened(subprotocol)) => {
                self.note(Actor::Link, || format!("is open with {subprotocol}"));
                self.tell_station(st::Input::Link(st::LinkInput::Opened { subprotocol: subprotocol.into() }))
            }
            (End::Station, Arrival::Frame(bytes)) => {
                let frame = self.wire.arrived(self.now, End::Station, &bytes);
                // Once an operation failed, others may wait that the store was not given yet.
                let store = self.station.store();
                let given = (!store.has_failed()).then(|| store.durable().len() + store.volatile());
                if let (Some(frame), Some(journal)) = (frame, &mut self.journal) {
                    journal.arrived(&frame, given);
                }
                self.tell_station(st::Input::Link(st::LinkInput::Frame(bytes.as_slice().into())))?;
                self.repeat_stop(&bytes)
            }
            (End::Csms, Arrival::Frame(bytes)) => self.arrive_at_csms(&bytes),
            (End::Station, Arrival::Pong) => self.tell_station(st::Input::Link(st::LinkInput::Pong)),
            (End::Csms, Arrival::Pong) => self.tell_csms(csms::Input::Link(csms::LinkInput::Pong)),
            (End::Station, Arrival::Closed) => {
                self.note(Actor::Link, || "is closed for the station".to_owned());
                self.forget_connection(End::Station);
                self.tell_station(st::Input::Link(st::LinkInput::Closed))
            }
            (_, Arrival::Refused) => {
                self.note(Actor::Link, || "refuses the station's password".to_owned());
                self.forget_connection(End::Station);
                self.tell_station(st::Input::Link(st::LinkInput::Refused(ConnectRefusal::Credentials)))
            }
            (End::Csms, Arrival::Closed) => {
                self.note(Actor::Link, || "is closed for the csms".to_owned());
                self.forget_connection(End::Csms);
                self.tell_csms(csms::Input::Link(csms::LinkInput::Closed))
            }
        }
    }

    /// The server takes the first subprotocol that it knows; one that is down takes nothing.
    fn handshake(&mut self, request: &ConnectRequest) -> Result<(), Failure> {
        let Some(dialect) = self.csms.choose(request) else {
            self.note(Actor::Link, || "refuses the station".to_owned());
            self.link.refuse(self.now);
            return Ok(());
        };
        if !self.csms.admits(request) {
            self.link.refuse_password(self.now);
            return Ok(());
        }
        self.link.accept(self.now, dialect.subprotocol());
        self.wire.closed(End::Csms);
        self.record_connected(dialect.subprotocol());
        self.open_at_csms(dialect)
    }

    fn open_at_csms(&mut self, version: Dialect) -> Result<(), Failure> {
        self.csms.spoken = version;
        self.tell_csms(csms::Input::Link(csms::LinkInput::Opened { dialect: version }))
    }

    /// Somebody else, with the station's identity: the server takes the newest connection.
    fn take_over(&mut self) -> Result<(), Failure> {
        if !self.csms.is_up() {
            return Ok(());
        }
        self.link.take_over(self.now);
        self.wire.closed(End::Csms);
        let version = self.csms.spoken;
        self.record_connected(version.subprotocol());
        self.open_at_csms(version)?;
        self.arrive_at_csms(br#"[2,"somebody else","Heartbeat",{}]"#)
    }

    fn arrive_at_csms(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let connection = self.link.connection(End::Csms);
        if let Some(attempt) = self.attempts.iter_mut().rfind(|attempt| Some(attempt.connection) == connection) {
            attempt.was_heard = true;
        }
        let frame = self.wire.arrived(self.now, End::Csms, bytes);
        if let Some(Frame::Call { action, payload, .. }) = &frame
            && action == "SecurityEventNotification"
        {
            self.security_events.push(payload.to_string());
        }
        let Some((id, interception)) = frame.and_then(|frame| self.intercepted(frame)) else {
            return self.tell_csms(csms::Input::Link(csms::LinkInput::Frame(bytes.into())));
        };
        let answer = match interception {
            Interception::Error(code) => format!(r#"[4,"{id}","{code}","",{{}}]"#),
            Interception::Payload(payload) => format!(r#"[3,"{id}",{payload}]"#),
            Interception::Silence => {
                self.note(Actor::World, || "swallows the call".to_owned());
                return Ok(());
            }
        };
        self.note(Actor::World, || format!("{INTERCEPTED}{answer}"));
        self.link.send(self.now, End::Csms, answer.into_bytes());
        Ok(())
    }

    fn intercepted(&mut self, frame: Frame) -> Option<(String, Interception)> {
        let Frame::Call { id, action, .. } = frame else { return None };
        let index = self.interceptions.iter().position(|(intercepted, _)| *intercepted == action)?;
        self.interceptions.remove(index).map(|(_, interception)| (id, interception))
    }

    pub(super) fn perform(&mut self, step: Step) -> Result<(), Failure> {
        self.note(Actor::World, || text::step(&step));
        self.count(&step);
        let now = self.now;
        match step {
            Step::Plug(evse) => self.touch(evse, |hardware| hardware.plug(now)),
            Step::Unplug(evse) => self.touch(evse, |hardware| hardware.unplug(now)),
            Step::Vehicle(evse, vehicle) => self.touch(evse, |hardware| hardware.set_vehicle(now, vehicle)),
            Step::Fault(evse, fault) => self.touch(evse, |hardware| hardware.set_fault(now, fault)),
            Step::MeterAnswers(evse, answers) => self.touch(evse, |hardware| hardware.set_meter_answers(answers)),
            Step::Token(evse, token) => {
                if let Some(promises) = &mut self.promises {
                    promises.presented(&token);
                }
                return self.tell_station(st::Input::Token { evse, token });
            }
            Step::Station(command) => {
                return match self.station.handle(now, st::Input::Command(command)) {
                    // An application may want what has become impossible since.
                    Ok(()) | Err(MisuseError::Refused(_)) => Ok(()),
                    Err(misuse) => Err(self.fail(Violation::Misuse(End::Station, misuse))),
                };
            }
            Step::Csms(command) => return self.command(command),
            Step::RemoteStopRunning => {
                let running: Vec<_> = self.csms.bill().running().map(|row| row.transaction.clone()).collect();
                for transaction in running {
                    self.command(Command::RemoteStop { transaction })?;
                }
            }
            Step::Cut { keep_up, keep_down } => {
                let (up, down) = self.link.cut(now, keep_up, keep_down);
                self.note(Actor::Link, || format!("loses {up} messages up, {down} down"));
            }
            Step::DieSilently => self.link.die_silently(now),
            Step::Network(network) => self.link.network = network,
            Step::Endpoint(endpoint, network) => drop(self.link.endpoints.insert(endpoint, network)),
            Step::Versions(versions) => self.csms.versions = versions,
            Step::Inject { to, bytes } => {
                self.link.send(now, to.peer(), bytes);
            }
            Step::FailStore(End::Station, count) => self.station.store_mut().fail_next(count),
            Step::FailStore(End::Csms, count) => self.csms.database().fail_next(count),
            Step::PowerCut { end, keep, in_flight_arrives, outage } => {
                self.power_cut(end, keep, in_flight_arrives, outage);
            }
            Step::Intercept(action, interception) => self.intercept(action, interception),
            Step::TakeOver => return self.take_over(),
            Step::StepStationClock(step) => {
                self.station.clock.step(step);
                if let Some(wall) = self.station.clock.read(now) {
                    return self.tell_station(st::Input::Wall(wall));
                }
            }
            Step::StepCsmsClock(step) => {
                self.csms.clock.step(step);
                if let Some(wall) = self.csms.clock.read(now) {
                    return self.tell_csms(csms::Input::Wall(wall));
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, step: &Step) {
        let tally = &mut self.tally;
        match step {
            Step::Plug(_) | Step::Unplug(_) | Step::Token(..) | Step::Vehicle(..) => tally.acts += 1,
            Step::Station(_) | Step::Csms(_) | Step::RemoteStopRunning => tally.acts += 1,
            Step::Fault(_, fault) => tally.faults += u64::from(fault.is_some()),
            Step::MeterAnswers(_, answers) => tally.faults += u64::from(!answers),
            Step::Cut { .. } | Step::DieSilently | Step::TakeOver => tally.cuts += 1,
            Step::Intercept(..) => tally.bad_answers += 1,
            Step::StepStationClock(_) | Step::StepCsmsClock(_) => tally.clock_steps += 1,
            // Counted where they take effect, or no events of their own.
            Step::Versions(_)
            | Step::Network(_)
            | Step::Endpoint(..)
            | Step::Inject { .. }
            | Step::FailStore(..)
            | Step::PowerCut { .. } => {}
        }
    }

    fn touch(&mut self, evse: EvseId, act: impl FnOnce(&mut Hardware)) {
        if let Some(hardware) = self.station.hardware.get_mut(&evse) {
            act(hardware);
        }
    }

    fn command(&mut self, command: Command) -> Result<(), Failure> {
        // A server that is down takes no orders.
        if !self.csms.is_up() {
            return Ok(());
        }
        let id = self.csms.command(self.now, command);
        id.map(|_| ()).map_err(|misuse| self.fail(Violation::Misuse(End::Csms, misuse)))
    }
}
