//! The hardware of an EVSE: its facts, the orders that follow from the session, and the status that both make.

use super::{Authorisation, Evse, Transaction};
use crate::site::context::Context;
use crate::site::points::TxPoint;
use crate::site::session::{ConnectorStatus, Energy, Moment};
use crate::site::status::Condition;
#[cfg(feature = "smart_charging")]
use crate::station::Limit;
use crate::station::{Bay, Cable, Contactor, EvseInput, EvseStatus, Lock, Power, Vehicle};
use crate::time::Instant;

impl Evse {
    /// Takes a fact in.
    pub fn on_fact(&mut self, now: Instant, fact: EvseInput) {
        match fact {
            EvseInput::Cable(cable) => {
                if self.facts.cable != cable {
                    match (self.facts.cable, cable) {
                        (_, Cable::Connected) => self.connected_at = now,
                        (Cable::Connected, Cable::Absent | Cable::Plugged) => self.left_at = now,
                        (Cable::Absent | Cable::Plugged, Cable::Absent | Cable::Plugged) => {}
                    }
                }
                // What was signed before is of another session.
                self.has_signed &= self.facts.cable == cable;
                if cable != Cable::Connected {
                    (self.facts.state_of_charge, self.facts.charging_needs) = (None, None);
                }
                self.facts.cable = cable;
                self.is_cable_known = true;
            }
            EvseInput::Vehicle(vehicle) => self.facts.vehicle = vehicle,
            EvseInput::Contactor(contactor) => self.on_contactor(now, contactor),
            EvseInput::Lock(lock) => self.facts.lock = lock,
            EvseInput::Fault(fault) => self.facts.faults.report(fault),
            EvseInput::FaultEnded(code) => self.facts.faults.end(code),
            EvseInput::FaultCleared => self.facts.faults.clear(),
            EvseInput::Bay(bay) => self.facts.bay = bay,
            EvseInput::StateOfCharge(percent) => self.facts.state_of_charge = Some(percent.min(100)),
            EvseInput::ChargingNeeds(needs) => self.facts.charging_needs = Some(needs),
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
            if let Transaction::Closing(closing) = &mut self.transaction {
                closing.since = Some(now);
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

    /// Whether energy may flow, as far as charging profiles leave any: somebody was accepted, and the transaction is open, or
    /// begins with the energy.
    pub fn may_charge(&self) -> bool {
        let has_right = self.authorisation.right().is_some_and(|right| !right.is_cut_off);
        let is_in_turn = match &self.transaction {
            Transaction::None | Transaction::Beginning { .. } => {
                self.points.start.has(TxPoint::EnergyTransfer) && self.facts.cable == Cable::Connected
            }
            Transaction::Open(open) => open.interrupted.is_none(),
            Transaction::Unmetered { .. } => true,
            Transaction::Closing(_) => false,
        };
        has_right && is_in_turn && !self.is_blocked()
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
            ctx.order(self.id, order);
        }
    }

    /// Its hardware is to restart, once nobody is here.
    #[cfg(feature = "transaction_events")]
    pub fn reset_when_idle(&mut self) {
        self.resets = true;
    }

    /// Restarts its hardware, once nobody is here and what ended here is on record.
    #[cfg(feature = "transaction_events")]
    pub fn reset_if_due(&mut self, ctx: &mut Context<'_>) {
        if self.resets && !self.is_busy() && self.may_tell(&ctx.shared.store) && !ctx.shared.owes_answers() {
            self.resets = false;
            self.facts.forget_orders();
            ctx.order(self.id, crate::station::EvseAction::Reset);
        }
    }

    /// Orders power and lock as the session wants them.
    pub fn order_hardware(&mut self, ctx: &mut Context<'_>) {
        let is_there = self.facts.cable == Cable::Connected;
        let power = if self.may_charge() && !self.is_curtailed { Power::On } else { Power::Off };
        let lock = match (&self.authorisation, &self.transaction) {
            (Authorisation::Over { held_for: Some(_) }, _) => Lock::Locked,
            (Authorisation::Granted(_), Transaction::Beginning { .. } | Transaction::Unmetered { .. }) if is_there => {
                Lock::Locked
            }
            // A vehicle that is gone had its cable here.
            (Authorisation::Granted(_), Transaction::Open(open)) if is_there || open.ever.has(TxPoint::EvConnected) => {
                Lock::Locked
            }
            (Authorisation::Granted(_), Transaction::Closing(closing))
                if is_there || closing.open.ever.has(TxPoint::EvConnected) =>
            {
                Lock::Locked
            }
            (
                Authorisation::None
                | Authorisation::Awaited { .. }
                | Authorisation::Granted(_)
                | Authorisation::Over { held_for: None },
                _,
            ) => Lock::Unlocked,
        };
        let (power, locking) = (self.facts.order_power(power), self.facts.order_lock(lock));
        // Held before energy flows, released after. The energy does not wait for the lock's own word: an EVSE may have none,
        // and firmware that needs it closes the contactor after it.
        let orders = if lock == Lock::Locked { [locking, power] } else { [power, locking] };
        for order in orders.into_iter().flatten() {
            ctx.order(self.id, order);
        }
    }

    /// The three states of the session now.
    pub fn moment(&self) -> Moment {
        let energy = match (self.facts.vehicle, self.facts.contactor) {
            _ if self.is_blocked() || self.facts.power() == Power::Off => Energy::Off,
            (Vehicle::Paused, _) => Energy::Refused,
            (Vehicle::Ready, Contactor::Closed) => Energy::Flows,
            (Vehicle::Ready, Contactor::Open) => Energy::Offered,
        };
        Moment {
            plug: self.facts.cable,
            is_bay_occupied: self.facts.bay == Bay::Occupied,
            has_signed: self.has_signed,
            is_authorised: self.authorisation.right().is_some(),
            energy,
        }
    }

    /// The status of 2.x to report (ConnectorStatusEnumType).
    #[cfg_attr(not(feature = "transaction_events"), allow(dead_code, reason = "2.x tells it"))]
    pub fn connector_status(&self) -> ConnectorStatus {
        if self.is_blocked() {
            ConnectorStatus::Faulted
        } else if self.is_reserved && self.authorisation.right().is_none() {
            // G01.FR.09: also with a vehicle, until its driver is the one.
            ConnectorStatus::Reserved
        } else if self.facts.cable != Cable::Absent && (self.is_operative || self.is_busy()) {
            // G03.FR.05: out of service with the end of the transaction, cable or no cable.
            ConnectorStatus::Occupied
        } else if !self.is_operative {
            ConnectorStatus::Unavailable
        } else if self.is_reserved {
            ConnectorStatus::Reserved
        } else {
            ConnectorStatus::Available
        }
    }

    /// The host is to be shown this status. True if it is another than before.
    pub fn shows(&mut self, status: EvseStatus) -> bool {
        core::mem::replace(&mut self.shown, status) != status
    }

    /// The status of 1.6 to report (§4.9, §7.7), with its own faults.
    pub fn condition(&self) -> Condition<'_> {
        let mut info = None;
        let status = match (&self.transaction, &self.authorisation) {
            _ if self.is_blocked() => EvseStatus::Faulted,
            (Transaction::Closing(_), _) => EvseStatus::Finishing,
            (Transaction::Open(open), _) if open.interrupted.is_some() => EvseStatus::SuspendedEvse,
            (Transaction::Open(_) | Transaction::Unmetered { .. }, Authorisation::Granted(_)) => {
                let moment = self.moment();
                match moment.energy {
                    // Suspension by the station takes precedence.
                    Energy::Off => EvseStatus::SuspendedEvse,
                    Energy::Offered | Energy::Refused | Energy::Flows if moment.plug != Cable::Connected => {
                        info = Some("EV side disconnected");
                        EvseStatus::SuspendedEv
                    }
                    Energy::Offered => EvseStatus::SuspendedEvse,
                    Energy::Refused => EvseStatus::SuspendedEv,
                    Energy::Flows => EvseStatus::Charging,
                }
            }
            (_, Authorisation::Over { .. }) => EvseStatus::Finishing,
            (_, Authorisation::Awaited { .. } | Authorisation::Granted(_)) => EvseStatus::Preparing,
            (Transaction::None, Authorisation::None) if !self.is_operative => EvseStatus::Unavailable,
            (Transaction::None, Authorisation::None) if self.is_reserved => EvseStatus::Reserved,
            (Transaction::None, Authorisation::None) => EvseStatus::Available,
            (_, Authorisation::None) => EvseStatus::Preparing,
        };
        Condition { status, faults: self.facts.faults.as_slice(), info }
    }
}
