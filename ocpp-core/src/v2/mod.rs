//! OCPP 2.0.1 and 2.1.

#[cfg(feature = "csms")]
pub(crate) mod csms;
