//! The router: moves signals and facts to their blocks, and lets time work on them.

use alloc::vec::Vec;

#[cfg(feature = "transaction_events")]
use super::alerts::Alerts;
use super::authorize::Authorize;
use super::availability::Availability;
use super::bearer::Verdict;
use super::context::Context;
use super::evse::Evse;
use super::firmware::FirmwareManagement;
use super::index;
use super::policy::Statuses;
use super::pricing::Pricing;
use super::profiles::SmartCharging;
use super::reservation::WHOLE_STATION;
use super::reset::Reset;
#[cfg(feature = "transaction_events")]
use super::session::ConnectorStatus;
use super::signal::Signal;
use super::status::{Condition, StatusNotifications};
use crate::station::{ConnectorId, Event, EvseId, EvseStatus, Fault, FaultCode};

/// The blocks that signals address, apart from what their context lends.
pub(super) struct Parts<'a> {
    pub evses: &'a mut Vec<Evse>,
    pub authorize: &'a mut Authorize,
    pub status: &'a mut StatusNotifications,
    #[cfg(feature = "transaction_events")]
    pub alerts: &'a mut Alerts,
    pub smart_charging: &'a mut SmartCharging,
    pub pricing: &'a mut Pricing,
    pub availability: &'a Availability,
    pub firmware: &'a mut FirmwareManagement,
    pub reset: &'a Reset,
}

/// How the connectors of an EVSE are that are not in use, while it is so: of several one charges at a time. 2.x does not tell that
/// (G01.FR.08).
fn beside(status: EvseStatus, told: Statuses) -> EvseStatus {
    match (status, told) {
        (EvseStatus::Available | EvseStatus::Reserved | EvseStatus::Unavailable | EvseStatus::Faulted, _) => status,
        (
            EvseStatus::Preparing
            | EvseStatus::Charging
            | EvseStatus::SuspendedEv
            | EvseStatus::SuspendedEvse
            | EvseStatus::Finishing,
            Statuses::OfSessions,
        ) => EvseStatus::Unavailable,
        #[cfg(feature = "transaction_events")]
        (
            EvseStatus::Preparing
            | EvseStatus::Charging
            | EvseStatus::SuspendedEv
            | EvseStatus::SuspendedEvse
            | EvseStatus::Finishing,
            Statuses::OfConnectors,
        ) => EvseStatus::Available,
    }
}

/// The status of a connector among those of a session: whoever is at it, it is occupied.
#[cfg(feature = "transaction_events")]
fn plain(status: ConnectorStatus) -> EvseStatus {
    match status {
        ConnectorStatus::Available => EvseStatus::Available,
        ConnectorStatus::Occupied => EvseStatus::Preparing,
        ConnectorStatus::Reserved => EvseStatus::Reserved,
        ConnectorStatus::Unavailable => EvseStatus::Unavailable,
        ConnectorStatus::Faulted => EvseStatus::Faulted,
    }
}

/// How a connector is that is out of service.
fn out_of_service(status: EvseStatus) -> EvseStatus {
    if status == EvseStatus::Faulted { status } else { EvseStatus::Unavailable }
}

