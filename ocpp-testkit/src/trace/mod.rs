//! What happened: in memory while a run goes on ([`Trace`]), and as files that outlive it ([`record`]).

pub mod record;
mod run;

pub use run::{Actor, Line, Trace};
pub(crate) use run::{INJECTED_DOWN, INJECTED_UP, INTERCEPTED, LOST};
