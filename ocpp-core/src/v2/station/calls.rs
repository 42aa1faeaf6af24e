//! Calls of the CSMS: each goes to the block of its action, and is answered now, after a record, or by the application.

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::request::Direction;
#[cfg(feature = "local_auth_list")]
use ocpp_types::tables::View as _;
use ocpp_types::tables::v2::{self, Action};
use ocpp_types::violation::Violation;

#[cfg(feature = "local_auth_list")]
use super::local_list;
use super::place::evse_of;
use super::{Face, data_transfer, remote, reports, variables};
#[cfg(feature = "security")]
use super::{certificates, firmware, network};
use crate::face::answers::{answer, answer_after, refuse_payload};
use crate::face::decoding;
use crate::site::Site;
use crate::site::plugs::Spot;
use crate::site::settings::Setting;
use crate::site::shared::Shared;
use crate::site::verdict::AvailabilityVerdict;
use crate::station::{ConnectorId, RebootKind, StopReason};
use crate::store::Ticket;

impl Face {
    /// A call of the CSMS.
    pub fn on_call(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        action: &str,
        payload: &Payload<'_>,
    ) {
        // OCPP-J 2.0.1 §4.3: what is not known, and what is known and not carried out.
        let Some(action) = Action::find(action, self.edition) else {
            return shared.reply_error(token, ErrorCode::NotImplemented, "unknown action");
        };
        if !CARRIED_OUT.contains(&action) {
            let is_ours = action.direction() == Direction::StationToCsms;
            let description = if is_ours { "only a station sends this" } else { "not supported by this station" };
            return shared.reply_error(token, ErrorCode::NotSupported, description);
        }
        if is_stored(action) && shared.is_store_stuck() {
            return shared.reply_error(token, ErrorCode::InternalError, "the store does not answer");
        }
        if let Err(violation) = self.react(site, shared, token, action, payload) {
            refuse_payload(shared, token, payload, &violation);
        }
    }

