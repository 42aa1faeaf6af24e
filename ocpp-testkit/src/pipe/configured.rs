//! A configuration out of its defaults and a file.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::spelling::nearest;

/// Why a file is no configuration.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is not one JSON object.
    #[error("no JSON object: {0}")]
    Json(#[from] serde_json::Error),
    /// A member is not known.
    #[error("{path}: no such member{}", hint.as_ref().map(|name| format!("; {name} is meant?")).unwrap_or_default())]
    Unknown {
        /// Where it is.
        path: String,
        /// The member that may be meant.
        hint: Option<String>,
    },
    /// A member has a value that it cannot have.
    #[error("{path}: {reason}")]
    Value {
        /// Where it is.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A configuration: the defaults, and above them what a file says. A member of an object replaces that one alone; a choice
/// of several, which is an object with a capital, is replaced as a whole.
///
/// # Errors
/// When the file is no JSON, or says what no configuration has: the first such member, by its path.
pub fn configured<C: Serialize + for<'de> Deserialize<'de>>(defaults: &C, file: &str) -> Result<C, ConfigError> {
    let under = serde_json::to_value(defaults)?;
    let over: Map<String, Value> = serde_json::from_str(file)?;
    let mut members = Vec::new();
    spread(&under, over, "", &mut members)?;
    let mut config = under.clone();
    for (path, value) in &members {
        put(&mut config, path, value.clone());
    }
    serde_json::from_value(config).map_err(|error| {
        // The one that is wrong by itself.
        let wrong = members.iter().find_map(|(path, value)| {
            let mut config = under.clone();
            put(&mut config, path, value.clone());
            Some((path.clone(), serde_json::from_value::<C>(config).err()?))
        });
        let (path, error) = wrong.unwrap_or_else(|| ("the members together".to_owned(), error));
        ConfigError::Value { path, reason: error.to_string() }
    })
}

/// Collects the members that are replaced, each with its path.
fn spread(
    under: &Value,
    over: Map<String, Value>,
    path: &str,
    members: &mut Vec<(String, Value)>,
) -> Result<(), ConfigError> {
    for (name, value) in over {
        let is_outermost = path.is_empty();
        let path = if is_outermost { name.clone() } else { format!("{path}.{name}") };
        let (path, under) = match group_of(under, &name) {
            Some((group, members)) if is_outermost => (format!("{group}.{path}"), members),
            _ => (path, under),
        };
        let Some(old) = under.get(&name) else {
            let inside = GROUPS.iter().filter_map(|group| under.get(group)).filter(|_| is_outermost);
            let known = [under].into_iter().chain(inside).filter_map(Value::as_object).flat_map(Map::keys);
            let known = known.map(String::as_str);
            return Err(ConfigError::Unknown { path, hint: nearest(&name, known).map(str::to_owned) });
        };
        match value {
            Value::Object(value)
                if old.is_object() && !value.keys().any(|name| name.starts_with(char::is_uppercase)) =>
            {
                spread(old, value, &path, members)?;
            }
            value => members.push((path, value)),
        }
    }
    Ok(())
}

/// The group of a station's configuration that has a member of this name, which may stand without its group.
fn group_of<'a>(under: &'a Value, name: &str) -> Option<(&'a str, &'a Value)> {
    GROUPS.into_iter().find_map(|group| {
        under.get(group).filter(|members| members.get(name).is_some()).map(|members| (group, members))
    })
}

const GROUPS: [&str; 4] = ["network", "device", "hardware", "policy"];

fn put(config: &mut Value, path: &str, value: Value) {
    let place = path.split('.').try_fold(config, |config, name| config.get_mut(name));
    if let Some(place) = place {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocpp_core::csms::SessionConfig;
    use ocpp_core::station::StationConfig;

    fn station(file: &str) -> Result<StationConfig, String> {
        let defaults = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model");
        configured(&defaults, file).map_err(|error| error.to_string())
    }

    #[test]
    fn member_that_is_wrong_is_told_by_its_path() {
        for (file, told) in [
            (r#"{"evsess":2}"#, "evsess: no such member; evses is meant?"),
            (r#"{"limits":{"journall":9}}"#, "limits.journall: no such member; journal is meant?"),
            (r#"{"limits":{"frame":{"size":9}}}"#, "limits.frame.size: no such member"),
            (r#"{"identity":"A","evses":"two"}"#, "hardware.evses: expected a number of EVSEs, or a list of them"),
            (r#"{"limits":{"journal":-1}}"#, "limits.journal: invalid value"),
            (r#"{"versions":["ocpp1.7"]}"#, "network.versions: unknown variant `ocpp1.7`"),
            (r#"{"wiring":{"supply":{"Ac":{"phase":1}}}}"#, "hardware.wiring.supply: unknown field `phase`"),
            (r#"{"custom_settings":[{"name":"A","kind":"Boolean","access":"ReadWrite","default":"","x":1}]}"#, "`x`"),
            (r#"{"hardware":{"evsess":2}}"#, "hardware.evsess: no such member; evses is meant?"),
            (r#"{"hardware":{"vendor":"V"}}"#, "hardware.vendor: no such member"),
            ("[]", "no JSON object"),
            ("{", "no JSON object"),
        ] {
            let error = station(file).unwrap_err();
            assert!(error.contains(told), "{file}: {error}");
        }
        let session = configured(&SessionConfig::default(), r#"{"limits":{"question":1}}"#).unwrap_err();
        assert_eq!(session.to_string(), "limits.question: no such member; questions is meant?");
    }

    #[test]
    fn members_stand_in_their_group_or_without_it() {
        let in_group = station(r#"{"network":{"identity":"A"},"hardware":{"wiring":{"grid_phases":1}}}"#).unwrap();
        assert_eq!(station(r#"{"identity":"A","wiring":{"grid_phases":1}}"#).unwrap(), in_group);
        assert_eq!((in_group.network.identity.as_str(), in_group.hardware.wiring.grid_phases), ("A", 1));
    }

    #[test]
    fn members_of_the_file_replace_those_of_the_defaults_alone() {
        let config = station(
            r#"{"evses":2,"limits":{"journal":9},"wiring":{"supply":{"Dc":{"millivolts":1,"max_milliwatts":2}}}}"#,
        );
        let config = config.unwrap();
        assert_eq!((config.hardware.evses.len(), config.limits.journal, config.limits.journal_samples), (2, 9, 300));
        assert_eq!(config.hardware.wiring.line_millivolts, 230_000);
    }
}
