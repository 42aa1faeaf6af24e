//! Plug & Charge: the application note "Using ISO 15118 Plug & Charge with OCPP 1.6", whose messages travel in DataTransfer.
//!
//! What they lead to is in `site/plug_and_charge` and `site/certificates`.

mod messages;
mod requests;

pub(super) use messages::authorize;
pub(super) use requests::{on_call, reply};

use alloc::vec::Vec;

use ocpp_types::codec::Decode as _;
use ocpp_types::tables::Message as Read;
use ocpp_types::tables::v1_6::{
    DataTransferRequest, DataTransferResponse, DataTransferStatus, GenericStatus, SignCertificateResponse,
};

use super::EDITION;
use super::messages::authorization_status;
use crate::face::decoding;
use crate::face::failure::Message;
use crate::site::Site;
use crate::site::plug_and_charge::{Asked, CertificateAnswer, CertificateCall};
use crate::site::settings::{Setting, Settings};
use crate::site::shared::Shared;
use crate::site::token::TokenInfo;
use crate::site::verdict::Undelivered;
use crate::station::{AuthorizationStatus, Event, FrameRefusal, TokenRefusal};
use crate::words::{Reason, joined};
use messages::{AuthorizeAnswer, Result15118};

const VENDOR: &str = "org.openchargealliance.iso15118pnc";

/// Whether a DataTransfer is for this block (§2.1, §2.2).
pub(super) fn is_ours(settings: &Settings, request: DataTransferRequest<'_>) -> bool {
    request.vendor_id().eq_ignore_ascii_case(VENDOR) && settings.is_on(Setting::PncEnabled)
}

/// A call about certificates.
pub(super) fn certificate_call(call: &CertificateCall<'_>) -> Message {
    match call {
        CertificateCall::Vehicle(request) => messages::ev_certificate(request.action, &request.schema, &request.exi),
        CertificateCall::Sign(csr) => messages::sign_certificate(csr),
        CertificateCall::Status(request) => messages::certificate_status(request),
    }
}

/// The CSMS answered about a contract (§6.1.2): it charges if both the certificates and the eMAID are accepted.
pub(super) fn on_contract_answer(site: &mut Site, shared: &mut Shared, answer: DataTransferResponse<'_>) {
    let data = answer.data().unwrap_or_default();
    let verdict = match answer.status() {
        DataTransferStatus::Accepted => decoding::nested_with(shared, "Authorize", data, AuthorizeAnswer::read)
            .map_err(|violation| joined(&["answer: ", &violation.reason()])),
        status => Err(joined(&["answer: ", status.as_str()])),
    };
    let verdict = match verdict {
        Ok(AuthorizeAnswer { is_certificate_accepted, status, expiry }) => {
            let status = authorization_status(status);
            let info = TokenInfo { status, expiry_ms: expiry.map(|at| at.0), group: None, evses: Vec::new() };
            if is_certificate_accepted || status != AuthorizationStatus::Accepted {
                Ok(info)
            } else {
                Err(TokenRefusal::Certificate)
            }
        }
        Err(reason) => {
            shared.event(Event::FrameRefused { cause: FrameRefusal::Answer, reason });
            Err(TokenRefusal::NoAnswer)
        }
    };
    site.on_authorized(shared, verdict);
}

/// The CSMS answered a call about certificates.
pub(super) fn on_certificate_answer(site: &mut Site, shared: &mut Shared, answer: DataTransferResponse<'_>) {
    let is_known = answer.status() == DataTransferStatus::Accepted;
    let data = answer.data().filter(|_| is_known).unwrap_or_default();
    let result = |name, most| match Result15118::from_json(data, name, most) {
        Ok(Result15118(Some(data))) => CertificateAnswer::Data(data),
        Ok(Result15118(None)) | Err(_) => CertificateAnswer::Refused,
    };
    let answer = match site.plug_and_charge.asked() {
        None => return,
        Some(Asked::Vehicle(_)) => result("exiResponse", 5600),
        Some(Asked::Status(_)) if !is_known => CertificateAnswer::Unsupported,
        Some(Asked::Status(_)) => result("ocspResult", 5500),
        Some(Asked::Sign) => {
            match Read::<SignCertificateResponse<'_>>::parse(data, EDITION).map(|answer| answer.view().status()) {
                Ok(GenericStatus::Accepted) => CertificateAnswer::Accepted,
                Ok(GenericStatus::Rejected | GenericStatus::Unrecognized) | Err(_) => CertificateAnswer::Refused,
            }
        }
    };
    site.plug_and_charge.on_answer(shared, &site.settings, answer);
}

/// What it means that the CSMS did not answer such a call, or with an error.
pub(super) fn failed(why: Undelivered) -> CertificateAnswer {
    match why {
        Undelivered::Refused => CertificateAnswer::Failed,
        Undelivered::Unsendable => CertificateAnswer::Unsupported,
        Undelivered::TimedOut => CertificateAnswer::TimedOut,
        Undelivered::LinkLost => CertificateAnswer::LinkLost,
    }
}
