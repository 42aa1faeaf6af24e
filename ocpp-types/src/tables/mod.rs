//! The messages as static tables, for devices whose flash is small.
//!
//! What the structs of [`crate::v1_6`], [`crate::v2_0_1`] and [`crate::v2_1`] say in code of their own for each message, a table says
//! in six bytes a member: name, kind with its limits, whether it is required, and in which edition. One reader and one writer work on
//! all of them. They check every rule as the structs' codec does, with the same first violation, and write the same text; a test
//! holds the two together. All messages of 2.0.1 and 2.1 together take 44 KB of flash so, both ways.
//!
//! - A [`Message`] is a text that was read: a flat list of small slots that point into it. Nothing is copied but texts with escape
//!   sequences.
//! - A view, such as [`v1_6::StartTransactionRequest`], has an accessor for each member. Views are two words; copy them freely.
//! - A builder, such as [`v1_6::StartTransactionResponseBuilder`], writes straight into the text. Members may be set in any order;
//!   they are written in that of the schema. What is missing, given twice or forbidden is refused when the message is finished; a text
//!   that may be longer than its schema allows is cut where `cut` comes before it.
//! - [`Parsed`] is a message of any action, read by the number of its object ([`Edition::request`], [`Edition::response`]): a station reads
//!   all calls in one place, and views each where it is carried out.
//!
//! [`v1_6`] has the messages of 1.6, [`v2`] those of 2.0.1 and 2.1. The [`Edition`] of a message decides which members, values and
//! limits it has. A view of [`v2`] serves both: what one edition lacks, or need not have, is an `Option`, and setting it there is
//! refused. Where the editions differ in a type, the wider one shows: a text for an enumeration, a decimal for an integer.
//!
//! Enumerations are plain numbers of one byte. They have the variants of the structs' enumerations, but are types of their own: those
//! bring names and a codec along, and differ between 2.0.1 and 2.1.
//!
//! Times are [`UnixMillis`](crate::datetime::UnixMillis), so that no calendar is needed. Texts are `&str`; what the structs tell by
//! type, that case does not count or that it is a secret, is said in the documentation of the accessor.
//!
#![cfg_attr(feature = "v1_6", doc = "```")]
#![cfg_attr(not(feature = "v1_6"), doc = "```ignore")]
//! use ocpp_types::Rule;
//! use ocpp_types::tables::{Edition, Message, View, v1_6::*};
//!
//! // What a CSMS asks for ..
//! fn remote_start(json: &str) -> Result<String, ocpp_types::Violation> {
//!     let message: Message<RemoteStartTransactionRequest> = Message::parse(json, Edition::V1_6)?;
//!     let request = message.view();
//!     let limits = request.charging_profile().into_iter().flat_map(|profile| profile.charging_schedule().charging_schedule_period());
//!     let highest = limits.filter_map(|period| period.limit().to_scaled(3)).max();
//!     let accepted = request.connector_id().is_none_or(|id| id == 1) && highest.is_none_or(|milliamps| milliamps <= 32_000);
//!
//!     // .. and what the station answers.
//!     let status = if accepted { RemoteStartStopStatus::Accepted } else { RemoteStartStopStatus::Rejected };
//!     RemoteStartTransactionResponse::to_json(Edition::V1_6, |mut response| {
//!         response.status(status);
//!     })
//! }
//! assert_eq!(remote_start(r#"{"idTag":"04A2B3C4","connectorId":1}"#)?, r#"{"status":"Accepted"}"#);
//! assert_eq!(remote_start(r#"{"idTag":"04A2B3C4","connectorId":7}"#)?, r#"{"status":"Rejected"}"#);
//! assert_eq!(remote_start(r#"{"connectorId":1}"#).unwrap_err().rule, Rule::Missing("idTag"));
//!
//! // Objects in lists: whatever comes next ends them.
//! let json = MeterValuesRequest::to_json(Edition::V1_6, |mut request| {
//!     request.connector_id(1).transaction_id(7);
//!     let mut value = request.add_meter_value();
//!     value.timestamp(ocpp_types::datetime::UnixMillis(1_709_210_096_000));
//!     value.add_sampled_value().value("1500").measurand(Measurand::EnergyActiveImportRegister);
//!     value.add_sampled_value().value("32.0").measurand(Measurand::CurrentImport).unit(UnitOfMeasure::A);
//! })?;
//! assert_eq!(
//!     json,
//!     concat!(
//!         r#"{"connectorId":1,"transactionId":7,"meterValue":[{"timestamp":"2024-02-29T12:34:56Z","sampledValue":["#,
//!         r#"{"value":"1500","measurand":"Energy.Active.Import.Register"},"#,
//!         r#"{"value":"32.0","measurand":"Current.Import","unit":"A"}]}]}"#,
//!     )
//! );
//!
//! // Nothing that the schema forbids is written silently.
//! let refused = AuthorizeRequest::to_json(Edition::V1_6, |mut request| {
//!     request.id_tag("longer than twenty characters");
//! });
//! assert_eq!(refused.unwrap_err().to_string(), "$.idTag: 29 characters, at most 20 allowed");
//! # Ok::<(), ocpp_types::Violation>(())
//! ```

mod declare;
mod message;
mod read;
pub(crate) mod schema;
#[cfg(feature = "v1_6")]
pub mod v1_6;
#[cfg(any(feature = "v2_0_1", feature = "v2_1"))]
pub mod v2;
mod view;
mod write;

/// What generated code needs.
pub(crate) mod generated {
    #![allow(unused_imports)]

    pub(crate) use super::{
        declare::{actions, choices, object},
        read::read_choice,
        view::List,
        write::Scalar,
    };
    pub(crate) use crate::{datetime::UnixMillis, decimal::Decimal};
}

pub use message::{Message, View};
pub use schema::{Edition, ObjectId};
pub use view::{Found, List, Node, Parsed, Value};
pub use write::Object;

#[cfg(test)]
mod tests;
