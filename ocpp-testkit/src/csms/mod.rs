//! The mini-CSMS: a server for one station, with a database that lags and a process that can die.

mod bill;
mod orders;
mod policy;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ocpp_core::MisuseError;
use ocpp_core::csms::{
    Action, Answer, AskId, Command, CommandAnswer, CommandError, CommandId, ConfigurationStatus, Fact, Input, Question,
    Session, SessionConfig, SessionState,
};
use ocpp_core::station::ConnectRequest;
use ocpp_core::store::Ticket;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::{BasicAuth, Identity, IdentityRules, Password};

pub use bill::{Bill, Row, RowEnd};
pub use orders::{is_accepted, possible};
pub use policy::Policy;

use crate::clock::{Uptime, WallClock};
use crate::seed::Seed;
use crate::store::{Numbering, OutOfTurn, SimStore, StoreHabits, StoreReply};

/// How a command ended.
pub type CommandResult = Result<CommandAnswer, CommandError>;

/// A server with one station.
#[derive(Debug)]
pub struct MiniCsms {
    /// What it decides.
    pub policy: Policy,
    /// How long it thinks about a question.
    pub thinks: Duration,
    /// The server's clock.
    pub clock: WallClock,
    /// The password that it wants of the station, if it wants one. It is another one from the moment in which the station's
    /// acceptance of it arrives (white paper A01.FR.03).
    pub password: Option<Password>,
    /// The versions that it speaks.
    pub versions: Vec<Dialect>,
    /// That of the last connection.
    pub spoken: Dialect,
    config: SessionConfig,
    seed: Seed,
    process: Option<Process>,
    starts: u64,
    database: SimStore<Fact>,
    /// All that was ordered.
    commands: BTreeMap<CommandId, Command>,
    results: BTreeMap<CommandId, CommandResult>,
}

/// What dies with the process.
#[derive(Debug)]
struct Process {
    uptime: Uptime,
    session: Session,
    answers: VecDeque<(Instant, AskId, Answer)>,
    /// Commands without a result.
    open: BTreeSet<CommandId>,
}

impl MiniCsms {
    /// A server that is not started.
    pub fn new(config: SessionConfig, policy: Policy, clock: WallClock, habits: StoreHabits, seed: Seed) -> Self {
        MiniCsms {
            policy,
            thinks: Duration::ZERO,
            clock,
            password: None,
            versions: vec![Dialect::V1_6],
            spoken: Dialect::V1_6,
            config,
            seed,
            process: None,
            starts: 0,
            database: SimStore::new(habits, Numbering::PerLife),
            commands: BTreeMap::new(),
            results: BTreeMap::new(),
        }
    }

    /// Starts the process, with what the database holds.
    ///
    /// # Errors
    /// When the session does not take the time.
    pub fn start(&mut self, now: Instant) -> Result<(), MisuseError> {
        let session = self.restored();
        self.starts += 1;
        self.process =
            Some(Process { uptime: Uptime::since(now), session, answers: VecDeque::new(), open: BTreeSet::new() });
        match self.clock.read(now) {
            Some(wall) => self.handle(now, Input::Wall(wall)),
            None => Ok(()),
        }
    }

    /// A session as the next start makes it.
    pub fn restored(&self) -> Session {
        let facts = self.database.durable().iter().cloned();
        let numbered = (1..).map(Ticket).zip(facts);
        let state = SessionState::replay(&self.config, numbered);
        Session::restore(self.config.clone(), self.seed.child("start", self.starts).0, state)
    }

    /// The session, while the process runs.
    pub fn session(&self) -> Option<&Session> {
        self.process.as_ref().map(|process| &process.session)
    }

