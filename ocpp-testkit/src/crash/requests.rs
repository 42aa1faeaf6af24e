//! What the CSMS wants of the station, in the words of a version, and what it was answered.

use std::time::Duration;

use ocpp_core::csms::{Command, CommandAnswer, VariableName};
use ocpp_rpc::Dialect;
use ocpp_types::SmallString;

use crate::checks::{Failure, Violation};
use crate::csms::CommandResult;
pub(super) use crate::csms::{is_accepted, possible};
use crate::pair::{Pair, Step};

/// Any call.
pub(super) fn call(action: &str, payload: &str) -> Step {
    Step::Csms(Command::Call { action: action.into(), payload: payload.to_owned() })
}

/// A setting, by its key of 1.6 and its variable of 2.x.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub key: &'static str,
    pub component: &'static str,
    pub variable: &'static str,
}

impl Setting {
    fn name(self) -> VariableName {
        VariableName::new(self.component, self.variable)
    }

    /// The order to set it.
    pub fn order(self, version: Dialect, value: &str) -> Command {
        match version {
            Dialect::V1_6 => Command::ChangeConfiguration { key: self.key.into(), value: value.into() },
            Dialect::V2_0_1 | Dialect::V2_1 => Command::SetVariables { variables: vec![(self.name(), value.into())] },
        }
    }

    /// Sets it.
    pub fn set(self, version: Dialect, value: &str) -> Step {
        Step::Csms(self.order(version, value))
    }

    /// What it was set to, if this is an order to do so.
    pub fn set_by(self, command: &Command) -> Option<&str> {
        match command {
            Command::ChangeConfiguration { key, value } => (*key == self.key).then_some(value),
            Command::SetVariables { variables } => {
                variables.iter().find(|(name, _)| *name == self.name()).map(|(_, value)| value.as_str())
            }
            _ => None,
        }
    }

    /// Its value, by the station's word.
    pub fn read(self, pair: &mut Pair) -> Result<Option<SmallString>, Failure> {
        let command = match pair.csms.spoken {
            Dialect::V1_6 => Command::GetConfiguration { keys: vec![self.key.into()] },
            Dialect::V2_0_1 | Dialect::V2_1 => Command::GetVariables { variables: vec![self.name()] },
        };
        Ok(match order(pair, command)? {
            Ok(CommandAnswer::Configuration { known, .. }) => known.first().and_then(|key| key.value.clone()),
            Ok(CommandAnswer::Variables(values)) => values.first().and_then(|value| value.value.clone()),
            Ok(_) | Err(_) => None,
        })
    }

    /// It has the value that was accepted last, or a later one.
    pub fn is_kept(self, pair: &mut Pair) -> Result<(), Failure> {
        let orders = pair.csms.orders().filter_map(|(command, result)| Some((Some(self.set_by(command)?), result)));
        let possible: Vec<_> = possible(None, orders).into_iter().map(|value| value.map(SmallString::new)).collect();
        // That of the configuration is not known here.
        if possible.contains(&None) {
            return undisturbed(pair, false);
        }
        let found = self.read(pair)?;
        if possible.contains(&found) {
            return Ok(());
        }
        Err(lost(pair, self.variable, format!("{possible:?}"), found.map(|value| value.to_string())))
    }
}

/// The station does not have what it has to have.
pub(super) fn lost(pair: &Pair, what: &str, expected: impl Into<String>, found: Option<String>) -> Failure {
    pair.fail(Violation::SettingLost { key: what.to_owned(), expected: expected.into(), found })
}

/// A run without any power cut does what the scenario is for.
pub(super) fn undisturbed(pair: &Pair, does_it: bool) -> Result<(), Failure> {
    match pair.is_survey() && !does_it {
        true => Err(pair.fail(Violation::NotReached(pair.now(), "what the scenario is for"))),
        false => Ok(()),
    }
}

/// Whether a call of this action was accepted.
pub(super) fn was_accepted(pair: &Pair, wanted: &str) -> bool {
    pair.csms.orders().any(|(command, result)| {
        matches!(command, Command::Call { action, .. } if action == wanted) && result.is_some_and(is_accepted)
    })
}

/// What comes of an order that is given now.
pub(super) fn order(pair: &mut Pair, command: Command) -> Result<CommandResult, Failure> {
    let before = pair.csms.results().count();
    pair.act(Step::Csms(command))?;
    let answered = |pair: &Pair| pair.csms.results().count() > before;
    pair.drive_until(Duration::from_secs(60), "an answer to the last question", answered)?;
    let last = pair.csms.results().last().map(|(_, result)| result.clone());
    last.ok_or_else(|| pair.fail(Violation::NotReached(pair.now(), "an answer")))
}

/// The station's answer to a call.
pub(super) fn ask(pair: &mut Pair, action: &str, payload: &str) -> Result<String, Failure> {
    let command = Command::Call { action: action.into(), payload: payload.to_owned() };
    Ok(match order(pair, command)? {
        Ok(CommandAnswer::Call(answer)) => answer,
        other => format!("{other:?}"),
    })
}
