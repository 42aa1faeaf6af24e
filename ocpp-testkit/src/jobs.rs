//! The host of a simulated station: it fetches, installs and sends files, and keeps certificates, each in its time. What it has
//! installed outlasts a power cut.
//!
//! It computes no signatures. What is wrong with a text is said by the text: see [`UNFIT_SIGNATURE`] and [`revoked`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ocpp_core::station::{
    CertificateHash, CertificateUse, FileLocation, FirmwareSignature, HashAlgorithm, InstalledCertificate, Job, JobId,
    JobUpdate,
};
use ocpp_core::time::Instant;
use ocpp_types::SmallString;

/// The local host's discard port (RFC 863), where nothing listens.
const NOWHERE: &str = "://127.0.0.1:9/";
/// The name of a file that is no firmware of the station.
pub const UNFIT: &str = "no-firmware";
/// A signature that fits no file.
pub const UNFIT_SIGNATURE: &str = "dW5maXQ=";

const BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
const END: &str = "-----END CERTIFICATE-----";
const REVOKED: &str = "cmV2b2tlZA==";
const SELF_MADE: &str = "c2VsZm1hZGU=";

/// The text of a certificate that the simulated host takes for valid. Each name gives another.
#[must_use]
pub fn certificate(name: &str) -> String {
    format!("{BEGIN}{}\n{END}\n", text_as_base64(name))
}

/// The text of a certificate that was revoked.
#[must_use]
pub fn revoked(name: &str) -> String {
    format!("{BEGIN}{REVOKED}\n{}\n{END}\n", text_as_base64(name))
}

/// The text of a root that is not signed by the one whose place it should take.
#[must_use]
pub fn self_made(name: &str) -> String {
    format!("{BEGIN}{SELF_MADE}\n{}\n{END}\n", text_as_base64(name))
}

/// What [`certificate`] writes between its marks: letters and digits alone, so that it reads as Base64.
fn text_as_base64(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02X}")).collect()
}

/// The name by which the simulated host keeps the certificate of this text.
#[must_use]
pub fn certificate_hash(certificate: &str) -> CertificateHash {
    // FNV-1a: the same for all time, and nothing else is asked of it.
    let digest = |salt: u64| {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        certificate.trim().bytes().fold(0xcbf2_9ce4_8422_2325 ^ salt, step)
    };
    let long = |salt: u64| -> SmallString {
        let [a, b, c, d] = [0, 1, 2, 3].map(|n| digest(salt + n));
        format!("{a:016X}{b:016X}{c:016X}{d:016X}").into()
    };
    CertificateHash {
        algorithm: HashAlgorithm::Sha256,
        issuer_name_hash: long(0),
        issuer_key_hash: long(4),
        serial_number: format!("{:X}", digest(8)).into(),
    }
}

/// The jobs of a host.
#[derive(Clone, Debug)]
pub struct HostJobs {
    /// How long each takes.
    pub takes: Duration,
    under_way: BTreeMap<JobId, (Instant, Job)>,
    /// What fetched a file that cannot be installed.
    unfit: BTreeSet<JobId>,
    installed: BTreeSet<JobId>,
    /// What is kept, in the order in which it came.
    certificates: Vec<InstalledCertificate>,
    /// How many pairs of keys were made.
    keys: u32,
}

impl Default for HostJobs {
    fn default() -> Self {
        HostJobs {
            takes: Duration::from_secs(2),
            under_way: BTreeMap::new(),
            unfit: BTreeSet::new(),
            installed: BTreeSet::new(),
            certificates: Vec::new(),
            keys: 0,
        }
    }
}

impl HostJobs {
    /// Takes an order in.
    pub fn order(&mut self, now: Instant, id: JobId, job: &Job) {
        match job {
            Job::Cancel => drop(self.under_way.remove(&id)),
            job => drop(self.under_way.insert(id, (now + self.takes, job.clone()))),
        }
    }

    /// The next word about a job that is due.
    pub fn poll_update(&mut self, now: Instant) -> Option<(JobId, JobUpdate)> {
        let (id, _) = self.under_way.iter().find(|(_, (at, _))| *at <= now)?;
        let id = *id;
        let (_, job) = self.under_way.remove(&id)?;
        Some((id, self.carry_out(id, job)))
    }

