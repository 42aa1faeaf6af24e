//! One X.509 certificate: what stands in it, what it is called in OCPP, and who vouches for it.

use chrono::{DateTime, Utc};
use ocpp_core::station::{CertificateHash, HashAlgorithm};
use ocpp_types::SmallString;
use ring::digest;
use thiserror::Error;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

/// What a firmware signer's certificate is for, if it says so at all: `id-kp-codeSigning` (RFC 5280 §4.2.1.12).
const CODE_SIGNING: &[u8] = &[43, 6, 1, 5, 5, 7, 3, 3];
/// What the authority of the `csms` program puts before a station's identity.
pub(super) const IDENTITY: &str = "urn:ocpp:";

/// Why a certificate is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unfit {
    /// The text holds no certificate, or not as many as are wanted.
    #[error("not one certificate in PEM")]
    NotPem,
    /// The bytes are no X.509 certificate.
    #[error("not an X.509 certificate: {0}")]
    NotX509(String),
    /// Its time is over, or has not come.
    #[error("valid from {from} until {until} alone")]
    Time {
        /// The begin of its validity.
        from: DateTime<Utc>,
        /// The end of its validity.
        until: DateTime<Utc>,
    },
    /// It must not sign others, or its key not sign at all.
    #[error("its use is limited to another")]
    WrongUse,
    /// Nobody vouches for it.
    #[error("{0}")]
    Untrusted(String),
    /// It names somebody else.
    #[error("its subject is another")]
    WrongSubject,
    /// It is for another key than was asked for.
    #[error("its key is another")]
    WrongKey,
}

/// A certificate that could be read.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    key: Vec<u8>,
    serial: Vec<u8>,
    /// The begin and the end of its validity.
    pub validity: (DateTime<Utc>, DateTime<Utc>),
    /// The common name of the subject.
    pub common_name: Option<SmallString>,
    /// The organisation of the subject.
    pub organization: Option<SmallString>,
    /// The identity of the station that it was issued to, where the authority wrote that.
    pub identity: Option<SmallString>,
    may_issue: bool,
    may_sign: bool,
}

impl Certificate {
    /// The one certificate of a text in PEM.
    ///
    /// # Errors
    /// When there is none, or there are several.
    pub fn of(pem: &str) -> Result<Self, Unfit> {
        let mut chain = Self::chain_of(pem)?;
        let only = chain.pop().ok_or(Unfit::NotPem)?;
        if chain.is_empty() { Ok(only) } else { Err(Unfit::NotPem) }
    }

