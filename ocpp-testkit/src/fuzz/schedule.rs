//! Composite schedules against the naive evaluation of the rules, second by second.

#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the tests of the schedules own it")]
#[path = "../../../ocpp-smartcharging/tests/oracle/reference.rs"]
mod reference;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ocpp_smartcharging::composite::{CompositePeriod, CompositeRequest};
use ocpp_smartcharging::installation::{Evse, Installation, LocalLimit, SetpointPriority, Situation, Transaction};
use ocpp_smartcharging::model::{
    ChargingProfile, ChargingSchedule, EvseId, InstalledProfile, Kind, LimitAtSoc, LimitSource, OperationMode,
    PhaseRates, ProfileId, Purpose, RateUnit, Recurrency, SchedulePeriod,
};
use ocpp_smartcharging::time::{LocalTime, OffsetChange};
use ocpp_smartcharging::units::{PhaseRule, Supply};

use super::script::Script;
use reference::Reference;

/// 2024-03-01T00:00:00Z. Times of a script are seconds around it.
const EPOCH: i64 = 1_709_251_200;
/// Half of the numbers that a script can say lies before the epoch.
const MIDDLE: i64 = 500;
const MOST_PROFILES: usize = 12;
const MOST_PERIODS: usize = 12;
/// Civil time moves by an hour here, and by half an hour back there.
const CHANGES: [(i64, i32); 2] = [(EPOCH + 100, 3_600), (EPOCH + 300, 1_800)];

/// A station with profiles, one character for each thing about it: the composite schedule is what the rules say of every
/// second, neighbouring periods differ, and no limit is negative.
///
/// `P` and three digits add a profile (purpose, EVSE, level), of which the small letters that follow say more; `a` adds
/// a period. The other capitals are about the station, its transactions and the question.
pub fn schedule(data: &[u8]) {
    let mut case = Case::default();
    let mut script = Script::new(data);
    while let Some(letter) = script.next() {
        case.take(letter, &mut script);
    }
    case.check();
}

struct Case {
    installation: Installation,
    profiles: Vec<InstalledProfile>,
    transactions: BTreeMap<EvseId, Transaction>,
    offline_since: Option<DateTime<Utc>>,
    request: CompositeRequest,
}

impl Default for Case {
    fn default() -> Self {
        let evse = Evse {
            supply: Supply::Ac { phases: 3 },
            local_limit: LocalLimit { milliamperes: 32_000, milliwatts: 22_080_000 },
        };
        let changes = CHANGES.map(|(t, offset_seconds)| OffsetChange { at: at(t - EPOCH), offset_seconds });
        Case {
            installation: Installation {
                line_millivolts: 230_000,
                grid_phases: 3,
                evses: vec![evse; 2],
                cap_at_local_limit: false,
                phase_rule: PhaseRule::PerPhase,
                setpoint_priority: SetpointPriority::default(),
                local_time: LocalTime::with_changes(0, changes.into()),
            },
            profiles: Vec::new(),
            transactions: BTreeMap::new(),
            offline_since: None,
            request: CompositeRequest {
                evse: EvseId(1),
                start: at(0),
                duration_seconds: 600,
                unit: RateUnit::Amperes,
                max_periods: usize::MAX,
            },
        }
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(EPOCH + seconds, 0).unwrap_or_default()
}

fn offset_at(t: i64) -> i32 {
    CHANGES.iter().rfind(|(change, _)| *change <= t).map_or(0, |(_, offset)| *offset)
}

/// Up to three digits.
fn number(script: &mut Script<'_>) -> i64 {
    [100, 10, 1].into_iter().fold(0, |sum, place| sum + place * i64::try_from(script.digit()).unwrap_or(0))
}

fn instant(script: &mut Script<'_>) -> DateTime<Utc> {
    at(number(script) - MIDDLE)
}

fn small(script: &mut Script<'_>, count: usize) -> usize {
    script.digit() % count
}

fn evse(script: &mut Script<'_>) -> EvseId {
    EvseId(u32::try_from(small(script, 3)).unwrap_or(0))
}

fn phases(script: &mut Script<'_>) -> u8 {
    u8::try_from(1 + small(script, 3)).unwrap_or(1)
}

/// In thousandths: of amperes first, of kilowatts for the higher digits.
fn rate(script: &mut Script<'_>) -> i64 {
    let rate = number(script) - 50;
    if rate < 500 { rate * 100 } else { (rate - 500) * 50_000 }
}

fn rates(script: &mut Script<'_>, sign: i64) -> PhaseRates {
    let parts = script.digit();
    let l1_milli = Some(sign * rate(script).abs());
    let l2_milli = (parts & 1 > 0).then(|| sign * rate(script).abs());
    let l3_milli = (parts & 2 > 0).then(|| sign * rate(script).abs());
    PhaseRates { l1_milli, l2_milli, l3_milli }
}

impl Case {
    fn take(&mut self, letter: u8, script: &mut Script<'_>) {
        match letter {
            b'P' => self.add_profile(script),
            b'T' => {
                let evse = EvseId(u32::from(phases(script)).min(2));
                let id = format!("tx{}", small(script, 2));
                self.transactions.insert(evse, Transaction::new(evse, Some(id), Some(instant(script))));
            }
            b'C' => self.installation.cap_at_local_limit = !self.installation.cap_at_local_limit,
            b'F' => self.installation.phase_rule = PhaseRule::TotalPower,
            b'I' => self.installation.setpoint_priority = SetpointPriority::Csms,
            b'O' => self.offline_since = Some(instant(script)),
            b'S' => self.build(script),
            b'Q' => {
                self.request.evse = evse(script);
                self.request.start = instant(script);
                self.request.duration_seconds = u32::try_from(number(script)).unwrap_or(0);
            }
            b'W' => self.request.unit = RateUnit::Watts,
            b'V' => self.change_transactions(script),
            _ => {
                if let Some(installed) = self.profiles.last_mut() {
                    change(installed, letter, script);
                }
            }
        }
    }

