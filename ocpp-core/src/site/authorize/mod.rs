//! Authorize (1.6 §4.1): one question at a time to the CSMS, and the decision without it (§3.5).
//!
//! Takes tokens to ask about, gives grants and refusals as signals. A token that is presented again while it is asked about
//! means nothing more; accepted ones whose drivers may plug in anywhere wait here for them. A token that the local list, or else the cache, knows
//! as accepted starts without a question where LocalPreAuthorize says so, and offline where LocalAuthorizeOffline does.
//! Owns and stores both: `site/token`.

#[cfg(feature = "plug_and_charge")]
mod contract;
#[cfg(feature = "california_pricing")]
mod unpriced;

use alloc::vec::Vec;
use ocpp_rpc::queue::Queue;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;

use crate::site::bearer::{Bearer, Grant, is_among};
use crate::site::context::Context;
use crate::site::local_list::LocalAuthList;
use crate::site::settings::{Setting, Settings};
use crate::site::shared::Shared;
use crate::site::signal::{AuthorizeRequest, Purpose, Signal};
use crate::site::token::{TokenCache, TokenInfo};
use crate::station::{AuthorizationStatus, Event, EvseId, IdToken, TokenRefusal};
use crate::store::{Image, StoreQueue, Ticket};
use crate::time::Instant;
#[cfg(feature = "california_pricing")]
use unpriced::Unpriced;

/// Tokens that wait for the CSMS, beside the one asked about. Drivers do not queue up at a reader.
const MAX_WAITING: usize = 4;

/// The questions about tokens, and the answers at hand.
#[derive(Debug, Default)]
pub(crate) struct Authorize {
    waiting: Queue<AuthorizeRequest>,
    asked: Option<AuthorizeRequest>,
    /// Accepted tokens whose drivers have not plugged in anywhere yet, and until when each counts. As many as there are
    /// EVSEs at most.
    unplaced: Vec<(Grant, Instant)>,
    pub list: LocalAuthList,
    cache: TokenCache,
    #[cfg(feature = "california_pricing")]
    unpriced: Vec<Unpriced>,
}

impl Authorize {
    /// Reads what was stored. Gives the entries that could not be used.
    pub fn restore(image: &Image, store: &mut StoreQueue) -> (Self, Vec<SmallString>) {
        let (list, mut skipped) = LocalAuthList::restore(image, store);
        let (cache, unread) = TokenCache::restore(image);
        skipped.extend(unread);
        (Authorize { list, cache, ..Authorize::default() }, skipped)
    }

    /// Takes a token in: to be asked about, or decided at once. Where all hangs on its group, what is known here without
    /// one decides nothing (1.6 §5.13).
    pub fn request(&mut self, ctx: &mut Context<'_>, request: AuthorizeRequest, needs_group: bool) {
        if request.token.is_start_button() {
            // C02: nobody is asked.
            return if ctx.policy.has_start_button {
                grant(ctx, request, None, Vec::new())
            } else {
                refuse(ctx, &request, TokenRefusal::Unsendable)
            };
        }
        if !ctx.is_online {
            return self.decide_offline(ctx, request);
        }
        #[cfg(feature = "plug_and_charge")]
        if let Some(contract) = &request.contract {
            // C07.FR.01: nothing known here spares the question whether the contract was revoked.
            if self.may_ask(ctx, &request, contract) {
                self.queue(ctx, request);
            }
            return;
        }
        if ctx.settings.is_on(Setting::LocalPreAuthorize)
            && let Some(info) = self.accepted_here(ctx, &request.token)
            && (info.group.is_some() || !needs_group)
        {
            let info = info.clone();
            return self.grant_known(ctx, request, info);
        }
        // What is known as refused is asked about too: it may have changed (1.6 §3.5.1).
        self.queue(ctx, request);
    }

