//! Time of composite schedules over the number of profiles and periods: `cargo bench -p ocpp-smartcharging`.
//!
//! With `-- PROFILES PERIODS HOURS` one case alone is calculated once, for a profiler.

#![allow(clippy::unwrap_used, clippy::float_arithmetic)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_smartcharging::composite::CompositeRequest;
use ocpp_smartcharging::installation::{Evse, Installation, LocalLimit, SetpointPriority, Situation};
use ocpp_smartcharging::model::{
    ChargingProfile, ChargingSchedule, EvseId, InstalledProfile, Kind, LimitSource, ProfileId, Purpose, RateUnit,
    Recurrency, SchedulePeriod,
};
use ocpp_smartcharging::online::LimitTracker;
use ocpp_smartcharging::time::LocalTime;
use ocpp_smartcharging::units::{PhaseRule, Supply};

fn main() {
    let numbers: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if let [profiles, periods, hours] = numbers.as_slice() {
        let installation = installation();
        let profiles = profiles_of(*profiles, *periods);
        let situation = situation(&installation, &profiles);
        println!("{} periods", situation.composite(&request(1, *hours)).unwrap().periods.len());
        return;
    }
    println!("profiles  periods  window   EVSE 1          periods out   station of 4    limit at (cold)");
    let mut points = Vec::new();
    for hours in [24, 7 * 24] {
        for profiles in [1, 10, 50, 200] {
            for periods in [24, 100, 1_000] {
                points.push(measure(profiles, periods, hours));
            }
        }
    }
    println!("time ~ n^{:.2} for n periods that start within the window", exponent(&points));
    measure_tracker();
}

fn measure(profiles: u32, periods: u32, hours: u32) -> (f64, f64) {
    let installation = installation();
    let installed = profiles_of(profiles, periods);
    let situation = situation(&installation, &installed);
    let out = situation.composite(&request(1, hours)).unwrap().periods.len();
    let one = median(|| {
        black_box(situation.composite(black_box(&request(1, hours))).unwrap());
    });
    let station = median(|| {
        black_box(situation.composite(black_box(&request(0, hours))).unwrap());
    });
    let at = start() + TimeDelta::hours(5);
    let cold = median(|| {
        black_box(situation.limit_at(EvseId(1), black_box(at), RateUnit::Amperes).unwrap());
    });
    println!("{profiles:8} {periods:8} {hours:5} h {one:>11.1?} {out:15} {station:>15.1?} {cold:>15.1?}");
    (f64::from(profiles * periods) * f64::from(hours) / 24.0, one.as_secs_f64())
}

fn measure_tracker() {
    let installation = installation();
    let installed = profiles_of(50, 1_000);
    let situation = situation(&installation, &installed);
    let mut tracker = LimitTracker::new(RateUnit::Amperes);
    tracker.update(&situation, start());
    let rounds = 10_000;
    let each = median(|| {
        for _ in 0..rounds {
            black_box(tracker.limit(black_box(EvseId(1))));
        }
    }) / rounds;
    println!("limit now, from the tracker: {each:?}");
}

/// The median of as many runs as fit in 100 ms, at least 5.
fn median(mut run: impl FnMut()) -> Duration {
    run();
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < 5 || begin.elapsed() < Duration::from_millis(100) {
        let start = Instant::now();
        run();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    *times.get(times.len() / 2).unwrap()
}

/// The slope of a straight line through the logarithms.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<_> = points.iter().map(|(n, seconds)| (n.ln(), seconds.ln())).collect();
    let count = logs.len() as f64;
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| logs.iter().map(f).sum::<f64>() / count;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let covariance = mean(&|p| (p.0 - x) * (p.1 - y));
    covariance / mean(&|p| (p.0 - x) * (p.0 - x))
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_709_251_200, 0).unwrap()
}

fn request(evse: u32, hours: u32) -> CompositeRequest {
    CompositeRequest {
        evse: EvseId(evse),
        start: start(),
        duration_seconds: hours * 3_600,
        unit: RateUnit::Amperes,
        max_periods: usize::MAX,
    }
}

fn situation<'a>(installation: &'a Installation, profiles: &'a [InstalledProfile]) -> Situation<'a> {
    Situation { installation, profiles, transactions: &[], offline_since: None }
}

fn installation() -> Installation {
    let evse = Evse {
        supply: Supply::Ac { phases: 3 },
        local_limit: LocalLimit { milliamperes: 32_000, milliwatts: 22_080_000 },
    };
    Installation {
        line_millivolts: 230_000,
        grid_phases: 3,
        evses: vec![evse; 4],
        cap_at_local_limit: false,
        phase_rule: PhaseRule::PerPhase,
        setpoint_priority: SetpointPriority::ExternalSystem,
        local_time: LocalTime::default(),
    }
}

/// Daily profiles of all purposes and both units, on rising levels. The higher the level, the shorter it is in force
/// each day and the later it starts, so that levels take over from each other all day.
fn profiles_of(count: u32, periods: u32) -> Vec<InstalledProfile> {
    (0..count).map(|index| profile(index, count, periods)).collect()
}

fn profile(index: u32, count: u32, periods: u32) -> InstalledProfile {
    let purposes = [Purpose::TxDefault, Purpose::StationMax, Purpose::ExternalConstraints];
    let unit = if index.is_multiple_of(2) { RateUnit::Amperes } else { RateUnit::Watts };
    let seconds = 86_400 - index * (86_400 / (count + 1));
    let scale = match unit {
        RateUnit::Amperes => 1,
        RateUnit::Watts => 690,
    };
    let period = |number: u32| SchedulePeriod {
        start_seconds: u32::try_from(u64::from(number) * u64::from(seconds) / u64::from(periods)).unwrap(),
        limit_milli: Some(i64::from((number * 7_919 + index * 104_729) % 32_000) * scale),
        number_phases: Some(3),
        ..SchedulePeriod::default()
    };
    InstalledProfile {
        evse: EvseId::STATION,
        source: LimitSource::Cso,
        profile: ChargingProfile {
            id: ProfileId(i32::try_from(index).unwrap()),
            stack_level: index,
            purpose: *purposes.get(index as usize % purposes.len()).unwrap(),
            kind: Kind::Recurring,
            recurrency: Some(Recurrency::Daily),
            valid_from: None,
            valid_to: None,
            transaction_id: None,
            schedules: vec![ChargingSchedule {
                id: 1,
                start_schedule: Some(start() - TimeDelta::days(30) + TimeDelta::seconds(i64::from(index) * 61)),
                duration_seconds: Some(seconds),
                unit,
                periods: (0..periods).map(period).collect(),
                min_charging_rate_milli: None,
                randomized_delay_seconds: 0,
                use_local_time: false,
                limit_at_soc: None,
            }],
            max_offline_seconds: None,
            invalid_after_offline: false,
            dyn_update_interval_seconds: None,
            dyn_update_time: None,
        },
    }
}
