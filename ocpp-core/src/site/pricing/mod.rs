//! Prices and costs: what the CSMS says of them is shown, and readings of the meter are taken where it wants one (the white
//! paper "OCPP & California Pricing Requirements", §3).
//!
//! On where CustomDisplayCostAndPrice says that the station has a display for them. Gives events for the display, and the
//! change of TimeOffset. Stores nothing: the CSMS makes the bill and answers each reading with the cost and its wishes anew, and
//! a transaction that goes on after a power cut begins with a reading.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
use ocpp_types::datetime;

use super::authorize::Authorize;
use super::context::Context;
use super::evse::Evse;
use super::journal::Journal;
use super::settings::{AnySetting, Setting, Settings, stored};
use super::shared::Shared;
use crate::station::{
    Action, Amount, DisplayId, DisplayMessage, DisplayOrder, Event, EvseId, EvseStatus, IdToken, NextPrices, PriceText,
    PricingEvent, RunningCost, TransactionNo,
};
use crate::table::Table;
use crate::time::{Clock, Instant};

/// The price of a driver, in words.
pub(crate) struct UserPrice {
    pub token: IdToken,
    pub texts: Vec<PriceText>,
}

/// The cost of a transaction so far, and when another reading is wanted.
pub(crate) struct RunningCostData {
    pub transaction_id: i64,
    pub cost: RunningCost,
    pub triggers: Triggers,
}

/// The cost of a whole transaction.
pub(crate) struct FinalCost {
    pub transaction_id: i64,
    pub cost: Amount,
    pub texts: Vec<PriceText>,
    pub qr_code: Option<String>,
}

/// When the CSMS wants a reading of the meter, beside the regular ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Triggers {
    /// Then.
    pub at: Option<DateTime<Utc>>,
    /// When so much energy has flowed in the transaction.
    pub energy_mwh: Option<i64>,
    /// When the power rises above, or falls below.
    pub power_mw: Option<i64>,
    /// When the EVSE's status becomes one of these.
    pub statuses: Vec<EvseStatus>,
}

/// The last transaction of each EVSE, and what the CSMS wants to know of it.
#[derive(Debug, Default)]
pub(crate) struct Pricing {
    bills: Table<EvseId, Bill>,
    /// What is shown to drivers.
    shown: Vec<(DisplayId, IdToken)>,
    last_shown: u32,
}

/// A transaction, from the CSMS's first word about it until the next one at its EVSE.
#[derive(Debug)]
struct Bill {
    transaction: TransactionNo,
    csms_id: i64,
    meter_start_mwh: i64,
    triggers: Triggers,
    next: Option<NextPrices>,
    /// Whether the power was last above its trigger; none until it is known.
    is_above: Option<bool>,
    status: EvseStatus,
}

impl Pricing {
    /// Notes transactions, and has readings taken that the CSMS wants. True if there is one.
    pub fn advance(&mut self, ctx: &mut Context<'_>, evses: &mut [Evse], authorize: &Authorize) -> bool {
        if !ctx.settings.is_on(Setting::CustomDisplayCostAndPrice) {
            return false;
        }
        if ctx.signals.is_empty() {
            self.clear_shown(ctx, evses, authorize);
        }
        let mut is_wanted = false;
        for evse in evses {
            if let Some((transaction, meter_start_mwh)) = evse.running_since()
                && self.bills.get(&evse.id).is_none_or(|bill| bill.transaction != transaction)
                && let Some(csms_id) = ctx.journal.csms_id(transaction)
            {
                self.bills.insert(
                    evse.id,
                    Bill {
                        transaction,
                        csms_id,
                        meter_start_mwh,
                        triggers: Triggers::default(),
                        next: None,
                        is_above: None,
                        status: evse.condition().status,
                    },
                );
            }
            if let Some(bill) = self.bills.get_mut(&evse.id) {
                is_wanted |= bill.advance(ctx, evse);
            }
        }
        is_wanted
    }