    fn queue(&mut self, ctx: &mut Context<'_>, request: AuthorizeRequest) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(request);
        } else {
            refuse(ctx, &request, TokenRefusal::Busy);
        }
    }

    /// Whether a token that may come to this EVSE, or to any, still waits for its verdict or for its driver.
    #[cfg(any(feature = "smart_charging", feature = "plug_and_charge"))]
    pub fn is_asking(&self, evse: Option<EvseId>, token: &IdToken) -> bool {
        self.comers().any(|(place, bearer)| place == evse && bearer.token.matches(token))
    }

    /// Whether the token is asked about for the same thing already. One that was presented to the station, and then at an
    /// EVSE, is for that one.
    pub fn is_repeat(&mut self, request: &AuthorizeRequest) -> bool {
        let open = self.asked.iter_mut().chain(&mut self.waiting);
        #[cfg(feature = "california_pricing")]
        let open = open.chain(self.unpriced.iter_mut().map(|waiting| &mut waiting.request));
        let mut open = open;
        let is_same = |known: &&mut AuthorizeRequest| {
            let is_there = known.evse == request.evse || known.evse.is_none() || request.evse.is_none();
            known.token.matches(&request.token) && known.purpose == request.purpose && is_there
        };
        let Some(known) = open.find(is_same) else { return false };
        known.evse = known.evse.or(request.evse);
        true
    }

    /// Those who would start a transaction, and where, if not anywhere: accepted or not yet.
    pub fn comers(&self) -> impl Iterator<Item = (Option<EvseId>, Bearer<'_>)> {
        let open = self.asked.iter().chain(&self.waiting);
        #[cfg(feature = "california_pricing")]
        let open = open.chain(self.unpriced.iter().map(|waiting| &waiting.request));
        let open = open.filter(|request| request.purpose == Purpose::Start);
        let asked = open.map(|request| {
            (request.evse, Bearer { token: &request.token, group: None, is_group_known: false, evses: &request.evses })
        });
        self.unplaced.iter().map(|(grant, _)| (None, grant.bearer())).chain(asked)
    }

    /// A token was accepted whose driver may plug in anywhere, until then.
    pub fn wait_for_driver(&mut self, grant: Grant, until: Instant) {
        match self.unplaced.iter_mut().find(|(waiting, _)| waiting.token.matches(&grant.token)) {
            Some(waiting) => *waiting = (grant, until),
            None => self.unplaced.push((grant, until)),
        }
    }

    /// Whether a driver may still plug in anywhere.
    pub fn waits_for_driver(&self) -> bool {
        !self.unplaced.is_empty()
    }

    /// Takes one out of those whose drivers are waited for: the first that may have the place.
    pub fn driver_came(&mut self, may_have: impl Fn(&Self, &Grant) -> bool) -> Option<Grant> {
        let found = self.unplaced.iter().position(|(grant, _)| may_have(self, grant))?;
        Some(self.unplaced.remove(found).0)
    }

    /// Takes back what was accepted for any EVSE. False if nothing was.
    pub fn take_back(&mut self, token: &IdToken) -> bool {
        let before = self.unplaced.len();
        self.unplaced.retain(|(grant, _)| !grant.token.matches(token));
        self.unplaced.len() < before
    }

    /// The token charges at an EVSE: what was not asked yet for it need not be asked any more.
    pub fn settle(&mut self, evse: EvseId, token: &IdToken) {
        self.take_back(token);
        self.waiting.retain(|request| {
            let is_moot = request.purpose == Purpose::Start && request.evse.is_none_or(|place| place == evse);
            !request.token.matches(token) || !is_moot
        });
    }

    /// Gives up a driver who did not come in time. False if there is none.
    pub fn give_up_late(&mut self, now: Instant) -> bool {
        let late = self.unplaced.iter().position(|(_, until)| *until <= now);
        late.map(|late| self.unplaced.remove(late)).is_some()
    }

    /// When the next driver is late.
    pub fn deadline(&self) -> Option<Instant> {
        self.unplaced.iter().map(|(_, until)| *until).min()
    }

    /// What to ask about now, of contracts or of plain tokens.
    pub fn next(&mut self, is_contract: bool) -> Option<&AuthorizeRequest> {
        if self.asked.is_some() {
            return None;
        }
        let place = self.waiting.iter().position(|request| request.is_contract() == is_contract)?;
        self.asked = self.waiting.remove(place);
        self.asked.as_ref()
    }

    /// The CSMS answered.
    pub fn answered(&mut self, ctx: &mut Context<'_>, info: TokenInfo) {
        let Some(request) = self.asked.take() else { return };
        self.learn(ctx.shared, ctx.settings, &request.token, info.clone());
        if request.purpose == Purpose::Validation {
            return tell(ctx, request.token, &info);
        }
        if info.status != AuthorizationStatus::Accepted {
            return refuse(ctx, &request, TokenRefusal::Csms(info.status));
        }
        #[cfg(feature = "california_pricing")]
        self.accept(ctx, request, info);
        #[cfg(not(feature = "california_pricing"))]
        grant(ctx, request, info.group, info.evses);
    }

    /// The CSMS answered with an error, or nonsense, or the token cannot be sent.
    pub fn failed(&mut self, ctx: &mut Context<'_>, reason: TokenRefusal) {
        if let Some(request) = self.asked.take() {
            refuse(ctx, &request, reason);
        }
    }

    /// The CSMS did not answer: what waits to be asked in the same way is decided without it too.
    pub fn unanswered(&mut self, ctx: &mut Context<'_>) {
        let Some(asked) = self.asked.take() else { return };
        let is_contract = asked.is_contract();
        self.decide_offline(ctx, asked);
        for request in core::mem::take(&mut self.waiting) {
            if request.is_contract() == is_contract {
                self.decide_offline(ctx, request);
            } else {
                self.waiting.push_back(request);
            }
        }
    }

    /// The CSMS cannot be asked: everything that waits is decided without it.
    pub fn unreachable(&mut self, ctx: &mut Context<'_>) {
        let asked = self.asked.take();
        for request in asked.into_iter().chain(core::mem::take(&mut self.waiting)) {
            self.decide_offline(ctx, request);
        }
    }

    /// The CSMS said something of a token, in whatever answer: the cache learns it, unless the list knows the token
    /// (1.6 §3.5.1, §3.5.3). A list that says otherwise is a conflict (§3.5.2).
    pub fn learn(&mut self, shared: &mut Shared, settings: &Settings, token: &IdToken, info: TokenInfo) {
        // C02.FR.03.
        if token.is_start_button() {
            return;
        }
        let wall = shared.clock.wall(shared.now);
        match self.list.get(settings, token).map(|listed| listed.status_at(wall)) {
            Some(listed) if listed != info.status && !is_busy(info.status) => self.list.contradict(),
            Some(_) => {}
            // 2.x C03.FR.02: what the server made itself is not cached.
            None if token.kind().is_some_and(|kind| kind.eq_ignore_ascii_case("Central")) => {}
            None if settings.is_on(Setting::AuthCacheEnabled) => {
                let until_ms = until(settings, wall, &info);
                self.cache.update(&mut shared.store, shared.config.limits.token_cache, token, info, until_ms);
            }
            None => {}
        }
    }

    /// Carries out a ClearCache (1.6 §5.4), unless there is no cache (errata 3.23). With the ticket that its answer waits for.
    pub fn on_clear_cache(&mut self, shared: &mut Shared) -> Option<Option<Ticket>> {
        (shared.config.limits.token_cache > 0).then(|| self.cache.clear(&mut shared.store))
    }

    /// What the cache has of a token, whether it is used now or not.
    #[cfg(feature = "transaction_events")]
    pub fn cached(&self, token: &IdToken) -> Option<&TokenInfo> {
        self.cache.get(token, None)
    }

    /// Takes a token out of the cache (2.x N10). With the ticket of that.
    #[cfg(feature = "transaction_events")]
    pub fn forget(&mut self, store: &mut StoreQueue, token: &IdToken) -> Option<Ticket> {
        self.cache.forget(store, token)
    }

    /// A token is good by what the list, or else the cache, says of it. One that is cached is used so (2.x C10.FR.08).
    fn grant_known(&mut self, ctx: &mut Context<'_>, request: AuthorizeRequest, info: TokenInfo) {
        let wall = ctx.shared.clock.wall(ctx.now());
        if let Some(cached) = self.cache.get(&request.token, wall).cloned()
            && let Some(until_ms) = until(ctx.settings, wall, &cached)
        {
            let (store, limit) = (&mut ctx.shared.store, ctx.shared.config.limits.token_cache);
            self.cache.update(store, limit, &request.token, cached, Some(until_ms));
        }
        grant(ctx, request, info.group, info.evses);
    }

    /// What the list, or else the cache, says of a token.
    fn known_here(&self, settings: &Settings, token: &IdToken, wall: Option<DateTime<Utc>>) -> Option<&TokenInfo> {
        self.list
            .get(settings, token)
            .or_else(|| self.cache.get(token, wall).filter(|_| settings.is_on(Setting::AuthCacheEnabled)))
    }

    fn status_here(&self, ctx: &Context<'_>, token: &IdToken) -> Option<AuthorizationStatus> {
        let wall = ctx.shared.clock.wall(ctx.now());
        self.known_here(ctx.settings, token, wall).map(|info| info.status_at(wall))
    }

    /// Whether the list or the cache says anything of a token.
    pub fn knows(&self, ctx: &Context<'_>, token: &IdToken) -> bool {
        self.status_here(ctx, token).is_some()
    }

    /// What is known of a token that is accepted.
    fn accepted_here(&self, ctx: &Context<'_>, token: &IdToken) -> Option<&TokenInfo> {
        let wall = ctx.shared.clock.wall(ctx.now());
        let info = self.known_here(ctx.settings, token, wall)?;
        (info.status_at(wall) == AuthorizationStatus::Accepted).then_some(info)
    }

    /// The group that the list, or else the cache, knows of a token that may charge.
    pub fn group_here(&self, ctx: &Context<'_>, token: &IdToken) -> Option<IdToken> {
        self.accepted_here(ctx, token)?.group.clone()
    }

    /// 1.6 §3.5.
    fn decide_offline(&mut self, ctx: &mut Context<'_>, request: AuthorizeRequest) {
        if !ctx.once_accepted && !ctx.shared.config.policy.charge_before_accepted {
            return refuse(ctx, &request, TokenRefusal::Offline);
        }
        #[cfg(feature = "plug_and_charge")]
        if let Some(contract) = &request.contract
            && !self.may_decide(ctx, &request, contract)
        {
            return;
        }
        if ctx.settings.is_on(Setting::LocalAuthorizeOffline)
            && let Some(info) = self.accepted_here(ctx, &request.token).cloned()
        {
            return self.grant_known(ctx, request, info);
        }
        match self.status_here(ctx, &request.token) {
            Some(AuthorizationStatus::Accepted) | None => {}
            // 1.6 §3.5.4: not even where unknown ones may charge.
            Some(status) => return refuse(ctx, &request, TokenRefusal::Csms(status)),
        }
        match request.purpose {
            Purpose::Start | Purpose::Validation if ctx.settings.is_on(Setting::OfflineTxForUnknownIdEnabled) => {
                grant(ctx, request, None, Vec::new());
            }
            Purpose::Start | Purpose::Group | Purpose::MasterPass | Purpose::Validation => {
                refuse(ctx, &request, TokenRefusal::Offline);
            }
        }
    }
}

