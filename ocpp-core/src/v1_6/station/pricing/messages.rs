//! The data of the messages, as the white paper has them (§3.1), with exact errors.

use alloc::vec::Vec;

use ocpp_types::SmallString;
use ocpp_types::codec::Decode;
use ocpp_types::decimal::Decimal;
use ocpp_types::json::Reader;
use ocpp_types::tables::v1_6::ChargePointStatus;
use ocpp_types::violation::{Fault, Rule};

use crate::site::pricing::{FinalCost, RunningCostData, Triggers, UserPrice};
use crate::station::{CostState, EvseStatus, IdToken, NextPrices, PriceText, Prices, RunningCost, amount, text};
use crate::v1_6::station::EDITION;

/// The most texts in further languages.
const MAX_TEXTS: usize = 20;

impl Decode for UserPrice {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["idToken", "priceText", "priceTextExtra"])?;
        let (mut token, mut first, mut others) = (None, None, Vec::new());
        while let Some(index) = members.next(reader)? {
            match index {
                0 => token = Some(IdToken::new(&text(reader)?)),
                1 => first = Some(plain(reader)?),
                _ => others = reader.list(0, MAX_TEXTS)?,
            }
        }
        others.insert(0, members.required(1, first)?);
        Ok(UserPrice { token: members.required(0, token)?, texts: others })
    }
}

impl Decode for FinalCost {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["transactionId", "cost", "priceText", "priceTextExtra", "qrCodeText"])?;
        let (mut transaction_id, mut cost, mut first, mut others) = (None, None, None, Vec::new());
        let mut qr_code = None;
        while let Some(index) = members.next(reader)? {
            match index {
                0 => transaction_id = Some(Decode::read(reader)?),
                1 => cost = Some(amount(reader)?),
                2 => first = Some(plain(reader)?),
                3 => others = reader.list(0, MAX_TEXTS)?,
                _ => qr_code = Some(text(reader)?),
            }
        }
        others.insert(0, members.required(2, first)?);
        Ok(FinalCost {
            transaction_id: members.required(0, transaction_id)?,
            cost: members.required(1, cost)?,
            texts: others,
            qr_code,
        })
    }
}

impl Decode for RunningCostData {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&[
            "transactionId",
            "timestamp",
            "meterValue",
            "cost",
            "state",
            "chargingPrice",
            "idlePrice",
            "nextPeriod",
            "triggerMeterValue",
        ])?;
        let (mut transaction_id, mut at, mut meter_wh, mut cost, mut state) = (None, None, None, None, None);
        let (mut prices, mut next, mut triggers) = (Prices::default(), None, Triggers::default());
        while let Some(index) = members.next(reader)? {
            match index {
                0 => transaction_id = Some(Decode::read(reader)?),
                1 => at = Some(Decode::read(reader)?),
                2 => meter_wh = Some(Decode::read(reader)?),
                3 => cost = Some(amount(reader)?),
                4 => state = Some(cost_state(reader)?),
                5 => prices.charging = Some(Decode::read(reader)?),
                6 => prices.idle = Some(Decode::read(reader)?),
                7 => next = Some(Decode::read(reader)?),
                _ => triggers = Decode::read(reader)?,
            }
        }
        let cost = RunningCost {
            at: members.required(1, at)?,
            meter_wh: members.required(2, meter_wh)?,
            cost: members.required(3, cost)?,
            state: members.required(4, state)?,
            prices,
            next,
        };
        Ok(RunningCostData { transaction_id: members.required(0, transaction_id)?, cost, triggers })
    }
}

impl Decode for NextPrices {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["atTime", "chargingPrice", "idlePrice"])?;
        let (mut at, mut prices) = (None, Prices::default());
        while let Some(index) = members.next(reader)? {
            match index {
                0 => at = Some(Decode::read(reader)?),
                1 => prices.charging = Some(Decode::read(reader)?),
                _ => prices.idle = Some(Decode::read(reader)?),
            }
        }
        Ok(NextPrices { at: members.required(0, at)?, prices })
    }
}

impl Decode for Triggers {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["atTime", "atEnergykWh", "atPowerkW", "atCPStatus"])?;
        let mut triggers = Triggers::default();
        while let Some(index) = members.next(reader)? {
            match index {
                0 => triggers.at = Some(Decode::read(reader)?),
                1 => triggers.energy_mwh = Some(millionths(reader)?),
                2 => triggers.power_mw = Some(millionths(reader)?),
                _ => {
                    triggers.statuses =
                        reader.list_with(0, 6, |reader| ChargePointStatus::read(reader, EDITION).map(status))?
                }
            }
        }
        Ok(triggers)
    }
}

impl Decode for PriceText {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["format", "language", "content"])?;
        let (mut format, mut language, mut content) = (None, None, None);
        while let Some(index) = members.next(reader)? {
            match index {
                0 => format = Some(SmallString::new(&reader.string()?)),
                1 => language = Some(SmallString::new(&reader.string()?)),
                _ => content = Some(text(reader)?),
            }
        }
        Ok(PriceText { content: members.required(2, content)?, language, format })
    }
}

fn plain(reader: &mut Reader<'_>) -> Result<PriceText, Fault> {
    Ok(PriceText { content: text(reader)?, language: None, format: None })
}

fn cost_state(reader: &mut Reader<'_>) -> Result<CostState, Fault> {
    let fault = reader.fault(Rule::NotInEnumeration("state"));
    match &*reader.string()? {
        "Charging" => Ok(CostState::Charging),
        "Idle" => Ok(CostState::Idle),
        _ => Err(fault),
    }
}

/// A number in kilo-units as an integer in milli-units.
fn millionths(reader: &mut Reader<'_>) -> Result<i64, Fault> {
    let fault = reader.fault(Rule::NumberTooBig);
    Decimal::read(reader)?.round_scaled(6).ok_or(fault)
}

fn status(status: ChargePointStatus) -> EvseStatus {
    match status {
        ChargePointStatus::Available => EvseStatus::Available,
        ChargePointStatus::Preparing => EvseStatus::Preparing,
        ChargePointStatus::Charging => EvseStatus::Charging,
        ChargePointStatus::SuspendedEVSE => EvseStatus::SuspendedEvse,
        ChargePointStatus::SuspendedEV => EvseStatus::SuspendedEv,
        ChargePointStatus::Finishing => EvseStatus::Finishing,
        ChargePointStatus::Reserved => EvseStatus::Reserved,
        ChargePointStatus::Unavailable => EvseStatus::Unavailable,
        // Only lenient reading gives the last.
        ChargePointStatus::Faulted | ChargePointStatus::Unrecognized => EvseStatus::Faulted,
    }
}
