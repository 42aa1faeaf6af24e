//! The session: takes facts, gives orders.

mod commands;
mod questions;
mod reports;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::vec::Vec;
use ocpp_rpc::queue::Queue;

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_rpc::engine::{self, Engine, Received, ReplyToken, Sent};
use ocpp_rpc::liveness::{Liveness, Verdict};
use ocpp_rpc::{Dialect, ErrorCode};
use ocpp_types::SmallString;

use super::edge::Edge;
use super::edges::edge_of;
use super::report::Response;
use super::state::StationRecord;
use super::{Action, Event, Fact, Input, LinkAction, LinkEnd, LinkInput, RawFrame, SessionConfig, SessionState};
use crate::rng::Rng;
use crate::store::{StoreQueue, Ticket};
use crate::time::Instant;
use crate::{MisuseError, Refusal};
use commands::Commands;
use questions::Questions;

/// A CSMS's session with one station. It belongs to the station's identity and lives across connections.
///
/// The host hands in what happens, and carries out what comes back:
///
/// - [`Action::Store`] goes to the database; [`Input::Stored`] confirms it. Only then the station gets its answer.
/// - [`Action::Ask`] goes to the application; [`Input::Answer`] brings the decision.
/// - [`Action::Link`] goes to the newest connection of the station.
///
/// A session is made anew when the server starts: from the facts in the database
/// ([`SessionState::replay`], [`Session::restore`]). What the station did not get an answer to, it sends again, and what
/// is recorded already is answered without being recorded again.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    now: Instant,
    /// The time of day at instant zero.
    epoch: Option<DateTime<Utc>>,
    /// Draws transaction numbers.
    rng: Rng,
    record: StationRecord,
    store: StoreQueue<Fact>,
    engine: Engine,
    link: Option<Link>,
    /// Answers that wait for the database, in the order of their tickets.
    held: Queue<Held>,
    questions: Questions,
    commands: Commands,
    actions: Queue<Action>,
}

#[derive(Debug)]
struct Link {
    edge: Edge,
    liveness: Liveness,
    /// Until when commands are held back: the station may be deaf.
    deaf_until: Option<Instant>,
    /// What the station was asked to say before it is accepted.
    awaited: Vec<SmallString>,
}

#[derive(Debug)]
struct Held {
    ticket: Ticket,
    token: ReplyToken,
    response: Response,
}

impl Session {
    /// A session with a station that has no history.
    ///
    /// The seed makes transaction and message ids: 64 random bits, new for each session and each start of the process.
    pub fn new(config: SessionConfig, seed: u64) -> Self {
        Session::restore(config, seed, SessionState::default())
    }

    /// A session that goes on where another one ended. Commands that were open there end now; facts that were not
    /// confirmed there are stored again, under their tickets. The seed is as new as for [`Session::new`].
    pub fn restore(mut config: SessionConfig, seed: u64, state: SessionState) -> Self {
        config.answer_within = config.answer_within.min(config.reply_within);
        let mut rng = Rng::new(seed);
        let engine = Engine::new(engine_config(&config), rng.next_u64());
        let durable = state.facts.saturating_sub(state.unconfirmed.len() as u64);
        Session {
            config,
            now: Instant::ZERO,
            epoch: None,
            rng,
            record: state.station,
            store: StoreQueue::resume(durable, state.unconfirmed.into_iter().collect()),
            engine,
            link: None,
            held: Queue::new(),
            questions: Questions::default(),
            commands: Commands::default(),
            actions: state.commands.into_iter().map(Commands::lost).collect(),
        }
    }

    /// What the session knows, to go on in another process. To be taken when there is no action left.
    pub fn state(&self) -> SessionState {
        SessionState {
            facts: self.store.last().0,
            station: self.record.clone(),
            unconfirmed: self.store.unconfirmed().cloned().collect(),
            commands: self.commands.open().collect(),
        }
    }

    /// Whether this version is built in.
    pub fn speaks(version: Dialect) -> bool {
        edge_of(version).is_some()
    }

