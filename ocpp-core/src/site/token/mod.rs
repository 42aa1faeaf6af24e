//! What the station itself knows of tokens: the local list that the CSMS keeps, and the cache of its answers.

mod cache;
#[cfg(feature = "local_auth_list")]
mod list;

pub(crate) use cache::TokenCache;
#[cfg(feature = "local_auth_list")]
pub(crate) use list::{LocalList, LocalListError};

use alloc::vec::Vec;

use chrono::{DateTime, Utc};
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use crate::station::{AuthorizationStatus, EvseId, IdToken};
use crate::store::pack::packed;

/// What the CSMS said of a token (1.6 §7.27).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct TokenInfo {
    pub status: AuthorizationStatus,
    /// When an acceptance ends, in milliseconds since 1970.
    pub expiry_ms: Option<i64>,
    pub group: Option<IdToken>,
    /// Where it may charge (2.x C01.FR.20); none is anywhere. Stored behind the record that it is part of.
    #[cfg_attr(all(test, feature = "serde"), serde(skip))]
    pub evses: Vec<EvseId>,
}

packed!(TokenInfo { status, expiry_ms, group; evses });

impl TokenInfo {
    /// What holds at `wall`. Without a clock nothing is known to have expired.
    pub fn status_at(&self, wall: Option<DateTime<Utc>>) -> AuthorizationStatus {
        let has_expired = matches!((wall, self.expiry_ms), (Some(wall), Some(end)) if end <= wall.timestamp_millis());
        if self.status == AuthorizationStatus::Accepted && has_expired {
            AuthorizationStatus::Expired
        } else {
            self.status
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceptance_expires_and_a_refusal_stays_what_it_is() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        let info = |status| TokenInfo { status, expiry_ms: Some(1_000_000), group: None, evses: Vec::new() };
        let accepted = info(AuthorizationStatus::Accepted);
        assert_eq!(accepted.status_at(at(999)), AuthorizationStatus::Accepted);
        assert_eq!(accepted.status_at(at(1000)), AuthorizationStatus::Expired);
        assert_eq!(accepted.status_at(None), AuthorizationStatus::Accepted);
        assert_eq!(info(AuthorizationStatus::Blocked).status_at(at(2000)), AuthorizationStatus::Blocked);
    }
}
