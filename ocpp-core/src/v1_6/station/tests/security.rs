//! The security white paper: events, keys, profiles.

mod access;
mod certificates;
mod events;
mod triggers;
mod updates;
