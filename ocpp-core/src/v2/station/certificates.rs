//! Certificates (A02, A03, M03 to M05): requests in, answers out. What they lead to is in `site/certificates`.

use alloc::vec::Vec;

use ocpp_rpc::ErrorCode;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::SmallString;
use ocpp_types::tables::v2::{self, CertificateHashDataBuilder, GetCertificateIdUse, InstallCertificateUse};
use ocpp_types::tables::{Edition, View as _};

use crate::face::answers::{Written, answer};
use crate::face::failure::{Message, message};
use crate::site::Site;
use crate::site::shared::Shared;
use crate::site::verdict::{Envelope, InstallVerdict, RemovalVerdict};
use crate::station::{CertificateHash, CertificateUse, HashAlgorithm, InstalledCertificate};

/// All that GetInstalledCertificateIds can ask for.
const LISTED: [(GetCertificateIdUse, CertificateUse); 5] = [
    (GetCertificateIdUse::CSMSRootCertificate, CertificateUse::CsmsRoot),
    (GetCertificateIdUse::ManufacturerRootCertificate, CertificateUse::ManufacturerRoot),
    (GetCertificateIdUse::V2GRootCertificate, CertificateUse::V2gRoot),
    (GetCertificateIdUse::MORootCertificate, CertificateUse::MoRoot),
    (GetCertificateIdUse::V2GCertificateChain, CertificateUse::V2g),
];

/// A request for a certificate of the station's own (A02.FR.03).
pub(super) fn sign_certificate(edition: Edition, csr: &str) -> Message {
    message(v2::SignCertificateRequest::to_json(edition, |mut request| {
        request.csr(csr).certificate_type(v2::CertificateSigningUse::ChargingStationCertificate);
    }))
}

/// CertificateSigned (A02.FR.06). The station asks for its own alone.
pub(super) fn on_signed(
    edition: Edition,
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v2::CertificateSignedRequest<'_>,
) {
    match request.certificate_type() {
        None | Some(v2::CertificateSigningUse::ChargingStationCertificate) => {
            let (certificates, mut desk) = site.certificates(shared);
            let chain = request.certificate_chain();
            certificates.on_signed(&mut desk, token, Envelope::Plain, CertificateUse::Station, chain);
        }
        Some(
            v2::CertificateSigningUse::V2GCertificate
            | v2::CertificateSigningUse::V2G20Certificate
            | v2::CertificateSigningUse::Unrecognized,
        ) => answer(shared, token, signed_status(edition, false)),
    }
}

/// InstallCertificate (M05).
pub(super) fn on_install(
    edition: Edition,
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v2::InstallCertificateRequest<'_>,
) {
    let usage = match request.certificate_type() {
        InstallCertificateUse::CSMSRootCertificate => CertificateUse::CsmsRoot,
        InstallCertificateUse::ManufacturerRootCertificate => CertificateUse::ManufacturerRoot,
        InstallCertificateUse::V2GRootCertificate => CertificateUse::V2gRoot,
        InstallCertificateUse::MORootCertificate => CertificateUse::MoRoot,
        InstallCertificateUse::OEMRootCertificate | InstallCertificateUse::Unrecognized => {
            return answer(shared, token, install_status(edition, InstallVerdict::Rejected));
        }
    };
    let (certificates, mut desk) = site.certificates(shared);
    certificates.on_install(&mut desk, token, Envelope::Plain, usage, request.certificate());
}

/// DeleteCertificate (M04).
pub(super) fn on_delete(
    edition: Edition,
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v2::DeleteCertificateRequest<'_>,
) {
    match certificate_hash(request.certificate_hash_data()) {
        Some(hash) => {
            let (certificates, mut desk) = site.certificates(shared);
            certificates.on_delete(&mut desk, token, Envelope::Plain, hash);
        }
        None => answer(shared, token, removal_status(edition, RemovalVerdict::NotFound)),
    }
}

/// GetInstalledCertificateIds (M03): of the kinds that are named, or of all.
pub(super) fn on_list(
    edition: Edition,
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v2::GetInstalledCertificateIdsRequest<'_>,
) {
    let is_wanted = |kind: GetCertificateIdUse| {
        let mut wanted = request.certificate_type();
        wanted.is_empty() || wanted.any(|wanted| wanted == kind)
    };
    let uses: Vec<CertificateUse> =
        LISTED.into_iter().filter(|(kind, _)| is_wanted(*kind)).map(|(_, usage)| usage).collect();
    if uses.is_empty() {
        return answer_installed(edition, shared, token, Some(&[]));
    }
    let (certificates, mut desk) = site.certificates(shared);
    certificates.on_list(&mut desk, token, Envelope::Plain, uses);
}

