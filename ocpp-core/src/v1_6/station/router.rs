//! The router: moves signals and facts to their blocks, and lets time work on them.

use alloc::vec::Vec;

use super::authorize::{Authorize, Grant};
use super::availability::Availability;
use super::connector::{Connector, TokenUse};
use super::context::Context;
use super::firmware::FirmwareManagement;
use super::pricing::Pricing;
use super::reset::Reset;
use super::settings::Key;
use super::signal::{AuthorizeRequest, Purpose, Signal};
use super::smart_charging::SmartCharging;
use super::status::{Condition, StatusNotifications};
use super::{index, reservation};
use crate::station::{Event, EvseId, EvseStatus, Fault, FaultCode, IdToken, TokenRefusal};
use crate::time::Instant;

/// The blocks that signals address, apart from what their context lends.
pub(super) struct Parts<'a> {
    pub connectors: &'a mut Vec<Connector>,
    pub authorize: &'a mut Authorize,
    pub status: &'a mut StatusNotifications,
    pub waiting_grant: &'a mut Option<(Grant, Instant)>,
    pub smart_charging: &'a mut SmartCharging,
    pub pricing: &'a mut Pricing,
    pub availability: &'a Availability,
    pub firmware: &'a mut FirmwareManagement,
    pub reset: &'a Reset,
}

