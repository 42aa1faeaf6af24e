//! Smart charging (1.6 §3.13, §5.5, §5.7, §5.16): the installed profiles, and the limits that follow from them.
//!
//! Owns the profiles, each stored as an entry `profile/<id>`; those that came with a remote start wait here, unstored,
//! until their transaction begins. Looks at the EVSEs to learn which transactions run, and orders limits to their
//! hardware whenever one changes: with a profile, a transaction, the time, or a step of the clock.
//!
//! A profile of a transaction is gone when its transaction is on record as ended, also after a restart. All others are
//! kept, of whichever EVSE (errata 3.37).

mod limits;
mod record;

use alloc::vec::Vec;

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_smartcharging::composite::{CompositeRequest, CompositeSchedule};
use ocpp_smartcharging::filter::ClearFilter;
use ocpp_smartcharging::installation::{Installation, Situation, Transaction};
use ocpp_smartcharging::model::{ChargingProfile, EvseId as Place, InstalledProfile, LimitSource, RateUnit};
use ocpp_smartcharging::store::{ProfileStore, StoreChange};
use ocpp_smartcharging::validate::{Capabilities, Delivery, Edition, Proposal};
use ocpp_types::SmallString;

use super::authorize::Authorize;
use super::context::Context;
use super::evse::Evse;
use super::offer::own_limit;
use super::policy::Policy;
use super::settings::{Setting, Settings};
use super::verdict::ProfileVerdict;
use crate::site::journal::Journal;
use crate::site::shared::Shared;
use crate::station::{Event, EvseId, IdToken, Limit, SiteLimit, StationConfig, TransactionNo};
use crate::store::{Image, StoreQueue, Ticket};
use crate::table::Table;
use crate::time::{Clock, Instant, Stamp};
use crate::words::{Reason, digits};

use record::Shelf;

/// The profiles, and what is known of the transactions that they are for.
#[derive(Debug)]
pub(crate) struct SmartCharging {
    installation: Installation,
    /// By whose rules profiles are judged, replaced and cleared: the face's.
    edition: Edition,
    profiles: ProfileStore,
    shelf: Shelf,
    /// Profiles of remote starts whose transactions have not begun: one an EVSE, and one each token that may come to any.
    remote: Vec<WaitingProfile>,
    runs: Vec<Run>,
    /// What the site allows at each EVSE, and (0) all together.
    site_limits: Table<EvseId, SiteLimit>,
    /// Limits are to be found anew.
    is_stale: bool,
    /// Whether anything but the hardware limited when they were found last.
    had_limits: bool,
    /// What [`Clock::offset_ms`] was when they were found last.
    offset_ms: Option<i64>,
    /// When one of them changes next.
    until: Option<DateTime<Utc>>,
}

/// The profile of a remote start.
pub(crate) type RemoteProfile = ChargingProfile;

/// A composite schedule that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScheduleRequest {
    pub evse: Place,
    pub duration_seconds: u32,
    /// None where the station may choose.
    pub unit: Option<RateUnit>,
}

/// A profile that waits for the transaction of a token.
#[derive(Debug)]
struct WaitingProfile {
    /// Where it begins; none where its driver has yet to plug in.
    evse: Option<EvseId>,
    token: IdToken,
    installed: InstalledProfile,
}

/// A transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    evse: EvseId,
    transaction: TransactionNo,
    /// The CSMS's number.
    csms_id: Option<i64>,
    /// Whether energy may flow.
    may_charge: bool,
    /// When it began, from where relative profiles count.
    since: Since,
}

/// When a transaction began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// In this boot.
    Now(Instant),
    /// In an earlier one, as far as that is on record.
    Earlier(Option<Stamp>),
}

impl Run {
    fn of(evse: &Evse, journal: &Journal, clock: &Clock, now: Instant) -> Option<Self> {
        let transaction = evse.transaction()?;
        let csms_id = journal.csms_id(transaction);
        let is_of_now = Journal::boot_of(transaction) == clock.boot();
        let since = if is_of_now { Since::Now(now) } else { Since::Earlier(journal.started(transaction)) };
        Some(Run { evse: evse.id, transaction, csms_id, may_charge: evse.may_charge(), since })
    }

