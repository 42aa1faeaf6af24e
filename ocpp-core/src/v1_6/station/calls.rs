//! Calls of the CSMS: each goes to the block of its action, and is answered now, after a record, or by the application.

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::v1_6::{self, Action};
use ocpp_types::violation::Violation;

use super::answers::{answer, answer_after, refuse_payload};
#[cfg(feature = "security")]
use super::certificates;
#[cfg(feature = "firmware_management")]
use super::firmware;
#[cfg(feature = "local_auth_list")]
use super::messages;
#[cfg(feature = "plug_and_charge")]
use super::plug_and_charge;
#[cfg(feature = "california_pricing")]
use super::pricing;
#[cfg(feature = "smart_charging")]
use super::smart_charging;
use super::{Face, configuration, data_transfer, decoding};
use crate::site::Site;
#[cfg(feature = "reservation")]
use crate::site::reservation::Reservation;
use crate::site::shared::Shared;
#[cfg(feature = "security")]
use crate::site::verdict::Envelope;
#[cfg(feature = "local_auth_list")]
use crate::site::verdict::ListRefusal;
#[cfg(feature = "reservation")]
use crate::site::verdict::ReserveVerdict;
use crate::site::verdict::{AvailabilityVerdict, UnlockVerdict};
#[cfg(feature = "security")]
use crate::station::CertificateUse;
use crate::station::{IdToken, RebootKind, StopReason};
use crate::store::Ticket;

