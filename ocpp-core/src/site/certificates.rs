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

use chrono::{DateTime, Utc};
use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::handshake::SecurityProfile;

use super::csr::{order_csr, renewal_of, sign_failed};
use super::firmware::FirmwareManagement;
use super::firmware_job::FirmwareRequest;
#[cfg(feature = "plug_and_charge")]
use super::plug_and_charge::PlugAndCharge;
use super::replies::Replies;
use super::settings::{Setting, Settings};
use super::shared::Shared;
#[cfg(feature = "transaction_events")]
use super::signing_backoff::SigningBackoff;
use super::verdict::{Envelope, InstallVerdict, LateReply, RemovalVerdict, SignedFirmwareVerdict};
use crate::station::{
    Action, CallFailure, CertificateHash, CertificateUse, Event, Job, JobId, JobUpdate, SecurityEventKind,
};
use crate::store::Ticket;
use crate::time::{Clock, Instant};

/// When the host is first to look after its certificates, counted from the first acceptance, and how often then.
const FIRST_LOOK: Duration = Duration::from_secs(60);
const NEXT_LOOK: Duration = Duration::from_secs(12 * 3600);

/// How long the host may take while a call waits, well within what a CSMS waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the host's word decides.
#[derive(Debug)]
enum Subject {
    /// SignedUpdateFirmware: whether the signer can be trusted.
    Firmware(Box<FirmwareRequest>),
    /// CertificateSigned.
    Signed(Envelope, CertificateUse),
    /// InstallCertificate.
    Install(Envelope, CertificateUse),
    /// DeleteCertificate.
    Delete(Envelope),
    /// GetInstalledCertificateIds.
    List(Envelope),
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
pub(crate) struct Certificates {
    /// Oldest first. All have the same patience, so the first has the first deadline.
    waiting: Vec<Waiting>,
    /// The request for a certificate that the host makes, and whether the CSMS asked for it.
    making: Option<(JobId, bool)>,
    /// The request to send.
    request: Option<Request>,
    /// The request on its way.
    sent: Option<Request>,
    /// The wait for the certificate, where the family asks again.
    #[cfg(feature = "transaction_events")]
    backoff: SigningBackoff,
    /// The end of the station's certificate, until it was renewed.
    expires: Option<DateTime<Utc>>,
    /// When the host is to look after the certificates next, once the CSMS has accepted the station.
    look_at: Option<Instant>,
    /// Whether there is one to look after.
    is_needed: bool,
}

/// A request for a certificate.
#[derive(Debug)]
struct Request {
    csr: String,
    /// Whether the CSMS asked for it, so that it may leave before the station is accepted.
    is_triggered: bool,
}

impl Certificates {
    /// The request to send now, in PEM.
    pub fn next(&mut self, is_accepted: bool) -> Option<&str> {
        let request = self.request.take_if(|request| is_accepted || request.is_triggered)?;
        Some(&self.sent.insert(request).csr)
    }

    /// The CSMS has the request, or refused it, which repeating would not mend (1.6 security A02, error handling).
    pub fn answered(&mut self) {
        self.sent = None;
    }

    /// The CSMS will have the request signed: it is asked again if nothing comes (2.x A02.FR.17).
    #[cfg(feature = "transaction_events")]
    pub fn wait_for_certificate(&mut self, now: Instant, settings: &Settings) {
        self.sent = None;
        self.backoff.wait(now, settings);
    }

    /// The request may not have arrived: it leaves again, unless there is a later one.
    pub fn lost(&mut self) {
        let sent = self.sent.take();
        self.request = self.request.take().or(sent);
    }