    /// When it began, by a clock that shows `wall` at `now`; none if that is not known.
    fn began(&self, clock: &Clock, now: Instant, wall: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.since {
            Since::Now(since) => {
                let age = TimeDelta::from_std(now.saturating_since(since)).unwrap_or_default();
                wall.checked_sub_signed(age)
            }
            Since::Earlier(at) => clock.resolve(at.filter(|at| clock.is_set() && clock.knows(*at))?),
        }
    }

    /// Whether nothing of it changed.
    fn is_same(&self, other: &Run) -> bool {
        *self == Run { since: self.since, ..*other }
    }
}

impl SmartCharging {
    /// Reads what was stored. Gives the entries that could not be used.
    pub fn restore(
        config: &StationConfig,
        policy: &Policy,
        image: &Image,
        store: &mut StoreQueue,
    ) -> (Self, Vec<SmallString>) {
        let (shelf, profiles, skipped) = Shelf::restore(policy.edition, image, store);
        let smart_charging = SmartCharging {
            installation: limits::installation(config),
            edition: policy.edition,
            profiles,
            shelf,
            remote: Vec::new(),
            runs: Vec::new(),
            site_limits: Table::default(),
            is_stale: true,
            had_limits: false,
            offset_ms: None,
            until: None,
        };
        (smart_charging, skipped)
    }

    /// Profiles that come from now on are judged by these rules.
    pub fn follow(&mut self, policy: &Policy) {
        self.edition = policy.edition;
    }

    /// What the site allows from now on.
    pub fn set_site_limit(&mut self, evse: Option<EvseId>, limit: Option<SiteLimit>) {
        let place = evse.unwrap_or(EvseId(0));
        match limit {
            Some(limit) => self.site_limits.insert(place, limit),
            None => self.site_limits.remove(&place),
        };
        self.is_stale = true;
    }

    /// What an EVSE may draw now.
    pub fn present_limit(&self, config: &StationConfig, evse: &Evse) -> Limit {
        evse.present_limit(own_limit(&config.supply_of(evse.id)))
    }

    /// Carries out a SetChargingProfile.
    pub fn on_set(
        &mut self,
        shared: &mut Shared,
        settings: &Settings,
        evse: Place,
        profile: ChargingProfile,
    ) -> ProfileVerdict {
        if !self.has_place(evse) {
            return ProfileVerdict::UnknownEvse;
        }
        let installed = InstalledProfile { evse, source: LimitSource::Cso, profile };
        let now = shared.now;
        // What is over makes room; not while there is enough, for a clock can be wrong.
        if self.profiles.profiles().len() >= self.capabilities(settings).max_profiles
            && let Some(wall) = shared.clock.wall(now)
        {
            let changes = self.profiles.remove_expired(wall);
            self.keep(&mut shared.store, &changes);
        }
        if !self.is_allowed(shared, settings, Delivery::SetChargingProfile, &installed) {
            return ProfileVerdict::Rejected;
        }
        ProfileVerdict::Accepted(self.install(&mut shared.store, installed, limits::time(&shared.clock, now)))
    }

    /// Whether there is such an EVSE, or it is the station.
    pub fn has_place(&self, evse: Place) -> bool {
        evse.is_station() || self.installation.evse(evse).is_some()
    }

    /// Carries out a ClearChargingProfile. Gives the ticket that its answer waits for; none if nothing was cleared.
    pub fn on_clear(&mut self, store: &mut StoreQueue, filter: &ClearFilter) -> Option<Ticket> {
        let changes = self.profiles.clear(filter, self.edition);
        self.keep(store, &changes)
    }

    /// Carries out a GetCompositeSchedule. Without the time, for an unknown EVSE or for a unit that the station does not have,
    /// there is none.
    pub fn on_get_composite(
        &self,
        shared: &Shared,
        settings: &Settings,
        request: &ScheduleRequest,
    ) -> Option<CompositeSchedule> {
        let start = shared.clock.wall(shared.now)?;
        let allowed = allowed_units(settings);
        let unit = match request.unit {
            Some(unit) => Some(unit).filter(|unit| allowed.contains(unit))?,
            None => {
                let own = limits::unit(&shared.config);
                Some(own).filter(|unit| allowed.contains(unit)).or(allowed.first().copied())?
            }
        };
        let evse = request.evse;
        let transactions = self.transactions(&shared.clock, shared.now, start);
        let is_concerned = |run: &Run| evse.is_station() || place(run.evse) == evse;
        let is_unplaced = |run: &Run| is_concerned(run) && run.began(&shared.clock, shared.now, start).is_none();
        let lowest = self.runs.iter().any(is_unplaced).then(|| limits::lowest_relative(self.profiles.profiles()));
        let profiles = lowest.as_deref().unwrap_or(self.profiles.profiles());
        let composite = Situation { profiles, ..self.situation(&transactions) }.composite(&CompositeRequest {
            evse,
            start,
            duration_seconds: request.duration_seconds,
            unit,
            max_periods: shared.config.limits.composite_periods,
        });
        composite.ok()
    }

