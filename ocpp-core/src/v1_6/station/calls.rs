//! Calls of the CSMS: each goes to the block of its action, and is answered now, after a record, or by the application.

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::tables::v1_6::{self, Action};
use ocpp_types::tables::{Parsed, View as _};

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
use super::{EDITION, Face, configuration, data_transfer};
use crate::face::answers::{Written, answer, answer_after, refuse_payload};
use crate::face::decoding;
use crate::site::Site;
use crate::site::bearer::Grant;
use crate::site::plugs::Spot;
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
    pub fn on_call(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        action: &str,
        payload: &Payload<'_>,
    ) {
        let Some(action) = Action::find(action, EDITION) else {
            return shared.reply_error(token, ErrorCode::NotImplemented, "unknown action");
        };
        if is_stored(action) && shared.is_store_stuck() {
            return shared.reply_error(token, ErrorCode::InternalError, "the store does not answer");
        }
        let read = if is_carried_out(action) {
            decoding::call(shared, EDITION, action.as_str(), action.request(), payload).map(Some)
        } else {
            payload.raw().map(|_| None)
        };
        match read {
            Ok(Some(message)) => self.react(site, shared, token, action, &message),
            Ok(None) => shared.reply_error(token, ErrorCode::NotSupported, "not supported by this station"),
            Err(violation) => refuse_payload(shared, token, payload, &violation),
        }
    }

    /// Has the block of the action react to what the call says.
    fn react(&mut self, site: &mut Site, shared: &mut Shared, token: ReplyToken, action: Action, message: &Parsed<'_>) {
        match action {
            #[cfg(feature = "reservation")]
            Action::CancelReservation => {
                let request = message.view::<v1_6::CancelReservationRequest>();
                let ticket = site.reservations.on_cancel(&mut shared.store, request.reservation_id());
                let status = if ticket.is_some() {
                    v1_6::CancelReservationStatus::Accepted
                } else {
                    v1_6::CancelReservationStatus::Rejected
                };
                answer_after(shared, ticket, token, status!(CancelReservationResponse, status));
            }
            #[cfg(feature = "security")]
            Action::CertificateSigned => {
                let request = message.view::<v1_6::CertificateSignedRequest>();
                let chain = request.certificate_chain();
                let (certificates, mut desk) = site.certificates(shared);
                certificates.on_signed(&mut desk, token, Envelope::Plain, CertificateUse::Station, chain);
            }
            Action::ChangeAvailability => {
                let request = message.view::<v1_6::ChangeAvailabilityRequest>();
                let (status, ticket) = on_change_availability(site, shared, request);
                answer_after(shared, ticket, token, status!(ChangeAvailabilityResponse, status));
            }
            Action::ChangeConfiguration => {
                let request = message.view::<v1_6::ChangeConfigurationRequest>();
                let (status, ticket) = configuration::on_change(site, shared, request);
                answer_after(shared, ticket, token, status!(ChangeConfigurationResponse, status));
            }
            Action::ClearCache => {
                let (status, ticket) = match site.authorize.on_clear_cache(shared) {
                    Some(ticket) => (v1_6::ClearCacheStatus::Accepted, ticket),
                    None => (v1_6::ClearCacheStatus::Rejected, None),
                };
                answer_after(shared, ticket, token, status!(ClearCacheResponse, status));
            }
            #[cfg(feature = "smart_charging")]
            Action::ClearChargingProfile => {
                let request = message.view::<v1_6::ClearChargingProfileRequest>();
                smart_charging::on_clear(site, shared, token, request);
            }
            #[cfg(feature = "security")]
            Action::DeleteCertificate => {
                let request = message.view::<v1_6::DeleteCertificateRequest>();
                certificates::on_delete(site, shared, token, request);
            }
            #[cfg(feature = "security")]
            Action::ExtendedTriggerMessage => {
                let request = message.view::<v1_6::ExtendedTriggerMessageRequest>();
                let status = self.on_extended_trigger(site, shared, request);
                answer(shared, token, status!(ExtendedTriggerMessageResponse, status));
            }
            #[cfg(feature = "smart_charging")]
            Action::GetCompositeSchedule => {
                let request = message.view::<v1_6::GetCompositeScheduleRequest>();
                smart_charging::on_get_composite(site, shared, token, request);
            }
            Action::GetConfiguration => {
                let request = message.view::<v1_6::GetConfigurationRequest>();
                match configuration::on_get(&site.settings, request) {
                    Some(response) => answer(shared, token, response),
                    None => {
                        let code = ErrorCode::PropertyConstraintViolation;
                        shared.reply_error(token, code, "more than GetConfigurationMaxKeys");
                    }
                }
            }
            #[cfg(feature = "firmware_management")]
            Action::GetDiagnostics => {
                let request = message.view::<v1_6::GetDiagnosticsRequest>();
                let request = firmware::diagnostics_request(request);
                site.firmware.on_upload(shared, &mut site.replies, token, request);
            }
            #[cfg(feature = "security")]
            Action::GetInstalledCertificateIds => {
                let request = message.view::<v1_6::GetInstalledCertificateIdsRequest>();
                certificates::on_list(site, shared, token, request);
            }
            #[cfg(feature = "security")]
            Action::GetLog => {
                let request = message.view::<v1_6::GetLogRequest>();
                match firmware::log_request(request) {
                    Some(request) => site.firmware.on_upload(shared, &mut site.replies, token, request),
                    None => answer(shared, token, status!(GetLogResponse, v1_6::LogStatus::Rejected)),
                }
            }
            #[cfg(feature = "local_auth_list")]
            Action::GetLocalListVersion => {
                let version = site.authorize.list.version(&site.settings);
                let response = v1_6::GetLocalListVersionResponse::to_json(EDITION, |mut response| {
                    response.list_version(version);
                });
                answer(shared, token, response);
            }
            #[cfg(feature = "security")]
            Action::InstallCertificate => {
                let request = message.view::<v1_6::InstallCertificateRequest>();
                certificates::on_install(site, shared, token, request);
            }
            Action::RemoteStartTransaction => {
                let request = message.view::<v1_6::RemoteStartTransactionRequest>();
                let status = on_remote_start(site, shared, request);
                answer(shared, token, status!(RemoteStartTransactionResponse, status));
            }
            Action::RemoteStopTransaction => {
                let request = message.view::<v1_6::RemoteStopTransactionRequest>();
                let transaction = site.journal.find(request.transaction_id());
                let (status, ticket) = match transaction.and_then(|found| site.on_remote_stop(shared, found)) {
                    Some(ticket) => (v1_6::RemoteStartStopStatus::Accepted, ticket),
                    None => (v1_6::RemoteStartStopStatus::Rejected, None),
                };
                answer_after(shared, ticket, token, status!(RemoteStopTransactionResponse, status));
            }
            #[cfg(feature = "reservation")]
            Action::ReserveNow => {
                let request = message.view::<v1_6::ReserveNowRequest>();
                let (status, ticket) = on_reserve(site, shared, request);
                answer_after(shared, ticket, token, status!(ReserveNowResponse, status));
            }
            Action::Reset => {
                let request = message.view::<v1_6::ResetRequest>();
                let info = request.r#type().as_str();
                let (status, ticket) = match request.r#type() {
                    v1_6::ResetType::Soft => {
                        let ticket = site.on_reset(shared, RebootKind::Soft, StopReason::SoftReset, info);
                        (v1_6::ResetStatus::Accepted, ticket)
                    }
                    v1_6::ResetType::Hard => {
                        let ticket = site.on_reset(shared, RebootKind::Hard, StopReason::HardReset, info);
                        (v1_6::ResetStatus::Accepted, ticket)
                    }
                    v1_6::ResetType::Unrecognized => (v1_6::ResetStatus::Rejected, None),
                };
                answer_after(shared, ticket, token, status!(ResetResponse, status));
            }
            #[cfg(feature = "local_auth_list")]
            Action::SendLocalList => {
                let request = message.view::<v1_6::SendLocalListRequest>();
                let (status, ticket) = on_send_local_list(site, shared, request);
                answer_after(shared, ticket, token, status!(SendLocalListResponse, status));
            }
            #[cfg(feature = "smart_charging")]
            Action::SetChargingProfile => {
                let request = message.view::<v1_6::SetChargingProfileRequest>();
                smart_charging::on_set(site, shared, token, request);
            }
            #[cfg(feature = "security")]
            Action::SignedUpdateFirmware => {
                let request = message.view::<v1_6::SignedUpdateFirmwareRequest>();
                let (certificates, mut desk) = site.certificates(shared);
                certificates.on_signed_update(&mut desk, token, firmware::signed_firmware_request(request));
            }
            #[cfg(feature = "remote_trigger")]
            Action::TriggerMessage => {
                let request = message.view::<v1_6::TriggerMessageRequest>();
                let status = self.on_trigger(site, shared, request);
                answer(shared, token, status!(TriggerMessageResponse, status));
            }
            // 1.6 security L01.FR.20. A station without a profile is one of plain 1.6.
            #[cfg(feature = "security")]
            Action::UpdateFirmware if shared.access.profile() > 0 => {
                shared.reply_error(token, ErrorCode::NotSupported, "firmware must be signed");
            }
            #[cfg(feature = "firmware_management")]
            Action::UpdateFirmware => {
                let request = message.view::<v1_6::UpdateFirmwareRequest>();
                match site.firmware.on_update(shared, firmware::firmware_request(request)) {
                    Some(accepted) => {
                        answer_after(
                            shared,
                            Some(accepted.ticket),
                            token,
                            v1_6::UpdateFirmwareResponse::to_json(EDITION, |_| {}),
                        );
                    }
                    None => shared.reply_error(token, ErrorCode::InternalError, "firmware is being installed"),
                }
            }
            Action::UnlockConnector => {
                let request = message.view::<v1_6::UnlockConnectorRequest>();
                let spot = u16::try_from(request.connector_id()).map(|number| spot(shared, number));
                // A fixed cable and an unknown connector are not supported (1.6 §7.46, errata 3.87).
                if !spot.is_ok_and(|spot| site.unlock(shared, token, spot)) {
                    answer(shared, token, unlock_response(UnlockVerdict::Unknown));
                }
            }
            Action::DataTransfer => {
                let request = message.view::<v1_6::DataTransferRequest>();
                #[cfg(feature = "california_pricing")]
                if pricing::is_ours(&site.settings, request) {
                    pricing::on_message(site, shared, token, request);
                    return;
                }
                #[cfg(feature = "plug_and_charge")]
                if plug_and_charge::is_ours(&site.settings, request) {
                    plug_and_charge::on_call(site, shared, token, request);
                    return;
                }
                data_transfer::on_data_transfer(shared, token, request);
            }
            // None that is carried out.
            _ => {}
        }
    }
}