    /// When the clock shows something that a bill waits for.
    pub fn deadlines<'a>(&'a self, clock: &'a Clock) -> impl Iterator<Item = Instant> + 'a {
        let times = self.bills.values().flat_map(|bill| [bill.triggers.at, bill.next.map(|next| next.at)]);
        times.flatten().filter_map(|at| clock.instant_of(at))
    }

    /// The transaction that the CSMS means, if it runs or is the last of its EVSE, or its end is not delivered.
    fn find(&self, journal: &Journal, csms_id: i64) -> Option<TransactionNo> {
        let bill = self.bills.values().find(|bill| bill.csms_id == csms_id);
        bill.map(|bill| bill.transaction).or_else(|| journal.find(csms_id))
    }

    fn bill(&mut self, transaction: TransactionNo) -> Option<&mut Bill> {
        self.bills.values_mut().find(|bill| bill.transaction == transaction)
    }
}

impl Bill {
    /// Takes the CSMS's wishes in, apart from those that its message shows to be fulfilled: they would go round in circles.
    fn want(&mut self, wall: Option<DateTime<Utc>>, data: RunningCostData) {
        let mut triggers = data.triggers;
        triggers.at = triggers.at.filter(|at| wall.is_none_or(|wall| wall < *at));
        let known_mwh = data.cost.meter_wh.saturating_mul(1000).saturating_sub(self.meter_start_mwh);
        triggers.energy_mwh = triggers.energy_mwh.filter(|energy_mwh| known_mwh < *energy_mwh);
        if triggers.power_mw != self.triggers.power_mw {
            self.is_above = None;
        }
        self.next = data.cost.next;
        self.triggers = triggers;
    }

    /// Finds what is due. True if it is a reading.
    fn advance(&mut self, ctx: &mut Context<'_>, evse: &mut Evse) -> bool {
        let has_reached = |at| ctx.shared.clock.has_reached(ctx.shared.now, at);
        let next = self.next.take_if(|next| has_reached(next.at));
        let mut is_wanted = self.triggers.at.take_if(|at| has_reached(*at)).is_some();
        if let Some(next) = next {
            let changed = PricingEvent::PricesChanged { transaction: self.transaction.id(), prices: next.prices };
            ctx.event(Event::Pricing(changed));
        }
        let status = evse.condition().status;
        is_wanted |= status != self.status && self.triggers.statuses.contains(&status);
        self.status = status;
        let is_running = evse.transaction() == Some(self.transaction);
        let is_watched = is_running && (self.triggers.energy_mwh.is_some() || self.triggers.power_mw.is_some());
        if let Some(reading) = evse.watch_meter(ctx, is_watched) {
            let energy_mwh = reading.energy_mwh.saturating_sub(self.meter_start_mwh);
            is_wanted |= self.triggers.energy_mwh.take_if(|wanted| *wanted <= energy_mwh).is_some();
            is_wanted |= reading.import_power_mw().is_some_and(|power_mw| self.crosses(power_mw));
        }
        if is_wanted {
            evse.want_price_reading(ctx.now());
        }
        is_wanted
    }

    /// Whether the power went through its trigger, with a band of 5 percent on either side so that it does not flutter.
    fn crosses(&mut self, power_mw: i64) -> bool {
        let Some(limit_mw) = self.triggers.power_mw else { return false };
        let Some(is_above) = self.is_above else {
            self.is_above = Some(power_mw >= limit_mw);
            return false;
        };
        let band_mw = (limit_mw / 20).max(1);
        let has_crossed = if is_above {
            power_mw <= limit_mw.saturating_sub(band_mw)
        } else {
            power_mw >= limit_mw.saturating_add(band_mw)
        };
        self.is_above = Some(is_above != has_crossed);
        has_crossed
    }
}

