//! Random situations in which rules meet: few levels, few EVSEs, times close to each other and to the edges of days.

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_smartcharging::composite::CompositeRequest;
use ocpp_smartcharging::installation::{Evse, Installation, LocalLimit, SetpointPriority, Situation, Transaction};
use ocpp_smartcharging::model::{
    ChargingProfile, ChargingSchedule, EvseId, InstalledProfile, Kind, LimitAtSoc, LimitSource, OperationMode,
    PeriodExtra, PhaseRates, ProfileId, Purpose, RateUnit, Recurrency, SchedulePeriod,
};
use ocpp_smartcharging::time::{LocalTime, OffsetChange};
use ocpp_smartcharging::units::{PhaseRule, Supply};
use proptest::collection::vec;
use proptest::option::{self, weighted};
use proptest::prelude::*;

/// 2024-03-01T00:00:00Z.
pub const EPOCH: i64 = 1_709_251_200;

/// Civil time moves by an hour here, and by half an hour back there.
const CHANGES: [(i64, i32); 2] = [(EPOCH + 600, 3_600), (EPOCH + 1_500, 1_800)];

/// The civil time of all generated stations.
pub fn offset_at(t: i64) -> i32 {
    CHANGES.iter().rfind(|(at, _)| *at <= t).map_or(0, |(_, offset)| *offset)
}

#[derive(Debug, Clone)]
pub struct Case {
    pub installation: Installation,
    pub profiles: Vec<InstalledProfile>,
    pub transactions: Vec<Transaction>,
    pub offline_since: Option<DateTime<Utc>>,
    pub request: CompositeRequest,
}

impl Case {
    pub fn situation(&self) -> Situation<'_> {
        Situation {
            installation: &self.installation,
            profiles: &self.profiles,
            transactions: &self.transactions,
            offline_since: self.offline_since,
        }
    }
}

pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// Within an hour around the epoch, some with a fraction of a second.
fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (-1_800..2_400_i64, prop_oneof![4 => Just(0), 1 => 1..1_000_i64])
        .prop_map(|(seconds, millis)| at(EPOCH + seconds) + TimeDelta::milliseconds(millis))
}

fn rate() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(6_000), Just(16_000), Just(32_000), 1..70_000_i64, 1_000..25_000_000_i64, Just(-5_000)]
}

fn phase_rates(rate: impl Strategy<Value = i64> + Clone) -> impl Strategy<Value = PhaseRates> {
    let split = option::weighted(0.3, (option::of(rate.clone()), option::of(rate.clone())));
    (rate, split).prop_map(|(l1, split)| {
        let (l2, l3) = split.unwrap_or_default();
        PhaseRates { l1_milli: Some(l1), l2_milli: l2, l3_milli: l3 }
    })
}

prop_compose! {
    fn extra()(
        l2 in weighted(0.3, 0..40_000_i64),
        l3 in weighted(0.3, 0..40_000_i64),
        discharge in weighted(0.4, phase_rates(-40_000..=0_i64)),
        setpoint in weighted(0.6, phase_rates(-40_000..40_000_i64)),
        reactive in weighted(0.2, phase_rates(-10_000..10_000_i64)),
        preconditioning: bool,
        evse_sleep: bool,
    ) -> PeriodExtra {
        PeriodExtra {
            limit_l2_milli: l2,
            limit_l3_milli: l3,
            discharge_limit: discharge.unwrap_or_default(),
            setpoint: setpoint.unwrap_or_default(),
            setpoint_reactive: reactive.unwrap_or_default(),
            preconditioning,
            evse_sleep,
            ..PeriodExtra::default()
        }
    }
}

