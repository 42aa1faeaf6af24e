//! Accepted tokens whose drivers shall see their price before they charge (WaitForSetUserPriceTimeout).

use super::{Authorize, grant};
use crate::site::context::Context;
use crate::site::settings::Setting;
use crate::site::signal::{AuthorizeRequest, Purpose};
use crate::site::token::TokenInfo;
use crate::station::IdToken;
use crate::time::Instant;
use core::time::Duration;

/// The most tokens that wait; further ones charge at once.
const MAX_WAITING: usize = 4;

/// An accepted token that waits for its price, at most until then.
#[derive(Debug)]
pub(crate) struct Unpriced {
    pub request: AuthorizeRequest,
    info: TokenInfo,
    until: Instant,
}

impl Authorize {
    /// The CSMS accepted a token: it may charge, once its price came or had its time to.
    pub fn accept(&mut self, ctx: &mut Context<'_>, request: AuthorizeRequest, info: TokenInfo) {
        let patience = Duration::from_millis(ctx.settings.number(Setting::WaitForSetUserPriceTimeout).into());
        let is_shown = ctx.settings.is_on(Setting::CustomDisplayCostAndPrice) && request.purpose == Purpose::Start;
        if is_shown && !patience.is_zero() && self.unpriced.len() < MAX_WAITING {
            self.unpriced.push(Unpriced { request, info, until: ctx.now() + patience });
        } else {
            grant(ctx, request, info.group, info.evses);
        }
    }

    /// The price of a token came.
    pub fn priced(&mut self, ctx: &mut Context<'_>, token: &IdToken) {
        self.release(ctx, |waiting| waiting.request.token.matches(token));
    }

    /// Lets those charge whose time to wait is over. True if there is one.
    pub fn end_waits(&mut self, ctx: &mut Context<'_>) -> bool {
        let (now, is_online) = (ctx.now(), ctx.is_online);
        self.release(ctx, |waiting| waiting.until <= now || !is_online)
    }

    /// When the next wait is over.
    pub fn wait_deadlines(&self) -> impl Iterator<Item = Instant> {
        self.unpriced.iter().map(|waiting| waiting.until)
    }

    fn release(&mut self, ctx: &mut Context<'_>, is_over: impl Fn(&Unpriced) -> bool) -> bool {
        let before = ctx.signals.len();
        while let Some(place) = self.unpriced.iter().position(&is_over) {
            let Unpriced { request, info, .. } = self.unpriced.remove(place);
            grant(ctx, request, info.group, info.evses);
        }
        ctx.signals.len() > before
    }
}