impl Face {
    /// A call of the CSMS.
    pub(super) fn on_call(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        action: &str,
        payload: &Payload<'_>,
    ) {
        let Ok(action) = action.parse() else {
            return shared.reply_error(token, ErrorCode::NotImplemented, "unknown action");
        };
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
        match action {
            #[cfg(feature = "reservation")]
            Action::CancelReservation => {
                let request: v1_6::CancelReservationRequest = decoding::call(shared, action.as_str(), payload)?;
                let ticket = site.reservations.on_cancel(&mut shared.store, request.reservation_id);
                let status = if ticket.is_some() {
                    v1_6::CancelReservationStatus::Accepted
                } else {
                    v1_6::CancelReservationStatus::Rejected
                };
                answer_after(shared, ticket, token, &v1_6::CancelReservationResponse::new(status));
            }
            #[cfg(feature = "security")]
            Action::CertificateSigned => {
                let request: v1_6::CertificateSignedRequest = decoding::call(shared, action.as_str(), payload)?;
                let chain = request.certificate_chain.as_str();
                let (certificates, mut desk) = site.certificates(shared);
                certificates.on_signed(&mut desk, token, Envelope::Plain, CertificateUse::Station, chain);
            }
            Action::ChangeAvailability => {
                let request: v1_6::ChangeAvailabilityRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = on_change_availability(site, shared, &request);
                answer_after(shared, ticket, token, &v1_6::ChangeAvailabilityResponse::new(status));
            }
            Action::ChangeConfiguration => {
                let request: v1_6::ChangeConfigurationRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = configuration::on_change(site, shared, &request);
                answer_after(shared, ticket, token, &v1_6::ChangeConfigurationResponse::new(status));
            }
            Action::ClearCache => {
                decoding::call::<v1_6::ClearCacheRequest>(shared, action.as_str(), payload)?;
                let (status, ticket) = match site.authorize.on_clear_cache(shared) {
                    Some(ticket) => (v1_6::ClearCacheStatus::Accepted, ticket),
                    None => (v1_6::ClearCacheStatus::Rejected, None),
                };
                answer_after(shared, ticket, token, &v1_6::ClearCacheResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            Action::ClearChargingProfile => {
                let request: v1_6::ClearChargingProfileRequest = decoding::call(shared, action.as_str(), payload)?;
                smart_charging::on_clear(site, shared, token, &request);
            }
            #[cfg(feature = "security")]
            Action::DeleteCertificate => {
                let request: v1_6::DeleteCertificateRequest = decoding::call(shared, action.as_str(), payload)?;
                certificates::on_delete(site, shared, token, &request);
            }
            #[cfg(feature = "security")]
            Action::ExtendedTriggerMessage => {
                let request: v1_6::ExtendedTriggerMessageRequest = decoding::call(shared, action.as_str(), payload)?;
                let status = self.on_extended_trigger(site, shared, &request);
                answer(shared, token, &v1_6::ExtendedTriggerMessageResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            Action::GetCompositeSchedule => {
                let request: v1_6::GetCompositeScheduleRequest = decoding::call(shared, action.as_str(), payload)?;
                smart_charging::on_get_composite(site, shared, token, &request);
            }
            Action::GetConfiguration => {
                let request: v1_6::GetConfigurationRequest = decoding::call(shared, action.as_str(), payload)?;
                match configuration::on_get(&site.settings, &request) {
                    Some(response) => answer(shared, token, &response),
                    None => {
                        let code = ErrorCode::PropertyConstraintViolation;
                        shared.reply_error(token, code, "more than GetConfigurationMaxKeys");
                    }
                }
            }
            #[cfg(feature = "firmware_management")]
            Action::GetDiagnostics => {
                let request: v1_6::GetDiagnosticsRequest = decoding::call(shared, action.as_str(), payload)?;
                let response = firmware::on_get_diagnostics(site, shared, &request);
                answer(shared, token, &response);
            }
            #[cfg(feature = "security")]
            Action::GetInstalledCertificateIds => {
                let request: v1_6::GetInstalledCertificateIdsRequest =
                    decoding::call(shared, action.as_str(), payload)?;
                certificates::on_list(site, shared, token, &request);
            }
            #[cfg(feature = "security")]
            Action::GetLog => {
                let request: v1_6::GetLogRequest = decoding::call(shared, action.as_str(), payload)?;
                let response = firmware::on_get_log(site, shared, &request);
                answer(shared, token, &response);
            }
            #[cfg(feature = "local_auth_list")]
            Action::GetLocalListVersion => {
                decoding::call::<v1_6::GetLocalListVersionRequest>(shared, action.as_str(), payload)?;
                let version = site.authorize.list.version(&site.settings);
                answer(shared, token, &v1_6::GetLocalListVersionResponse::new(version));
            }
            #[cfg(feature = "security")]
            Action::InstallCertificate => {
                let request: v1_6::InstallCertificateRequest = decoding::call(shared, action.as_str(), payload)?;
                certificates::on_install(site, shared, token, &request);
            }
            Action::RemoteStartTransaction => {
                let request: v1_6::RemoteStartTransactionRequest = decoding::call(shared, action.as_str(), payload)?;
                let status = on_remote_start(site, shared, &request);
                answer(shared, token, &v1_6::RemoteStartTransactionResponse::new(status));
            }
            Action::RemoteStopTransaction => {
                let request: v1_6::RemoteStopTransactionRequest = decoding::call(shared, action.as_str(), payload)?;
                let transaction = site.journal.find(request.transaction_id);
                let (status, ticket) = match transaction.and_then(|found| site.on_remote_stop(shared, found)) {
                    Some(ticket) => (v1_6::RemoteStartStopStatus::Accepted, ticket),
                    None => (v1_6::RemoteStartStopStatus::Rejected, None),
                };
                answer_after(shared, ticket, token, &v1_6::RemoteStopTransactionResponse::new(status));
            }
            #[cfg(feature = "reservation")]
            Action::ReserveNow => {
                let request: v1_6::ReserveNowRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = on_reserve(site, shared, &request);
                answer_after(shared, ticket, token, &v1_6::ReserveNowResponse::new(status));
            }
            Action::Reset => {
                let request: v1_6::ResetRequest = decoding::call(shared, action.as_str(), payload)?;
                let info = request.r#type.as_str();
                let (status, ticket) = match request.r#type {
                    v1_6::ResetType::Soft => {
                        let ticket = site.on_reset(shared, RebootKind::Soft, StopReason::SoftReset, info);
                        (v1_6::ResetStatus::Accepted, ticket)
                    }
                    v1_6::ResetType::Hard => {
                        let ticket = site.on_reset(shared, RebootKind::Hard, StopReason::HardReset, info);
                        (v1_6::ResetStatus::Accepted, ticket)
                    }
                    v1_6::ResetType::Unrecognized(_) => (v1_6::ResetStatus::Rejected, None),
                };
                answer_after(shared, ticket, token, &v1_6::ResetResponse::new(status));
            }
            #[cfg(feature = "local_auth_list")]
            Action::SendLocalList => {
                let request: v1_6::SendLocalListRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = on_send_local_list(site, shared, &request);
                answer_after(shared, ticket, token, &v1_6::SendLocalListResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            Action::SetChargingProfile => {
                let request: v1_6::SetChargingProfileRequest = decoding::call(shared, action.as_str(), payload)?;
                smart_charging::on_set(site, shared, token, &request);
            }
            #[cfg(feature = "security")]
            Action::SignedUpdateFirmware => {
                let request: v1_6::SignedUpdateFirmwareRequest = decoding::call(shared, action.as_str(), payload)?;
                let (certificates, mut desk) = site.certificates(shared);
                certificates.on_signed_update(&mut desk, token, firmware::signed_firmware_request(&request));
            }
            #[cfg(feature = "remote_trigger")]
            Action::TriggerMessage => {
                let request: v1_6::TriggerMessageRequest = decoding::call(shared, action.as_str(), payload)?;
                let status = self.on_trigger(site, shared, &request);
                answer(shared, token, &v1_6::TriggerMessageResponse::new(status));
            }
            // 1.6 security L01.FR.20. A station without a profile is one of plain 1.6.
            #[cfg(feature = "security")]
            Action::UpdateFirmware if shared.access.profile() > 0 => {
                decoding::call::<v1_6::UpdateFirmwareRequest>(shared, action.as_str(), payload)?;
                shared.reply_error(token, ErrorCode::NotSupported, "firmware must be signed");
            }
            #[cfg(feature = "firmware_management")]
            Action::UpdateFirmware => {
                let request: v1_6::UpdateFirmwareRequest = decoding::call(shared, action.as_str(), payload)?;
                match site.firmware.on_update(shared, firmware::firmware_request(&request)) {
                    Some(accepted) => {
                        answer_after(shared, Some(accepted.ticket), token, &v1_6::UpdateFirmwareResponse::new());
                    }
                    None => shared.reply_error(token, ErrorCode::InternalError, "firmware is being installed"),
                }
            }
            Action::UnlockConnector => {
                let request: v1_6::UnlockConnectorRequest = decoding::call(shared, action.as_str(), payload)?;
                let evse = u16::try_from(request.connector_id).map(|number| shared.config.place_of(number).0);
                // A fixed cable and an unknown connector are not supported (1.6 §7.46, errata 3.87).
                if !evse.is_ok_and(|evse| site.unlock(shared, token, evse)) {
                    answer(shared, token, &unlock_response(UnlockVerdict::Unknown));
                }
            }
            Action::DataTransfer => {
                let request: v1_6::DataTransferRequest = decoding::call(shared, action.as_str(), payload)?;
                #[cfg(feature = "california_pricing")]
                if pricing::is_ours(&site.settings, &request) {
                    pricing::on_message(site, shared, token, &request);
                    return Ok(());
                }
                #[cfg(feature = "plug_and_charge")]
                if plug_and_charge::is_ours(&site.settings, &request) {
                    plug_and_charge::on_call(site, shared, token, &request);
                    return Ok(());
                }
                data_transfer::on_data_transfer(shared, token, &request);
            }
            _ => {
                payload.raw()?;
                shared.reply_error(token, ErrorCode::NotSupported, "not supported by this station");
            }
        }
        Ok(())
    }
}

/// 1.6 §5.2. A number out of range is that of no connector.
fn on_change_availability(
    site: &mut Site,
    shared: &mut Shared,
    request: &v1_6::ChangeAvailabilityRequest,
) -> (v1_6::AvailabilityStatus, Option<Ticket>) {
    let rejected = (v1_6::AvailabilityStatus::Rejected, None);
    let is_operative = match request.r#type {
        v1_6::AvailabilityType::Operative => true,
        v1_6::AvailabilityType::Inoperative => false,
        v1_6::AvailabilityType::Unrecognized(_) => return rejected,
    };
    let Ok(number) = u16::try_from(request.connector_id) else { return rejected };
    let evse = (number > 0).then_some(shared.config.place_of(number).0);
    let (verdict, ticket) = site.on_change_availability(shared, evse, is_operative);
    let status = match verdict {
        AvailabilityVerdict::Accepted => v1_6::AvailabilityStatus::Accepted,
        AvailabilityVerdict::Scheduled => v1_6::AvailabilityStatus::Scheduled,
        AvailabilityVerdict::Rejected => v1_6::AvailabilityStatus::Rejected,
    };
    (status, ticket)
}

/// 1.6 §5.11.
fn on_remote_start(
    site: &mut Site,
    shared: &mut Shared,
    request: &v1_6::RemoteStartTransactionRequest,
) -> v1_6::RemoteStartStopStatus {
    // A number out of range is that of no connector.
    let wanted = request.connector_id.map(|id| shared.config.place_of(u16::try_from(id).unwrap_or_default()).0);
    let token = IdToken::new(request.id_tag.as_str());
    #[cfg(feature = "smart_charging")]
    let Ok(profile) = smart_charging::of_remote_start(shared, request.charging_profile.as_deref()) else {
        return v1_6::RemoteStartStopStatus::Rejected;
    };
    // A profile is ignored where there is no smart charging (1.6 §5.11).
    #[cfg(not(feature = "smart_charging"))]
    let profile = None;
    if site.on_remote_start(shared, wanted, token, None, profile) {
        v1_6::RemoteStartStopStatus::Accepted
    } else {
        v1_6::RemoteStartStopStatus::Rejected
    }
}

/// 1.6 §5.13.
#[cfg(feature = "reservation")]
fn on_reserve(
    site: &mut Site,
    shared: &mut Shared,
    request: &v1_6::ReserveNowRequest,
) -> (v1_6::ReservationStatus, Option<Ticket>) {
    let Ok(number) = u16::try_from(request.connector_id) else { return (v1_6::ReservationStatus::Rejected, None) };
    let reservation = Reservation {
        id: request.reservation_id,
        token: IdToken::new(request.id_tag.as_str()),
        group: request.parent_id_tag.as_ref().map(|tag| IdToken::new(tag.as_str())),
        expiry_ms: request.expiry_date.timestamp_millis(),
    };
    let (verdict, ticket) = site.on_reserve(shared, shared.config.place_of(number).0, reservation);
    let status = match verdict {
        ReserveVerdict::Accepted => v1_6::ReservationStatus::Accepted,
        ReserveVerdict::Faulted => v1_6::ReservationStatus::Faulted,
        ReserveVerdict::Occupied => v1_6::ReservationStatus::Occupied,
        ReserveVerdict::Unavailable => v1_6::ReservationStatus::Unavailable,
        ReserveVerdict::Rejected => v1_6::ReservationStatus::Rejected,
    };
    (status, ticket)
}

/// 1.6 §5.15.
#[cfg(feature = "local_auth_list")]
fn on_send_local_list(
    site: &mut Site,
    shared: &mut Shared,
    request: &v1_6::SendLocalListRequest,
) -> (v1_6::UpdateStatus, Option<Ticket>) {
    let is_full = match request.update_type {
        v1_6::UpdateType::Full => true,
        v1_6::UpdateType::Differential => false,
        v1_6::UpdateType::Unrecognized(_) => return (v1_6::UpdateStatus::Failed, None),
    };
    // What such an entry allows is not known here (1.6 §7.2): the list is not taken, rather than another one (§7.45 Failed).
    let is_unknown = |info: &v1_6::IdTagInfo| matches!(info.status, v1_6::AuthorizationStatus::Unrecognized(_));
    let mut entries = request.local_authorization_list.iter();
    if entries.any(|data| data.id_tag_info.as_ref().is_some_and(is_unknown)) {
        return (v1_6::UpdateStatus::Failed, None);
    }
    let changes = request.local_authorization_list.iter();
    let changes = changes
        .map(|data| (IdToken::new(data.id_tag.as_str()), data.id_tag_info.as_ref().map(messages::token_info)))
        .collect();
    let list = &mut site.authorize.list;
    match list.on_send(shared, &site.settings, request.list_version, is_full, changes) {
        Ok(ticket) => (v1_6::UpdateStatus::Accepted, Some(ticket)),
        Err(ListRefusal::Disabled) => (v1_6::UpdateStatus::NotSupported, None),
        Err(ListRefusal::Version) => (v1_6::UpdateStatus::VersionMismatch, None),
        Err(ListRefusal::Failed) => (v1_6::UpdateStatus::Failed, None),
    }
}

/// The answer to an UnlockConnector (1.6 §5.18).
pub(super) fn unlock_response(verdict: UnlockVerdict) -> v1_6::UnlockConnectorResponse {
    v1_6::UnlockConnectorResponse::new(match verdict {
        UnlockVerdict::Unlocked => v1_6::UnlockStatus::Unlocked,
        UnlockVerdict::Failed => v1_6::UnlockStatus::UnlockFailed,
        UnlockVerdict::Unknown => v1_6::UnlockStatus::NotSupported,
    })
}

/// Whether what the action asks for rests on a record.
fn is_stored(action: Action) -> bool {
    matches!(
        action,
        Action::CancelReservation
            | Action::ChangeAvailability
            | Action::ChangeConfiguration
            | Action::ClearCache
            | Action::ClearChargingProfile
            | Action::GetDiagnostics
            | Action::GetLog
            | Action::ReserveNow
            | Action::SendLocalList
            | Action::SetChargingProfile
            | Action::SignedUpdateFirmware
            | Action::UpdateFirmware
    )
}
