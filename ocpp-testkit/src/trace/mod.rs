//! What happened: in memory while a run goes on ([`Trace`]), and as files that outlive it ([`record`]).
//!
//! A file is read by [`import`], which knows the logs of other programs too, and understood as a [`conversation`], which is shown as
//! [`text`], as a [`mermaid`] diagram, or as a page ([`html`]).

mod chart;
pub mod conversation;
pub mod html;
pub mod import;
pub mod mermaid;
pub(crate) mod reading;
pub mod record;
mod run;
pub mod text;
mod view;

pub use run::{Actor, Line, Trace};
pub(crate) use run::{INJECTED_DOWN, INJECTED_UP, INTERCEPTED, LOST};