    /// How an EVSE is built.
    fn build(&mut self, script: &mut Script<'_>) {
        let place = usize::from(phases(script)).clamp(1, 2) - 1;
        let supply = match script.digit() {
            phases @ 1..=3 => Supply::Ac { phases: u8::try_from(phases).unwrap_or(1) },
            _ => Supply::Dc { millivolts: 400_000 },
        };
        if let Some(evse) = self.installation.evses.get_mut(place) {
            evse.supply = supply;
        }
    }

    fn change_transactions(&mut self, script: &mut Script<'_>) {
        let soc = u8::try_from(number(script) % 101).ok();
        let index = small(script, 3);
        for transaction in self.transactions.values_mut() {
            transaction.soc_percent = soc;
            transaction.schedule_index = index;
            transaction.priority_charging = true;
        }
    }

    fn add_profile(&mut self, script: &mut Script<'_>) {
        let purpose = match small(script, 6) {
            0 => Purpose::StationMax,
            1 => Purpose::TxDefault,
            2 => Purpose::Tx,
            3 => Purpose::ExternalConstraints,
            4 => Purpose::Priority,
            _ => Purpose::LocalGeneration,
        };
        let evse = match (purpose, evse(script)) {
            (Purpose::StationMax, _) => EvseId::STATION,
            (Purpose::Tx, EvseId::STATION) => EvseId(1),
            (_, evse) => evse,
        };
        let stack_level = u32::try_from(script.digit()).unwrap_or(0);
        if self.profiles.len() == MOST_PROFILES {
            return;
        }
        let id = ProfileId(i32::try_from(self.profiles.len()).unwrap_or(0));
        let profile = ChargingProfile {
            id,
            stack_level,
            purpose,
            kind: Kind::Absolute,
            recurrency: None,
            valid_from: None,
            valid_to: None,
            transaction_id: None,
            schedules: vec![new_schedule()],
            max_offline_seconds: None,
            invalid_after_offline: false,
            dyn_update_interval_seconds: None,
            dyn_update_time: None,
        };
        self.profiles.push(InstalledProfile { evse, source: LimitSource::Cso, profile });
    }

