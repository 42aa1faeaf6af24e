//! Firmware updates, uploads and the statuses of both (1.6 §4.4, §4.5, §5.9, §5.19, 1.6 security N01, L01).
//!
//! Takes requests of the CSMS and the host's words, gives orders to the host and statuses to send. The work, and what is
//! stored of it, is in `site/firmware_job` and `site/upload_job`.

use alloc::boxed::Box;

use crate::site::firmware_job::{FirmwareAccepted, FirmwareJob, FirmwareOutcome, FirmwareProgress, FirmwareRequest};
use crate::site::questions::About;
use crate::site::replies::Replies;
use crate::site::reports::{Form, Report};
use crate::site::shared::Shared;
use crate::site::upload::UploadRequest;
use crate::site::upload_job::{UploadJob, UploadProgress};
use crate::site::verdict::LateReply;
use crate::station::{Action, Answer, JobId, JobUpdate, LogKind, Question, UploadAnswer};
use crate::store::Image;
use crate::time::{Clock, Instant};
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::SmallString;

/// A message that tells how a job goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobStatus {
    Firmware(Form),
    Upload(Form),
}

/// A status to send, none being that nothing is under way.
#[derive(Debug)]
pub(crate) enum JobReport {
    Firmware(Form, Option<Report<FirmwareProgress>>),
    Upload(Form, Option<Report<UploadProgress>>),
}

/// The update and the upload, as far as there are any.
#[derive(Debug)]
pub(crate) struct FirmwareManagement {
    update: FirmwareJob,
    upload: UploadJob,
}

impl FirmwareManagement {
    /// Reads what was stored. Gives the entry if it could not be used.
    pub fn restore(image: &Image) -> (Self, Option<SmallString>) {
        let (update, skipped) = FirmwareJob::restore(image);
        (FirmwareManagement { update, upload: UploadJob::restore(image) }, skipped)
    }

    /// Carries out an UpdateFirmware. None if it has to be refused.
    pub fn on_update(&mut self, shared: &mut Shared, request: FirmwareRequest) -> Option<FirmwareAccepted> {
        self.update.on_request(shared, request)
    }

    /// Whether firmware is being installed, which cannot be called back.
    #[cfg(feature = "security")]
    pub fn is_installing(&self) -> bool {
        self.update.is_installing()
    }

    /// A GetDiagnostics or GetLog: the host is asked, where it wants that.
    pub fn on_upload(&mut self, shared: &mut Shared, replies: &mut Replies, token: ReplyToken, request: UploadRequest) {
        let has_log = match request.log {
            LogKind::Diagnostics => shared.config.hardware.has_diagnostics,
            LogKind::Security => shared.config.hardware.has_security_log,
        };
        if !has_log {
            return replies.push(token, None, LateReply::Upload(request.form(), None));
        }
        if !shared.config.policy.asks_about_uploads || !shared.questions.has_room() {
            return self.decide_upload(shared, replies, token, request, None);
        }
        let UploadRequest { log, from, to, .. } = request;
        let question = Question::Upload { log, location: request.location.clone(), from, to };
        if let Ok((id, until)) = shared.questions.ask(shared.now, About::Upload(token, Box::new(request))) {
            shared.act(Action::Ask { id, until, question });
        }
    }

    /// The host said whether the CSMS gets a file, or (none) did not.
    pub fn decide_upload(
        &mut self,
        shared: &mut Shared,
        replies: &mut Replies,
        token: ReplyToken,
        request: UploadRequest,
        answer: Option<Answer>,
    ) {
        let form = request.form();
        let name = match answer {
            Some(Answer::Upload(UploadAnswer::Refuse)) => {
                return replies.push(token, None, LateReply::Upload(form, None));
            }
            Some(Answer::Upload(UploadAnswer::Name(name))) => Some(name),
            _ => None,
        };
        let (accepted, ticket) = self.upload.on_request(shared, request, name);
        replies.push(token, ticket, LateReply::Upload(form, Some(accepted)));
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
    pub fn due(&mut self, status: JobStatus, may_report: bool) -> Option<JobReport> {
        Some(match status {
            JobStatus::Firmware(form) => JobReport::Firmware(form, self.update.due(form, may_report)?),
            JobStatus::Upload(form) => JobReport::Upload(form, self.upload.due(form, may_report)?),
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
