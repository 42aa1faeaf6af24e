//! A firmware update (1.6 §5.19, 2.x L02): fetched after a date, with retries, installed when nobody charges, and reported
//! until the CSMS knows how it ended, whatever restarts lie between.
//!
//! Takes requests and the host's words, gives orders to the host and statuses to report. Stores an entry `firmware` with
//! how far the update came: it goes when the CSMS was told of the end.

use core::time::Duration;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::reports::Reports;
use crate::shared::Shared;
use crate::station::{Action, FileLocation, Job, JobId, JobUpdate, SecurityEventKind};
use crate::store::framing::Record;
use crate::store::{EntryKey, Image, StoreOp, Ticket};
use crate::time::{Clock, Instant};

const ENTRY: &str = "firmware";

/// A step of an update that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FirmwareProgress {
    Downloading,
    Downloaded,
    DownloadFailed,
    Installing,
    Installed,
    InstallationFailed,
}

/// What the CSMS wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FirmwareRequest {
    pub location: FileLocation,
    /// Not to be fetched before, in milliseconds since 1970.
    pub retrieve_ms: i64,
    pub retries: u32,
    pub retry_seconds: u32,
}

/// How far an update came, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// It waits for its date, or is being fetched.
    Requested,
    /// It waits until nobody charges.
    Downloaded,
    Installing,
    /// The CSMS does not know yet.
    Ended(FirmwareProgress),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Update {
    id: JobId,
    request: FirmwareRequest,
    phase: Phase,
}

impl Record for Update {
    const KIND: u8 = 39;
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
    update: Option<Update>,
    work: Work,
    retries: u32,
    stored: Ticket,
    pub reports: Reports<FirmwareProgress>,
}

impl FirmwareJob {
    /// Reads what was stored. Gives the entry if it could not be used.
    pub fn restore(image: &Image) -> (Self, Option<CompactString>) {
        let stored = image.entry(ENTRY).map(Update::from_bytes);
        let (update, skipped) = match stored {
            Some(Ok(update)) => (Some(update), None),
            Some(Err(_)) => (None, Some(ENTRY.into())),
            None => (None, None),
        };
        let mut reports = Reports::default();
        if let Some(Update { phase: Phase::Ended(progress), .. }) = &update {
            reports.push(*progress);
        }
        let retries = update.as_ref().map_or(0, |update| update.request.retries);
        let work = Work::Rests { retry_at: None };
        (FirmwareJob { update, work, retries, stored: Ticket(0), reports }, skipped)
    }

    /// Takes a request in, in the place of one that is not being installed. With the ticket that its answer waits for;
    /// none if it has to be refused.
    pub fn on_request(&mut self, shared: &mut Shared, request: FirmwareRequest) -> Option<Ticket> {
        if let Some(old) = &self.update {
            if old.phase == Phase::Installing {
                return None;
            }
            if self.work == Work::Ordered {
                shared.act(Action::Job(old.id, Job::Cancel));
            }
        }
        self.retries = request.retries;
        self.work = Work::Rests { retry_at: None };
        self.update = Some(Update { id: shared.next_job(), request, phase: Phase::Requested });
        self.store(shared);
        Some(self.stored)
    }