    /// Has the block of the action react to what the payload says.
    fn react(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        action: Action,
        payload: &Payload<'_>,
    ) -> Result<(), Violation> {
        let edition = self.edition;
        let message = decoding::call(shared, edition, action.as_str(), action.request(), payload)?;
        match action {
            #[cfg(feature = "security")]
            Action::CertificateSigned => {
                let request = message.view::<v2::CertificateSignedRequest>();
                certificates::on_signed(edition, site, shared, token, request);
            }
            Action::ChangeAvailability => {
                let request = message.view::<v2::ChangeAvailabilityRequest>();
                let (status, ticket) = on_change_availability(site, shared, request);
                answer_after(shared, ticket, token, status!(edition, ChangeAvailabilityResponse, status));
            }
            Action::ClearCache => {
                // C11.FR.04.
                let is_on = site.settings.is_on(Setting::AuthCacheEnabled);
                let cleared = if is_on { site.authorize.on_clear_cache(shared) } else { None };
                let (status, ticket) = match cleared {
                    Some(ticket) => (v2::ClearCacheStatus::Accepted, ticket),
                    None => (v2::ClearCacheStatus::Rejected, None),
                };
                answer_after(shared, ticket, token, status!(edition, ClearCacheResponse, status));
            }
            Action::CustomerInformation => {
                self.on_customer(site, shared, token, message.view::<v2::CustomerInformationRequest>());
            }
            Action::DataTransfer => {
                let request = message.view::<v2::DataTransferRequest>();
                data_transfer::on_data_transfer(edition, shared, token, request);
            }
            #[cfg(feature = "security")]
            Action::DeleteCertificate => {
                let request = message.view::<v2::DeleteCertificateRequest>();
                certificates::on_delete(edition, site, shared, token, request);
            }
            Action::GetBaseReport => {
                let request = message.view::<v2::GetBaseReportRequest>();
                let status = reports::on_base(&mut self.reports, site, shared, request);
                answer(shared, token, status!(edition, GetBaseReportResponse, status));
            }
            #[cfg(feature = "security")]
            Action::GetInstalledCertificateIds => {
                let request = message.view::<v2::GetInstalledCertificateIdsRequest>();
                certificates::on_list(edition, site, shared, token, request);
            }
            #[cfg(feature = "local_auth_list")]
            Action::GetLocalListVersion => {
                let response = v2::GetLocalListVersionResponse::to_json(edition, |mut response| {
                    response.version_number(local_list::version(site));
                });
                answer(shared, token, response);
            }
            #[cfg(feature = "security")]
            Action::GetLog => {
                let request = message.view::<v2::GetLogRequest>();
                firmware::on_get_log(edition, site, shared, token, request);
            }
            Action::GetReport => {
                let request = message.view::<v2::GetReportRequest>();
                reports::on_custom(edition, &mut self.reports, site, shared, token, request);
            }
            Action::GetTransactionStatus => {
                let request = message.view::<v2::GetTransactionStatusRequest>();
                answer(shared, token, remote::transaction_status(edition, site, request));
            }
            Action::GetVariables => {
                let request = message.view::<v2::GetVariablesRequest>();
                variables::on_get(edition, site, shared, token, request);
            }
            #[cfg(feature = "security")]
            Action::InstallCertificate => {
                let request = message.view::<v2::InstallCertificateRequest>();
                certificates::on_install(edition, site, shared, token, request);
            }
            Action::RequestStartTransaction => {
                let request = message.view::<v2::RequestStartTransactionRequest>();
                let response = remote::on_start(edition, site, shared, request);
                answer(shared, token, response);
            }
            Action::RequestStopTransaction => {
                let request = message.view::<v2::RequestStopTransactionRequest>();
                let (status, ticket) = remote::on_stop(site, shared, request);
                answer_after(shared, ticket, token, status!(edition, RequestStopTransactionResponse, status));
            }
            Action::Reset => {
                let request = message.view::<v2::ResetRequest>();
                let (status, ticket) = on_reset(site, shared, request);
                answer_after(shared, ticket, token, status!(edition, ResetResponse, status));
            }
            #[cfg(feature = "local_auth_list")]
            Action::SendLocalList => {
                let request = message.view::<v2::SendLocalListRequest>();
                let (status, ticket) = local_list::on_send(site, shared, request);
                answer_after(shared, ticket, token, status!(edition, SendLocalListResponse, status));
            }
            #[cfg(feature = "security")]
            Action::SetNetworkProfile => {
                let request = message.view::<v2::SetNetworkProfileRequest>();
                network::on_set(edition, shared, token, request, payload.raw().unwrap_or_default());
            }
            Action::SetVariables => {
                let request = message.view::<v2::SetVariablesRequest>();
                variables::on_set(edition, site, shared, token, request);
            }
            #[cfg(feature = "remote_trigger")]
            Action::TriggerMessage => {
                let request = message.view::<v2::TriggerMessageRequest>();
                let status = self.on_trigger(site, shared, request);
                answer(shared, token, status!(edition, TriggerMessageResponse, status));
            }
            #[cfg(feature = "security")]
            Action::UpdateFirmware => {
                let request = message.view::<v2::UpdateFirmwareRequest>();
                firmware::on_update(edition, site, shared, token, request);
            }
            Action::UnlockConnector => {
                let request = message.view::<v2::UnlockConnectorRequest>();
                if let Some(status) = on_unlock(site, shared, token, request) {
                    answer(shared, token, status!(edition, UnlockConnectorResponse, status));
                }
            }
            // `CARRIED_OUT` has no other.
            _ => shared.reply_error(token, ErrorCode::NotSupported, "not supported by this station"),
        }
        Ok(())
    }
}

/// What the station carries out.
const CARRIED_OUT: &[Action] = &[
    #[cfg(feature = "security")]
    Action::CertificateSigned,
    Action::ChangeAvailability,
    Action::ClearCache,
    Action::CustomerInformation,
    Action::DataTransfer,
    #[cfg(feature = "security")]
    Action::DeleteCertificate,
    Action::GetBaseReport,
    #[cfg(feature = "security")]
    Action::GetInstalledCertificateIds,
    #[cfg(feature = "local_auth_list")]
    Action::GetLocalListVersion,
    #[cfg(feature = "security")]
    Action::GetLog,
    Action::GetReport,
    Action::GetTransactionStatus,
    Action::GetVariables,
    #[cfg(feature = "security")]
    Action::InstallCertificate,
    Action::RequestStartTransaction,
    Action::RequestStopTransaction,
    Action::Reset,
    #[cfg(feature = "local_auth_list")]
    Action::SendLocalList,
    #[cfg(feature = "security")]
    Action::SetNetworkProfile,
    Action::SetVariables,
    #[cfg(feature = "remote_trigger")]
    Action::TriggerMessage,
    Action::UnlockConnector,
    #[cfg(feature = "security")]
    Action::UpdateFirmware,
];

