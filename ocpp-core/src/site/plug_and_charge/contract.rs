//! Contracts of vehicles (2.x C07, and §5 of the application note for plain 1.6): the CSMS is asked with what it needs to check
//! the chain, and where it cannot be asked, a chain that the host found valid is good for what the list and the cache say of
//! the eMAID.

use crate::site::Site;
use crate::site::authorize::{Authorize, refuse};
use crate::site::connector::TokenUse;
use crate::site::context::Context;
use crate::site::index;
use crate::site::settings::Key;
use crate::site::shared::Shared;
use crate::site::signal::{AuthorizeRequest, Purpose, Signal};
use crate::station::{Contract, ContractCheck, Event, EvseId, TokenRefusal};

impl Site {
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
