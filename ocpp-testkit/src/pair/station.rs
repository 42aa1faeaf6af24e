//! The station's end of a pair: machine, hardware, store and clock, and what is left of them without power.

use std::collections::BTreeMap;

use ocpp_core::MisuseError;
use ocpp_core::Station;
use ocpp_core::station::{Action, EvseId, Input, Limits, StationConfig};
use ocpp_core::store::{StoreOp, Ticket};
use ocpp_core::time::Instant;

use crate::clock::{Uptime, WallClock};
use crate::hardware::Hardware;
use crate::pair::Sabotage;
use crate::seed::Seed;
use crate::store::{Numbering, OutOfTurn, SimStore, StoreHabits, StoreReply};

/// A station as a thing: it can lose its power, and gets it back.
pub struct StationEnd {
    /// The EVSEs.
    pub hardware: BTreeMap<EvseId, Hardware>,
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
    store: SimStore<StoreOp>,
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
        StationEnd { hardware, clock, keeps_time: false, sabotage: None, config, seed, machine: None, boots: 0, store }
    }

    /// The power comes: the machine is restored from what is durable, and told the time if the station has a clock.
    /// The facts of the hardware wait to be told.
    ///
    /// # Errors
    /// When the machine cannot be made, or does not take the time.
    pub fn power_on(&mut self, now: Instant) -> Result<(), MisuseError> {
        let machine = self.restored()?;
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
        Station::new(self.config.clone(), self.seed.child("boot", self.boots).0, &image)
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

    /// Tells the machine something. Without power nobody hears.
    ///
    /// # Errors
    /// When the machine does not take it.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), MisuseError> {
        match &mut self.machine {
            Some((uptime, machine)) => machine.handle(uptime.of(now), input),
            None => Ok(()),
        }
    }

    /// The machine's next action.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.machine.as_mut().and_then(|(_, machine)| machine.poll_action())
    }

    /// When the machine's tick is due, on the world's time line.
    pub fn tick_at(&self) -> Option<Instant> {
        let (uptime, machine) = self.machine.as_ref()?;
        machine.poll_timeout().map(|own| uptime.world(own))
    }

    /// When the hardware has something to say.
    pub fn hardware_timeout(&self) -> Option<Instant> {
        self.hardware.values().filter_map(Hardware::poll_timeout).min()
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
