//! A firmware update (1.6 §5.19, 1.6 security L01, 2.x L01, L02): fetched after a date, with retries, installed after a date
//! when nobody charges, and reported until the CSMS knows how it ended, whatever restarts lie between.
//!
//! Takes requests and the host's words, gives orders to the host and statuses to report. Stores an entry `firmware` with
//! how far the update came: it goes when the CSMS was told of the end.

use alloc::boxed::Box;
use core::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use super::reports::{Due, Form, Report, Reports};
use crate::site::shared::Shared;
use crate::station::{Action, FileLocation, FirmwareSignature, Job, JobId, JobUpdate, SecurityEventKind};
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, Ticket};
use crate::time::{Clock, Instant};

const ENTRY: &str = "firmware";

/// A step of an update that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) enum FirmwareProgress {
    Downloading,
    Downloaded,
    DownloadFailed,
    Installing,
    Installed,
    InstallationFailed,
    // The following are told of numbered requests only.
    DownloadScheduled,
    SignatureVerified,
    InvalidSignature,
    InstallScheduled,
    InstallRebooting,
    VerificationFailed,
    DownloadPaused,
}

/// What the CSMS wants.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct FirmwareRequest {
    /// Its number, where it has one.
    pub number: Option<i64>,
    pub location: FileLocation,
    /// Not to be fetched before, in milliseconds since 1970.
    pub retrieve_ms: i64,
    /// Not to be installed before.
    pub install_ms: Option<i64>,
    pub retries: u32,
    pub retry_seconds: u32,
    /// Needed until it was verified, and long.
    pub signature: Option<Box<FirmwareSignature>>,
}

/// How far an update came, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
enum Phase {
    /// It waits for its date, or is being fetched.
    Requested,
    /// It waits for its date, and until nobody charges.
    Downloaded,
    Installing,
    /// The CSMS does not know yet.
    Ended(FirmwareProgress),
}

#[derive(Clone, Debug)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct Update {
    id: JobId,
    request: FirmwareRequest,
    phase: Phase,
}

packed!(enum FirmwareProgress {
    0 Downloading, 1 Downloaded, 2 DownloadFailed, 3 Installing, 4 Installed, 5 InstallationFailed, 6 DownloadScheduled,
    7 SignatureVerified, 8 InvalidSignature, 9 InstallScheduled, 10 InstallRebooting, 11 VerificationFailed, 12 DownloadPaused
});
packed!(FirmwareRequest { number, location, retrieve_ms, install_ms, retries, retry_seconds, signature });
packed!(enum Phase { 0 Requested, 1 Downloaded, 2 Installing, 3 Ended(progress) });
packed!(Update { id, request, phase });

impl FirmwareProgress {
    /// Whether an update ends with it.
    pub fn is_end(self) -> bool {
        match self {
            FirmwareProgress::DownloadFailed
            | FirmwareProgress::Installed
            | FirmwareProgress::InstallationFailed
            | FirmwareProgress::InvalidSignature
            | FirmwareProgress::VerificationFailed => true,
            FirmwareProgress::Downloading
            | FirmwareProgress::Downloaded
            | FirmwareProgress::Installing
            | FirmwareProgress::DownloadScheduled
            | FirmwareProgress::SignatureVerified
            | FirmwareProgress::InstallScheduled
            | FirmwareProgress::InstallRebooting
            | FirmwareProgress::DownloadPaused => false,
        }
    }
}

impl Record for Update {
    const KIND: u8 = 41;
}

/// What the host is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Nothing, until then if it is known.
    Rests {
        retry_at: Option<Instant>,
    },
    Ordered,
}

/// The update, if there is one.
#[derive(Debug)]
pub(crate) struct FirmwareJob {
    update: Option<Box<Update>>,
    work: Work,
    /// The host said that the firmware is here, and that fetching it rests.
    is_fetched: bool,
    is_paused: bool,
    retries: u32,
    stored: Ticket,
    pub reports: Reports<FirmwareProgress>,
    /// The last status of a numbered request that the CSMS took.
    #[cfg(feature = "security")]
    told: Option<Report<FirmwareProgress>>,
}

