//! Vendor data of the host on their way to the CSMS (DataTransfer: 1.6 §4.3, 2.x P02).
//!
//! They wait for their turn, and end with an event. Stores nothing.

use alloc::string::String;
use ocpp_rpc::queue::Queue;

use ocpp_types::SmallString;

use super::shared::Shared;
use crate::station::{DataTransferStatus, Event};
use crate::{MisuseError, Refusal};

/// Vendor data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VendorData {
    pub vendor_id: SmallString,
    pub message_id: Option<SmallString>,
    pub data: Option<String>,
}

/// Data of the host on their way.
#[derive(Debug, Default)]
pub(crate) struct DataTransfers {
    waiting: Queue<VendorData>,
    /// The vendor of those on their way.
    asked: Option<SmallString>,
}

impl DataTransfers {
    /// Finds what is wrong with data of the host. At most `limit` wait.
    pub fn check(&self, limit: usize, vendor_id: &str, message_id: Option<&str>) -> Result<(), MisuseError> {
        if self.waiting.len() >= limit {
            return Err(MisuseError::Refused(Refusal::TooManyCalls));
        }
        let fits = |text: &str, most| text.chars().count() <= most;
        let is_fit = fits(vendor_id, 255) && message_id.is_none_or(|id| fits(id, 50));
        if is_fit { Ok(()) } else { Err(MisuseError::Refused(Refusal::UnfitName)) }
    }

    /// Takes data in, which were checked.
    pub fn push(&mut self, data: VendorData) {
        self.waiting.push_back(data);
    }

    /// What to send now.
    pub fn next(&mut self) -> Option<VendorData> {
        let data = self.waiting.pop_front()?;
        self.asked = Some(data.vendor_id.clone());
        Some(data)
    }

    /// The CSMS answered, or (none) there was no usable answer.
    pub fn ended(&mut self, shared: &mut Shared, status: Option<DataTransferStatus>, data: Option<String>) {
        if let Some(vendor_id) = self.asked.take() {
            shared.event(Event::DataTransferEnded { vendor_id, status, data });
        }
    }
}
