//! What is said of an upload of diagnostics or security events (1.6 §5.9, 1.6 security N01, 2.x N01): how it is asked for, and accepted.

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;

use crate::site::reports::Form;
use crate::station::{FileLocation, LogKind};

/// What the CSMS wants.
#[derive(Clone, Debug)]
pub(crate) struct UploadRequest {
    pub log: LogKind,
    /// Its number, where it has one.
    pub number: Option<i64>,
    pub location: FileLocation,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub retries: u32,
    pub retry_seconds: u32,
}

impl UploadRequest {
    /// Which of the two requests it is.
    pub fn form(&self) -> Form {
        match self.number {
            #[cfg(feature = "security")]
            Some(_) => Form::Numbered,
            _ => Form::Plain,
        }
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UploadAccepted {
    pub file_name: SmallString,
    /// Whether a file that was on its way was given up for it.
    pub has_cancelled: bool,
}
