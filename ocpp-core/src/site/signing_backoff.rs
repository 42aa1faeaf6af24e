//! The back-off of requests for a certificate that does not come: each time twice as long, and then no more (2.x A02.FR.17 to
//! A02.FR.19, application note on Plug & Charge §9.3, §9.4). Stores nothing.

use core::time::Duration;

use super::settings::{Setting, Settings};
use crate::time::Instant;

/// The longest wait for a certificate.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// When a certificate is asked for again.
#[derive(Debug, Default)]
pub(super) struct SigningBackoff {
    again: Option<Instant>,
    repeats: u32,
}

impl SigningBackoff {
    /// The CSMS will have a request signed, or may.
    pub fn wait(&mut self, now: Instant, settings: &Settings) {
        let wait = settings.seconds(Setting::CertSigningWaitMinimum);
        // Without a wait it would ask without end (2.x A02.FR.18).
        let is_repeated = !wait.is_zero() && self.repeats < settings.number(Setting::CertSigningRepeatTimes);
        let factor = 2_u32.saturating_pow(self.repeats);
        self.again = is_repeated.then(|| now + wait.saturating_mul(factor).min(LONGEST));
    }

    /// Nothing is waited for: the certificate came, or will not.
    pub fn stop(&mut self) {
        self.again = None;
    }

    /// Whether a request is to be made again now.
    pub fn is_over(&mut self, now: Instant) -> bool {
        let is_over = self.again.take_if(|again| *again <= now).is_some();
        self.repeats += u32::from(is_over);
        is_over
    }

    /// When a request is made again.
    pub fn deadline(&self) -> Option<Instant> {
        self.again
    }
}
