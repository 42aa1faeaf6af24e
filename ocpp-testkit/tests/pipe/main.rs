//! The programs `pipe` and `replay`, their documentation, and the forms of the boundaries.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod document;
mod harness;
mod program;
mod script;
mod variants;