/// Whether what the action asks for rests on a record.
fn is_stored(action: Action) -> bool {
    matches!(
        action,
        Action::ChangeAvailability
            | Action::ClearCache
            | Action::CustomerInformation
            | Action::GetLog
            | Action::Reset
            | Action::SendLocalList
            | Action::SetNetworkProfile
            | Action::SetVariables
            | Action::UpdateFirmware
    )
}

/// G03, G04.
fn on_change_availability(
    site: &mut Site,
    shared: &mut Shared,
    request: v2::ChangeAvailabilityRequest<'_>,
) -> (v2::ChangeAvailabilityStatus, Option<Ticket>) {
    let rejected = (v2::ChangeAvailabilityStatus::Rejected, None);
    let is_operative = match request.operational_status() {
        v2::OperationalStatus::Operative => true,
        v2::OperationalStatus::Inoperative => false,
        v2::OperationalStatus::Unrecognized => return rejected,
    };
    let (evse, connector) = match request.evse() {
        None => (None, None),
        Some(place) if place.id() == 0 && place.connector_id().is_none() => (None, None),
        Some(place) => {
            let Some(evse) = evse_of(shared, place.id()) else { return rejected };
            // One that is no number is none of the EVSE's.
            let connector = place.connector_id().map(|id| ConnectorId(u16::try_from(id).unwrap_or_default()));
            (Some(evse), connector)
        }
    };
    let (verdict, ticket) = site.on_change_availability(shared, evse, connector, is_operative);
    let status = match verdict {
        AvailabilityVerdict::Accepted => v2::ChangeAvailabilityStatus::Accepted,
        AvailabilityVerdict::Scheduled => v2::ChangeAvailabilityStatus::Scheduled,
        AvailabilityVerdict::Rejected => v2::ChangeAvailabilityStatus::Rejected,
    };
    (status, ticket)
}

/// B11, B12: of the station, or of an EVSE where the hardware can (B11.FR.09).
fn on_reset(site: &mut Site, shared: &mut Shared, request: v2::ResetRequest<'_>) -> (v2::ResetStatus, Option<Ticket>) {
    let info = request.r#type().as_str();
    match (request.evse_id(), request.r#type()) {
        (None, v2::ResetType::Immediate) => {
            let ticket = site.on_reset(shared, RebootKind::Hard, StopReason::ImmediateReset, info);
            (v2::ResetStatus::Accepted, ticket)
        }
        // B12.FR.01, B12.FR.03.
        (None, v2::ResetType::OnIdle) if site.is_charging() => {
            site.on_reset_when_idle(shared, RebootKind::Soft, info);
            (v2::ResetStatus::Scheduled, None)
        }
        (None, v2::ResetType::OnIdle) => {
            let ticket = site.on_reset(shared, RebootKind::Soft, StopReason::ImmediateReset, info);
            (v2::ResetStatus::Accepted, ticket)
        }
        (Some(id), kind) if shared.config.hardware.resets_evses => match (evse_of(shared, id), kind) {
            (Some(evse), v2::ResetType::Immediate) => (v2::ResetStatus::Accepted, site.on_reset_evse(shared, evse)),
            (Some(evse), v2::ResetType::OnIdle) if site.on_reset_evse_when_idle(evse) => {
                (v2::ResetStatus::Accepted, None)
            }
            (Some(_), v2::ResetType::OnIdle) => (v2::ResetStatus::Scheduled, None),
            _ => (v2::ResetStatus::Rejected, None),
        },
        _ => (v2::ResetStatus::Rejected, None),
    }
}

/// F05. None if the lock's word is waited for.
fn on_unlock(
    site: &mut Site,
    shared: &mut Shared,
    token: ReplyToken,
    request: v2::UnlockConnectorRequest<'_>,
) -> Option<v2::UnlockStatus> {
    // F05.FR.03.
    let unknown = Some(v2::UnlockStatus::UnknownConnector);
    let Some(evse) = evse_of(shared, request.evse_id()) else { return unknown };
    if !(1..=i64::from(shared.config.connectors_of(evse))).contains(&request.connector_id()) {
        return unknown;
    }
    let spot = Spot { evse, connector: ConnectorId(u16::try_from(request.connector_id()).unwrap_or_default()) };
    // F05.FR.02: of the connector in use; the others are nobody's.
    if shared.plugs.active(evse) == spot && site.charges_somebody(evse) {
        return Some(v2::UnlockStatus::OngoingAuthorizedTransaction);
    }
    // F05.FR.05: a fixed cable has no lock.
    let is_asked = site.unlock(shared, token, spot);
    if is_asked { None } else { Some(v2::UnlockStatus::UnlockFailed) }
}
