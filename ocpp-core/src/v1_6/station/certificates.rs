//! Certificates (1.6 security A02, A03, M03, M04, M05, L01.FR.23): keys, checks and the store of them are the host's.
//!
//! Calls of the CSMS that need the host become jobs, and are answered with its word, or as if it had failed when it takes too
//! long. A request for a certificate of the station's own begins with a trigger, a command, or a month before the old one
//! expires, and waits for its turn. Stores nothing: what is installed is durable with the host before it says so, and a
//! request that a restart swallowed is begun again by whoever wanted it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;
use ocpp_rpc::ErrorCode;
use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::handshake::SecurityProfile;
use ocpp_types::text::Text;
use ocpp_types::v1_6::{self, Action as Message};

use super::Machine;
use super::calls::{answer, answer_after};
use super::firmware;
use super::messages::{self, Unsendable};
#[cfg(feature = "plug_and_charge")]
use super::plug_and_charge::Errand;
use super::settings::Key;
use crate::parts::firmware_job::FirmwareRequest;
use crate::shared::Shared;
use crate::station::{
    Action, CertificateHash, CertificateUse, Event, HashAlgorithm, InstalledCertificate, Job, JobId, JobUpdate,
    SecurityEventKind,
};
use crate::store::Ticket;
use crate::time::{Clock, Instant};

/// How long the host may take while a call waits, well within what a CSMS waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long before its end a certificate is renewed (1.6 security A03.FR.02).
const RENEWAL: TimeDelta = TimeDelta::days(30);

/// What the host's word decides.
#[derive(Debug)]
pub(super) enum Subject {
    /// SignedUpdateFirmware: whether the signer can be trusted.
    Firmware(Box<FirmwareRequest>),
    /// CertificateSigned.
    Signed,
    /// InstallCertificate.
    Install(CertificateUse),
    /// DeleteCertificate.
    Delete,
    /// GetInstalledCertificateIds.
    List,
    /// A call of Plug & Charge.
    #[cfg(feature = "plug_and_charge")]
    PlugAndCharge(Errand),
}

/// A call that waits for the host.
#[derive(Debug)]
struct Waiting {
    id: JobId,
    until: Instant,
    token: ReplyToken,
    subject: Subject,
}

/// What is under way with certificates.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    /// Oldest first. All have the same patience, so the first has the first deadline.
    waiting: Vec<Waiting>,
    /// The request for a certificate that the host makes, and whether the CSMS asked for it.
    making: Option<(JobId, bool)>,
    /// The request to send.
    request: Option<Request>,
    /// The request on its way.
    sent: Option<Request>,
    /// The end of the station's certificate, until it was renewed.
    expires: Option<DateTime<Utc>>,
}

/// A request for a certificate.
#[derive(Debug)]
struct Request {
    csr: String,
    /// Whether the CSMS asked for it, so that it may leave before the station is accepted.
    is_triggered: bool,
}

impl Certificates {
    /// The request to send now.
    pub fn next(&mut self, is_accepted: bool) -> Option<Result<String, Unsendable>> {
        let request = self.request.take_if(|request| is_accepted || request.is_triggered)?;
        let message = messages::sign_certificate(&request.csr);
        self.sent = Some(request);
        Some(message)
    }

    /// The CSMS has the request, or refused it, which repeating would not mend (1.6 security A02, error handling).
    pub fn answered(&mut self) {
        self.sent = None;
    }

    /// The request may not have arrived: it leaves again, unless there is a later one.
    pub fn lost(&mut self) {
        let sent = self.sent.take();
        self.request = self.request.take().or(sent);
    }

    /// When time changes something.
    pub fn deadlines(&self, clock: &Clock) -> [Option<Instant>; 2] {
        let renewal = self.expires.and_then(|at| clock.instant_of(renewal_of(at)?));
        [self.waiting.first().map(|first| first.until), renewal]
    }

    /// Has the host do work that a call waits for. Too much of it has failed at once.
    fn begin(&mut self, shared: &mut Shared, job: Job, token: ReplyToken, subject: Subject) -> Option<Ended> {
        if self.waiting.len() >= shared.config.limits.questions {
            return Some(Ended { token, subject, word: JobUpdate::Failed });
        }
        let id = shared.next_job();
        shared.act(Action::Job(id, job));
        self.waiting.push(Waiting { id, until: shared.now + PATIENCE, token, subject });
        None
    }

    /// Has the host make a request for a certificate, in the place of one that it may be making.
    fn make_request(&mut self, shared: &mut Shared, organization: &str, is_triggered: bool) {
        let old = self.making.take().map(|(old, _)| old);
        self.making = Some((order_csr(shared, old, CertificateUse::Station, organization), is_triggered));
    }
}

