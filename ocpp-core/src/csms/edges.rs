//! The versions that are spoken here.

use ocpp_rpc::Dialect;

use super::edge::Edge;

/// The edge of a version, if it is spoken here.
pub(super) fn edge_of(dialect: Dialect) -> Option<Edge> {
    match dialect {
        Dialect::V1_6 => Some(crate::v1_6::csms::EDGE),
        Dialect::V2_0_1 | Dialect::V2_1 => None,
    }
}
