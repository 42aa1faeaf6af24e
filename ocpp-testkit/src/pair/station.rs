//! The station's end of a pair: machine, hardware, store and clock, and what is left of them without power.

use std::collections::BTreeMap;

use ocpp_core::MisuseError;
use ocpp_core::Station;
use ocpp_core::station::{Action, EvseId, Input, Limits, StationConfig};
use ocpp_core::store::{StoreOp, Ticket};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;

use crate::clock::{Uptime, WallClock};
use crate::hardware::Hardware;
use crate::jobs::HostJobs;
use crate::link::End;
use crate::pair::Sabotage;
use crate::pipe::{Setup, boot_seed};
use crate::seed::Seed;
use crate::store::{Numbering, OutOfTurn, SimStore, StoreHabits, StoreReply};
use crate::trace::record::{Entry, Record, Recording, What};

/// A station as a thing: it can lose its power, and gets it back.
pub struct StationEnd {
    /// The EVSEs.
    pub hardware: BTreeMap<EvseId, Hardware>,
    /// What the host does beside.
    pub jobs: HostJobs,
    /// The station's own clock.
    pub clock: WallClock,
    /// Whether the clock outlasts a power cut.
    pub keeps_time: bool,
    /// A planted bug.
    pub sabotage: Option<Sabotage>,
    config: StationConfig,
    seed: Seed,
    /// None without power.
    machine: Option<(Uptime, Station)>,
    boots: u64,
    restarts_ordered: u64,
    store: SimStore<StoreOp>,
    /// What the machine was told and said, if that is kept.
    recording: Option<Recording>,
    /// The time of what the machine says.
    told_at: Instant,
}

impl StationEnd {
    /// A station without power.
    pub fn new(
        config: StationConfig,
        hardware: BTreeMap<EvseId, Hardware>,
        clock: WallClock,
        habits: StoreHabits,
        seed: Seed,
    ) -> Self {
        let store = SimStore::new(habits, Numbering::PerRun);
        StationEnd {
            hardware,
            jobs: HostJobs::default(),
            clock,
            keeps_time: false,
            sabotage: None,
            config,
            seed,
            machine: None,
            boots: 0,
            restarts_ordered: 0,
            store,
            recording: None,
            told_at: Instant::ZERO,
        }
    }

    /// From the first boot on, all that the machine is told and says is kept, for [`replay`](crate::replay::replay).
    pub fn record(&mut self) {
        let ocpp = self.config.network.versions.first().copied().unwrap_or(Dialect::V1_6);
        let setup = Setup::<Station> { ocpp, config: self.config.clone(), seed: self.seed, auto_store: false };
        self.recording = setup.header().ok().map(|header| Recording { header: Some(header), entries: Vec::new() });
    }

    /// What was kept.
    pub fn recording(&self) -> Option<&Recording> {
        self.recording.as_ref()
    }

    fn keep(&mut self, what: serde_json::Result<What>) {
        if let (Some(recording), Ok(what)) = (&mut self.recording, what) {
            let line = recording.entries.len() as u64 + 2;
            recording.entries.push(Entry { line, record: Record::at(self.told_at, what) });
        }
    }

    /// The power comes: the machine is restored from what is durable, and told the time if the station has a clock.
    /// The facts of the hardware wait to be told.
    ///
    /// # Errors
    /// When the machine cannot be made, or does not take the time.
    pub fn power_on(&mut self, now: Instant) -> Result<(), MisuseError> {
        let machine = self.restored()?;
        self.told_at = now;
        if self.boots > 0 && self.recording.is_some() {
            let dump = serde_json::to_string(&self.store.image());
            self.keep(dump.map(|dump| What::Restore { role: End::Station, dump }));
        }
        self.boots += 1;
        self.machine = Some((Uptime::since(now), machine));
        for hardware in self.hardware.values_mut() {
            hardware.power_on(now);
        }
        match self.clock.read(now) {
            Some(wall) => self.handle(now, Input::Wall(wall)),
            None => Ok(()),
        }
    }

    /// A machine as the next boot makes it.
    ///
    /// # Errors
    /// When the machine cannot be made.
    pub fn restored(&self) -> Result<Station, MisuseError> {
        let image = match self.sabotage {
            Some(sabotage) => sabotage.read(self.store.image()),
            None => self.store.image(),
        };
        Station::new(self.config.clone(), boot_seed(self.seed, self.boots), &image)
    }

    /// The machine, while there is power.
    pub fn machine(&self) -> Option<&Station> {
        self.machine.as_ref().map(|(_, machine)| machine)
    }

    /// The bounds of the machine's memory.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// The power goes. Of the operations that were not durable, the first `keep` are.
    pub fn power_cut(&mut self, now: Instant, keep: usize) {
        self.machine = None;
        self.store.crash_torn(keep);
        if !self.keeps_time {
            self.clock = WallClock::UNSET;
        }
        self.jobs.power_cut();
        for hardware in self.hardware.values_mut() {
            hardware.power_cut(now);
        }
    }

    /// Whether it has power.
    pub fn is_up(&self) -> bool {
        self.machine.is_some()
    }

    /// How often it booted.
    pub fn boots(&self) -> u64 {
        self.boots
    }

    /// How often the machine ordered a restart.
    pub fn restarts_ordered(&self) -> u64 {
        self.restarts_ordered
    }

    /// The machine orders a restart.
    pub(super) fn count_restart(&mut self) {
        self.restarts_ordered += 1;
    }

    /// Tells the machine something. Without power nobody hears.
    ///
    /// # Errors
    /// When the machine does not take it.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), MisuseError> {
        let Some((uptime, machine)) = &mut self.machine else { return Ok(()) };
        let kept = self.recording.is_some().then(|| What::input(End::Station, &input));
        machine.handle(uptime.of(now), input)?;
        self.told_at = now;
        if let Some(kept) = kept {
            self.keep(kept);
        }
        Ok(())
    }

    /// The machine's next action.
    pub fn poll_action(&mut self) -> Option<Action> {
        let action = self.machine.as_mut()?.1.poll_action()?;
        if self.recording.is_some() {
            self.keep(What::output(End::Station, &action));
        }
        Some(action)
    }

    /// When the machine's tick is due, on the world's time line.
    pub fn tick_at(&self) -> Option<Instant> {
        let (uptime, machine) = self.machine.as_ref()?;
        machine.poll_timeout().map(|own| uptime.world(own))
    }

    /// When the hardware, or the host about a job, has something to say.
    pub fn hardware_timeout(&self) -> Option<Instant> {
        self.hardware.values().filter_map(Hardware::poll_timeout).chain(self.jobs.poll_timeout()).min()
    }

    /// Takes an operation for the store.
    ///
    /// # Errors
    /// When it comes out of turn.
    pub fn store_op(&mut self, now: Instant, ticket: Ticket, op: StoreOp) -> Result<(), OutOfTurn> {
        let op = match self.sabotage {
            Some(sabotage) => sabotage.store(op),
            None => op,
        };
        self.store.submit(now, ticket, op)
    }

    /// What the store says at `now` or before.
    pub fn poll_store(&mut self, now: Instant) -> Option<StoreReply> {
        self.store.poll_reply(now)
    }

    /// The store.
    pub fn store(&self) -> &SimStore<StoreOp> {
        &self.store
    }

    /// The store, to make it misbehave.
    pub fn store_mut(&mut self) -> &mut SimStore<StoreOp> {
        &mut self.store
    }
}
