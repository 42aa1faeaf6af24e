//! The hardware of a connector: its facts, the orders that follow from the stage, and the status that both make.

use super::{Connector, Stage};
use crate::site::context::Context;
use crate::site::status::Condition;
#[cfg(feature = "smart_charging")]
use crate::station::Limit;
use crate::station::{Cable, Contactor, EvseInput, EvseStatus, Lock, Power, Vehicle};
use crate::time::Instant;

impl Connector {
    /// Takes a fact in.
    pub fn on_fact(&mut self, now: Instant, fact: EvseInput) {
        match fact {
            EvseInput::Cable(cable) => {
                self.facts.cable = cable;
                self.is_cable_known = true;
            }
            EvseInput::Vehicle(vehicle) => self.facts.vehicle = vehicle,
            EvseInput::Contactor(contactor) => self.on_contactor(now, contactor),
            EvseInput::Lock(lock) => self.facts.lock = lock,
            EvseInput::Fault(fault) => self.facts.faults.report(fault),
            EvseInput::FaultEnded(code) => self.facts.faults.end(code),
            EvseInput::FaultCleared => self.facts.faults.clear(),
            EvseInput::Meter(reading) => self.on_meter(now, reading),
            // Those of the connector in use come as the EVSE's own.
            EvseInput::Connector(..) => {}
        }
    }

    fn on_contactor(&mut self, now: Instant, contactor: Contactor) {
        let has_opened = self.facts.contactor == Contactor::Closed && contactor == Contactor::Open;
        self.facts.contactor = contactor;
        if has_opened {
            self.opened_at = now;
            if let Stage::Stopping(stopping) = &mut self.stage {
                stopping.since = Some(now);
            }
        }
    }

    /// Learns whether the whole station has a fault that makes charging impossible.
    pub fn share_fault(&mut self, is_blocking: bool) {
        self.is_station_blocked = is_blocking;
    }

    /// Whether a fault, its own or that of the station, makes charging impossible.
    pub fn is_blocked(&self) -> bool {
        self.is_station_blocked || self.facts.blocking_fault().is_some()
    }

    /// Whether a transaction runs that energy may flow for, as far as charging profiles leave any.
    pub fn may_charge(&self) -> bool {
        let has_right = match &self.stage {
            Stage::Running(running) => !running.is_cut_off,
            Stage::Unmetered { .. } => true,
            Stage::Idle
            | Stage::Preparing { .. }
            | Stage::Starting { .. }
            | Stage::Interrupted { .. }
            | Stage::Stopping(_)
            | Stage::Finishing { .. } => false,
        };
        has_right && !self.is_blocked()
    }

    /// Whether a limit allows more than the one that stands, which at first is the EVSE's `own`.
    #[cfg(feature = "smart_charging")]
    pub fn is_raised_by(&self, limit: Limit, own: Limit) -> bool {
        limit.total() > self.facts.limit(own).total()
    }

    /// The limit that stands, which at first is the EVSE's `own`.
    #[cfg(feature = "smart_charging")]
    pub fn present_limit(&self, own: Limit) -> Limit {
        self.facts.limit(own)
    }

    /// Takes the limit from now on.
    #[cfg(feature = "smart_charging")]
    pub fn limit(&mut self, ctx: &mut Context<'_>, limit: Limit, own: Limit) {
        self.is_curtailed = limit.is_zero();
        if let Some(order) = self.facts.order_limit(limit, own) {
            ctx.order(self.evse, order);
        }
    }

    /// Orders power and lock as the stage wants them.
    pub fn order_hardware(&mut self, ctx: &mut Context<'_>) {
        let power = if self.may_charge() && !self.is_curtailed { Power::On } else { Power::Off };
        let lock = match &self.stage {
            Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_)
            | Stage::Stopping(_)
            | Stage::Finishing { held_for: Some(_) } => Lock::Locked,
            Stage::Finishing { held_for: None } | Stage::Idle | Stage::Preparing { .. } => Lock::Unlocked,
        };
        let (power, locking) = (self.facts.order_power(power), self.facts.order_lock(lock));
        // Held before energy flows, released after. The energy does not wait for the lock's own word: an EVSE may have none,
        // and firmware that needs it closes the contactor after it.
        let orders = if lock == Lock::Locked { [locking, power] } else { [power, locking] };
        for order in orders.into_iter().flatten() {
            ctx.order(self.evse, order);
        }
    }

    /// The status to report (1.6 §4.9, §7.7), with its own faults.
    pub fn condition(&self) -> Condition<'_> {
        let mut info = None;
        let status = match &self.stage {
            _ if self.is_blocked() => EvseStatus::Faulted,
            Stage::Idle if !self.is_operative => EvseStatus::Unavailable,
            Stage::Idle if self.is_reserved => EvseStatus::Reserved,
            Stage::Idle => EvseStatus::Available,
            Stage::Preparing { .. } | Stage::Starting { .. } => EvseStatus::Preparing,
            Stage::Interrupted { .. } => EvseStatus::SuspendedEvse,
            // Suspension by the station takes precedence.
            Stage::Running(_) | Stage::Unmetered { .. } if self.facts.power() == Power::Off => {
                EvseStatus::SuspendedEvse
            }
            Stage::Running(_) | Stage::Unmetered { .. } if self.facts.cable != Cable::Connected => {
                info = Some("EV side disconnected");
                EvseStatus::SuspendedEv
            }
            Stage::Running(_) | Stage::Unmetered { .. } => match (self.facts.vehicle, self.facts.contactor) {
                (Vehicle::Paused, _) => EvseStatus::SuspendedEv,
                (Vehicle::Ready, Contactor::Closed) => EvseStatus::Charging,
                (Vehicle::Ready, Contactor::Open) => EvseStatus::SuspendedEvse,
            },
            Stage::Stopping(_) | Stage::Finishing { .. } => EvseStatus::Finishing,
        };
        Condition { status, faults: self.facts.faults.as_slice(), info }
    }
}
