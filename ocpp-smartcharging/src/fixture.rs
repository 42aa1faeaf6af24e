//! Small profiles and a station for unit tests.

use alloc::vec;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use crate::installation::{Evse, Installation, LocalLimit, SetpointPriority, Situation, Transaction};
use crate::model::*;
use crate::time::LocalTime;
use crate::units::{PhaseRule, Supply};

/// 2024-03-01T00:00:00Z and so many seconds.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_709_251_200 + seconds, 0).unwrap()
}

/// A station at 230 V with `evses` EVSEs of three phases and 32 A.
pub fn installation(evses: u32) -> Installation {
    let evse = Evse {
        supply: Supply::Ac { phases: 3 },
        local_limit: LocalLimit { milliamperes: 32_000, milliwatts: 22_080_000 },
    };
    Installation {
        line_millivolts: 230_000,
        grid_phases: 3,
        evses: (0..evses).map(|_| evse.clone()).collect(),
        cap_at_local_limit: true,
        phase_rule: PhaseRule::PerPhase,
        setpoint_priority: SetpointPriority::ExternalSystem,
        local_time: LocalTime::default(),
    }
}

/// A period without anything but a limit.
pub fn period(start_seconds: u32, limit_milli: i64) -> SchedulePeriod {
    SchedulePeriod { start_seconds, limit_milli: Some(limit_milli), ..SchedulePeriod::default() }
}

/// A schedule in amperes from `at(0)` on, without end.
pub fn schedule(periods: Vec<SchedulePeriod>) -> ChargingSchedule {
    ChargingSchedule {
        id: 1,
        start_schedule: Some(at(0)),
        duration_seconds: None,
        unit: RateUnit::Amperes,
        periods,
        min_charging_rate_milli: None,
        randomized_delay_seconds: 0,
        use_local_time: false,
        limit_at_soc: None,
    }
}

/// An absolute profile of one limit in milliamperes, from `at(0)` on.
pub fn profile(id: i32, evse: u32, purpose: Purpose, milliamperes: i64) -> InstalledProfile {
    InstalledProfile {
        evse: EvseId(evse),
        source: LimitSource::Cso,
        profile: ChargingProfile {
            id: ProfileId(id),
            stack_level: 0,
            purpose,
            kind: Kind::Absolute,
            recurrency: None,
            valid_from: None,
            valid_to: None,
            transaction_id: (purpose == Purpose::Tx).then(|| "tx".into()),
            schedules: vec![schedule(vec![period(0, milliamperes)])],
            max_offline_seconds: None,
            invalid_after_offline: false,
            dyn_update_interval_seconds: None,
            dyn_update_time: None,
        },
    }
}

/// The transaction "tx" on an EVSE, ready at `at(0)`.
pub fn transaction(evse: u32) -> Transaction {
    Transaction::new(EvseId(evse), Some("tx".into()), Some(at(0)))
}

/// An online situation.
pub fn situation<'a>(
    installation: &'a Installation,
    profiles: &'a [InstalledProfile],
    transactions: &'a [Transaction],
) -> Situation<'a> {
    Situation { installation, profiles, transactions, offline_since: None }
}
