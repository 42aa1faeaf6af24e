//! Time without a clock: instants since boot come with every input, wall time is state that inputs change.

mod clock;
mod stamp;

pub use clock::{Anchor, Boot, Clock, ClockPolicy, PlausibleTime, ToldTime};
pub use ocpp_rpc::time::Instant;
pub use stamp::Stamp;
