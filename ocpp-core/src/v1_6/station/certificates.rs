//! Certificates and signed firmware (1.6 security A02, A03, M03, M04, M05, L01): requests in, answers out. What they lead to is
//! in `site/certificates`.

use alloc::vec::Vec;

use compact_str::CompactString;
use ocpp_rpc::ErrorCode;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::text::Text;
use ocpp_types::v1_6;

use super::answers::{answer, answer_after};
use crate::site::Site;
use crate::site::shared::Shared;
use crate::site::verdict::{Envelope, InstallVerdict, RemovalVerdict, SignedFirmwareVerdict};
use crate::station::{CertificateHash, CertificateUse, HashAlgorithm, InstalledCertificate};
use crate::store::Ticket;

/// InstallCertificate (1.6 security M05).
pub(super) fn on_install(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: &v1_6::InstallCertificateRequest,
) {
    match certificate_use(&request.certificate_type) {
        Some(usage) => {
            let (certificates, mut desk) = site.certificates(shared);
            certificates.on_install(&mut desk, token, Envelope::Plain, usage, request.certificate.as_str());
        }
        None => answer(shared, token, &install_status(InstallVerdict::Rejected)),
    }
}

/// DeleteCertificate (1.6 security M04).
pub(super) fn on_delete(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: &v1_6::DeleteCertificateRequest,
) {
    match certificate_hash(&request.certificate_hash_data) {
        Some(hash) => {
            let (certificates, mut desk) = site.certificates(shared);
            certificates.on_delete(&mut desk, token, Envelope::Plain, hash);
        }
        None => answer(shared, token, &removal_status(RemovalVerdict::NotFound)),
    }
}

/// GetInstalledCertificateIds (1.6 security M03).
pub(super) fn on_list(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: &v1_6::GetInstalledCertificateIdsRequest,
) {
    match certificate_use(&request.certificate_type) {
        Some(usage) => {
            let (certificates, mut desk) = site.certificates(shared);
            certificates.on_list(&mut desk, token, Envelope::Plain, Vec::from([usage]));
        }
        None => answer_installed(shared, token, Some(&[])),
    }
}

/// The answer to a SignedUpdateFirmware.
pub(super) fn answer_signed_firmware(
    shared: &mut Shared,
    ticket: Option<Ticket>,
    token: ReplyToken,
    verdict: SignedFirmwareVerdict,
) {
    let status = match verdict {
        SignedFirmwareVerdict::Accepted => v1_6::UpdateFirmwareStatus::Accepted,
        SignedFirmwareVerdict::AcceptedCanceled => v1_6::UpdateFirmwareStatus::AcceptedCanceled,
        SignedFirmwareVerdict::Rejected => v1_6::UpdateFirmwareStatus::Rejected,
        SignedFirmwareVerdict::InvalidCertificate => v1_6::UpdateFirmwareStatus::InvalidCertificate,
        SignedFirmwareVerdict::RevokedCertificate => v1_6::UpdateFirmwareStatus::RevokedCertificate,
    };
    answer_after(shared, ticket, token, &v1_6::SignedUpdateFirmwareResponse::new(status));
}

/// The answer to a CertificateSigned.
pub(super) fn signed_status(is_accepted: bool) -> v1_6::CertificateSignedResponse {
    v1_6::CertificateSignedResponse::new(if is_accepted {
        v1_6::CertificateSignedStatus::Accepted
    } else {
        v1_6::CertificateSignedStatus::Rejected
    })
}

/// The answer to an InstallCertificate.
pub(super) fn install_status(verdict: InstallVerdict) -> v1_6::InstallCertificateResponse {
    v1_6::InstallCertificateResponse::new(match verdict {
        InstallVerdict::Accepted => v1_6::InstallCertificateStatus::Accepted,
        InstallVerdict::Rejected => v1_6::InstallCertificateStatus::Rejected,
        InstallVerdict::Failed => v1_6::InstallCertificateStatus::Failed,
    })
}

/// The answer to a DeleteCertificate.
pub(super) fn removal_status(verdict: RemovalVerdict) -> v1_6::DeleteCertificateResponse {
    v1_6::DeleteCertificateResponse::new(match verdict {
        RemovalVerdict::Accepted => v1_6::DeleteCertificateStatus::Accepted,
        RemovalVerdict::Failed => v1_6::DeleteCertificateStatus::Failed,
        RemovalVerdict::NotFound => v1_6::DeleteCertificateStatus::NotFound,
    })
}

/// The answer to a GetInstalledCertificateIds.
pub(super) fn answer_installed(shared: &mut Shared, token: ReplyToken, kept: Option<&[InstalledCertificate]>) {
    let Some(kept) = kept else {
        let reason = "the store of certificates does not answer";
        return shared.reply_error(token, ErrorCode::InternalError, reason);
    };
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
