//! Commands to the station: waiting until it can hear, under way in the engine, ended.

use ocpp_rpc::queue::Queue;

use ocpp_rpc::engine::{CallEnd, CallId, CallRefused, Lane};
use ocpp_rpc::frame::Payload;
use ocpp_rpc::{CallError, Dialect};
use ocpp_types::SmallString;
use ocpp_types::lenient::Decoded;

use super::Session;
use crate::csms::edge::CommandKind;
use crate::csms::{Action, Command, CommandAnswer, CommandError, CommandId, Event, RawFrame, RegistrationStatus};
use crate::{MisuseError, Refusal};

/// Commands without answer.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// Held back: the station may be deaf.
    waiting: Queue<(CommandId, Command)>,
    /// In the engine.
    under_way: Queue<UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    call: CallId,
    id: CommandId,
    kind: CommandKind,
    sent: bool,
}

impl Commands {
    pub fn any_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub fn sent(&mut self, call: CallId) {
        if let Some(command) = self.under_way.iter_mut().find(|command| command.call == call) {
            command.sent = true;
        }
    }

    /// All, and whether they were sent.
    pub fn open(&self) -> impl Iterator<Item = (CommandId, bool)> {
        let under_way = self.under_way.iter().map(|command| (command.id, command.sent));
        under_way.chain(self.waiting.iter().map(|(id, _)| (*id, false)))
    }

    /// How a command ends that was open when its session ended.
    pub fn lost((id, sent): (CommandId, bool)) -> Action {
        Action::Answered { id, result: Err(CommandError::LinkLost { sent }) }
    }

    pub fn give_back(&mut self) {
        super::give_back(&mut self.waiting);
        super::give_back(&mut self.under_way);
    }

    fn take(&mut self, call: CallId) -> Option<UnderWay> {
        let place = self.under_way.iter().position(|command| command.call == call)?;
        self.under_way.remove(place)
    }
}

impl Session {
    pub(super) fn command(&mut self, id: CommandId, command: Command) -> Result<(), MisuseError> {
        if self.commands.open().any(|(open, _)| open == id) {
            return Err(MisuseError::Refused(Refusal::CommandOpen));
        }
        let Some(link) = &self.link else {
            self.end(id, Err(CommandError::NotConnected));
            return Ok(());
        };
        let deaf = link.deaf_until.is_some_and(|until| until > self.now);
        if self.commands.open().count() >= self.config.limits.commands.max(1) {
            self.end(id, Err(CommandError::QueueFull));
        } else if deaf {
            self.commands.waiting.push_back((id, command));
        } else {
            self.issue(id, command);
        }
        Ok(())
    }

    /// The station can hear: commands need not wait any more.
    pub(super) fn ready(&mut self) {
        if let Some(link) = &mut self.link {
            link.deaf_until = None;
        }
        while let Some((id, command)) = self.commands.waiting.pop_front() {
            self.issue(id, command);
        }
    }

    fn issue(&mut self, id: CommandId, mut command: Command) {
        if let Command::RemoteStart { remote_start, .. } = &mut command {
            // 2.x F01, F02: each start has a number.
            remote_start.get_or_insert_with(|| i64::from(u32::try_from(id.0 & 0x7FFF_FFFF).unwrap_or_default()));
        }
        if let Command::RemoteStop { transaction } = &mut command {
            *transaction = self.record.ledger.told_name(transaction);
        }
        let kind = CommandKind::from(&command);
        match self.try_issue(kind, command) {
            Ok(call) => self.commands.under_way.push_back(UnderWay { call, id, kind, sent: false }),
            Err(error) => self.end(id, Err(error)),
        }
    }

