//! What must hold in every run, whatever happens in it.

pub mod bill;
pub mod bounds;
pub mod journal;
pub mod ledger;
pub mod promise;
pub mod settings;
pub mod wire;

use chrono::{DateTime, Utc};
use ocpp_core::MisuseError;
use ocpp_core::time::Instant;
use thiserror::Error;

use crate::link::End;
use crate::store::OutOfTurn;

/// Something that must not happen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// A machine refused an input that a driver may give it.
    #[error("{0:?} refused an input: {1}")]
    Misuse(End, MisuseError),
    /// A machine could not be made from what was durable.
    #[error("station does not start: {0}")]
    NoStart(MisuseError),
    /// A store operation without its turn.
    #[error("{0:?}: {1}")]
    OutOfTurn(End, OutOfTurn),
    /// After a tick at the deadline the next one must be later, or none.
    #[error("{0:?} was ticked at its deadline {1}, and its next one is not later")]
    StuckDeadline(End, Instant),
    /// A machine that never stops giving actions.
    #[error("{0:?} gives actions without end")]
    EndlessActions(End),
    /// What was waited for did not come.
    #[error("not within {0}: {1}")]
    NotReached(Instant, &'static str),
    /// A machine sent bytes that are no OCPP frame.
    #[error("{0:?} sent no frame: {1}")]
    NotAFrame(End, String),
    /// One CALL at a time in each direction (OCPP-J 1.6 §4.1.1).
    #[error("{sender:?} sent {action} while its {open} waits for an answer")]
    TwoCalls {
        /// Who sent it.
        sender: End,
        /// The call sent.
        action: String,
        /// The call that waits.
        open: String,
    },
    /// An answer to something that was not asked, or a second one.
    #[error("{0:?} answered {1:?}, which waits for no answer")]
    UnaskedAnswer(End, String),
    /// Before it is accepted, a station sends nothing but BootNotification (1.6 §4.2).
    #[error("station sent {0} before it was accepted")]
    BeforeAccepted(String),
    /// A BootNotification within the interval that the CSMS asked for, or any message after a rejection (1.6 §4.2).
    #[error("station sent {0} before {1}, as the CSMS had asked it to wait")]
    TooEarly(String, Instant),
    /// A message about a transaction that no durable record is the ground of.
    #[error("station sent {0} that rests on no durable record: {1}")]
    NotDurable(String, String),
    /// A message about a transaction that is not the next one, nor the last one again (1.6 §3.7).
    #[error("station sent {0} where the next durable record is {1}: {2}")]
    OutOfOrder(String, String, String),
    /// A message that was sent again after a crash, although its delivery was durable.
    #[error("station sent {0} again, whose delivery is durable: {1}")]
    RepeatedThoughDelivered(String, String),
    /// A record with a position that is not after all earlier ones.
    #[error("record at position {0} after one at {1}")]
    PositionReused(u64, u64),
    /// More messages were sent again than there were crashes.
    #[error("{0} messages sent again after {1} crashes")]
    Repeats(usize, usize),
    /// A durable record that was never sent.
    #[error("durable record {0} was not sent")]
    NeverSent(String),
    /// A sample that made room for others although it is the newest of its transaction (2.x E04.FR.08).
    #[error("newest sample at position {0} was given up")]
    NewestDropped(u64),
    /// An event whose number is not the one after that of the event before it (2.x E01.FR.07).
    #[error("event {1} of the transaction at position {0} is recorded where {2} comes next")]
    EventNumber(u64, u64, u64),
    /// The times that are told of one transaction go back.
    #[error("station told {0} of a transaction of which it had told {1}: {2}")]
    TimeWentBack(DateTime<Utc>, DateTime<Utc>, String),
    /// The database does not hold what was sent, once and in order.
    #[error("message {0} is in the database as {1}")]
    NotInDatabase(String, String),
    /// Something grew beyond its bound.
    #[error("{found} {what}, {limit} at most")]
    Bound {
        /// What.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        limit: usize,
    },
    /// A command that did not end, and the process that took it lives.
    #[error("command {0} did not end")]
    CommandOpen(u64),
    /// A connector on which nobody can charge any more.
    #[error("nobody can charge on connector {0}")]
    StuckConnector(u16),
    /// The bill does not agree with the meter.
    #[error("bill: {0}")]
    Bill(String),
    /// The session found something odd about the reports of a station that did nothing wrong.
    #[error("honest station: {0}")]
    Accused(String),
    /// Something that the station promised did not come, or was undone.
    #[error("promise: {0}")]
    Promise(String),
    /// The hardware is not left as it should be.
    #[error("hardware: {0}")]
    Hardware(String),
    /// A setting that the station accepted is not in force.
    #[error("{key} is {found:?}, {expected:?} was accepted")]
    SettingLost {
        /// The key.
        key: String,
        /// The accepted value.
        expected: String,
        /// What the station says.
        found: Option<String>,
    },
    /// Restoring the same records twice gave two different stations.
    #[error("restored twice, the station differs: {0}")]
    RestoreDiffers(String),
}

/// A check that failed, and when.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{at}: {violation}\n{trace}")]
pub struct Failure {
    /// When.
    pub at: Instant,
    /// What.
    pub violation: Violation,
    /// The last lines before it.
    pub trace: String,
}