/// Until when a token is cached that is used now, if not for ever (2.x C10.FR.08).
fn until(settings: &Settings, wall: Option<DateTime<Utc>>, info: &TokenInfo) -> Option<i64> {
    #[cfg(feature = "transaction_events")]
    let seconds = settings.number(Setting::AuthCacheLifeTime);
    #[cfg(not(feature = "transaction_events"))]
    let seconds = {
        let _ = settings;
        0
    };
    let is_limited = seconds > 0 && info.expiry_ms.is_none();
    wall.filter(|_| is_limited).map(|wall| wall.timestamp_millis() + i64::from(seconds) * 1000)
}

/// Whether a refusal is about another transaction, not about the token.
fn is_busy(status: AuthorizationStatus) -> bool {
    status == AuthorizationStatus::ConcurrentTx
}

/// Tells the host what is known of a token that it asked about.
fn tell(ctx: &mut Context<'_>, token: IdToken, info: &TokenInfo) {
    let refusal = (info.status != AuthorizationStatus::Accepted).then_some(TokenRefusal::Csms(info.status));
    let expires = info.expiry_ms.and_then(DateTime::from_timestamp_millis);
    let (group, evses) = (info.group.clone(), info.evses.clone());
    ctx.event(Event::TokenValidated { token, refusal, group, expires, evses });
}

