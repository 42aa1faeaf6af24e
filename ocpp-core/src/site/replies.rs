//! Answers to calls that are given later than at once: they wait here for the face to render them.

use alloc::collections::VecDeque;
#[cfg(feature = "security")]
use alloc::vec::Vec;

use ocpp_rpc::engine::ReplyToken;

#[cfg(feature = "security")]
use super::certificates::{Envelope, InstallVerdict, RemovalVerdict, SignedFirmwareVerdict};
use super::unlock::UnlockVerdict;
#[cfg(feature = "security")]
use crate::station::InstalledCertificate;
use crate::store::Ticket;

/// What is answered.
#[derive(Debug)]
pub(crate) enum LateReply {
    /// A connector was to be unlocked.
    Unlocked(UnlockVerdict),
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

/// An answer, and the record that it waits for.
#[derive(Debug)]
pub(crate) struct Reply {
    pub token: ReplyToken,
    pub ticket: Option<Ticket>,
    pub reply: LateReply,
}

/// The answers that can be given. The engine bounds the calls that can be open.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    due: VecDeque<Reply>,
}

impl Replies {
    /// An answer, once `ticket` is durable.
    pub fn push(&mut self, token: ReplyToken, ticket: Option<Ticket>, reply: LateReply) {
        self.due.push_back(Reply { token, ticket, reply });
    }

    /// The next answer.
    pub fn pop(&mut self) -> Option<Reply> {
        self.due.pop_front()
    }
}
