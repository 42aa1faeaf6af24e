//! Cases for a CSMS: the bench is a station.

mod access;
mod authorize;
mod availability;
mod boot;
mod certificates;
mod customer;
mod data;
mod firmware;
mod list;
mod logs;
mod metering;
mod remote;
mod reset;
mod start;
mod status;
mod stop;
mod trigger;
mod variables;

use serde_json::{Value, json};

use crate::conformance::Case;

/// All of them, by functional block.
pub(in crate::conformance) const CASES: &[&[Case]] = &[
    access::CASES,
    boot::CASES,
    variables::CASES,
    reset::CASES,
    authorize::CASES,
    list::CASES,
    start::CASES,
    stop::CASES,
    status::CASES,
    remote::CASES,
    trigger::CASES,
    availability::CASES,
    metering::CASES,
    firmware::CASES,
    certificates::CASES,
    logs::CASES,
    customer::CASES,
    data::CASES,
];

/// An answer with nothing but its status.
fn status(status: &str) -> Value {
    json!({ "status": status })
}

fn accepted() -> Value {
    status("Accepted")
}
