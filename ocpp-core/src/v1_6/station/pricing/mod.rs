//! Prices and costs over DataTransfer: the white paper "OCPP & California Pricing Requirements", §3 (OCPP 1.6).
//!
//! Takes SetUserPrice, RunningCost and FinalCost of the CSMS, where CustomDisplayCostAndPrice says that the station has a
//! display for them. Gives events for the display, readings of the meter where the CSMS wants one, and the change of TimeOffset.
//! Stores nothing: the CSMS makes the bill and answers each reading with the cost and its wishes anew, and a transaction that
//! goes on after a power cut begins with a reading.

mod messages;
mod wait;

pub(super) use wait::Unpriced;

use chrono::{DateTime, Utc};
use compact_str::{CompactString, ToCompactString};
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::datetime;
use ocpp_types::text::AnyText;
use ocpp_types::v1_6::{DataTransferRequest, DataTransferResponse, DataTransferStatus};

use super::Machine;
use super::calls::answer;
use super::configuration;
use super::connector::Connector;
use super::context::Context;
use super::decoding;
use super::settings::{AnyKey, Key, Settings};
use crate::parts::outbox::Outbox;
use crate::shared::Shared;
use crate::station::{Event, EvseId, EvseStatus, NextPrices, PricingEvent, TransactionNo};
use crate::table::Table;
use crate::time::{Clock, Instant};
use messages::{FinalCost, RunningCostData, Triggers, UserPrice};

const VENDOR: &str = "org.openchargealliance.costmsg";

