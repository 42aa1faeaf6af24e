//! The security white paper: events, keys, profiles.

mod events;
mod updates;
