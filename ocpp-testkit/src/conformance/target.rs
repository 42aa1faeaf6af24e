//! What a case talks to.

use chrono::{DateTime, Utc};
use ocpp_core::station::{ConnectRefusal, ConnectRequest, FaultCode};
use ocpp_core::time::Instant;
use serde_json::{Value, json};
use thiserror::Error;

/// The system under test, with its connection, its surroundings and its time.
pub trait Target {
    /// The time since the beginning: virtual, or real.
    fn now(&self) -> Instant;

    /// The right time.
    fn wall(&self) -> DateTime<Utc>;

    /// The next thing that happens until `until`; none if nothing does. Time passes meanwhile.
    ///
    /// # Errors
    /// When the target cannot be watched any longer.
    fn next(&mut self, until: Instant) -> Result<Option<Happening>, Trouble>;

    /// Sends a text message to the system under test.
    ///
    /// # Errors
    /// When it cannot be sent.
    fn send(&mut self, text: &str) -> Result<(), Trouble>;

    /// Makes the connection possible, or cuts it and makes it impossible. That it is up comes as [`Happening::Opened`], or as
    /// [`Happening::StillOpen`] if it was.
    ///
    /// # Errors
    /// When that cannot be done.
    fn set_network(&mut self, up: bool) -> Result<(), Trouble>;

    /// Has a step done that is no message.
    ///
    /// # Errors
    /// When it was not done.
    fn perform(&mut self, step: &Manual) -> Result<(), Trouble>;

    /// Asks a CSMS for another connection with these subprotocols, most wanted first: the one that it chose, or none if it
    /// refused.
    ///
    /// # Errors
    /// When the target is no CSMS, or has no handshake.
    fn offer(&mut self, subprotocols: &[&str]) -> Result<Option<String>, Trouble> {
        Err(Trouble::Undone(format!("offer {}: the target is no server", subprotocols.join(", "))))
    }

    /// Asks a CSMS for another connection by this user name and password, and gives it up again: whether it took it.
    ///
    /// # Errors
    /// When the target is no CSMS, or has no handshake.
    fn knock(&mut self, name: &str, _: &str) -> Result<bool, Trouble> {
        Err(Trouble::Undone(format!("connect as {name}: the target is no server")))
    }

    /// The next connection of a station is refused for this reason. False where that cannot be done.
    fn refuse_once(&mut self, _: ConnectRefusal) -> bool {
        false
    }

    /// No connection to an endpoint that begins so comes about, until another is named or none. False where that cannot be done.
    fn block(&mut self, _: Option<&str>) -> bool {
        false
    }

    /// How a station had itself connected, where that can be seen.
    fn connect_request(&self) -> Option<&ConnectRequest> {
        None
    }

    /// Whether it begins from scratch for each case: then a station boots first. What goes on from case to case has to be
    /// brought back into its initial state.
    fn is_fresh(&self) -> bool;
}

/// Something that happened at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It is connected.
    Opened,
    /// It is connected, and was all the time.
    StillOpen,
    /// It is not connected any more.
    Closed,
    /// A text message of the system under test.
    Frame(String),
}

/// What people do, at the station or at the CSMS.
#[derive(Clone, Debug, PartialEq)]
pub enum Manual {
    /// Connect a vehicle that asks for energy.
    Plug(u16),
    /// Pull the plug out of the station.
    Unplug(u16),
    /// Have a connected vehicle ask for energy, or ask for none.
    Vehicle(u16, bool),
    /// Have a vehicle drive into the bay, or out of it.
    Bay(u16, bool),
    /// Pull the plug out of the vehicle; with a fixed cable the same as [`Manual::Unplug`].
    UnplugVehicle(u16),
    /// Present a token at the reader of a connector, or at the one of the station.
    Token {
        /// The connector.
        connector: Option<u16>,
        /// The token.
        id: String,
    },
    /// Provoke a fault that makes charging impossible, 0 for the whole station.
    Fault(u16, FaultCode),
    /// Mend it.
    FaultCleared(u16),
    /// Hold the plug's lock, so that it cannot open, or let it go.
    LockStuck(u16, bool),
    /// Cut the power of the station and restore it.
    PowerCycle,
    /// Tell the CSMS to send this to the station.
    Order {
        /// The action.
        action: String,
        /// The payload that is wanted.
        payload: Value,
    },
}

impl Manual {
    /// The step as a line of JSON: the words that the programs `station` and `csms` read on their standard input.
    pub fn line(&self, station: &str) -> Value {
        match self {
            Manual::Plug(connector) => json!({ "plug": connector }),
            Manual::Unplug(connector) => json!({ "unplug": connector }),
            Manual::Vehicle(connector, wants) => {
                json!({ "vehicle": { "evse": connector, "state": if *wants { "Ready" } else { "Paused" } } })
            }
            Manual::Bay(connector, is_occupied) => {
                json!({ "bay": { "evse": connector, "state": if *is_occupied { "Occupied" } else { "Free" } } })
            }
            Manual::UnplugVehicle(connector) => json!({ "unplug_vehicle": connector }),
            Manual::Token { connector, id } => json!({ "token": { "evse": connector, "id": id } }),
            Manual::Fault(connector, code) => json!({ "fault": { "evse": connector, "code": code } }),
            Manual::FaultCleared(connector) => json!({ "fault_cleared": connector }),
            Manual::LockStuck(connector, stuck) => json!({ "lock_stuck": { "evse": connector, "stuck": stuck } }),
            Manual::PowerCycle => json!({ "power_cycle": {} }),
            Manual::Order { action, payload } => json!({ "station": station, "action": action, "payload": payload }),
        }
    }

    /// The step as a sentence for a person.
    pub fn sentence(&self, station: &str) -> String {
        match self {
            Manual::Plug(connector) => format!("connect a vehicle at connector {connector}"),
            Manual::Unplug(connector) => format!("pull the plug out of connector {connector}"),
            Manual::Vehicle(connector, true) => format!("have the vehicle at connector {connector} ask for energy"),
            Manual::Vehicle(connector, false) => format!("have the vehicle at connector {connector} ask for no energy"),
            Manual::Bay(connector, true) => format!("have a vehicle drive into the bay of connector {connector}"),
            Manual::Bay(connector, false) => format!("have the vehicle leave the bay of connector {connector}"),
            Manual::UnplugVehicle(connector) => format!("pull the plug of connector {connector} out of the vehicle"),
            Manual::Token { connector: Some(connector), id } => format!("present {id} at connector {connector}"),
            Manual::Token { connector: None, id } => format!("present {id} at the reader of the station"),
            Manual::Fault(0, code) => format!("provoke {code:?} of the whole station"),
            Manual::Fault(connector, code) => format!("provoke {code:?} at connector {connector}"),
            Manual::FaultCleared(0) => "mend the fault of the station".to_owned(),
            Manual::FaultCleared(connector) => format!("mend the fault of connector {connector}"),
            Manual::LockStuck(connector, true) => format!("hold the lock of connector {connector} closed"),
            Manual::LockStuck(connector, false) => format!("let the lock of connector {connector} go"),
            Manual::PowerCycle => "cut the power of the station, and restore it".to_owned(),
            Manual::Order { action, payload } => format!("send {action} {payload} to station {station}"),
        }
    }
}

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Trouble {
    /// There is no connection.
    #[error("not connected")]
    NotConnected,
    /// A manual step was not done.
    #[error("step not carried out: {0}")]
    Undone(String),
    /// The target is lost.
    #[error("{0}")]
    Lost(String),
}
