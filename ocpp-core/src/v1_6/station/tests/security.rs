//! The security white paper: events, keys, profiles.

mod certificates;
mod events;
mod triggers;
mod updates;
