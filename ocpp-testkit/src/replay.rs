//! Running a recording through a machine again: the same inputs must give the same outputs.

use std::fmt;

use ocpp_core::csms::Session;
use ocpp_core::{MisuseError, Station};
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::link::End;
use crate::pipe::{Host, Machine};
use crate::seed::Seed;
use crate::trace::record::{Header, Recording, What};

/// How much agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Inputs that the machine took.
    pub inputs: u64,
    /// Outputs that were the same.
    pub outputs: u64,
    /// Boots after the first one.
    pub restores: u64,
}

/// Where machine and recording part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The line of the recording; none behind its end.
    pub line: Option<u64>,
    /// What the recording says.
    pub expected: String,
    /// What the machine did.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}")?,
            None => f.write_str("behind the last line")?,
        }
        write!(f, ":\n  expected {}\n  got      {}", self.expected, self.got)
    }
}

/// Why a recording cannot be replayed, or does not agree.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The header is not there, or lacks a member.
    #[error("the header says no {0}: not a recording of a machine")]
    Header(&'static str),
    /// The configuration is none of this machine.
    #[error("the header's config: {0}")]
    Config(serde_json::Error),
    /// The machine cannot be made.
    #[error("the machine cannot be made: {0}")]
    Misuse(#[from] MisuseError),
    /// A line cannot be told to the machine.
    #[error("line {line}: {reason}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// An output differs.
    #[error("{0}")]
    Differs(Difference),
}

/// Tells a machine made as the header says what the recording says, and compares what it orders and tells. Lines about
/// the wire and about the other machine are left out.
///
/// # Errors
/// At the first difference, and when the recording cannot be replayed.
pub fn replay(recording: &Recording) -> Result<Agreement, ReplayError> {
    let header = recording.header.as_ref().ok_or(ReplayError::Header("role"))?;
    match header.role.ok_or(ReplayError::Header("role"))? {
        End::Station => replay_on::<Station>(header, recording),
        End::Csms => replay_on::<Session>(header, recording),
    }
}

fn replay_on<M: Machine>(header: &Header, recording: &Recording) -> Result<Agreement, ReplayError> {
    let seed = Seed(header.seed.ok_or(ReplayError::Header("seed"))?);
    let config = header.config.as_deref().ok_or(ReplayError::Header("config"))?;
    let config = serde_json::from_str(config).map_err(ReplayError::Config)?;
    let mut host = Host::<M>::new(config, seed)?;
    let mut agreement = Agreement::default();
    for entry in &recording.entries {
        let wrong = |reason: &dyn fmt::Display| ReplayError::Line { line: entry.line, reason: reason.to_string() };
        let at = || entry.record.at.ok_or_else(|| wrong(&"no at, which tells the virtual time"));
        match &entry.record.what {
            What::In { role, input } if *role == M::ROLE => {
                let parsed = serde_json::from_str(input).map_err(|error| wrong(&error))?;
                host.handle(at()?, parsed).map_err(|misuse| {
                    differs(Some(entry.line), format!("{input} is taken"), format!("it is refused: {misuse}"))
                })?;
                agreement.inputs += 1;
            }
            What::Out { role, action } if *role == M::ROLE => {
                let got = next_action(&mut host);
                if !got.as_deref().is_some_and(|got| is_same_json(got, action)) {
                    return Err(differs(Some(entry.line), action.clone(), got.unwrap_or_else(|| "nothing".to_owned())));
                }
                agreement.outputs += 1;
            }
            // What the machine had still to say was lost with it.
            What::Restore { role, dump } if *role == M::ROLE => {
                let dump = serde_json::from_str(dump).map_err(|error| wrong(&error))?;
                host.restart(at()?, &dump)?;
                agreement.restores += 1;
            }
            What::In { .. }
            | What::Out { .. }
            | What::Restore { .. }
            | What::Frame { .. }
            | What::Cut { .. }
            | What::Connected { .. }
            | What::Closed => {}
        }
    }
    match next_action(&mut host) {
        None => Ok(agreement),
        Some(got) => Err(differs(None, "nothing".to_owned(), got)),
    }
}

fn differs(line: Option<u64>, expected: String, got: String) -> ReplayError {
    ReplayError::Differs(Difference { line, expected, got })
}

fn next_action<M: Machine>(host: &mut Host<M>) -> Option<String> {
    // An action always has a JSON form; one that had none would be shown as its failure to.
    host.poll_action().map(|action| serde_json::to_string(&action).unwrap_or_else(|error| error.to_string()))
}

/// The order of members and the spelling of a recording of others may differ.
fn is_same_json(one: &str, other: &str) -> bool {
    let value = |text| serde_json::from_str::<Value>(text).ok();
    one == other || value(one).is_some_and(|one| Some(one) == value(other))
}

#[cfg(test)]
mod tests;
