//! Who wants to charge, and whether he may have a place.

use alloc::vec::Vec;

#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use crate::station::{EvseId, IdToken};
use crate::store::pack::packed;

/// Who wants to charge, as far as is known.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "reservation"), expect(dead_code, reason = "only a reservation looks at groups"))]
pub(crate) struct Bearer<'a> {
    pub token: &'a IdToken,
    pub group: Option<&'a IdToken>,
    /// Whether the group was told, be it that there is none.
    pub is_group_known: bool,
    /// Where it may be; none is anywhere.
    pub evses: &'a [EvseId],
}

impl Bearer<'_> {
    /// Whether it may be at this EVSE, whoever has a claim to it (C01.FR.21).
    pub fn may_use(&self, evse: EvseId) -> bool {
        is_among(self.evses, evse)
    }
}

/// Whether an EVSE is one of these, of which none is all.
pub(crate) fn is_among(evses: &[EvseId], evse: EvseId) -> bool {
    evses.is_empty() || evses.contains(&evse)
}

/// Whether a token may have a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Yes,
    /// Only if it turns out to be of the group that the place is reserved for.
    IfOfGroup,
    No,
}

/// Whether both are of one group.
pub(crate) fn is_same_group(group: Option<&IdToken>, other: Option<&IdToken>) -> bool {
    matches!((group, other), (Some(group), Some(other)) if group.matches(other))
}

/// A token that may charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub token: IdToken,
    pub group: Option<IdToken>,
    /// Which order of the CSMS it comes from, where orders are numbered (2.x F01, F02).
    pub remote_start: Option<i64>,
    /// Where it may charge; none is anywhere.
    pub evses: Vec<EvseId>,
}

/// Whose token it is, and of which group: who was accepted, or who frees a cable that is kept locked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Holder {
    pub token: IdToken,
    pub group: Option<IdToken>,
}

packed!(Holder { token, group });

impl Grant {
    /// Of a token that is all there is to know.
    pub fn of(token: IdToken) -> Self {
        Grant { token, group: None, remote_start: None, evses: Vec::new() }
    }

    /// Whose it is. Of a token that nobody asked about the group is as good as none.
    pub fn bearer(&self) -> Bearer<'_> {
        Bearer { token: &self.token, group: self.group.as_ref(), is_group_known: true, evses: &self.evses }
    }
}
