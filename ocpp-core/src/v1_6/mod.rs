//! OCPP 1.6-J: the machines of its two roles, one file per functional block.

#[cfg(feature = "csms")]
pub(crate) mod csms;
#[cfg(feature = "station")]
pub(crate) mod station;