    fn check(self) {
        let transactions: Vec<_> = self.transactions.into_values().collect();
        let situation = Situation {
            installation: &self.installation,
            profiles: &self.profiles,
            transactions: &transactions,
            offline_since: self.offline_since,
        };
        let now = self.request.start.timestamp();
        let composite = match situation.composite(&self.request) {
            Ok(composite) => composite,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(composite.duration_seconds, self.request.duration_seconds);
        for (a, b) in composite.periods.iter().zip(composite.periods.iter().skip(1)) {
            assert!(a.start_seconds < b.start_seconds && !a.same_values(b), "{a:?}, {b:?}");
        }
        let reference = Reference { situation: &situation, now, unit: self.request.unit, offset_at };
        for second in 0..self.request.duration_seconds.max(1) {
            let period = composite.periods.iter().rfind(|period| period.start_seconds <= second);
            let Some(period) = period else { panic!("nothing holds at {second} s") };
            let [l2, l3] = period.limit.l2_l3_milli.unwrap_or_default();
            assert!(period.limit.milli >= 0 && l2 >= 0 && l3 >= 0, "{period:?}");
            let expected = reference.at(self.request.evse, now + i64::from(second));
            let found = CompositePeriod { start_seconds: 0, ..*period };
            assert_eq!(found, expected, "at second {second} of {situation:?}");
        }
    }
}

fn new_schedule() -> ChargingSchedule {
    ChargingSchedule {
        id: 0,
        start_schedule: Some(at(0)),
        duration_seconds: None,
        unit: RateUnit::Amperes,
        periods: vec![SchedulePeriod { limit_milli: Some(10_000), ..SchedulePeriod::default() }],
        min_charging_rate_milli: None,
        randomized_delay_seconds: 0,
        use_local_time: false,
        limit_at_soc: None,
    }
}

/// What a small letter says of the profile, of its last schedule, or of the last period of that.
fn change(installed: &mut InstalledProfile, letter: u8, script: &mut Script<'_>) {
    let profile = &mut installed.profile;
    match letter {
        b'k' => {
            profile.kind = match small(script, 4) {
                0 => Kind::Absolute,
                1 => Kind::Relative,
                2 => Kind::Recurring,
                _ => Kind::Dynamic,
            };
            profile.recurrency = (profile.kind == Kind::Recurring)
                .then(|| if small(script, 2) == 0 { Recurrency::Daily } else { Recurrency::Weekly });
        }
        b'f' => profile.valid_from = Some(instant(script)),
        b't' => profile.valid_to = Some(instant(script)),
        b'i' => profile.transaction_id = Some(format!("tx{}", small(script, 2))),
        b'o' => profile.max_offline_seconds = u32::try_from(number(script)).ok(),
        b'j' => profile.dyn_update_time = Some(instant(script)),
        b'z' if profile.schedules.len() < 3 => profile.schedules.push(new_schedule()),
        _ => {
            if let Some(schedule) = profile.schedules.last_mut() {
                change_schedule(schedule, letter, script);
            }
        }
    }
}

fn change_schedule(schedule: &mut ChargingSchedule, letter: u8, script: &mut Script<'_>) {
    match letter {
        b's' => schedule.start_schedule = Some(instant(script)),
        // Days, or weeks, or nearly so before.
        b'b' => {
            let days = i64::try_from(script.digit()).unwrap_or(0);
            schedule.start_schedule = Some(at(number(script) - MIDDLE - days * 86_400));
        }
        b'x' => schedule.start_schedule = None,
        b'd' => {
            let days = u32::try_from(script.digit()).unwrap_or(0);
            schedule.duration_seconds = u32::try_from(number(script)).ok().map(|seconds| days * 86_400 + seconds);
        }
        b'w' => schedule.unit = RateUnit::Watts,
        b'l' => schedule.use_local_time = true,
        b'e' => {
            let soc_percent = u8::try_from(number(script) % 101).unwrap_or(0);
            schedule.limit_at_soc = Some(LimitAtSoc { soc_percent, limit_milli: rate(script) });
        }
        b'a' if schedule.periods.len() < MOST_PERIODS => {
            let last = schedule.periods.last().map_or(0, |period| period.start_seconds);
            let start_seconds = last + 1 + u32::try_from(number(script)).unwrap_or(0);
            let limit_milli = Some(rate(script));
            schedule.periods.push(SchedulePeriod { start_seconds, limit_milli, ..SchedulePeriod::default() });
        }
        _ => {
            if let Some(period) = schedule.periods.last_mut() {
                change_period(period, letter, script);
            }
        }
    }
}

fn change_period(period: &mut SchedulePeriod, letter: u8, script: &mut Script<'_>) {
    match letter {
        b'r' => period.limit_milli = Some(rate(script)),
        b'q' => period.limit_milli = None,
        b'n' => period.number_phases = Some(phases(script)),
        b'h' => period.phase_to_use = Some(phases(script)),
        b'm' => {
            period.mode = match small(script, 4) {
                0 => OperationMode::ChargingOnly,
                1 => OperationMode::CentralSetpoint,
                2 => OperationMode::Idle,
                _ => OperationMode::ExternalSetpoint,
            };
        }
        b'2' => period.extra.get_or_insert_default().limit_l2_milli = Some(rate(script)),
        b'3' => period.extra.get_or_insert_default().limit_l3_milli = Some(rate(script)),
        b'g' => period.extra.get_or_insert_default().discharge_limit = rates(script, -1),
        b'p' => period.extra.get_or_insert_default().setpoint = rates(script, 1),
        b'u' => period.extra.get_or_insert_default().setpoint = rates(script, -1),
        b'v' => period.extra.get_or_insert_default().setpoint_reactive = rates(script, 1),
        b'c' => period.extra.get_or_insert_default().preconditioning = true,
        b'y' => period.extra.get_or_insert_default().evse_sleep = true,
        // Blanks and the like, so that people can set a script out.
        _ => {}
    }
}
