//! What a station says and is told, whatever the version: the line between the session and the versions' edges.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use compact_str::CompactString;

use super::ledger::StartReport;
use super::{
    Authorization, DataTransferStatus, IdToken, MeterValue, Progress, RegistrationStatus, SecurityEvent, StationInfo,
    StationWork, StatusReport, StopReport,
};

/// A call of the station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Boot(StationInfo),
    Heartbeat,
    Status(StatusReport),
    Authorize(IdToken),
    Start(StartReport),
    /// The number is that of the transaction, if one was named.
    Stop(Option<i32>, StopReport),
    Samples {
        connector: u32,
        named: Option<i32>,
        values: Vec<MeterValue>,
    },
    Progress(Progress),
    SecurityEvent(SecurityEvent),
    SignCertificate {
        csr: String,
    },
    DataTransfer {
        vendor_id: CompactString,
        message_id: Option<CompactString>,
        data: Option<String>,
    },
}

/// The answer to a call of the station. What depends on the clock is filled in when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Boot { status: RegistrationStatus, interval: Duration },
    Heartbeat,
    Status,
    Authorize(Authorization),
    Start { number: i32, verdict: Authorization },
    Stop,
    Samples,
    Progress(StationWork),
    SecurityEvent,
    SignCertificate { is_accepted: bool },
    DataTransfer { status: DataTransferStatus, data: Option<String> },
}