/// Has the host make a request for a certificate of the station's own, in the place of the one that it is making.
pub(super) fn order_csr(shared: &mut Shared, old: Option<JobId>, usage: CertificateUse, organization: &str) -> JobId {
    if let Some(old) = old {
        shared.act(Action::Job(old, Job::Cancel));
    }
    let id = shared.next_job();
    shared.act(Action::Job(id, Job::CreateCsr { usage, organization: CompactString::new(organization) }));
    id
}

/// When a certificate that ends then is renewed.
pub(super) fn renewal_of(end: DateTime<Utc>) -> Option<DateTime<Utc>> {
    end.checked_sub_signed(RENEWAL)
}

/// Work that came to its end.
#[derive(Debug)]
struct Ended {
    token: ReplyToken,
    subject: Subject,
    word: JobUpdate,
}

impl Machine {
    /// 1.6 security L01.FR.23: the signer is checked before the request is accepted.
    pub(super) fn on_signed_update(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        request: &v1_6::SignedUpdateFirmwareRequest,
    ) {
        // L01.FR.27.
        if self.firmware.is_installing() {
            let response = v1_6::SignedUpdateFirmwareResponse::new(v1_6::UpdateFirmwareStatus::Rejected);
            return answer(shared, token, &response);
        }
        let job = Job::CheckSigner { certificate: request.firmware.signing_certificate.as_str().into() };
        let subject = Subject::Firmware(Box::new(firmware::signed_firmware_request(request)));
        self.begin_work(shared, job, token, subject);
    }

    /// 1.6 security A02, A03.
    pub(super) fn on_certificate_signed(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        request: &v1_6::CertificateSignedRequest,
    ) {
        let chain = request.certificate_chain.as_str();
        let most = self.settings.number(Key::CertificateSignedMaxChainSize);
        if usize::try_from(most).is_ok_and(|most| chain.chars().count() > most) {
            let response = v1_6::CertificateSignedResponse::new(v1_6::CertificateSignedStatus::Rejected);
            return answer(shared, token, &response);
        }
        let job = self.install_job(CertificateUse::Station, chain);
        self.begin_work(shared, job, token, Subject::Signed);
    }

    /// 1.6 security M05.
    pub(super) fn on_install_certificate(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        request: &v1_6::InstallCertificateRequest,
    ) {
        match certificate_use(&request.certificate_type) {
            Some(usage) => {
                let job = self.install_job(usage, request.certificate.as_str());
                self.begin_work(shared, job, token, Subject::Install(usage));
            }
            None => {
                let response = v1_6::InstallCertificateResponse::new(v1_6::InstallCertificateStatus::Rejected);
                answer(shared, token, &response);
            }
        }
    }

    /// 1.6 security M04.
    pub(super) fn on_delete_certificate(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        request: &v1_6::DeleteCertificateRequest,
    ) {
        match certificate_hash(&request.certificate_hash_data) {
            Some(hash) => self.begin_work(shared, Job::DeleteCertificate { hash }, token, Subject::Delete),
            None => {
                let response = v1_6::DeleteCertificateResponse::new(v1_6::DeleteCertificateStatus::NotFound);
                answer(shared, token, &response);
            }
        }
    }

    /// 1.6 security M03.
    pub(super) fn on_list_certificates(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        request: &v1_6::GetInstalledCertificateIdsRequest,
    ) {
        match certificate_use(&request.certificate_type) {
            Some(usage) => {
                let uses = Vec::from([usage]);
                self.begin_work(shared, Job::ListCertificates { uses }, token, Subject::List);
            }
            None => answer_installed(shared, token, &[]),
        }
    }

    /// A certificate is to be had, because the CSMS asks (`is_triggered`) or not. False if its owner is not known (1.6 security
    /// A02, prerequisite).
    pub(super) fn request_certificate(&mut self, shared: &mut Shared, is_triggered: bool) -> bool {
        let organization = self.settings.text(Key::CpoName);
        if organization.is_empty() {
            return false;
        }
        self.certificates.make_request(shared, organization, is_triggered);
        true
    }

    /// A certificate of the station's own expires then.
    pub fn certificate_expires(&mut self, at: DateTime<Utc>) {
        self.certificates.expires = Some(at);
    }

    /// The application wants a certificate signed anew.
    pub fn renew_certificate(&mut self, shared: &mut Shared) {
        if !self.request_certificate(shared, false) {
            let (action, reason) = (Message::SignCertificate.as_str().into(), "CpoName is not set".into());
            shared.event(Event::CallFailed { action, reason });
        }
    }

