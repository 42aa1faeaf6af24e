//! Calls of the CSMS: each goes to the block of its action, and is answered now, after a record, or by the application.

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::codec::Encode;
use ocpp_types::v1_6::{self, Action};
use ocpp_types::violation::Violation;

#[cfg(feature = "security")]
use super::security;
#[cfg(feature = "security")]
use super::settings::AnyKey;
use super::{Machine, configuration, decoding, index};
use crate::MisuseError;
use crate::shared::Shared;
use crate::station::{Event, EvseId, IdToken, SecurityEventKind, StopReason};
use crate::store::Ticket;
use compact_str::ToCompactString;

impl Machine {
    /// A call of the CSMS.
    pub(super) fn on_call(&mut self, shared: &mut Shared, token: ReplyToken, action: &str, payload: &Payload<'_>) {
        let Ok(action) = action.parse() else {
            return shared.reply_error(token, ErrorCode::NotImplemented, "unknown action");
        };
        if is_stored(action) && shared.is_store_stuck() {
            return shared.reply_error(token, ErrorCode::InternalError, "the store does not answer");
        }
        if let Err(violation) = self.react(shared, token, action, payload) {
            refuse_payload(shared, token, payload, &violation);
        }
    }

    /// Has the block of the action react to what the payload says.
    fn react(
        &mut self,
        shared: &mut Shared,
        token: ReplyToken,
        action: Action,
        payload: &Payload<'_>,
    ) -> Result<(), Violation> {
        match action {
            #[cfg(feature = "reservation")]
            Action::CancelReservation => {
                let request: v1_6::CancelReservationRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = self.reservations.on_cancel(&mut shared.store, request.reservation_id);
                answer_after(shared, ticket, token, &v1_6::CancelReservationResponse::new(status));
            }
            #[cfg(feature = "security")]
            Action::CertificateSigned => {
                let request: v1_6::CertificateSignedRequest = decoding::call(shared, action.as_str(), payload)?;
                self.on_certificate_signed(shared, token, &request);
            }
            Action::ChangeAvailability => {
                let request: v1_6::ChangeAvailabilityRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = self.availability.on_change(&mut shared.store, &self.connectors, &request);
                answer_after(shared, ticket, token, &v1_6::ChangeAvailabilityResponse::new(status));
            }
            Action::ChangeConfiguration => {
                let request: v1_6::ChangeConfigurationRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = configuration::on_change(&mut self.settings, shared, &request);
                answer_after(shared, ticket, token, &v1_6::ChangeConfigurationResponse::new(status));
            }
            Action::ClearCache => {
                decoding::call::<v1_6::ClearCacheRequest>(shared, action.as_str(), payload)?;
                let (status, ticket) = self.authorize.on_clear_cache(shared);
                answer_after(shared, ticket, token, &v1_6::ClearCacheResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            Action::ClearChargingProfile => {
                let request: v1_6::ClearChargingProfileRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = self.smart_charging.on_clear(&mut shared.store, &request);
                answer_after(shared, ticket, token, &v1_6::ClearChargingProfileResponse::new(status));
            }
            #[cfg(feature = "security")]
            Action::DeleteCertificate => {
                let request: v1_6::DeleteCertificateRequest = decoding::call(shared, action.as_str(), payload)?;
                self.on_delete_certificate(shared, token, &request);
            }
            #[cfg(feature = "security")]
            Action::ExtendedTriggerMessage => {
                let request: v1_6::ExtendedTriggerMessageRequest = decoding::call(shared, action.as_str(), payload)?;
                let status = self.on_extended_trigger(shared, &request);
                answer(shared, token, &v1_6::ExtendedTriggerMessageResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            Action::GetCompositeSchedule => {
                let request: v1_6::GetCompositeScheduleRequest = decoding::call(shared, action.as_str(), payload)?;
                let response = self.smart_charging.on_get_composite(shared, &self.settings, &request);
                answer(shared, token, &response);
            }
            Action::GetConfiguration => {
                let request: v1_6::GetConfigurationRequest = decoding::call(shared, action.as_str(), payload)?;
                match configuration::on_get(&self.settings, &request) {
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
                let response = self.firmware.on_get_diagnostics(shared, &request);
                answer(shared, token, &response);
            }
            #[cfg(feature = "security")]
            Action::GetInstalledCertificateIds => {
                let request: v1_6::GetInstalledCertificateIdsRequest =
                    decoding::call(shared, action.as_str(), payload)?;
                self.on_list_certificates(shared, token, &request);
            }
            #[cfg(feature = "security")]
            Action::GetLog => {
                let request: v1_6::GetLogRequest = decoding::call(shared, action.as_str(), payload)?;
                let response = self.firmware.on_get_log(shared, &request);
                answer(shared, token, &response);
            }
            #[cfg(feature = "local_auth_list")]
            Action::GetLocalListVersion => {
                decoding::call::<v1_6::GetLocalListVersionRequest>(shared, action.as_str(), payload)?;
                let version = self.authorize.list.version(&self.settings);
                answer(shared, token, &v1_6::GetLocalListVersionResponse::new(version));
            }
            #[cfg(feature = "security")]
            Action::InstallCertificate => {
                let request: v1_6::InstallCertificateRequest = decoding::call(shared, action.as_str(), payload)?;
                self.on_install_certificate(shared, token, &request);
            }
            Action::RemoteStartTransaction => {
                let request: v1_6::RemoteStartTransactionRequest = decoding::call(shared, action.as_str(), payload)?;
                let status = self.on_remote_start(shared, &request);
                answer(shared, token, &v1_6::RemoteStartTransactionResponse::new(status));
            }
            Action::RemoteStopTransaction => {
                let request: v1_6::RemoteStopTransactionRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = self.on_remote_stop(shared, request.transaction_id);
                answer_after(shared, ticket, token, &v1_6::RemoteStopTransactionResponse::new(status));
            }
            #[cfg(feature = "reservation")]
            Action::ReserveNow => {
                let request: v1_6::ReserveNowRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) =
                    self.reservations.on_reserve(shared, &self.settings, &self.connectors, &self.authorize, &request);
                answer_after(shared, ticket, token, &v1_6::ReserveNowResponse::new(status));
            }
            Action::Reset => {
                let request: v1_6::ResetRequest = decoding::call(shared, action.as_str(), payload)?;
                let status = self.reset.on_request(shared.now, &mut self.connectors, &request);
                if status == v1_6::ResetStatus::Accepted {
                    shared.raise(SecurityEventKind::ResetOrReboot, Some(request.r#type.as_str()));
                }
                let connectors = self.connectors.iter_mut();
                let ticket = connectors.filter_map(|c| c.keep_promise(&mut shared.store, &self.settings)).max();
                answer_after(shared, ticket, token, &v1_6::ResetResponse::new(status));
            }
            #[cfg(feature = "local_auth_list")]
            Action::SendLocalList => {
                let request: v1_6::SendLocalListRequest = decoding::call(shared, action.as_str(), payload)?;
                let (status, ticket) = self.authorize.list.on_send(shared, &self.settings, &request);
                answer_after(shared, ticket, token, &v1_6::SendLocalListResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            Action::SetChargingProfile => {
                let request: v1_6::SetChargingProfileRequest = decoding::call(shared, action.as_str(), payload)?;
                match self.smart_charging.on_set(shared, &self.settings, &request) {
                    Some((status, ticket)) => {
                        answer_after(shared, ticket, token, &v1_6::SetChargingProfileResponse::new(status));
                    }
                    // Errata 3.39.
                    None => shared.reply_error(
                        token,
                        ErrorCode::PropertyConstraintViolation,
                        "no such connector, or a number out of range",
                    ),
                }
            }
            #[cfg(feature = "security")]
            Action::SignedUpdateFirmware => {
                let request: v1_6::SignedUpdateFirmwareRequest = decoding::call(shared, action.as_str(), payload)?;
                self.on_signed_update(shared, token, &request);
            }
            #[cfg(feature = "remote_trigger")]
            Action::TriggerMessage => {
                let request: v1_6::TriggerMessageRequest = decoding::call(shared, action.as_str(), payload)?;
                let status = self.on_trigger(shared.now, &request);
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
                match self.firmware.on_update_firmware(shared, &request) {
                    Some(ticket) => answer_after(shared, Some(ticket), token, &v1_6::UpdateFirmwareResponse::new()),
                    None => shared.reply_error(token, ErrorCode::InternalError, "firmware is being installed"),
                }
            }
            Action::UnlockConnector => {
                let request: v1_6::UnlockConnectorRequest = decoding::call(shared, action.as_str(), payload)?;
                self.on_unlock(shared, token, request.connector_id);
            }
            Action::DataTransfer => {
                let request: v1_6::DataTransferRequest = decoding::call(shared, action.as_str(), payload)?;
                self.on_data_transfer(shared, token, &request);
            }
            _ => {
                payload.raw()?;
                shared.reply_error(token, ErrorCode::NotSupported, "not supported by this station");
            }
        }
        Ok(())
    }

    /// 1.6 §5.11. While pending, remote starts and stops are not allowed (§4.2).
    fn on_remote_start(
        &mut self,
        shared: &mut Shared,
        request: &v1_6::RemoteStartTransactionRequest,
    ) -> v1_6::RemoteStartStopStatus {
        // A number out of range is that of no connector.
        let wanted = request.connector_id.map(|id| EvseId(u16::try_from(id).unwrap_or_default()));
        let token = IdToken::new(request.id_tag.as_str());
        let is_accepted = self.registration.is_accepted();
        let (mut ctx, mut parts) = self.context(shared);
        if is_accepted && parts.on_remote_start(&mut ctx, wanted, token, request.charging_profile.as_deref()) {
            v1_6::RemoteStartStopStatus::Accepted
        } else {
            v1_6::RemoteStartStopStatus::Rejected
        }
    }

    /// 1.6 §5.12. With the ticket that an acceptance waits for.
    fn on_remote_stop(&mut self, shared: &mut Shared, csms_id: i64) -> (v1_6::RemoteStartStopStatus, Option<Ticket>) {
        let transaction = self.outbox.find(csms_id).filter(|_| self.registration.is_accepted());
        let connector = self.connectors.iter_mut().find(|c| transaction.is_some() && c.transaction() == transaction);
        let stopped = connector.and_then(|connector| connector.stop(StopReason::Remote, None).then_some(connector));
        let Some(connector) = stopped else { return (v1_6::RemoteStartStopStatus::Rejected, None) };
        (v1_6::RemoteStartStopStatus::Accepted, connector.keep_promise(&mut shared.store, &self.settings))
    }

    /// 1.6 §5.18; a fixed cable and an unknown connector are not supported (§7.46, errata 3.87).
    fn on_unlock(&mut self, shared: &mut Shared, token: ReplyToken, connector_id: i64) {
        let connector = u16::try_from(connector_id).ok().and_then(|id| self.connectors.get_mut(index(EvseId(id))));
        let Some(connector) = connector.filter(|_| !self.settings.has_fixed_cables()) else {
            let response = v1_6::UnlockConnectorResponse::new(v1_6::UnlockStatus::NotSupported);
            return answer(shared, token, &response);
        };
        connector.unlock();
        let evse = connector.evse;
        self.unlocking.wait(shared.now, evse, token);
    }

    /// The value of a configuration key.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.find(key).map(|key| self.settings.value(key))
    }

    /// Finds what is wrong with a setting of the application.
    pub fn check_setting(&self, key: &str, value: &str) -> Result<(), MisuseError> {
        configuration::check(&self.settings, key, value).map(|_| ())
    }

    /// A setting of the application, which was checked.
    pub fn configure(&mut self, shared: &mut Shared, key: &str, value: &str) {
        if let Ok(key) = configuration::check(&self.settings, key, value) {
            #[cfg(feature = "security")]
            if let AnyKey::Standard(key) = key
                && security::is_access(key)
            {
                security::change(&mut self.settings, shared, key, value);
                return;
            }
            configuration::change(&mut self.settings, shared, key, value);
        }
    }
}

/// Refuses a call whose payload is wrong.
pub(super) fn refuse_payload(shared: &mut Shared, token: ReplyToken, payload: &Payload<'_>, violation: &Violation) {
    let reason = violation.to_compact_string();
    decoding::unread(shared, payload);
    shared.raise(SecurityEventKind::InvalidMessages, Some(&reason));
    shared.event(Event::FrameRefused { reason });
    let now = shared.now;
    let _ = shared.rpc.reply_violation(now, token, violation);
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

pub(super) fn answer(shared: &mut Shared, token: ReplyToken, response: &impl Encode) {
    match response.to_json() {
        Ok(text) => shared.reply(token, &text),
        Err(_) => shared.reply_error(token, ErrorCode::InternalError, "the answer does not fit its schema"),
    }
}

/// Answers once `ticket` is durable, or now without one.
pub(super) fn answer_after(shared: &mut Shared, ticket: Option<Ticket>, token: ReplyToken, response: &impl Encode) {
    match (ticket, response.to_json()) {
        (Some(ticket), Ok(text)) => shared.reply_after(ticket, token, text),
        (None, _) | (_, Err(_)) => answer(shared, token, response),
    }
}
