//! Simulated hardware of one EVSE: plug, lock, contactor, meter, and the vehicle with its driver.
//!
//! A plain state machine in the shape of the others: orders and the acts of people go in with the time, facts come out of
//! [`Hardware::poll_fact`], and [`Hardware::poll_timeout`] says when the next one is due. What is physical (cable, lock,
//! vehicle, meter register) survives a power cut; what is firmware (the last orders) does not.

mod meter;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ocpp_core::station::{Bay, Cable, Contactor, EvseAction, EvseInput, Fault, Limit, Lock, Power, Vehicle};
use ocpp_core::time::Instant;

pub use meter::Meter;

/// How quick the hardware is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HardwareDelays {
    /// From an order or a vehicle's request until the contactor has moved.
    pub contactor: Duration,
    /// From an order until the lock has moved.
    pub lock: Duration,
    /// From an order to read the meter until its answer.
    pub meter: Duration,
}

impl Default for HardwareDelays {
    fn default() -> Self {
        HardwareDelays {
            contactor: Duration::from_millis(80),
            lock: Duration::from_millis(300),
            meter: Duration::from_millis(20),
        }
    }
}

/// The hardware of one EVSE.
#[derive(Clone, Debug)]
pub struct Hardware {
    meter: Meter,
    /// What the vehicle takes while the contactor conducts, in watts.
    draw_watts: u32,
    delays: HardwareDelays,
    has_lock: bool,
    meter_answers: bool,
    /// What the detector of the bay sees, if there is one.
    bay: Option<Bay>,
    cable: Cable,
    vehicle: Vehicle,
    fault: Option<Fault>,
    lock: Lock,
    contactor: Contactor,
    /// Where the contactor is moving to.
    contactor_target: Contactor,
    power: Power,
    /// What the firmware lets the vehicle have, in milliwatts; none without a limit.
    limit_milliwatts: Option<u64>,
    powered: bool,
    /// The driver pulls at a plug that is locked, and will have it when the lock opens.
    pulling: bool,
    /// The lock does not move, whatever is ordered.
    is_lock_stuck: bool,
    moves: BTreeMap<(Instant, u64), Move>,
    move_count: u64,
    facts: VecDeque<EvseInput>,
}

/// Something that is under way.
#[derive(Clone, Copy, Debug)]
enum Move {
    Contactor(Contactor),
    Lock(Lock),
    MeterAnswer,
}

impl Hardware {
    /// An EVSE with a fixed cable, whose meter shows `register_mwh`, for vehicles that take `draw_watts`.
    pub fn new(register_mwh: i64, draw_watts: u32) -> Self {
        Hardware {
            meter: Meter::new(register_mwh),
            draw_watts,
            delays: HardwareDelays::default(),
            has_lock: false,
            meter_answers: true,
            bay: None,
            cable: Cable::Absent,
            vehicle: Vehicle::Paused,
            fault: None,
            lock: Lock::Unlocked,
            contactor: Contactor::Open,
            contactor_target: Contactor::Open,
            power: Power::Off,
            limit_milliwatts: None,
            powered: true,
            pulling: false,
            is_lock_stuck: false,
            moves: BTreeMap::new(),
            move_count: 0,
            facts: VecDeque::new(),
        }
    }

    /// Sets what the meter shows.
    #[must_use]
    pub fn with_register(mut self, register_mwh: i64) -> Self {
        self.meter = Meter::new(register_mwh);
        self
    }

    /// Gives the EVSE a socket with a plug lock: a plug that is held cannot be pulled.
    #[must_use]
    pub fn with_lock(mut self) -> Self {
        self.has_lock = true;
        self
    }

    /// Gives the bay a detector, which sees nothing yet.
    #[must_use]
    pub fn with_bay_detector(mut self) -> Self {
        self.bay = Some(Bay::Free);
        self
    }

    /// Gives the EVSE a meter that signs what it shows.
    #[must_use]
    pub fn with_signatures(mut self) -> Self {
        self.meter.sign();
        self
    }

    /// Sets how quick the hardware is.
    #[must_use]
    pub fn with_delays(mut self, delays: HardwareDelays) -> Self {
        self.delays = delays;
        self
    }

    /// Gives the EVSE a meter whose readings are too high by so many thousandths of what flowed.
    #[must_use]
    pub fn with_misreading(mut self, error_permille: i64) -> Self {
        self.meter.misread(error_permille);
        self
    }

    /// The meter, whose register nobody can fool.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// What hangs at the socket.
    pub fn cable(&self) -> Cable {
        self.cable
    }

