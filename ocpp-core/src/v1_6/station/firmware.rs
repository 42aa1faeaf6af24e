//! Firmware updates and uploads (1.6 §4.4, §4.5, §5.9, §5.19, 1.6 security N01, L01): requests in, statuses out. What they lead
//! to is in `site/firmware`.

use ocpp_types::tables::View as _;
use ocpp_types::tables::v1_6::{
    Action, DiagnosticsStatus, FirmwareStatus, GetDiagnosticsRequest, GetDiagnosticsResponse, UpdateFirmwareRequest,
};
#[cfg(feature = "security")]
use ocpp_types::tables::v1_6::{
    GetLogRequest, GetLogResponse, LogStatus, LogStatusNotificationRequest, LogType, SignedFirmwareStatus,
    SignedFirmwareStatusNotificationRequest, SignedUpdateFirmwareRequest, UploadLogStatus,
};

use super::EDITION;
use crate::face::answers::Written;
use crate::face::decoding::{retries, retry_seconds, utc};
use crate::face::failure::{self, Message};
use crate::site::firmware::{JobReport, JobStatus};
use crate::site::firmware_job::{FirmwareProgress, FirmwareRequest};
use crate::site::reports::{Form, Report};
use crate::site::upload::{UploadAccepted, UploadRequest};
use crate::site::upload_job::UploadProgress;
#[cfg(feature = "security")]
use crate::station::FirmwareSignature;
use crate::station::{FileLocation, LogKind};

/// The message that tells such a status.
pub(super) fn action_of(status: JobStatus) -> Action {
    match status {
        JobStatus::Firmware(Form::Plain) => Action::FirmwareStatusNotification,
        #[cfg(feature = "security")]
        JobStatus::Firmware(Form::Numbered) => Action::SignedFirmwareStatusNotification,
        JobStatus::Upload(Form::Plain) => Action::DiagnosticsStatusNotification,
        #[cfg(feature = "security")]
        JobStatus::Upload(Form::Numbered) => Action::LogStatusNotification,
    }
}

/// A status to send.
pub(super) fn message(report: JobReport) -> Message {
    match report {
        JobReport::Firmware(form, report) => firmware_message(form, report),
        JobReport::Upload(form, report) => upload_message(form, report),
    }
}

/// What a GetDiagnostics asks for.
pub(super) fn diagnostics_request(request: GetDiagnosticsRequest<'_>) -> UploadRequest {
    UploadRequest {
        log: LogKind::Diagnostics,
        number: None,
        location: FileLocation::new(request.location()),
        from: request.start_time().map(utc),
        to: request.stop_time().map(utc),
        retries: retries(request.retries()),
        retry_seconds: retry_seconds(request.retry_interval()),
    }
}

/// What a GetLog asks for (1.6 security N01); none if that is no log.
#[cfg(feature = "security")]
pub(super) fn log_request(request: GetLogRequest<'_>) -> Option<UploadRequest> {
    let log = match request.log_type() {
        LogType::DiagnosticsLog => LogKind::Diagnostics,
        LogType::SecurityLog => LogKind::Security,
        LogType::Unrecognized => return None,
    };
    let place = request.log();
    Some(UploadRequest {
        log,
        number: Some(request.request_id()),
        location: FileLocation::new(place.remote_location()),
        from: place.oldest_timestamp().map(utc),
        to: place.latest_timestamp().map(utc),
        retries: retries(request.retries()),
        retry_seconds: retry_seconds(request.retry_interval()),
    })
}

/// The answer to one of these: the name of the file, if there is one.
pub(super) fn upload_response(form: Form, accepted: Option<UploadAccepted>) -> Written {
    match (form, accepted) {
        (Form::Plain, accepted) => GetDiagnosticsResponse::to_json(EDITION, |mut response| {
            if let Some(accepted) = accepted {
                response.cut().file_name(&accepted.file_name);
            }
        }),
        #[cfg(feature = "security")]
        (Form::Numbered, None) => status!(GetLogResponse, LogStatus::Rejected),
        #[cfg(feature = "security")]
        (Form::Numbered, Some(accepted)) => GetLogResponse::to_json(EDITION, |mut response| {
            let status = if accepted.has_cancelled { LogStatus::AcceptedCanceled } else { LogStatus::Accepted };
            response.status(status).cut().filename(&accepted.file_name);
        }),
    }
}

/// What an UpdateFirmware asks for.
pub(super) fn firmware_request(request: UpdateFirmwareRequest<'_>) -> FirmwareRequest {
    FirmwareRequest {
        number: None,
        location: FileLocation::new(request.location()),
        retrieve_ms: request.retrieve_date().0,
        install_ms: None,
        retries: retries(request.retries()),
        retry_seconds: retry_seconds(request.retry_interval()),
        signature: None,
    }
}

/// What a SignedUpdateFirmware asks for.
#[cfg(feature = "security")]
pub(super) fn signed_firmware_request(request: SignedUpdateFirmwareRequest<'_>) -> FirmwareRequest {
    let firmware = request.firmware();
    FirmwareRequest {
        number: Some(request.request_id()),
        location: FileLocation::new(firmware.location()),
        retrieve_ms: firmware.retrieve_date_time().0,
        install_ms: firmware.install_date_time().map(|at| at.0),
        retries: retries(request.retries()),
        retry_seconds: retry_seconds(request.retry_interval()),
        signature: Some(
            FirmwareSignature {
                certificate: firmware.signing_certificate().into(),
                signature: firmware.signature().into(),
            }
            .into(),
        ),
    }
}

