//! Which profiles apply to whom, and from when.

use alloc::vec::Vec;

use super::stack::Stack;
use crate::V2;
use crate::installation::{Situation, Transaction};
use crate::model::{
    ChargingProfile, ChargingSchedule, EvseId, InstalledProfile, Kind, Purpose, SchedulePeriod, same_transaction,
};
use crate::recurrence::{Line, Placement, mix};
use crate::time::{ceil, second};

/// The stacks that constrain one EVSE, apart from those of the station.
pub(super) struct EvseStacks<'a> {
    /// Priority charging, else the transaction's own profiles, else the default ones.
    pub transaction: Stack<'a>,
    pub external: Stack<'a>,
    pub generation: Stack<'a>,
    pub soc_percent: Option<u8>,
}

/// The stacks that constrain the station as a whole.
pub(super) struct StationStacks<'a> {
    pub max: Stack<'a>,
    pub external: Stack<'a>,
    pub generation: Stack<'a>,
}

impl<'a> StationStacks<'a> {
    pub fn new(situation: &Situation<'a>, now: i64) -> Self {
        let context = Context::new(situation, EvseId::STATION, now);
        let stack = |purpose| {
            let lines = situation.profiles.iter().filter(|installed| installed.evse.is_station());
            let lines = lines.filter(|installed| installed.profile.purpose == purpose);
            context.stack(lines.map(|installed| (0, installed)))
        };
        Self {
            max: stack(Purpose::StationMax),
            external: stack(Purpose::ExternalConstraints),
            generation: stack(Purpose::LocalGeneration),
        }
    }

    /// Moves on to `t`; the second up to which nothing changes then.
    pub fn advance(&mut self, t: i64) -> i64 {
        self.max.advance(t).min(self.external.advance(t)).min(self.generation.advance(t))
    }
}

impl<'a> EvseStacks<'a> {
    pub fn new(situation: &Situation<'a>, evse: EvseId, now: i64) -> Self {
        let transaction = situation.transaction_on(evse);
        let context = Context::new(situation, evse, now);
        let on_this = |purpose| {
            let lines = situation.profiles.iter().filter(move |installed| installed.evse == evse);
            lines.filter(move |installed| installed.profile.purpose == purpose).map(|installed| (0, installed))
        };
        Self {
            transaction: context.stack(
                situation
                    .profiles
                    .iter()
                    .filter(|installed| installed.evse == evse || installed.evse.is_station())
                    .filter(|installed| !is_replaced(situation, installed, evse))
                    .filter_map(|installed| Some((transaction_rank(installed, transaction)?, installed))),
            ),
            external: context.stack(on_this(Purpose::ExternalConstraints)),
            generation: context.stack(on_this(Purpose::LocalGeneration)),
            soc_percent: transaction.and_then(|transaction| transaction.soc_percent),
        }
    }

    /// Moves on to `t`; the second up to which nothing changes then.
    pub fn advance(&mut self, t: i64) -> i64 {
        self.transaction.advance(t).min(self.external.advance(t)).min(self.generation.advance(t))
    }
}

/// The leading profile of a purpose among those installed on `evse`, its period, and the second up to which both hold.
pub(crate) fn leading<'a>(situation: &Situation<'a>, evse: EvseId, purpose: Purpose, now: i64) -> Lead<'a> {
    let context = Context::new(situation, evse, now);
    let mut lead = Lead { found: None, until: i64::MAX };
    for installed in situation.profiles.iter().filter(|other| other.evse == evse && other.profile.purpose == purpose) {
        let Some(line) = context.line(&installed.profile) else { continue };
        let span = line.period_at(now, &mut 0);
        lead.until = lead.until.min(span.until);
        let level = |installed: &InstalledProfile| (installed.profile.stack_level, installed.profile.id);
        if let Some(period) = span.value
            && lead.found.is_none_or(|(best, ..)| level(best) < level(installed))
        {
            lead.found = Some((installed, line.schedule(), period));
        }
    }
    lead
}

/// What [`leading`] finds.
pub(crate) struct Lead<'a> {
    pub found: Option<(&'a InstalledProfile, &'a ChargingSchedule, &'a SchedulePeriod)>,
    pub until: i64,
}

/// Priority charging overrules the transaction's profiles (K21.FR.04), which overrule the default ones (K02.FR.04).
/// Without a transaction only the default ones count (K08.FR.06).
fn transaction_rank(installed: &InstalledProfile, transaction: Option<&Transaction>) -> Option<u8> {
    let profile = &installed.profile;
    match profile.purpose {
        Purpose::TxDefault => Some(0),
        Purpose::Tx => {
            let transaction = transaction.filter(|_| !installed.evse.is_station())?;
            let wanted = profile.transaction_id.as_ref();
            let is_its_own = wanted.is_none() || same_transaction(wanted, transaction.id.as_ref());
            is_its_own.then_some(1)
        }
        Purpose::Priority => transaction?.priority_charging.then_some(2),
        Purpose::StationMax | Purpose::ExternalConstraints | Purpose::LocalGeneration => None,
    }
}

