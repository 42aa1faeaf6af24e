//! Contracts of vehicles (2.x C07, and §5 of the application note for plain 1.6): what one means where it is presented. How it
//! is judged is in `authorize`.

use crate::site::authorize::Authorize;
use crate::site::context::Context;
use crate::site::evse::{Evse, TokenUse};
use crate::site::settings::Setting;
use crate::site::signal::{AuthorizeRequest, Purpose, Signal};
use crate::station::{Contract, Event, EvseId, TokenRefusal};

/// A vehicle presented its contract at an EVSE.
pub(in crate::site) fn on_contract(
    ctx: &mut Context<'_>,
    evses: &mut [Evse],
    authorize: &Authorize,
    id: EvseId,
    contract: Contract,
) {
    let refused = |reason| Event::TokenRefused { evse: Some(id), reason };
    if !ctx.settings.is_on(Setting::PncEnabled) {
        return ctx.event(refused(TokenRefusal::Disabled));
    }
    let Some(evse) = evses.iter_mut().find(|evse| evse.id == id) else { return };
    // A vehicle that resumes presents its contract again: that ends nothing, as a card would.
    let is_here = evse.is_busy() && evse.is_held_by(&contract.token);
    if is_here || authorize.is_asking(Some(id), &contract.token) {
        return;
    }
    match evse.on_token(&contract.token) {
        TokenUse::Done => {}
        TokenUse::AskToStart => {
            let (token, purpose) = (contract.token.clone(), Purpose::Start);
            let request =
                AuthorizeRequest { contract: Some(contract.into()), ..AuthorizeRequest::new(Some(id), token, purpose) };
            ctx.signals.push_back(Signal::Authorize(request));
        }
        TokenUse::AskForGroup => ctx.event(refused(TokenRefusal::Occupied)),
        TokenUse::Refuse(reason) => ctx.event(refused(reason)),
    }
}