    /// When time changes something.
    pub fn deadlines(&self, clock: &Clock) -> [Option<Instant>; 4] {
        let renewal = self.expires.and_then(|at| clock.instant_of(renewal_of(at)?));
        #[cfg(feature = "transaction_events")]
        let again = self.backoff.deadline();
        #[cfg(not(feature = "transaction_events"))]
        let again = None;
        [self.waiting.first().map(|first| first.until), renewal, self.look_at.filter(|_| self.is_needed), again]
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

/// Work that came to its end.
#[derive(Debug)]
struct Ended {
    token: ReplyToken,
    subject: Subject,
    word: JobUpdate,
}

/// What work with certificates touches beside itself.
pub(crate) struct Desk<'a> {
    pub shared: &'a mut Shared,
    pub settings: &'a Settings,
    pub firmware: &'a mut FirmwareManagement,
    pub replies: &'a mut Replies,
    #[cfg(feature = "plug_and_charge")]
    pub plug_and_charge: &'a mut PlugAndCharge,
}

impl Certificates {
    /// Firmware that is signed: the signer is checked before the request is accepted (1.6 security L01.FR.23).
    pub fn on_signed_update(&mut self, desk: &mut Desk<'_>, token: ReplyToken, request: FirmwareRequest) {
        // L01.FR.27.
        if desk.firmware.is_installing() {
            let refused = LateReply::SignedFirmware(SignedFirmwareVerdict::Rejected);
            return desk.replies.push(token, None, refused);
        }
        let certificate = request.signature.as_ref().map_or("", |signature| signature.certificate.as_str());
        let job = Job::CheckSigner { certificate: certificate.into() };
        self.begin_work(desk, job, token, Subject::Firmware(Box::new(request)));
    }

    /// A certificate of the station's own came, with its chain (1.6 security A02, A03).
    pub fn on_signed(
        &mut self,
        desk: &mut Desk<'_>,
        token: ReplyToken,
        envelope: Envelope,
        usage: CertificateUse,
        chain: &str,
    ) {
        // A02.FR.20: also where it is not taken.
        #[cfg(feature = "transaction_events")]
        if usage == CertificateUse::Station {
            self.backoff.stop();
        }
        let most = desk.settings.number(Setting::MaxCertificateChainSize);
        if usize::try_from(most).is_ok_and(|most| chain.chars().count() > most) {
            return desk.replies.push(token, None, LateReply::CertificateSigned(envelope, false));
        }
        let job = install_job(desk.settings, usage, chain);
        self.begin_work(desk, job, token, Subject::Signed(envelope, usage));
    }

    /// A root certificate is to be installed (1.6 security M05).
    pub fn on_install(
        &mut self,
        desk: &mut Desk<'_>,
        token: ReplyToken,
        envelope: Envelope,
        usage: CertificateUse,
        certificate: &str,
    ) {
        let job = install_job(desk.settings, usage, certificate);
        self.begin_work(desk, job, token, Subject::Install(envelope, usage));
    }

    /// A certificate is to be deleted (1.6 security M04).
    pub fn on_delete(&mut self, desk: &mut Desk<'_>, token: ReplyToken, envelope: Envelope, hash: CertificateHash) {
        self.begin_work(desk, Job::DeleteCertificate { hash }, token, Subject::Delete(envelope));
    }

    /// What is installed is asked for (1.6 security M03).
    pub fn on_list(&mut self, desk: &mut Desk<'_>, token: ReplyToken, envelope: Envelope, uses: Vec<CertificateUse>) {
        self.begin_work(desk, Job::ListCertificates { uses }, token, Subject::List(envelope));
    }

    /// A certificate is to be had, because the CSMS asks (`is_triggered`) or not. False if its owner is not known (1.6 security
    /// A02, prerequisite).
    pub fn make(&mut self, desk: &mut Desk<'_>, is_triggered: bool) -> bool {
        let organization = desk.settings.text(Setting::OrganizationName);
        if organization.is_empty() {
            return false;
        }
        #[cfg(feature = "transaction_events")]
        {
            self.backoff = SigningBackoff::default();
        }
        self.make_request(desk.shared, organization, is_triggered);
        true
    }

    /// A certificate of the station's own expires then.
    pub fn expires_at(&mut self, at: DateTime<Utc>) {
        self.expires = Some(at);
    }

