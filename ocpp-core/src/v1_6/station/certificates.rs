//! Certificates and signed firmware (1.6 security A02, A03, M03, M04, M05, L01): requests in, answers out. What they lead to is
//! in `site/certificates`.

use alloc::vec::Vec;

use ocpp_rpc::ErrorCode;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::SmallString;
use ocpp_types::tables::View as _;
use ocpp_types::tables::v1_6;

use super::EDITION;
use crate::face::answers::{Written, answer, answer_after};
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
    request: v1_6::InstallCertificateRequest<'_>,
) {
    match certificate_use(request.certificate_type()) {
        Some(usage) => {
            let (certificates, mut desk) = site.certificates(shared);
            certificates.on_install(&mut desk, token, Envelope::Plain, usage, request.certificate());
        }
        None => answer(shared, token, install_status(InstallVerdict::Rejected)),
    }
}

/// DeleteCertificate (1.6 security M04).
pub(super) fn on_delete(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v1_6::DeleteCertificateRequest<'_>,
) {
    match certificate_hash(request.certificate_hash_data()) {
        Some(hash) => {
            let (certificates, mut desk) = site.certificates(shared);
            certificates.on_delete(&mut desk, token, Envelope::Plain, hash);
        }
        None => answer(shared, token, removal_status(RemovalVerdict::NotFound)),
    }
}

/// GetInstalledCertificateIds (1.6 security M03).
pub(super) fn on_list(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v1_6::GetInstalledCertificateIdsRequest<'_>,
) {
    match certificate_use(request.certificate_type()) {
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
    answer_after(shared, ticket, token, status!(SignedUpdateFirmwareResponse, status));
}

/// The answer to a CertificateSigned.
pub(super) fn signed_status(is_accepted: bool) -> Written {
    let status =
        if is_accepted { v1_6::CertificateSignedStatus::Accepted } else { v1_6::CertificateSignedStatus::Rejected };
    status!(CertificateSignedResponse, status)
}

/// The answer to an InstallCertificate.
pub(super) fn install_status(verdict: InstallVerdict) -> Written {
    let status = match verdict {
        InstallVerdict::Accepted => v1_6::InstallCertificateStatus::Accepted,
        InstallVerdict::Rejected => v1_6::InstallCertificateStatus::Rejected,
        InstallVerdict::Failed => v1_6::InstallCertificateStatus::Failed,
    };
    status!(InstallCertificateResponse, status)
}

/// The answer to a DeleteCertificate.
pub(super) fn removal_status(verdict: RemovalVerdict) -> Written {
    let status = match verdict {
        RemovalVerdict::Accepted => v1_6::DeleteCertificateStatus::Accepted,
        RemovalVerdict::Failed => v1_6::DeleteCertificateStatus::Failed,
        RemovalVerdict::NotFound => v1_6::DeleteCertificateStatus::NotFound,
    };
    status!(DeleteCertificateResponse, status)
}

/// The answer to a GetInstalledCertificateIds.
pub(super) fn answer_installed(shared: &mut Shared, token: ReplyToken, kept: Option<&[InstalledCertificate]>) {
    let Some(kept) = kept else {
        let reason = "the store of certificates does not answer";
        return shared.reply_error(token, ErrorCode::InternalError, reason);
    };
    let fitting = kept.iter().filter(|kept| does_fit(&kept.hash));
    let status = if fitting.clone().next().is_none() {
        v1_6::GetInstalledCertificateStatus::NotFound
    } else {
        v1_6::GetInstalledCertificateStatus::Accepted
    };
    let response = v1_6::GetInstalledCertificateIdsResponse::to_json(EDITION, |mut response| {
        for kept in fitting {
            write_hash(response.add_certificate_hash_data(), &kept.hash);
        }
        response.status(status);
    });
    answer(shared, token, response);
}

fn certificate_use(usage: v1_6::CertificateUse) -> Option<CertificateUse> {
    match usage {
        v1_6::CertificateUse::CentralSystemRootCertificate => Some(CertificateUse::CsmsRoot),
        v1_6::CertificateUse::ManufacturerRootCertificate => Some(CertificateUse::ManufacturerRoot),
        v1_6::CertificateUse::Unrecognized => None,
    }
}

pub(super) fn certificate_hash(data: v1_6::CertificateHashData<'_>) -> Option<CertificateHash> {
    let algorithm = match data.hash_algorithm() {
        v1_6::HashAlgorithm::SHA256 => HashAlgorithm::Sha256,
        v1_6::HashAlgorithm::SHA384 => HashAlgorithm::Sha384,
        v1_6::HashAlgorithm::SHA512 => HashAlgorithm::Sha512,
        v1_6::HashAlgorithm::Unrecognized => return None,
    };
    Some(CertificateHash {
        algorithm,
        issuer_name_hash: SmallString::new(data.issuer_name_hash()),
        issuer_key_hash: SmallString::new(data.issuer_key_hash()),
        serial_number: SmallString::new(data.serial_number()),
    })
}

/// Whether 1.6 can say it.
pub(super) fn does_fit(hash: &CertificateHash) -> bool {
    v1_6::CertificateHashData::to_json(EDITION, |data| write_hash(data, hash)).is_ok()
}

/// What names a certificate, in a message.
pub(super) fn write_hash(mut data: v1_6::CertificateHashDataBuilder<'_>, hash: &CertificateHash) {
    data.hash_algorithm(algorithm(hash)).issuer_name_hash(&hash.issuer_name_hash);
    data.issuer_key_hash(&hash.issuer_key_hash).serial_number(&hash.serial_number);
}

pub(super) fn algorithm(hash: &CertificateHash) -> v1_6::HashAlgorithm {
    match hash.algorithm {
        HashAlgorithm::Sha256 => v1_6::HashAlgorithm::SHA256,
        HashAlgorithm::Sha384 => v1_6::HashAlgorithm::SHA384,
        HashAlgorithm::Sha512 => v1_6::HashAlgorithm::SHA512,
    }
}
