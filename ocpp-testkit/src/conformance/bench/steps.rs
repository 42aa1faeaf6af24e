//! What people do around the target, and the network.

use std::time::Duration;

use ocpp_core::station::{ConnectRefusal, ConnectRequest, FaultCode};
use serde_json::Value;

use super::{Bench, Call, Edge, trouble};
use crate::conformance::pattern::request;
use crate::conformance::target::Manual;
use crate::conformance::{Step, Stop};

impl<E: Edge> Bench<'_, E> {
    /// A vehicle is connected.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn plug(&mut self, connector: u16) -> Step {
        self.traces.plugged.insert(connector);
        self.perform(Manual::Plug(connector))
    }

    /// The plug is pulled out of the station.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn unplug(&mut self, connector: u16) -> Step {
        self.perform(Manual::Unplug(connector))?;
        self.traces.plugged.remove(&connector);
        Ok(())
    }

    /// A connected vehicle asks for energy, or for none.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn vehicle_wants(&mut self, connector: u16, wants: bool) -> Step {
        self.perform(Manual::Vehicle(connector, wants))
    }

    /// A vehicle drives into the bay.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn drive_in(&mut self, connector: u16) -> Step {
        self.traces.parked.insert(connector);
        self.perform(Manual::Bay(connector, true))
    }

    /// It drives out of it.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn drive_out(&mut self, connector: u16) -> Step {
        self.traces.parked.remove(&connector);
        self.perform(Manual::Bay(connector, false))
    }

    /// The next connection of the station is refused for this reason.
    ///
    /// # Errors
    /// When the target's connections cannot be refused so.
    pub fn refuse_once(&mut self, why: ConnectRefusal) -> Step {
        if self.target.refuse_once(why) {
            return Ok(());
        }
        Err(Stop::NotApplicable(format!("no connection can be refused here for {why:?}")))
    }

    /// Endpoints that begin so cannot be reached from now on; with none, all can.
    ///
    /// # Errors
    /// When the target's endpoints cannot be told apart.
    pub fn block(&mut self, endpoint: Option<&str>) -> Step {
        if self.target.block(endpoint) {
            return Ok(());
        }
        Err(Stop::NotApplicable("endpoints are not told apart here".to_owned()))
    }

    /// The plug is pulled out of the vehicle.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn unplug_vehicle(&mut self, connector: u16) -> Step {
        if self.values.fixed_cable { self.unplug(connector) } else { self.perform(Manual::UnplugVehicle(connector)) }
    }

    /// A token is presented at the reader of a connector.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn present(&mut self, connector: u16, token: &str) -> Step {
        self.perform(Manual::Token { connector: Some(connector), id: token.to_owned() })
    }

    /// A token is presented at the reader of the station.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn present_at_station(&mut self, token: &str) -> Step {
        self.perform(Manual::Token { connector: None, id: token.to_owned() })
    }

    /// A fault appears at a connector, or at the station (0).
    ///
    /// # Errors
    /// When the step is not done.
    pub fn break_down(&mut self, connector: u16, code: FaultCode) -> Step {
        self.traces.broken.insert(connector);
        self.perform(Manual::Fault(connector, code))
    }

    /// The plug's lock sticks.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn hold_lock(&mut self, connector: u16) -> Step {
        self.traces.held_locks.insert(connector);
        self.perform(Manual::LockStuck(connector, true))
    }

    /// The station's power is cut and restored.
    ///
    /// # Errors
    /// When the step is not done.
    pub fn power_cycle(&mut self) -> Step {
        self.perform(Manual::PowerCycle)
    }

    /// The network is gone.
    ///
    /// # Errors
    /// When it cannot be cut.
    pub fn go_offline(&mut self) -> Step {
        self.target.set_network(false).map_err(trouble)?;
        let until = self.now() + self.values.patience;
        while self.is_connected && self.pump(until)? {}
        Ok(())
    }

    /// The network is back, and the station has connected again.
    ///
    /// # Errors
    /// When it does not.
    pub fn go_online(&mut self) -> Step {
        self.target.set_network(true).map_err(trouble)?;
        self.wait_connected()
    }

    /// Waits until the target is connected.
    ///
    /// # Errors
    /// When it never is.
    pub fn wait_connected(&mut self) -> Step {
        let until = self.now() + self.values.boot_patience;
        while !self.is_connected {
            if !self.pump(until)? {
                return Err(Stop::Failed("the target does not connect".to_owned()));
            }
        }
        Ok(())
    }

    /// The station connects anew by itself.
    ///
    /// # Errors
    /// When it does not.
    pub fn reconnects(&mut self) -> Step {
        let until = self.now() + self.values.boot_patience;
        while self.is_connected {
            if !self.pump(until)? {
                return Err(Stop::Failed("the station does not close the connection".to_owned()));
            }
        }
        self.wait_connected()
    }

    /// The security profile that the station is connected by, 0 for none.
    pub fn security_profile(&self) -> u8 {
        self.capabilities.security_profile()
    }

    /// How the station had itself connected.
    ///
    /// # Errors
    /// When that cannot be seen.
    pub fn connect_request(&self) -> Step<&ConnectRequest> {
        let hidden = || Stop::NotApplicable("how the station connects cannot be seen at this target".to_owned());
        self.target.connect_request().ok_or_else(hidden)
    }

    /// The bench connects.
    ///
    /// # Errors
    /// When the CSMS does not take the connection.
    pub fn connect(&mut self) -> Step {
        self.target.set_network(true).map_err(trouble)?;
        self.wait_connected()
    }

    /// The CSMS is asked for a connection by this user name and password, and takes it or does not.
    ///
    /// # Errors
    /// When it does otherwise.
    pub fn knocks(&mut self, name: &str, password: &str, wanted: bool) -> Step {
        match (self.target.knock(name, password).map_err(trouble)?, wanted) {
            (true, false) => {
                Err(Stop::Failed(format!("the CSMS took a connection by the name {name:?}, which is wrong")))
            }
            (false, true) => Err(Stop::Failed("the CSMS refused a connection that is right".to_owned())),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// The CSMS is asked for a connection with these subprotocols, and chooses this one.
    ///
    /// # Errors
    /// When it chooses otherwise.
    pub fn offers(&mut self, subprotocols: &[&str], wanted: Option<&str>) -> Step {
        let chosen = self.target.offer(subprotocols).map_err(trouble)?;
        if chosen.as_deref() == wanted {
            return Ok(());
        }
        Err(Stop::Failed(format!("of {} the CSMS chose {chosen:?}, not {wanted:?}", subprotocols.join(", "))))
    }

    /// Time passes.
    ///
    /// # Errors
    /// When a frame on the way is wrong.
    pub fn pass(&mut self, span: Duration) -> Step {
        let until = self.now() + span;
        while self.pump(until)? {}
        Ok(())
    }

    /// The operator of the CSMS under test has this sent, which is answered so. The request must bear the values named.
    ///
    /// # Errors
    /// When another one comes, or none.
    pub fn order(&mut self, action: &str, payload: Value, answer: Value) -> Step<Call> {
        self.will_answer(action, answer);
        let mut pattern = request(action);
        for (name, value) in payload.as_object().into_iter().flatten() {
            pattern = pattern.is(name, value.clone());
        }
        self.perform(Manual::Order { action: action.to_owned(), payload })?;
        self.expect(pattern)
    }
}
