//! What a message must be like.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// What a payload must be like. Members that no check names may be anything.
#[derive(Clone)]
pub struct Pattern {
    /// The action, or what it is the answer to.
    pub(super) action: String,
    checks: Vec<(String, Check)>,
}

#[derive(Clone)]
enum Check {
    OneOf(Vec<Value>),
    OneOfOrAbsent(Vec<Value>),
    Not(Value),
    Present,
    Absent,
    Between(DateTime<Utc>, DateTime<Utc>),
    That(&'static str, fn(&Value) -> bool),
}

/// A request with this action.
pub fn request(action: &str) -> Pattern {
    Pattern { action: action.to_owned(), checks: Vec::new() }
}

/// An answer.
pub fn answer() -> Pattern {
    request("")
}

/// An answer whose `status` is this.
pub fn status(status: &str) -> Pattern {
    answer().is("status", status)
}

impl Pattern {
    /// The member at this path (names and numbers, with dots between) has this value.
    #[must_use]
    pub fn is(self, path: &str, value: impl Into<Value>) -> Self {
        self.check(path, Check::OneOf(vec![value.into()]))
    }

    /// It has one of these values.
    #[must_use]
    pub fn one_of<const N: usize>(self, path: &str, values: [&str; N]) -> Self {
        self.check(path, Check::OneOf(values.into_iter().map(Value::from).collect()))
    }

    /// It has this value, or is not there.
    #[must_use]
    pub fn is_or_absent(self, path: &str, value: impl Into<Value>) -> Self {
        self.check(path, Check::OneOfOrAbsent(vec![value.into()]))
    }

    /// It has another value than this, or is not there.
    #[must_use]
    pub fn is_not(self, path: &str, value: impl Into<Value>) -> Self {
        self.check(path, Check::Not(value.into()))
    }

    /// This value of the member is as good as those named before.
    #[must_use]
    pub fn or(mut self, path: &str, value: impl Into<Value>) -> Self {
        let named = self.checks.iter_mut().find(|(other, _)| other == path);
        if let Some((_, Check::OneOf(values) | Check::OneOfOrAbsent(values))) = named {
            values.push(value.into());
        }
        self
    }

    /// The event of a transaction names this token.
    #[must_use]
    pub fn names(self, token: &str) -> Self {
        self.is("idToken.idToken", token).is("idToken.type", "ISO14443")
    }

    /// The event of a transaction names this token or none.
    #[must_use]
    pub fn may_name(self, token: &str) -> Self {
        self.is_or_absent("idToken.idToken", token).is_or_absent("idToken.type", "ISO14443")
    }

    /// Whether a value of this member is wanted.
    pub(super) fn wants(&self, path: &str, value: &Value) -> bool {
        self.checks
            .iter()
            .any(|(of, check)| of == path && matches!(check, Check::OneOf(values) if values.contains(value)))
    }

    /// It is there.
    #[must_use]
    pub fn present(self, path: &str) -> Self {
        self.check(path, Check::Present)
    }

    /// It is not there.
    #[must_use]
    pub fn absent(self, path: &str) -> Self {
        self.check(path, Check::Absent)
    }

    /// It is a time from `from` to `to`.
    #[must_use]
    pub fn between(self, path: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        self.check(path, Check::Between(from, to))
    }

    /// It is as `test` says; `what` says it in words. An absent member is null.
    #[must_use]
    pub fn that(self, path: &str, what: &'static str, test: fn(&Value) -> bool) -> Self {
        self.check(path, Check::That(what, test))
    }

    fn check(mut self, path: &str, check: Check) -> Self {
        self.checks.push((path.to_owned(), check));
        self
    }

    /// Whether the payload is like that.
    ///
    /// # Errors
    /// The first thing that is not.
    pub fn matches(&self, payload: &Value) -> Result<(), String> {
        for (path, check) in &self.checks {
            let value = member(payload, path);
            if !check.holds(value) {
                let found = value.map_or("absent".to_owned(), Value::to_string);
                return Err(format!("{path} is {found}, not {check}"));
            }
        }
        Ok(())
    }
}

/// The member at this path.
pub(super) fn member<'a>(payload: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() { Some(payload) } else { payload.pointer(&format!("/{}", path.replace('.', "/"))) }
}

/// The time that a member tells.
pub(super) fn time(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|time| time.to_utc())
}

impl Check {
    fn holds(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Check::Absent | Check::OneOfOrAbsent(_), None) | (Check::Present, Some(_)) => true,
            (Check::Not(wrong), value) => value != Some(wrong),
            (Check::OneOf(values) | Check::OneOfOrAbsent(values), Some(value)) => values.contains(value),
            (Check::Between(from, to), Some(value)) => time(value).is_some_and(|time| (*from..=*to).contains(&time)),
            (Check::That(_, test), value) => test(value.unwrap_or(&Value::Null)),
            (Check::Absent, Some(_)) | (Check::Present | Check::OneOf(_) | Check::Between(..), None) => false,
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
        match self {
            Check::OneOf(values) => f.write_str(&list(values)),
            Check::OneOfOrAbsent(values) => write!(f, "{} or absent", list(values)),
            Check::Not(value) => write!(f, "not {value}"),
            Check::Present => f.write_str("present"),
            Check::Absent => f.write_str("absent"),
            Check::Between(from, to) => write!(f, "from {from} to {to}"),
            Check::That(what, _) => f.write_str(what),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.action)?;
        for (place, (path, check)) in self.checks.iter().enumerate() {
            let joint = if place == 0 { " with" } else { "," };
            write!(f, "{joint} {path} {check}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_check_can_hold_and_can_fail() {
        let payload = json!({"status": "Accepted", "list": [{"n": 1}], "at": "2026-01-01T12:00:00Z"});
        let noon = time(&payload["at"]).unwrap();
        let hour = chrono::TimeDelta::hours(1);
        for (pattern, holds) in [
            (request("X").is("status", "Accepted"), true),
            (request("X").is("status", "Rejected"), false),
            (request("X").is("list.0.n", 1), true),
            (request("X").is("list.1.n", 1), false),
            (request("X").one_of("status", ["Rejected", "Accepted"]), true),
            (request("X").is_or_absent("reason", "Local"), true),
            (request("X").is_or_absent("status", "Local"), false),
            (request("X").is("status", "Rejected").or("status", "Accepted"), true),
            (request("X").is_not("status", "Rejected"), true),
            (request("X").is_not("status", "Accepted"), false),
            (request("X").present("at"), true),
            (request("X").present("reason"), false),
            (request("X").absent("at"), false),
            (request("X").between("at", noon - hour, noon), true),
            (request("X").between("at", noon + hour, noon + hour), false),
            (request("X").that("list", "a list", Value::is_array), true),
            (request("X").that("none", "a list", Value::is_array), false),
        ] {
            assert_eq!(pattern.matches(&payload).is_ok(), holds, "{pattern}");
        }
        let reason = request("X").is("status", "Rejected").matches(&payload).unwrap_err();
        assert_eq!(reason, r#"status is "Accepted", not "Rejected""#);
    }
}
