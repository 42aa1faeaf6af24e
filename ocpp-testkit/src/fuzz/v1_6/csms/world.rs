//! A session with its surroundings, and what must hold between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_core::csms::{
    Action, Answer, AskId, AuthorizationStatus, Command, CommandId, DataTransferStatus, Fact, IdToken, Input,
    LinkAction, LinkInput, Question, RegistrationStatus, Session, SessionConfig, SessionState, StopReport,
};
use ocpp_core::store::Ticket;
use ocpp_core::time::Instant;
use ocpp_rpc::{Dialect, Frame, Limits};
use ocpp_types::v1_6::{self, CsmsRequest, CsmsResponse, StartTransactionResponse, StationRequest};

/// More actions than any input has reason for.
const ENDLESS: usize = 1_000;

/// How a session is made anew.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rebuilt {
    FromFacts,
    FromState,
}

pub(super) struct World {
    session: Session,
    /// The number of the last transaction that the session told.
    pub transaction: i64,
    pub confirms_at_once: bool,
    now: u64,
    starts: u64,
    is_up: bool,
    durable: Vec<Fact>,
    handed: VecDeque<(Ticket, Fact)>,
    questions: VecDeque<(AskId, Question)>,
    /// The calls of the station that were not answered, by id: the action, and the request where it kept its schema.
    asked: BTreeMap<String, Vec<(v1_6::Action, Option<StationRequest>)>>,
    calls: u32,
    last_call: String,
    /// The call of the session that waits for an answer.
    waiting: Option<String>,
    commands: u64,
    open_commands: BTreeSet<CommandId>,
}

fn config() -> SessionConfig {
    let mut config = SessionConfig::default();
    config.limits.unconfirmed = 6;
    config.limits.questions = 2;
    config.limits.commands = 2;
    config.limits.open_transactions = 2;
    config.limits.closed_transactions = 2;
    config.limits.recent_reports = 2;
    config.limits.connectors = 2;
    config
}

fn replay(facts: &[Fact]) -> SessionState {
    SessionState::replay(&config(), (1..).map(Ticket).zip(facts.iter().cloned()))
}

impl World {
    pub fn new() -> Self {
        let mut world = World {
            session: Session::new(config(), 0),
            transaction: 0,
            confirms_at_once: true,
            now: 0,
            starts: 0,
            is_up: false,
            durable: Vec::new(),
            handed: VecDeque::new(),
            questions: VecDeque::new(),
            asked: BTreeMap::new(),
            calls: 0,
            last_call: String::new(),
            waiting: None,
            commands: 0,
            open_commands: BTreeSet::new(),
        };
        world.tell_wall();
        world
    }

    pub fn token(&self, text: &str) -> IdToken {
        IdToken::new(text)
    }

    /// Tells the session something that it must take.
    fn must(&mut self, input: Input<'_>) {
        let told = format!("{input:?}");
        assert_eq!(self.session.handle(Instant::from_millis(self.now), input), Ok(()), "{told}");
        self.drain();
    }

    /// Tells the session something that may be a mistake of its caller; then nothing happens.
    pub fn may(&mut self, input: Input<'_>) {
        let before = self.session.state();
        let deadline = self.session.poll_timeout();
        let result = self.session.handle(Instant::from_millis(self.now), input);
        if result.is_err() {
            assert_eq!(self.session.poll_action(), None, "{result:?}");
            assert_eq!(self.session.poll_timeout(), deadline, "{result:?}");
            assert_eq!(self.session.state(), before, "{result:?}");
        }
        self.drain();
    }

    /// In 1.6: of another version it could not read what is sent.
    pub fn open(&mut self) {
        self.closed();
        self.is_up = true;
        self.must(Input::Link(LinkInput::Opened { dialect: Dialect::V1_6 }));
    }

    pub fn close(&mut self) {
        self.closed();
        self.must(Input::Link(LinkInput::Closed));
    }

    fn closed(&mut self) {
        self.is_up = false;
        self.asked.clear();
        self.waiting = None;
    }