    fn try_issue(&mut self, kind: CommandKind, mut command: Command) -> Result<CallId, CommandError> {
        if let Some(status) = self.record.registration.filter(|status| !is_allowed(*status, kind)) {
            return Err(CommandError::NotAllowed(status));
        }
        if let Command::RemoteStop { transaction } = &mut command {
            let is_numbered = self.engine.dialect() == Some(Dialect::V1_6);
            *transaction = self.record.ledger.called(transaction, is_numbered);
        }
        let link = self.link.as_mut().ok_or(CommandError::NotConnected)?;
        let call = (link.edge.command)(command).map_err(CommandError::Unsendable)?;
        if let Some(action) = link.edge.asks_for.and_then(|asks_for| asks_for(&call))
            && !link.awaited.contains(&action)
        {
            link.awaited.push(action);
        }
        let timeout = self.config.command_timeout;
        self.engine.call(self.now, Lane::Normal, &call.action, &call.payload, timeout).map_err(
            |refused| match refused {
                CallRefused::LinkClosed => CommandError::NotConnected,
                CallRefused::Full => CommandError::QueueFull,
                refused => CommandError::Unsendable(SmallString::display(&refused)),
            },
        )
    }

    pub(super) fn command_answered(&mut self, call: CallId, payload: &Payload<'_>) {
        let Some(command) = self.commands.take(call) else { return };
        let Some(link) = &self.link else { return };
        match (link.edge.answer)(command.kind, payload, self.config.quirks) {
            Ok(Decoded { value, repairs }) => {
                self.repaired(command.kind.action(), payload, &repairs);
                self.end(command.id, Ok(value));
            }
            Err(violation) => {
                self.event(Event::Unread { frame: RawFrame::of(payload) });
                self.end(command.id, Err(CommandError::Malformed(SmallString::display(&violation))));
            }
        }
    }

    pub(super) fn command_refused(&mut self, call: CallId, error: &CallError) {
        let error = CommandError::Refused {
            code: error.received_code().into(),
            description: error.description().into(),
            details: error.details().into(),
        };
        self.end_call(call, error);
    }

    pub(super) fn command_malformed(&mut self, call: CallId, reason: SmallString) {
        self.end_call(call, CommandError::Malformed(reason));
    }

    pub(super) fn command_ended(&mut self, call: CallId, end: CallEnd) {
        self.end_call(
            call,
            match end {
                CallEnd::TimedOut => CommandError::TimedOut,
                CallEnd::LinkClosed => CommandError::LinkLost { sent: true },
                CallEnd::NotSent => CommandError::LinkLost { sent: false },
            },
        );
    }

    /// The connection is gone, and with it what waited for it.
    pub(super) fn drop_commands(&mut self) {
        while let Some((id, _)) = self.commands.waiting.pop_front() {
            self.end(id, Err(CommandError::LinkLost { sent: false }));
        }
    }

    fn end_call(&mut self, call: CallId, error: CommandError) {
        if let Some(command) = self.commands.take(call) {
            self.end(command.id, Err(error));
        }
    }

    fn end(&mut self, id: CommandId, result: Result<CommandAnswer, CommandError>) {
        self.actions.push_back(Action::Answered { id, result });
    }
}

/// 1.6 §4.2: a rejected station is left alone, a pending one is told neither to start nor to stop a transaction.
fn is_allowed(status: RegistrationStatus, kind: CommandKind) -> bool {
    match (status, kind) {
        (RegistrationStatus::Accepted, _) => true,
        (RegistrationStatus::Rejected, _) => false,
        (RegistrationStatus::Pending, CommandKind::RemoteStart | CommandKind::RemoteStop) => false,
        (
            RegistrationStatus::Pending,
            CommandKind::GetConfiguration
            | CommandKind::ChangeConfiguration
            | CommandKind::GetVariables
            | CommandKind::SetVariables
            | CommandKind::Reset
            | CommandKind::ChangeAvailability
            | CommandKind::UnlockConnector
            | CommandKind::TriggerMessage
            | CommandKind::ClearCache
            | CommandKind::Call,
        ) => true,
    }
}
