//! OCPP 2.0.1 and 2.1: one family, whose messages are, for a station, one set of tables with a column for each edition.

#[cfg(feature = "csms")]
pub(crate) mod csms;
#[cfg(feature = "station")]
pub mod station;
