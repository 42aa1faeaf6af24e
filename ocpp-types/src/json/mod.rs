//! A small JSON reader and writer.
//!
//! The [`Reader`] pulls values out of a text in one pass, the [`Writer`] appends values to a text. Neither builds a tree.
//! Typed messages, RPC frames and raw payloads all go through them.

mod members;
pub(crate) mod path;
mod reader;
mod scan;
mod syntax;
#[cfg(test)]
mod tests;
mod writer;

pub use members::Members;
pub use reader::{DEFAULT_DEPTH, Reader};
pub(crate) use scan::digits;
pub use syntax::{Kind, Syntax};
#[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
pub(crate) use writer::Tail;
pub use writer::Writer;
pub(crate) use writer::decimal_digits;
