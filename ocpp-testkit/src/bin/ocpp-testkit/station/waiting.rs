//! What the program waits for, and says so.

use std::time::Duration;

use ocpp_core::station::Event;
use ocpp_core::time::Instant;
use ocpp_testkit::drivers::tokio::{StationDriver, StationOutput};

/// When a clock that starts now shows so many seconds.
pub fn after(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

/// What the program waits for.
pub struct Waiting {
    /// The end of a restart.
    pub back_at: Option<Instant>,
    /// When it gives up on its first connection.
    pub give_up_at: Option<Instant>,
    /// What was said last of why there is none.
    pub why: Option<String>,
}

impl Waiting {
    /// Says on stderr what is waited for, whenever the reason changes.
    pub fn heed(&mut self, output: &StationOutput) {
        match output {
            StationOutput::Event(Event::Connected { .. }) => {
                self.give_up_at = None;
                self.why = None;
            }
            StationOutput::LinkClosed { reason } if self.why.as_ref() != Some(reason) => {
                eprintln!("station: waiting for a connection: {reason}");
                self.why = Some(reason.clone());
            }
            _ => {}
        }
    }
}

/// What the station has to tell; nothing while it restarts.
pub async fn next(driver: &mut Option<StationDriver>) -> StationOutput {
    match driver {
        Some(driver) => driver.next().await,
        None => std::future::pending().await,
    }
}