    /// The process dies. Of the facts that were not durable, the first `keep` are.
    pub fn crash(&mut self, keep: usize) {
        self.process = None;
        self.database.crash(keep);
    }

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Tells the session something. A server that is down hears nothing.
    ///
    /// # Errors
    /// When the session does not take it.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), MisuseError> {
        match &mut self.process {
            Some(process) => process.session.handle(process.uptime.of(now), input),
            None => Ok(()),
        }
    }

    /// The version of the first subprotocol that it knows, if it knows one and is up.
    pub fn choose(&self, request: &ConnectRequest) -> Option<Dialect> {
        let mut offered = request.subprotocols.iter().filter_map(|name| Dialect::from_subprotocol(name));
        offered.find(|version| self.is_up() && self.versions.contains(version))
    }

    /// Whether a station may connect that proves itself so.
    pub fn admits(&self, request: &ConnectRequest) -> bool {
        let presented = || {
            let identity = Identity::from_target(&request.url, &IdentityRules::V1_6).ok()?;
            BasicAuth::parse(request.authorization.as_ref()?, &identity).ok()
        };
        let is_right = |password: &Password| presented().is_some_and(|presented| password.verify(&presented));
        self.password.as_ref().is_none_or(is_right)
    }

    /// How often the process was started.
    pub fn starts(&self) -> u64 {
        self.starts
    }

    /// Gives the station an order; the result comes later.
    ///
    /// # Errors
    /// When the session does not take it.
    pub fn command(&mut self, now: Instant, command: Command) -> Result<CommandId, MisuseError> {
        let id = CommandId(self.commands.len() as u64 + 1);
        self.commands.insert(id, command.clone());
        self.handle(now, Input::Command { id, command })?;
        if let Some(process) = &mut self.process {
            process.open.insert(id);
        }
        Ok(id)
    }

    /// Commands that this process took and that did not end yet.
    pub fn open_commands(&self) -> impl Iterator<Item = CommandId> {
        self.process.iter().flat_map(|process| process.open.iter().copied())
    }

    /// How a command ended, if it did.
    pub fn result(&self, id: CommandId) -> Option<&CommandResult> {
        self.results.get(&id)
    }

    /// All that was ordered, in order, and how it ended, if it did.
    pub fn orders(&self) -> impl Iterator<Item = (&Command, Option<&CommandResult>)> {
        self.commands.iter().map(|(id, command)| (command, self.results.get(id)))
    }

    /// All results, by command.
    pub fn results(&self) -> impl Iterator<Item = (CommandId, &CommandResult)> {
        self.results.iter().map(|(id, result)| (*id, result))
    }

    /// Keeps the result of a command.
    pub fn keep_result(&mut self, id: CommandId, result: CommandResult) {
        if let Some(process) = &mut self.process {
            process.open.remove(&id);
        }
        let is_set = match &result {
            Ok(CommandAnswer::ConfigurationChange(status)) => *status == ConfigurationStatus::Accepted,
            Ok(CommandAnswer::VariableChanges(changes)) => {
                changes.iter().all(|change| change.status.status == "Accepted")
            }
            Ok(_) | Err(_) => false,
        };
        if let Some(told) = self.commands.get(&id).and_then(|command| password_of(command, self.spoken))
            && is_set
        {
            self.password = Some(told);
        }
        self.results.insert(id, result);
    }

    /// Takes a question: the policy decides now, the answer comes when it was thought about.
    pub fn ask(&mut self, now: Instant, id: AskId, question: &Question) {
        let Some(answer) = self.policy.decide(question) else { return };
        if let Some(process) = &mut self.process {
            process.answers.push_back((now + self.thinks, id, answer));
        }
    }

    /// Takes a fact for the database.
    ///
    /// # Errors
    /// When it comes out of turn.
    pub fn store(&mut self, now: Instant, ticket: Ticket, fact: Fact) -> Result<(), OutOfTurn> {
        self.database.submit(now, ticket, fact)
    }

    /// The session's next action.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.process.as_mut()?.session.poll_action()
    }

    /// What the database says at `now` or before.
    pub fn poll_database(&mut self, now: Instant) -> Option<StoreReply> {
        self.database.poll_reply(now)
    }

    /// The next answer that was thought about.
    pub fn poll_answer(&mut self, now: Instant) -> Option<(AskId, Answer)> {
        let answers = &mut self.process.as_mut()?.answers;
        if answers.front()?.0 > now {
            return None;
        }
        answers.pop_front().map(|(_, id, answer)| (id, answer))
    }

    /// When the database has something to say.
    pub fn database_timeout(&self) -> Option<Instant> {
        self.database.poll_timeout()
    }

    /// When an answer was thought about.
    pub fn thought_timeout(&self) -> Option<Instant> {
        self.process.as_ref()?.answers.front().map(|(at, ..)| *at)
    }

    /// When the session's tick is due, on the world's time line.
    pub fn tick_at(&self) -> Option<Instant> {
        let process = self.process.as_ref()?;
        process.session.poll_timeout().map(|own| process.uptime.world(own))
    }

    /// The database.
    pub fn database(&mut self) -> &mut SimStore<Fact> {
        &mut self.database
    }

    /// What the database holds.
    pub fn facts(&self) -> &[Fact] {
        self.database.durable()
    }

    /// How many facts are not durable.
    pub fn volatile(&self) -> usize {
        self.database.volatile()
    }

    /// The bill by what the database holds.
    pub fn bill(&self) -> Bill {
        Bill::of(self.database.durable())
    }
}

/// The password that a command tells the station, if it does.
fn password_of(command: &Command, version: Dialect) -> Option<Password> {
    match command {
        Command::ChangeConfiguration { key, value } if key.eq_ignore_ascii_case("AuthorizationKey") => {
            Password::from_authorization_key(value).ok()
        }
        Command::SetVariables { variables } => {
            let (_, value) = variables.iter().find(|(name, _)| name.variable == "BasicAuthPassword")?;
            Password::from_text(value, version).ok()
        }
        _ => None,
    }
}
