//! Stands in for the messages of firmware and uploads where the feature is off: there are none.

use alloc::string::String;

use ocpp_types::v1_6::Action;

use super::messages::Unsendable;
use crate::site::firmware::{JobReport, JobStatus};

pub(super) fn action_of(status: JobStatus) -> Action {
    match status {}
}

pub(super) fn message(report: JobReport) -> Result<String, Unsendable> {
    match report {}
}
