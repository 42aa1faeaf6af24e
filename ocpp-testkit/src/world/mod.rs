//! Worlds: many stations and one CSMS, with everything drawn from one seed.
//!
//! A [`Plan`] is the list of all that people and fate do, drawn before anything happens. A [`World`] carries it out in one
//! virtual time: each station is a [`Pair`](crate::pair::Pair) of machine, hardware, store and link with its own session
//! and its own table of the database; the server's process, clock and database are those of all, and so is the
//! application, which knows who charges where. After each step everything is checked that must always hold
//! ([`crate::checks`]). When the plan is done, all trouble ends; then everything must be delivered and billed, nothing may be left
//! over, and on each connector one more driver must be able to charge.
//!
//! Since a plan is a plain list, one that fails can be made smaller until it fails no more: [`shrink`].

mod commands;
mod dice;
mod place;
mod plan;
mod run;
mod shrink;
mod tokens;
mod troubles;
mod v2;
mod visits;

pub use dice::Dice;
pub use place::Place;
pub use plan::{Act, Plan, Target};
pub use run::{Summary, Watch, World, WorldFailure};
pub use shrink::{Shrunk, shrink};
