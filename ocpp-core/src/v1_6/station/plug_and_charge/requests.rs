//! Calls of the CSMS (§6.2, §6.3, §6.6, §6.7, §6.9): certificates are the host's work, and the answer waits for its word.

use alloc::string::String;

use compact_str::ToCompactString;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::codec::Encode;
use ocpp_types::text::AnyText;
use ocpp_types::v1_6::{self, DataTransferRequest, DataTransferResponse, DataTransferStatus};
use ocpp_types::violation::Violation;

use super::messages::{Installed, RootCertificate, SignedChain, Trigger, WantedUses};
use crate::shared::Shared;
use crate::station::{CertificateUse, Event, Job, JobUpdate, SecurityEventKind};
use crate::v1_6::station::Machine;
use crate::v1_6::station::calls::answer;
use crate::v1_6::station::certificates::{Subject, certificate_hash, changed};
use crate::v1_6::station::decoding;
use crate::v1_6::station::settings::Key;

/// What the host's word answers.
#[derive(Debug)]
pub(in crate::v1_6::station) enum Errand {
    /// CertificateSigned.
    Signed,
    /// InstallCertificate.
    Install(CertificateUse),
    /// DeleteCertificate.
    Delete,
    /// GetInstalledCertificateIds.
    List,
}

/// What a call leads to.
enum Step {
    Work(Job, Errand),
    Answer(Result<String, Violation>),
    Unknown,
}

impl Machine {
    /// A call of the CSMS.
    pub(in crate::v1_6::station) fn on_certificate_call(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        request: &DataTransferRequest,
    ) {
        let data = request.data.as_ref().map_or("", |data| data.as_str());
        let step = match request.message_id.as_ref().map(|id| id.as_str()) {
            Some(name @ "CertificateSigned") => {
                decoding::nested(shared, name, data).map(|signed| self.on_signed_chain(&signed))
            }
            Some(name @ "DeleteCertificate") => decoding::nested(shared, name, data).map(|request| on_delete(&request)),
            Some(name @ "GetInstalledCertificateIds") => decoding::nested(shared, name, data)
                .map(|WantedUses(uses)| Step::Work(Job::ListCertificates { uses }, Errand::List)),
            Some(name @ "InstallCertificate") => decoding::nested(shared, name, data).map(|root: RootCertificate| {
                let job = self.install_job(root.usage, root.certificate.as_str());
                Step::Work(job, Errand::Install(root.usage))
            }),
            // It has no members, and so perhaps no data.
            Some("TriggerMessage") if data.is_empty() => Ok(self.on_certificate_trigger(shared, true)),
            Some(name @ "TriggerMessage") => decoding::nested(shared, name, data)
                .map(|trigger: Trigger| self.on_certificate_trigger(shared, trigger.is_for_certificate)),
            _ => Ok(Step::Unknown),
        };
        match step {
            Ok(Step::Work(job, errand)) => self.begin_work(shared, job, token, Subject::PlugAndCharge(errand)),
            Ok(Step::Answer(data)) => wrapped(shared, token, data),
            Ok(Step::Unknown) => {
                answer(shared, token, &DataTransferResponse::new(DataTransferStatus::UnknownMessageId));
            }
            Err(violation) => {
                shared.event(Event::FrameRefused { reason: violation.to_compact_string() });
                wrapped(shared, token, Err(violation));
            }
        }
    }

    fn on_signed_chain(&self, signed: &SignedChain) -> Step {
        let chain = signed.chain.as_str();
        let most = self.settings.number(Key::CertificateSignedMaxChainSize);
        let is_long = usize::try_from(most).is_ok_and(|most| chain.chars().count() > most);
        if is_long || !signed.is_v2g {
            let status = v1_6::CertificateSignedStatus::Rejected;
            return Step::Answer(v1_6::CertificateSignedResponse::new(status).to_json());
        }
        Step::Work(self.install_job(CertificateUse::V2g, chain), Errand::Signed)
    }

    fn on_certificate_trigger(&mut self, shared: &mut Shared, is_for_certificate: bool) -> Step {
        let status = if !is_for_certificate {
            v1_6::TriggerMessageStatus::NotImplemented
        } else if self.plug_and_charge.signing.begin(shared, &self.settings) {
            v1_6::TriggerMessageStatus::Accepted
        } else {
            v1_6::TriggerMessageStatus::Rejected
        };
        Step::Answer(v1_6::TriggerMessageResponse::new(status).to_json())
    }

    /// The host's word answers a call.
    pub(in crate::v1_6::station) fn end_errand(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        errand: &Errand,
        word: &JobUpdate,
    ) {
        let (is_done, is_bad) = (*word == JobUpdate::Done, matches!(word, JobUpdate::Invalid | JobUpdate::Revoked));
        let data = match errand {
            Errand::Signed => {
                if is_done {
                    self.plug_and_charge.signing.done();
                    changed(shared, CertificateUse::V2g);
                }
                // §3.1.
                if is_bad {
                    shared.raise(SecurityEventKind::InvalidStationCertificate, Some("V2GCertificate"));
                }
                let status = if is_done {
                    v1_6::CertificateSignedStatus::Accepted
                } else {
                    v1_6::CertificateSignedStatus::Rejected
                };
                v1_6::CertificateSignedResponse::new(status).to_json()
            }
            Errand::Install(usage) => {
                if is_done {
                    changed(shared, *usage);
                }
                let status = match word {
                    JobUpdate::Done => v1_6::InstallCertificateStatus::Accepted,
                    JobUpdate::Invalid | JobUpdate::Revoked | JobUpdate::Full => {
                        v1_6::InstallCertificateStatus::Rejected
                    }
                    _ => v1_6::InstallCertificateStatus::Failed,
                };
                v1_6::InstallCertificateResponse::new(status).to_json()
            }
            Errand::Delete => {
                let status = match word {
                    JobUpdate::Done => v1_6::DeleteCertificateStatus::Accepted,
                    JobUpdate::NotFound => v1_6::DeleteCertificateStatus::NotFound,
                    _ => v1_6::DeleteCertificateStatus::Failed,
                };
                if is_done {
                    shared.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some("certificate deleted"));
                }
                v1_6::DeleteCertificateResponse::new(status).to_json()
            }
            Errand::List => match word {
                JobUpdate::Certificates(kept) => Installed::of(kept).to_json(),
                _ => return answer(shared, token, &DataTransferResponse::new(DataTransferStatus::Rejected)),
            },
        };
        wrapped(shared, token, data);
    }
}

fn on_delete(request: &v1_6::DeleteCertificateRequest) -> Step {
    match certificate_hash(&request.certificate_hash_data) {
        Some(hash) => Step::Work(Job::DeleteCertificate { hash }, Errand::Delete),
        None => Step::Answer(v1_6::DeleteCertificateResponse::new(v1_6::DeleteCertificateStatus::NotFound).to_json()),
    }
}

/// Answers with a message in the data, or with what was wrong.
fn wrapped(shared: &mut Shared, token: ReplyToken, data: Result<String, Violation>) {
    let (status, data) = match data {
        Ok(data) => (DataTransferStatus::Accepted, AnyText::new(&data).ok()),
        Err(violation) => (DataTransferStatus::Rejected, AnyText::new(violation.to_compact_string()).ok()),
    };
    let mut response = DataTransferResponse::new(status);
    response.data = data;
    answer(shared, token, &response);
}