    /// Lets time work.
    pub(super) fn advance_certificates(&mut self, shared: &mut Shared) {
        while let Some(late) = self.certificates.waiting.first().filter(|first| first.until <= shared.now) {
            let id = late.id;
            shared.act(Action::Job(id, Job::Cancel));
            self.on_work(shared, id, &JobUpdate::Failed);
        }
        let renewal = self.certificates.expires.and_then(renewal_of);
        if renewal.is_some_and(|at| shared.clock.wall(shared.now).is_some_and(|wall| at <= wall)) {
            self.certificates.expires = None;
            self.renew_certificate(shared);
        }
    }

    /// The host's word about a job.
    pub(super) fn on_work(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) {
        if let Some((_, is_triggered)) = self.certificates.making.take_if(|(making, _)| *making == id) {
            match word {
                JobUpdate::Csr(csr) => self.certificates.request = Some(Request { csr: csr.clone(), is_triggered }),
                _ => {
                    let (action, reason) = (Message::SignCertificate.as_str().into(), "no request was made".into());
                    shared.event(Event::CallFailed { action, reason });
                }
            }
        } else if let Some(place) = self.certificates.waiting.iter().position(|waiting| waiting.id == id) {
            let Waiting { token, subject, .. } = self.certificates.waiting.remove(place);
            self.end_work(shared, Ended { token, subject, word: word.clone() });
        }
    }

    pub(super) fn install_job(&self, usage: CertificateUse, certificate: &str) -> Job {
        Job::InstallCertificate {
            usage,
            certificate: certificate.into(),
            most: self.settings.number(Key::CertificateStoreMaxLength),
            replaces: usage == CertificateUse::CsmsRoot && self.settings.is_on(Key::AdditionalRootCertificateCheck),
        }
    }

    pub(super) fn begin_work(&mut self, shared: &mut Shared, job: Job, token: ReplyToken, subject: Subject) {
        if let Some(ended) = self.certificates.begin(shared, job, token, subject) {
            self.end_work(shared, ended);
        }
    }

    /// Answers the call that waited.
    fn end_work(&mut self, shared: &mut Shared, Ended { token, subject, word }: Ended) {
        match subject {
            Subject::Firmware(request) => self.end_check(shared, token, *request, &word),
            #[cfg(feature = "plug_and_charge")]
            Subject::PlugAndCharge(errand) => self.end_errand(shared, token, &errand, &word),
            Subject::Signed => {
                let status = match word {
                    JobUpdate::Done => v1_6::CertificateSignedStatus::Accepted,
                    _ => v1_6::CertificateSignedStatus::Rejected,
                };
                // A02.FR.07.
                if matches!(word, JobUpdate::Invalid | JobUpdate::Revoked) {
                    shared.raise(SecurityEventKind::InvalidStationCertificate, None);
                }
                answer(shared, token, &v1_6::CertificateSignedResponse::new(status));
                if word == JobUpdate::Done {
                    changed(shared, CertificateUse::Station);
                    // A02.FR.08: what is in use is replaced in the handshake; the answer leaves before.
                    if shared.access.profile() == SecurityProfile::TlsWithClientCertificate.number() {
                        shared.reconnect_after = Some(Ticket(0));
                    }
                }
            }
            Subject::Install(usage) => {
                let status = match word {
                    JobUpdate::Done => v1_6::InstallCertificateStatus::Accepted,
                    JobUpdate::Invalid | JobUpdate::Revoked | JobUpdate::Full => {
                        v1_6::InstallCertificateStatus::Rejected
                    }
                    _ => v1_6::InstallCertificateStatus::Failed,
                };
                if usage == CertificateUse::CsmsRoot && matches!(word, JobUpdate::Invalid | JobUpdate::Revoked) {
                    shared.raise(SecurityEventKind::InvalidCsmsCertificate, None);
                }
                answer(shared, token, &v1_6::InstallCertificateResponse::new(status));
                if word == JobUpdate::Done {
                    changed(shared, usage);
                }
            }
            Subject::Delete => {
                let status = match word {
                    JobUpdate::Done => v1_6::DeleteCertificateStatus::Accepted,
                    JobUpdate::NotFound => v1_6::DeleteCertificateStatus::NotFound,
                    _ => v1_6::DeleteCertificateStatus::Failed,
                };
                if word == JobUpdate::Done {
                    shared.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some("certificate deleted"));
                }
                answer(shared, token, &v1_6::DeleteCertificateResponse::new(status));
            }
            Subject::List => match word {
                JobUpdate::Certificates(kept) => answer_installed(shared, token, &kept),
                _ => shared.reply_error(token, ErrorCode::InternalError, "the store of certificates does not answer"),
            },
        }
    }

    /// 1.6 security L01.FR.02, L01.FR.24 to FR.27: what cannot be checked is not valid.
    fn end_check(&mut self, shared: &mut Shared, token: ReplyToken, request: FirmwareRequest, word: &JobUpdate) {
        let status = match word {
            JobUpdate::Done => match self.firmware.on_checked_update(shared, request) {
                Some(accepted) => {
                    let status = if accepted.has_cancelled {
                        v1_6::UpdateFirmwareStatus::AcceptedCanceled
                    } else {
                        v1_6::UpdateFirmwareStatus::Accepted
                    };
                    let response = v1_6::SignedUpdateFirmwareResponse::new(status);
                    return answer_after(shared, Some(accepted.ticket), token, &response);
                }
                None => v1_6::UpdateFirmwareStatus::Rejected,
            },
            JobUpdate::Revoked => v1_6::UpdateFirmwareStatus::RevokedCertificate,
            _ => v1_6::UpdateFirmwareStatus::InvalidCertificate,
        };
        if *word != JobUpdate::Done {
            shared.raise(SecurityEventKind::InvalidFirmwareSigningCertificate, None);
        }
        answer(shared, token, &v1_6::SignedUpdateFirmwareResponse::new(status));
    }
}