impl Parts<'_> {
    pub(super) fn evse(&mut self, evse: EvseId) -> Option<&mut Evse> {
        self.evses.get_mut(index(evse))
    }

    /// Moves a signal to its block.
    pub fn on_signal(&mut self, ctx: &mut Context<'_>, signal: Signal) {
        match signal {
            Signal::Authorize(request) => self.on_request(ctx, request),
            Signal::Granted { evse, grant } => self.on_grant(ctx, evse, grant),
            Signal::GroupConfirmed { evse, token, group } => {
                let result = self.evse(evse).map(|evse| evse.on_group(token, group.as_ref()));
                if let Some(Err(reason)) = result {
                    ctx.event(Event::TokenRefused { evse: Some(evse), reason });
                }
            }
            Signal::MasterPass(token) => self.on_master_pass(ctx, token),
            Signal::Refused { evse, reason } => ctx.event(Event::TokenRefused { evse, reason }),
            Signal::StartAnswered { transaction, status, group } => {
                let evse = self.evses.iter_mut().find(|c| c.transaction() == Some(transaction));
                if let Some(evse) = evse {
                    evse.on_start_answered(status, group);
                }
            }
            Signal::Accepted => self.status.report_all(),
        }
    }

    /// Lets facts and time work on every EVSE, and notes the statuses. True if that bears on what came before it.
    pub fn advance(&mut self, ctx: &mut Context<'_>) -> bool {
        ctx.reservations.expire(&mut ctx.shared.store, &ctx.shared.clock, ctx.shared.now);
        let station_faults = ctx.shared.faults.as_slice().iter().filter(|fault| fault.is_blocking);
        let station_faults: Vec<Fault> = station_faults.cloned().collect();
        let is_faulted = !station_faults.is_empty();
        for evse in self.evses.iter_mut() {
            evse.share_fault(is_faulted);
        }
        self.meet_drivers(ctx);
        let wants_quiet = self.firmware.wants_quiet(ctx.shared) && !ctx.shared.config.policy.charges_while_installing;
        let is_station_operative = !self.reset.is_ordered() && !wants_quiet;
        for at in 0..self.evses.len() {
            let is_reserved = self.is_reserved(ctx, at);
            if let Some(evse) = self.evses.get_mut(at) {
                let (availability, id) = (self.availability, evse.id);
                ctx.shared.plugs.allot(id, |connector| availability.is_out(id, connector));
                let is_operative =
                    availability.is_operative(id) && is_station_operative && ctx.shared.plugs.has_service(id);
                evse.allot(is_operative, is_reserved);
                evse.advance(ctx);
                if let Some(fact) = ctx.shared.plugs.move_on(evse.id, evse.may_change_plugs()) {
                    evse.on_fact(ctx.now(), fact);
                    evse.advance(ctx);
                }
            }
        }
        // A limit is ordered before the power that it is for.
        self.smart_charging.advance(ctx, self.evses, self.authorize);
        for evse in self.evses.iter_mut() {
            #[cfg(feature = "transaction_events")]
            evse.reset_if_due(ctx);
            evse.order_hardware(ctx);
            let condition = evse.condition();
            let status = condition.status;
            #[cfg(feature = "transaction_events")]
            {
                let place = ctx.shared.plugs.active(evse.id);
                self.alerts.observe(ctx.policy.statuses, Some(place), condition.faults, ctx.stamp());
            }
            // 1.6 §5.13: a fault ends a reservation, and so does going out of service.
            if is_faulted
                || status == EvseStatus::Faulted
                || !self.availability.is_operative(evse.id)
                || !ctx.shared.plugs.has_service(evse.id)
            {
                ctx.reservations.end(&mut ctx.shared.store, evse.id);
            }
            let told = is_faulted.then(|| [station_faults.as_slice(), condition.faults].concat());
            let condition = Condition { faults: told.as_deref().unwrap_or(condition.faults), ..condition };
            // An end is shown once it is on record; a fault at once.
            let may_tell = status == EvseStatus::Faulted || evse.may_tell(&ctx.shared.store);
            if may_tell {
                let told = ctx.policy.statuses;
                let condition = match told {
                    Statuses::OfSessions => condition,
                    #[cfg(feature = "transaction_events")]
                    Statuses::OfConnectors => {
                        Condition { status: plain(evse.connector_status()), faults: &[], info: None }
                    }
                };
                let active = ctx.shared.plugs.active(evse.id).connector;
                for number in 1..=ctx.shared.config.connectors_of(evse.id) {
                    let line = ctx.shared.config.number_of(evse.id, ConnectorId(number));
                    let is_active = ConnectorId(number) == active;
                    let other = Condition { status: beside(condition.status, told), info: None, ..condition };
                    let is_used = is_active && evse.is_in_use();
                    let is_out = self.availability.is_out(evse.id, ConnectorId(number)) && !is_used;
                    let out = Condition { status: out_of_service(condition.status), ..other };
                    let shown = match (is_out, is_active) {
                        (true, _) => &out,
                        (false, true) => &condition,
                        (false, false) => &other,
                    };
                    self.status.update(usize::from(line), shown, ctx.now(), ctx.stamp());
                }
                if evse.shows(status) {
                    ctx.event(Event::Status { evse: evse.id, status });
                }
            }
        }
        let status = match ctx.shared.faults.blocking() {
            Some(_) => EvseStatus::Faulted,
            None if !self.availability.is_station_operative() => EvseStatus::Unavailable,
            None => EvseStatus::Available,
        };
        let is_stale = |at| self.evses.get(at).map(Evse::is_reserved) != Some(self.is_reserved(ctx, at));
        let mut has_moved = (0..self.evses.len()).any(is_stale);
        has_moved |= self.pricing.advance(ctx, self.evses, self.authorize);
        #[cfg(feature = "california_pricing")]
        {
            has_moved |= self.authorize.end_waits(ctx);
        }
        if status != EvseStatus::Available {
            has_moved |= ctx.reservations.end(&mut ctx.shared.store, WHOLE_STATION).is_some();
        }
        #[cfg(feature = "transaction_events")]
        self.alerts.observe(ctx.policy.statuses, None, ctx.shared.faults.as_slice(), ctx.stamp());
        // 1.6 §3.5.2: beside what else is wrong.
        let with_conflict = self.authorize.list.is_contradicted().then(|| {
            let (info, vendor_error_code) = (None, None);
            let conflict = Fault {
                code: FaultCode::LocalListConflict,
                is_blocking: false,
                info,
                vendor_error_code,
                vendor_id: None,
            };
            [ctx.shared.faults.as_slice(), &[conflict]].concat()
        });
        let faults = with_conflict.as_deref().unwrap_or(ctx.shared.faults.as_slice());
        match ctx.policy.statuses {
            Statuses::OfSessions => {
                self.status.update(0, &Condition { status, faults, info: None }, ctx.now(), ctx.stamp());
            }
            #[cfg(feature = "transaction_events")]
            Statuses::OfConnectors => {}
        }
        let is_quiet = ctx.shared.config.policy.charges_while_installing || !self.evses.iter().any(Evse::is_busy);
        // Not in the boot itself, before the hardware could say what goes on.
        let may_install = is_quiet && ctx.shared.has_booted;
        has_moved | self.firmware.advance(ctx.shared, may_install)
    }

    /// Whether an EVSE shows that it is kept for somebody: for whom it is reserved itself, or as the last one that is
    /// left for a reservation of the station.
    fn is_reserved(&self, ctx: &Context<'_>, at: usize) -> bool {
        let is_kept = |evse: &Evse| ctx.reservations.of(evse.id).is_some();
        let Some(evse) = self.evses.get(at) else { return false };
        let Some(station) = ctx.reservations.of(WHOLE_STATION) else { return is_kept(evse) };
        let is_user =
            |evse: &Evse| !is_kept(evse) && evse.bearer().is_some_and(|bearer| station.verdict(bearer) == Verdict::Yes);
        let is_left = |(place, other): (usize, &Evse)| place != at && other.is_available() && !is_kept(other);
        is_kept(evse) || !(self.evses.iter().any(is_user) || self.evses.iter().enumerate().any(is_left))
    }
}
