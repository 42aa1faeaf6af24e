//! Answers to stations.

use alloc::string::String;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
use ocpp_types::text::{AnyText, TokenText};
use ocpp_types::v1_6::{
    self, AuthorizeResponse, BootNotificationResponse, DataTransferResponse, HeartbeatResponse, IdTagInfo,
    MeterValuesResponse, StartTransactionResponse, StatusNotificationResponse, StopTransactionResponse,
};
use ocpp_types::{Encode, Violation};

use crate::csms::report::Response;
use crate::csms::{Authorization, AuthorizationStatus, DataTransferStatus, RegistrationStatus, StationWork};

/// Writes the answer to a station.
pub(super) fn respond(response: &Response, now: DateTime<Utc>) -> Result<String, SmallString> {
    answer(response, now).map_err(|violation| SmallString::display(&violation))
}

fn answer(response: &Response, now: DateTime<Utc>) -> Result<String, Violation> {
    match response {
        Response::Boot { status, interval } => {
            BootNotificationResponse::new(registration(*status), now, seconds(*interval)).to_json()
        }
        Response::Heartbeat => HeartbeatResponse::new(now).to_json(),
        Response::Status => StatusNotificationResponse::new().to_json(),
        Response::Authorize(verdict) => AuthorizeResponse::new(id_tag_info(verdict)).to_json(),
        Response::Start { transaction, verdict } => {
            // Its name is the number that the session gave.
            let number = transaction.number().unwrap_or_default();
            StartTransactionResponse::new(id_tag_info(verdict), i64::from(number)).to_json()
        }
        // 1.6 has no events of transactions: its end says most.
        Response::Stop | Response::Event(_) => StopTransactionResponse::new().to_json(),
        Response::Samples => MeterValuesResponse::new().to_json(),
        Response::Progress(StationWork::Firmware) => v1_6::FirmwareStatusNotificationResponse::new().to_json(),
        Response::Progress(StationWork::Diagnostics) => v1_6::DiagnosticsStatusNotificationResponse::new().to_json(),
        Response::Progress(StationWork::Log) => v1_6::LogStatusNotificationResponse::new().to_json(),
        Response::SecurityEvent => v1_6::SecurityEventNotificationResponse::new().to_json(),
        Response::SignCertificate { is_accepted } => {
            let status = if *is_accepted { v1_6::GenericStatus::Accepted } else { v1_6::GenericStatus::Rejected };
            v1_6::SignCertificateResponse::new(status).to_json()
        }
        Response::Notice(text) => Ok(text.clone()),
        Response::DataTransfer { status, data } => {
            let mut response = DataTransferResponse::new(data_transfer(*status));
            response.data = data.as_deref().and_then(|data| AnyText::new(data).ok());
            response.to_json()
        }
    }
}

fn id_tag_info(verdict: &Authorization) -> IdTagInfo {
    let mut info = IdTagInfo::new(authorization(verdict.status));
    info.expiry_date = verdict.expires;
    info.parent_id_tag = verdict.group.as_ref().and_then(|group| TokenText::new(group.as_str()).ok());
    info
}

fn seconds(interval: Duration) -> i64 {
    i64::try_from(interval.as_secs()).unwrap_or(i64::MAX)
}

fn registration(status: RegistrationStatus) -> v1_6::RegistrationStatus {
    match status {
        RegistrationStatus::Accepted => v1_6::RegistrationStatus::Accepted,
        RegistrationStatus::Pending => v1_6::RegistrationStatus::Pending,
        RegistrationStatus::Rejected => v1_6::RegistrationStatus::Rejected,
    }
}

fn authorization(status: AuthorizationStatus) -> v1_6::AuthorizationStatus {
    match status {
        AuthorizationStatus::Accepted => v1_6::AuthorizationStatus::Accepted,
        AuthorizationStatus::Blocked
        | AuthorizationStatus::NoCredit
        | AuthorizationStatus::NotAllowedTypeEvse
        | AuthorizationStatus::NotAtThisLocation
        | AuthorizationStatus::NotAtThisTime => v1_6::AuthorizationStatus::Blocked,
        AuthorizationStatus::Expired => v1_6::AuthorizationStatus::Expired,
        AuthorizationStatus::Invalid | AuthorizationStatus::Unknown => v1_6::AuthorizationStatus::Invalid,
        AuthorizationStatus::ConcurrentTx => v1_6::AuthorizationStatus::ConcurrentTx,
    }
}

fn data_transfer(status: DataTransferStatus) -> v1_6::DataTransferStatus {
    match status {
        DataTransferStatus::Accepted => v1_6::DataTransferStatus::Accepted,
        DataTransferStatus::Rejected => v1_6::DataTransferStatus::Rejected,
        DataTransferStatus::UnknownMessageId => v1_6::DataTransferStatus::UnknownMessageId,
        DataTransferStatus::UnknownVendor => v1_6::DataTransferStatus::UnknownVendorId,
    }
}
