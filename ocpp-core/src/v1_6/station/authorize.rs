//! Authorize (1.6 §4.1): one question at a time to the CSMS, and the decision without it (§3.5).
//!
//! Takes tokens to ask about, gives grants and refusals as signals. Stores nothing.

use alloc::collections::VecDeque;

use super::context::Context;
use super::settings::Key;
use super::signal::{AuthorizeRequest, Purpose, Signal};
#[cfg(feature = "smart_charging")]
use crate::station::EvseId;
use crate::station::{AuthorizationStatus, IdToken, TokenRefusal};

/// Tokens that wait for the CSMS, beside the one asked about. Drivers do not queue up at a reader.
const MAX_WAITING: usize = 4;

/// A token that may charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub token: IdToken,
    pub group: Option<IdToken>,
}

/// What an `idTagInfo` says (1.6 §7.27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub status: AuthorizationStatus,
    pub group: Option<IdToken>,
}

/// The questions about tokens.
#[derive(Debug, Default)]
pub(crate) struct Authorize {
    waiting: VecDeque<AuthorizeRequest>,
    asked: Option<AuthorizeRequest>,
}

impl Authorize {
    /// Takes a token in: to be asked about, or decided at once while offline.
    pub fn request(&mut self, ctx: &mut Context<'_>, request: AuthorizeRequest) {
        if !ctx.is_online {
            decide_offline(ctx, request);
        } else if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(request);
        } else {
            refuse(ctx, &request, TokenRefusal::Busy);
        }
    }

    /// Whether a token presented for this EVSE still waits for its verdict.
    #[cfg(feature = "smart_charging")]
    pub fn is_asking(&self, evse: EvseId, token: &IdToken) -> bool {
        let mut open = self.asked.iter().chain(&self.waiting);
        open.any(|request| request.evse == Some(evse) && request.token == *token)
    }

    /// The token to ask about now.
    pub fn next(&mut self) -> Option<&IdToken> {
        if self.asked.is_none() {
            self.asked = self.waiting.pop_front();
            return self.asked.as_ref().map(|request| &request.token);
        }
        None
    }

    /// The CSMS answered.
    pub fn answered(&mut self, ctx: &mut Context<'_>, verdict: Verdict) {
        let Some(request) = self.asked.take() else { return };
        if verdict.status != AuthorizationStatus::Accepted {
            return refuse(ctx, &request, TokenRefusal::Csms(verdict.status));
        }
        grant(ctx, request, verdict.group);
    }

    /// The CSMS answered with an error, or nonsense, or the token cannot be sent.
    pub fn failed(&mut self, ctx: &mut Context<'_>, reason: TokenRefusal) {
        if let Some(request) = self.asked.take() {
            refuse(ctx, &request, reason);
        }
    }

    /// The CSMS cannot be asked: everything that waits is decided without it.
    pub fn unreachable(&mut self, ctx: &mut Context<'_>) {
        let asked = self.asked.take();
        for request in asked.into_iter().chain(core::mem::take(&mut self.waiting)) {
            decide_offline(ctx, request);
        }
    }
}

/// 1.6 §3.5.4. There is no list and no cache to look into: every token is an unknown one.
fn decide_offline(ctx: &mut Context<'_>, request: AuthorizeRequest) {
    let may_charge = ctx.once_accepted || ctx.shared.config.charge_before_accepted;
    match request.purpose {
        Purpose::Start if may_charge && ctx.settings.is_on(Key::AllowOfflineTxForUnknownId) => {
            grant(ctx, request, None)
        }
        Purpose::Start | Purpose::Group => refuse(ctx, &request, TokenRefusal::Offline),
    }
}

fn grant(ctx: &mut Context<'_>, request: AuthorizeRequest, group: Option<IdToken>) {
    let AuthorizeRequest { evse, token, purpose } = request;
    ctx.signals.push_back(match (purpose, evse) {
        (Purpose::Group, Some(evse)) => Signal::GroupConfirmed { evse, token, group },
        (Purpose::Start | Purpose::Group, _) => Signal::Granted { evse, grant: Grant { token, group } },
    });
}

fn refuse(ctx: &mut Context<'_>, request: &AuthorizeRequest, reason: TokenRefusal) {
    ctx.signals.push_back(Signal::Refused { evse: request.evse, reason });
}
