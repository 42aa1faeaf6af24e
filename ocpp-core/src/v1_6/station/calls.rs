//! Calls of the CSMS: each goes to the block of its action, and is answered now, after a record, or by the application.

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::codec::Encode;
use ocpp_types::v1_6::{self, Action as ActionName, CsmsRequest};
use ocpp_types::violation::Violation;

use super::settings::Key;
use super::signal::{AuthorizeRequest, Purpose, Signal};
use super::{Connector, Grant, Machine, configuration, firmware, index};
use crate::MisuseError;
use crate::shared::Shared;
use crate::station::{Event, EvseId, IdToken, StopReason};
use crate::store::Ticket;
use compact_str::ToCompactString;

impl Machine {
    /// A call of the CSMS.
    pub(super) fn on_call(&mut self, shared: &mut Shared, token: ReplyToken, action: &str, payload: &Payload<'_>) {
        let Ok(action) = action.parse::<ActionName>() else {
            return shared.reply_error(token, ErrorCode::NotImplemented, "unknown action");
        };
        let request = payload.decode_with(|reader| match CsmsRequest::read(action, reader)? {
            None => reader.skip_value().map(|()| None),
            request => Ok(request),
        });
        let request = match request {
            Ok(Some(request)) => request,
            Ok(None) => {
                return shared.reply_error(token, ErrorCode::NotSupported, "not an action of the central system");
            }
            Err(violation) => return refuse_payload(shared, token, &violation),
        };
        let is_stored = matches!(
            request,
            CsmsRequest::CancelReservation(_)
                | CsmsRequest::ChangeAvailability(_)
                | CsmsRequest::ChangeConfiguration(_)
                | CsmsRequest::ClearCache(_)
                | CsmsRequest::ClearChargingProfile(_)
                | CsmsRequest::GetDiagnostics(_)
                | CsmsRequest::ReserveNow(_)
                | CsmsRequest::SendLocalList(_)
                | CsmsRequest::SetChargingProfile(_)
                | CsmsRequest::UpdateFirmware(_)
        );
        if is_stored && shared.is_store_stuck() {
            return shared.reply_error(token, ErrorCode::InternalError, "the store does not answer");
        }
        match request {
            CsmsRequest::CancelReservation(request) => {
                let (status, ticket) = self.reservations.on_cancel(&mut shared.store, request.reservation_id);
                answer_after(shared, ticket, token, &v1_6::CancelReservationResponse::new(status));
            }
            CsmsRequest::ChangeAvailability(request) => {
                let (status, ticket) = self.availability.on_change(&mut shared.store, &self.connectors, &request);
                answer_after(shared, ticket, token, &v1_6::ChangeAvailabilityResponse::new(status));
            }
            CsmsRequest::ChangeConfiguration(request) => {
                let (status, ticket) = configuration::on_change(&mut self.settings, shared, &request);
                answer_after(shared, ticket, token, &v1_6::ChangeConfigurationResponse::new(status));
            }
            CsmsRequest::ClearCache(_) => {
                let (status, ticket) = self.authorize.on_clear_cache(shared);
                answer_after(shared, ticket, token, &v1_6::ClearCacheResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            CsmsRequest::ClearChargingProfile(request) => {
                let (status, ticket) = self.smart_charging.on_clear(&mut shared.store, &request);
                answer_after(shared, ticket, token, &v1_6::ClearChargingProfileResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            CsmsRequest::GetCompositeSchedule(request) => {
                let response = self.smart_charging.on_get_composite(shared, &self.settings, &request);
                answer(shared, token, &response);
            }
            CsmsRequest::GetConfiguration(request) => match configuration::on_get(&self.settings, &request) {
                Some(response) => answer(shared, token, &response),
                None => {
                    let code = ErrorCode::PropertyConstraintViolation;
                    shared.reply_error(token, code, "more than GetConfigurationMaxKeys");
                }
            },
            CsmsRequest::GetDiagnostics(request) => {
                let response = firmware::on_get_diagnostics(&mut self.diagnostics, shared, &request);
                answer(shared, token, &response);
            }
            CsmsRequest::GetLocalListVersion(_) => {
                let version = self.authorize.list_version(&self.settings);
                answer(shared, token, &v1_6::GetLocalListVersionResponse::new(version));
            }
            CsmsRequest::RemoteStartTransaction(request) => {
                let status = self.on_remote_start(shared, &request);
                answer(shared, token, &v1_6::RemoteStartTransactionResponse::new(status));
            }
            CsmsRequest::RemoteStopTransaction(request) => {
                let status = self.on_remote_stop(request.transaction_id);
                answer(shared, token, &v1_6::RemoteStopTransactionResponse::new(status));
            }
            CsmsRequest::ReserveNow(request) => {
                let (status, ticket) = self.reservations.on_reserve(shared, &self.settings, &self.connectors, &request);
                answer_after(shared, ticket, token, &v1_6::ReserveNowResponse::new(status));
            }
            CsmsRequest::Reset(request) => {
                let status = self.reset.on_request(shared.now, &mut self.connectors, &request);
                answer(shared, token, &v1_6::ResetResponse::new(status));
            }
            CsmsRequest::SendLocalList(request) => {
                let (status, ticket) = self.authorize.on_send_list(shared, &self.settings, &request);
                answer_after(shared, ticket, token, &v1_6::SendLocalListResponse::new(status));
            }
            #[cfg(feature = "smart_charging")]
            CsmsRequest::SetChargingProfile(request) => {
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
            CsmsRequest::TriggerMessage(request) => {
                let status = self.on_trigger(shared.now, &request);
                answer(shared, token, &v1_6::TriggerMessageResponse::new(status));
            }
            CsmsRequest::UpdateFirmware(request) => {
                match self.firmware.on_request(shared, firmware::firmware_request(&request)) {
                    Some(ticket) => answer_after(shared, Some(ticket), token, &v1_6::UpdateFirmwareResponse::new()),
                    None => shared.reply_error(token, ErrorCode::InternalError, "firmware is being installed"),
                }
            }
            CsmsRequest::UnlockConnector(request) => self.on_unlock(shared, token, request.connector_id),
            CsmsRequest::DataTransfer(request) => self.on_data_transfer(shared, token, &request),
            _ => shared.reply_error(token, ErrorCode::NotSupported, "not supported by this station"),
        }
    }

    /// 1.6 §5.11. While pending, remote starts and stops are not allowed (§4.2).
    fn on_remote_start(
        &mut self,
        shared: &mut Shared,
        request: &v1_6::RemoteStartTransactionRequest,
    ) -> v1_6::RemoteStartStopStatus {
        let token = IdToken::new(request.id_tag.as_str());
        let wanted = match request.connector_id {
            Some(id) => match u16::try_from(id) {
                Ok(id) => self.connectors.get(index(EvseId(id))),
                Err(_) => None,
            },
            None => {
                let waits = |c: &&Connector| c.waits_for_token() && c.may_admit(&token);
                let kept = || self.connectors.iter().find(|connector| connector.is_kept_for(&token));
                let free = || self.connectors.iter().find(|connector| connector.is_free());
                self.connectors.iter().find(waits).or_else(kept).or_else(free)
            }
        };
        let is_accepted = self.registration.is_accepted();
        let Some(connector) = wanted.filter(|c| is_accepted && c.takes_grants() && c.may_admit(&token)) else {
            return v1_6::RemoteStartStopStatus::Rejected;
        };
        let profile = request.charging_profile.as_deref();
        if !self.smart_charging.on_remote_start(shared, &self.settings, connector.evse, &token, profile) {
            return v1_6::RemoteStartStopStatus::Rejected;
        }
        let evse = Some(connector.evse);
        self.signals.push_back(if self.settings.is_on(Key::AuthorizeRemoteTxRequests) {
            Signal::Authorize(AuthorizeRequest { evse, token, purpose: Purpose::Start })
        } else {
            Signal::Granted { evse, grant: Grant { token, group: None } }
        });
        v1_6::RemoteStartStopStatus::Accepted
    }

    /// 1.6 §5.12.
    fn on_remote_stop(&mut self, csms_id: i64) -> v1_6::RemoteStartStopStatus {
        let transaction = self.outbox.find(csms_id).filter(|_| self.registration.is_accepted());
        let connector = self.connectors.iter_mut().find(|c| transaction.is_some() && c.transaction() == transaction);
        if connector.is_some_and(|connector| connector.stop(StopReason::Remote, None)) {
            v1_6::RemoteStartStopStatus::Accepted
        } else {
            v1_6::RemoteStartStopStatus::Rejected
        }
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
            configuration::change(&mut self.settings, shared, key, value);
        }
    }
}

/// Refuses a call whose payload is wrong.
pub(super) fn refuse_payload(shared: &mut Shared, token: ReplyToken, violation: &Violation) {
    shared.event(Event::FrameRefused { reason: violation.to_compact_string() });
    let now = shared.now;
    let _ = shared.rpc.reply_violation(now, token, violation);
}

pub(super) fn answer(shared: &mut Shared, token: ReplyToken, response: &impl Encode) {
    match response.to_json() {
        Ok(text) => shared.reply(token, &text),
        Err(_) => shared.reply_error(token, ErrorCode::InternalError, "the answer does not fit its schema"),
    }
}

/// Answers once `ticket` is durable, or now without one.
fn answer_after(shared: &mut Shared, ticket: Option<Ticket>, token: ReplyToken, response: &impl Encode) {
    match (ticket, response.to_json()) {
        (Some(ticket), Ok(text)) => shared.reply_after(ticket, token, text),
        (None, _) | (_, Err(_)) => answer(shared, token, response),
    }
}