/// A token is good, at these EVSEs; none is at every one.
fn grant(ctx: &mut Context<'_>, request: AuthorizeRequest, group: Option<IdToken>, evses: Vec<EvseId>) {
    // C16.FR.03.
    if request.purpose != Purpose::Validation
        && request.remote_start.is_none()
        && ctx.settings.is_master_pass(group.as_ref())
    {
        return ctx.signals.push_back(Signal::MasterPass(request.token));
    }
    if request.purpose == Purpose::MasterPass {
        return refuse(ctx, &request, TokenRefusal::Occupied);
    }
    // C01.FR.21.
    if request.purpose == Purpose::Start && !may_begin(&request, &evses) {
        return refuse(ctx, &request, TokenRefusal::OtherEvse);
    }
    let AuthorizeRequest { evse, evses: served, token, purpose, remote_start, .. } = request;
    let is_both = |place: &EvseId| is_among(&served, *place);
    let evses = if evses.is_empty() { served } else { evses.into_iter().filter(is_both).collect() };
    ctx.signals.push_back(match (purpose, evse) {
        (Purpose::Group, Some(evse)) => Signal::GroupConfirmed { evse, token, group },
        (Purpose::Validation, _) => {
            return ctx.event(Event::TokenValidated { token, refusal: None, group, expires: None, evses });
        }
        (Purpose::Start | Purpose::Group | Purpose::MasterPass, _) => {
            Signal::Granted { evse, grant: Grant { token, group, remote_start, evses } }
        }
    });
}

/// Whether a token may begin where its driver is, or at one of the EVSEs that its reader serves.
fn may_begin(request: &AuthorizeRequest, evses: &[EvseId]) -> bool {
    match request.evse {
        Some(evse) => is_among(evses, evse),
        None => evses.is_empty() || evses.iter().any(|evse| is_among(&request.evses, *evse)),
    }
}

fn refuse(ctx: &mut Context<'_>, request: &AuthorizeRequest, reason: TokenRefusal) {
    if request.purpose == Purpose::Validation {
        let (token, refusal) = (request.token.clone(), Some(reason));
        let (group, expires, evses) = (None, None, Vec::new());
        return ctx.event(Event::TokenValidated { token, refusal, group, expires, evses });
    }
    ctx.signals.push_back(Signal::Refused { evse: request.evse, reason });
}
