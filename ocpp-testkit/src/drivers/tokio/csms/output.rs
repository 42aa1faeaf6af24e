//! What the driver of a CSMS leaves to the application.

use std::net::SocketAddr;

use ocpp_core::csms::{AskId, CommandAnswer, CommandError, CommandId, Event, Fact, Question};
use ocpp_core::store::Ticket;

use crate::drivers::tokio::Direction;

/// Something to do or to know. What belongs to one station comes in its session's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsmsOutput {
    /// A question. The answer goes in by `answer`; without one the default is taken.
    Ask {
        /// The station.
        station: String,
        /// Names the question in the answer.
        id: AskId,
        /// What is asked.
        question: Question,
    },
    /// How a command ended.
    Answered {
        /// The station.
        station: String,
        /// The command.
        id: CommandId,
        /// The answer, or why there is none.
        result: Result<CommandAnswer, CommandError>,
    },
    /// Something happened to a session.
    Event {
        /// The station.
        station: String,
        /// What.
        event: Event,
    },
    /// A fact is in the ledger. Only now is the station told so.
    Stored {
        /// The station.
        station: String,
        /// The place of the fact in the station's history.
        ticket: Ticket,
        /// The fact.
        fact: Fact,
    },
    /// The ledger failed; the session knows and will try again.
    StoreFailed {
        /// The station.
        station: String,
        /// The place of the fact.
        ticket: Ticket,
        /// Why.
        reason: String,
    },
    /// A station has connected, and proved itself by this certificate.
    Certificate {
        /// The station.
        station: String,
        /// The serial number, in hexadecimal.
        serial_number: String,
    },
    /// The connection of a station ended.
    LinkClosed {
        /// The station.
        station: String,
        /// Why.
        reason: String,
    },
    /// A connection was refused, or ended before its handshake did.
    Refused {
        /// Who called.
        peer: SocketAddr,
        /// Why.
        reason: String,
    },
    /// A connection was refused, because there are as many as there may be.
    Full {
        /// Who called.
        peer: SocketAddr,
        /// How many there may be.
        max: usize,
    },
    /// A frame, if they are watched.
    Frame {
        /// The station.
        station: String,
        /// Which way it went.
        direction: Direction,
        /// Its text.
        text: String,
    },
    /// Something failed in this process.
    Trouble {
        /// What.
        reason: String,
    },
}
