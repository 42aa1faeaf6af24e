//! The journal by itself: its records of before, and its numbers over every cut.

mod numbers;
mod old;

use alloc::vec;
use alloc::vec::Vec;

use super::record::Progress;
use super::*;
use crate::site::bearer::Holder;
use crate::site::metering::SampleContext;
use crate::station::{ChargingState, EvseId, IdToken, Measurand, MeterSample, StopReason, TriggerReason};
use crate::store::Image;

fn register(milli: i64) -> Vec<MeterSample> {
    vec![MeterSample::new(Measurand::EnergyActiveImportRegister, None, milli)]
}

fn event(seq_no: u32) -> EventFacts {
    let (trigger, state) = (TriggerReason::MeterValuePeriodic, ChargingState::Charging);
    EventFacts { seq_no, connector: 1, trigger, state, is_offline: false, news: None }
}
