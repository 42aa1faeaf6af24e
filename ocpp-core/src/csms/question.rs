//! Decisions of the application: a question out, an answer in, a default at the deadline.

use alloc::string::String;
use core::time::Duration;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{AuthorizationStatus, DataTransferStatus, IdToken, RegistrationStatus, StationInfo, TransactionId};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Question {
    /// The station booted: may it serve (1.6 §4.2)? As long as it is rejected, all else that it says is refused with
    /// `SecurityError` and not recorded. Default:
    /// [`SessionConfig::unanswered_boot`](super::SessionConfig::unanswered_boot).
    Boot(StationInfo),
    /// May this token charge (1.6 §4.1, §4.8)? Default:
    /// [`SessionConfig::unanswered_token`](super::SessionConfig::unanswered_token).
    Authorize {
        /// The token.
        token: IdToken,
        /// The transaction that began with it, if one did: it runs already, and whatever the answer, it is recorded.
        transaction: Option<TransactionId>,
    },
    /// The station sent vendor-specific data (1.6 §4.3). Default: the vendor is unknown.
    DataTransfer {
        /// The vendor's name.
        vendor_id: CompactString,
        /// The kind of message.
        message_id: Option<CompactString>,
        /// The data: plain text in 1.6.
        data: Option<String>,
    },
    /// The station wants a certificate of its own signed (1.6 security A02, A03). The certificate itself goes to the station
    /// later, by the call CertificateSigned, once there is one. Default: no.
    SignCertificate {
        /// The request, in PEM (RFC 2986).
        csr: String,
    },
}

/// An answer. It must be of the kind of its question.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Answer {
    /// To [`Question::Boot`].
    Boot {
        /// The verdict.
        status: RegistrationStatus,
        /// Accepted: the heartbeat interval; else the wait before the next boot message. Whole seconds count.
        #[cfg_attr(feature = "serde", serde(rename = "interval_ms", with = "ocpp_rpc::time::millis"))]
        interval: Duration,
    },
    /// To [`Question::Authorize`].
    Authorize(Authorization),
    /// To [`Question::DataTransfer`].
    DataTransfer {
        /// The verdict.
        status: DataTransferStatus,
        /// The answer's data.
        data: Option<String>,
    },
    /// To [`Question::SignCertificate`].
    SignCertificate {
        /// Whether the request goes to the certificate authority.
        is_accepted: bool,
    },
}

/// What the CSMS says of a token (1.6 §7.27).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Authorization {
    /// Whether it may charge.
    pub status: AuthorizationStatus,
    /// When a station that caches the answer must drop it.
    pub expires: Option<DateTime<Utc>>,
    /// The group of tokens that may stop each other's transactions. Not told where it is too long: 20 characters in 1.6.
    pub parent: Option<IdToken>,
}

impl From<AuthorizationStatus> for Authorization {
    fn from(status: AuthorizationStatus) -> Self {
        Authorization { status, expires: None, parent: None }
    }
}
