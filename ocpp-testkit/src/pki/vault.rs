//! The certificates of a station, with the private keys that never leave it.

use std::fs;
use std::io;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use ocpp_core::station::{
    CertificateHash, CertificateUse, HashAlgorithm, InstalledCertificate, InstalledCertificates, Job, JobUpdate,
};
use ocpp_types::SmallString;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose, PublicKeyData};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::certificate::{Certificate, PathUse, Unfit, check_path};
use super::replace_file;

/// Own certificates that are kept for a use: the newest, and the one before it (1.6 security A02.FR.10).
const OWN_KEPT: usize = 2;

/// Why the certificates cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What was wrong.
        source: io::Error,
    },
    /// A certificate that was given is of no use.
    #[error("certificate: {0}")]
    Unfit(#[from] Unfit),
}

/// A certificate of the station's own: the chain, leaf first, and the leaf's private key.
pub type OwnCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Root {
    usage: CertificateUse,
    certificate: String,
    /// The certificate of who issued it, often itself: its name contains the hash of that key.
    issuer: String,
    /// Whether it only helps until a connection was made with the one that took its place (1.6 security M05.FR.11).
    is_fallback: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Own {
    usage: CertificateUse,
    chain: String,
    key: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Requested {
    usage: CertificateUse,
    key: String,
    organization: SmallString,
}

/// All that is kept; one file, so that a crash leaves the whole of before or of after.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Kept {
    roots: Vec<Root>,
    /// Oldest first.
    own: Vec<Own>,
    requested: Vec<Requested>,
}

/// What a station keeps of certificates and keys, durable in a file if there is one.
pub struct Vault {
    kept: Kept,
    file: Option<PathBuf>,
    serial_number: SmallString,
    is_new: bool,
    /// What the CSMS showed in the connection of now or the last one.
    shown: Vec<CertificateDer<'static>>,
    refusal: Option<String>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({} roots, {} own)", self.kept.roots.len(), self.kept.own.len())
    }
}

