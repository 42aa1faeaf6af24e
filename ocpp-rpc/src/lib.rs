#![no_std]
//! OCPP-J frames and call correlation.