prop_compose! {
    fn period()(
        limit in weighted(0.95, rate()),
        number_phases in option::of(1..=3_u8),
        phase_to_use in weighted(0.2, 1..=3_u8),
        mode in prop_oneof![
            6 => Just(OperationMode::ChargingOnly),
            2 => Just(OperationMode::CentralSetpoint),
            1 => Just(OperationMode::Idle),
            1 => Just(OperationMode::ExternalSetpoint),
        ],
        extra in extra(),
    ) -> SchedulePeriod {
        let extra = (mode != OperationMode::ChargingOnly || extra.preconditioning).then(|| Box::new(extra));
        SchedulePeriod { start_seconds: 0, limit_milli: limit, number_phases, phase_to_use, mode, extra }
    }
}

prop_compose! {
    fn schedule(kind: Kind)(
        start in instant(),
        days_ago in prop_oneof![2 => Just(0), 2 => 0..3_i64, 1 => Just(7), 1 => Just(14)],
        start_is_absent in prop::bool::weighted(0.05),
        duration in prop_oneof![
            2 => Just(None),
            3 => (0..3_000_u32).prop_map(Some),
            1 => (86_300..86_500_u32).prop_map(Some),
            1 => (604_700..604_900_u32).prop_map(Some),
        ],
        unit in prop_oneof![Just(RateUnit::Amperes), Just(RateUnit::Watts)],
        first_start in prop_oneof![19 => Just(0_u32), 1 => 1..100_u32],
        periods in vec((period(), 1..600_u32), 1..12),
        limit_at_soc in weighted(0.15, (0..=100_u8, 0..20_000_i64)),
        use_local_time in prop::bool::weighted(0.2),
    ) -> ChargingSchedule {
        let mut start_seconds = first_start;
        let periods = periods.into_iter().map(|(period, length)| {
            let period = SchedulePeriod { start_seconds, ..period };
            start_seconds += length;
            period
        });
        let has_start = kind != Kind::Relative && !start_is_absent;
        ChargingSchedule {
            id: 0,
            start_schedule: has_start.then(|| start - TimeDelta::days(days_ago)),
            duration_seconds: duration,
            unit,
            periods: periods.collect(),
            min_charging_rate_milli: None,
            randomized_delay_seconds: 0,
            use_local_time,
            limit_at_soc: limit_at_soc.map(|(soc_percent, limit_milli)| LimitAtSoc { soc_percent, limit_milli }),
        }
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![3 => Just(Kind::Absolute), 3 => Just(Kind::Recurring), 3 => Just(Kind::Relative), 1 => Just(Kind::Dynamic)]
}

fn profile() -> impl Strategy<Value = InstalledProfile> {
    let purpose = prop_oneof![
        3 => Just(Purpose::StationMax),
        2 => Just(Purpose::ExternalConstraints),
        4 => Just(Purpose::TxDefault),
        4 => Just(Purpose::Tx),
        1 => Just(Purpose::Priority),
        1 => Just(Purpose::LocalGeneration),
    ];
    (kind(), purpose, 0..3_u32).prop_flat_map(|(kind, purpose, evse)| {
        (
            prop_oneof![5 => vec(schedule(kind), 1), 1 => vec(schedule(kind), 2..=3)],
            0..4_u32,
            prop_oneof![Just(Recurrency::Daily), Just(Recurrency::Weekly)],
            weighted(0.3, instant()),
            weighted(0.3, instant()),
            weighted(0.5, 0..2_u32),
            weighted(0.2, 0..1_200_u32),
            weighted(0.9, instant()),
        )
            .prop_map(move |(schedules, stack_level, recurrency, from, to, transaction, offline, updated)| {
                let evse = match purpose {
                    Purpose::StationMax => EvseId::STATION,
                    Purpose::Tx => EvseId(evse.max(1)),
                    Purpose::ExternalConstraints
                    | Purpose::TxDefault
                    | Purpose::Priority
                    | Purpose::LocalGeneration => EvseId(evse),
                };
                InstalledProfile {
                    evse,
                    source: LimitSource::Cso,
                    profile: ChargingProfile {
                        id: ProfileId(0),
                        stack_level,
                        purpose,
                        kind,
                        recurrency: (kind == Kind::Recurring).then_some(recurrency),
                        valid_from: from,
                        valid_to: to,
                        transaction_id: transaction
                            .filter(|_| purpose == Purpose::Tx)
                            .map(|number| format!("tx{number}")),
                        schedules,
                        max_offline_seconds: offline,
                        invalid_after_offline: false,
                        dyn_update_interval_seconds: None,
                        dyn_update_time: updated.filter(|_| kind == Kind::Dynamic),
                    },
                }
            })
    })
}

fn evse() -> impl Strategy<Value = Evse> {
    let supply = prop_oneof![
        5 => Just(Supply::Ac { phases: 3 }),
        2 => Just(Supply::Ac { phases: 1 }),
        1 => Just(Supply::Dc { millivolts: 400_000 }),
    ];
    (supply, 1_000..60_000_i64, 1_000_000..40_000_000_i64).prop_map(|(supply, milliamperes, milliwatts)| Evse {
        supply,
        local_limit: LocalLimit { milliamperes, milliwatts },
    })
}

prop_compose! {
    fn transaction(evse: u32)(
        number in option::of(0..2_u32),
        ready_at in weighted(0.9, instant()),
        priority_charging in prop::bool::weighted(0.3),
        schedule_index in prop_oneof![4 => Just(0_usize), 1 => 1..3_usize],
        soc_percent in option::of(0..=100_u8),
    ) -> Transaction {
        Transaction {
            evse: EvseId(evse),
            id: number.map(|number| format!("tx{number}")),
            ready_at,
            priority_charging,
            delay_seed: None,
            schedule_index,
            soc_percent,
            charging_needs_sent: false,
        }
    }
}

prop_compose! {
    fn installation()(
        evses in vec(evse(), 1..3),
        line_millivolts in prop_oneof![Just(230_000), Just(120_000), 100_000..250_000_u32],
        grid_phases in prop_oneof![1 => Just(1_u8), 4 => Just(3_u8)],
        cap_at_local_limit: bool,
        is_16: bool,
        csms_first: bool,
    ) -> Installation {
        let changes = CHANGES.iter().map(|(t, offset_seconds)| OffsetChange { at: at(*t), offset_seconds: *offset_seconds });
        let evses = evses.into_iter().map(|evse| match evse.supply {
            Supply::Ac { phases } => Evse { supply: Supply::Ac { phases: phases.min(grid_phases) }, ..evse },
            Supply::Dc { .. } => evse,
        });
        Installation {
            line_millivolts,
            grid_phases,
            evses: evses.collect(),
            cap_at_local_limit,
            phase_rule: if is_16 { PhaseRule::TotalPower } else { PhaseRule::PerPhase },
            setpoint_priority: if csms_first { SetpointPriority::Csms } else { SetpointPriority::ExternalSystem },
            local_time: LocalTime::with_changes(0, changes.collect()),
        }
    }
}

/// Some situation and a request of a few thousand seconds.
pub fn case() -> impl Strategy<Value = Case> {
    let request = (instant(), 0..3_000_u32, 0..3_u32, any::<bool>());
    let transactions = (option::of(transaction(1)), option::of(transaction(2)));
    (installation(), vec(profile(), 0..16), transactions, weighted(0.3, instant()), request).prop_map(
        |(installation, mut profiles, transactions, offline_since, (start, duration_seconds, evse, amperes))| {
            for (id, installed) in (1..).zip(&mut profiles) {
                installed.profile.id = ProfileId(id);
            }
            let evse = EvseId(evse.min(u32::try_from(installation.evses.len()).unwrap()));
            let unit = if amperes { RateUnit::Amperes } else { RateUnit::Watts };
            Case {
                transactions: [transactions.0, transactions.1]
                    .into_iter()
                    .flatten()
                    .filter(|transaction| installation.evse(transaction.evse).is_some())
                    .collect(),
                installation,
                profiles,
                offline_since,
                request: CompositeRequest { evse, start, duration_seconds, unit, max_periods: usize::MAX },
            }
        },
    )
}
