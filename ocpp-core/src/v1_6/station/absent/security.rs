//! Stands in for the security white paper where the feature is off: none of its keys is there.

use super::settings::Settings;
use crate::shared::Shared;

pub(super) fn follow(_: &mut Settings, _: &mut Shared) -> bool {
    false
}