    /// How the session behaves.
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Takes a fact in. Fails only for mistakes of the caller, and then changes nothing; what the station does wrong is
    /// answered on the wire and told as an event. A `now` before the latest seen counts as the latest.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), MisuseError> {
        self.now = self.now.max(now);
        match input {
            Input::Link(LinkInput::Opened { dialect }) => self.opened(dialect)?,
            Input::Link(LinkInput::Frame(bytes)) => {
                if self.is_alive() {
                    self.frame(&bytes);
                }
            }
            Input::Link(LinkInput::Pong) => {
                self.is_alive();
            }
            Input::Link(LinkInput::Closed) => self.closed(),
            Input::Stored(ticket) => {
                if !self.store.stored(ticket) {
                    return Err(MisuseError::UnknownTicket(ticket));
                }
                self.release();
            }
            Input::StoreFailed(ticket) => {
                let wait = self.store.failed(self.now, ticket).ok_or(MisuseError::UnknownTicket(ticket))?;
                self.event(Event::StoreTrouble { ticket, retry_at: self.now + wait });
            }
            Input::Wall(wall) => self.epoch = wall.checked_sub_signed(self.elapsed()),
            Input::Answer(id, answer) => self.answered(id, answer)?,
            Input::Command { id, command } => self.command(id, command)?,
            Input::Tick => self.tick(),
        }
        self.poll_engine();
        Ok(())
    }

    /// The next thing to do. To be called until there is none, after every input or a few.
    pub fn poll_action(&mut self) -> Option<Action> {
        if let Some(action) = self.actions.pop_front() {
            return Some(action);
        }
        if let Some((ticket, fact)) = self.store.poll() {
            return Some(Action::Store { ticket, fact });
        }
        let Some(frame) = self.engine.poll_transmit() else {
            self.give_back();
            return None;
        };
        if let Sent::Call(call) = frame.what {
            self.commands.sent(call);
        }
        Some(Action::Link(LinkAction::Send(frame.text.into())))
    }

    /// When [`Input::Tick`] is due. After a tick at this time, and all actions taken, the next one is later, or none.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let link = self.link.as_ref();
        [
            self.engine.poll_timeout(),
            self.store.deadline(),
            self.questions.deadline(),
            link.and_then(|link| link.liveness.poll_timeout(&self.config.liveness)),
            link.and_then(|link| link.deaf_until).filter(|_| self.commands.any_waiting()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn opened(&mut self, dialect: Dialect) -> Result<(), MisuseError> {
        let edge = edge_of(dialect).ok_or(MisuseError::unfit("dialect", dialect.subprotocol(), "is not built in"))?;
        if self.epoch.is_none() {
            return Err(MisuseError::Refused(Refusal::NoWallClock));
        }
        self.closed();
        // What was meant for the connection before must not reach this one.
        self.actions.retain(|action| !matches!(action, Action::Link(_)));
        self.engine.opened(self.now, dialect);
        let deaf_until = Some(self.now + self.config.ready_within);
        self.link = Some(Link { edge, liveness: Liveness::opened(self.now), deaf_until, awaited: Vec::new() });
        self.event(Event::Connected { dialect });
        Ok(())
    }

    fn closed(&mut self) {
        if self.link.take().is_none() {
            return;
        }
        self.engine.closed(self.now);
        self.poll_engine();
        self.held.clear();
        self.questions.drop_unrecorded();
        self.drop_commands();
        self.event(Event::Disconnected);
    }

    /// Something was heard; false if it is of a connection that was let go of.
    fn is_alive(&mut self) -> bool {
        let Some(link) = &mut self.link else { return false };
        link.liveness.heard(self.now);
        true
    }

    fn tick(&mut self) {
        self.store.tick(self.now);
        while let Some(question) = self.questions.expired(self.now) {
            self.unanswered(question);
        }
        self.engine.handle_timeout(self.now);
        let deaf_until = self.link.as_ref().and_then(|link| link.deaf_until);
        if deaf_until.is_some_and(|until| until <= self.now) {
            self.ready();
        }
        self.check_life();
    }

    fn check_life(&mut self) {
        let Some(link) = &mut self.link else { return };
        match link.liveness.handle_timeout(self.now, &self.config.liveness) {
            Verdict::Wait => {}
            Verdict::Ping => self.actions.push_back(Action::Link(LinkAction::Ping)),
            Verdict::Dead => {
                self.closed();
                self.actions.push_back(Action::Link(LinkAction::Close(LinkEnd::Silent)));
            }
        }
    }

    fn frame(&mut self, bytes: &[u8]) {
        match self.engine.receive(self.now, bytes) {
            Received::Call { token, action, payload } => self.call(token, &action, &payload),
            Received::Result { call, payload } => self.command_answered(call, &payload),
            Received::Error { call, error } => self.command_refused(call, &error),
            Received::Malformed { fault, call } => {
                self.event(Event::Unread { frame: RawFrame::new(bytes) });
                let reason = SmallString::display(&fault);
                if let Some(call) = call {
                    self.command_malformed(call, reason.clone());
                }
                self.frame_refused(None, reason);
            }
            Received::Late { departure, .. } => {
                self.frame_refused(None, format!("late answer to a command: {departure:?}").into());
            }
            Received::Unknown { id, .. } => self.frame_refused(None, format!("answer to an unknown call {id}").into()),
            Received::Send { action, payload } => self.unanswered_message(&action, &payload),
            Received::ReplyRejected { error, .. } => {
                self.frame_refused(Some(error.received_code().into()), "answer not understood".into())
            }
            Received::Repeated { .. } => self.frame_refused(None, "repeated message".into()),
            Received::Ignored(reason) => self.frame_refused(None, format!("{reason:?}").into()),
        }
    }

    /// Takes over what the engine did by itself.
    fn poll_engine(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            match event {
                engine::Event::CallEnded { call, end } => self.command_ended(call, end),
                // The station has its answer, an error: it will try again.
                engine::Event::ReplyExpired(token) => self.held.retain(|held| held.token != token),
                _ => {}
            }
        }
    }

    /// Answers once `ticket` is durable.
    fn respond_after(&mut self, ticket: Ticket, token: ReplyToken, response: Response) {
        if self.store.is_durable(ticket) {
            self.respond(token, &response);
        } else {
            self.held.push_back(Held { ticket, token, response });
        }
    }

    /// Answers what is durable now.
    fn release(&mut self) {
        while self.held.front().is_some_and(|held| self.store.is_durable(held.ticket)) {
            let Some(held) = self.held.pop_front() else { return };
            self.respond(held.token, &held.response);
        }
    }

    fn respond(&mut self, token: ReplyToken, response: &Response) {
        let (Some(link), Some(wall)) = (&self.link, self.wall()) else { return };
        match (link.edge.respond)(response, wall) {
            // Fails if nobody waits for the answer any more.
            Ok(payload) => drop(self.engine.reply(self.now, token, &payload)),
            Err(fault) => self.refuse(token, ErrorCode::InternalError, format!("answer: {fault}").into()),
        }
        if matches!(response, Response::Boot { .. }) {
            self.ready();
        }
    }

    /// The time of day.
    fn wall(&self) -> Option<DateTime<Utc>> {
        self.epoch?.checked_add_signed(self.elapsed())
    }

    fn elapsed(&self) -> TimeDelta {
        TimeDelta::from_std(self.now.saturating_since(Instant::ZERO)).unwrap_or(TimeDelta::MAX)
    }

    /// Records a fact: what the session knows changes at once, what it says of it waits for the ticket.
    fn record(&mut self, fact: Fact) -> Ticket {
        self.record.apply(&fact, &self.config.limits);
        let (transaction, findings) = (fact.transaction().cloned(), fact.findings());
        let ticket = self.store.push(fact);
        if !findings.is_empty() {
            self.event(Event::Found { ticket, transaction, findings });
        }
        ticket
    }

    /// Frees what an idle session does not need: a server holds many of them.
    fn give_back(&mut self) {
        give_back(&mut self.actions);
        give_back(&mut self.held);
        self.store.give_back();
        self.questions.give_back();
        self.commands.give_back();
    }

    fn frame_refused(&mut self, code: Option<SmallString>, reason: SmallString) {
        self.event(Event::FrameRefused { code, reason });
    }

    fn event(&mut self, event: Event) {
        self.actions.push_back(Action::Event(event));
    }
}

/// Frees the memory of an empty list.
fn give_back<T>(list: &mut Queue<T>) {
    if list.is_empty() {
        *list = Queue::new();
    }
}

fn engine_config(config: &SessionConfig) -> engine::Config {
    engine::Config {
        limits: config.limits.frame,
        max_calls: config.limits.commands.max(1),
        answer_within: config.reply_within,
        // What is repeated is judged by its content, whatever its id: then an error need not stay one.
        remember_answers: 0,
        ..engine::Config::STANDARD
    }
}
