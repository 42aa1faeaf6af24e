//! What pipe and replay need of a machine, and a machine from boot to boot in virtual time.

use ocpp_core::csms::{self, Fact, Session, SessionConfig, SessionState};
use ocpp_core::station::{self, StationConfig};
use ocpp_core::store::{Image, StoreOp, Ticket};
use ocpp_core::time::Instant;
use ocpp_core::{MisuseError, Station};
use ocpp_rpc::Dialect;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::Uptime;
use crate::link::End;
use crate::seed::Seed;
use crate::store::StoreReply;

/// A machine behind its boundary.
pub trait Machine: Sized {
    /// Which one.
    const ROLE: End;
    /// How it is set up.
    type Config: Clone + Serialize + DeserializeOwned;
    /// What it is told.
    type Input: Serialize + DeserializeOwned;
    /// What it orders and tells.
    type Action: Serialize + DeserializeOwned;
    /// What its store carries out.
    type Op: Clone;
    /// What its store holds.
    type Dump: Clone + Default + Serialize + DeserializeOwned;

    /// Whether a version is built in.
    fn speaks(version: Dialect) -> bool;
    /// The machine as it boots from what its store holds.
    ///
    /// # Errors
    /// When the configuration contradicts itself.
    fn boot(config: Self::Config, seed: u64, dump: &Self::Dump) -> Result<Self, MisuseError>;
    /// Tells it something.
    ///
    /// # Errors
    /// When it is a mistake; then nothing was changed.
    fn handle(&mut self, now: Instant, input: Self::Input) -> Result<(), MisuseError>;
    /// Its next action.
    fn poll_action(&mut self) -> Option<Self::Action>;
    /// When its tick is due.
    fn poll_timeout(&self) -> Option<Instant>;

    /// The input that says that time passed.
    fn tick() -> Self::Input;
    /// The input that says that an operation and all before it are durable.
    fn stored(ticket: Ticket) -> Self::Input;
    /// What an input says of the store.
    fn store_reply(input: &Self::Input) -> Option<StoreReply>;
    /// What an action orders of the store.
    fn store_order(action: &Self::Action) -> Option<(Ticket, Self::Op)>;
    /// Carries out an operation.
    fn apply(dump: &mut Self::Dump, ticket: Ticket, op: Self::Op);
}

impl Machine for Station {
    const ROLE: End = End::Station;
    type Config = StationConfig;
    type Input = station::Input<'static>;
    type Action = station::Action;
    type Op = StoreOp;
    type Dump = Image;

    fn speaks(version: Dialect) -> bool {
        Station::speaks(version)
    }

    fn boot(config: StationConfig, seed: u64, dump: &Image) -> Result<Self, MisuseError> {
        Station::new(config, seed, dump)
    }

    fn handle(&mut self, now: Instant, input: Self::Input) -> Result<(), MisuseError> {
        Station::handle(self, now, input)
    }

    fn poll_action(&mut self) -> Option<station::Action> {
        Station::poll_action(self)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Station::poll_timeout(self)
    }

    fn tick() -> Self::Input {
        station::Input::Tick
    }

    fn stored(ticket: Ticket) -> Self::Input {
        station::Input::Stored(ticket)
    }

    fn store_reply(input: &Self::Input) -> Option<StoreReply> {
        if let station::Input::Stored(ticket) = input {
            return Some(StoreReply::Stored(*ticket));
        }
        let station::Input::StoreFailed(ticket) = input else { return None };
        Some(StoreReply::Failed(*ticket))
    }

    fn store_order(action: &station::Action) -> Option<(Ticket, StoreOp)> {
        let station::Action::Store { ticket, op } = action else { return None };
        Some((*ticket, op.clone()))
    }

    fn apply(dump: &mut Image, _: Ticket, op: StoreOp) {
        dump.apply(&op);
    }
}

/// A fact in a database, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredFact {
    /// The place.
    pub ticket: Ticket,
    /// The fact.
    pub fact: Fact,
}

impl Machine for Session {
    const ROLE: End = End::Csms;
    type Config = SessionConfig;
    type Input = csms::Input<'static>;
    type Action = csms::Action;
    type Op = Fact;
    type Dump = Vec<StoredFact>;

    fn speaks(version: Dialect) -> bool {
        Session::speaks(version)
    }

    fn boot(config: SessionConfig, seed: u64, dump: &Self::Dump) -> Result<Self, MisuseError> {
        let facts = dump.iter().map(|stored| (stored.ticket, stored.fact.clone()));
        let state = SessionState::replay(&config, facts);
        Ok(Session::restore(config, seed, state))
    }

    fn handle(&mut self, now: Instant, input: Self::Input) -> Result<(), MisuseError> {
        Session::handle(self, now, input)
    }

    fn poll_action(&mut self) -> Option<csms::Action> {
        Session::poll_action(self)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Session::poll_timeout(self)
    }

    fn tick() -> Self::Input {
        csms::Input::Tick
    }

    fn stored(ticket: Ticket) -> Self::Input {
        csms::Input::Stored(ticket)
    }

    fn store_reply(input: &Self::Input) -> Option<StoreReply> {
        if let csms::Input::Stored(ticket) = input {
            return Some(StoreReply::Stored(*ticket));
        }
        let csms::Input::StoreFailed(ticket) = input else { return None };
        Some(StoreReply::Failed(*ticket))
    }

    fn store_order(action: &csms::Action) -> Option<(Ticket, Fact)> {
        let csms::Action::Store { ticket, fact } = action else { return None };
        Some((*ticket, fact.clone()))
    }

    fn apply(dump: &mut Self::Dump, ticket: Ticket, fact: Fact) {
        dump.push(StoredFact { ticket, fact });
    }
}

/// A machine from boot to boot. Times are those of the world; the machine counts from its boot.
pub struct Host<M: Machine> {
    config: M::Config,
    seed: Seed,
    boots: u64,
    uptime: Uptime,
    machine: M,
}

impl<M: Machine> Host<M> {
    /// A new machine, at the beginning of the world.
    ///
    /// # Errors
    /// When the configuration contradicts itself.
    pub fn new(config: M::Config, seed: Seed) -> Result<Self, MisuseError> {
        let machine = M::boot(config.clone(), boot_seed(seed, 0), &M::Dump::default())?;
        Ok(Host { config, seed, boots: 1, uptime: Uptime::since(Instant::ZERO), machine })
    }

    /// The machine is gone, and another one boots from what its store held.
    ///
    /// # Errors
    /// When the configuration contradicts itself.
    pub fn restart(&mut self, now: Instant, dump: &M::Dump) -> Result<(), MisuseError> {
        self.machine = M::boot(self.config.clone(), boot_seed(self.seed, self.boots), dump)?;
        self.boots += 1;
        self.uptime = Uptime::since(now);
        Ok(())
    }

    /// Tells the machine something.
    ///
    /// # Errors
    /// When it is a mistake; then nothing was changed.
    pub fn handle(&mut self, now: Instant, input: M::Input) -> Result<(), MisuseError> {
        self.machine.handle(self.uptime.of(now), input)
    }

    /// Its next action.
    pub fn poll_action(&mut self) -> Option<M::Action> {
        self.machine.poll_action()
    }

    /// When its tick is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.machine.poll_timeout().map(|own| self.uptime.world(own))
    }
}

/// The seed of a boot, counted from 0: it must differ between boots.
pub fn boot_seed(seed: Seed, boot: u64) -> u64 {
    seed.child("boot", boot).0
}
