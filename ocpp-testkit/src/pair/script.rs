//! What the world does to a pair: drivers, operators, and fate.

use std::time::Duration;

use chrono::TimeDelta;
use ocpp_core::csms;
use ocpp_core::station::{self, EvseId, Fault, IdToken, Vehicle};
use ocpp_rpc::Dialect;

use crate::link::{End, Network};

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A driver connects a vehicle.
    Plug(EvseId),
    /// A driver pulls the plug.
    Unplug(EvseId),
    /// A driver presents a token: at the reader of an EVSE, or at one for the whole station.
    Token(Option<EvseId>, IdToken),
    /// The vehicle asks for energy, or pauses.
    Vehicle(EvseId, Vehicle),
    /// A fault appears, or goes.
    Fault(EvseId, Option<Fault>),
    /// The meter answers when it is asked, or not.
    MeterAnswers(EvseId, bool),
    /// The station's own application wants something.
    Station(station::Command),
    /// The operator wants something of the station.
    Csms(csms::Command),
    /// The operator stops all that runs, by the bill.
    RemoteStopRunning,
    /// The connection breaks; of what is under way each way, so many messages arrive.
    Cut {
        /// Towards the CSMS.
        keep_up: usize,
        /// Towards the station.
        keep_down: usize,
    },
    /// The connection dies in silence.
    DieSilently,
    /// The server fails to answer the next call of this action as it should.
    Intercept(&'static str, Interception),
    /// Somebody else connects under the station's identity, and says one thing.
    TakeOver,
    /// The server speaks these versions from its next connection on.
    Versions(Vec<Dialect>),
    /// Connection attempts fare so from now on.
    Network(Network),
    /// The same, where the URL begins so.
    Endpoint(&'static str, Network),
    /// The other end sends these bytes, whatever its machine thinks.
    Inject {
        /// Who receives them.
        to: End,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The next operations of this end's store fail.
    FailStore(End, u32),
    /// This end loses its power, and has it back later.
    PowerCut {
        /// Which.
        end: End,
        /// How many of the operations that are not durable survive.
        keep: usize,
        /// Whether what it sent still arrives.
        in_flight_arrives: bool,
        /// How long it is down.
        outage: Duration,
    },
    /// The station's own clock jumps, and its firmware notices.
    StepStationClock(TimeDelta),
    /// The server's clock jumps, and its process notices.
    StepCsmsClock(TimeDelta),
}

impl Step {
    /// The EVSE at whose hardware it happens, if it is one's.
    pub fn evse_mut(&mut self) -> Option<&mut EvseId> {
        match self {
            Step::Plug(evse)
            | Step::Unplug(evse)
            | Step::Token(Some(evse), _)
            | Step::Vehicle(evse, _)
            | Step::Fault(evse, _)
            | Step::MeterAnswers(evse, _) => Some(evse),
            Step::Token(None, _)
            | Step::Station(_)
            | Step::Csms(_)
            | Step::RemoteStopRunning
            | Step::Cut { .. }
            | Step::DieSilently
            | Step::Intercept(..)
            | Step::TakeOver
            | Step::Versions(_)
            | Step::Network(_)
            | Step::Endpoint(..)
            | Step::Inject { .. }
            | Step::FailStore(..)
            | Step::PowerCut { .. }
            | Step::StepStationClock(_)
            | Step::StepCsmsClock(_) => None,
        }
    }

    /// A driver presents a token at the reader of an EVSE.
    pub fn token(evse: u16, token: &str) -> Step {
        Step::Token(Some(EvseId(evse)), IdToken::new(token))
    }

    /// The connection breaks, and all that is under way is lost.
    pub const CUT: Step = Step::Cut { keep_up: 0, keep_down: 0 };
}

/// How the CSMS's end of the wire treats the next call of some action, instead of handing it to the CSMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interception {
    /// It is answered with this error code.
    Error(&'static str),
    /// It is answered with this payload.
    Payload(String),
    /// It is never answered.
    Silence,
}