impl Parts<'_> {
    fn connector(&mut self, evse: EvseId) -> Option<&mut Connector> {
        self.connectors.get_mut(index(evse))
    }

    /// Moves a signal to its block.
    pub fn on_signal(&mut self, ctx: &mut Context<'_>, signal: Signal) {
        match signal {
            Signal::Authorize(request) => self.authorize.request(ctx, request),
            Signal::Granted { evse, grant } => self.on_grant(ctx, evse, grant),
            Signal::GroupConfirmed { evse, token, group } => {
                let result = self.connector(evse).map(|connector| connector.on_group(token, group.as_ref()));
                if let Some(Err(reason)) = result {
                    ctx.event(Event::TokenRefused { evse: Some(evse), reason });
                }
            }
            Signal::Refused { evse, reason } => ctx.event(Event::TokenRefused { evse, reason }),
            Signal::StartAnswered { transaction, status, group } => {
                let connector = self.connectors.iter_mut().find(|c| c.transaction() == Some(transaction));
                if let Some(connector) = connector {
                    connector.on_start_answered(status, group);
                }
            }
            Signal::Accepted => self.status.report_all(),
        }
    }

    /// Finds the connector that a token is for.
    pub fn on_token(&mut self, ctx: &mut Context<'_>, evse: Option<EvseId>, token: IdToken) {
        let evse = evse.or_else(|| self.place_of(&token));
        if evse.is_none() && self.waiting_grant.as_ref().is_some_and(|(grant, _)| grant.token == token) {
            *self.waiting_grant = None;
            return;
        }
        let has_free = self.connectors.iter().any(Connector::is_free);
        let verdict = match evse.and_then(|evse| self.connector(evse)) {
            Some(connector) => connector.on_token(&token),
            None if has_free => TokenUse::AskToStart,
            None => TokenUse::Refuse(TokenRefusal::Occupied),
        };
        let purpose = match verdict {
            TokenUse::Done => return,
            TokenUse::AskToStart => Purpose::Start,
            TokenUse::AskForGroup => Purpose::Group,
            TokenUse::Refuse(reason) => return ctx.event(Event::TokenRefused { evse, reason }),
        };
        ctx.signals.push_back(Signal::Authorize(AuthorizeRequest::new(evse, token, purpose)));
    }

    /// Where a token presented at the station's own reader belongs: to its session, else to a vehicle that waits for one,
    /// else to the only connector. None when the next plug decides.
    fn place_of(&self, token: &IdToken) -> Option<EvseId> {
        let connectors = self.connectors.as_slice();
        let only = if let [only] = connectors { Some(only) } else { None };
        let held = connectors.iter().find(|connector| connector.is_held_by(token));
        let waiting = || connectors.iter().find(|connector| connector.waits_for_token());
        held.or_else(waiting).or(only).map(|connector| connector.evse)
    }

    fn on_grant(&mut self, ctx: &mut Context<'_>, evse: Option<EvseId>, grant: Grant) {
        let now = ctx.now();
        match evse {
            Some(place) => match self.connector(place).map(|connector| connector.on_grant(now, grant)) {
                Some(Err(reason)) => ctx.event(Event::TokenRefused { evse, reason }),
                Some(Ok(())) | None => ctx.event(Event::TokenAccepted { evse }),
            },
            None => {
                *self.waiting_grant = Some((grant, now + ctx.settings.seconds(Key::ConnectionTimeOut)));
                ctx.event(Event::TokenAccepted { evse });
            }
        }
    }

    /// Lets facts and time work on every connector, and notes the statuses. True if that bears on what came before it.
    pub fn advance(&mut self, ctx: &mut Context<'_>) -> bool {
        if self.waiting_grant.as_ref().is_some_and(|(_, until)| *until <= ctx.now()) {
            *self.waiting_grant = None;
        }
        if let Some(connector) = self.connectors.iter_mut().find(|c| c.wants_waiting_grant())
            && let Some((grant, _)) = self.waiting_grant.take()
            && let Err(reason) = connector.on_grant(ctx.now(), grant)
        {
            ctx.event(Event::TokenRefused { evse: Some(connector.evse), reason });
        }
        ctx.reservations.expire(&mut ctx.shared.store, ctx.shared.clock.wall(ctx.shared.now));
        let wants_quiet = self.firmware.wants_quiet(ctx.shared) && !ctx.shared.config.charges_while_installing;
        let available = self.available();
        for connector in self.connectors.iter_mut() {
            let is_operative =
                self.availability.is_operative(connector.evse) && !self.reset.is_ordered() && !wants_quiet;
            let others = available - usize::from(connector.is_available());
            connector.allot(is_operative, ctx.reservations.binding(connector.evse, others));
            connector.advance(ctx);
        }
        // A limit is ordered before the power that it is for.
        self.smart_charging.advance(ctx, self.connectors, self.authorize);
        for connector in self.connectors.iter_mut() {
            connector.order_hardware(ctx);
            let condition = connector.condition();
            let status = condition.status;
            // 1.6 §5.13: a fault or a connector out of service ends its reservation.
            if status == EvseStatus::Faulted || !self.availability.is_operative(connector.evse) {
                ctx.reservations.end(&mut ctx.shared.store, connector.evse);
            }
            if self.status.update(usize::from(connector.evse.0), &condition, ctx.now(), ctx.stamp()) {
                ctx.event(Event::Status { evse: connector.evse, status });
            }
        }
        let status = match ctx.shared.faults.blocking() {
            Some(_) => EvseStatus::Faulted,
            None if !self.availability.is_station_operative() => EvseStatus::Unavailable,
            None => EvseStatus::Available,
        };
        let mut has_moved = self.available() != available;
        has_moved |= self.pricing.advance(ctx, self.connectors);
        #[cfg(feature = "california_pricing")]
        {
            has_moved |= self.authorize.end_waits(ctx);
        }
        if status != EvseStatus::Available {
            has_moved |= ctx.reservations.end(&mut ctx.shared.store, reservation::WHOLE_STATION).is_some();
        }
        // 1.6 §3.5.2: beside what else is wrong.
        let with_conflict = self.authorize.list.is_contradicted().then(|| {
            let (info, vendor_error_code) = (None, None);
            let conflict = Fault { code: FaultCode::LocalListConflict, is_blocking: false, info, vendor_error_code };
            [ctx.shared.faults.as_slice(), &[conflict]].concat()
        });
        let faults = with_conflict.as_deref().unwrap_or(ctx.shared.faults.as_slice());
        self.status.update(0, &Condition { status, faults, info: None }, ctx.now(), ctx.stamp());
        let is_quiet = ctx.shared.config.charges_while_installing || !self.connectors.iter().any(Connector::is_busy);
        // Not in the boot itself, before the hardware could say what goes on.
        let may_install = is_quiet && ctx.shared.has_booted;
        has_moved | self.firmware.advance(ctx.shared, may_install)
    }

    /// How many connectors a driver could come to.
    fn available(&self) -> usize {
        self.connectors.iter().filter(|connector| connector.is_available()).count()
    }
}