impl Vault {
    /// The certificates in the file, or none yet. Those of the station's own bear its serial number (1.6 security
    /// A00.FR.511).
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(file: Option<PathBuf>, serial_number: &str) -> Result<Self, VaultError> {
        let left = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => {
                let failed = |source: io::Error| VaultError::File { file: file.clone(), source };
                let bytes = fs::read(file).map_err(failed)?;
                Some(serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?)
            }
            None => None,
        };
        let (is_new, kept) = (left.is_none(), left.unwrap_or_default());
        let serial_number = SmallString::new(serial_number);
        Ok(Vault { kept, file, serial_number, is_new, shown: Vec::new(), refusal: None })
    }

    /// Whether nothing was kept before: then it is to be filled with what the manufacturer put in.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Puts in what the station is delivered with: PEM, roots of the CSMS and a chain with its key. The operator vouches
    /// for them.
    ///
    /// # Errors
    /// When they cannot be read or kept.
    pub fn provide(&mut self, roots: Option<&str>, own: Option<(&str, &str)>) -> Result<(), VaultError> {
        let mut kept = self.kept.clone();
        for root in roots.map(split_pem).unwrap_or_default() {
            Certificate::of(&root)?;
            let (usage, issuer) = (CertificateUse::CsmsRoot, root.clone());
            kept.roots.push(Root { usage, certificate: root, issuer, is_fallback: false });
        }
        if let Some((chain, key)) = own {
            Certificate::chain_of(chain)?;
            let usage = CertificateUse::Station;
            kept.own.push(Own { usage, chain: chain.to_owned(), key: key.to_owned() });
        }
        self.save(kept).map_err(|source| VaultError::File { file: self.file.clone().unwrap_or_default(), source })
    }

    /// Does a job with certificates. None if it is another.
    pub fn carry_out(&mut self, now: DateTime<Utc>, job: &Job) -> Option<JobUpdate> {
        let judged = match job {
            Job::CheckSigner { certificate } => self.check_signer(now, certificate).map(|()| JobUpdate::Done),
            Job::CreateCsr { usage, organization } => {
                Ok(self.request(*usage, organization).map_or(JobUpdate::Failed, JobUpdate::Csr))
            }
            Job::InstallCertificate { usage, certificate, most, replaces } if is_root(*usage) => {
                self.install_root(now, *usage, certificate, *most, *replaces)
            }
            Job::InstallCertificate { usage, certificate, .. } => self.install_own(now, *usage, certificate),
            Job::DeleteCertificate { hash } => Ok(self.delete(now, hash)),
            Job::ListCertificates { uses } => Ok(JobUpdate::Certificates(self.list(uses))),
            Job::Download { .. } | Job::Install | Job::Upload { .. } | Job::Cancel => return None,
        };
        self.refusal = judged.as_ref().err().map(Unfit::to_string);
        Some(judged.unwrap_or(JobUpdate::Invalid))
    }

    /// Why the last job found something invalid.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// What the station may know: whether there is a root for the CSMS, and a valid certificate of its own.
    #[must_use]
    pub fn installed(&self, now: DateTime<Utc>) -> InstalledCertificates {
        InstalledCertificates::new(
            self.roots(CertificateUse::CsmsRoot).next().is_some(),
            self.own(now, CertificateUse::Station).is_some(),
        )
    }

    /// When the certificate in use ends.
    #[must_use]
    pub fn expires(&self, now: DateTime<Utc>, usage: CertificateUse) -> Option<DateTime<Utc>> {
        let chain = Certificate::chain_of(&self.newest(now, usage)?.chain).ok()?;
        chain.first().map(|leaf| leaf.validity.1)
    }

    /// The roots of the CSMS, those that only help for a while included (1.6 security M05.FR.13).
    #[must_use]
    pub fn csms_roots(&self) -> Vec<CertificateDer<'static>> {
        self.roots(CertificateUse::CsmsRoot).map(|root| root.der().clone()).collect()
    }

    /// The station's own certificate for a use: of those that are valid the newest by its begin (1.6 security A02.FR.09).
    #[must_use]
    pub fn own(&self, now: DateTime<Utc>, usage: CertificateUse) -> Option<OwnCertificate> {
        let own = self.newest(now, usage)?;
        let chain = Certificate::chain_of(&own.chain).ok()?;
        let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).ok()?;
        Some((chain.iter().map(|one| one.der().clone()).collect(), key))
    }

    /// A connection was made, in which the CSMS showed this chain, leaf first. Roots that were only kept until then go
    /// (1.6 security M05.FR.12).
    ///
    /// # Errors
    /// When that cannot be made durable.
    pub fn connected(&mut self, now: DateTime<Utc>, shown: Vec<CertificateDer<'static>>) -> io::Result<()> {
        self.shown = shown;
        let new = self.kept.roots.iter().filter(|root| root.usage == CertificateUse::CsmsRoot && !root.is_fallback);
        let new: Vec<_> = new.filter_map(|root| Certificate::of(&root.certificate).ok()).collect();
        let has_fallback = self.kept.roots.iter().any(|root| root.is_fallback);
        if has_fallback && check_path(&self.shown, new.iter(), now, PathUse::Server).is_ok() {
            let mut kept = self.kept.clone();
            kept.roots.retain(|root| !root.is_fallback);
            self.save(kept)?;
        }
        Ok(())
    }

    fn roots(&self, usage: CertificateUse) -> impl Iterator<Item = Certificate> {
        let roots = self.kept.roots.iter().filter(move |root| root.usage == usage);
        roots.filter_map(|root| Certificate::of(&root.certificate).ok())
    }

    fn newest(&self, now: DateTime<Utc>, usage: CertificateUse) -> Option<&Own> {
        let begin = |own: &&Own| {
            let chain = Certificate::chain_of(&own.chain).ok()?;
            chain.first().filter(|leaf| leaf.check_time(now).is_ok()).map(|leaf| leaf.validity.0)
        };
        self.kept.own.iter().filter(|own| own.usage == usage && begin(own).is_some()).max_by_key(begin)
    }

    /// 1.6 security L01.FR.23: the signer is vouched for by the manufacturer's root, without certificates between them.
    fn check_signer(&self, now: DateTime<Utc>, certificate: &str) -> Result<(), Unfit> {
        let signer = Certificate::of(certificate)?;
        signer.check_time(now)?;
        signer.check_signs()?;
        let roots: Vec<_> = self.roots(CertificateUse::ManufacturerRoot).collect();
        check_path(&[signer.der().clone()], roots.iter(), now, PathUse::CodeSigning)
    }

    /// 1.6 security A02.FR.02, FR.03, FR.13: a new pair of keys, whose private one stays here.
    fn request(&mut self, usage: CertificateUse, organization: &SmallString) -> Option<String> {
        let pair = KeyPair::generate().ok()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, organization.as_str());
        params.distinguished_name.push(DnType::CommonName, self.serial_number.as_str());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let csr = params.serialize_request(&pair).ok()?.pem().ok()?;
        let mut kept = self.kept.clone();
        kept.requested.retain(|requested| requested.usage != usage);
        kept.requested.push(Requested { usage, key: pair.serialize_pem(), organization: organization.clone() });
        self.save(kept).ok()?;
        Some(csr)
    }

    /// 1.6 security M05.
    fn install_root(
        &mut self,
        now: DateTime<Utc>,
        usage: CertificateUse,
        text: &str,
        most: u32,
        replaces: bool,
    ) -> Result<JobUpdate, Unfit> {
        let new = Certificate::of(text)?;
        new.check_time(now)?;
        new.check_root()?;
        if self.kept.roots.iter().any(|root| root.usage == usage && is_same(&root.certificate, &new)) {
            return Ok(JobUpdate::Done);
        }
        let mut kept = self.kept.clone();
        let current = kept.roots.iter().filter(|root| root.usage == usage && !root.is_fallback);
        let is_first = current.clone().next().is_none();
        let has_signed =
            |root: &&Root| Certificate::of(&root.certificate).is_ok_and(|old| old.check_signed(&new).is_ok());
        let signer = current.clone().find(has_signed).map(|root| root.certificate.clone());
        // M05.FR.09, FR.10. A root that was renewed with its key is signed by the old one too.
        if replaces && !is_first && signer.is_none() {
            return Err(Unfit::Untrusted("it is not signed by the root that it should replace".to_owned()));
        }
        let issuer = match signer.filter(|_| !new.is_self_issued()) {
            Some(signer) => signer,
            // Of a root that nobody known signed, nobody could make the name.
            None => {
                new.check_signed(&new)?;
                text.to_owned()
            }
        };
        if replaces && !is_first {
            kept.roots.retain(|root| root.usage != usage || !root.is_fallback);
            for old in kept.roots.iter_mut().filter(|root| root.usage == usage) {
                old.is_fallback = true;
            }
        } else if kept.roots.iter().filter(|root| !root.is_fallback).count()
            >= usize::try_from(most).unwrap_or(usize::MAX)
        {
            return Ok(JobUpdate::Full);
        }
        kept.roots.push(Root { usage, certificate: text.to_owned(), issuer, is_fallback: false });
        Ok(done(self.save(kept)))
    }

    /// 1.6 security A02.FR.06: the time, the properties of the subject and the key, and who vouches for it. One whose time
    /// has not come is kept until then (A02.FR.08).
    fn install_own(&mut self, now: DateTime<Utc>, usage: CertificateUse, text: &str) -> Result<JobUpdate, Unfit> {
        let chain = Certificate::chain_of(text)?;
        let leaf = chain.first().ok_or(Unfit::NotPem)?;
        let is_for = |pem: &str| KeyPair::from_pem(pem).is_ok_and(|pair| pair.der_bytes() == leaf.key());
        let requested = self.kept.requested.iter().position(|asked| asked.usage == usage && is_for(&asked.key));
        let again = self.kept.own.iter().find(|own| own.usage == usage && is_for(&own.key));
        let (key, organization) = match (requested.and_then(|place| self.kept.requested.get(place)), again) {
            (Some(asked), _) => (asked.key.clone(), Some(asked.organization.clone())),
            (None, Some(own)) => (own.key.clone(), None),
            (None, None) => return Err(Unfit::WrongKey),
        };
        leaf.check_signs()?;
        // A00.FR.509, A00.FR.511.
        if leaf.common_name.as_ref() != Some(&self.serial_number)
            || organization.is_some_and(|wanted| leaf.organization.as_ref() != Some(&wanted))
        {
            return Err(Unfit::WrongSubject);
        }
        let ders: Vec<_> = chain.iter().map(|one| one.der().clone()).collect();
        let roots: Vec<_> = self.roots(root_of(usage)).collect();
        check_path(&ders, roots.iter(), now.max(leaf.validity.0), PathUse::Client)?;
        let mut kept = self.kept.clone();
        if let Some(place) = requested {
            kept.requested.remove(place);
        }
        kept.own.retain(|own| own.usage != usage || !own.chain.trim().eq(text.trim()));
        kept.own.push(Own { usage, chain: text.to_owned(), key });
        while kept.own.iter().filter(|own| own.usage == usage).count() > OWN_KEPT {
            if let Some(oldest) = kept.own.iter().position(|own| own.usage == usage) {
                kept.own.remove(oldest);
            }
        }
        Ok(done(self.save(kept)))
    }

    /// 1.6 security M04.
    fn delete(&mut self, now: DateTime<Utc>, hash: &CertificateHash) -> JobUpdate {
        let named = |root: &Root| name_of_root(root, hash.algorithm).is_some_and(|name| is_named(&name, hash));
        let Some(place) = self.kept.roots.iter().position(named) else {
            let mut own = self.kept.own.iter().flat_map(|own| self.names_of_own(own, hash.algorithm));
            // M04.FR.05.
            return if own.any(|name| is_named(&name, hash)) { JobUpdate::Failed } else { JobUpdate::NotFound };
        };
        // M04.FR.06.
        let is_in_use = self.kept.roots.get(place).is_some_and(|root| {
            let certificate =
                Certificate::of(&root.certificate).ok().filter(|_| root.usage == CertificateUse::CsmsRoot);
            certificate.is_some_and(|root| check_path(&self.shown, [&root].into_iter(), now, PathUse::Server).is_ok())
        });
        if is_in_use {
            return JobUpdate::Failed;
        }
        let mut kept = self.kept.clone();
        kept.roots.remove(place);
        done(self.save(kept))
    }

    /// 1.6 security M03, with SHA-256 (A00.FR.506).
    fn list(&self, uses: &[CertificateUse]) -> Vec<InstalledCertificate> {
        let roots = self.kept.roots.iter().filter(|root| uses.contains(&root.usage)).filter_map(|root| {
            let hash = name_of_root(root, HashAlgorithm::Sha256)?;
            Some(InstalledCertificate { usage: root.usage, hash, children: Vec::new() })
        });
        let own = self.kept.own.iter().filter(|own| uses.contains(&own.usage)).filter_map(|own| {
            let mut names = self.names_of_own(own, HashAlgorithm::Sha256).into_iter();
            let hash = names.next()?;
            Some(InstalledCertificate { usage: own.usage, hash, children: names.collect() })
        });
        roots.chain(own).collect()
    }

    /// The names of a chain, leaf first. What nobody known issued has none.
    fn names_of_own(&self, own: &Own, algorithm: HashAlgorithm) -> Vec<CertificateHash> {
        let chain = Certificate::chain_of(&own.chain).unwrap_or_default();
        let roots: Vec<_> = self.roots(root_of(own.usage)).collect();
        let name = |one: &Certificate| {
            let issuer = chain.iter().chain(&roots).find(|issuer| issuer.check_signed(one).is_ok())?;
            Some(one.hash(issuer.key(), algorithm))
        };
        chain.iter().filter(|one| !one.is_self_issued()).filter_map(name).collect()
    }

    fn save(&mut self, kept: Kept) -> io::Result<()> {
        if let Some(file) = &self.file {
            replace_file(file, &serde_json::to_vec(&kept)?)?;
        }
        self.kept = kept;
        Ok(())
    }
}

