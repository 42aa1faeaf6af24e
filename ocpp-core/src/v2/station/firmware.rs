//! Firmware updates (L01, L02) and uploads of logs (N01): requests in, statuses out. What they lead to is in `site/firmware`.

use ocpp_rpc::engine::ReplyToken;
use ocpp_types::tables::v2::{
    Action, FirmwareStatus, FirmwareStatusNotificationRequest, GetLogRequest, GetLogResponse, LogStatus,
    LogStatusNotificationRequest, LogType, UpdateFirmwareRequest, UpdateFirmwareResponse, UpdateFirmwareStatus,
    UploadLogStatus,
};
use ocpp_types::tables::{Edition, View as _};

use crate::face::answers::{Written, answer, answer_after};
use crate::face::decoding::{retries, retry_seconds, utc};
use crate::face::failure::{self, Message};
use crate::site::Site;
use crate::site::firmware::{JobReport, JobStatus};
use crate::site::firmware_job::{FirmwareProgress, FirmwareRequest};
use crate::site::shared::Shared;
use crate::site::upload::{UploadAccepted, UploadRequest};
use crate::site::upload_job::UploadProgress;
use crate::site::verdict::SignedFirmwareVerdict;
use crate::station::{FileLocation, FirmwareSignature, LogKind};

/// The message that tells such a status. What 1.6 ordered has no number, and is told by the same message.
pub(super) fn action_of(status: JobStatus) -> Action {
    match status {
        JobStatus::Firmware(_) => Action::FirmwareStatusNotification,
        JobStatus::Upload(_) => Action::LogStatusNotification,
    }
}

/// A status to send, with the number of the request (L01.FR.20, N01.FR.07).
pub(super) fn message(edition: Edition, report: JobReport) -> Message {
    failure::message(match report {
        JobReport::Firmware(_, report) => FirmwareStatusNotificationRequest::to_json(edition, |mut request| {
            request.status(firmware_status(report.map(|report| report.progress)));
            if let Some(number) = report.and_then(|report| report.request) {
                request.request_id(number);
            }
        }),
        JobReport::Upload(_, report) => LogStatusNotificationRequest::to_json(edition, |mut request| {
            request.status(log_status(report.map(|report| report.progress)));
            if let Some(number) = report.and_then(|report| report.request) {
                request.request_id(number);
            }
        }),
    })
}

/// Carries out an UpdateFirmware: one with a certificate once its signer is known to be trusted (L01.FR.02, L01.FR.11), one without
/// where the station takes firmware that nobody signed (L02; part 6 TC_L_18).
pub(super) fn on_update(
    edition: Edition,
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: UpdateFirmwareRequest<'_>,
) {
    let firmware = request.firmware();
    let signature = firmware.signing_certificate().map(|certificate| FirmwareSignature {
        certificate: certificate.into(),
        signature: firmware.signature().unwrap_or_default().into(),
    });
    let wanted = FirmwareRequest {
        number: Some(request.request_id()),
        location: FileLocation::new(firmware.location()),
        retrieve_ms: firmware.retrieve_date_time().0,
        install_ms: firmware.install_date_time().map(|at| at.0),
        retries: retries(request.retries()),
        retry_seconds: retry_seconds(request.retry_interval()),
        signature: signature.map(Into::into),
    };
    if wanted.signature.is_some() {
        let (certificates, mut desk) = site.certificates(shared);
        return certificates.on_signed_update(&mut desk, token, wanted);
    }
    if !shared.config.policy.takes_unsigned_firmware {
        let refused = UpdateFirmwareResponse::to_json(edition, |mut response| {
            response.status(UpdateFirmwareStatus::Rejected);
            response.status_info().reason_code("MissingParam");
        });
        return answer(shared, token, refused);
    }
    // L02.FR.15, L02.FR.18.
    let (status, ticket) = match site.firmware.on_update(shared, wanted) {
        Some(accepted) if accepted.has_cancelled => (UpdateFirmwareStatus::AcceptedCanceled, Some(accepted.ticket)),
        Some(accepted) => (UpdateFirmwareStatus::Accepted, Some(accepted.ticket)),
        None => (UpdateFirmwareStatus::Rejected, None),
    };
    answer_after(shared, ticket, token, status!(edition, UpdateFirmwareResponse, status));
}

