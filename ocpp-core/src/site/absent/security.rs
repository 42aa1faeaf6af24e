//! Stands in for the security white paper where the feature is off: none of its keys is there.

use crate::site::settings::Settings;
use crate::site::shared::Shared;

pub(in crate::site) fn follow(_: &mut Settings, _: &mut Shared) -> bool {
    false
}
