//! Stands in where there are no limits: what an EVSE offers is not known.

use crate::station::{EvseFacts, EvseId, Measurand, StationConfig};

pub(crate) fn offered(_: &StationConfig, _: EvseId, _: &EvseFacts) -> [Option<(Measurand, i64)>; 2] {
    [None, None]
}
