//! The `ocpp-testkit` program.

fn main() {}
