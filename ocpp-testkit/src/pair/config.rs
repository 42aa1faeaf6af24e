//! How a pair is set up.

use std::time::Duration;

use chrono::DateTime;
use ocpp_core::csms::{AuthorizationStatus, Session, SessionConfig};
use ocpp_core::station::StationConfig;
use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::Password;

use crate::clock::WallClock;
use crate::csms::Policy;
use crate::hardware::Hardware;
use crate::link::End;
use crate::pair::Sabotage;
use crate::seed::Seed;
use crate::store::StoreHabits;

/// A power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashPoint {
    /// Which end loses its power.
    pub end: End,
    /// After which of its actions, counted from 1 over all its runs.
    pub after: u64,
    /// How many of the operations that are not durable survive.
    pub keep: usize,
    /// Whether what it sent still arrives.
    pub in_flight_arrives: bool,
    /// How long it is down.
    pub outage: Duration,
}

/// How a pair is set up. All of it has plain defaults but the seed.
#[derive(Clone, Debug)]
pub struct PairConfig {
    /// Decides all that is drawn.
    pub seed: Seed,
    /// The station.
    pub station: StationConfig,
    /// Each of its EVSEs.
    pub hardware: Hardware,
    /// What the station's own clock shows; unset if it has none that outlasts a power cut.
    pub station_clock: WallClock,
    /// The station's store.
    pub station_store: StoreHabits,
    /// The CSMS's session.
    pub session: SessionConfig,
    /// The versions that the CSMS speaks.
    pub csms_versions: Vec<Dialect>,
    /// What the CSMS decides.
    pub policy: Policy,
    /// The password that the CSMS wants of the station, if it wants one.
    pub password: Option<Password>,
    /// How long the CSMS thinks about a question.
    pub csms_thinks: Duration,
    /// The CSMS's database.
    pub csms_store: StoreHabits,
    /// The right time.
    pub wall: WallClock,
    /// From the station to the CSMS.
    pub latency_up: Duration,
    /// From the CSMS to the station.
    pub latency_down: Duration,
    /// Whether the trace is kept.
    pub trace: bool,
    /// Whether the station's boundary is recorded, to be replayed.
    pub record: bool,
    /// Whether messages about transactions are compared with the station's journal as they are sent.
    pub journal_check: bool,
    /// Whether each fact that gets into the database is compared at once with the wire and the meters. Holds where no
    /// message is given up.
    pub ledger_check: bool,
    /// Whether the machines are ticked after each input as well, which must make no difference.
    pub extra_ticks: bool,
    /// Power cuts at chosen actions, in order.
    pub crashes: Vec<CrashPoint>,
    /// Whether to write down where crashes could be.
    pub survey: bool,
    /// A planted bug.
    pub sabotage: Option<Sabotage>,
    /// Whether the wire is recorded, for a trace file.
    pub record_wire: bool,
}

impl PairConfig {
    /// A station with one EVSE of 7.2 kW, no clock of its own, near a CSMS that knows the token `TAG`.
    pub fn new(seed: u64) -> Self {
        // 2026-01-01T12:00:00Z
        let wall = DateTime::from_timestamp(1_767_268_800, 0).map_or(WallClock::UNSET, WallClock::starting_at);
        PairConfig {
            seed: Seed(seed),
            station: StationConfig::new("ws://csms.example/ocpp", "CP001", "Vendor", "Model")
                .with(|config| config.policy.takes_unsigned_firmware = true),
            hardware: Hardware::new(1_000_000, 7_200),
            station_clock: WallClock::UNSET,
            station_store: StoreHabits::default(),
            session: SessionConfig::default(),
            csms_versions: Dialect::ALL.into_iter().filter(|version| Session::speaks(*version)).collect(),
            policy: Policy::default().with_token("TAG", AuthorizationStatus::Accepted),
            password: None,
            csms_thinks: Duration::from_millis(2),
            csms_store: StoreHabits { lag: Duration::from_millis(8), ..StoreHabits::default() },
            wall,
            latency_up: Duration::from_millis(30),
            latency_down: Duration::from_millis(25),
            trace: true,
            record: false,
            journal_check: true,
            ledger_check: false,
            extra_ticks: false,
            crashes: Vec::new(),
            survey: false,
            sabotage: None,
            record_wire: false,
        }
    }

    /// Sets a configuration key of the station.
    #[must_use]
    pub fn with_setting(mut self, key: &str, value: &str) -> Self {
        self.station = self.station.with_setting(key, value);
        self
    }

    /// Sets the versions that the station speaks, most wanted first.
    #[must_use]
    pub fn speaking(mut self, versions: &[Dialect]) -> Self {
        self.station.network.versions = versions.to_vec();
        self
    }

    /// Sets what the CSMS decides.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }
}
