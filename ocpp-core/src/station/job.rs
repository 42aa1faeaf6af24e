//! Work for the host that takes long: files to fetch, to install, to send; keys and certificates.
//!
//! Private keys never leave the host. Certificates pass the station as text, in PEM, and only the host judges them.
//!
//! A job is named by its id for the station's life. One that is ordered again under an id that was ordered before, after a
//! restart, is the same job: a host that has done it says so at once, without doing it again.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{CertificateHash, CertificateUse, InstalledCertificate};

/// Names a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct JobId(pub u64);

/// What to do. A job goes on until the host reports its end, or it is cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Job {
    /// Fetch new firmware, and check that it is fit. The next order of this job is [`Job::Install`].
    Download {
        /// Where from.
        location: FileLocation,
        /// What the file must have been signed with; without, it is not signed. Where that does not hold, the outcome is
        /// [`JobUpdate::Invalid`].
        signature: Option<FirmwareSignature>,
    },
    /// Install the firmware that the job fetched. A host that restarts on its own for it is given the order again after
    /// the restart, and then reports how it went.
    Install,
    /// Send a file.
    Upload {
        /// What it tells.
        log: LogKind,
        /// The directory.
        location: FileLocation,
        /// The name that the CSMS was told.
        file_name: SmallString,
        /// The oldest information to include.
        from: Option<DateTime<Utc>>,
        /// The latest information to include.
        to: Option<DateTime<Utc>>,
    },
    /// Check the certificate of who signs firmware, up to the manufacturer's root (1.6 security L01.FR.23, 2.x L01.FR.22).
    /// The outcome is `Done`, `Invalid` or `Revoked`.
    CheckSigner {
        /// In PEM.
        certificate: String,
    },
    /// Make a new pair of keys for a certificate of the station's own, and a request to have it signed. The outcome is
    /// [`JobUpdate::Csr`]. The last pair for a use is kept until its certificate is there.
    CreateCsr {
        /// What the certificate is for.
        usage: CertificateUse,
        /// What the subject's organisation must be (1.6 security A02.FR.13: `CpoName`).
        organization: SmallString,
    },
    /// Check a certificate and keep it, durably. The outcome is `Done`, `Invalid`, `Revoked`, `Full`, or `Failed` for another
    /// reason.
    InstallCertificate {
        /// What it is for. One of the station's own belongs to the last request, and comes with those between it and the root.
        usage: CertificateUse,
        /// In PEM.
        certificate: String,
        /// How many roots may be kept at most (1.6 security M05.FR.03).
        most: u32,
        /// Whether it must be signed by the root of its use that is kept, whose place it takes. The host then keeps the old
        /// one as well, until a connection was made with the new one (1.6 security M05.FR.09 to FR.13).
        replaces: bool,
    },
    /// Forget a root. The outcome is `Done`, `NotFound`, or `Failed`, as for that of the connection in use, and for any
    /// certificate of the station's own (1.6 security M04.FR.05, M04.FR.06).
    DeleteCertificate {
        /// Which.
        hash: CertificateHash,
    },
    /// Say what certificates are kept. The outcome is [`JobUpdate::Certificates`], with those of the wanted uses only.
    ListCertificates {
        /// The uses that are asked for.
        uses: Vec<CertificateUse>,
    },
    /// Give the job up, and say nothing more of it.
    Cancel,
}

/// The URL of a file or directory; a password in it does not print.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct FileLocation(SmallString);

impl FileLocation {
    /// The location of this URL.
    pub fn new(url: &str) -> Self {
        FileLocation(SmallString::new(url))
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

/// What firmware was signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct FirmwareSignature {
    /// The signer's certificate, in PEM.
    pub certificate: String,
    /// The signature of the whole file, in Base64.
    pub signature: String,
}

/// What a file for the CSMS tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum LogKind {
    /// How the station fared.
    Diagnostics,
    /// The security events (1.6 security A04.FR.04).
    Security,
}

/// What became of a job. A word about a job that is not under way is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum JobUpdate {
    /// It is done.
    Done,
    /// The firmware is fetched, and being checked: told at once, where the end would tell it else. Of other work it says nothing.
    Fetched,
    /// Fetching the firmware has to rest; the job goes on by itself.
    Paused,
    /// It goes on.
    Resumed,
    /// It failed.
    Failed,
    /// The firmware is in place, and needs a restart, which the station then orders.
    NeedsRestart,
    /// The signature, the certificate, or the firmware that was to be installed, is not valid.
    Invalid,
    /// The certificate was revoked.
    Revoked,
    /// There is no such certificate.
    NotFound,
    /// As many certificates are kept as may be.
    Full,
    /// The file server did not understand.
    BadMessage,
    /// The file server refused.
    PermissionDenied,
    /// The file server cannot do it.
    NotSupported,
    /// A certificate signing request, in PEM (RFC 2986).
    Csr(String),
    /// The certificates that are kept.
    Certificates(Vec<InstalledCertificate>),
}

#[cfg(feature = "security")]
impl JobUpdate {
    /// Whether it tells of the way, not of the end.
    pub(crate) fn is_progress(&self) -> bool {
        matches!(self, JobUpdate::Fetched | JobUpdate::Paused | JobUpdate::Resumed)
    }
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
