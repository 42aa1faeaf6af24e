//! Generates the message types.

fn main() {}