/// A status of a firmware update: none is `Idle`.
fn firmware_message(form: Form, report: Option<Report<FirmwareProgress>>) -> Message {
    let progress = report.map(|report| report.progress);
    failure::message(match form {
        Form::Plain => status!(FirmwareStatusNotificationRequest, firmware_status(progress)),
        #[cfg(feature = "security")]
        Form::Numbered => SignedFirmwareStatusNotificationRequest::to_json(EDITION, |mut request| {
            request.status(signed_firmware_status(progress));
            if let Some(number) = report.and_then(|report| report.request) {
                request.request_id(number);
            }
        }),
    })
}

/// A status of an upload: none is `Idle`.
fn upload_message(form: Form, report: Option<Report<UploadProgress>>) -> Message {
    let progress = report.map(|report| report.progress);
    failure::message(match form {
        Form::Plain => status!(DiagnosticsStatusNotificationRequest, diagnostics_status(progress)),
        #[cfg(feature = "security")]
        Form::Numbered => LogStatusNotificationRequest::to_json(EDITION, |mut request| {
            request.status(log_status(progress));
            if let Some(number) = report.and_then(|report| report.request) {
                request.request_id(number);
            }
        }),
    })
}

/// A status to send: none is `Idle`. What this form has no word for is told by what it comes to.
fn firmware_status(progress: Option<FirmwareProgress>) -> FirmwareStatus {
    match progress {
        None | Some(FirmwareProgress::DownloadScheduled) => FirmwareStatus::Idle,
        // It has no word for a pause.
        Some(FirmwareProgress::Downloading | FirmwareProgress::DownloadPaused) => FirmwareStatus::Downloading,
        Some(
            FirmwareProgress::Downloaded | FirmwareProgress::SignatureVerified | FirmwareProgress::InstallScheduled,
        ) => FirmwareStatus::Downloaded,
        Some(FirmwareProgress::DownloadFailed) => FirmwareStatus::DownloadFailed,
        Some(FirmwareProgress::Installing | FirmwareProgress::InstallRebooting) => FirmwareStatus::Installing,
        Some(FirmwareProgress::Installed) => FirmwareStatus::Installed,
        Some(
            FirmwareProgress::InstallationFailed
            | FirmwareProgress::InvalidSignature
            | FirmwareProgress::VerificationFailed,
        ) => FirmwareStatus::InstallationFailed,
    }
}

/// A status to send: none is `Idle`.
#[cfg(feature = "security")]
fn signed_firmware_status(progress: Option<FirmwareProgress>) -> SignedFirmwareStatus {
    let Some(progress) = progress else { return SignedFirmwareStatus::Idle };
    match progress {
        FirmwareProgress::Downloading => SignedFirmwareStatus::Downloading,
        FirmwareProgress::Downloaded => SignedFirmwareStatus::Downloaded,
        FirmwareProgress::DownloadFailed => SignedFirmwareStatus::DownloadFailed,
        FirmwareProgress::Installing => SignedFirmwareStatus::Installing,
        FirmwareProgress::Installed => SignedFirmwareStatus::Installed,
        FirmwareProgress::InstallationFailed => SignedFirmwareStatus::InstallationFailed,
        FirmwareProgress::DownloadScheduled => SignedFirmwareStatus::DownloadScheduled,
        FirmwareProgress::SignatureVerified => SignedFirmwareStatus::SignatureVerified,
        FirmwareProgress::InvalidSignature => SignedFirmwareStatus::InvalidSignature,
        FirmwareProgress::InstallScheduled => SignedFirmwareStatus::InstallScheduled,
        FirmwareProgress::InstallRebooting => SignedFirmwareStatus::InstallRebooting,
        FirmwareProgress::VerificationFailed => SignedFirmwareStatus::InstallVerificationFailed,
        FirmwareProgress::DownloadPaused => SignedFirmwareStatus::DownloadPaused,
    }
}

/// A status to send: none is `Idle`.
fn diagnostics_status(progress: Option<UploadProgress>) -> DiagnosticsStatus {
    match progress {
        None => DiagnosticsStatus::Idle,
        Some(UploadProgress::Uploading) => DiagnosticsStatus::Uploading,
        Some(UploadProgress::Uploaded) => DiagnosticsStatus::Uploaded,
        Some(
            UploadProgress::Failed
            | UploadProgress::BadMessage
            | UploadProgress::PermissionDenied
            | UploadProgress::NotSupported
            | UploadProgress::Cancelled,
        ) => DiagnosticsStatus::UploadFailed,
    }
}

/// A status to send: none is `Idle`.
#[cfg(feature = "security")]
fn log_status(progress: Option<UploadProgress>) -> UploadLogStatus {
    match progress {
        None => UploadLogStatus::Idle,
        Some(UploadProgress::Uploading) => UploadLogStatus::Uploading,
        Some(UploadProgress::Uploaded) => UploadLogStatus::Uploaded,
        // It has no word for one that was displaced.
        Some(UploadProgress::Failed | UploadProgress::Cancelled) => UploadLogStatus::UploadFailure,
        Some(UploadProgress::BadMessage) => UploadLogStatus::BadMessage,
        Some(UploadProgress::PermissionDenied) => UploadLogStatus::PermissionDenied,
        Some(UploadProgress::NotSupported) => UploadLogStatus::NotSupportedOperation,
    }
}
