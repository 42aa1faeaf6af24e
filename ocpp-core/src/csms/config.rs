//! How a session behaves, and its bounds.

use core::time::Duration;

use ocpp_rpc::Limits as FrameLimits;
use ocpp_rpc::liveness::LivenessSettings;
use ocpp_types::lenient::Quirks;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{AuthorizationStatus, RegistrationStatus};

/// How a session behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
pub struct SessionConfig {
    /// How long the application may take to answer a question; at most `reply_within`.
    #[cfg_attr(feature = "serde", serde(rename = "answer_within_ms", with = "ocpp_rpc::time::millis"))]
    pub answer_within: Duration,
    /// How long the station waits for an answer, all in all: also for the database. Then it is told of an internal error,
    /// and will try again; what it reported stays on its way into the database. Less than its own patience, mostly 30 s.
    #[cfg_attr(feature = "serde", serde(rename = "reply_within_ms", with = "ocpp_rpc::time::millis"))]
    pub reply_within: Duration,
    /// What a station that boots is told when the application does not answer.
    #[cfg_attr(feature = "serde", serde(with = "status_and_millis"))]
    pub unanswered_boot: (RegistrationStatus, Duration),
    /// What is said of a token when the application does not answer.
    pub unanswered_token: AuthorizationStatus,
    /// How long a station may take to answer a command, from when it is sent.
    #[cfg_attr(feature = "serde", serde(rename = "command_timeout_ms", with = "ocpp_rpc::time::millis"))]
    pub command_timeout: Duration,
    /// A station that reconnects may be deaf until it has booted: commands wait for its first message, at most so long.
    #[cfg_attr(feature = "serde", serde(rename = "ready_within_ms", with = "ocpp_rpc::time::millis"))]
    pub ready_within: Duration,
    /// How a dead connection is found.
    pub liveness: LivenessSettings,
    /// Transaction numbers are greater than this one: the last that earlier software gave to this station, else 0.
    pub transaction_floor: i32,
    /// How messages of the station may break their schemas and be taken all the same: what it reports happened, however it is said.
    #[cfg_attr(feature = "serde", serde(default = "default_quirks"))]
    pub quirks: Quirks,
    /// What is believed of what the station reports; the rest is recorded with a [`Finding`](super::Finding).
    #[cfg_attr(feature = "serde", serde(default))]
    pub plausible: Plausible,
    /// The bounds.
    pub limits: Limits,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig {
            answer_within: Duration::from_secs(10),
            reply_within: Duration::from_secs(25),
            unanswered_boot: (RegistrationStatus::Pending, Duration::from_secs(60)),
            unanswered_token: AuthorizationStatus::Invalid,
            command_timeout: Duration::from_secs(30),
            ready_within: Duration::from_secs(5),
            liveness: LivenessSettings::default(),
            transaction_floor: 0,
            quirks: Quirks::ALL,
            plausible: Plausible::default(),
            limits: Limits::default(),
        }
    }
}

/// What is believed of what a station reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
pub struct Plausible {
    /// How far a time may lie ahead of the server's clock.
    #[cfg_attr(feature = "serde", serde(rename = "ahead_ms", with = "ocpp_rpc::time::millis"))]
    pub ahead: Duration,
    /// How far a time may lie behind it: a station may be offline for long.
    #[cfg_attr(feature = "serde", serde(rename = "behind_ms", with = "ocpp_rpc::time::millis"))]
    pub behind: Duration,
    /// What a connector gives at most, in watts. A minute of it is granted beyond the time that passed.
    pub connector_watts: u32,
}

impl Default for Plausible {
    /// Five minutes ahead, a year behind, a megawatt.
    fn default() -> Self {
        Plausible {
            ahead: Duration::from_secs(300),
            behind: Duration::from_secs(366 * 24 * 3600),
            connector_watts: 1_000_000,
        }
    }
}

#[cfg(feature = "serde")]
fn default_quirks() -> Quirks {
    Quirks::ALL
}

/// The bounds of a session's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
pub struct Limits {
    /// What one incoming frame may cost.
    pub frame: FrameLimits,
    /// Facts that wait for the database. Beyond it the station is told of an internal error, and will try again.
    pub unconfirmed: usize,
    /// Questions open at once. Beyond it the station is told of an internal error.
    pub questions: usize,
    /// Commands that wait for their answer, at least 1.
    pub commands: usize,
    /// Running transactions remembered. When a further one starts, the oldest is forgotten; its end is then an orphan.
    pub open_transactions: usize,
    /// Ended transactions remembered, so that repeated messages about them are known as such.
    pub closed_transactions: usize,
    /// Messages with meter values, and ends of unknown transactions, remembered to know repeated ones.
    pub recent_reports: usize,
    /// Connectors whose last status is remembered.
    pub connectors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            frame: FrameLimits::STANDARD,
            unconfirmed: 64,
            questions: 8,
            commands: 16,
            open_transactions: 64,
            closed_transactions: 16,
            recent_reports: 16,
            connectors: 64,
        }
    }
}

/// `["Pending",60000]`.
#[cfg(feature = "serde")]
mod status_and_millis {
    use core::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::RegistrationStatus;

    pub fn serialize<S: Serializer>(pair: &(RegistrationStatus, Duration), serializer: S) -> Result<S::Ok, S::Error> {
        (pair.0, Millis(pair.1)).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(RegistrationStatus, Duration), D::Error> {
        <(RegistrationStatus, Millis)>::deserialize(deserializer).map(|(status, Millis(span))| (status, span))
    }

    #[derive(Serialize, Deserialize)]
    struct Millis(#[serde(with = "ocpp_rpc::time::millis")] Duration);
}
