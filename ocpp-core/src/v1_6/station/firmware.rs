//! Firmware updates, uploads and the statuses of both (1.6 §4.4, §4.5, §5.9, §5.19, 1.6 security N01, L01).
//!
//! Takes requests of the CSMS and the host's words, gives orders to the host and statuses to send. The work, and what is
//! stored of it, is in `parts/firmware_job` and `parts/upload_job`.

use alloc::string::String;

use compact_str::CompactString;
use ocpp_types::text::CiText;
#[cfg(feature = "security")]
use ocpp_types::text::Text;
use ocpp_types::v1_6::{
    Action, DiagnosticsStatus, DiagnosticsStatusNotificationRequest, FirmwareStatus, FirmwareStatusNotificationRequest,
    GetDiagnosticsRequest, GetDiagnosticsResponse, UpdateFirmwareRequest,
};
#[cfg(feature = "security")]
use ocpp_types::v1_6::{
    GetLogRequest, GetLogResponse, LogStatus, LogStatusNotificationRequest, LogType, SignedFirmwareStatus,
    SignedFirmwareStatusNotificationRequest, SignedUpdateFirmwareRequest, UploadLogStatus,
};

use super::messages::{Unsendable, json};
#[cfg(feature = "security")]
use crate::parts::firmware_job::FirmwareAccepted;
use crate::parts::firmware_job::{FirmwareJob, FirmwareOutcome, FirmwareProgress, FirmwareRequest};
use crate::parts::reports::{Form, Report};
use crate::parts::upload_job::{UploadJob, UploadProgress, UploadRequest};
use crate::shared::Shared;
#[cfg(feature = "security")]
use crate::station::FirmwareSignature;
use crate::station::{FileLocation, JobId, JobUpdate, LogKind};
use crate::store::{Image, Ticket};
use crate::time::{Clock, Instant};

/// Retries where the CSMS leaves them to the station, and the wait before each in seconds.
const RETRIES: u32 = 3;
const RETRY_SECONDS: u32 = 60;

/// A message that tells how a job goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobStatus {
    Firmware(Form),
    Upload(Form),
}

impl JobStatus {
    pub fn action(self) -> Action {
        match self {
            JobStatus::Firmware(Form::Plain) => Action::FirmwareStatusNotification,
            #[cfg(feature = "security")]
            JobStatus::Firmware(Form::Numbered) => Action::SignedFirmwareStatusNotification,
            JobStatus::Upload(Form::Plain) => Action::DiagnosticsStatusNotification,
            #[cfg(feature = "security")]
            JobStatus::Upload(Form::Numbered) => Action::LogStatusNotification,
        }
    }
}

/// The update and the upload, as far as there are any.
#[derive(Debug)]
pub(crate) struct FirmwareManagement {
    update: FirmwareJob,
    upload: UploadJob,
}

impl FirmwareManagement {
    /// Reads what was stored. Gives the entry if it could not be used.
    pub fn restore(image: &Image) -> (Self, Option<CompactString>) {
        let (update, skipped) = FirmwareJob::restore(image);
        (FirmwareManagement { update, upload: UploadJob::restore(image) }, skipped)
    }

    /// Carries out an UpdateFirmware. With the ticket that its answer waits for; none if it has to be refused.
    pub fn on_update_firmware(&mut self, shared: &mut Shared, request: &UpdateFirmwareRequest) -> Option<Ticket> {
        self.update.on_request(shared, firmware_request(request)).map(|accepted| accepted.ticket)
    }

    /// Whether firmware is being installed, which cannot be called back.
    #[cfg(feature = "security")]
    pub fn is_installing(&self) -> bool {
        self.update.is_installing()
    }

    /// Takes a SignedUpdateFirmware whose signer was checked. None if it has to be refused.
    #[cfg(feature = "security")]
    pub fn on_checked_update(&mut self, shared: &mut Shared, request: FirmwareRequest) -> Option<FirmwareAccepted> {
        self.update.on_request(shared, request)
    }