/// The answer to an UpdateFirmware whose signer was looked at.
pub(super) fn signed_verdict(edition: Edition, verdict: SignedFirmwareVerdict) -> Written {
    let status = match verdict {
        SignedFirmwareVerdict::Accepted => UpdateFirmwareStatus::Accepted,
        SignedFirmwareVerdict::AcceptedCanceled => UpdateFirmwareStatus::AcceptedCanceled,
        SignedFirmwareVerdict::Rejected => UpdateFirmwareStatus::Rejected,
        SignedFirmwareVerdict::InvalidCertificate => UpdateFirmwareStatus::InvalidCertificate,
        SignedFirmwareVerdict::RevokedCertificate => UpdateFirmwareStatus::RevokedCertificate,
    };
    status!(edition, UpdateFirmwareResponse, status)
}

/// Carries out a GetLog (N01.FR.01, N01.FR.05, N01.FR.12).
pub(super) fn on_get_log(
    edition: Edition,
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: GetLogRequest<'_>,
) {
    let log = match request.log_type() {
        LogType::DiagnosticsLog => LogKind::Diagnostics,
        LogType::SecurityLog => LogKind::Security,
        LogType::DataCollectorLog | LogType::Unrecognized => {
            return answer(shared, token, status!(edition, GetLogResponse, LogStatus::Rejected));
        }
    };
    let place = request.log();
    let upload = UploadRequest {
        log,
        number: Some(request.request_id()),
        location: FileLocation::new(place.remote_location()),
        from: place.oldest_timestamp().map(utc),
        to: place.latest_timestamp().map(utc),
        retries: retries(request.retries()),
        retry_seconds: retry_seconds(request.retry_interval()),
    };
    site.firmware.on_upload(shared, &mut site.replies, token, upload);
}

/// The answer to a GetLog: the name of the file, if there is one.
pub(super) fn upload_response(edition: Edition, accepted: Option<UploadAccepted>) -> Written {
    let Some(accepted) = accepted else { return status!(edition, GetLogResponse, LogStatus::Rejected) };
    let status = if accepted.has_cancelled { LogStatus::AcceptedCanceled } else { LogStatus::Accepted };
    GetLogResponse::to_json(edition, |mut response| {
        response.status(status).cut().filename(&accepted.file_name);
    })
}

/// A status to send: none is `Idle`.
fn firmware_status(progress: Option<FirmwareProgress>) -> FirmwareStatus {
    let Some(progress) = progress else { return FirmwareStatus::Idle };
    match progress {
        FirmwareProgress::Downloading => FirmwareStatus::Downloading,
        FirmwareProgress::Downloaded => FirmwareStatus::Downloaded,
        FirmwareProgress::DownloadFailed => FirmwareStatus::DownloadFailed,
        FirmwareProgress::Installing => FirmwareStatus::Installing,
        FirmwareProgress::Installed => FirmwareStatus::Installed,
        FirmwareProgress::InstallationFailed => FirmwareStatus::InstallationFailed,
        FirmwareProgress::DownloadScheduled => FirmwareStatus::DownloadScheduled,
        FirmwareProgress::SignatureVerified => FirmwareStatus::SignatureVerified,
        FirmwareProgress::InvalidSignature => FirmwareStatus::InvalidSignature,
        FirmwareProgress::InstallScheduled => FirmwareStatus::InstallScheduled,
        FirmwareProgress::InstallRebooting => FirmwareStatus::InstallRebooting,
        FirmwareProgress::VerificationFailed => FirmwareStatus::InstallVerificationFailed,
        FirmwareProgress::DownloadPaused => FirmwareStatus::DownloadPaused,
    }
}

/// A status to send: none is `Idle`.
fn log_status(progress: Option<UploadProgress>) -> UploadLogStatus {
    match progress {
        None => UploadLogStatus::Idle,
        Some(UploadProgress::Uploading) => UploadLogStatus::Uploading,
        Some(UploadProgress::Uploaded) => UploadLogStatus::Uploaded,
        Some(UploadProgress::Failed) => UploadLogStatus::UploadFailure,
        // N01.FR.20.
        Some(UploadProgress::Cancelled) => UploadLogStatus::AcceptedCanceled,
        Some(UploadProgress::BadMessage) => UploadLogStatus::BadMessage,
        Some(UploadProgress::PermissionDenied) => UploadLogStatus::PermissionDenied,
        Some(UploadProgress::NotSupported) => UploadLogStatus::NotSupportedOperation,
    }
}