    /// Whether it has a lock for the plug.
    pub fn has_lock(&self) -> bool {
        self.has_lock
    }

    /// Whether the contactor conducts.
    pub fn contactor(&self) -> Contactor {
        self.contactor
    }

    /// Whether the plug is held.
    pub fn lock(&self) -> Lock {
        self.lock
    }

    /// Carries out an order of the station.
    pub fn order(&mut self, now: Instant, order: &EvseAction) {
        self.advance(now);
        match order {
            EvseAction::Power(power) => {
                self.power = *power;
                self.settle(now);
            }
            EvseAction::Lock(lock) => {
                if self.has_lock {
                    self.schedule(now + self.delays.lock, Move::Lock(*lock));
                }
            }
            EvseAction::Limit(limit) => {
                self.limit_milliwatts = Some(milliwatts(*limit));
                self.set_flow(now);
            }
            // It has one connector.
            EvseAction::Connector(..) => {}
            EvseAction::Reset => {
                self.power = Power::Off;
                self.settle(now);
                self.fact(EvseInput::Cable(self.cable));
                self.fact(EvseInput::Lock(self.lock));
            }
            EvseAction::ReadMeter => self.schedule(now + self.delays.meter, Move::MeterAnswer),
        }
    }

    /// The driver connects a vehicle that asks for energy.
    pub fn plug(&mut self, now: Instant) {
        self.advance(now);
        self.pulling = false;
        self.cable = Cable::Connected;
        self.fact(EvseInput::Cable(Cable::Connected));
        self.vehicle = Vehicle::Ready;
        self.fact(EvseInput::Vehicle(Vehicle::Ready));
        self.settle(now);
    }

    /// A vehicle drives into the bay, or out of it. Without a detector nobody sees that.
    pub fn set_bay(&mut self, now: Instant, bay: Bay) {
        self.advance(now);
        if self.bay.is_some() {
            self.bay = Some(bay);
            self.fact(EvseInput::Bay(bay));
        }
    }

    /// The driver pulls the plug; a locked one comes out when the lock opens.
    pub fn unplug(&mut self, now: Instant) {
        self.advance(now);
        if self.lock == Lock::Locked {
            self.pulling = true;
        } else {
            self.take_plug(now);
        }
    }

    /// The driver pulls the cable out of the vehicle; it stays in the station's socket.
    pub fn unplug_vehicle(&mut self, now: Instant) {
        self.advance(now);
        if self.cable == Cable::Connected {
            self.part(now, Cable::Plugged);
        }
    }

    /// The lock does not move any more, or moves again.
    pub fn set_lock_stuck(&mut self, now: Instant, is_stuck: bool) {
        self.advance(now);
        self.is_lock_stuck = is_stuck;
    }

    /// The vehicle asks for energy, or pauses.
    pub fn set_vehicle(&mut self, now: Instant, vehicle: Vehicle) {
        self.advance(now);
        if self.cable == Cable::Connected {
            self.vehicle = vehicle;
            self.fact(EvseInput::Vehicle(vehicle));
            self.settle(now);
        }
    }

    /// A fault appears, changes or goes.
    pub fn set_fault(&mut self, now: Instant, fault: Option<Fault>) {
        self.advance(now);
        let old = core::mem::replace(&mut self.fault, fault);
        if self.has_blocking_fault() {
            self.move_contactor(now, Contactor::Open);
        }
        // It has one fault at a time.
        if let Some(old) = old.filter(|old| self.fault.as_ref().is_none_or(|new| new.code != old.code)) {
            self.fact(EvseInput::FaultEnded(old.code));
        }
        if let Some(fault) = self.fault.clone() {
            self.fact(EvseInput::Fault(fault));
        }
        self.settle(now);
    }

    /// The vehicle takes another power from now on, in watts.
    pub fn set_draw(&mut self, now: Instant, watts: u32) {
        self.advance(now);
        self.draw_watts = watts;
        self.set_flow(now);
    }

    /// Whether the meter answers when it is asked.
    pub fn set_meter_answers(&mut self, answers: bool) {
        self.meter_answers = answers;
    }

    /// The power of the station fails: the contactor falls open, orders and unsaid facts are gone.
    pub fn power_cut(&mut self, now: Instant) {
        self.advance(now);
        self.powered = false;
        self.power = Power::Off;
        self.limit_milliwatts = None;
        self.move_contactor(now, Contactor::Open);
        self.contactor_target = Contactor::Open;
        self.moves.clear();
        self.facts.clear();
    }