    /// When the next word is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.under_way.values().map(|(at, _)| *at).min()
    }

    /// The power goes, and with it what was under way.
    pub fn power_cut(&mut self) {
        self.under_way.clear();
    }

    /// The certificates that are kept.
    pub fn certificates(&self) -> &[InstalledCertificate] {
        &self.certificates
    }

    fn carry_out(&mut self, id: JobId, job: Job) -> JobUpdate {
        match job {
            Job::Download { location, .. } | Job::Upload { location, .. } if location.as_str().contains(NOWHERE) => {
                JobUpdate::Failed
            }
            Job::Download { location, signature } => self.fetched(id, &location, signature.as_ref()),
            Job::Upload { .. } => JobUpdate::Done,
            Job::Install if self.unfit.contains(&id) => JobUpdate::Failed,
            // Firmware that is in place already needs no second installation.
            Job::Install if !self.installed.insert(id) => JobUpdate::Done,
            Job::Install => JobUpdate::NeedsRestart,
            Job::CheckSigner { certificate } => verdict(&certificate),
            Job::CreateCsr { usage, organization } => {
                self.keys += 1;
                let subject = text_as_base64(&format!("{organization} {usage:?} {}", self.keys));
                let (begin, end) = ("-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----");
                JobUpdate::Csr(format!("{begin}\n{subject}\n{end}\n"))
            }
            Job::InstallCertificate { usage, certificate, most, replaces } => {
                self.install(usage, &certificate, most, replaces)
            }
            Job::DeleteCertificate { hash } => {
                let place = self.certificates.iter().position(|kept| kept.hash == hash);
                match place {
                    None => JobUpdate::NotFound,
                    Some(place) if self.certificates.get(place).is_some_and(|kept| !is_root(kept.usage)) => {
                        JobUpdate::Failed
                    }
                    Some(place) => {
                        self.certificates.remove(place);
                        JobUpdate::Done
                    }
                }
            }
            Job::ListCertificates { uses } => {
                let wanted = self.certificates.iter().filter(|kept| uses.contains(&kept.usage));
                JobUpdate::Certificates(wanted.cloned().collect())
            }
            Job::Cancel => JobUpdate::Failed,
        }
    }

    fn fetched(&mut self, id: JobId, location: &FileLocation, signature: Option<&FirmwareSignature>) -> JobUpdate {
        if location.as_str().ends_with(UNFIT) {
            self.unfit.insert(id);
        }
        match signature {
            Some(signed) if signed.signature == UNFIT_SIGNATURE => JobUpdate::Invalid,
            Some(_) | None => JobUpdate::Done,
        }
    }

    fn install(&mut self, usage: CertificateUse, certificate: &str, most: u32, replaces: bool) -> JobUpdate {
        let hash = certificate_hash(certificate);
        let is_same = |kept: &InstalledCertificate| kept.usage == usage && kept.hash == hash;
        match verdict(certificate) {
            JobUpdate::Done => {}
            refused => return refused,
        }
        if self.certificates.iter().any(is_same) {
            return JobUpdate::Done;
        }
        let takes_place = !is_root(usage) || replaces;
        if replaces && self.certificates.iter().any(|kept| kept.usage == usage) && certificate.contains(SELF_MADE) {
            return JobUpdate::Invalid;
        }
        if takes_place {
            self.certificates.retain(|kept| kept.usage != usage);
        }
        let roots = self.certificates.iter().filter(|kept| is_root(kept.usage)).count();
        if is_root(usage) && roots >= usize::try_from(most).unwrap_or(usize::MAX) {
            return JobUpdate::Full;
        }
        self.certificates.push(InstalledCertificate { usage, hash, children: Vec::new() });
        JobUpdate::Done
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

/// What the host finds of a certificate's text: PEM, or not; revoked, or not.
fn verdict(certificate: &str) -> JobUpdate {
    let is_base64 = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=\r\n".contains(&b));
    let is_block = |block: &str| {
        let body = block.trim().strip_prefix(BEGIN.trim_end()).map(str::trim);
        body.is_some_and(|body| !body.is_empty() && is_base64(body))
    };
    let blocks = certificate.trim().strip_suffix(END).map(|blocks| blocks.split(END));
    let is_pem = blocks.is_some_and(|mut blocks| blocks.all(is_block));
    match (is_pem, certificate.contains(REVOKED)) {
        (false, _) => JobUpdate::Invalid,
        (true, true) => JobUpdate::Revoked,
        (true, false) => JobUpdate::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: CertificateUse = CertificateUse::CsmsRoot;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    /// The word about a job that is ordered now.
    fn word(jobs: &mut HostJobs, id: u64, job: &Job) -> JobUpdate {
        jobs.order(Instant::ZERO, JobId(id), job);
        let (told, word) = jobs.poll_update(at(2)).unwrap();
        assert_eq!(told, JobId(id));
        word
    }

    fn download(url: &str, signature: Option<&str>) -> Job {
        let signed = |text: &str| FirmwareSignature { certificate: certificate("signer"), signature: text.to_owned() };
        Job::Download { location: FileLocation::new(url), signature: signature.map(signed) }
    }

    fn install(usage: CertificateUse, certificate: String, most: u32, replaces: bool) -> Job {
        Job::InstallCertificate { usage, certificate, most, replaces }
    }

    #[test]
    fn nothing_is_fetched_where_nobody_listens() {
        assert_eq!(word(&mut HostJobs::default(), 1, &download("ftp://127.0.0.1:9/x", None)), JobUpdate::Failed);
    }

    #[test]
    fn what_is_no_firmware_is_fetched_and_not_installed() {
        let mut jobs = HostJobs::default();
        assert_eq!(word(&mut jobs, 1, &download("ftp://files/no-firmware", None)), JobUpdate::Done);
        jobs.power_cut();
        assert_eq!(word(&mut jobs, 1, &Job::Install), JobUpdate::Failed);
    }

    #[test]
    fn signature_decides_over_a_download() {
        let mut jobs = HostJobs::default();
        assert_eq!(word(&mut jobs, 1, &download("ftp://files/new", Some("Zml0"))), JobUpdate::Done);
        assert_eq!(word(&mut jobs, 2, &download("ftp://files/new", Some(UNFIT_SIGNATURE))), JobUpdate::Invalid);
    }

    #[test]
    fn installed_firmware_outlasts_the_power_and_a_download_does_not() {
        let mut jobs = HostJobs::default();
        jobs.order(at(0), JobId(1), &download("x", None));
        jobs.power_cut();
        assert_eq!((jobs.poll_timeout(), jobs.poll_update(at(9))), (None, None));
        jobs.order(at(10), JobId(1), &Job::Install);
        assert_eq!(jobs.poll_update(at(11)), None);
        assert_eq!(jobs.poll_update(at(12)), Some((JobId(1), JobUpdate::NeedsRestart)));
        jobs.power_cut();
        jobs.order(at(20), JobId(1), &Job::Install);
        assert_eq!(jobs.poll_update(at(22)), Some((JobId(1), JobUpdate::Done)));
    }

    #[test]
    fn certificates_are_judged_by_their_text() {
        let chain = certificate("leaf") + &certificate("sub ca");
        let cases = [
            (certificate("a"), JobUpdate::Done),
            (chain, JobUpdate::Done),
            (revoked("a"), JobUpdate::Revoked),
            ("no certificate".to_owned(), JobUpdate::Invalid),
            (String::new(), JobUpdate::Invalid),
            (format!("{BEGIN}{END}"), JobUpdate::Invalid),
        ];
        for (certificate, expected) in cases {
            let word = word(&mut HostJobs::default(), 1, &Job::CheckSigner { certificate: certificate.clone() });
            assert_eq!(word, expected, "{certificate}");
        }
    }

    #[test]
    fn certificates_are_kept_listed_and_deleted() {
        let mut jobs = HostJobs::default();
        let list = Job::ListCertificates { uses: vec![ROOT] };
        assert_eq!(word(&mut jobs, 1, &list), JobUpdate::Certificates(Vec::new()));
        assert_eq!(word(&mut jobs, 2, &install(ROOT, certificate("a"), 2, false)), JobUpdate::Done);
        assert_eq!(word(&mut jobs, 3, &install(ROOT, revoked("b"), 2, false)), JobUpdate::Revoked);
        jobs.power_cut();
        assert_eq!(
            word(&mut jobs, 4, &install(CertificateUse::ManufacturerRoot, certificate("b"), 2, false)),
            JobUpdate::Done
        );
        assert_eq!(word(&mut jobs, 5, &install(ROOT, certificate("c"), 2, false)), JobUpdate::Full, "full");
        assert_eq!(word(&mut jobs, 6, &install(ROOT, certificate("a"), 2, false)), JobUpdate::Done, "there already");
        let hash = certificate_hash(&certificate("a"));
        let kept = InstalledCertificate { usage: ROOT, hash: hash.clone(), children: Vec::new() };
        assert_eq!(word(&mut jobs, 7, &list), JobUpdate::Certificates(vec![kept]));
        assert_eq!(word(&mut jobs, 8, &Job::DeleteCertificate { hash: hash.clone() }), JobUpdate::Done);
        assert_eq!(word(&mut jobs, 9, &Job::DeleteCertificate { hash }), JobUpdate::NotFound);
    }

    #[test]
    fn own_certificate_takes_the_place_of_the_last_and_cannot_be_deleted() {
        let mut jobs = HostJobs::default();
        for name in ["a", "b"] {
            assert_eq!(
                word(&mut jobs, 1, &install(CertificateUse::Station, certificate(name), 0, false)),
                JobUpdate::Done
            );
        }
        let hash = certificate_hash(&certificate("b"));
        assert_eq!(jobs.certificates().iter().map(|kept| &kept.hash).collect::<Vec<_>>(), [&hash]);
        assert_eq!(word(&mut jobs, 2, &Job::DeleteCertificate { hash }), JobUpdate::Failed);
    }

    #[test]
    fn root_that_replaces_must_be_signed_by_the_old_one() {
        let mut jobs = HostJobs::default();
        assert_eq!(word(&mut jobs, 1, &install(ROOT, self_made("a"), 1, true)), JobUpdate::Done, "the first");
        assert_eq!(word(&mut jobs, 2, &install(ROOT, self_made("b"), 1, true)), JobUpdate::Invalid);
        assert_eq!(word(&mut jobs, 3, &install(ROOT, certificate("c"), 1, true)), JobUpdate::Done);
        assert_eq!(jobs.certificates().len(), 1);
    }

    #[test]
    fn each_request_for_a_certificate_is_of_a_new_pair_of_keys() {
        let mut jobs = HostJobs::default();
        let job = Job::CreateCsr { usage: CertificateUse::Station, organization: "CPO".into() };
        let (first, second) = (word(&mut jobs, 1, &job), word(&mut jobs, 2, &job));
        assert!(matches!(&first, JobUpdate::Csr(csr) if csr.starts_with("-----BEGIN CERTIFICATE REQUEST-----")));
        assert_ne!(first, second);
    }
}
