//! UpdateFirmware, GetDiagnostics and the statuses of both (1.6 §4.4, §4.5, §5.9, §5.19); the work is in
//! `parts/firmware_job` and `parts/upload_job`.

use ocpp_types::text::CiText;
use ocpp_types::v1_6::{
    DiagnosticsStatus, FirmwareStatus, GetDiagnosticsRequest, GetDiagnosticsResponse, UpdateFirmwareRequest,
};

use crate::parts::firmware_job::{FirmwareProgress, FirmwareRequest};
use crate::parts::upload_job::{UploadJob, UploadProgress, UploadRequest};
use crate::shared::Shared;
use crate::station::FileLocation;

/// Retries where the CSMS leaves them to the station, and the wait before each in seconds.
const RETRIES: u32 = 3;
const RETRY_SECONDS: u32 = 60;

/// What an UpdateFirmware asks for.
pub(super) fn firmware_request(request: &UpdateFirmwareRequest) -> FirmwareRequest {
    FirmwareRequest {
        location: FileLocation::new(request.location.as_str()),
        retrieve_ms: request.retrieve_date.timestamp_millis(),
        retries: bounded(request.retries, RETRIES),
        retry_seconds: bounded(request.retry_interval, RETRY_SECONDS),
    }
}

/// Carries out a GetDiagnostics.
pub(super) fn on_get_diagnostics(
    job: &mut UploadJob,
    shared: &mut Shared,
    request: &GetDiagnosticsRequest,
) -> GetDiagnosticsResponse {
    let mut response = GetDiagnosticsResponse::new();
    if shared.config.has_diagnostics {
        let upload = UploadRequest {
            location: FileLocation::new(request.location.as_str()),
            from: request.start_time,
            to: request.stop_time,
            retries: bounded(request.retries, RETRIES),
            retry_seconds: bounded(request.retry_interval, RETRY_SECONDS),
        };
        response.file_name = Some(CiText::truncated(&job.on_request(shared, upload)));
    }
    response
}

/// A number of the CSMS; negative ones mean none.
fn bounded(number: Option<i64>, default: u32) -> u32 {
    number.map_or(default, |number| u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

/// A status to send: none is `Idle`.
pub(super) fn firmware_status(progress: Option<FirmwareProgress>) -> FirmwareStatus {
    match progress {
        None => FirmwareStatus::Idle,
        Some(FirmwareProgress::Downloading) => FirmwareStatus::Downloading,
        Some(FirmwareProgress::Downloaded) => FirmwareStatus::Downloaded,
        Some(FirmwareProgress::DownloadFailed) => FirmwareStatus::DownloadFailed,
        Some(FirmwareProgress::Installing) => FirmwareStatus::Installing,
        Some(FirmwareProgress::Installed) => FirmwareStatus::Installed,
        Some(FirmwareProgress::InstallationFailed) => FirmwareStatus::InstallationFailed,
    }
}

/// A status to send: none is `Idle`.
pub(super) fn diagnostics_status(progress: Option<UploadProgress>) -> DiagnosticsStatus {
    match progress {
        None => DiagnosticsStatus::Idle,
        Some(UploadProgress::Uploading) => DiagnosticsStatus::Uploading,
        Some(UploadProgress::Uploaded) => DiagnosticsStatus::Uploaded,
        Some(UploadProgress::Failed) => DiagnosticsStatus::UploadFailed,
    }
}