    /// The power is back: the firmware reports all that it finds.
    pub fn power_on(&mut self, now: Instant) {
        self.advance(now);
        self.powered = true;
        if let Some(bay) = self.bay {
            self.fact(EvseInput::Bay(bay));
        }
        self.fact(EvseInput::Cable(self.cable));
        self.fact(EvseInput::Vehicle(self.vehicle));
        self.fact(EvseInput::Contactor(self.contactor));
        if self.has_lock {
            self.fact(EvseInput::Lock(self.lock));
        }
        if let Some(fault) = self.fault.clone() {
            self.fact(EvseInput::Fault(fault));
        }
    }

    /// The next fact to tell the station. Drain it after each call and at [`Self::poll_timeout`].
    pub fn poll_fact(&mut self, now: Instant) -> Option<EvseInput> {
        self.advance(now);
        self.facts.pop_front()
    }

    /// When the next fact is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.moves.keys().next().map(|(at, _)| *at)
    }

    /// Carries out what fell due, each at its own time.
    fn advance(&mut self, now: Instant) {
        while let Some(entry) = self.moves.first_entry().filter(|entry| entry.key().0 <= now) {
            let at = entry.key().0;
            match entry.remove() {
                Move::Contactor(contactor) if contactor == self.contactor_target => self.move_contactor(at, contactor),
                // Overtaken by a later change of mind.
                Move::Contactor(_) => {}
                Move::Lock(_) if self.is_lock_stuck => {}
                Move::Lock(lock) => {
                    self.lock = lock;
                    self.fact(EvseInput::Lock(lock));
                    if self.pulling && lock == Lock::Unlocked {
                        self.take_plug(at);
                    }
                }
                Move::MeterAnswer => {
                    if self.meter_answers {
                        self.fact(EvseInput::Meter(self.meter.reading(at)));
                    }
                }
            }
        }
    }

    /// Starts the contactor where it should go.
    fn settle(&mut self, now: Instant) {
        let wants_energy = self.cable == Cable::Connected && self.vehicle == Vehicle::Ready;
        let may_conduct = self.powered && self.power == Power::On && !self.has_blocking_fault();
        let target = if wants_energy && may_conduct { Contactor::Closed } else { Contactor::Open };
        if target != self.contactor_target {
            self.contactor_target = target;
            self.schedule(now + self.delays.contactor, Move::Contactor(target));
        }
    }

    fn move_contactor(&mut self, at: Instant, contactor: Contactor) {
        if self.contactor != contactor {
            self.contactor = contactor;
            self.set_flow(at);
            self.fact(EvseInput::Contactor(contactor));
        }
    }

    /// The vehicle takes what it wants, as far as it is allowed to.
    fn set_flow(&mut self, at: Instant) {
        let wanted = u64::from(self.draw_watts) * 1_000;
        let taken = match self.contactor {
            Contactor::Open => 0,
            Contactor::Closed => self.limit_milliwatts.map_or(wanted, |limit| limit.min(wanted)),
        };
        self.meter.set_power(at, taken);
    }

    fn take_plug(&mut self, at: Instant) {
        self.pulling = false;
        self.part(at, Cable::Absent);
    }

    /// The pilot line breaks first, so the contactor opens before the pins part.
    fn part(&mut self, at: Instant, left: Cable) {
        self.move_contactor(at, Contactor::Open);
        self.vehicle = Vehicle::Paused;
        self.fact(EvseInput::Vehicle(Vehicle::Paused));
        self.cable = left;
        self.fact(EvseInput::Cable(left));
        self.settle(at);
    }

    fn has_blocking_fault(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.is_blocking)
    }

    fn schedule(&mut self, at: Instant, next: Move) {
        self.move_count += 1;
        self.moves.insert((at, self.move_count), next);
    }

    /// Without power there is nobody to tell.
    fn fact(&mut self, fact: EvseInput) {
        if self.powered {
            self.facts.push_back(fact);
        }
    }
}

/// A limit as power. Vehicles take it on every phase that they may use, at the nominal voltage.
fn milliwatts(limit: Limit) -> u64 {
    match limit {
        Limit::Ac { milliamps, phases } => {
            u64::from(milliamps) * u64::from(phases) * u64::from(meter::MAINS_MILLIVOLTS) / 1_000
        }
        Limit::Dc { milliwatts } => milliwatts,
    }
}

#[cfg(test)]
mod tests;
