//! Contracts of vehicles (2.x C07, and §5 of the application note for plain 1.6): what one means where it is presented. How it
//! is judged is in `authorize`.

use crate::site::authorize::Authorize;
use crate::site::connector::{Connector, TokenUse};
use crate::site::context::Context;
use crate::site::settings::Setting;
use crate::site::signal::{AuthorizeRequest, Purpose, Signal};
use crate::station::{Contract, Event, EvseId, TokenRefusal};

/// A vehicle presented its contract at an EVSE.
pub(in crate::site) fn on_contract(
    ctx: &mut Context<'_>,
    connectors: &mut [Connector],
    authorize: &Authorize,
    evse: EvseId,
    contract: Contract,
) {
    let refused = |reason| Event::TokenRefused { evse: Some(evse), reason };
    if !ctx.settings.is_on(Setting::PncEnabled) {
        return ctx.event(refused(TokenRefusal::Disabled));
    }
    let Some(connector) = connectors.iter_mut().find(|connector| connector.evse == evse) else { return };
    // A vehicle that resumes presents its contract again: that ends nothing, as a card would.
    let is_here = connector.is_busy() && connector.is_held_by(&contract.token);
    if is_here || authorize.is_asking(Some(evse), &contract.token) {
        return;
    }
    match connector.on_token(&contract.token) {
        TokenUse::Done => {}
        TokenUse::AskToStart => {
            let (token, purpose) = (contract.token.clone(), Purpose::Start);
            let request = AuthorizeRequest { evse: Some(evse), token, purpose, contract: Some(contract.into()) };
            ctx.signals.push_back(Signal::Authorize(request));
        }
        TokenUse::AskForGroup => ctx.event(refused(TokenRefusal::Occupied)),
        TokenUse::Refuse(reason) => ctx.event(refused(reason)),
    }
}
