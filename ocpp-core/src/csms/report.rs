//! What a station says and is told, whatever the version: the line between the session and the versions' edges.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;

use super::{
    Authorization, DataTransferStatus, EventInfo, IdToken, MeterValue, Place, Progress, RegistrationStatus,
    SecurityEvent, StationInfo, StationWork, StatusReport, StopReport, TransactionId,
};

/// The time that stands for one that could not be read: the first of the year 0.
pub(crate) fn no_time() -> DateTime<Utc> {
    DateTime::from_timestamp(-62_167_219_200, 0).unwrap_or_default()
}

/// A call of the station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Boot(StationInfo),
    Heartbeat,
    Status(StatusReport),
    Authorize(IdToken),
    /// The CSMS names the transaction.
    Start(StartReport),
    /// With the transaction that is named, if one is.
    Stop(Option<TransactionId>, StopReport),
    /// The station names the transaction, and numbers what happens in it.
    #[cfg_attr(not(feature = "v2"), allow(dead_code, reason = "1.6 numbers no events"))]
    Event(Box<EventReport>),
    Samples {
        place: Place,
        named: Option<TransactionId>,
        /// Whether they are known to be of no transaction.
        is_outside: bool,
        values: Vec<MeterValue>,
    },
    Progress(Progress),
    SecurityEvent(SecurityEvent),
    SignCertificate {
        csr: String,
        purpose: Option<SmallString>,
        request: Option<i64>,
    },
    /// What the application is told of beyond what is recorded, and its answer.
    #[cfg_attr(not(feature = "v2"), allow(dead_code, reason = "1.6 has no such calls"))]
    Notice {
        statuses: Vec<StatusReport>,
        answer: String,
    },
    DataTransfer {
        vendor_id: SmallString,
        message_id: Option<SmallString>,
        data: Option<String>,
    },
}

/// The begin of a transaction that the CSMS names (1.6 §6.45).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StartReport {
    pub place: Place,
    pub token: IdToken,
    pub meter_start_wh: i64,
    pub at: DateTime<Utc>,
    pub reservation: Option<i64>,
}

/// What a numbered event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "v2"), allow(dead_code, reason = "1.6 numbers no events"))]
pub(crate) enum EventKind {
    Begin,
    Update,
    End,
}

/// A numbered event of a transaction (2.x TransactionEvent).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventReport {
    pub kind: EventKind,
    pub transaction: TransactionId,
    pub seq_no: u64,
    pub at: DateTime<Utc>,
    pub place: Place,
    pub token: Option<IdToken>,
    pub reservation: Option<i64>,
    /// Of an end.
    pub reason: Option<SmallString>,
    pub samples: Vec<MeterValue>,
    /// Beside the number, which the ledger fills in.
    pub event: EventInfo,
}

/// The answer to a call of the station. What depends on the clock is filled in when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Boot {
        status: RegistrationStatus,
        interval: Duration,
    },
    Heartbeat,
    Status,
    Authorize(Authorization),
    Start {
        transaction: TransactionId,
        verdict: Authorization,
    },
    Stop,
    /// With the verdict on the token that came with it.
    Event(Option<Authorization>),
    Samples,
    Progress(StationWork),
    SecurityEvent,
    SignCertificate {
        is_accepted: bool,
    },
    /// As the edge wrote it.
    Notice(String),
    DataTransfer {
        status: DataTransferStatus,
        data: Option<String>,
    },
}