    /// Carries out a GetDiagnostics.
    pub fn on_get_diagnostics(
        &mut self,
        shared: &mut Shared,
        request: &GetDiagnosticsRequest,
    ) -> GetDiagnosticsResponse {
        let mut response = GetDiagnosticsResponse::new();
        if shared.config.has_diagnostics {
            let upload = UploadRequest {
                log: LogKind::Diagnostics,
                number: None,
                location: FileLocation::new(request.location.as_str()),
                from: request.start_time,
                to: request.stop_time,
                retries: bounded(request.retries, RETRIES),
                retry_seconds: bounded(request.retry_interval, RETRY_SECONDS),
            };
            response.file_name = Some(CiText::truncated(&self.upload.on_request(shared, upload).file_name));
        }
        response
    }

    /// Carries out a GetLog (1.6 security N01).
    #[cfg(feature = "security")]
    pub fn on_get_log(&mut self, shared: &mut Shared, request: &GetLogRequest) -> GetLogResponse {
        let log = match request.log_type {
            LogType::DiagnosticsLog if shared.config.has_diagnostics => LogKind::Diagnostics,
            LogType::SecurityLog if shared.config.has_security_log => LogKind::Security,
            LogType::DiagnosticsLog | LogType::SecurityLog | LogType::Unrecognized(_) => {
                return GetLogResponse::new(LogStatus::Rejected);
            }
        };
        let upload = UploadRequest {
            log,
            number: Some(request.request_id),
            location: FileLocation::new(request.log.remote_location.as_str()),
            from: request.log.oldest_timestamp,
            to: request.log.latest_timestamp,
            retries: bounded(request.retries, RETRIES),
            retry_seconds: bounded(request.retry_interval, RETRY_SECONDS),
        };
        let accepted = self.upload.on_request(shared, upload);
        let status = if accepted.has_cancelled { LogStatus::AcceptedCanceled } else { LogStatus::Accepted };
        GetLogResponse::new(status).with_filename(Text::truncated(&accepted.file_name))
    }

    /// The host's word about a job. True if the new firmware needs a restart.
    pub fn on_job(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) -> bool {
        self.upload.on_update(shared, id, word);
        self.update.on_update(shared, id, word) == FirmwareOutcome::NeedsRestart
    }

    /// Orders what is due. `is_quiet`: nobody charges, or that does not matter. True if something was done.
    pub fn advance(&mut self, shared: &mut Shared, is_quiet: bool) -> bool {
        self.upload.advance(shared);
        self.update.advance(shared, is_quiet)
    }

    /// Whether nothing new should begin to charge.
    pub fn wants_quiet(&self, shared: &Shared) -> bool {
        self.update.wants_quiet(shared)
    }

    /// Whether no status of an update waits to be sent.
    pub fn is_told(&self) -> bool {
        self.update.reports.is_empty()
    }

    /// The CSMS asks for the present status.
    #[cfg(feature = "remote_trigger")]
    pub fn trigger(&mut self, status: JobStatus) {
        match status {
            JobStatus::Firmware(form) => self.update.reports.trigger(form),
            JobStatus::Upload(form) => self.upload.reports.trigger(form),
        }
    }

    /// The status to send now in this message. `may_report` is false while only what the CSMS asks for may leave.
    pub fn due(&mut self, status: JobStatus, may_report: bool) -> Option<Result<String, Unsendable>> {
        Some(match status {
            JobStatus::Firmware(form) => firmware_message(form, self.update.due(form, may_report)?),
            JobStatus::Upload(form) => upload_message(form, self.upload.due(form, may_report)?),
        })
    }

    /// The CSMS took a status, or refused it, which repeating would not mend.
    pub fn on_told(&mut self, shared: &mut Shared, status: JobStatus) {
        match status {
            JobStatus::Firmware(_) => self.update.on_reported(shared),
            JobStatus::Upload(_) => self.upload.on_reported(shared),
        }
    }

