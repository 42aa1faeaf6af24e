//! Requests for certificates of the station's own: the host makes the key and the request (1.6 security A02, A03; 2.x A02, A03).

#[cfg(any(feature = "plug_and_charge", feature = "transaction_events"))]
use core::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;

#[cfg(any(feature = "plug_and_charge", feature = "transaction_events"))]
use super::settings::{Setting, Settings};
use super::shared::Shared;
use crate::station::{Action, CallFailure, CertificateUse, Job, JobId};
#[cfg(any(feature = "plug_and_charge", feature = "transaction_events"))]
use crate::time::Instant;

/// How long before its end a certificate is renewed (1.6 security A03.FR.02).
const RENEWAL: TimeDelta = TimeDelta::days(30);

/// No certificate is on its way for this reason.
pub(super) fn sign_failed(shared: &mut Shared, cause: CallFailure) {
    shared.call_failed("SignCertificate", cause, cause.text());
}

/// Has the host make a request for a certificate of the station's own, in the place of the one that it is making.
pub(super) fn order_csr(shared: &mut Shared, old: Option<JobId>, usage: CertificateUse, organization: &str) -> JobId {
    if let Some(old) = old {
        shared.act(Action::Job(old, Job::Cancel));
    }
    let id = shared.next_job();
    shared.act(Action::Job(id, Job::CreateCsr { usage, organization: CompactString::new(organization) }));
    id
}

/// When a certificate that ends then is renewed.
pub(super) fn renewal_of(end: DateTime<Utc>) -> Option<DateTime<Utc>> {
    end.checked_sub_signed(RENEWAL)
}

/// The longest wait for a certificate.
#[cfg(any(feature = "plug_and_charge", feature = "transaction_events"))]
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// The back-off of requests for a certificate that does not come: each time twice as long, and then no more (2.x A02.FR.17 to
/// A02.FR.19, application note on Plug & Charge §9.3, §9.4).
#[cfg(any(feature = "plug_and_charge", feature = "transaction_events"))]
#[derive(Debug, Default)]
pub(super) struct SigningBackoff {
    again: Option<Instant>,
    repeats: u32,
}

#[cfg(any(feature = "plug_and_charge", feature = "transaction_events"))]
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
