//! Certificates, as the boundary names them.

use alloc::vec::Vec;

use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// What a certificate is for, in the words of 2.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum CertificateUse {
    /// The root of the CSMS's certificates (1.6 `CentralSystemRootCertificate`).
    CsmsRoot,
    /// The root of the station's manufacturer.
    ManufacturerRoot,
    /// A root of certificates for charging by ISO 15118.
    V2gRoot,
    /// The root of a mobility operator.
    MoRoot,
    /// The station's own towards the CSMS (1.6 `ChargePointCertificate`).
    Station,
    /// The station's own towards vehicles, with those between it and its root.
    V2g,
}

/// Names a certificate, as in OCSP (RFC 6960). All hashes and numbers are hexadecimal; letter case means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct CertificateHash {
    /// How the hashes were made.
    pub algorithm: HashAlgorithm,
    /// Of the issuer's distinguished name.
    pub issuer_name_hash: SmallString,
    /// Of the issuer's public key.
    pub issuer_key_hash: SmallString,
    /// The serial number, without leading zeros.
    pub serial_number: SmallString,
}

/// How a hash was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A certificate that the host keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct InstalledCertificate {
    /// What it is for.
    pub usage: CertificateUse,
    /// Its name.
    pub hash: CertificateHash,
    /// Of a certificate of the station's own, the names of those between it and its root.
    pub children: Vec<CertificateHash>,
}
