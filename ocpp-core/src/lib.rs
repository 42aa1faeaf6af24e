#![no_std]
//! OCPP state machines.
