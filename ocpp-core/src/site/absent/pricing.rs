//! Stands in for prices and costs where the feature is off: the application answers their messages.

use crate::site::authorize::Authorize;
use crate::site::context::Context;
use crate::site::evse::Evse;
use crate::time::{Clock, Instant};

/// Nothing.
#[derive(Debug, Default)]
pub(crate) struct Pricing(());

impl Pricing {
    pub fn advance(&mut self, _: &mut Context<'_>, _: &mut [Evse], _: &Authorize) -> bool {
        false
    }

    pub fn deadlines(&self, _: &Clock) -> impl Iterator<Item = Instant> {
        core::iter::empty()
    }
}