/// 1.6 §5.2. A number out of range is that of no connector.
fn on_change_availability(
    site: &mut Site,
    shared: &mut Shared,
    request: v1_6::ChangeAvailabilityRequest<'_>,
) -> (v1_6::AvailabilityStatus, Option<Ticket>) {
    let rejected = (v1_6::AvailabilityStatus::Rejected, None);
    let is_operative = match request.r#type() {
        v1_6::AvailabilityType::Operative => true,
        v1_6::AvailabilityType::Inoperative => false,
        v1_6::AvailabilityType::Unrecognized => return rejected,
    };
    let Ok(number) = u16::try_from(request.connector_id()) else { return rejected };
    let place = (number > 0).then(|| spot(shared, number));
    let (evse, connector) = (place.map(|spot| spot.evse), place.map(|spot| spot.connector));
    let (verdict, ticket) = site.on_change_availability(shared, evse, connector, is_operative);
    let status = match verdict {
        AvailabilityVerdict::Accepted => v1_6::AvailabilityStatus::Accepted,
        AvailabilityVerdict::Scheduled => v1_6::AvailabilityStatus::Scheduled,
        AvailabilityVerdict::Rejected => v1_6::AvailabilityStatus::Rejected,
    };
    (status, ticket)
}

/// The connector of a number.
fn spot(shared: &Shared, number: u16) -> Spot {
    let (evse, connector) = shared.config.place_of(number);
    Spot { evse, connector }
}

