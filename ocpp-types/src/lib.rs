#![no_std]
//! Message types of the Open Charge Point Protocol.

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod decimal;
pub mod json;
pub mod violation;
