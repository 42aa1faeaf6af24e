//! Answers to stations.

use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
use ocpp_types::custom_data::RawJson;
use ocpp_types::v2_0_1;
use ocpp_types::v2_1::{
    self, AuthorizeResponse, BootNotificationResponse, DataTransferResponse, GenericStatus, HeartbeatResponse,
    IdTokenInfo, SignCertificateResponse, TransactionEventResponse,
};

use super::{Edition, token, write};
use crate::csms::report::Response;
use crate::csms::{Authorization, AuthorizationStatus, DataTransferStatus, RegistrationStatus};

/// Writes the answer to a station.
pub(super) fn respond(edition: Edition, response: &Response, now: DateTime<Utc>) -> Result<String, SmallString> {
    match response {
        Response::Boot { status, interval } => {
            let answer = BootNotificationResponse::new(now, seconds(*interval), registration(*status));
            write::<_, v2_0_1::BootNotificationResponse>(edition, answer)
        }
        Response::Heartbeat => write::<_, v2_0_1::HeartbeatResponse>(edition, HeartbeatResponse::new(now)),
        Response::Authorize(verdict) => {
            let answer = AuthorizeResponse::new(id_token_info(edition, verdict));
            write::<_, v2_0_1::AuthorizeResponse>(edition, answer)
        }
        Response::Event(verdict) => {
            let mut answer = TransactionEventResponse::new();
            answer.id_token_info = verdict.as_ref().map(|verdict| Box::new(id_token_info(edition, verdict)));
            write::<_, v2_0_1::TransactionEventResponse>(edition, answer)
        }
        Response::SignCertificate { is_accepted } => {
            let status = if *is_accepted { GenericStatus::Accepted } else { GenericStatus::Rejected };
            write::<_, v2_0_1::SignCertificateResponse>(edition, SignCertificateResponse::new(status))
        }
        Response::DataTransfer { status, data } => {
            let mut answer = DataTransferResponse::new(data_transfer(*status));
            let data = data.as_deref().map(RawJson::new).transpose();
            answer.data = data.map_err(|violation| SmallString::display(&violation))?;
            write::<_, v2_0_1::DataTransferResponse>(edition, answer)
        }
        Response::Notice(text) => Ok(text.clone()),
        // Starts and stops are calls of 1.6; here they are events.
        Response::Start { .. }
        | Response::Stop
        | Response::Status
        | Response::Samples
        | Response::Progress(_)
        | Response::SecurityEvent => Ok(String::from("{}")),
    }
}

/// A group of a type that the edition does not know is left out: it could not be told which one is meant.
fn id_token_info(edition: Edition, verdict: &Authorization) -> IdTokenInfo {
    let mut info = IdTokenInfo::new(authorization(verdict.status));
    info.cache_expiry_date_time = verdict.expires;
    info.group_id_token = verdict.group.as_ref().and_then(|group| token::write(edition, group));
    info
}

fn seconds(interval: Duration) -> i64 {
    i64::try_from(interval.as_secs()).unwrap_or(i64::MAX)
}

fn registration(status: RegistrationStatus) -> v2_1::RegistrationStatus {
    match status {
        RegistrationStatus::Accepted => v2_1::RegistrationStatus::Accepted,
        RegistrationStatus::Pending => v2_1::RegistrationStatus::Pending,
        RegistrationStatus::Rejected => v2_1::RegistrationStatus::Rejected,
    }
}

fn authorization(status: AuthorizationStatus) -> v2_1::AuthorizationStatus {
    match status {
        AuthorizationStatus::Accepted => v2_1::AuthorizationStatus::Accepted,
        AuthorizationStatus::Blocked => v2_1::AuthorizationStatus::Blocked,
        AuthorizationStatus::Expired => v2_1::AuthorizationStatus::Expired,
        AuthorizationStatus::Invalid => v2_1::AuthorizationStatus::Invalid,
        AuthorizationStatus::ConcurrentTx => v2_1::AuthorizationStatus::ConcurrentTx,
        AuthorizationStatus::NoCredit => v2_1::AuthorizationStatus::NoCredit,
        AuthorizationStatus::NotAllowedTypeEvse => v2_1::AuthorizationStatus::NotAllowedTypeEVSE,
        AuthorizationStatus::NotAtThisLocation => v2_1::AuthorizationStatus::NotAtThisLocation,
        AuthorizationStatus::NotAtThisTime => v2_1::AuthorizationStatus::NotAtThisTime,
        AuthorizationStatus::Unknown => v2_1::AuthorizationStatus::Unknown,
    }
}

fn data_transfer(status: DataTransferStatus) -> v2_1::DataTransferStatus {
    match status {
        DataTransferStatus::Accepted => v2_1::DataTransferStatus::Accepted,
        DataTransferStatus::Rejected => v2_1::DataTransferStatus::Rejected,
        DataTransferStatus::UnknownMessageId => v2_1::DataTransferStatus::UnknownMessageId,
        DataTransferStatus::UnknownVendor => v2_1::DataTransferStatus::UnknownVendorId,
    }
}
