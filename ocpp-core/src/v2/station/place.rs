//! Places, as 2.x numbers them.

use crate::site::shared::Shared;
use crate::station::EvseId;

/// The EVSE of this number, if there is one; in 2.x 0 is the station.
pub(super) fn evse_of(shared: &Shared, number: i64) -> Option<EvseId> {
    let evse = EvseId(u16::try_from(number).ok()?);
    (1..=shared.config.evse_count()).contains(&evse.0).then_some(evse)
}
