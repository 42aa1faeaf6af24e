//! The versions that are spoken here.

use ocpp_rpc::Dialect;

use super::edge::Edge;

/// Another version that has this action.
pub(super) fn version_of(action: &str) -> Option<Dialect> {
    let versions = [Dialect::V1_6, Dialect::V2_0_1, Dialect::V2_1];
    versions.into_iter().find(|version| edge_of(*version).is_some_and(|edge| (edge.knows)(action)))
}

/// The edge of a version, if it is spoken here.
pub(super) fn edge_of(dialect: Dialect) -> Option<Edge> {
    match dialect {
        #[cfg(feature = "v1_6")]
        Dialect::V1_6 => Some(crate::v1_6::csms::EDGE),
        #[cfg(not(feature = "v1_6"))]
        Dialect::V1_6 => None,
        #[cfg(feature = "v2")]
        Dialect::V2_0_1 => Some(crate::v2::csms::EDGE_2_0_1),
        #[cfg(feature = "v2")]
        Dialect::V2_1 => Some(crate::v2::csms::EDGE_2_1),
        #[cfg(not(feature = "v2"))]
        Dialect::V2_0_1 | Dialect::V2_1 => None,
    }
}
