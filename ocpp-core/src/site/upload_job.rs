//! A file of diagnostics or security events on its way to the CSMS (1.6 §5.9, 1.6 security N01, 2.x N01): with retries, and
//! reported to its end.
//!
//! Takes requests and the host's words, gives orders to the host and statuses to report. Stores an entry `upload` while a
//! file is on its way, and until the CSMS was told of the end: a restart in between ends it, and that is reported. So it is with
//! the end of each upload that gave way to another.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use super::reports::{Due, Form, Report, Reports};
use super::upload::{UploadAccepted, UploadRequest};
use crate::site::shared::Shared;
use crate::station::{Action, Job, JobId, JobUpdate, LogKind};
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, Ticket};
use crate::time::Instant;
use crate::words::{joined, numbered};

const ENTRY: &str = "upload";

/// A step of an upload that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UploadProgress {
    Uploading,
    Uploaded,
    Failed,
    BadMessage,
    PermissionDenied,
    NotSupported,
    /// Another one was ordered.
    Cancelled,
}

impl UploadProgress {
    /// Whether an upload ends with it.
    pub fn is_end(self) -> bool {
        self != UploadProgress::Uploading
    }
}

/// The number of the request whose file is on its way, as it was stored once.
#[derive(Debug)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct OnItsWay(Option<i64>);

packed!(OnItsWay { 0 });

impl Record for OnItsWay {
    const KIND: u8 = 40;
}

/// The uploads of whose end the CSMS has not heard: the number of the request, and whether the file arrived.
#[derive(Debug)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct Untold(Vec<(Option<i64>, bool)>);

packed!(Untold { 0 });

impl Record for Untold {
    const KIND: u8 = 42;
}

#[derive(Debug)]
struct Upload {
    id: JobId,
    request: UploadRequest,
    file_name: SmallString,
    /// The host was ordered, or (a time) will be again.
    retry_at: Option<Instant>,
}

/// The upload, if there is one.
#[derive(Debug, Default)]
pub(crate) struct UploadJob {
    upload: Option<Box<Upload>>,
    /// Whether the entry is in the store.
    is_on_record: bool,
    pub reports: Reports<UploadProgress>,
}

impl UploadJob {
    /// Reads what was stored.
    pub fn restore(image: &Image) -> Self {
        let mut job = UploadJob::default();
        if let Some(bytes) = image.entry(ENTRY) {
            job.is_on_record = true;
            // Unreadable, it names no request, and is an upload that ended all the same.
            let of_old = || Vec::from([(OnItsWay::from_bytes(bytes).map_or(None, |OnItsWay(request)| request), false)]);
            let untold = Untold::from_bytes(bytes).map_or_else(|_| of_old(), |Untold(untold)| untold);
            for (request, has_arrived) in untold {
                let progress = if has_arrived { UploadProgress::Uploaded } else { UploadProgress::Failed };
                job.reports.push(Report { progress, request });
            }
        }
        job
    }

    /// Takes a request in, in the place of one that is under way; the host may have named the file. It is accepted once the record
    /// is durable.
    pub fn on_request(
        &mut self,
        shared: &mut Shared,
        request: UploadRequest,
        name: Option<SmallString>,
    ) -> (UploadAccepted, Option<Ticket>) {
        let old = self.upload.take();
        let has_cancelled = old.is_some();
        if let Some(old) = old {
            if old.retry_at.is_none() {
                shared.act(Action::Job(old.id, Job::Cancel));
            }
            // The CSMS was told that it began (1.6 §4.4, §5.9; 1.6 security N01.FR.07, N01.FR.10).
            self.reports.push(Report { progress: UploadProgress::Cancelled, request: old.request.number });
        }
        let id = shared.next_job();
        let file_name = name.unwrap_or_else(|| {
            let before = match request.log {
                LogKind::Diagnostics => "diagnostics-",
                LogKind::Security => "security-",
            };
            joined(&[&numbered(before, id.0), ".log"])
        });
        self.reports.push(Report { progress: UploadProgress::Uploading, request: request.number });
        let upload = Upload { id, request, file_name: file_name.clone(), retry_at: None };
        upload.order(shared);
        self.upload = Some(Box::new(upload));
        let ticket = self.keep(shared);
        (UploadAccepted { file_name, has_cancelled }, ticket)
    }

