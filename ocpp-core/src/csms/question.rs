//! Decisions of the application: a question out, an answer in, a default at the deadline.

use alloc::string::String;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{AuthorizationStatus, DataTransferStatus, IdToken, RegistrationStatus, StationInfo, TransactionId};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Question {
    /// The station booted: may it serve (1.6 §4.2, 2.x B01)? As long as it is rejected, all else that it says is refused with
    /// `SecurityError` and not recorded. Default:
    /// [`SessionConfig::unanswered_boot`](super::SessionConfig::unanswered_boot).
    Boot(StationInfo),
    /// May this token charge (1.6 §4.1, §4.8; 2.x C01, E01.FR.11)? Default:
    /// [`SessionConfig::unanswered_token`](super::SessionConfig::unanswered_token).
    #[non_exhaustive]
    Authorize {
        /// The token.
        token: IdToken,
        /// The transaction that began with it, if one did: it runs already, and whatever the answer, it is recorded.
        transaction: Option<TransactionId>,
    },
    /// The station sent vendor-specific data (1.6 §4.3, 2.x P02). Default: the vendor is unknown.
    #[non_exhaustive]
    DataTransfer {
        /// The vendor's name.
        vendor_id: SmallString,
        /// The kind of message.
        message_id: Option<SmallString>,
        /// The data: plain text in 1.6, JSON text in 2.x.
        data: Option<String>,
    },
    /// The station wants a certificate of its own signed (1.6 security and 2.x A02, A03). The certificate itself goes to the station
    /// later, by the call CertificateSigned, once there is one. Default: no.
    #[non_exhaustive]
    SignCertificate {
        /// The request, in PEM (RFC 2986).
        csr: String,
        /// What the certificate is for: `certificateType` of 2.x, the station's own if none.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        purpose: Option<SmallString>,
        /// The number that the certificate is to bear when it is sent (2.1).
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        request: Option<i64>,
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
        /// The answer's data, of the same kind.
        data: Option<String>,
    },
    /// To [`Question::SignCertificate`].
    SignCertificate {
        /// Whether the request goes to the certificate authority.
        is_accepted: bool,
    },
}

/// What the CSMS says of a token (1.6 §7.27, 2.x IdTokenInfoType).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Authorization {
    /// Whether it may charge.
    pub status: AuthorizationStatus,
    /// When a station that caches the answer must drop it.
    pub expires: Option<DateTime<Utc>>,
    /// The group of tokens that may stop each other's transactions (1.6 `parentIdTag`, 2.x `groupIdToken`). Not told where it is too
    /// long: 20 characters in 1.6.
    #[cfg_attr(feature = "serde", serde(alias = "parent"))]
    pub group: Option<IdToken>,
}

impl Authorization {
    /// The same, of a token of this group.
    #[must_use]
    pub fn with_group(mut self, group: Option<IdToken>) -> Self {
        self.group = group;
        self
    }

    /// The same, until then.
    #[must_use]
    pub fn with_expiry(mut self, expires: Option<DateTime<Utc>>) -> Self {
        self.expires = expires;
        self
    }
}

impl From<AuthorizationStatus> for Authorization {
    fn from(status: AuthorizationStatus) -> Self {
        Authorization { status, expires: None, group: None }
    }
}
