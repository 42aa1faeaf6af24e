//! What generated code needs; one version alone does not need all of it.
#![allow(unused_imports)]

pub(crate) use alloc::{boxed::Box, vec::Vec};

pub(crate) use crate::{
    codec::{Decode, Encode},
    custom_data::{CustomData, RawJson},
    datetime::{DateTime, Utc},
    decimal::Decimal,
    interop::via_json,
    json::{Reader, Writer},
    messages::enumeration,
    request::{Direction, Message, Request},
    text::{AnyText, CiText, SecretText, Text, TokenText, Uri},
    violation::Fault,
};