/// A default profile of the station is replaced for an EVSE that has one of its own at the same level, whatever the
/// schedule of that is now (1.6 §3.13.1).
fn is_replaced(situation: &Situation<'_>, installed: &InstalledProfile, evse: EvseId) -> bool {
    let is_default = |other: &InstalledProfile| other.profile.purpose == Purpose::TxDefault;
    let replaces = |other: &InstalledProfile| {
        other.evse == evse && is_default(other) && other.profile.stack_level == installed.profile.stack_level
    };
    installed.evse.is_station() && is_default(installed) && situation.profiles.iter().any(replaces)
}

/// What places the schedules of profiles on an EVSE or on the station.
struct Context<'a> {
    situation: Situation<'a>,
    now: i64,
    /// Where relative schedules start.
    ready_at: i64,
    delay_seed: Option<u64>,
    schedule_index: usize,
}

impl<'a> Context<'a> {
    fn new(situation: &Situation<'a>, evse: EvseId, now: i64) -> Self {
        let transaction = situation.transaction_on(evse);
        let ready_at = if evse.is_station() {
            situation.transactions.iter().filter_map(|transaction| transaction.ready_at).min()
        } else {
            transaction.and_then(|transaction| transaction.ready_at)
        };
        Self {
            situation: *situation,
            now,
            // What has started has not done so in the future, whatever a clock that stepped back says.
            // Up, so that its first period is no shorter than it says.
            ready_at: ready_at.map_or(now, |ready_at| ceil(ready_at).min(now)),
            delay_seed: transaction.and_then(|transaction| transaction.delay_seed),
            schedule_index: transaction.map_or(0, |transaction| transaction.schedule_index),
        }
    }

    /// The leading profile is the one of the highest rank, then stack level; at one level that of the EVSE.
    fn stack(&self, profiles: impl Iterator<Item = (u8, &'a InstalledProfile)>) -> Stack<'a> {
        let lines = profiles.filter_map(|(rank, installed)| {
            let profile = &installed.profile;
            let key = (rank, profile.stack_level, !installed.evse.is_station(), profile.id);
            Some((key, self.line(profile)?))
        });
        Stack::new(lines.collect::<Vec<_>>(), self.now)
    }

    fn line(&self, profile: &'a ChargingProfile) -> Option<Line<'a>> {
        if self.is_offline_for_too_long(profile) {
            return None;
        }
        // Alternatives are combined by their order; a single schedule goes with each of them (K15.FR.22).
        let schedule = match profile.schedules.as_slice() {
            [only] => only,
            several => several.get(self.schedule_index)?,
        };
        let (anchor, duration) = self.anchor_and_duration(profile, schedule)?;
        let follows_local_time = V2 && schedule.use_local_time && schedule.start_schedule.is_some();
        let placement = Placement {
            anchor,
            length: duration.unwrap_or(i64::MAX),
            repeat: match profile.kind {
                Kind::Recurring => profile.recurrency.map(|recurrency| i64::from(recurrency.seconds())),
                Kind::Absolute | Kind::Relative | Kind::Dynamic => None,
            },
            valid_from: profile.valid_from.map_or(i64::MIN, second),
            valid_to: profile.valid_to.map_or(i64::MAX, second),
            local: follows_local_time.then_some(&self.situation.installation.local_time),
        };
        let delay_seed = self.delay_seed.map(|seed| mix(seed ^ u64::from(profile.id.0.unsigned_abs())));
        Line::new(schedule, placement, delay_seed)
    }

    fn anchor_and_duration(
        &self,
        profile: &ChargingProfile,
        schedule: &ChargingSchedule,
    ) -> Option<(i64, Option<i64>)> {
        let duration = schedule.duration_seconds.map(i64::from);
        Some(match profile.kind {
            // Without a start, which only 1.6 allows, a schedule is relative to the start of charging (1.6 §7.13).
            Kind::Absolute | Kind::Recurring => (schedule.start_schedule.map_or(self.ready_at, second), duration),
            Kind::Relative => (self.ready_at, duration),
            // Still valid when exactly the duration has passed (K28.FR.13).
            Kind::Dynamic => (second(profile.dyn_update_time?), duration.map(|seconds| seconds + 1)),
        })
    }

    /// K01.FR.101. Judged as of now: for how long the station will stay offline is not known.
    fn is_offline_for_too_long(&self, profile: &ChargingProfile) -> bool {
        match (self.situation.offline_since.filter(|_| V2), profile.max_offline_seconds) {
            (Some(since), Some(most)) => self.now - second(since) > i64::from(most),
            (Some(_) | None, _) => false,
        }
    }
}
