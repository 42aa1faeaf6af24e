//! A file of diagnostics on its way to the CSMS (1.6 §5.9, 2.x N01): with retries, and reported to its end.
//!
//! Takes requests and the host's words, gives orders to the host and statuses to report. Stores an entry `upload` while a
//! file is on its way, and until the CSMS was told of the end: a restart in between ends it, and that is reported.

use core::time::Duration;

use chrono::{DateTime, Utc};
use compact_str::CompactString;

use super::reports::Reports;
use crate::shared::Shared;
use crate::station::{Action, FileLocation, Job, JobId, JobUpdate};
use crate::store::{EntryKey, Image, StoreOp};
use crate::time::Instant;

const ENTRY: &str = "upload";

/// A step of an upload that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UploadProgress {
    Uploading,
    Uploaded,
    Failed,
}

/// What the CSMS wants.
#[derive(Clone, Debug)]
pub(crate) struct UploadRequest {
    pub location: FileLocation,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub retries: u32,
    pub retry_seconds: u32,
}

#[derive(Debug)]
struct Upload {
    id: JobId,
    request: UploadRequest,
    file_name: CompactString,
    /// The host was ordered, or (a time) will be again.
    retry_at: Option<Instant>,
}

/// The upload, if there is one.
#[derive(Debug, Default)]
pub(crate) struct UploadJob {
    upload: Option<Upload>,
    /// Whether the entry is in the store.
    is_on_record: bool,
    pub reports: Reports<UploadProgress>,
}

impl UploadJob {
    /// Reads what was stored.
    pub fn restore(image: &Image) -> Self {
        let mut job = UploadJob { is_on_record: image.entry(ENTRY).is_some(), ..UploadJob::default() };
        if job.is_on_record {
            job.reports.push(UploadProgress::Failed);
        }
        job
    }

    /// Takes a request in, in the place of one that is under way. Gives the name of the file.
    pub fn on_request(&mut self, shared: &mut Shared, request: UploadRequest) -> CompactString {
        if let Some(old) = self.upload.take().filter(|old| old.retry_at.is_none()) {
            shared.act(Action::Job(old.id, Job::Cancel));
        }
        let id = shared.next_job();
        let file_name = compact_str::format_compact!("diagnostics-{}.log", id.0);
        if !self.is_on_record {
            self.is_on_record = true;
            shared.store.push(StoreOp::Put { key: EntryKey::new(ENTRY), value: [1].into() });
        }
        let upload = Upload { id, request, file_name: file_name.clone(), retry_at: None };
        upload.order(shared);
        self.upload = Some(upload);
        self.reports.push(UploadProgress::Uploading);
        file_name
    }

    /// The host's word about a job.
    pub fn on_update(&mut self, shared: &Shared, id: JobId, word: JobUpdate) {
        let Some(upload) = self.upload.as_mut().filter(|upload| upload.id == id && upload.retry_at.is_none()) else {
            return;
        };
        match word {
            JobUpdate::Failed if upload.request.retries > 0 => {
                upload.request.retries -= 1;
                upload.retry_at = Some(shared.now + Duration::from_secs(upload.request.retry_seconds.into()));
            }
            JobUpdate::Failed => self.end(UploadProgress::Failed),
            JobUpdate::Done | JobUpdate::NeedsRestart => self.end(UploadProgress::Uploaded),
        }
    }

    /// Orders what is due.
    pub fn advance(&mut self, shared: &mut Shared) {
        if let Some(upload) = &mut self.upload
            && upload.retry_at.is_some_and(|at| at <= shared.now)
        {
            upload.retry_at = None;
            upload.order(shared);
        }
    }

    /// What is being done, to tell a CSMS that asks; none if nothing is.
    pub fn present(&self) -> Option<UploadProgress> {
        self.upload.as_ref().map(|_| UploadProgress::Uploading)
    }

    /// The CSMS answered a report. After the last one, the upload is over.
    pub fn on_reported(&mut self, shared: &mut Shared) {
        let is_end = matches!(self.reports.answered(), Some(UploadProgress::Uploaded | UploadProgress::Failed));
        if is_end && self.upload.is_none() && core::mem::take(&mut self.is_on_record) {
            shared.store.push(StoreOp::Delete { key: EntryKey::new(ENTRY) });
        }
    }

    /// When time changes something.
    pub fn deadline(&self) -> Option<Instant> {
        self.upload.as_ref()?.retry_at
    }

    fn end(&mut self, progress: UploadProgress) {
        self.upload = None;
        self.reports.push(progress);
    }
}

impl Upload {
    fn order(&self, shared: &mut Shared) {
        let UploadRequest { location, from, to, .. } = self.request.clone();
        let job = Job::Upload { location, file_name: self.file_name.clone(), from, to };
        shared.act(Action::Job(self.id, job));
    }
}
