#![no_std]
//! Message types of the Open Charge Point Protocol.

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod catalogue;
pub mod codec;
#[cfg(all(feature = "v2_0_1", feature = "v2_1"))]
pub mod convert;
pub mod custom_data;
pub mod datetime;
pub mod decimal;
pub mod enumeration;
mod interop;
pub mod json;
pub mod lenient;
#[cfg(any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
mod messages;
#[cfg(any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
mod prelude;
pub mod request;
pub mod signed_meter;
pub mod text;
#[cfg(feature = "v1_6")]
pub mod v1_6;
#[cfg(feature = "v2_0_1")]
pub mod v2_0_1;
#[cfg(feature = "v2_1")]
pub mod v2_1;
#[cfg(all(feature = "v2_0_1", feature = "v2_1"))]
mod v2_convert;
pub mod violation;

pub use codec::{Decode, Encode};
pub use decimal::Decimal;
pub use request::{Direction, Message, Request};
pub use violation::{Fault, Rule, RuleKind, Violation};
