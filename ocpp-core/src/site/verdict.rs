//! What the site says to what it is asked: a face renders each as its version has it.

#[cfg(feature = "security")]
use alloc::vec::Vec;

#[cfg(feature = "firmware_management")]
use super::{reports::Form, upload::UploadAccepted};
#[cfg(feature = "security")]
use crate::station::InstalledCertificate;
use crate::store::Ticket;

/// How a change of what is in service goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AvailabilityVerdict {
    Accepted,
    /// When what is in use becomes free.
    Scheduled,
    /// There is no such EVSE.
    Rejected,
}

/// Whether a place is kept, or why it cannot be.
#[cfg(feature = "reservation")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReserveVerdict {
    Accepted,
    /// The EVSE, or each of them, is faulted.
    Faulted,
    /// It is in use, or kept for somebody.
    Occupied,
    /// It is out of service.
    Unavailable,
    /// There is no such place, or places of the whole station are not kept.
    Rejected,
}

/// Why a list is not taken.
#[cfg(feature = "local_auth_list")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListRefusal {
    /// LocalAuthListEnabled is off.
    Disabled,
    /// It is too long, or says two things of a token, or nothing of one.
    Failed,
    /// It is not newer than the one there is.
    Version,
}

/// Whether a profile is installed, or why it is not.
#[cfg(feature = "smart_charging")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProfileVerdict {
    /// Once this is durable.
    Accepted(Option<Ticket>),
    Rejected,
    /// There is no such EVSE.
    UnknownEvse,
}

/// What becomes of a change that the CSMS wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingVerdict {
    /// Once this is durable.
    Accepted(Ticket),
    /// The same, and it takes effect with the next boot.
    AfterReboot(Ticket),
    /// It may not be changed, or not to this value.
    Rejected,
}

/// How an unlocking went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnlockVerdict {
    Unlocked,
    /// The lock did not open in time.
    Failed,
    /// There is no such EVSE, or its cable is fixed.
    Unknown,
}

/// How the CSMS asks, and is answered: by a message of its own, or by one that travels in a DataTransfer.
#[cfg(feature = "security")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    Plain,
    #[cfg_attr(not(feature = "plug_and_charge"), expect(dead_code, reason = "only its messages travel so"))]
    Transferred,
}

/// How the installation of a root certificate went.
#[cfg(feature = "security")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstallVerdict {
    Accepted,
    /// It is not valid, or there is no room.
    Rejected,
    Failed,
}

/// How the removal of a certificate went.
#[cfg(feature = "security")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RemovalVerdict {
    Accepted,
    Failed,
    NotFound,
}

/// How a request for signed firmware went.
#[cfg(feature = "security")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignedFirmwareVerdict {
    Accepted,
    /// Another update ended for it.
    AcceptedCanceled,
    Rejected,
    InvalidCertificate,
    RevokedCertificate,
}

/// What is answered.
#[derive(Debug)]
#[cfg_attr(not(feature = "plug_and_charge"), allow(dead_code, reason = "without it all travel in one kind of message"))]
pub(crate) enum LateReply {
    /// A connector was to be unlocked.
    Unlocked(UnlockVerdict),
    /// A file was wanted; none if there is none.
    #[cfg(feature = "firmware_management")]
    Upload(Form, Option<UploadAccepted>),
    /// Signed firmware was to be installed.
    #[cfg(feature = "security")]
    SignedFirmware(SignedFirmwareVerdict),
    /// A certificate was signed. True if it is in use.
    #[cfg(feature = "security")]
    CertificateSigned(Envelope, bool),
    /// A root certificate was to be installed.
    #[cfg(feature = "security")]
    CertificateInstalled(Envelope, InstallVerdict),
    /// A certificate was to be deleted.
    #[cfg(feature = "security")]
    CertificateDeleted(Envelope, RemovalVerdict),
    /// What is installed was asked for; none if the store of certificates does not say.
    #[cfg(feature = "security")]
    CertificatesListed(Envelope, Option<Vec<InstalledCertificate>>),
}

/// Why a call of ours brought nothing, as far as its block needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undelivered {
    /// The CSMS refused it, or its answer was unusable.
    Refused,
    /// It cannot be written, and never will be.
    Unsendable,
    /// No answer came in time.
    TimedOut,
    /// The link went.
    LinkLost,
}
