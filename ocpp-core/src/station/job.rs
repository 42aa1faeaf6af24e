//! Work for the host that takes long: files to fetch, to install, to send.
//!
//! A job is named by its id for the station's life. One that is ordered again under an id that was ordered before, after a
//! restart, is the same job: a host that has done it says so at once, without doing it again.

use core::fmt;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Names a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId(pub u64);

/// What to do. A job goes on until the host reports its end, or it is cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Job {
    /// Fetch new firmware, and check that it is fit. The next order of this job is [`Job::Install`].
    Download {
        /// Where from.
        location: FileLocation,
    },
    /// Install the firmware that the job fetched. A host that restarts on its own for it is given the order again after
    /// the restart, and then reports how it went.
    Install,
    /// Send a file of diagnostics.
    Upload {
        /// The directory.
        location: FileLocation,
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

/// The URL of a file or directory; a password in it does not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLocation(CompactString);

impl FileLocation {
    /// The location of this URL.
    pub fn new(url: &str) -> Self {
        FileLocation(CompactString::new(url))
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority_end = |rest: &str| rest.find('/').unwrap_or(rest.len());
        let masked = self.0.split_once("://").and_then(|(scheme, rest)| {
            let (authority, path) = rest.split_at_checked(authority_end(rest))?;
            let (_, host) = authority.rsplit_once('@')?;
            Some((scheme, host, path))
        });
        match masked {
            Some((scheme, host, path)) => write!(f, "{scheme}://***@{host}{path}"),
            None => f.write_str(&self.0),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn password_of_a_location_does_not_print() {
        for (url, printed) in [
            ("ftp://user:pass@host:21/a@b", "ftp://***@host:21/a@b"),
            ("ftp://user:p@ss@host", "ftp://***@host"),
            ("https://host/new.bin", "https://host/new.bin"),
            ("https://host/a@b", "https://host/a@b"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(format!("{:?}", FileLocation::new(url)), printed);
        }
    }
}