    /// The host's word about a job.
    pub fn on_update(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) {
        let Some(upload) = self.upload.as_mut().filter(|upload| upload.id == id && upload.retry_at.is_none()) else {
            return;
        };
        let progress = match word {
            JobUpdate::Fetched | JobUpdate::Paused | JobUpdate::Resumed => return,
            JobUpdate::Done => UploadProgress::Uploaded,
            // It will not be supported later either.
            JobUpdate::NotSupported => UploadProgress::NotSupported,
            _ if upload.request.retries > 0 => {
                upload.request.retries -= 1;
                upload.retry_at = Some(shared.now + Duration::from_secs(upload.request.retry_seconds.into()));
                return;
            }
            JobUpdate::BadMessage => UploadProgress::BadMessage,
            JobUpdate::PermissionDenied => UploadProgress::PermissionDenied,
            // Words about other work: this did not come to its end.
            JobUpdate::Failed
            | JobUpdate::NeedsRestart
            | JobUpdate::Invalid
            | JobUpdate::Revoked
            | JobUpdate::NotFound
            | JobUpdate::Full
            | JobUpdate::Csr(_)
            | JobUpdate::Certificates(_) => UploadProgress::Failed,
        };
        let request = upload.request.number;
        self.upload = None;
        self.reports.push(Report { progress, request });
        self.keep(shared);
    }

    /// Stores what the CSMS has to hear of.
    fn keep(&mut self, shared: &mut Shared) -> Option<Ticket> {
        let ends = self.reports.waiting().filter(|report| report.progress.is_end());
        let ends = ends.map(|report| (report.request, report.progress == UploadProgress::Uploaded));
        let untold: Vec<_> = ends.chain(self.upload.iter().map(|upload| (upload.request.number, false))).collect();
        let key = EntryKey::new(ENTRY);
        if !untold.is_empty() {
            self.is_on_record = true;
            return Some(shared.store.push(StoreOp::Put { key, value: Untold(untold).to_bytes() }));
        }
        core::mem::take(&mut self.is_on_record).then(|| shared.store.push(StoreOp::Delete { key }))
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

    /// The status to tell the CSMS now in this form, none for `Idle`.
    pub fn due(&mut self, form: Form, may_report: bool) -> Option<Option<Report<UploadProgress>>> {
        Some(match self.reports.due(form, may_report)? {
            Due::First(report) => Some(report),
            Due::Present => self.present(form),
        })
    }

    /// What is being done, to tell a CSMS that asks; none if nothing is that this form can tell.
    fn present(&self, form: Form) -> Option<Report<UploadProgress>> {
        let request = self.upload.as_ref()?.request.number;
        let is_told = match form {
            Form::Plain => true,
            #[cfg(feature = "security")]
            Form::Numbered => request.is_some(),
        };
        is_told.then_some(Report { progress: UploadProgress::Uploading, request })
    }

    /// The CSMS answered a report. After its end, an upload is over.
    pub fn on_reported(&mut self, shared: &mut Shared) {
        if self.reports.answered().is_some_and(|report| report.progress.is_end()) {
            self.keep(shared);
        }
    }

    /// When time changes something.
    pub fn deadline(&self) -> Option<Instant> {
        self.upload.as_ref()?.retry_at
    }
}

impl Upload {
    fn order(&self, shared: &mut Shared) {
        let UploadRequest { log, location, from, to, .. } = self.request.clone();
        let job = Job::Upload { log, location, file_name: self.file_name.clone(), from, to };
        shared.act(Action::Job(self.id, job));
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<OnItsWay>();
        agrees_with_postcard::<Untold>();
    }
}
