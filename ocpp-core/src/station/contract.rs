//! Plug & Charge by ISO 15118, as the boundary names it: contracts of vehicles, and the state of certificates (1.6 application
//! note "Using ISO 15118 Plug & Charge with OCPP 1.6", 2.x C07, M01, M02, M06).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{CertificateHash, IdToken};

/// What a responder is asked about a certificate (RFC 6960).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OcspRequest {
    /// The certificate.
    pub hash: CertificateHash,
    /// The responder's URL, at most 512 characters.
    pub responder_url: SmallString,
}

/// A contract that a vehicle presented.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Contract {
    /// Its identifier (eMAID), as transactions will name it: at most 20 characters in 1.6.
    pub token: IdToken,
    /// What the host found when it checked the chain against the roots that are installed.
    pub check: ContractCheck,
    /// What the CSMS needs to ask whether certificates of the chain were revoked: at most four, the contract's own first.
    pub ocsp: Vec<OcspRequest>,
    /// The chain in PEM, for a CSMS that checks it in the station's place: at most 5500 characters in 1.6.
    pub certificate: Option<String>,
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("token", &self.token)
            .field("check", &self.check)
            .field("ocsp", &self.ocsp.len())
            .field("certificate", &self.certificate.as_ref().map(|_| "***"))
            .finish()
    }
}

/// What the host says of a chain of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum ContractCheck {
    /// It leads to a root that is installed, each signature is right, and none has expired or is known to be revoked.
    Valid,
    /// It leads to a root that is not installed: the host cannot say.
    UnknownRoot,
    /// It is not valid.
    Invalid,
}

/// What a vehicle wants with its contract certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum EvCertificateAction {
    /// Have one (ISO 15118 CertificateInstallationReq).
    Install,
    /// Have another in its place (ISO 15118 CertificateUpdateReq).
    Update,
}

/// A certificate whose revocation status the station keeps for vehicles.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct WatchedCertificate {
    /// How to ask about it.
    pub request: OcspRequest,
    /// Until when the status that the host has is good (OCSP `nextUpdate`); none if it has none.
    pub fresh_until: Option<DateTime<Utc>>,
}

/// The most certificates that may be watched.
pub(crate) const MAX_WATCHED: usize = 20;
