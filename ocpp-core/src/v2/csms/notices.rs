//! What stations tell, or ask for, that the session neither keeps nor decides: the application is told of it, and the station is
//! answered as a CSMS does that has nothing to give.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_types::text::Text;
use ocpp_types::v2_1::{
    CertificateStatus, CertificateStatusKind, ChargingProfileStatus, GenericStatus, Get15118EVCertificateResponse,
    GetCertificateChainStatusRequest, GetCertificateChainStatusResponse, GetCertificateStatus,
    GetCertificateStatusResponse, Iso15118EVCertificateStatus, NotifyEVChargingNeedsResponse,
    NotifyEVChargingNeedsStatus, NotifyEVChargingScheduleResponse, NotifyEventRequest, OpenPeriodicEventStreamResponse,
    PullDynamicScheduleUpdateResponse, VatNumberValidationRequest, VatNumberValidationResponse,
};
use ocpp_types::{Encode, v2_0_1};

use super::{Edition, place, write};
use crate::csms::edge::Unread;
use crate::csms::report::Report;
use crate::csms::{Place, StatusReport};

/// What is told, and answered by nothing.
pub(super) fn taken() -> Report {
    Report::Notice { statuses: Vec::new(), answer: String::from("{}") }
}

/// Events: those that tell whether something can be used are statuses, too (2.1 prefers them to StatusNotification).
pub(super) fn events(request: &NotifyEventRequest) -> Report {
    let told = request.event_data.iter().filter_map(|event| {
        let is_availability = event.variable.name.eq_ignore_ascii_case("AvailabilityState");
        let names = ["ChargingStation", "EVSE", "Connector"];
        if !is_availability || !names.iter().any(|name| event.component.name.eq_ignore_ascii_case(name)) {
            return None;
        }
        let mut report =
            StatusReport::new(event.component.evse.as_ref().map_or(Place::STATION, place::place), &event.actual_value);
        report.at = Some(event.timestamp);
        Some(report)
    });
    Report::Notice { statuses: told.collect(), answer: String::from("{}") }
}

/// 2.x M01, M02.
pub(super) fn no_ev_certificate(edition: Edition) -> Result<Report, Unread> {
    let none = Text::new("").map_err(|_| Unread::UnservedAction)?;
    let answer = Get15118EVCertificateResponse::new(Iso15118EVCertificateStatus::Failed, none);
    written::<_, v2_0_1::Get15118EVCertificateResponse>(edition, answer)
}

/// 2.x M06.
pub(super) fn no_ocsp_answer(edition: Edition) -> Result<Report, Unread> {
    let answer = GetCertificateStatusResponse::new(GetCertificateStatus::Failed);
    written::<_, v2_0_1::GetCertificateStatusResponse>(edition, answer)
}

/// 2.1 M07. It is to be asked again at once.
pub(super) fn no_chain_status(request: GetCertificateChainStatusRequest) -> Result<Report, Unread> {
    let status = request.certificate_status_requests.into_iter().map(|asked| {
        let next_update = DateTime::<Utc>::UNIX_EPOCH;
        CertificateStatus::new(asked.certificate_hash_data, asked.source, CertificateStatusKind::Unknown, next_update)
    });
    only_new(&GetCertificateChainStatusResponse::new(status.collect()))
}

/// 2.x K15: the vehicle charges by the limits that there are.
pub(super) fn no_schedule(edition: Edition) -> Result<Report, Unread> {
    let answer = NotifyEVChargingNeedsResponse::new(NotifyEVChargingNeedsStatus::Rejected);
    written::<_, v2_0_1::NotifyEVChargingNeedsResponse>(edition, answer)
}

/// 2.x K15.
pub(super) fn schedule_taken(edition: Edition) -> Result<Report, Unread> {
    let answer = NotifyEVChargingScheduleResponse::new(GenericStatus::Accepted);
    written::<_, v2_0_1::NotifyEVChargingScheduleResponse>(edition, answer)
}

/// 2.1 N11.
pub(super) fn stream_taken() -> Result<Report, Unread> {
    only_new(&OpenPeriodicEventStreamResponse::new(GenericStatus::Accepted))
}

/// 2.1 K28.
pub(super) fn no_dynamic_schedule() -> Result<Report, Unread> {
    only_new(&PullDynamicScheduleUpdateResponse::new(ChargingProfileStatus::Rejected))
}

/// 2.1 C25.
pub(super) fn no_vat_number(request: VatNumberValidationRequest) -> Result<Report, Unread> {
    let mut answer = VatNumberValidationResponse::new(request.vat_number, GenericStatus::Rejected);
    answer.evse_id = request.evse_id;
    only_new(&answer)
}

fn written<New, Old>(edition: Edition, answer: New) -> Result<Report, Unread>
where
    New: Encode,
    Old: Encode + TryFrom<New, Error = ocpp_types::convert::NotRepresentable>,
{
    let answer = write::<New, Old>(edition, answer).map_err(|_| Unread::UnservedAction)?;
    Ok(Report::Notice { statuses: Vec::new(), answer })
}

/// An answer that 2.0.1 does not have. What it repeats may be wrong by itself, where the call was mended: then there is none.
fn only_new(answer: &impl Encode) -> Result<Report, Unread> {
    let answer = answer.to_json().map_err(|_| Unread::UnservedAction)?;
    Ok(Report::Notice { statuses: Vec::new(), answer })
}
