//! Our CSMS's session in virtual time, with an operator who knows the tokens of the run, and a database that lags.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use ocpp_core::csms::{
    Action, Authorization, AuthorizationStatus, Command, IdToken, Input, LinkAction, LinkInput, Place,
    RegistrationStatus, ResetKind, SessionConfig, TransactionId, VariableName,
};
use ocpp_core::station::ConnectRequest;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::{Identity, IdentityRules, Password, choose};
use serde_json::Value;

use super::virtual_time::{self, VirtualTime};
use crate::clock::WallClock;
use crate::conformance::Values;
use crate::conformance::target::{Happening, Manual, Target, Trouble};
use crate::csms::{MiniCsms, Policy};
use crate::seed::Seed;
use crate::store::{StoreHabits, StoreReply};

/// A CSMS of ours.
pub struct VirtualCsms {
    csms: MiniCsms,
    dialect: Dialect,
    station: String,
    now: Instant,
    is_connected: bool,
    happenings: VecDeque<Happening>,
}

/// What is due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Database,
    Thought,
    Tick,
}

impl VirtualCsms {
    /// A server that runs, in this version, with the tokens of the run registered.
    ///
    /// # Errors
    /// When the session cannot be made, or the password of the run is too long.
    pub fn speaking(dialect: Dialect, values: &Values) -> Result<Self, Trouble> {
        // 2026-01-01T12:00:00Z
        let wall = DateTime::from_timestamp(1_767_268_800, 0).map_or(WallClock::UNSET, WallClock::starting_at);
        let group = Some(IdToken::new(&values.group));
        let member = Authorization::from(AuthorizationStatus::Accepted).with_group(group);
        let mut policy = Policy::default()
            .with_token(&values.token, member.clone())
            .with_token(&values.token2, member)
            .with_token(&values.invalid_token, AuthorizationStatus::Invalid)
            .with_token(&values.expired_token, AuthorizationStatus::Expired)
            .with_token(&values.blocked_token, AuthorizationStatus::Blocked);
        policy.heartbeat = values.heartbeat;
        if values.first_boot_pending {
            policy = policy.with_boots([(RegistrationStatus::Pending, values.retry)]);
        }
        let mut csms = MiniCsms::new(SessionConfig::default(), policy, wall, StoreHabits::default(), Seed(1));
        let password = values.password.as_ref().map(|text| Password::from_bytes(text.as_bytes()));
        csms.password = password.transpose().map_err(lost)?;
        csms.start(Instant::ZERO).map_err(lost)?;
        let station = values.station.clone();
        Ok(VirtualCsms { csms, dialect, station, now: Instant::ZERO, is_connected: false, happenings: VecDeque::new() })
    }

    fn tell(&mut self, input: Input<'_>) -> Result<(), Trouble> {
        self.csms.handle(self.now, input).map_err(lost)?;
        while let Some(action) = self.csms.poll_action() {
            match action {
                Action::Link(LinkAction::Send(bytes)) => {
                    self.happenings.push_back(Happening::Frame(String::from_utf8(bytes).map_err(lost)?));
                }
                Action::Link(LinkAction::Ping) => {
                    self.csms.handle(self.now, Input::Link(LinkInput::Pong)).map_err(lost)?;
                }
                Action::Link(LinkAction::Close(_)) => {
                    self.is_connected = false;
                    self.happenings.push_back(Happening::Closed);
                }
                Action::Store { ticket, fact } => self.csms.store(self.now, ticket, fact).map_err(lost)?,
                Action::Ask { id, question, .. } => self.csms.ask(self.now, id, &question),
                Action::Answered { .. } | Action::Event(_) => {}
            }
        }
        Ok(())
    }
}

impl VirtualTime for VirtualCsms {
    type Due = Due;

    fn state(&mut self) -> (&mut Instant, &mut VecDeque<Happening>) {
        (&mut self.now, &mut self.happenings)
    }

    fn next_due(&self) -> Option<(Instant, Due)> {
        let due = |at: Option<Instant>, due| at.map(|at| (at, due));
        let all = [
            due(self.csms.database_timeout(), Due::Database),
            due(self.csms.thought_timeout(), Due::Thought),
            due(self.csms.tick_at(), Due::Tick),
        ];
        all.into_iter().flatten().min()
    }

    fn happen(&mut self, due: Due) -> Result<(), Trouble> {
        match due {
            Due::Database => match self.csms.poll_database(self.now) {
                Some(StoreReply::Stored(ticket)) => self.tell(Input::Stored(ticket)),
                Some(StoreReply::Failed(ticket)) => self.tell(Input::StoreFailed(ticket)),
                None => Ok(()),
            },
            Due::Thought => match self.csms.poll_answer(self.now) {
                Some((id, answer)) => self.tell(Input::Answer(id, answer)),
                None => Ok(()),
            },
            Due::Tick => self.tell(Input::Tick),
        }
    }
}

impl Target for VirtualCsms {
    fn now(&self) -> Instant {
        self.now
    }

    fn wall(&self) -> DateTime<Utc> {
        self.csms.clock.read(self.now).unwrap_or_default()
    }

    fn next(&mut self, until: Instant) -> Result<Option<Happening>, Trouble> {
        virtual_time::next(self, until)
    }

    fn send(&mut self, text: &str) -> Result<(), Trouble> {
        if !self.is_connected {
            return Err(Trouble::NotConnected);
        }
        self.tell(Input::Link(LinkInput::Frame(text.as_bytes().into())))
    }