    /// A status may not have arrived.
    pub fn on_lost(&mut self, status: JobStatus) {
        match status {
            JobStatus::Firmware(_) => self.update.reports.lost(FirmwareProgress::is_end),
            JobStatus::Upload(_) => self.upload.reports.lost(UploadProgress::is_end),
        }
    }

    /// When time changes something.
    pub fn deadlines(&self, clock: &Clock) -> [Option<Instant>; 2] {
        [self.update.deadline(clock), self.upload.deadline()]
    }
}

/// What an UpdateFirmware asks for.
fn firmware_request(request: &UpdateFirmwareRequest) -> FirmwareRequest {
    FirmwareRequest {
        number: None,
        location: FileLocation::new(request.location.as_str()),
        retrieve_ms: request.retrieve_date.timestamp_millis(),
        install_ms: None,
        retries: bounded(request.retries, RETRIES),
        retry_seconds: bounded(request.retry_interval, RETRY_SECONDS),
        signature: None,
    }
}

/// What a SignedUpdateFirmware asks for.
#[cfg(feature = "security")]
pub(super) fn signed_firmware_request(request: &SignedUpdateFirmwareRequest) -> FirmwareRequest {
    let firmware = &request.firmware;
    FirmwareRequest {
        number: Some(request.request_id),
        location: FileLocation::new(firmware.location.as_str()),
        retrieve_ms: firmware.retrieve_date_time.timestamp_millis(),
        install_ms: firmware.install_date_time.map(|at| at.timestamp_millis()),
        retries: bounded(request.retries, RETRIES),
        retry_seconds: bounded(request.retry_interval, RETRY_SECONDS),
        signature: Some(
            FirmwareSignature {
                certificate: firmware.signing_certificate.as_str().into(),
                signature: firmware.signature.as_str().into(),
            }
            .into(),
        ),
    }
}

/// A number of the CSMS; negative ones mean none.
fn bounded(number: Option<i64>, default: u32) -> u32 {
    number.map_or(default, |number| u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

/// A status of a firmware update: none is `Idle`.
fn firmware_message(form: Form, report: Option<Report<FirmwareProgress>>) -> Result<String, Unsendable> {
    let progress = report.map(|report| report.progress);
    match form {
        Form::Plain => json(&FirmwareStatusNotificationRequest::new(firmware_status(progress))),
        #[cfg(feature = "security")]
        Form::Numbered => {
            let mut request = SignedFirmwareStatusNotificationRequest::new(signed_firmware_status(progress));
            request.request_id = report.and_then(|report| report.request);
            json(&request)
        }
    }
}

/// A status of an upload: none is `Idle`.
fn upload_message(form: Form, report: Option<Report<UploadProgress>>) -> Result<String, Unsendable> {
    let progress = report.map(|report| report.progress);
    match form {
        Form::Plain => json(&DiagnosticsStatusNotificationRequest::new(diagnostics_status(progress))),
        #[cfg(feature = "security")]
        Form::Numbered => {
            let mut request = LogStatusNotificationRequest::new(log_status(progress));
            request.request_id = report.and_then(|report| report.request);
            json(&request)
        }
    }
}

/// A status to send: none is `Idle`. What this form has no word for is told by what it comes to.
fn firmware_status(progress: Option<FirmwareProgress>) -> FirmwareStatus {
    match progress {
        None | Some(FirmwareProgress::DownloadScheduled) => FirmwareStatus::Idle,
        Some(FirmwareProgress::Downloading) => FirmwareStatus::Downloading,
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
            | UploadProgress::NotSupported,
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
        Some(UploadProgress::Failed) => UploadLogStatus::UploadFailure,
        Some(UploadProgress::BadMessage) => UploadLogStatus::BadMessage,
        Some(UploadProgress::PermissionDenied) => UploadLogStatus::PermissionDenied,
        Some(UploadProgress::NotSupported) => UploadLogStatus::NotSupportedOperation,
    }
}