impl Pricing {
    /// The CSMS says what a transaction costs so far. False if it is not known.
    pub fn on_running_cost(&mut self, shared: &mut Shared, journal: &Journal, data: RunningCostData) -> bool {
        let Some(transaction) = self.find(journal, data.transaction_id) else { return false };
        shared.event(Event::Pricing(PricingEvent::RunningCost { transaction: transaction.id(), cost: data.cost }));
        if let Some(bill) = self.bill(transaction) {
            bill.want(shared.clock.wall(shared.now), data);
        }
        true
    }

    /// The CSMS says what a transaction cost. False if it is not known.
    pub fn on_final_cost(&self, shared: &mut Shared, journal: &Journal, data: FinalCost) -> bool {
        let Some(transaction) = self.find(journal, data.transaction_id) else { return false };
        let FinalCost { cost, texts, qr_code, .. } = data;
        shared.event(Event::Pricing(PricingEvent::FinalCost { transaction: transaction.id(), cost, texts, qr_code }));
        true
    }
}

/// The CSMS says what a driver would pay: it is shown where he is, until he is gone.
pub(super) fn on_user_price(
    ctx: &mut Context<'_>,
    pricing: &mut Pricing,
    evses: &[Evse],
    authorize: &mut Authorize,
    UserPrice { token, texts }: UserPrice,
) {
    let holder = evses.iter().find(|evse| evse.is_held_by(&token));
    let id = pricing.shown_for(ctx, &token);
    let message = DisplayMessage {
        id,
        evse: holder.map(|evse| evse.id),
        token: Some(token.clone()),
        transaction: holder.and_then(Evse::transaction).map(TransactionNo::id),
        texts,
    };
    ctx.shared.act(Action::Display(DisplayOrder::Show(message)));
    authorize.priced(ctx, &token);
}

impl Pricing {
    /// The message for a driver: the one that he has, or a new one. Of too many the oldest goes.
    fn shown_for(&mut self, ctx: &mut Context<'_>, token: &IdToken) -> DisplayId {
        if let Some((id, _)) = self.shown.iter().find(|(_, shown)| shown.matches(token)) {
            return *id;
        }
        if self.shown.len() >= MOST_SHOWN {
            let (oldest, _) = self.shown.remove(0);
            ctx.shared.act(Action::Display(DisplayOrder::Clear(oldest)));
        }
        self.last_shown = self.last_shown.wrapping_add(1);
        let id = DisplayId(self.last_shown);
        self.shown.push((id, token.clone()));
        id
    }

    /// Clears the messages for drivers who are gone.
    fn clear_shown(&mut self, ctx: &mut Context<'_>, evses: &[Evse], authorize: &Authorize) {
        self.shown.retain(|(id, token)| {
            let is_here = evses.iter().any(|evse| evse.is_held_by(token))
                || authorize.comers().any(|(_, bearer)| bearer.token.matches(token));
            if !is_here {
                ctx.shared.act(Action::Display(DisplayOrder::Clear(*id)));
            }
            is_here
        });
    }
}

/// The most prices that are shown at once: as many drivers as are about to charge, and more.
const MOST_SHOWN: usize = 64;

/// Changes to summer or winter time when that is due (§3.3). The date goes last, so that a cut in between repeats it.
pub(super) fn change_time_offset(settings: &mut Settings, shared: &mut Shared) {
    let at = datetime::parse(settings.text(Setting::NextTimeOffsetTransitionDateTime));
    let is_due = at.is_some_and(|at| shared.clock.has_reached(shared.now, at));
    if is_due && !shared.is_store_stuck() {
        let offset = SmallString::new(settings.text(Setting::TimeOffsetNextTransition));
        for (key, value) in [(Setting::TimeOffset, offset.as_str()), (Setting::NextTimeOffsetTransitionDateTime, "")] {
            stored::change(settings, shared, AnySetting::Standard(key), value);
        }
    }
}

/// When that is.
pub(super) fn transition(settings: &Settings, shared: &Shared) -> Option<Instant> {
    let at = datetime::parse(settings.text(Setting::NextTimeOffsetTransitionDateTime))?;
    shared.clock.instant_of(at)
}
