//! Parts that the machines of both protocol families share. None of them knows a message.

#[cfg_attr(not(feature = "security"), path = "absent/access.rs")]
pub(crate) mod access;
pub(crate) mod answers;
#[cfg(feature = "firmware_management")]
pub(crate) mod firmware_job;
pub(crate) mod heartbeat;
pub(crate) mod link;
pub(crate) mod metering;
pub(crate) mod outbox;
pub(crate) mod questions;
pub(crate) mod registration;
#[cfg(feature = "firmware_management")]
pub(crate) mod reports;
#[cfg_attr(not(feature = "security"), path = "absent/security_events.rs")]
pub(crate) mod security_events;
pub(crate) mod token;
pub(crate) mod turns;
#[cfg(feature = "firmware_management")]
pub(crate) mod upload_job;
