//! Where a token charges: at the EVSE where it was presented, or whichever its driver comes to (1.6 §4.1, §5.11).

use alloc::vec::Vec;

use super::bearer::{Bearer, Grant, Verdict, is_among};
use super::claims::Claims;
use super::context::Context;
use super::evse::{Evse, TokenUse};
use super::router::Parts;
use super::settings::Setting;
use super::signal::{AuthorizeRequest, Purpose, Signal};
use crate::station::{Event, EvseId, IdToken, TokenRefusal};

impl Parts<'_> {
    /// Finds what a token is for that was presented.
    pub fn on_token(&mut self, ctx: &mut Context<'_>, evse: Option<EvseId>, evses: Vec<EvseId>, token: IdToken) {
        // Presented to the station again: taken back, or asked about already.
        if evse.is_none() && (self.authorize.take_back(&token) || self.asked_about(&token).is_some()) {
            return;
        }
        let is_his = |found: &&Evse| found.concerns(&token) && is_among(&evses, found.id);
        let held = self.evses.iter().find(is_his).map(|found| found.id);
        let evse = evse.or(held).or_else(|| self.place_of(ctx, &token, &evses));
        if let Some(evse) = evse {
            self.learn_group(ctx, evse);
        }
        let purpose = match evse.and_then(|evse| self.evse(evse)).map(|evse| evse.on_token(&token)) {
            Some(TokenUse::Done) => return,
            Some(TokenUse::AskToStart) | None => Purpose::Start,
            Some(TokenUse::AskForGroup) => Purpose::Group,
            Some(TokenUse::Refuse(TokenRefusal::Occupied)) if ctx.settings.has_master_pass() => Purpose::MasterPass,
            Some(TokenUse::Refuse(TokenRefusal::Occupied))
                if ctx.policy.asks_about_every_token && !self.authorize.knows(ctx, &token) =>
            {
                Purpose::Group
            }
            Some(TokenUse::Refuse(reason)) => return ctx.event(Event::TokenRefused { evse, reason }),
        };
        ctx.signals
            .push_back(Signal::Authorize(AuthorizeRequest { evses, ..AuthorizeRequest::new(evse, token, purpose) }));
    }

    /// A token is to be asked about, unless it cannot have a place whatever is said of it.
    pub fn on_request(&mut self, ctx: &mut Context<'_>, mut request: AuthorizeRequest) {
        if self.authorize.is_repeat(&request) {
            return;
        }
        let verdict = match request.purpose {
            Purpose::Start => self.verdict(ctx, request.evse, &request.token, &request.evses),
            Purpose::Group | Purpose::MasterPass => Verdict::IfOfGroup,
            Purpose::Validation => Verdict::Yes,
        };
        if verdict == Verdict::No && ctx.settings.has_master_pass() && request.remote_start.is_none() {
            request.purpose = Purpose::MasterPass;
            return self.authorize.request(ctx, request, true);
        }
        if verdict == Verdict::No {
            return ctx.event(Event::TokenRefused { evse: request.evse, reason: no_place(request.evse) });
        }
        self.authorize.request(ctx, request, verdict == Verdict::IfOfGroup);
    }

    /// A token was accepted.
    pub fn on_grant(&mut self, ctx: &mut Context<'_>, evse: Option<EvseId>, grant: Grant) {
        // C16.FR.03: not by an order of the CSMS either.
        if ctx.settings.is_master_pass(grant.group.as_ref()) {
            return ctx.event(Event::TokenRefused { evse, reason: TokenRefusal::MasterPass });
        }
        let evse = evse.or_else(|| self.waiting_for(ctx, grant.bearer()));
        if let Some(place) = evse {
            return self.admit(ctx, place, grant);
        }
        if self.claims(ctx, &grant.token).anywhere(grant.bearer()) != Verdict::Yes {
            return ctx.event(Event::TokenRefused { evse, reason: no_place(evse) });
        }
        let until = ctx.now() + ctx.settings.seconds(Setting::EvConnectionTimeOut);
        self.authorize.wait_for_driver(grant, until);
        ctx.event(Event::TokenAccepted { evse });
    }

    /// Lets an accepted token charge at an EVSE, if that is not kept for others.
    fn admit(&mut self, ctx: &mut Context<'_>, evse: EvseId, grant: Grant) {
        let is_here = self.evse(evse).is_some_and(|evse| evse.concerns(&grant.token));
        let verdict = self.claims(ctx, &grant.token).at(evse, grant.bearer());
        let (now, token) = (ctx.now(), grant.token.clone());
        let result = match self.evse(evse) {
            Some(evse) if is_here || verdict == Verdict::Yes || !evse.takes_grants() => evse.on_grant(now, grant),
            Some(_) | None => Err(TokenRefusal::Unavailable),
        };
        if let Err(reason) = result {
            return ctx.event(Event::TokenRefused { evse: Some(evse), reason });
        }
        self.authorize.settle(evse, &token);
        self.smart_charging.on_placed(evse, &token);
        ctx.event(Event::TokenAccepted { evse: Some(evse) });
    }

    /// Vehicles have come, and accepted tokens wait for one: the first goes to the first. Late ones go.
    pub fn meet_drivers(&mut self, ctx: &mut Context<'_>) {
        while self.authorize.give_up_late(ctx.now()) {
            ctx.event(Event::TokenRefused { evse: None, reason: TokenRefusal::Late });
        }
        // Who was just accepted for an EVSE comes first.
        if !self.authorize.waits_for_driver() || !ctx.signals.is_empty() {
            return;
        }
        for evse in self.waiting(ctx) {
            // Its own driver was here, and waits for the verdict.
            if self.is_claimed(evse, None) {
                continue;
            }
            let (evses, reservations) = (&*self.evses, &*ctx.reservations);
            let came = self.authorize.driver_came(|authorize, grant| {
                let claims = Claims::new(evses, reservations, authorize, Some(&grant.token));
                claims.at(evse, grant.bearer()) == Verdict::Yes
            });
            if let Some(grant) = came {
                self.admit(ctx, evse, grant);
            }
        }
    }

    /// Where a token without an EVSE is for: a vehicle that waits, or the only EVSE. None when the next plug
    /// decides.
    pub(super) fn place_of(&self, ctx: &Context<'_>, token: &IdToken, evses: &[EvseId]) -> Option<EvseId> {
        let only = if let [only] = self.evses.as_slice() { Some(only.id) } else { None };
        let group = self.authorize.group_here(ctx, token);
        self.waiting_for(ctx, bearer(token, group.as_ref(), evses)).or(only)
    }

    /// The EVSE of the vehicle that waits for this token: where it is reserved for, else the one that came first.
    fn waiting_for(&self, ctx: &Context<'_>, bearer: Bearer<'_>) -> Option<EvseId> {
        let claims = self.claims(ctx, bearer.token);
        let waiting = self.waiting(ctx);
        let mut fit = waiting
            .iter()
            .copied()
            .filter(|evse| !self.is_claimed(*evse, None) && claims.at(*evse, bearer) == Verdict::Yes);
        let kept = fit.clone().find(|evse| ctx.reservations.of(*evse).is_some());
        kept.or_else(|| fit.next())
    }

    /// Whether a token is asked about for this EVSE, one aside.
    pub(super) fn is_claimed(&self, evse: EvseId, except: Option<&IdToken>) -> bool {
        self.authorize.comers().any(|(place, bearer)| place == Some(evse) && Some(bearer.token) != except)
    }

    /// Where a token is asked about for, or waits for its vehicle.
    pub(super) fn asked_about(&self, token: &IdToken) -> Option<Option<EvseId>> {
        self.authorize.comers().find(|(_, bearer)| bearer.token.matches(token)).map(|(place, _)| place)
    }

    /// The EVSEs where a vehicle waits for a token, the first first.
    fn waiting(&self, ctx: &Context<'_>) -> Vec<EvseId> {
        let since = |evse: &Evse| Some((evse.waiting_since(ctx.now())?, evse.id));
        let mut waiting = Vec::new();
        for comer in self.evses.iter().filter_map(since) {
            waiting.insert(waiting.partition_point(|earlier| *earlier <= comer), comer);
        }
        waiting.into_iter().map(|(_, evse)| evse).collect()
    }

    /// Whether a token may have a place, as far as is known.
    pub(super) fn verdict(
        &self,
        ctx: &Context<'_>,
        evse: Option<EvseId>,
        token: &IdToken,
        evses: &[EvseId],
    ) -> Verdict {
        let group = self.authorize.group_here(ctx, token);
        let bearer = bearer(token, group.as_ref(), evses);
        let claims = self.claims(ctx, token);
        match evse {
            Some(evse) => claims.at(evse, bearer),
            // One whose group is asked for, because the vehicle that waits may be his.
            None if self.waiting(ctx).iter().any(|evse| claims.at(*evse, bearer) == Verdict::IfOfGroup) => {
                Verdict::IfOfGroup
            }
            None => claims.anywhere(bearer),
        }
    }

    fn claims<'a>(&'a self, ctx: &'a Context<'_>, token: &IdToken) -> Claims<'a> {
        Claims::new(self.evses, ctx.reservations, self.authorize, Some(token))
    }

    /// The group of the token that charges here may be known by now (1.6 §3.10).
    fn learn_group(&mut self, ctx: &Context<'_>, evse: EvseId) {
        let Some(token) = self.evse(evse).and_then(|evse| evse.lacks_group().cloned()) else { return };
        let group = self.authorize.group_here(ctx, &token);
        if let Some(evse) = self.evse(evse) {
            evse.learn_group(group);
        }
    }
}

fn bearer<'a>(token: &'a IdToken, group: Option<&'a IdToken>, evses: &'a [EvseId]) -> Bearer<'a> {
    Bearer { token, group, is_group_known: group.is_some(), evses }
}

/// Why a token without a place is refused.
fn no_place(evse: Option<EvseId>) -> TokenRefusal {
    if evse.is_some() { TokenRefusal::Unavailable } else { TokenRefusal::Occupied }
}
