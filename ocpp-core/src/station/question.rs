//! Decisions of the application: a question out, an answer in, a default at the deadline.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::DataTransferStatus;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// The CSMS sent vendor-specific data (1.6 §5.6, 2.x P01). Default: the vendor is unknown.
    DataTransfer {
        /// The vendor's name.
        vendor_id: CompactString,
        /// The kind of message.
        message_id: Option<CompactString>,
        /// The data: plain text in 1.6, JSON in 2.x.
        data: Option<alloc::string::String>,
    },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Question::DataTransfer`].
    DataTransfer {
        /// The verdict.
        status: DataTransferStatus,
        /// The answer's data.
        data: Option<alloc::string::String>,
    },
}
