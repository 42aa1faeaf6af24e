//! Cases for a station: the bench is its CSMS.

mod authorize;
mod availability;
mod boot;
mod cache;
mod certificates;
mod diagnostics;
mod firmware;
mod list;
mod metering;
mod network;
mod offline;
mod remote;
mod reset;
mod retry;
mod security;
mod start;
mod stop;
mod trigger;
mod variables;

use crate::conformance::Case;

/// All of them, by functional block.
pub(in crate::conformance) const CASES: &[&[Case]] = &[
    security::CASES,
    network::CASES,
    boot::CASES,
    variables::CASES,
    reset::CASES,
    authorize::CASES,
    cache::CASES,
    list::CASES,
    start::CASES,
    stop::CASES,
    offline::CASES,
    retry::CASES,
    remote::CASES,
    trigger::CASES,
    availability::CASES,
    metering::CASES,
    firmware::CASES,
    certificates::CASES,
    diagnostics::CASES,
];