    /// The host's word about a job.
    pub fn on_update(&mut self, shared: &mut Shared, id: JobId, word: JobUpdate) -> FirmwareOutcome {
        let Some(update) = self.update.as_ref().filter(|update| update.id == id && self.work == Work::Ordered) else {
            return FirmwareOutcome::Settled;
        };
        let (phase, seconds) = (update.phase, update.request.retry_seconds);
        match (phase, word) {
            (Phase::Requested, JobUpdate::Done | JobUpdate::NeedsRestart) => {
                self.reports.push(FirmwareProgress::Downloaded);
                self.enter(shared, Phase::Downloaded);
            }
            (Phase::Requested, JobUpdate::Failed) if self.retries > 0 => {
                self.retries -= 1;
                self.work = Work::Rests { retry_at: Some(shared.now + Duration::from_secs(seconds.into())) };
            }
            (Phase::Requested, JobUpdate::Failed) => self.end(shared, FirmwareProgress::DownloadFailed),
            (Phase::Installing, JobUpdate::Done) => self.end(shared, FirmwareProgress::Installed),
            (Phase::Installing, JobUpdate::Failed) => self.end(shared, FirmwareProgress::InstallationFailed),
            (Phase::Installing, JobUpdate::NeedsRestart) => return FirmwareOutcome::NeedsRestart,
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
                let is_due = retry_at.map_or_else(|| update.is_retrievable(shared), |at| at <= shared.now);
                if !is_due || !is_durable {
                    return false;
                }
                // A retry is not told: it is still being downloaded.
                if retry_at.is_none() {
                    self.reports.push(FirmwareProgress::Downloading);
                }
                let location = update.request.location.clone();
                self.work = Work::Ordered;
                shared.act(Action::Job(id, Job::Download { location }));
            }
            // Not before it is on record that it was fetched: else it would be fetched and installed twice.
            Phase::Downloaded if is_quiet && is_durable => {
                self.reports.push(FirmwareProgress::Installing);
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
    pub fn wants_quiet(&self) -> bool {
        let phase = self.update.as_ref().map(|update| update.phase);
        matches!(phase, Some(Phase::Downloaded | Phase::Installing))
    }

    /// What is being done, to tell a CSMS that asks; none if nothing is.
    pub fn present(&self) -> Option<FirmwareProgress> {
        match (self.update.as_ref()?.phase, self.work) {
            (Phase::Requested, Work::Rests { retry_at: None }) => None,
            (Phase::Requested, _) => Some(FirmwareProgress::Downloading),
            (Phase::Downloaded, _) => Some(FirmwareProgress::Downloaded),
            (Phase::Installing, _) => Some(FirmwareProgress::Installing),
            (Phase::Ended(progress), _) => Some(progress),
        }
    }

    /// The CSMS answered a report. After the last one, the update is over.
    pub fn on_reported(&mut self, shared: &mut Shared) {
        let reported = self.reports.answered();
        let is_over = self.update.as_ref().is_some_and(|update| reported.map(Phase::Ended) == Some(update.phase));
        if is_over {
            self.update = None;
            shared.store.push(StoreOp::Delete { key: EntryKey::new(ENTRY) });
        }
    }

    /// When time changes something.
    pub fn deadline(&self, clock: &Clock) -> Option<Instant> {
        let update = self.update.as_ref().filter(|update| update.phase == Phase::Requested)?;
        match self.work {
            Work::Rests { retry_at: Some(at) } => Some(at),
            Work::Rests { retry_at: None } => clock.instant_of(update.retrieve_date()?),
            Work::Ordered => None,
        }
    }

    fn end(&mut self, shared: &mut Shared, progress: FirmwareProgress) {
        if progress == FirmwareProgress::Installed {
            shared.raise(SecurityEventKind::FirmwareUpdated, None);
        }
        self.reports.push(progress);
        self.enter(shared, Phase::Ended(progress));
    }

    fn enter(&mut self, shared: &mut Shared, phase: Phase) {
        self.work = Work::Rests { retry_at: None };
        if let Some(update) = &mut self.update {
            update.phase = phase;
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
    fn retrieve_date(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.request.retrieve_ms)
    }

    /// Whether its date has come. Without a clock nobody knows.
    fn is_retrievable(&self, shared: &Shared) -> bool {
        let wall = shared.clock.wall(shared.now);
        wall.is_some_and(|wall| self.retrieve_date().is_none_or(|date| date <= wall))
    }
}

/// What follows from the host's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirmwareOutcome {
    Settled,
    /// The new firmware needs a restart.
    NeedsRestart,
}
