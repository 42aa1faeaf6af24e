//! What generated code needs.

pub(crate) use alloc::{boxed::Box, vec::Vec};

pub(crate) use crate::{
    codec::{Decode, Encode},
    datetime::{DateTime, Utc},
    decimal::Decimal,
    interop::via_json,
    json::{Reader, Writer},
    messages::enumeration,
    request::{Direction, Message, Request},
    text::{AnyText, CiText, SecretText, Text, TokenText, Uri},
    violation::Fault,
};
