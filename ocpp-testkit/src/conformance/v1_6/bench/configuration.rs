//! The initial state, and configuration keys.

use std::time::Duration;

use serde_json::{Value, json};

use super::Bench;
use crate::conformance::need::{Capabilities, OFFLINE_RULES};
use crate::conformance::pattern::{answer, request};
use crate::conformance::{Step, Stop};

impl Bench<'_> {
    /// The station boots, and reports all its connectors as free.
    pub(super) fn station_boots(&mut self) -> Step {
        let free = |bench: &Self| {
            let connectors = 0..=bench.capabilities.connectors();
            connectors.map(|connector| Bench::status(connector, "Available")).collect()
        };
        self.boots(&request("BootNotification"), Bench::read_configuration, free)
    }

    fn read_configuration(&mut self) -> Step {
        let all = self.ask("GetConfiguration", json!({}), answer().present("configurationKey"))?;
        self.capabilities = Capabilities::of(&all);
        Ok(())
    }

    /// Sets a configuration key of the station under test.
    ///
    /// # Errors
    /// When the station lacks it or does not take the value.
    pub fn configure(&mut self, key: &str, value: &str) -> Step {
        let Some(old) = self.capabilities.value(key).map(str::to_owned) else {
            return Err(Stop::NotApplicable(format!("no key {key}")));
        };
        if old.eq_ignore_ascii_case(value) {
            return Ok(());
        }
        if self.capabilities.is_read_only(key) {
            return Err(Stop::NotApplicable(format!("{key} is {old} for good")));
        }
        self.precondition("configured", |bench| {
            let request = json!({ "key": key, "value": value });
            bench.ask("ChangeConfiguration", request, answer().one_of("status", ["Accepted", "RebootRequired"]))
        })?;
        self.capabilities.set(key, value);
        Ok(())
    }

    /// Sets a configuration key if the station has it and lets it be set.
    ///
    /// # Errors
    /// When the station does not take the value.
    pub fn configure_if_there(&mut self, key: &str, value: &str) -> Step {
        match self.configure(key, value) {
            Err(Stop::NotApplicable(_)) => Ok(()),
            other => other,
        }
    }

    /// Sets a key to a number of seconds.
    ///
    /// # Errors
    /// When the station lacks it or does not take the value.
    pub fn configure_seconds(&mut self, key: &str, seconds: Duration) -> Step {
        self.configure(key, &seconds.as_secs().to_string())
    }

    /// The value of a key, as last told.
    pub fn key(&self, key: &str) -> &str {
        self.capabilities.value(key).unwrap_or_default()
    }

    /// Whether a boolean key is true.
    pub fn is_set(&self, key: &str) -> bool {
        self.capabilities.is_true(key)
    }

    /// Whether the station says that it has a feature profile.
    pub fn has_profile(&self, profile: &str) -> bool {
        self.capabilities.has_profile(profile)
    }

    /// How many connectors the station has.
    pub fn connectors(&self) -> u16 {
        self.capabilities.connectors()
    }

    /// Lets a token charge offline, by every rule that the station knows.
    ///
    /// # Errors
    /// When the station does not take a value.
    pub fn allow_offline(&mut self, token: &str) -> Step {
        self.configure_if_there("LocalAuthorizeOffline", "true")?;
        for key in OFFLINE_RULES {
            self.configure_if_there(key, "true")?;
        }
        if self.has_profile("LocalAuthListManagement") {
            self.precondition("IdTagLocalAuthList", |bench| bench.install_list(&[token]).map(|_| ()))?;
        }
        Ok(())
    }

    /// Sends a full local list of these tokens, and gives its version. Before there is none (1.6 §5.10: version 0).
    ///
    /// # Errors
    /// When the station does not take it.
    pub fn install_list(&mut self, tokens: &[&str]) -> Step<i64> {
        let before =
            if self.target.is_fresh() { answer().is("listVersion", 0) } else { answer().present("listVersion") };
        let installed = self.ask("GetLocalListVersion", json!({}), before)?;
        let version = installed.get("listVersion").and_then(Value::as_i64).unwrap_or(0).max(0) + 1;
        let entries: Vec<Value> =
            tokens.iter().map(|token| json!({ "idTag": token, "idTagInfo": { "status": "Accepted" } })).collect();
        let list = json!({ "listVersion": version, "updateType": "Full", "localAuthorizationList": entries });
        self.ask("SendLocalList", list, answer().is("status", "Accepted"))?;
        Ok(version)
    }
}
