//! Calls of the CSMS (§6.2, §6.3, §6.6, §6.7, §6.9): certificates are the host's work, and the answer waits for its word.

use ocpp_rpc::engine::ReplyToken;
use ocpp_types::codec::Decode as _;
use ocpp_types::tables::View as _;
use ocpp_types::tables::v1_6::{
    DataTransferRequest, DataTransferStatus, DeleteCertificateRequest, TriggerMessageStatus,
};

use super::messages::{RootCertificate, SignedChain, Trigger, WantedUses, installed};
use crate::face::answers::{Written, answer};
use crate::face::decoding;
use crate::site::Site;
use crate::site::shared::Shared;
use crate::site::verdict::{Envelope, LateReply, RemovalVerdict};
use crate::station::{CertificateUse, Event, FrameRefusal};
use crate::v1_6::station::certificates::{certificate_hash, install_status, removal_status, signed_status};
use crate::v1_6::station::{EDITION, data_transfer};
use crate::words::Reason;

const CARRIED: Envelope = Envelope::Transferred;

/// A call of the CSMS.
pub(in crate::v1_6::station) fn on_call(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: DataTransferRequest<'_>,
) {
    let data = request.data().unwrap_or_default();
    let done = match request.message_id() {
        Some(name @ "CertificateSigned") => {
            decoding::nested_with(shared, name, data, SignedChain::read).map(|signed| {
                if signed.is_v2g {
                    let (certificates, mut desk) = site.certificates(shared);
                    certificates.on_signed(&mut desk, token, CARRIED, CertificateUse::V2g, &signed.chain);
                } else {
                    wrapped(shared, token, signed_status(false));
                }
            })
        }
        Some(name @ "DeleteCertificate") => {
            decoding::nested(shared, EDITION, name, DeleteCertificateRequest::OBJECT, data).map(|message| {
                match certificate_hash(message.view::<DeleteCertificateRequest<'_>>().certificate_hash_data()) {
                    Some(hash) => {
                        let (certificates, mut desk) = site.certificates(shared);
                        certificates.on_delete(&mut desk, token, CARRIED, hash);
                    }
                    None => wrapped(shared, token, removal_status(RemovalVerdict::NotFound)),
                }
            })
        }
        Some(name @ "GetInstalledCertificateIds") => {
            decoding::nested_with(shared, name, data, WantedUses::read).map(|WantedUses(uses)| {
                let (certificates, mut desk) = site.certificates(shared);
                certificates.on_list(&mut desk, token, CARRIED, uses);
            })
        }
        Some(name @ "InstallCertificate") => {
            decoding::nested_with(shared, name, data, RootCertificate::read).map(|root| {
                let (certificates, mut desk) = site.certificates(shared);
                certificates.on_install(&mut desk, token, CARRIED, root.usage, &root.certificate);
            })
        }
        // It has no members, and so perhaps no data.
        Some("TriggerMessage") if data.is_empty() => {
            on_trigger(site, shared, token, true);
            Ok(())
        }
        Some(name @ "TriggerMessage") => decoding::nested_with(shared, name, data, Trigger::read)
            .map(|trigger| on_trigger(site, shared, token, trigger.is_for_certificate)),
        _ => {
            answer(shared, token, data_transfer::response(DataTransferStatus::UnknownMessageId, None));
            Ok(())
        }
    };
    if let Err(violation) = done {
        shared.event(Event::FrameRefused { cause: FrameRefusal::Call, reason: violation.reason() });
        wrapped(shared, token, Err(violation));
    }
}

fn on_trigger(site: &mut Site, shared: &mut Shared, token: ReplyToken, is_for_certificate: bool) {
    let status = if !is_for_certificate {
        TriggerMessageStatus::NotImplemented
    } else if site.plug_and_charge.request_certificate(shared, &site.settings) {
        TriggerMessageStatus::Accepted
    } else {
        TriggerMessageStatus::Rejected
    };
    wrapped(shared, token, status!(TriggerMessageResponse, status));
}

/// The host's word answers a call. Gives back what is no answer to one of these.
pub(in crate::v1_6::station) fn reply(shared: &mut Shared, token: ReplyToken, reply: LateReply) -> Option<LateReply> {
    let data = match reply {
        LateReply::CertificateSigned(CARRIED, is_done) => signed_status(is_done),
        LateReply::CertificateInstalled(CARRIED, verdict) => install_status(verdict),
        LateReply::CertificateDeleted(CARRIED, verdict) => removal_status(verdict),
        LateReply::CertificatesListed(CARRIED, Some(kept)) => installed(&kept),
        LateReply::CertificatesListed(CARRIED, None) => {
            answer(shared, token, data_transfer::response(DataTransferStatus::Rejected, None));
            return None;
        }
        other => return Some(other),
    };
    wrapped(shared, token, data);
    None
}

/// Answers with a message in the data, or with what was wrong.
fn wrapped(shared: &mut Shared, token: ReplyToken, data: Written) {
    let response = match data {
        Ok(data) => data_transfer::response(DataTransferStatus::Accepted, Some(&data)),
        Err(violation) => data_transfer::response(DataTransferStatus::Rejected, Some(&violation.reason())),
    };
    answer(shared, token, response);
}
