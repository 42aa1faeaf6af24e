//! Calls of the CSMS (§6.2, §6.3, §6.6, §6.7, §6.9): certificates are the host's work, and the answer waits for its word.

use alloc::string::String;

use compact_str::ToCompactString;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::codec::Encode;
use ocpp_types::text::AnyText;
use ocpp_types::v1_6::{self, DataTransferRequest, DataTransferResponse, DataTransferStatus};
use ocpp_types::violation::Violation;

use super::messages::{Installed, RootCertificate, SignedChain, Trigger, WantedUses};
use crate::site::Site;
use crate::site::shared::Shared;
use crate::site::verdict::{Envelope, LateReply};
use crate::station::{CertificateUse, Event};
use crate::v1_6::station::answers::answer;
use crate::v1_6::station::certificates::{certificate_hash, install_status, removal_status, signed_status};
use crate::v1_6::station::decoding;

const CARRIED: Envelope = Envelope::Transferred;

/// A call of the CSMS.
pub(in crate::v1_6::station) fn on_call(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: &DataTransferRequest,
) {
    let data = request.data.as_ref().map_or("", |data| data.as_str());
    let done = match request.message_id.as_ref().map(|id| id.as_str()) {
        Some(name @ "CertificateSigned") => decoding::nested(shared, name, data).map(|signed: SignedChain| {
            if signed.is_v2g {
                let (certificates, mut desk) = site.certificates(shared);
                certificates.on_signed(&mut desk, token, CARRIED, CertificateUse::V2g, &signed.chain);
            } else {
                wrapped(shared, token, signed_status(false).to_json());
            }
        }),
        Some(name @ "DeleteCertificate") => {
            decoding::nested(shared, name, data).map(|request: v1_6::DeleteCertificateRequest| {
                match certificate_hash(&request.certificate_hash_data) {
                    Some(hash) => {
                        let (certificates, mut desk) = site.certificates(shared);
                        certificates.on_delete(&mut desk, token, CARRIED, hash);
                    }
                    None => {
                        let status = v1_6::DeleteCertificateStatus::NotFound;
                        wrapped(shared, token, v1_6::DeleteCertificateResponse::new(status).to_json());
                    }
                }
            })
        }
        Some(name @ "GetInstalledCertificateIds") => decoding::nested(shared, name, data).map(|WantedUses(uses)| {
            let (certificates, mut desk) = site.certificates(shared);
            certificates.on_list(&mut desk, token, CARRIED, uses);
        }),
        Some(name @ "InstallCertificate") => decoding::nested(shared, name, data).map(|root: RootCertificate| {
            let (certificates, mut desk) = site.certificates(shared);
            certificates.on_install(&mut desk, token, CARRIED, root.usage, root.certificate.as_str());
        }),
        // It has no members, and so perhaps no data.
        Some("TriggerMessage") if data.is_empty() => {
            on_trigger(site, shared, token, true);
            Ok(())
        }
        Some(name @ "TriggerMessage") => decoding::nested(shared, name, data)
            .map(|trigger: Trigger| on_trigger(site, shared, token, trigger.is_for_certificate)),
        _ => {
            answer(shared, token, &DataTransferResponse::new(DataTransferStatus::UnknownMessageId));
            Ok(())
        }
    };
    if let Err(violation) = done {
        shared.event(Event::FrameRefused { reason: violation.to_compact_string() });
        wrapped(shared, token, Err(violation));
    }
}

fn on_trigger(site: &mut Site, shared: &mut Shared, token: ReplyToken, is_for_certificate: bool) {
    let status = if !is_for_certificate {
        v1_6::TriggerMessageStatus::NotImplemented
    } else if site.plug_and_charge.request_certificate(shared, &site.settings) {
        v1_6::TriggerMessageStatus::Accepted
    } else {
        v1_6::TriggerMessageStatus::Rejected
    };
    wrapped(shared, token, v1_6::TriggerMessageResponse::new(status).to_json());
}

/// The host's word answers a call. Gives back what is no answer to one of these.
pub(in crate::v1_6::station) fn reply(shared: &mut Shared, token: ReplyToken, reply: LateReply) -> Option<LateReply> {
    let data = match reply {
        LateReply::CertificateSigned(CARRIED, is_done) => signed_status(is_done).to_json(),
        LateReply::CertificateInstalled(CARRIED, verdict) => install_status(verdict).to_json(),
        LateReply::CertificateDeleted(CARRIED, verdict) => removal_status(verdict).to_json(),
        LateReply::CertificatesListed(CARRIED, Some(kept)) => Installed::of(&kept).to_json(),
        LateReply::CertificatesListed(CARRIED, None) => {
            answer(shared, token, &DataTransferResponse::new(DataTransferStatus::Rejected));
            return None;
        }
        other => return Some(other),
    };
    wrapped(shared, token, data);
    None
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