    /// The application wants a certificate signed anew.
    pub fn renew(&mut self, desk: &mut Desk<'_>) {
        if !self.make(desk, false) {
            sign_failed(desk.shared, CallFailure::NotConfigured);
        }
    }

    /// The CSMS accepted the station.
    pub fn accepted(&mut self, now: Instant) {
        self.look_at.get_or_insert(now + FIRST_LOOK);
    }

    /// Reminds the host of the certificates that are in use.
    fn look(&mut self, desk: &mut Desk<'_>) {
        let is_used = |usage| match usage {
            CertificateUse::Station => desk.settings.number(Setting::SecurityProfile) == 3,
            #[cfg(feature = "plug_and_charge")]
            CertificateUse::V2g => desk.settings.is_on(Setting::PncEnabled),
            _ => false,
        };
        let used = [CertificateUse::Station, CertificateUse::V2g].map(|usage| (usage, is_used(usage)));
        self.is_needed = used.iter().any(|(_, is_used)| *is_used);
        let now = desk.shared.now;
        if self.is_needed && self.look_at.is_some_and(|at| at <= now) {
            self.look_at = Some(now + NEXT_LOOK);
            for (usage, _) in used.into_iter().filter(|(_, is_used)| *is_used) {
                desk.shared.event(Event::CheckCertificate { usage });
            }
        }
    }

    /// Lets time work.
    pub fn advance(&mut self, desk: &mut Desk<'_>) {
        self.look(desk);
        while let Some(late) = self.waiting.first().filter(|first| first.until <= desk.shared.now) {
            let id = late.id;
            desk.shared.act(Action::Job(id, Job::Cancel));
            self.on_job(desk, id, &JobUpdate::Failed);
        }
        #[cfg(feature = "transaction_events")]
        if self.backoff.is_over(desk.shared.now) {
            self.make_request(desk.shared, desk.settings.text(Setting::OrganizationName), false);
        }
        let renewal = self.expires.and_then(renewal_of);
        if renewal.is_some_and(|at| desk.shared.clock.has_reached(desk.shared.now, at)) {
            self.expires = None;
            self.renew(desk);
        }
    }

    /// The host's word about a job.
    pub fn on_job(&mut self, desk: &mut Desk<'_>, id: JobId, word: &JobUpdate) {
        if let Some((_, is_triggered)) = self.making.take_if(|(making, _)| *making == id) {
            match word {
                JobUpdate::Csr(csr) => self.request = Some(Request { csr: csr.clone(), is_triggered }),
                _ => sign_failed(desk.shared, CallFailure::HostFailed),
            }
        } else if let Some(place) = self.waiting.iter().position(|waiting| waiting.id == id) {
            let Waiting { token, subject, .. } = self.waiting.remove(place);
            self.end_work(desk, Ended { token, subject, word: word.clone() });
        }
    }

    fn begin_work(&mut self, desk: &mut Desk<'_>, job: Job, token: ReplyToken, subject: Subject) {
        if let Some(ended) = self.begin(desk.shared, job, token, subject) {
            self.end_work(desk, ended);
        }
    }