fn name_of_root(root: &Root, algorithm: HashAlgorithm) -> Option<CertificateHash> {
    let issuer = Certificate::of(&root.issuer).ok()?;
    Some(Certificate::of(&root.certificate).ok()?.hash(issuer.key(), algorithm))
}

/// Hexadecimal digits mean the same in either case, and leading zeros nothing.
fn is_named(name: &CertificateHash, wanted: &CertificateHash) -> bool {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let number = |text: &'_ SmallString| SmallString::new(text.trim_start_matches('0'));
    name.algorithm == wanted.algorithm
        && same(&name.issuer_name_hash, &wanted.issuer_name_hash)
        && same(&name.issuer_key_hash, &wanted.issuer_key_hash)
        && same(&number(&name.serial_number), &number(&wanted.serial_number))
}

fn is_same(pem: &str, other: &Certificate) -> bool {
    Certificate::of(pem).is_ok_and(|one| one.der() == other.der())
}

fn done(saved: io::Result<()>) -> JobUpdate {
    match saved {
        Ok(()) => JobUpdate::Done,
        Err(_) => JobUpdate::Failed,
    }
}

fn is_root(usage: CertificateUse) -> bool {
    match usage {
        CertificateUse::CsmsRoot
        | CertificateUse::ManufacturerRoot
        | CertificateUse::V2gRoot
        | CertificateUse::MoRoot => true,
        CertificateUse::Station | CertificateUse::V2g => false,
    }
}

/// Whose root vouches for a certificate of the station's own (1.6 security A00.FR.601, ISO 15118).
fn root_of(usage: CertificateUse) -> CertificateUse {
    match usage {
        CertificateUse::V2g => CertificateUse::V2gRoot,
        CertificateUse::Station
        | CertificateUse::CsmsRoot
        | CertificateUse::ManufacturerRoot
        | CertificateUse::V2gRoot
        | CertificateUse::MoRoot => CertificateUse::CsmsRoot,
    }
}

/// The certificates of a text, each as a text.
fn split_pem(pem: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    pem.split_inclusive(END).filter(|block| block.contains(END)).map(|block| format!("{}\n", block.trim())).collect()
}
