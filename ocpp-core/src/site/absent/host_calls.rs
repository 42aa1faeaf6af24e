//! Stands in for calls of the host where the feature is off: it makes none.

use ocpp_types::SmallString;

use super::shared::Shared;
use crate::station::RawJson;
use crate::{MisuseError, Refusal};

/// Nothing.
#[derive(Debug, Default)]
pub(crate) struct HostCalls(());

impl HostCalls {
    pub fn check(&self, _: &Shared, _: &RawJson) -> Result<(), MisuseError> {
        Err(MisuseError::Refused(Refusal::NotBuiltIn))
    }

    pub fn push(&mut self, _: SmallString, _: RawJson) {}
}