    /// A remote start was accepted for an EVSE, or for whichever the driver comes to, with or without a profile (1.6
    /// §5.16.2). False if the profile is not.
    pub fn on_remote_start(
        &mut self,
        shared: &mut Shared,
        settings: &Settings,
        evse: Option<EvseId>,
        token: &IdToken,
        profile: Option<RemoteProfile>,
    ) -> bool {
        let Some(profile) = profile else { return true };
        let mut installed = InstalledProfile { evse: Place(0), source: LimitSource::Cso, profile };
        let places = evse.map_or(1..=shared.config.evse_count(), |evse| evse.0..=evse.0);
        for number in places {
            installed.evse = place(EvseId(number));
            if !self.is_allowed(shared, settings, Delivery::RemoteStart, &installed) {
                return false;
            }
        }
        self.remote.retain(|known| known.evse != evse || (evse.is_none() && !known.token.matches(token)));
        self.remote.push(WaitingProfile { evse, token: token.clone(), installed });
        true
    }

    /// A token that could have come to any EVSE is at this one.
    pub fn on_placed(&mut self, evse: EvseId, token: &IdToken) {
        let at = self.remote.iter().position(|known| known.evse.is_none() && known.token.matches(token));
        if let Some(mut known) = at.map(|at| self.remote.remove(at)) {
            known.evse = Some(evse);
            known.installed.evse = place(evse);
            self.remote.retain(|other| other.evse != Some(evse));
            self.remote.push(known);
        }
    }

    /// Follows transactions and time, and orders the limits that changed.
    pub fn advance(&mut self, ctx: &mut Context<'_>, evses: &mut [Evse], authorize: &Authorize) {
        self.settle_remote_profiles(ctx, evses, authorize);
        self.follow_transactions(ctx, evses);
        let (clock, now) = (&ctx.shared.clock, ctx.shared.now);
        let is_due = self.until.is_some_and(|until| until <= limits::time(clock, now));
        if self.is_stale || is_due || self.offset_ms != clock.offset_ms() {
            self.offset_ms = clock.offset_ms();
            let has_limits = !self.profiles.profiles().is_empty() || !self.site_limits.is_empty();
            if self.is_stale && (has_limits || self.had_limits) {
                ctx.event(Event::SchedulesChanged);
            }
            (self.is_stale, self.had_limits) = (false, has_limits);
            self.order_limits(ctx, evses);
        }
    }

    /// When a limit changes next, by the clock as it is now.
    pub fn deadline(&self, clock: &Clock) -> Option<Instant> {
        limits::instant(clock, self.until?)
    }

    /// Profiles of remote starts: installed when the transaction begins, dropped when it never will.
    fn settle_remote_profiles(&mut self, ctx: &mut Context<'_>, evses: &[Evse], authorize: &Authorize) {
        let mut begun = Vec::new();
        let is_quiet = ctx.signals.is_empty();
        self.remote.retain(|remote| {
            let evse = evses.iter().find(|evse| Some(evse.id) == remote.evse);
            let is_its_own = evse.is_some_and(|evse| evse.is_held_by(&remote.token));
            if evse.is_some_and(|evse| evse.transaction().is_some()) {
                begun.extend(is_its_own.then(|| remote.installed.clone()));
                return false;
            }
            is_its_own || authorize.is_asking(remote.evse, &remote.token) || !is_quiet
        });
        let now = limits::time(&ctx.shared.clock, ctx.shared.now);
        for installed in begun {
            self.install(&mut ctx.shared.store, installed, now);
        }
    }

