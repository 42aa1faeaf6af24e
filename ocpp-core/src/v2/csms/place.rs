//! Places, as 2.x numbers them.

use ocpp_types::v2_1;

use crate::csms::Place;

/// An EVSE, and its connector if one is told: none stands for one that is not.
pub(super) fn place(evse: &v2_1::Evse) -> Place {
    Place::new(number(evse.id), evse.connector_id.and_then(number))
}

/// The number of an EVSE or connector, from 1; 0 means the station.
pub(super) fn number(id: i64) -> Option<u32> {
    u32::try_from(id).ok().filter(|number| *number > 0)
}
