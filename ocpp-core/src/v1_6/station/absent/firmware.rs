//! Stands in for the messages of firmware and uploads where the feature is off: there are none.

use ocpp_types::tables::v1_6::Action;

use crate::face::failure::Message;
use crate::site::firmware::{JobReport, JobStatus};

pub(super) fn action_of(status: JobStatus) -> Action {
    match status {}
}

pub(super) fn message(report: JobReport) -> Message {
    match report {}
}
