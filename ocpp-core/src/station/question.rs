//! Decisions of the application: a question out, an answer in, a default at the deadline.

use chrono::{DateTime, Utc};
use ocpp_rpc::ErrorCode;
use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{CertificateHash, DataTransferStatus, FileLocation, IdToken, LogKind, RawJson};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Question {
    /// The CSMS sent vendor-specific data (1.6 §5.6, 2.x P01). Default: the vendor is unknown.
    DataTransfer {
        /// The vendor's name.
        vendor_id: SmallString,
        /// The kind of message.
        message_id: Option<SmallString>,
        /// The data: plain text in 1.6, JSON in 2.x.
        data: Option<alloc::string::String>,
    },
    /// The CSMS wants a file (1.6 §5.9, 1.6 security N01). Asked where
    /// [`asks_about_uploads`](super::PolicyConfig::asks_about_uploads) says so. Default: it gets one, under a name that the station
    /// gives. It is ordered with [`Job::Upload`](super::Job::Upload) then.
    Upload {
        /// What it is to tell.
        log: LogKind,
        /// The directory.
        location: FileLocation,
        /// The oldest information to include.
        from: Option<DateTime<Utc>>,
        /// The latest information to include.
        to: Option<DateTime<Utc>>,
    },
    /// The CSMS wants told what is stored of a customer, or has it forgotten (2.x N09, N10). Asked where
    /// [`asks_about_customers`](super::PolicyConfig::asks_about_customers) says so. Default: the host knows nothing. What the station has of a
    /// token itself it tells and forgets itself.
    CustomerInformation {
        /// Who he is.
        customer: Customer,
        /// Whether the CSMS wants it told.
        is_report: bool,
        /// Whether it is to be forgotten: what the host has it forgets with its answer.
        is_clear: bool,
    },
    /// The CSMS calls, with a payload that nobody checked. Default: see [`Handling`](super::Handling).
    Incoming {
        /// The action's name.
        action: SmallString,
        /// The payload.
        payload: RawJson,
    },
    /// The station is about to call. One such question is open at most, and no other call leaves meanwhile. Default: see
    /// [`Handling`](super::Handling).
    Outgoing {
        /// The action's name.
        action: SmallString,
        /// The payload.
        payload: RawJson,
    },
}

/// An answer. It must be of the kind of its question.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Answer {
    /// To [`Question::DataTransfer`].
    DataTransfer {
        /// The verdict.
        status: DataTransferStatus,
        /// The answer's data.
        data: Option<alloc::string::String>,
    },
    /// To [`Question::Upload`].
    Upload(UploadAnswer),
    /// To [`Question::CustomerInformation`].
    CustomerInformation {
        /// What the host has stored of him, for people to read: at most 16384 bytes. None or nothing is that it knows nothing.
        data: Option<alloc::string::String>,
    },
    /// To [`Question::Incoming`].
    Incoming(IncomingAnswer),
    /// To [`Question::Outgoing`].
    Outgoing(OutgoingAnswer),
}

/// How the CSMS names a customer (2.x N09.FR.04).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Customer {
    /// By his token.
    IdToken(IdToken),
    /// By whatever the operator calls him, at most 64 characters.
    Identifier(SmallString),
    /// By his certificate.
    Certificate(CertificateHash),
}

/// What becomes of a file that the CSMS wants.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum UploadAnswer {
    /// It gets the file, under a name that the station gives.
    Accept,
    /// It gets the file, under this name, which it is told: 1 to 255 characters.
    Name(SmallString),
    /// It gets none: there is none, or not now.
    Refuse,
}

/// What becomes of a call of the CSMS. A payload that is no response of its action is the caller's mistake, and the question
/// stays open; of a vendor's action any object is one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum IncomingAnswer {
    /// The station handles it. Not where the application alone does.
    Proceed,
    /// The station does nothing, and this is the response.
    Reply(RawJson),
    /// The station does nothing, and this is the error.
    Refuse(ErrorCode),
}

/// What becomes of a call of the station. A payload that is no request, or response, of its action is the caller's mistake,
/// and the question stays open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum OutgoingAnswer {
    /// It leaves as it is. Not where the application alone handles it.
    Send,
    /// It leaves with this payload. Not where the application alone handles it.
    SendInstead(RawJson),
    /// Nothing leaves: the application did what the call is for, and this counts as the response of the CSMS.
    Answered(RawJson),
}