/// A certificate was installed.
pub(super) fn changed(shared: &mut Shared, usage: CertificateUse) {
    let name = match usage {
        CertificateUse::CsmsRoot => {
            shared.config.certificates.csms_root = true;
            "CentralSystemRootCertificate"
        }
        CertificateUse::ManufacturerRoot => "ManufacturerRootCertificate",
        CertificateUse::V2gRoot => "V2GRootCertificate",
        CertificateUse::MoRoot => "MORootCertificate",
        CertificateUse::Station => {
            shared.config.certificates.station = true;
            "ChargePointCertificate"
        }
        CertificateUse::V2g => "V2GCertificate",
    };
    shared.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some(name));
}

fn answer_installed(shared: &mut Shared, token: ReplyToken, kept: &[InstalledCertificate]) {
    let hashes: Vec<_> = kept.iter().filter_map(|kept| hash_data(&kept.hash)).collect();
    let status = if hashes.is_empty() {
        v1_6::GetInstalledCertificateStatus::NotFound
    } else {
        v1_6::GetInstalledCertificateStatus::Accepted
    };
    let mut response = v1_6::GetInstalledCertificateIdsResponse::new(status);
    response.certificate_hash_data = hashes;
    answer(shared, token, &response);
}

fn certificate_use(usage: &v1_6::CertificateUse) -> Option<CertificateUse> {
    match usage {
        v1_6::CertificateUse::CentralSystemRootCertificate => Some(CertificateUse::CsmsRoot),
        v1_6::CertificateUse::ManufacturerRootCertificate => Some(CertificateUse::ManufacturerRoot),
        v1_6::CertificateUse::Unrecognized(_) => None,
    }
}

pub(super) fn certificate_hash(data: &v1_6::CertificateHashData) -> Option<CertificateHash> {
    let algorithm = match data.hash_algorithm {
        v1_6::HashAlgorithm::SHA256 => HashAlgorithm::Sha256,
        v1_6::HashAlgorithm::SHA384 => HashAlgorithm::Sha384,
        v1_6::HashAlgorithm::SHA512 => HashAlgorithm::Sha512,
        v1_6::HashAlgorithm::Unrecognized(_) => return None,
    };
    Some(CertificateHash {
        algorithm,
        issuer_name_hash: CompactString::new(data.issuer_name_hash.as_str()),
        issuer_key_hash: CompactString::new(data.issuer_key_hash.as_str()),
        serial_number: CompactString::new(data.serial_number.as_str()),
    })
}

/// None if it does not fit into 1.6.
pub(super) fn hash_data(hash: &CertificateHash) -> Option<v1_6::CertificateHashData> {
    let algorithm = match hash.algorithm {
        HashAlgorithm::Sha256 => v1_6::HashAlgorithm::SHA256,
        HashAlgorithm::Sha384 => v1_6::HashAlgorithm::SHA384,
        HashAlgorithm::Sha512 => v1_6::HashAlgorithm::SHA512,
    };
    Some(v1_6::CertificateHashData::new(
        algorithm,
        Text::new(&hash.issuer_name_hash).ok()?,
        Text::new(&hash.issuer_key_hash).ok()?,
        Text::new(&hash.serial_number).ok()?,
    ))
}
