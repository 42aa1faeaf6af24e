#![no_std]
//! Message types of the Open Charge Point Protocol.