/// The answer to a CertificateSigned.
pub(super) fn signed_status(edition: Edition, is_accepted: bool) -> Written {
    let status =
        if is_accepted { v2::CertificateSignedStatus::Accepted } else { v2::CertificateSignedStatus::Rejected };
    status!(edition, CertificateSignedResponse, status)
}

/// The answer to an InstallCertificate.
pub(super) fn install_status(edition: Edition, verdict: InstallVerdict) -> Written {
    let status = match verdict {
        InstallVerdict::Accepted => v2::InstallCertificateStatus::Accepted,
        InstallVerdict::Rejected => v2::InstallCertificateStatus::Rejected,
        InstallVerdict::Failed => v2::InstallCertificateStatus::Failed,
    };
    status!(edition, InstallCertificateResponse, status)
}

/// The answer to a DeleteCertificate.
pub(super) fn removal_status(edition: Edition, verdict: RemovalVerdict) -> Written {
    let status = match verdict {
        RemovalVerdict::Accepted => v2::DeleteCertificateStatus::Accepted,
        RemovalVerdict::Failed => v2::DeleteCertificateStatus::Failed,
        RemovalVerdict::NotFound => v2::DeleteCertificateStatus::NotFound,
    };
    status!(edition, DeleteCertificateResponse, status)
}

/// The answer to a GetInstalledCertificateIds (M03.FR.02 to M03.FR.05).
pub(super) fn answer_installed(
    edition: Edition,
    shared: &mut Shared,
    token: ReplyToken,
    kept: Option<&[InstalledCertificate]>,
) {
    let Some(kept) = kept else {
        let reason = "the store of certificates does not answer";
        return shared.reply_error(token, ErrorCode::InternalError, reason);
    };
    let fits =
        |hash: &CertificateHash| v2::CertificateHashData::to_json(edition, |data| write_hash(data, hash)).is_ok();
    let kind_of = |kept: &InstalledCertificate| LISTED.into_iter().find(|(_, usage)| *usage == kept.usage);
    let fitting = kept.iter().filter(|kept| fits(&kept.hash)).filter_map(|kept| Some((kind_of(kept)?.0, kept)));
    let status = if fitting.clone().next().is_none() {
        v2::GetInstalledCertificateStatus::NotFound
    } else {
        v2::GetInstalledCertificateStatus::Accepted
    };
    let response = v2::GetInstalledCertificateIdsResponse::to_json(edition, |mut response| {
        response.status(status);
        for (kind, kept) in fitting {
            let mut chain = response.add_certificate_hash_data_chain();
            chain.certificate_type(kind);
            write_hash(chain.certificate_hash_data(), &kept.hash);
            for child in kept.children.iter().filter(|child| fits(child)) {
                write_hash(chain.add_child_certificate_hash_data(), child);
            }
        }
    });
    answer(shared, token, response);
}

pub(super) fn certificate_hash(data: v2::CertificateHashData<'_>) -> Option<CertificateHash> {
    let algorithm = match data.hash_algorithm() {
        v2::HashAlgorithm::SHA256 => HashAlgorithm::Sha256,
        v2::HashAlgorithm::SHA384 => HashAlgorithm::Sha384,
        v2::HashAlgorithm::SHA512 => HashAlgorithm::Sha512,
        v2::HashAlgorithm::Unrecognized => return None,
    };
    Some(CertificateHash {
        algorithm,
        issuer_name_hash: SmallString::new(data.issuer_name_hash()),
        issuer_key_hash: SmallString::new(data.issuer_key_hash()),
        serial_number: SmallString::new(data.serial_number()),
    })
}

/// What names a certificate, in a message.
fn write_hash(mut data: CertificateHashDataBuilder<'_>, hash: &CertificateHash) {
    let algorithm = match hash.algorithm {
        HashAlgorithm::Sha256 => v2::HashAlgorithm::SHA256,
        HashAlgorithm::Sha384 => v2::HashAlgorithm::SHA384,
        HashAlgorithm::Sha512 => v2::HashAlgorithm::SHA512,
    };
    data.hash_algorithm(algorithm).issuer_name_hash(&hash.issuer_name_hash);
    data.issuer_key_hash(&hash.issuer_key_hash).serial_number(&hash.serial_number);
}
