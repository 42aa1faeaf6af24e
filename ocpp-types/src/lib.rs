#![no_std]
//! Message types of the Open Charge Point Protocol 1.6-J, 2.0.1 and 2.1.
//!
//! Every message is a plain struct with public fields. Reading checks, in one pass, everything its JSON schema says, and names the
//! path and rule of what is wrong. Writing refuses what the schema forbids, so what is sent out is always valid.
//!
#![cfg_attr(feature = "v1_6", doc = "```")]
#![cfg_attr(not(feature = "v1_6"), doc = "```ignore")]
//! use ocpp_types::{Decode, Encode, Rule, datetime, text::TokenText, v1_6::*};
//!
//! let at = datetime::parse("2024-02-29T13:00:00+01:00").unwrap();
//! let request = StartTransactionRequest::new(1, TokenText::new("04A2B3C4")?, 1500, at).with_reservation_id(7);
//! let json = request.to_json()?;
//! assert_eq!(json, r#"{"connectorId":1,"idTag":"04A2B3C4","meterStart":1500,"reservationId":7,"timestamp":"2024-02-29T12:00:00Z"}"#);
//! assert_eq!(StartTransactionRequest::from_json(&json)?, request);
//!
//! let violation = ResetRequest::from_json(r#"{"type":"Gentle"}"#).unwrap_err();
//! assert_eq!(violation.to_string(), "$.type: not a value of ResetType");
//! assert_eq!(violation.rule, Rule::NotInEnumeration("ResetType"));
//!
//! // A side's messages as one enumeration, chosen by the action's name.
//! let action: Action = "Reset".parse()?;
//! match CsmsRequest::from_json(action, r#"{"type":"Soft"}"#)? {
//!     Some(CsmsRequest::Reset(reset)) => assert_eq!(reset.r#type, ResetType::Soft),
//!     other => panic!("{other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//!
//! - [`v1_6`], [`v2_0_1`], [`v2_1`]: the messages (generated), each behind the feature of its name.
//! - [`codec`], [`json`]: the traits, and the reader and writer that they and RPC frames share.
//! - [`violation`]: what is wrong with a document. [`lenient`]: reading messages that break their schema in known ways.
//! - [`text`], [`decimal`], [`datetime`], [`enumeration`], [`custom_data`]: the values. None is a float.
//! - [`convert`]: between 2.0.1 and 2.1. [`catalogue`]: keys, variables, events, codes, units. [`signed_meter`]: signed values.
//! - `tables`: the messages once more, as static tables with views and builders, for devices whose flash is small.
//! - [`reading`]: meter values of any version in one form. [`limits`]: values that are valid and absurd.
//!
//! # Deviations from the schemas
//!
//! Strict reading accepts what the schemas accept, with these exceptions:
//!
//! - Integers beyond 64 bits and numbers of more than 18 digits, valid by the schemas, are refused.
//! - `1.0` is an integer, as drafts 6 and later of JSON Schema say and draft 4, which a part of the 1.6 schemas uses, does not.
//! - A member given twice is refused; JSON Schema cannot see it.
//! - Years outside 0 to 9999 in UTC are refused; a leap second becomes the second after it.
//!
//! # Features
//!
//! `v1_6`, `v2_0_1`, `v2_1` choose the versions; names and signatures do not depend on them. `lenient` reads messages that break their
//! schema in known ways. `tables` is for devices; the structs are not needed for it, and what is not used is not linked. `serde`
//! implements serde's traits, by way of JSON, for storage and tools. The crate is `no_std` and needs `alloc`.

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
pub mod limits;
#[cfg(any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
mod messages;
#[cfg(any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
mod prelude;
#[cfg(any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
pub mod reading;
pub mod request;
pub mod signed_meter;
mod small_string;
#[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
pub mod tables;
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

// In signatures of this crate: users need no dependency of the same version.
pub use small_string::SmallString;
pub use {chrono, compact_str};

pub use codec::{Decode, Encode};
pub use decimal::Decimal;
pub use request::{Direction, Message, Request};
pub use violation::{Fault, Rule, RuleKind, Violation};
