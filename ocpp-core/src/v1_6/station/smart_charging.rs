//! Smart charging (1.6 §5.5, §5.7, §5.11, §5.16): requests in, answers out. What they lead to is in `site/profiles`.

use ocpp_rpc::ErrorCode;
use ocpp_rpc::engine::ReplyToken;
use ocpp_smartcharging::convert::ConvertError;
use ocpp_smartcharging::filter::ClearFilter;
use ocpp_smartcharging::model::{ChargingProfile, EvseId as Place, RateUnit};
use ocpp_types::tables::View as _;
use ocpp_types::tables::v1_6::{self, ChargingProfileStatus, ClearChargingProfileStatus, GetCompositeScheduleStatus};

use super::EDITION;
use crate::face::answers::{Written, answer, answer_after};
use crate::site::Site;
use crate::site::profiles::ScheduleRequest;
use crate::site::shared::Shared;
use crate::site::verdict::ProfileVerdict;
use crate::station::Event;
use crate::words::Reason;

/// SetChargingProfile.
pub(super) fn on_set(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v1_6::SetChargingProfileRequest<'_>,
) {
    let place = place_of(shared, request.connector_id());
    let (status, ticket) = match (place, ChargingProfile::try_from(request.cs_charging_profiles())) {
        (Some(place), Ok(profile)) => match site.smart_charging.on_set(shared, &site.settings, place, profile) {
            ProfileVerdict::Accepted(ticket) => (ChargingProfileStatus::Accepted, ticket),
            ProfileVerdict::Rejected => (ChargingProfileStatus::Rejected, None),
            ProfileVerdict::UnknownEvse => return refuse(shared, token),
        },
        (Some(place), Err(error)) if site.smart_charging.has_place(place) => {
            shared.event(Event::ProfileRefused { cause: error.code(), reason: error.reason() });
            // A word of another version is no number out of range (errata 3.39).
            if !matches!(error, ConvertError::Unrecognized { .. }) {
                return refuse(shared, token);
            }
            (ChargingProfileStatus::Rejected, None)
        }
        (Some(_) | None, _) => return refuse(shared, token),
    };
    answer_after(shared, ticket, token, status!(SetChargingProfileResponse, status));
}

/// The EVSE of a connector's number, or the station (0).
fn place_of(shared: &Shared, number: i64) -> Option<Place> {
    u16::try_from(number).ok().map(|number| Place(shared.config.place_of(number).0.0.into()))
}

/// Errata 3.39.
fn refuse(shared: &mut Shared, token: ReplyToken) {
    let reason = "no such connector, or a number out of range";
    shared.reply_error(token, ErrorCode::PropertyConstraintViolation, reason);
}

/// ClearChargingProfile.
pub(super) fn on_clear(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v1_6::ClearChargingProfileRequest<'_>,
) {
    // A number out of range is that of no profile.
    let filter = ClearFilter::try_from(request).ok();
    let ticket = filter.and_then(|filter| site.smart_charging.on_clear(&mut shared.store, &filter));
    let status =
        if ticket.is_some() { ClearChargingProfileStatus::Accepted } else { ClearChargingProfileStatus::Unknown };
    answer_after(shared, ticket, token, status!(ClearChargingProfileResponse, status));
}

/// GetCompositeSchedule.
pub(super) fn on_get_composite(
    site: &Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v1_6::GetCompositeScheduleRequest<'_>,
) {
    let response = composite(site, shared, request)
        .unwrap_or_else(|| status!(GetCompositeScheduleResponse, GetCompositeScheduleStatus::Rejected));
    answer(shared, token, response);
}

fn composite(site: &Site, shared: &Shared, request: v1_6::GetCompositeScheduleRequest<'_>) -> Option<Written> {
    let wanted = ScheduleRequest {
        evse: place_of(shared, request.connector_id())?,
        duration_seconds: u32::try_from(request.duration()).ok()?,
        unit: request.charging_rate_unit().map(RateUnit::try_from).transpose().ok()?,
    };
    let composite = site.smart_charging.on_get_composite(shared, &site.settings, &wanted)?;
    Some(v1_6::GetCompositeScheduleResponse::to_json(EDITION, |mut response| {
        response.status(GetCompositeScheduleStatus::Accepted).connector_id(request.connector_id());
        response.schedule_start(composite.start.into());
        composite.write_v1_6(response.charging_schedule());
    }))
}

/// The profile of a remote start, if there is one. An error if it is none.
pub(super) fn of_remote_start(
    shared: &mut Shared,
    profile: Option<v1_6::ChargingProfile<'_>>,
) -> Result<Option<ChargingProfile>, ()> {
    profile.map(ChargingProfile::try_from).transpose().map_err(|error| {
        shared.event(Event::ProfileRefused { cause: error.code(), reason: error.reason() });
    })
}
