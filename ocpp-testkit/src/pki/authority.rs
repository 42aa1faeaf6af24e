//! The certificate authority of a server for tests: one root, which signs the server's certificate and those of stations.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, Days, Utc};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

use super::certificate::IDENTITY;
use super::replace_file;

/// The organisation of the root and the server (1.6 security A00.FR.509).
const ORGANIZATION: &str = "OCPP testkit";
/// How long certificates are valid: of the root, and of those that it signs.
const DAYS: [u64; 2] = [3650, 365];
/// Clocks differ: each certificate was valid the day before.
const EARLIER: u64 = 1;

/// Why there is no authority, or no certificate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// A file cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What was wrong.
        source: io::Error,
    },
    /// A key, a certificate or a request is of no use.
    #[error("{0}")]
    Unusable(#[from] rcgen::Error),
    /// The request has no subject to certify.
    #[error("the request names no organisation and common name")]
    NoSubject,
}

/// A root and its key.
#[derive(Debug)]
pub struct Authority {
    root: String,
    issuer: Issuer<'static, KeyPair>,
    directory: PathBuf,
}

impl Authority {
    /// The authority in a directory: `ca.pem` and `ca.key` there, made if they are not.
    ///
    /// # Errors
    /// When the files are unreadable, or cannot be written.
    pub fn open(directory: &Path, now: DateTime<Utc>) -> Result<Self, AuthorityError> {
        let (root_file, key_file) = (directory.join("ca.pem"), directory.join("ca.key"));
        if !root_file.exists() {
            fs::create_dir_all(directory).map_err(failed(directory))?;
            let pair = KeyPair::generate()?;
            let mut params = CertificateParams::default();
            params.distinguished_name = name("OCPP testkit root");
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            limit(&mut params, now, DAYS[0])?;
            let root = params.self_signed(&pair)?;
            // The root last: where it is, the key is.
            replace_file(&key_file, pair.serialize_pem().as_bytes()).map_err(failed(&key_file))?;
            replace_file(&root_file, root.pem().as_bytes()).map_err(failed(&root_file))?;
        }
        let root = fs::read_to_string(&root_file).map_err(failed(&root_file))?;
        let key = fs::read_to_string(&key_file).map_err(failed(&key_file))?;
        let issuer = Issuer::from_ca_cert_pem(&root, KeyPair::from_pem(&key)?)?;
        Ok(Authority { root, issuer, directory: directory.to_owned() })
    }

    /// The root's certificate, PEM.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The file of the root's certificate.
    #[must_use]
    pub fn root_file(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// A certificate for a server at this host, and its key, each in a file of the directory.
    ///
    /// # Errors
    /// When the host is no name for a certificate, or the files cannot be written.
    pub fn server(&self, host: &str, now: DateTime<Utc>) -> Result<(PathBuf, PathBuf), AuthorityError> {
        let pair = KeyPair::generate()?;
        let mut params = CertificateParams::new([host.to_owned()])?;
        if host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
            params.subject_alt_names.push(SanType::DnsName(Ia5String::try_from("localhost")?));
        }
        params.distinguished_name = name(host);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        limit(&mut params, now, DAYS[1])?;
        let certificate = params.signed_by(&pair, &self.issuer)?;
        let (chain, key) = (self.directory.join("server.pem"), self.directory.join("server.key"));
        replace_file(&key, pair.serialize_pem().as_bytes()).map_err(failed(&key))?;
        replace_file(&chain, certificate.pem().as_bytes()).map_err(failed(&chain))?;
        Ok((chain, key))
    }

    /// The certificate that a station asks for (1.6 security A02): its subject as in the request, for a client in TLS. The
    /// station's identity is written into it, as the subject has its serial number alone (A00.FR.511).
    ///
    /// # Errors
    /// When the request is none, its signature is wrong, or it lacks a subject.
    pub fn sign(&self, station: &str, csr: &str, now: DateTime<Utc>) -> Result<String, AuthorityError> {
        let mut request = CertificateSigningRequestParams::from_pem(csr)?;
        let subject = &request.params.distinguished_name;
        if subject.get(&DnType::CommonName).is_none() || subject.get(&DnType::OrganizationName).is_none() {
            return Err(AuthorityError::NoSubject);
        }
        // What it may be used for is the authority's to say, not the station's.
        request.params.is_ca = IsCa::ExplicitNoCa;
        request.params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        request.params.subject_alt_names = vec![SanType::URI(Ia5String::try_from(format!("{IDENTITY}{station}"))?)];
        request.params.use_authority_key_identifier_extension = true;
        limit(&mut request.params, now, DAYS[1])?;
        Ok(request.signed_by(&self.issuer)?.pem())
    }
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, ORGANIZATION);
    name.push(DnType::CommonName, common);
    name
}

/// From yesterday, for so many days, under a new serial number.
fn limit(params: &mut CertificateParams, now: DateTime<Utc>, days: u64) -> Result<(), AuthorityError> {
    let day = |at: Option<DateTime<Utc>>| {
        let at = at.unwrap_or(now);
        // Months and days fit: they are at most 12 and 31.
        let part = |number: u32| u8::try_from(number).unwrap_or(1);
        date_time_ymd(at.year(), part(at.month()), part(at.day()))
    };
    params.not_before = day(now.checked_sub_days(Days::new(EARLIER)));
    params.not_after = day(now.checked_add_days(Days::new(days)));
    let mut serial = [0; 16];
    SystemRandom::new().fill(&mut serial).map_err(|_| rcgen::Error::RemoteKeyError)?;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}

fn failed(file: &Path) -> impl FnOnce(io::Error) -> AuthorityError {
    let file = file.to_owned();
    move |source| AuthorityError::File { file, source }
}