    fn set_network(&mut self, up: bool) -> Result<(), Trouble> {
        match (self.is_connected, up) {
            (false, true) => {
                self.is_connected = true;
                self.happenings.push_back(Happening::Opened);
                self.tell(Input::Link(LinkInput::Opened { dialect: self.dialect }))
            }
            (true, false) => {
                self.is_connected = false;
                self.happenings.push_back(Happening::Closed);
                self.tell(Input::Link(LinkInput::Closed))
            }
            (false, false) | (true, true) => Ok(()),
        }
    }

    fn perform(&mut self, step: &Manual) -> Result<(), Trouble> {
        let Manual::Order { action, payload } = step else {
            return Err(Trouble::Undone("the station is the bench itself".to_owned()));
        };
        let command = match self.dialect {
            Dialect::V1_6 => command(action, payload),
            Dialect::V2_0_1 | Dialect::V2_1 => command_of_2_x(action, payload),
        };
        self.csms.command(self.now, command).map_err(lost)?;
        self.tell(Input::Tick)
    }

    fn offer(&mut self, subprotocols: &[&str]) -> Result<Option<String>, Trouble> {
        let choice = choose(&[&subprotocols.join(",")], &[self.dialect], None);
        Ok(choice.header().map(str::to_owned))
    }

    fn knock(&mut self, name: &str, password: &str) -> Result<bool, Trouble> {
        let name = Identity::new(name, &IdentityRules::V1_6).map_err(lost)?;
        let password = Password::from_bytes(password.as_bytes()).map_err(lost)?;
        let mut request = ConnectRequest::new(&format!("ws://csms.example/ocpp/{}", self.station), Vec::new());
        request.authorization = Some(password.authorization(&name).into());
        Ok(self.csms.admits(&request))
    }

    fn is_fresh(&self) -> bool {
        true
    }
}

/// The command that an application would give: a typed one where there is one.
fn command(action: &str, payload: &Value) -> Command {
    let number = |name| payload.get(name).and_then(Value::as_i64);
    let text = |name| payload.get(name).and_then(Value::as_str);
    let typed = match action {
        "RemoteStartTransaction" if payload.get("chargingProfile").is_none() => text("idTag").map(|token| {
            let evse = number("connectorId").and_then(|number| u32::try_from(number).ok());
            Command::remote_start(evse, IdToken::new(token))
        }),
        "RemoteStopTransaction" => number("transactionId")
            .and_then(|number| i32::try_from(number).ok())
            .map(|number| Command::RemoteStop { transaction: TransactionId::from(number) }),
        "GetConfiguration" => {
            let keys = payload.get("key").and_then(Value::as_array).into_iter().flatten();
            Some(Command::GetConfiguration { keys: keys.filter_map(Value::as_str).map(Into::into).collect() })
        }
        "ChangeConfiguration" => text("key")
            .zip(text("value"))
            .map(|(key, value)| Command::ChangeConfiguration { key: key.into(), value: value.into() }),
        _ => None,
    };
    typed.unwrap_or_else(|| Command::Call { action: action.into(), payload: payload.to_string() })
}

/// The same in 2.x. Without an EVSE a trigger has no place of its own, nor has the station's availability.
fn command_of_2_x(action: &str, payload: &Value) -> Command {
    let number = |pointer: &str| payload.pointer(pointer).and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    let variables = |list: &str| payload.get(list).and_then(Value::as_array).into_iter().flatten();
    let name = |of: &Value| {
        let text = |pointer: &str| of.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        VariableName::new(text("/component/name"), text("/variable/name"))
    };
    let place = |evse: &str, connector: &str| Place::new(number(evse), number(connector));
    let typed = match action {
        "RequestStartTransaction" => text("/idToken/idToken").map(|token| Command::RemoteStart {
            evse: number("/evseId"),
            token: IdToken::new(token).with_kind(text("/idToken/type").unwrap_or_default()),
            group: None,
            remote_start: number("/remoteStartId").map(i64::from),
        }),
        "RequestStopTransaction" => {
            text("/transactionId").map(|name| Command::RemoteStop { transaction: TransactionId::new(name) })
        }
        "GetVariables" => Some(Command::GetVariables { variables: variables("getVariableData").map(name).collect() }),
        "SetVariables" => {
            let value = |of: &Value| of.get("attributeValue").and_then(Value::as_str).unwrap_or_default().into();
            let variables = variables("setVariableData").map(|of| (name(of), value(of)));
            Some(Command::SetVariables { variables: variables.collect() })
        }
        "Reset" => {
            let kind = if text("/type") == Some("OnIdle") { ResetKind::OnIdle } else { ResetKind::Immediate };
            Some(Command::Reset { kind, evse: number("/evseId") })
        }
        "ChangeAvailability" => Some(Command::ChangeAvailability {
            place: place("/evse/id", "/evse/connectorId"),
            is_operative: text("/operationalStatus") == Some("Operative"),
        }),
        "UnlockConnector" => Some(Command::UnlockConnector { place: place("/evseId", "/connectorId") }),
        "TriggerMessage" => text("/requestedMessage").map(|message| Command::TriggerMessage {
            message: message.into(),
            place: place("/evse/id", "/evse/connectorId"),
        }),
        "ClearCache" => Some(Command::ClearCache),
        _ => None,
    };
    typed.unwrap_or_else(|| Command::Call { action: action.into(), payload: payload.to_string() })
}

fn lost(error: impl std::fmt::Display) -> Trouble {
    Trouble::Lost(error.to_string())
}
