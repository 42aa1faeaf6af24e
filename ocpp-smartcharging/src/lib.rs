#![no_std]
//! Charging profiles of OCPP 1.6, 2.0.1 and 2.1: whether one may be installed, which are, and what they add up to.
//!
//! A limit is a pure function of profiles, transactions, the station as built, and time. The crate has no clock, no
//! state but the [store](store::ProfileStore) and the [tracker](online::LimitTracker) that the caller keeps, and no
//! floating-point numbers.
//!
#![cfg_attr(feature = "v1_6", doc = "```")]
#![cfg_attr(not(feature = "v1_6"), doc = "```ignore")]
//! use ocpp_smartcharging::composite::CompositeRequest;
//! use ocpp_smartcharging::installation::{Evse, Installation, LocalLimit, SetpointPriority, Situation, Transaction};
//! use ocpp_smartcharging::model::{ChargingProfile, EvseId, InstalledProfile, LimitSource, RateUnit};
//! use ocpp_smartcharging::store::ProfileStore;
//! use ocpp_smartcharging::time::LocalTime;
//! use ocpp_smartcharging::units::{PhaseRule, Supply};
//! use ocpp_smartcharging::validate::Edition;
//! use ocpp_types::{Decode, Encode, v1_6};
//!
//! // The station as built: one connector of three phases and 32 A.
//! let connector = Evse {
//!     supply: Supply::Ac { phases: 3 },
//!     local_limit: LocalLimit { milliamperes: 32_000, milliwatts: 22_080_000 },
//! };
//! let installation = Installation {
//!     line_millivolts: 230_000,
//!     grid_phases: 3,
//!     evses: vec![connector],
//!     cap_at_local_limit: true,
//!     phase_rule: PhaseRule::TotalPower,
//!     setpoint_priority: SetpointPriority::default(),
//!     local_time: LocalTime::default(),
//! };
//!
//! // What SetChargingProfile.req brings.
//! let message = v1_6::ChargingProfile::from_json(
//!     r#"{"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
//!         "chargingProfileKind": "Relative", "chargingSchedule": {"chargingRateUnit": "A", "duration": 7200,
//!         "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}, {"startPeriod": 3600, "limit": 16}]}}"#,
//! )?;
//! let profile = ChargingProfile::try_from(&message)?;
//! let now = "2024-03-01T12:00:00Z".parse().unwrap();
//! let mut store = ProfileStore::default();
//! let changes = store.install(
//!     InstalledProfile { evse: EvseId(1), source: LimitSource::Cso, profile },
//!     Edition::V1_6,
//!     now,
//! );
//! assert_eq!(changes.len(), 1); // To be recorded before the answer is sent.
//!
//! // What holds now, and what GetCompositeSchedule.conf says.
//! let transactions = [Transaction::new(EvseId(1), Some("42".into()), Some(now))];
//! let situation = Situation {
//!     installation: &installation,
//!     profiles: store.profiles(),
//!     transactions: &transactions,
//!     offline_since: None,
//! };
//! let limit = situation.limit_at(EvseId(1), now, RateUnit::Amperes)?;
//! assert_eq!(limit.period.limit.milli, 10_000);
//! assert_eq!(limit.until, Some("2024-03-01T13:00:00Z".parse().unwrap()));
//! let schedule = situation.composite(&CompositeRequest {
//!     evse: EvseId(1),
//!     start: now,
//!     duration_seconds: 10_000,
//!     unit: RateUnit::Amperes,
//!     max_periods: 100,
//! })?;
//! assert_eq!(
//!     v1_6::ChargingSchedule::from(&schedule).to_json()?,
//!     concat!(
//!         r#"{"duration":10000,"chargingRateUnit":"A","chargingSchedulePeriod":["#,
//!         r#"{"startPeriod":0,"limit":10,"numberPhases":3},{"startPeriod":3600,"limit":16,"numberPhases":3},"#,
//!         r#"{"startPeriod":7200,"limit":32,"numberPhases":3}]}"#
//!     )
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Readings
//!
//! Where the specification leaves a choice, this is what is done:
//!
//! - Nothing is in force before `startSchedule`, in 1.6 too (K01.FR.30).
//! - When the transaction's profile has no period for an instant, the default profile counts (K02.FR.08), in 1.6 too.
//! - A limit in watts holds for the phases in use in 1.6 (errata 3.34), and per phase by the period's own number of
//!   phases in 2.x (K01.FR.50): see [`PhaseRule`](units::PhaseRule).
//! - Where limits per phase meet a single phase that is not named, the lowest counts.
//! - Being offline for too long is judged as of now; the [tracker](online::LimitTracker) comes back when it will be so.
//! - The composite schedule of one EVSE is what it may draw while it is alone; [`site`] shares the station's limit.
//!
//! # Rounding
//!
//! Limits are compared exactly and cut off once, towards zero, to thousandths of an ampere or watt; see [`units`].
//! Instants count from the next whole second on; see [`time`].
//!
//! # Cost
//!
//! A composite schedule takes O(n log n) for n periods that start within its window; how long ago a schedule started
//! recurring does not matter. `cargo bench` on one core of a small server, for one EVSE:
//!
//! | profiles x periods | 24 h | 7 days |
//! |---|---|---|
//! | 1 x 24 | 2 µs | 10 µs |
//! | 10 x 100 | 35 µs | 0.24 ms |
//! | 50 x 100 | 0.07 ms | 0.5 ms |
//! | 50 x 1,000 | 0.6 ms | 4 ms |
//! | 200 x 1,000 | 1.0 ms | 6 ms |
//!
//! Memory is allocated for the result and a few words per profile, not per step. The limit that holds now is a look in
//! the [tracker](online::LimitTracker), a few nanoseconds; found from nothing it takes 1 to 50 µs for up to 50 profiles.

extern crate alloc;

pub mod composite;
#[cfg(any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
pub mod convert;
pub mod filter;
#[cfg(test)]
mod fixture;
pub mod installation;
pub mod model;
pub mod online;
mod recurrence;
pub mod site;
pub mod store;
pub mod time;
pub mod units;
pub mod validate;

/// Whether profiles may have what only 2.x has. Code for it that asks this is not in firmware that speaks 1.6 alone.
const V2: bool = cfg!(feature = "v2");
