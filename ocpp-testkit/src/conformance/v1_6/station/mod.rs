//! Cases for a station: the bench is its CSMS.

mod boot;
mod cache;
mod configuration;
mod data_transfer;
mod firmware;
mod local_list;
mod metering;
mod offline;
mod power;
mod refusals;
mod remote;
mod reservation;
mod reset;
mod security;
mod smart_charging;
mod start;
mod stop;
mod trigger;
mod unlock;

use crate::conformance::Case;

/// All of them, by functional block.
pub(in crate::conformance) const CASES: &[&[Case]] = &[
    boot::CASES,
    start::CASES,
    stop::CASES,
    cache::CASES,
    remote::CASES,
    reset::CASES,
    unlock::CASES,
    configuration::CASES,
    refusals::CASES,
    power::CASES,
    offline::CASES,
    data_transfer::CASES,
    metering::CASES,
    local_list::CASES,
    firmware::CASES,
    reservation::CASES,
    trigger::CASES,
    smart_charging::CASES,
    security::CASES,
];