impl FirmwareJob {
    /// Reads what was stored. Gives the entry if it could not be used.
    pub fn restore(image: &Image) -> (Self, Option<SmallString>) {
        let stored = image.entry(ENTRY).map(Update::from_bytes);
        let (update, skipped) = match stored {
            Some(Ok(update)) => (Some(update), None),
            Some(Err(_)) => (None, Some(ENTRY.into())),
            None => (None, None),
        };
        let mut reports = Reports::default();
        if let Some(Update { phase: Phase::Ended(progress), request, .. }) = &update {
            reports.push(Report { progress: *progress, request: request.number });
        }
        let job = FirmwareJob {
            retries: update.as_ref().map_or(0, |update| update.request.retries),
            update: update.map(Box::new),
            work: Work::Rests { retry_at: None },
            is_fetched: false,
            is_paused: false,
            stored: Ticket(0),
            reports,
            #[cfg(feature = "security")]
            told: None,
        };
        (job, skipped)
    }

    /// Whether firmware is being installed, which cannot be called back.
    pub fn is_installing(&self) -> bool {
        self.update.as_ref().is_some_and(|update| update.phase == Phase::Installing)
    }

    /// Takes a request in, in the place of one that is not being installed. With the ticket that its answer waits for;
    /// none if it has to be refused.
    pub fn on_request(&mut self, shared: &mut Shared, request: FirmwareRequest) -> Option<FirmwareAccepted> {
        if self.is_installing() {
            return None;
        }
        let old = self.update.take();
        if let Some(old) = old.as_ref().filter(|_| self.work == Work::Ordered) {
            shared.act(Action::Job(old.id, Job::Cancel));
        }
        self.retries = request.retries;
        self.work = Work::Rests { retry_at: None };
        let update = Update { id: shared.next_job(), request, phase: Phase::Requested };
        let is_due = update.is_due(shared, Some(update.request.retrieve_ms));
        self.update = Some(Box::new(update));
        if !is_due {
            self.tell_numbered(FirmwareProgress::DownloadScheduled);
        }
        self.store(shared);
        let has_cancelled = old.is_some_and(|old| !matches!(old.phase, Phase::Ended(_)));
        Some(FirmwareAccepted { ticket: self.stored, has_cancelled })
    }

    /// The host's word about a job.
    pub fn on_update(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) -> FirmwareOutcome {
        let Some(update) = self.update.as_ref().filter(|update| update.id == id && self.work == Work::Ordered) else {
            return FirmwareOutcome::Settled;
        };
        let (phase, seconds) = (update.phase, update.request.retry_seconds);
        match (phase, word) {
            (Phase::Requested, JobUpdate::Fetched) => self.tell_fetched(),
            (Phase::Requested, JobUpdate::Paused) if !self.is_paused => {
                self.is_paused = true;
                self.tell_numbered(FirmwareProgress::DownloadPaused);
            }
            (Phase::Requested, JobUpdate::Resumed) if self.is_paused => {
                self.is_paused = false;
                self.tell_numbered(FirmwareProgress::Downloading);
            }
            (_, JobUpdate::Fetched | JobUpdate::Paused | JobUpdate::Resumed) => {}
            (Phase::Requested, JobUpdate::Done | JobUpdate::NeedsRestart) => {
                self.tell_fetched();
                // 2.x L02: without one there is nothing to verify.
                if self.update.as_ref().is_some_and(|update| update.request.signature.is_some()) {
                    self.tell(FirmwareProgress::SignatureVerified);
                }
                self.enter(shared, Phase::Downloaded);
            }
            (Phase::Requested, JobUpdate::Invalid) => {
                self.tell_fetched();
                self.end(shared, FirmwareProgress::InvalidSignature);
            }
            (Phase::Requested, _) if self.retries > 0 => {
                self.retries -= 1;
                self.work = Work::Rests { retry_at: Some(shared.now + Duration::from_secs(seconds.into())) };
            }
            (Phase::Requested, _) => self.end(shared, FirmwareProgress::DownloadFailed),
            (Phase::Installing, JobUpdate::Done) => self.end(shared, FirmwareProgress::Installed),
            (Phase::Installing, JobUpdate::NeedsRestart) => {
                self.tell_numbered(FirmwareProgress::InstallRebooting);
                return FirmwareOutcome::NeedsRestart;
            }
            (Phase::Installing, JobUpdate::Invalid) => self.end(shared, FirmwareProgress::VerificationFailed),
            (Phase::Installing, _) => self.end(shared, FirmwareProgress::InstallationFailed),
            (Phase::Downloaded | Phase::Ended(_), _) => {}
        }
        FirmwareOutcome::Settled
    }

