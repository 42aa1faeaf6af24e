//! The security white paper: events, keys, profiles.

mod access;
mod events;
