//! What a station accepted to be set is in force at the end, whatever happened since.

use std::collections::BTreeMap;

use ocpp_core::csms::{Command, CommandAnswer, VariableName};
use ocpp_types::SmallString;

use super::Violation;
use crate::csms::{CommandResult, possible};

/// A BootNotification's answer sets it too (1.6 §4.2, 2.x B01).
const SET_BY_BOOTS: &str = "HeartbeatInterval";

/// What was ordered, and how that ended, in order.
pub type Orders<'a> = &'a [(&'a Command, Option<&'a CommandResult>)];

/// A key of 1.6, or a variable of 2.x.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Key(SmallString),
    Variable(SmallString, SmallString),
}

/// What each setting may be now, where it was set at all.
fn possible_values<'a>(orders: Orders<'a>) -> BTreeMap<Name, Vec<&'a str>> {
    let mut by_name: BTreeMap<Name, Vec<_>> = BTreeMap::new();
    for (command, result) in orders {
        let (name, value) = match command {
            Command::ChangeConfiguration { key, value } => (Name::Key(key.clone()), value),
            Command::SetVariables { variables } => {
                let [(name, value)] = variables.as_slice() else { continue };
                (Name::Variable(name.component.clone(), name.variable.clone()), value)
            }
            _ => continue,
        };
        by_name.entry(name).or_default().push((Some(value.as_str()), *result));
    }
    let values = by_name.into_iter().filter_map(|(name, orders)| {
        // Without any that was accepted it is what it was at first, which is not known here.
        let possible: Option<Vec<&str>> = possible(None, orders.into_iter()).into_iter().collect();
        Some((name, possible?))
    });
    let is_the_csms_s = |name: &Name| match name {
        Name::Key(name) | Name::Variable(_, name) => name != SET_BY_BOOTS,
    };
    values.filter(|(name, _)| is_the_csms_s(name)).collect()
}

/// Asks for all settings that were accepted. None where there are none.
pub fn question(orders: Orders<'_>) -> Option<Command> {
    let names = possible_values(orders).into_keys();
    let (mut keys, mut variables) = (Vec::new(), Vec::new());
    for name in names {
        match name {
            Name::Key(key) => keys.push(key),
            Name::Variable(component, variable) => variables.push(VariableName::new(&component, &variable)),
        }
    }
    match (keys.is_empty(), variables.is_empty()) {
        (true, true) => None,
        (true, false) => Some(Command::GetVariables { variables }),
        (false, _) => Some(Command::GetConfiguration { keys }),
    }
}

/// The answer to the [`question`] tells what was accepted last, or what was ordered after that and not answered.
///
/// # Errors
/// When it does not.
pub fn in_force(orders: Orders<'_>, answer: &CommandResult) -> Result<(), Violation> {
    let told: BTreeMap<Name, Option<&str>> = match answer {
        Ok(CommandAnswer::Configuration { known, .. }) => {
            known.iter().map(|known| (Name::Key(known.key.clone()), known.value.as_deref())).collect()
        }
        Ok(CommandAnswer::Variables(results)) => {
            let name = |name: &VariableName| Name::Variable(name.component.clone(), name.variable.clone());
            results.iter().map(|result| (name(&result.name), result.value.as_deref())).collect()
        }
        Ok(_) | Err(_) => BTreeMap::new(),
    };
    for (name, possible) in possible_values(orders) {
        let found = told.get(&name).copied().flatten();
        if !found.is_some_and(|found| possible.contains(&found)) {
            let key = match name {
                Name::Key(key) => key.to_string(),
                Name::Variable(component, variable) => format!("{component}.{variable}"),
            };
            let expected = format!("one of {possible:?}");
            return Err(Violation::SettingLost { key, expected, found: found.map(str::to_owned) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ocpp_core::csms::{CommandError, ConfigurationKey, ConfigurationStatus};

    use super::*;

    fn set(value: &str) -> Command {
        Command::ChangeConfiguration { key: "ConnectionTimeOut".into(), value: value.into() }
    }

    fn told(value: &str) -> CommandResult {
        let known = ConfigurationKey { key: "ConnectionTimeOut".into(), readonly: false, value: Some(value.into()) };
        Ok(CommandAnswer::Configuration { known: vec![known], unknown: Vec::new() })
    }

    #[test]
    fn value_that_was_accepted_and_is_not_there_is_seen() {
        let accepted: CommandResult = Ok(CommandAnswer::ConfigurationChange(ConfigurationStatus::Accepted));
        let rejected: CommandResult = Ok(CommandAnswer::ConfigurationChange(ConfigurationStatus::Rejected));
        let unanswered: CommandResult = Err(CommandError::NotConnected);
        let [five, six, seven] = ["5", "6", "7"].map(set);
        let orders = [(&five, Some(&accepted)), (&six, Some(&rejected))];
        assert!(in_force(&orders, &told("5")).is_ok());
        assert!(in_force(&orders, &told("6")).is_err(), "it was refused");
        assert!(in_force(&orders, &unanswered).is_err(), "nothing is told");
        let orders = [(&five, Some(&accepted)), (&seven, Some(&unanswered))];
        assert!(in_force(&orders, &told("5")).is_ok() && in_force(&orders, &told("7")).is_ok());
        assert!(in_force(&orders, &told("6")).is_err());
        assert!(in_force(&[(&five, Some(&unanswered))], &told("120")).is_ok(), "never accepted");
        assert_eq!(question(&[(&five, Some(&rejected))]), None);
    }
}