    /// Orders what is due. `is_quiet`: nobody charges, or that does not matter. True if something was done.
    pub fn advance(&mut self, shared: &mut Shared, is_quiet: bool) -> bool {
        let Some(update) = &self.update else { return false };
        let Work::Rests { retry_at } = self.work else { return false };
        let is_durable = shared.store.is_durable(self.stored);
        let (id, phase) = (update.id, update.phase);
        match phase {
            Phase::Requested => {
                let is_due = retry_at
                    .map_or_else(|| update.is_due(shared, Some(update.request.retrieve_ms)), |at| at <= shared.now);
                if !is_due || !is_durable {
                    return false;
                }
                let location = update.request.location.clone();
                let signature = update.request.signature.as_deref().cloned();
                // A retry is not told: it is still being downloaded.
                if retry_at.is_none() {
                    self.tell(FirmwareProgress::Downloading);
                }
                (self.work, self.is_fetched, self.is_paused) = (Work::Ordered, false, false);
                shared.act(Action::Job(id, Job::Download { location, signature }));
            }
            // Not before it is on record that it was fetched: else it would be fetched and installed twice.
            Phase::Downloaded if is_quiet && is_durable && update.is_due(shared, update.request.install_ms) => {
                self.tell(FirmwareProgress::Installing);
                self.enter(shared, Phase::Installing);
            }
            Phase::Installing if is_durable => {
                self.work = Work::Ordered;
                shared.act(Action::Job(id, Job::Install));
            }
            Phase::Downloaded | Phase::Installing | Phase::Ended(_) => return false,
        }
        true
    }

    /// Whether nothing new should begin to charge.
    pub fn wants_quiet(&self, shared: &Shared) -> bool {
        let Some(update) = &self.update else { return false };
        match update.phase {
            Phase::Downloaded => update.is_due(shared, update.request.install_ms),
            Phase::Installing => true,
            Phase::Requested | Phase::Ended(_) => false,
        }
    }

    /// The status to tell the CSMS now in this form, none for `Idle`.
    pub fn due(&mut self, form: Form, may_report: bool) -> Option<Option<Report<FirmwareProgress>>> {
        Some(match (self.reports.due(form, may_report)?, form) {
            (Due::First(report), _) => Some(report),
            (Due::Present, Form::Plain) => self.present(),
            // 1.6 security L01.FR.28, L01.FR.29. Of an update without number this form tells nothing.
            #[cfg(feature = "security")]
            (Due::Present, Form::Numbered) => self.told.filter(|told| told.progress != FirmwareProgress::Installed),
        })
    }

    /// What is being done; none if nothing is.
    fn present(&self) -> Option<Report<FirmwareProgress>> {
        let update = self.update.as_ref()?;
        let progress = match (update.phase, self.work) {
            (Phase::Requested, Work::Rests { retry_at: None }) => return None,
            (Phase::Requested, _) => FirmwareProgress::Downloading,
            (Phase::Downloaded, _) => FirmwareProgress::Downloaded,
            (Phase::Installing, _) => FirmwareProgress::Installing,
            (Phase::Ended(progress), _) => progress,
        };
        Some(Report { progress, request: update.request.number })
    }