    /// The certificates of a text in PEM, in its order; at least one.
    ///
    /// # Errors
    /// When there is none, or one of them cannot be read.
    pub fn chain_of(pem: &str) -> Result<Vec<Self>, Unfit> {
        let ders: Vec<_> =
            CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|_| Unfit::NotPem)?;
        if ders.is_empty() { Err(Unfit::NotPem) } else { ders.into_iter().map(Self::from_der).collect() }
    }

    /// The certificate of these bytes.
    ///
    /// # Errors
    /// When they are none.
    pub fn from_der(der: CertificateDer<'static>) -> Result<Self, Unfit> {
        let (rest, read) = X509Certificate::from_der(&der).map_err(|error| Unfit::NotX509(error.to_string()))?;
        let odd = |what: &str| Unfit::NotX509(what.to_owned());
        if !rest.is_empty() {
            return Err(odd("bytes follow it"));
        }
        let moment = |at: i64| DateTime::from_timestamp(at, 0).ok_or_else(|| odd("its time cannot be told"));
        let validity =
            (moment(read.validity().not_before.timestamp())?, moment(read.validity().not_after.timestamp())?);
        let basic = read.basic_constraints().map_err(|_| odd("two basic constraints"))?;
        let usage = read.key_usage().map_err(|_| odd("two key usages"))?;
        let names = read.subject_alternative_name().map_err(|_| odd("two lists of names"))?;
        let mut names = names.iter().flat_map(|names| &names.value.general_names);
        let identity = names.find_map(|name| match name {
            GeneralName::URI(uri) => uri.strip_prefix(IDENTITY),
            _ => None,
        });
        let read_subject = read.subject();
        Ok(Certificate {
            subject: read_subject.as_raw().to_vec(),
            issuer: read.issuer().as_raw().to_vec(),
            key: read.public_key().subject_public_key.data.to_vec(),
            serial: read.raw_serial().iter().copied().skip_while(|byte| *byte == 0).collect(),
            validity,
            common_name: first(read_subject, |name| name.iter_common_name().find_map(|name| name.as_str().ok())),
            organization: first(read_subject, |name| name.iter_organization().find_map(|name| name.as_str().ok())),
            identity: identity.map(SmallString::new),
            may_issue: basic.is_some_and(|basic| basic.value.ca)
                && usage.as_ref().is_none_or(|u| u.value.key_cert_sign()),
            may_sign: usage.is_none_or(|usage| usage.value.digital_signature()),
            der: der.clone(),
        })
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The bits of the subject's public key, without tag and length.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether issuer and subject are the same.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// The serial number, in hexadecimal without leading zeros.
    pub fn serial_number(&self) -> String {
        let serial = hex(&self.serial);
        let serial = serial.trim_start_matches('0');
        if serial.is_empty() { "0".to_owned() } else { serial.to_owned() }
    }

    /// The certificate's name in OCPP (RFC 6960; 1.6 security §6.1 `CertificateHashData`, the same in 2.x): the hashes of
    /// the issuer's name and of the bits of the issuer's key, and the serial number without leading zeros.
    #[must_use]
    pub fn hash(&self, issuer_key: &[u8], algorithm: HashAlgorithm) -> CertificateHash {
        let how = match algorithm {
            HashAlgorithm::Sha256 => &digest::SHA256,
            HashAlgorithm::Sha384 => &digest::SHA384,
            HashAlgorithm::Sha512 => &digest::SHA512,
        };
        CertificateHash {
            algorithm,
            issuer_name_hash: hex(digest::digest(how, &self.issuer).as_ref()),
            issuer_key_hash: hex(digest::digest(how, issuer_key).as_ref()),
            serial_number: SmallString::new(&self.serial_number()),
        }
    }

    /// Whether now is in its time.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_time(&self, now: DateTime<Utc>) -> Result<(), Unfit> {
        let (from, until) = self.validity;
        if (from..=until).contains(&now) { Ok(()) } else { Err(Unfit::Time { from, until }) }
    }

    /// Whether it may vouch for others.
    ///
    /// # Errors
    /// When it may not.
    pub fn check_root(&self) -> Result<(), Unfit> {
        if self.may_issue { Ok(()) } else { Err(Unfit::WrongUse) }
    }

    /// Whether its key may sign, as that of a station and of firmware must.
    ///
    /// # Errors
    /// When it may not.
    pub fn check_signs(&self) -> Result<(), Unfit> {
        if self.may_sign { Ok(()) } else { Err(Unfit::WrongUse) }
    }

    /// Whether this one, with its own name and key, signed `other`.
    ///
    /// # Errors
    /// When it did not.
    pub fn check_signed(&self, other: &Certificate) -> Result<(), Unfit> {
        let untrusted = || Unfit::Untrusted("its issuer's signature does not fit".to_owned());
        let read = |of| X509Certificate::from_der(of).map(|(_, read)| read).map_err(|_| untrusted());
        let (own, theirs) = (read(&self.der)?, read(&other.der)?);
        if self.subject != other.issuer {
            return Err(Unfit::Untrusted("its issuer is another".to_owned()));
        }
        theirs.verify_signature(Some(own.public_key())).map_err(|_| untrusted())
    }
}

/// What a path of certificates is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathUse {
    /// A station towards a server.
    Client,
    /// A server.
    Server,
    /// Who signs firmware.
    CodeSigning,
}

/// Whether a chain, leaf first, leads to one of the roots by the rules of RFC 5280 §6, now.
///
/// # Errors
/// When it does not.
pub fn check_path<'a>(
    chain: &[CertificateDer<'_>],
    roots: impl Iterator<Item = &'a Certificate>,
    now: DateTime<Utc>,
    usage: PathUse,
) -> Result<(), Unfit> {
    let untrusted = |error: webpki::Error| Unfit::Untrusted(error.to_string());
    let (leaf, between) = chain.split_first().ok_or(Unfit::NotPem)?;
    let anchors: Vec<TrustAnchor<'_>> =
        roots.map(|root| anchor_from_trusted_cert(&root.der)).collect::<Result<_, _>>().map_err(untrusted)?;
    let usage = match usage {
        PathUse::Client => KeyUsage::client_auth(),
        PathUse::Server => KeyUsage::server_auth(),
        PathUse::CodeSigning => KeyUsage::required_if_present(CODE_SIGNING),
    };
    let leaf = EndEntityCert::try_from(leaf).map_err(untrusted)?;
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let verified = leaf.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, between, now, usage, None, None);
    verified.map(drop).map_err(untrusted)
}

/// Whether the signature is that of the signer over these bytes, with SHA-256: by RSA-PSS (1.6 security L01.FR.04, 2.x
/// L01.FR.12) or, as the TLS library has no EC-Schnorr, by ECDSA on P-256.
#[must_use]
pub fn has_signed(signer: &Certificate, bytes: &[u8], signature: &[u8]) -> bool {
    let algorithms = [webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY, webpki::ring::ECDSA_P256_SHA256];
    EndEntityCert::try_from(&signer.der).is_ok_and(|signer| {
        algorithms.iter().any(|algorithm| signer.verify_signature(*algorithm, bytes, signature).is_ok())
    })
}

fn first(name: &X509Name<'_>, find: impl for<'n> Fn(&'n X509Name<'n>) -> Option<&'n str>) -> Option<SmallString> {
    find(name).map(SmallString::new)
}

fn hex(bytes: &[u8]) -> SmallString {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02X}")).into()
}