/// The last transaction of each EVSE, and what the CSMS wants to know of it.
#[derive(Debug, Default)]
pub(crate) struct Pricing {
    bills: Table<EvseId, Bill>,
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

/// Whether a DataTransfer is for this block.
pub(super) fn is_ours(settings: &Settings, request: &DataTransferRequest) -> bool {
    request.vendor_id.as_str().eq_ignore_ascii_case(VENDOR) && settings.is_on(Key::CustomDisplayCostAndPrice)
}

impl Pricing {
    /// Notes transactions, and has readings taken that the CSMS wants. True if there is one.
    pub fn advance(&mut self, ctx: &mut Context<'_>, connectors: &mut [Connector]) -> bool {
        if !ctx.settings.is_on(Key::CustomDisplayCostAndPrice) {
            return false;
        }
        let mut is_wanted = false;
        for connector in connectors {
            if let Some((transaction, meter_start_mwh)) = connector.running_since()
                && self.bills.get(&connector.evse).is_none_or(|bill| bill.transaction != transaction)
                && let Some(csms_id) = ctx.outbox.csms_id(transaction)
            {
                self.bills.insert(
                    connector.evse,
                    Bill {
                        transaction,
                        csms_id,
                        meter_start_mwh,
                        triggers: Triggers::default(),
                        next: None,
                        is_above: None,
                        status: connector.condition().status,
                    },
                );
            }
            if let Some(bill) = self.bills.get_mut(&connector.evse) {
                is_wanted |= bill.advance(ctx, connector);
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
    fn find(&self, outbox: &Outbox, csms_id: i64) -> Option<TransactionNo> {
        let bill = self.bills.values().find(|bill| bill.csms_id == csms_id);
        bill.map(|bill| bill.transaction).or_else(|| outbox.find(csms_id))
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
    fn advance(&mut self, ctx: &mut Context<'_>, connector: &mut Connector) -> bool {
        let wall = ctx.shared.clock.wall(ctx.now());
        if let Some(next) = self.next.take_if(|next| wall.is_some_and(|wall| next.at <= wall)) {
            let changed = PricingEvent::PricesChanged { transaction: self.transaction, prices: next.prices };
            ctx.event(Event::Pricing(changed));
        }
        let mut is_wanted = self.triggers.at.take_if(|at| wall.is_some_and(|wall| *at <= wall)).is_some();
        let status = connector.condition().status;
        is_wanted |= status != self.status && self.triggers.statuses.contains(&status);
        self.status = status;
        let is_running = connector.transaction() == Some(self.transaction);
        let is_watched = is_running && (self.triggers.energy_mwh.is_some() || self.triggers.power_mw.is_some());
        if let Some(reading) = connector.watch_meter(ctx, is_watched) {
            let energy_mwh = reading.energy_mwh.saturating_sub(self.meter_start_mwh);
            is_wanted |= self.triggers.energy_mwh.take_if(|wanted| *wanted <= energy_mwh).is_some();
            is_wanted |= reading.import_power_mw().is_some_and(|power_mw| self.crosses(power_mw));
        }
        if is_wanted {
            connector.want_price_reading(ctx.now());
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

impl Machine {
    /// A message of the CSMS. What cannot be read, and what is about a transaction that is not known, is rejected.
    pub(super) fn on_price_message(&mut self, shared: &mut Shared, token: ReplyToken, request: &DataTransferRequest) {
        let data = request.data.as_ref().map_or("", |data| data.as_str());
        let verdict = match request.message_id.as_ref().map(|id| id.as_str()) {
            Some(name @ "SetUserPrice") => {
                decoding::nested(shared, name, data).map(|price| self.on_user_price(shared, price))
            }
            Some(name @ "RunningCost") => {
                decoding::nested(shared, name, data).map(|cost| self.on_running_cost(shared, cost))
            }
            Some(name @ "FinalCost") => {
                decoding::nested(shared, name, data).map(|cost| self.on_final_cost(shared, cost))
            }
            _ => Ok(DataTransferStatus::UnknownMessageId),
        };
        let mut response = DataTransferResponse::new(DataTransferStatus::Rejected);
        match verdict {
            Ok(status) => response.status = status,
            Err(violation) => {
                let reason = violation.to_compact_string();
                response.data = AnyText::new(&reason).ok();
                shared.event(Event::FrameRefused { reason });
            }
        }
        answer(shared, token, &response);
    }

    fn on_user_price(&mut self, shared: &mut Shared, price: UserPrice) -> DataTransferStatus {
        let UserPrice { token, texts } = price;
        let holder = self.connectors.iter().find(|connector| connector.is_held_by(&token));
        let transaction = holder.and_then(Connector::transaction);
        shared.event(Event::Pricing(PricingEvent::UserPrice { token: token.clone(), transaction, texts }));
        let (mut ctx, parts) = self.context(shared);
        parts.authorize.priced(&mut ctx, &token);
        DataTransferStatus::Accepted
    }

    fn on_running_cost(&mut self, shared: &mut Shared, data: RunningCostData) -> DataTransferStatus {
        let Some(transaction) = self.pricing.find(&self.outbox, data.transaction_id) else {
            return DataTransferStatus::Rejected;
        };
        shared.event(Event::Pricing(PricingEvent::RunningCost { transaction, cost: data.cost }));
        if let Some(bill) = self.pricing.bill(transaction) {
            bill.want(shared.clock.wall(shared.now), data);
        }
        DataTransferStatus::Accepted
    }

    fn on_final_cost(&mut self, shared: &mut Shared, data: FinalCost) -> DataTransferStatus {
        let Some(transaction) = self.pricing.find(&self.outbox, data.transaction_id) else {
            return DataTransferStatus::Rejected;
        };
        let FinalCost { cost, texts, qr_code, .. } = data;
        shared.event(Event::Pricing(PricingEvent::FinalCost { transaction, cost, texts, qr_code }));
        DataTransferStatus::Accepted
    }

    /// Changes to summer or winter time when that is due (§3.3). The date goes last, so that a cut in between repeats it.
    pub(super) fn change_time_offset(&mut self, shared: &mut Shared) {
        let wall = shared.clock.wall(shared.now);
        let at = datetime::parse(self.settings.text(Key::NextTimeOffsetTransitionDateTime));
        let is_due = at.is_some_and(|at| wall.is_some_and(|wall| at <= wall));
        if is_due && !shared.is_store_stuck() {
            let offset = CompactString::new(self.settings.text(Key::TimeOffsetNextTransition));
            for (key, value) in [(Key::TimeOffset, offset.as_str()), (Key::NextTimeOffsetTransitionDateTime, "")] {
                configuration::change(&mut self.settings, shared, AnyKey::Standard(key), value);
            }
        }
    }

    /// When that is.
    pub(super) fn transition(&self, shared: &Shared) -> Option<Instant> {
        let at = datetime::parse(self.settings.text(Key::NextTimeOffsetTransitionDateTime))?;
        shared.clock.instant_of(at)
    }
}