    /// The CSMS answered a report. After the last one, the update is over.
    pub fn on_reported(&mut self, shared: &mut Shared) {
        let Some(report) = self.reports.answered() else { return };
        #[cfg(feature = "security")]
        if report.request.is_some() {
            self.told = Some(report);
        }
        let is_over = self.update.as_ref().is_some_and(|update| {
            update.phase == Phase::Ended(report.progress) && update.request.number == report.request
        });
        if is_over {
            self.update = None;
            shared.store.push(StoreOp::Delete { key: EntryKey::new(ENTRY) });
        }
    }

    /// When time changes something.
    pub fn deadline(&self, clock: &Clock) -> Option<Instant> {
        let update = self.update.as_ref()?;
        match (update.phase, self.work) {
            (Phase::Requested, Work::Rests { retry_at: Some(at) }) => Some(at),
            (Phase::Requested, Work::Rests { retry_at: None }) => clock.instant_of(date(update.request.retrieve_ms)?),
            (Phase::Downloaded, _) => clock.instant_of(date(update.request.install_ms?)?),
            (Phase::Requested, Work::Ordered) | (Phase::Installing | Phase::Ended(_), _) => None,
        }
    }

    fn tell(&mut self, progress: FirmwareProgress) {
        let request = self.update.as_ref().and_then(|update| update.request.number);
        self.reports.push(Report { progress, request });
    }

    /// Tells once that the firmware is here.
    fn tell_fetched(&mut self) {
        if !core::mem::replace(&mut self.is_fetched, true) {
            self.tell(FirmwareProgress::Downloaded);
        }
    }

    /// Tells what a plain update has no word for.
    fn tell_numbered(&mut self, progress: FirmwareProgress) {
        if self.update.as_ref().is_some_and(|update| update.request.number.is_some()) {
            self.tell(progress);
        }
    }

    fn end(&mut self, shared: &mut Shared, progress: FirmwareProgress) {
        // First the event: a power cut between the two then tells it twice, and not never.
        if progress == FirmwareProgress::Installed {
            shared.raise(SecurityEventKind::FirmwareUpdated, None);
        } else if progress == FirmwareProgress::InvalidSignature {
            // 1.6 security L01.FR.03.
            shared.raise(SecurityEventKind::InvalidFirmwareSignature, None);
        }
        self.tell(progress);
        self.enter(shared, Phase::Ended(progress));
    }

    fn enter(&mut self, shared: &mut Shared, phase: Phase) {
        self.work = Work::Rests { retry_at: None };
        let mut is_scheduled = false;
        if let Some(update) = &mut self.update {
            update.phase = phase;
            update.request.signature = None;
            is_scheduled = phase == Phase::Downloaded && !update.is_due(shared, update.request.install_ms);
        }
        if is_scheduled {
            self.tell_numbered(FirmwareProgress::InstallScheduled);
        }
        self.store(shared);
    }

    fn store(&mut self, shared: &mut Shared) {
        if let Some(update) = &self.update {
            self.stored = shared.store.push(StoreOp::Put { key: EntryKey::new(ENTRY), value: update.to_bytes() });
        }
    }
}

impl Update {
    /// Whether a date of it has come; without one, it has. Without a clock nobody knows.
    fn is_due(&self, shared: &Shared, at_ms: Option<i64>) -> bool {
        let wall = || shared.clock.wall(shared.now);
        at_ms.is_none_or(|at| wall().is_some_and(|wall| date(at).is_none_or(|date| date <= wall)))
    }
}

fn date(at_ms: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(at_ms)
}

/// A request that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FirmwareAccepted {
    pub ticket: Ticket,
    /// Whether an update that was under way was given up for it.
    pub has_cancelled: bool,
}

/// What follows from the host's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirmwareOutcome {
    Settled,
    /// The new firmware needs a restart.
    NeedsRestart,
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<Update>();
    }
}
