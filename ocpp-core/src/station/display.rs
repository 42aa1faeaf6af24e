//! What a display shows: texts for drivers, as the CSMS wants them shown (the white paper on California pricing for 1.6; functional
//! block O in 2.x).
//!
//! When a message is shown, and for how long, is the station's business: the host shows what it is ordered to until it is ordered to
//! clear it. Without a display it ignores both.

use alloc::vec::Vec;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{EvseId, IdToken, PriceText, TransactionId};

/// Names a message on the display, since the start of the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct DisplayId(pub u32);

/// An order to the displays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum DisplayOrder {
    /// Show this, in the place of what has the same id.
    Show(DisplayMessage),
    /// Show it no longer.
    Clear(DisplayId),
}

/// Something to show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct DisplayMessage {
    /// Its name.
    pub id: DisplayId,
    /// At which EVSE; none is the display of the whole station, or all.
    pub evse: Option<EvseId>,
    /// The driver that it is for, if it is for one.
    pub token: Option<IdToken>,
    /// His transaction, if one runs.
    pub transaction: Option<TransactionId>,
    /// The text, and the same in other languages.
    pub texts: Vec<PriceText>,
}
