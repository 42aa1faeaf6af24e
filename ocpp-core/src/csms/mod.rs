//! The boundary of a CSMS's session with one station: facts in, orders out, whatever version is spoken.
//!
//! A [`Session`] belongs to a station identity and outlives its connections. What a station reports becomes a [`Fact`]
//! that the application's database commits ([`Action::Store`]); the answer to the station leaves only after that commit
//! was confirmed, so "answered" means "in the database". What the application decides is a [`Question`] with a deadline
//! and a default. What it wants of the station is a [`Command`] with a typed answer.
//!
//! ```
//! use std::time::Duration;
//!
//! use chrono::DateTime;
//! use ocpp_core::csms::{
//!     Action, Answer, AuthorizationStatus, Fact, Input, LinkAction, LinkInput, Question, RegistrationStatus, Session,
//!     SessionConfig,
//! };
//! use ocpp_core::time::Instant;
//! use ocpp_rpc::Dialect;
//!
//! /// What a host does with whatever comes out of the session, until nothing more does.
//! fn carry_out(session: &mut Session, now: Instant, database: &mut Vec<Fact>, socket: &mut Vec<Vec<u8>>) {
//!     while let Some(action) = session.poll_action() {
//!         let reaction = match action {
//!             Action::Link(LinkAction::Send(frame)) => {
//!                 socket.push(frame);
//!                 continue;
//!             }
//!             Action::Link(LinkAction::Ping | LinkAction::Close(_)) => continue,
//!             Action::Store { ticket, fact } => {
//!                 database.push(fact); // A real one commits, and keeps the ticket: it is the fact's key.
//!                 Input::Stored(ticket)
//!             }
//!             Action::Ask { id, question, .. } => Input::Answer(id, match question {
//!                 Question::Boot(_) => {
//!                     Answer::Boot { status: RegistrationStatus::Accepted, interval: Duration::from_secs(300) }
//!                 }
//!                 Question::Authorize { .. } => Answer::Authorize(AuthorizationStatus::Accepted.into()),
//!                 _ => continue, // The default is taken at the deadline.
//!             }),
//!             Action::Answered { id, result } => {
//!                 println!("{id:?}: {result:?}");
//!                 continue;
//!             }
//!             Action::Event(event) => {
//!                 println!("{event:?}");
//!                 continue;
//!             }
//!         };
//!         session.handle(now, reaction).expect("the host keeps the rules");
//!     }
//! }
//!
//! let (mut database, mut socket) = (Vec::new(), Vec::new());
//! let mut session = Session::new(SessionConfig::default(), 0x5eed); // 64 random bits
//! let now = Instant::from_millis(0);
//! session.handle(now, Input::Wall(DateTime::from_timestamp(1_700_000_000, 0).unwrap()))?;
//! session.handle(now, Input::Link(LinkInput::Opened { dialect: Dialect::V1_6 }))?;
//! session.handle(now, Input::Link(LinkInput::Frame(
//!     br#"[2,"1","StopTransaction",{"transactionId":7,"meterStop":9,"timestamp":"2023-11-14T22:00:00Z"}]"#.into(),
//! )))?;
//! carry_out(&mut session, now, &mut database, &mut socket);
//! assert!(matches!(database[..], [Fact::StopOrphaned(_)]));
//! assert_eq!(socket, [br#"[3,"1",{}]"#]);
//!
//! // Then sleep until this, or until something happens, and say `Input::Tick`.
//! assert_eq!(session.poll_timeout(), Some(now + Duration::from_secs(60)));
//! # Ok::<(), ocpp_core::MisuseError>(())
//! ```
//!
//! # Words
//!
//! The **host** is the code around the session: it owns the sockets and the database. The **application** is who decides. The **driver** is
//! the person who charges. A **fact** is a row of an append-only log (event sourcing); the session is rebuilt by replaying it. Stations
//! deliver **at least once**; recording is **idempotent**. A **finding** is what is odd about a fact (anomaly); a **verdict** says how it
//! joins what was known. A **place** is an EVSE and a connector of it.
//!
//! # Contracts
//!
//! - **Answered means durable.** A call that is recorded is answered with success only after [`Input::Stored`] of the
//!   fact it rests on; a repeated one, of all facts before. If the database takes longer than
//!   [`SessionConfig::reply_within`], the station gets an error and will say it again.
//! - **Recorded once.** Repeated starts, stops, meter values and statuses are known by their content, whatever their
//!   message id, also after a restart: what the session knows of a station is what its facts make it.
//! - **Transactions are named by text.** In 1.6 it is the number that the session gives, in digits: positive, greater than all before of
//!   the station, and not to be foretold. In 2.x it is the station's own. Two stations may have the same one: a database keeps station
//!   and transaction together.
//! - **What a transaction comes to does not depend on the order** in which its events arrive, where they are numbered (2.x): see
//!   [`Verdict`] and [`Fact::Settled`].
//! - **The host commits in order.** Facts become durable in the order of their tickets. A ticket is the fact's place in
//!   the station's history for good: a fact that comes again under its ticket is the same fact.
//! - **Deadlines move.** After [`Input::Tick`] at [`Session::poll_timeout`], and with all actions taken, the next deadline
//!   is later, or there is none.
//! - **The newest connection speaks.** The host closes the connection before when a station opens another one, and hands
//!   in no frame of it any more.
//!
//! # At the start of a server
//!
//! A session is made when its station connects first: [`SessionState::replay`] of the facts in the database, in the order of their
//! tickets, then [`Session::restore`] with a new seed, [`Input::Wall`] and [`LinkInput::Opened`]. Facts that were not confirmed to
//! the session before may be in the database or not. Either is right: the station was not answered, and repeats itself.
//!
//! # After `Close`
//!
//! [`LinkAction::Close`] ends the connection for the session. The host closes it and tells nothing of it any more; the session
//! stays, and waits for the next one. A connection that ends otherwise is told by [`LinkInput::Closed`].

mod action;
mod config;
pub(crate) mod edge;
mod edges;
mod fact;
mod finding;
mod fingerprint;
mod input;
pub(crate) mod ledger;
mod place;
mod question;
pub(crate) mod report;
mod session;
mod state;
mod transaction;
mod values;
mod variables;

pub use action::{
    Action, CommandAnswer, CommandError, ConfigurationKey, ConfigurationStatus, Event, LinkAction, LinkEnd,
    RemoteAnswer, RemoteStatus, StatusAnswer,
};
pub use config::{Limits, Plausible, SessionConfig};
pub use fact::{Booted, Fact, Progress, SecurityEvent, StationInfo, StationWork, StatusReport};
pub use finding::Finding;
pub use input::{Command, CommandId, Input, LinkInput, ResetKind};
pub use place::Place;
pub use question::{Answer, Authorization, Question};
pub use session::Session;
pub use state::SessionState;
pub use transaction::{
    Consumption, EventInfo, OrphanStop, Renamed, Settled, Started, StopReport, Stopped, TransactionId, Updated, Verdict,
};
pub use values::{Attribution, MeterValue, SampledValue, Samples, SignedValue};
pub use variables::{VariableName, VariableResult};

pub use crate::reasons::{BootReason, ChargingState, StopReason, TriggerReason};
pub use crate::terms::{
    AskId, AuthorizationStatus, DataTransferStatus, IdToken, RawFrame, RawPayload, RegistrationStatus, RepairNote,
};
