//! Work for the host that takes long: files to fetch, to install, to send.
//!
//! A job is named by its id for the station's life. One that is ordered again under an id that was ordered before, after a
//! restart, is the same job: a host that has done it says so at once, without doing it again.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Names a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId(pub u64);

/// What to do. A job goes on until the host reports its end, or it is cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Job {
    /// Fetch new firmware, and check that it is fit. The next order of this job is [`Job::Install`].
    Download {
        /// Where from, with the protocol and perhaps a password: not for logs.
        location: CompactString,
    },
    /// Install the firmware that the job fetched. A host that restarts on its own for it is given the order again after
    /// the restart, and then reports how it went.
    Install,
    /// Send a file of diagnostics.
    Upload {
        /// The directory, with the protocol and perhaps a password: not for logs.
        location: CompactString,
        /// The name that the CSMS was told.
        file_name: CompactString,
        /// The oldest information to include.
        from: Option<DateTime<Utc>>,
        /// The latest information to include.
        to: Option<DateTime<Utc>>,
    },
    /// Give the job up, and say nothing more of it.
    Cancel,
}

/// What became of a job. A word about a job that is not under way is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobUpdate {
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// The firmware is in place, and needs a restart, which the station then orders.
    NeedsRestart,
}
