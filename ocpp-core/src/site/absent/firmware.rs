//! Stands in for firmware updates and uploads where the feature is off: there are none.

use ocpp_types::SmallString;

use crate::site::shared::Shared;
use crate::station::{JobId, JobUpdate};
use crate::store::Image;
use crate::time::{Clock, Instant};

/// No message is of this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobStatus {}

/// No status is of this type.
#[derive(Debug)]
pub(crate) enum JobReport {}

/// Nothing.
#[derive(Debug)]
pub(crate) struct FirmwareManagement;

impl FirmwareManagement {
    pub fn restore(_: &Image) -> (Self, Option<SmallString>) {
        (FirmwareManagement, None)
    }

    pub fn on_job(&mut self, _: &mut Shared, _: JobId, _: &JobUpdate) -> bool {
        false
    }

    pub fn advance(&mut self, _: &mut Shared, _: bool) -> bool {
        false
    }

    pub fn wants_quiet(&self, _: &Shared) -> bool {
        false
    }

    pub fn is_told(&self) -> bool {
        true
    }

    pub fn due(&mut self, status: JobStatus, _: bool) -> Option<JobReport> {
        match status {}
    }

    pub fn on_told(&mut self, _: &mut Shared, status: JobStatus) {
        match status {}
    }

    pub fn on_lost(&mut self, status: JobStatus) {
        match status {}
    }

    pub fn deadlines(&self, _: &Clock) -> [Option<Instant>; 2] {
        [None, None]
    }
}