/// 1.6 §5.11.
fn on_remote_start(
    site: &mut Site,
    shared: &mut Shared,
    request: v1_6::RemoteStartTransactionRequest<'_>,
) -> v1_6::RemoteStartStopStatus {
    // A number out of range is that of no connector.
    let wanted = request.connector_id().map(|id| shared.config.place_of(u16::try_from(id).unwrap_or_default()).0);
    let token = IdToken::new(request.id_tag());
    #[cfg(feature = "smart_charging")]
    let Ok(profile) = smart_charging::of_remote_start(shared, request.charging_profile()) else {
        return v1_6::RemoteStartStopStatus::Rejected;
    };
    // A profile is ignored where there is no smart charging (1.6 §5.11).
    #[cfg(not(feature = "smart_charging"))]
    let profile = None;
    if site.on_remote_start(shared, wanted, Grant::of(token), profile) {
        v1_6::RemoteStartStopStatus::Accepted
    } else {
        v1_6::RemoteStartStopStatus::Rejected
    }
}

/// 1.6 §5.13. A connector is kept with its EVSE: whoever used another one of it would take this one too (2.x H01 reserves EVSEs).
#[cfg(feature = "reservation")]
fn on_reserve(
    site: &mut Site,
    shared: &mut Shared,
    request: v1_6::ReserveNowRequest<'_>,
) -> (v1_6::ReservationStatus, Option<Ticket>) {
    let Ok(number) = u16::try_from(request.connector_id()) else { return (v1_6::ReservationStatus::Rejected, None) };
    let reservation = Reservation {
        id: request.reservation_id(),
        token: IdToken::new(request.id_tag()),
        group: request.parent_id_tag().map(IdToken::new),
        expiry_ms: request.expiry_date().0,
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
    request: v1_6::SendLocalListRequest<'_>,
) -> (v1_6::UpdateStatus, Option<Ticket>) {
    let is_full = match request.update_type() {
        v1_6::UpdateType::Full => true,
        v1_6::UpdateType::Differential => false,
        v1_6::UpdateType::Unrecognized => return (v1_6::UpdateStatus::Failed, None),
    };
    // What such an entry allows is not known here (1.6 §7.2): the list is not taken, rather than another one (§7.45 Failed).
    let is_unknown = |info: v1_6::IdTagInfo<'_>| info.status() == v1_6::AuthorizationStatus::Unrecognized;
    if request.local_authorization_list().any(|data| data.id_tag_info().is_some_and(is_unknown)) {
        return (v1_6::UpdateStatus::Failed, None);
    }
    let changes = request.local_authorization_list();
    let changes =
        changes.map(|data| (IdToken::new(data.id_tag()), data.id_tag_info().map(messages::token_info))).collect();
    let list = &mut site.authorize.list;
    match list.on_send(shared, &site.settings, request.list_version(), is_full, changes) {
        Ok(ticket) => (v1_6::UpdateStatus::Accepted, Some(ticket)),
        Err(ListRefusal::Disabled) => (v1_6::UpdateStatus::NotSupported, None),
        Err(ListRefusal::Version) => (v1_6::UpdateStatus::VersionMismatch, None),
        Err(ListRefusal::Failed) => (v1_6::UpdateStatus::Failed, None),
    }
}

/// The answer to an UnlockConnector (1.6 §5.18).
pub(super) fn unlock_response(verdict: UnlockVerdict) -> Written {
    let status = match verdict {
        UnlockVerdict::Unlocked => v1_6::UnlockStatus::Unlocked,
        UnlockVerdict::Failed => v1_6::UnlockStatus::UnlockFailed,
        UnlockVerdict::Unknown => v1_6::UnlockStatus::NotSupported,
    };
    status!(UnlockConnectorResponse, status)
}

/// Whether the station carries out such a call, with the blocks that are built in.
fn is_carried_out(action: Action) -> bool {
    match action {
        Action::ChangeAvailability
        | Action::ChangeConfiguration
        | Action::ClearCache
        | Action::DataTransfer
        | Action::GetConfiguration
        | Action::RemoteStartTransaction
        | Action::RemoteStopTransaction
        | Action::Reset
        | Action::UnlockConnector => true,
        Action::CancelReservation | Action::ReserveNow => cfg!(feature = "reservation"),
        Action::ClearChargingProfile | Action::GetCompositeSchedule | Action::SetChargingProfile => {
            cfg!(feature = "smart_charging")
        }
        Action::GetDiagnostics | Action::UpdateFirmware => cfg!(feature = "firmware_management"),
        Action::GetLocalListVersion | Action::SendLocalList => cfg!(feature = "local_auth_list"),
        Action::TriggerMessage => cfg!(feature = "remote_trigger"),
        Action::CertificateSigned
        | Action::DeleteCertificate
        | Action::ExtendedTriggerMessage
        | Action::GetInstalledCertificateIds
        | Action::GetLog
        | Action::InstallCertificate
        | Action::SignedUpdateFirmware => cfg!(feature = "security"),
        // What a station says itself.
        Action::Authorize
        | Action::BootNotification
        | Action::DiagnosticsStatusNotification
        | Action::FirmwareStatusNotification
        | Action::Heartbeat
        | Action::LogStatusNotification
        | Action::MeterValues
        | Action::SecurityEventNotification
        | Action::SignCertificate
        | Action::SignedFirmwareStatusNotification
        | Action::StartTransaction
        | Action::StatusNotification
        | Action::StopTransaction => false,
    }
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
            | Action::Reset
            | Action::SendLocalList
            | Action::SetChargingProfile
            | Action::SignedUpdateFirmware
            | Action::UpdateFirmware
    )
}