    /// Answers the call that waited.
    fn end_work(&mut self, desk: &mut Desk<'_>, Ended { token, subject, word }: Ended) {
        let (is_done, is_bad) = (word == JobUpdate::Done, matches!(word, JobUpdate::Invalid | JobUpdate::Revoked));
        let mut ticket = None;
        let reply = match subject {
            Subject::Firmware(request) => {
                let (verdict, durable) = self.end_check(desk, *request, &word);
                ticket = durable;
                LateReply::SignedFirmware(verdict)
            }
            Subject::Signed(envelope, usage) => {
                // A02.FR.07.
                if is_bad {
                    let info = (usage == CertificateUse::V2g).then_some("V2GCertificate");
                    desk.shared.raise(SecurityEventKind::InvalidStationCertificate, info);
                }
                if is_done {
                    changed(desk.shared, usage);
                    self.use_certificate(desk, usage);
                }
                LateReply::CertificateSigned(envelope, is_done)
            }
            Subject::Install(envelope, usage) => {
                let verdict = match word {
                    JobUpdate::Done => InstallVerdict::Accepted,
                    JobUpdate::Invalid | JobUpdate::Revoked | JobUpdate::Full => InstallVerdict::Rejected,
                    _ => InstallVerdict::Failed,
                };
                if usage == CertificateUse::CsmsRoot && is_bad {
                    desk.shared.raise(SecurityEventKind::InvalidCsmsCertificate, None);
                }
                if is_done {
                    changed(desk.shared, usage);
                }
                LateReply::CertificateInstalled(envelope, verdict)
            }
            Subject::Delete(envelope) => {
                let verdict = match word {
                    JobUpdate::Done => RemovalVerdict::Accepted,
                    JobUpdate::NotFound => RemovalVerdict::NotFound,
                    _ => RemovalVerdict::Failed,
                };
                if is_done {
                    desk.shared
                        .raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some("certificate deleted"));
                }
                LateReply::CertificateDeleted(envelope, verdict)
            }
            Subject::List(envelope) => {
                let kept = if let JobUpdate::Certificates(kept) = word { Some(kept) } else { None };
                LateReply::CertificatesListed(envelope, kept)
            }
        };
        desk.replies.push(token, ticket, reply);
    }

    /// A certificate of the station's own is in place.
    fn use_certificate(&mut self, desk: &mut Desk<'_>, usage: CertificateUse) {
        #[cfg(feature = "plug_and_charge")]
        if usage == CertificateUse::V2g {
            desk.plug_and_charge.signed();
        }
        // A02.FR.08: what is in use is replaced in the handshake; the answer leaves before.
        let is_in_use = desk.shared.access.profile() == SecurityProfile::TlsWithClientCertificate.number();
        if usage == CertificateUse::Station && is_in_use {
            desk.shared.reconnect_after = Some(Ticket(0));
        }
    }

    /// 1.6 security L01.FR.02, L01.FR.24 to FR.27: what cannot be checked is not valid.
    fn end_check(
        &mut self,
        desk: &mut Desk<'_>,
        request: FirmwareRequest,
        word: &JobUpdate,
    ) -> (SignedFirmwareVerdict, Option<Ticket>) {
        if *word != JobUpdate::Done {
            desk.shared.raise(SecurityEventKind::InvalidFirmwareSigningCertificate, None);
        }
        match word {
            JobUpdate::Done => match desk.firmware.on_update(desk.shared, request) {
                Some(accepted) if accepted.has_cancelled => {
                    (SignedFirmwareVerdict::AcceptedCanceled, Some(accepted.ticket))
                }
                Some(accepted) => (SignedFirmwareVerdict::Accepted, Some(accepted.ticket)),
                None => (SignedFirmwareVerdict::Rejected, None),
            },
            JobUpdate::Revoked => (SignedFirmwareVerdict::RevokedCertificate, None),
            _ => (SignedFirmwareVerdict::InvalidCertificate, None),
        }
    }
}

fn install_job(settings: &Settings, usage: CertificateUse, certificate: &str) -> Job {
    Job::InstallCertificate {
        usage,
        certificate: certificate.into(),
        most: settings.number(Setting::CertificateEntries),
        replaces: usage == CertificateUse::CsmsRoot && settings.is_on(Setting::AdditionalRootCertificateCheck),
    }
}

/// A certificate was installed.
fn changed(shared: &mut Shared, usage: CertificateUse) {
    let name = match usage {
        CertificateUse::CsmsRoot => {
            shared.config.network.certificates.csms_root = true;
            "CentralSystemRootCertificate"
        }
        CertificateUse::ManufacturerRoot => "ManufacturerRootCertificate",
        CertificateUse::V2gRoot => "V2GRootCertificate",
        CertificateUse::MoRoot => "MORootCertificate",
        CertificateUse::Station => {
            shared.config.network.certificates.station = true;
            "ChargePointCertificate"
        }
        CertificateUse::V2g => "V2GCertificate",
    };
    shared.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some(name));
}