    /// Learns which transactions run. The profiles of those that do not run any more go.
    fn follow_transactions(&mut self, ctx: &mut Context<'_>, evses: &[Evse]) {
        let now = ctx.shared.now;
        let journal = &*ctx.journal;
        let clock = &ctx.shared.clock;
        let found = || evses.iter().filter_map(|evse| Run::of(evse, journal, clock, now));
        let is_same = found().count() == self.runs.len() && found().zip(&self.runs).all(|(new, old)| old.is_same(&new));
        if is_same && !self.is_stale {
            return;
        }
        let since = |run: &Run| {
            let old = self.runs.iter().find(|old| old.transaction == run.transaction);
            old.map_or(run.since, |old| old.since)
        };
        self.runs = found().map(|run| Run { since: since(&run), ..run }).collect();
        self.is_stale = true;
        let changes = self.profiles.resume(&self.transactions(clock, now, DateTime::UNIX_EPOCH));
        self.keep(&mut ctx.shared.store, &changes);
    }

    /// The transactions as the calculation wants them, by a clock that shows `wall` at `now`.
    fn transactions(&self, clock: &Clock, now: Instant, wall: DateTime<Utc>) -> Vec<Transaction> {
        let transaction = |run: &Run| {
            let id = run.csms_id.map(|id| digits(id).into());
            Transaction::new(place(run.evse), id, run.began(clock, now, wall))
        };
        self.runs.iter().map(transaction).collect()
    }

    fn situation<'a>(&'a self, transactions: &'a [Transaction]) -> Situation<'a> {
        let profiles = self.profiles.profiles();
        Situation { installation: &self.installation, profiles, transactions, offline_since: None }
    }

    /// Whether the rules allow a profile. If not, the first that it breaks is reported.
    fn is_allowed(
        &self,
        shared: &mut Shared,
        settings: &Settings,
        delivery: Delivery,
        proposed: &InstalledProfile,
    ) -> bool {
        let capabilities = self.capabilities(settings);
        let transactions = self.transactions(&shared.clock, shared.now, DateTime::UNIX_EPOCH);
        let situation = self.situation(&transactions);
        let proposal = Proposal { edition: self.edition, delivery, capabilities: &capabilities, situation, proposed };
        let broken = proposal.violations().into_iter().next();
        if let Some(violation) = &broken {
            shared.event(Event::ProfileRefused { cause: violation.code(), reason: violation.reason() });
        }
        broken.is_none()
    }

    fn install(&mut self, store: &mut StoreQueue, new: InstalledProfile, now: DateTime<Utc>) -> Option<Ticket> {
        let changes = self.profiles.install(new, self.edition, now);
        self.keep(store, &changes)
    }

    /// Stores what changed. Gives the last ticket.
    fn keep(&mut self, store: &mut StoreQueue, changes: &[StoreChange]) -> Option<Ticket> {
        self.is_stale |= !changes.is_empty();
        self.shelf.keep(store, &self.profiles, changes)
    }

    /// The configuration keys of 1.6 §9.4. Profiles that wait for a transaction have their place already.
    fn capabilities(&self, settings: &Settings) -> Capabilities {
        let size = |key| usize::try_from(settings.number(key)).unwrap_or(usize::MAX);
        Capabilities {
            max_stack_level: settings.number(Setting::ProfileStackLevel),
            max_periods: size(Setting::PeriodsPerSchedule),
            max_profiles: size(Setting::ChargingProfileEntries).saturating_sub(self.remote.len()),
            units: allowed_units(settings),
            limits_phases: settings.is_on(Setting::Phases3to1),
            switches_phase: false,
            controls_dc_input_phases: false,
            priority_charging: false,
            local_generation: false,
            external_constraints_disallowed: true,
            dynamic_profiles: false,
            local_time: false,
            randomized_delay: false,
            limit_at_soc: false,
            evse_sleep: false,
            modes: Vec::new(),
            load_balancing_thresholds: false,
            max_external_constraints_id: None,
        }
    }
}

/// ChargingScheduleAllowedChargingRateUnit.
fn allowed_units(settings: &Settings) -> Vec<RateUnit> {
    let names = settings.text(Setting::ChargingRateUnits).split(',');
    let known = names.filter_map(|unit| match unit {
        "Current" => Some(RateUnit::Amperes),
        "Power" => Some(RateUnit::Watts),
        _ => None,
    });
    known.collect()
}

fn place(evse: EvseId) -> Place {
    Place(evse.0.into())
}
