//! Messages as static tables (placeholder).

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
        view::List,
        write::Scalar,
    };
    pub(crate) use crate::{datetime::UnixMillis, decimal::Decimal};
}

pub use message::{Message, View};
pub use schema::{Edition, ObjectId};
pub use view::{Found, List, Node, Parsed, Value};
pub use write::Object;
