//! Contracts of vehicles (§5 of the application note, 2.x C07): the CSMS is asked with what it needs to check the chain, and
//! where it cannot be asked, a chain that the host found valid is good for what the list and the cache say of the eMAID.

use ocpp_types::v1_6::{DataTransferResponse, DataTransferStatus};

use super::messages::AuthorizeAnswer;
use crate::parts::token::TokenInfo;
use crate::shared::Shared;
use crate::station::{AuthorizationStatus, Contract, ContractCheck, Event, EvseId, TokenRefusal};
use crate::v1_6::station::authorize::{Authorize, refuse};
use crate::v1_6::station::connector::TokenUse;
use crate::v1_6::station::context::Context;
use crate::v1_6::station::decoding;
use crate::v1_6::station::settings::Key;
use crate::v1_6::station::signal::{AuthorizeRequest, Purpose, Signal};
use crate::v1_6::station::{Machine, index, messages};
use compact_str::format_compact;

impl Machine {
    /// A vehicle presented its contract at an EVSE.
    pub fn on_contract(&mut self, shared: &mut Shared, evse: EvseId, contract: Contract) {
        let refused = |reason| Event::TokenRefused { evse: Some(evse), reason };
        if !self.settings.is_on(Key::ISO15118PnCEnabled) {
            return shared.event(refused(TokenRefusal::Disabled));
        }
        let Some(connector) = self.connectors.get_mut(index(evse)) else { return };
        // A vehicle that resumes presents its contract again: that ends nothing, as a card would.
        let is_here = connector.is_busy() && connector.is_held_by(&contract.token);
        if is_here || self.authorize.is_asking(Some(evse), &contract.token) {
            return;
        }
        match connector.on_token(&contract.token) {
            TokenUse::Done => {}
            TokenUse::AskToStart => {
                let (token, purpose) = (contract.token.clone(), Purpose::Start);
                let request = AuthorizeRequest { evse: Some(evse), token, purpose, contract: Some(contract.into()) };
                self.signals.push_back(Signal::Authorize(request));
            }
            TokenUse::AskForGroup => shared.event(refused(TokenRefusal::Occupied)),
            TokenUse::Refuse(reason) => shared.event(refused(reason)),
        }
    }

    /// The CSMS answered (§6.1.2). A contract charges if both the certificates and the eMAID are accepted.
    pub(in crate::v1_6::station) fn on_contract_answer(&mut self, shared: &mut Shared, answer: &DataTransferResponse) {
        let data = answer.data.as_ref().map_or("", |data| data.as_str());
        let verdict = match answer.status {
            DataTransferStatus::Accepted => decoding::nested::<AuthorizeAnswer>(shared, "Authorize", data)
                .map_err(|violation| format_compact!("answer: {violation}")),
            status => Err(format_compact!("answer: {status}")),
        };
        if let Err(reason) = &verdict {
            shared.event(Event::FrameRefused { reason: reason.clone() });
        }
        let (mut ctx, parts) = self.context(shared);
        match verdict {
            Ok(AuthorizeAnswer { is_certificate_accepted, status, expiry }) => {
                let status = messages::authorization_status(&status);
                let info = TokenInfo { status, expiry_ms: expiry.map(|at| at.timestamp_millis()), group: None };
                if is_certificate_accepted || status != AuthorizationStatus::Accepted {
                    parts.authorize.answered(&mut ctx, info);
                } else {
                    parts.authorize.failed(&mut ctx, TokenRefusal::Certificate);
                }
            }
            Err(_) => parts.authorize.failed(&mut ctx, TokenRefusal::NoAnswer),
        }
    }
}

impl Authorize {
    /// Whether the CSMS can be asked about a contract. What the host found to be wrong is refused here: of a forged chain, the
    /// CSMS would see no more than the numbers of another.
    pub fn may_ask(&self, ctx: &mut Context<'_>, request: &AuthorizeRequest, contract: &Contract) -> bool {
        let is_provable = match contract.check {
            // C07.FR.02.
            ContractCheck::Valid => !contract.ocsp.is_empty(),
            // C07.FR.06.
            ContractCheck::UnknownRoot => {
                ctx.settings.is_on(Key::CentralContractValidationAllowed) && contract.certificate.is_some()
            }
            ContractCheck::Invalid => false,
        };
        if !is_provable {
            refuse(ctx, request, TokenRefusal::Certificate);
        }
        is_provable
    }

    /// Whether a contract may be judged by its eMAID alone, without the CSMS.
    pub fn may_decide(&self, ctx: &mut Context<'_>, request: &AuthorizeRequest, contract: &Contract) -> bool {
        // C07.FR.07, C07.FR.08.
        let reason = match contract.check {
            _ if !ctx.settings.is_on(Key::ContractValidationOffline) => TokenRefusal::Offline,
            ContractCheck::Valid => return true,
            ContractCheck::UnknownRoot | ContractCheck::Invalid => TokenRefusal::Certificate,
        };
        refuse(ctx, request, reason);
        false
    }
}
