//! Cases for a CSMS: the bench is a station.

mod configuration;
mod firmware;
mod local_list;
mod offline;
mod power;
mod refusals;
mod remote;
mod reservation;
mod security;
mod session;
mod smart_charging;
mod trigger;

use crate::conformance::Case;

/// All of them, by functional block.
pub(in crate::conformance) const CASES: &[&[Case]] = &[
    session::CASES,
    remote::CASES,
    configuration::CASES,
    refusals::CASES,
    power::CASES,
    offline::CASES,
    local_list::CASES,
    firmware::CASES,
    reservation::CASES,
    trigger::CASES,
    smart_charging::CASES,
    security::CASES,
];
