//! The bodies of the fuzz targets. Each takes any bytes and panics if something that must hold does not.
//!
//! They live here rather than in `fuzz`, so that their corpora replay in `cargo test`, without a fuzzer.
#![expect(clippy::panic, reason = "a body tells what it found by panicking")]

mod frame;
mod handshake;
mod json;
mod payload;
mod schedule;
mod script;
mod v1_6;

pub use frame::frame;
pub use handshake::handshake;
pub use json::json;
pub use payload::payload;
pub use schedule::schedule;
pub use v1_6::csms::csms;
pub use v1_6::station::station;

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// Every target: its name, which is also that of its corpus, and its body.
pub const TARGETS: [(&str, Body); 7] = [
    ("csms", csms),
    ("frame", frame),
    ("handshake", handshake),
    ("json", json),
    ("payload", payload),
    ("schedule", schedule),
    ("station", station),
];
