//! The station's own certificate towards vehicles (§3.1 of the application note, 2.x A02, A03): the host makes a key and a
//! request, the CSMS has it signed, and sends the certificate some time. If it does not, the request is made again, each time
//! after twice as long.

use alloc::string::String;

use chrono::{DateTime, Utc};

use crate::site::csr::{order_csr, renewal_of, sign_failed};
use crate::site::settings::{Setting, Settings};
use crate::site::shared::Shared;
use crate::site::signing_backoff::SigningBackoff;
use crate::station::{CallFailure, CertificateUse, JobId, JobUpdate};
use crate::time::{Clock, Instant};

/// A certificate on its way.
#[derive(Debug, Default)]
pub(super) struct Signing {
    /// The request that the host makes.
    making: Option<JobId>,
    /// The request to send. It stays until it was answered.
    pub request: Option<String>,
    backoff: SigningBackoff,
    /// The end of the certificate in use.
    expires: Option<DateTime<Utc>>,
}

impl Signing {
    /// A certificate is wanted: by the CSMS, by the host, or since the old one ends. False if its owner is not known.
    pub fn begin(&mut self, shared: &mut Shared, settings: &Settings) -> bool {
        self.backoff = SigningBackoff::default();
        self.make(shared, settings)
    }

    fn make(&mut self, shared: &mut Shared, settings: &Settings) -> bool {
        let organization = settings.text(Setting::OrganizationName);
        if organization.is_empty() {
            sign_failed(shared, CallFailure::NotConfigured);
            return false;
        }
        self.making = Some(order_csr(shared, self.making, CertificateUse::V2g, organization));
        true
    }

    /// The host's word about a job.
    pub fn on_update(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) {
        if self.making.take_if(|making| *making == id).is_none() {
            return;
        }
        match word {
            JobUpdate::Csr(request) => self.request = Some(request.clone()),
            _ => sign_failed(shared, CallFailure::HostFailed),
        }
    }

    /// The CSMS will have the request signed, or may.
    pub fn accepted(&mut self, now: Instant, settings: &Settings) {
        self.request = None;
        self.backoff.wait(now, settings);
    }

    /// The CSMS will not (§2.1): it is not asked again before it wants it.
    pub fn refused(&mut self) {
        self.request = None;
        self.backoff.stop();
    }

    /// The certificate is in place.
    pub fn done(&mut self) {
        self.backoff.stop();
        self.expires = None;
    }

    /// The certificate in use ends then.
    pub fn expires(&mut self, at: DateTime<Utc>) {
        self.expires = Some(at);
    }

    /// Lets time work.
    pub fn advance(&mut self, shared: &mut Shared, settings: &Settings) {
        let now = shared.now;
        if self.backoff.is_over(now) {
            self.make(shared, settings);
        }
        let is_old =
            |at: &mut DateTime<Utc>| renewal_of(*at).is_some_and(|renewal| shared.clock.has_reached(now, renewal));
        if self.expires.take_if(is_old).is_some() {
            self.begin(shared, settings);
        }
    }

    /// When time changes something.
    pub fn deadlines(&self, clock: &Clock) -> [Option<Instant>; 2] {
        let renewal = self.expires.and_then(|at| clock.instant_of(renewal_of(at)?));
        [self.backoff.deadline(), renewal]
    }
}