    pub fn frame(&mut self, bytes: &[u8]) {
        match Frame::open(bytes, Dialect::V1_6, &Limits::STANDARD) {
            Ok(Frame::Call { id, action, payload }) => {
                let asked = action.parse().ok().map(|action: v1_6::Action| {
                    let request = payload.decode_with(|reader| StationRequest::read(action, reader));
                    (action, request.ok().flatten())
                });
                self.asked.entry(id.to_string()).or_default().extend(asked);
            }
            Ok(_) => {}
            Err(fault) => {
                self.asked.entry(fault.id.map_or_else(|| "-1".to_owned(), |id| id.to_string())).or_default();
            }
        }
        let input = Input::Link(LinkInput::Frame(bytes.into()));
        if self.is_up { self.must(input) } else { self.may(input) }
    }

    pub fn station_calls(&mut self, action: &str, payload: &str) {
        self.calls += 1;
        let payload = payload.replace('$', &self.transaction.to_string());
        self.last_call = format!(r#"[2,"s{}","{action}",{payload}]"#, self.calls);
        self.repeat();
    }

    /// The last call again, as it was.
    pub fn repeat(&mut self) {
        let frame = self.last_call.clone();
        self.frame(frame.as_bytes());
    }

    pub fn answer(&mut self, payload: &str) {
        if let Some(id) = self.waiting.take() {
            self.frame(format!(r#"[3,"{id}",{payload}]"#).as_bytes());
        }
    }

    pub fn refuse(&mut self) {
        if let Some(id) = self.waiting.take() {
            self.frame(format!(r#"[4,"{id}","NotSupported","",{{}}]"#).as_bytes());
        }
    }

    /// The application answers one of the questions, which may be closed by now.
    pub fn decide(&mut self, is_yes: bool, place: usize) {
        let Some((id, question)) = self.questions.remove(place) else { return };
        let answer = match question {
            Question::Boot(_) => {
                let status = if is_yes { RegistrationStatus::Accepted } else { RegistrationStatus::Rejected };
                Answer::Boot { status, interval: Duration::from_secs(60) }
            }
            Question::Authorize { .. } => {
                let status = if is_yes { AuthorizationStatus::Accepted } else { AuthorizationStatus::Blocked };
                Answer::Authorize(status.into())
            }
            Question::DataTransfer { .. } => {
                let status = if is_yes { DataTransferStatus::Accepted } else { DataTransferStatus::Rejected };
                Answer::DataTransfer { status, data: None }
            }
            Question::SignCertificate { .. } => Answer::SignCertificate { is_accepted: is_yes },
            other => panic!("no answer is known to {other:?}"),
        };
        self.may(Input::Answer(id, answer));
    }

    /// An answer of another kind than its question.
    pub fn decide_wrongly(&mut self) {
        let Some((id, question)) = self.questions.front() else { return };
        let answer = match question {
            Question::Boot(_) | Question::DataTransfer { .. } | Question::SignCertificate { .. } => {
                Answer::Authorize(AuthorizationStatus::Accepted.into())
            }
            Question::Authorize { .. } => {
                Answer::Boot { status: RegistrationStatus::Accepted, interval: Duration::ZERO }
            }
            other => panic!("no answer is known to {other:?}"),
        };
        let result = self.session.handle(Instant::from_millis(self.now), Input::Answer(*id, answer));
        assert!(result.is_err(), "took an answer of another kind");
        self.drain();
    }

    pub fn command(&mut self, command: Command) {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.open_commands.insert(id);
        self.must(Input::Command { id, command });
    }

    /// Confirms so many facts, in one.
    pub fn confirm(&mut self, count: usize) {
        let mut last = None;
        for (ticket, fact) in self.handed.drain(..count.min(self.handed.len())) {
            keep(&mut self.durable, ticket, fact);
            last = Some(ticket);
        }
        match last {
            Some(ticket) => self.must(Input::Stored(ticket)),
            None => self.may(Input::Stored(Ticket(u64::MAX))),
        }
    }

    /// The fact at this place of the waiting ones cannot be stored.
    pub fn fail(&mut self, place: usize) {
        match self.handed.get(place).map(|(ticket, _)| *ticket) {
            Some(ticket) => {
                self.handed.truncate(place);
                self.must(Input::StoreFailed(ticket));
            }
            None => self.may(Input::StoreFailed(Ticket(u64::MAX))),
        }
    }

    pub fn tell_wall(&mut self) {
        self.must(Input::Wall(self.wall()));
    }

    fn wall(&self) -> DateTime<Utc> {
        let millis = i64::try_from(self.now).unwrap_or(i64::MAX);
        DateTime::from_timestamp_millis(millis.saturating_add(1_700_000_000_000)).unwrap_or_default()
    }

    pub fn pass(&mut self, millis: u64) {
        self.now = self.now.saturating_add(millis);
        self.must(Input::Tick);
    }

    pub fn tick_at_deadline(&mut self) {
        if let Some(deadline) = self.session.poll_timeout() {
            self.now = self.now.max(deadline.as_millis());
            self.must(Input::Tick);
            let next = self.session.poll_timeout();
            assert!(next.is_none_or(|next| next > deadline), "deadline {deadline:?} did not move: {next:?}");
        }
    }

    /// The process dies and another one takes over. Of the facts handed out so many are durable.
    pub fn die(&mut self, keep_count: usize, rebuilt: Rebuilt) {
        for (ticket, fact) in self.handed.drain(..).take(keep_count) {
            keep(&mut self.durable, ticket, fact);
        }
        self.closed();
        self.questions.clear();
        self.starts += 1;
        let state = match rebuilt {
            Rebuilt::FromFacts => {
                self.open_commands.clear();
                replay(&self.durable)
            }
            Rebuilt::FromState => self.session.state(),
        };
        self.session = Session::restore(config(), self.starts, state);
        self.tell_wall();
    }

    fn drain(&mut self) {
        for _ in 0..ENDLESS {
            let Some(action) = self.session.poll_action() else {
                if self.confirms_at_once && !self.handed.is_empty() {
                    self.confirm(usize::MAX);
                }
                return;
            };
            self.carry_out(action);
        }
        panic!("actions without end");
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Link(LinkAction::Send(bytes)) => self.sent(&bytes),
            Action::Link(LinkAction::Ping) => assert!(self.is_up, "pings nobody"),
            Action::Link(LinkAction::Close(_)) => {
                assert!(self.is_up, "closes nothing");
                self.closed();
            }
            Action::Store { ticket, fact } => {
                let due = self.handed.back().map(|(last, _)| Ticket(last.0 + 1));
                assert!(due.is_none_or(|due| due == ticket), "{ticket:?} instead of {due:?}");
                assert!(
                    ticket.0 <= self.durable.len() as u64 + self.handed.len() as u64 + 1,
                    "{ticket:?} leaves a gap"
                );
                self.handed.push_back((ticket, fact));
                // A start and its verdict are two facts of one message, and any open question may bring one more.
                let most = config().limits.unconfirmed + config().limits.questions + 2;
                assert!(self.handed.len() <= most, "{} facts wait", self.handed.len());
            }
            Action::Ask { id, until, question } => {
                assert!(until.as_millis() > self.now, "no time to answer");
                self.questions.push_back((id, question));
            }
            Action::Answered { id, .. } => assert!(self.open_commands.remove(&id), "{id:?} ends twice"),
            Action::Event(_) => {}
        }
    }

    /// A frame of 1.6, valid to the last member; an answer rests on durable facts.
    fn sent(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        assert!(self.is_up, "sends without a link: {text}");
        match Frame::open(bytes, Dialect::V1_6, &Limits::STANDARD) {
            Ok(Frame::Call { id, action, payload }) => {
                let action = action.parse::<v1_6::Action>();
                let request = action.map(|action| payload.decode_with(|reader| CsmsRequest::read(action, reader)));
                assert!(matches!(request, Ok(Ok(Some(_)))), "{text}: {request:?}");
                self.waiting = Some(id.to_string());
            }
            Ok(Frame::CallResult { id, payload }) => {
                let asked = self.asked.get(id.as_str()).map_or(&[][..], Vec::as_slice);
                let response = asked.iter().find_map(|(action, request)| {
                    let read = payload.decode_with(|reader| CsmsResponse::read(*action, reader));
                    read.ok().flatten().map(|response| (request, response))
                });
                let Some((request, response)) = response else { panic!("{text} answers {asked:?}") };
                // What was read leniently, or in parts, is recorded as it was understood.
                let rests = request.as_ref().is_none_or(|request| self.rests(request, &response));
                assert!(rests, "{text} is sent before {request:?} is durable");
                if let CsmsResponse::StartTransaction(StartTransactionResponse { transaction_id, .. }) = response {
                    self.transaction = transaction_id;
                }
            }
            Ok(Frame::CallError { id, .. }) => assert!(self.asked.contains_key(id.as_str()), "{text} answers nothing"),
            other => panic!("{text} is no frame of a CSMS: {other:?}"),
        }
    }

    /// Whether a durable fact says what the station was told is recorded.
    fn rests(&self, request: &StationRequest, response: &CsmsResponse) -> bool {
        let any = |test: &dyn Fn(&Fact) -> bool| self.durable.iter().any(test);
        let progress = |status: &str, number: Option<i64>| {
            any(&|fact| matches!(fact, Fact::Progress(report) if report.status == status && report.request == number))
        };
        match (request, response) {
            (StationRequest::BootNotification(_), _) => any(&|fact| matches!(fact, Fact::Booted(_))),
            (StationRequest::StatusNotification(request), _) => {
                any(&|fact| matches!(fact, Fact::Status(report) if report.status == request.status.as_str()))
            }
            (StationRequest::StartTransaction(request), CsmsResponse::StartTransaction(response)) => {
                let number = response.transaction_id.to_string();
                any(&|fact| {
                    matches!(fact, Fact::Started(started) if started.transaction.as_str() == number
                        && started.meter_start_wh == Some(request.meter_start))
                }) && any(
                    &|fact| matches!(fact, Fact::Authorized { transaction, .. } if transaction.as_str() == number),
                )
            }
            (StationRequest::MeterValues(request), _) => {
                let count = request.meter_value.len();
                any(&|fact| matches!(fact, Fact::Sampled(samples) if samples.values.len() == count))
            }
            (StationRequest::StopTransaction(request), _) => {
                let is_it = |report: &StopReport| {
                    report.meter_stop_wh == Some(request.meter_stop) && report.at == request.timestamp
                };
                any(&|fact| match fact {
                    Fact::Stopped(stopped) => is_it(&stopped.report),
                    Fact::StopContradicted { report, .. } => is_it(report),
                    Fact::StopOrphaned(orphan) => is_it(&orphan.report),
                    _ => false,
                })
            }
            (StationRequest::FirmwareStatusNotification(request), _) => progress(request.status.as_str(), None),
            (StationRequest::DiagnosticsStatusNotification(request), _) => progress(request.status.as_str(), None),
            (StationRequest::LogStatusNotification(request), _) => {
                progress(request.status.as_str(), request.request_id)
            }
            (StationRequest::SignedFirmwareStatusNotification(request), _) => {
                progress(request.status.as_str(), request.request_id)
            }
            (StationRequest::SecurityEventNotification(request), _) => any(
                &|fact| matches!(fact, Fact::SecurityEvent(event) if event.kind == *request.r#type && event.at == request.timestamp),
            ),
            (_, _) => true,
        }
    }

    /// What is known is what the facts say; every prefix of them makes a session; every command has ended, or ends with the
    /// link.
    pub fn finish(mut self) {
        self.close();
        assert_eq!(self.open_commands, BTreeSet::new(), "commands without an end");
        // Whoever still thinks is not waited for, and the database catches up, so that the facts are complete.
        self.confirm(usize::MAX);
        while self.session.poll_timeout().is_some() {
            self.tick_at_deadline();
            self.confirm(usize::MAX);
        }
        assert_eq!(replay(&self.durable), self.session.state());
        for count in 0..self.durable.len() {
            let state = replay(self.durable.get(..count).unwrap_or_default());
            let session = Session::restore(config(), 0, state.clone());
            assert_eq!(session.state(), state);
        }
    }
}

/// A fact that comes again comes under its old ticket.
fn keep(durable: &mut Vec<Fact>, ticket: Ticket, fact: Fact) {
    match usize::try_from(ticket.0).ok().and_then(|place| durable.get(place.wrapping_sub(1))) {
        Some(known) => assert_eq!(known, &fact, "another fact under {ticket:?}"),
        None => durable.push(fact),
    }
}
