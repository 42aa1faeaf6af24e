//! The revocation status of the station's own certificates towards vehicles (M06): asked for when the host has none, an hour
//! before that which it has ends, and once in OCSPRequestInterval, by default a week.

use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::station::{CertificateHash, OcspRequest, WatchedCertificate};
use crate::time::{Clock, Instant};

/// How long before the end of a status another is asked for.
const AHEAD: TimeDelta = TimeDelta::hours(1);

/// The least time between two questions about a certificate, so that neither a CSMS that fails nor short-lived answers are
/// asked for without end.
const PAUSE: Duration = Duration::from_secs(15 * 60);

/// The certificates that the host watches.
#[derive(Debug, Default)]
pub(super) struct Statuses {
    watched: Vec<Watched>,
    /// How long a status counts at most (OCSPRequestInterval; M06.FR.10).
    interval: Duration,
}

#[derive(Debug)]
struct Watched {
    request: OcspRequest,
    fresh_until: Option<DateTime<Utc>>,
    /// When the status came, or the host said that it has one; none if it has none.
    since: Option<Instant>,
    not_before: Instant,
}

impl Watched {
    fn due_at(&self, clock: &Clock, interval: Duration) -> Instant {
        let Some(since) = self.since else { return self.not_before };
        let fresh = self.fresh_until.and_then(|until| clock.instant_of(until.checked_sub_signed(AHEAD)?));
        let latest = since + interval;
        fresh.map_or(latest, |fresh| latest.min(fresh)).max(self.not_before)
    }
}

impl Statuses {
    /// A status counts so long at most.
    pub fn ask_every(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// These are watched from now on, and no others.
    pub fn watch(&mut self, now: Instant, certificates: Vec<WatchedCertificate>) {
        let old = core::mem::take(&mut self.watched);
        let watched = |WatchedCertificate { request, fresh_until }| {
            let known = old.iter().find(|known| known.request.hash == request.hash);
            Watched {
                request,
                fresh_until,
                since: fresh_until.map(|_| now),
                not_before: known.map_or(Instant::ZERO, |known| known.not_before),
            }
        };
        self.watched = certificates.into_iter().map(watched).collect();
    }

    /// The certificate to ask about now.
    pub fn due(&self, now: Instant, clock: &Clock) -> Option<&OcspRequest> {
        self.watched.iter().find(|watched| watched.due_at(clock, self.interval) <= now).map(|watched| &watched.request)
    }

    /// When the next one is due.
    pub fn deadline(&self, clock: &Clock) -> Option<Instant> {
        self.watched.iter().map(|watched| watched.due_at(clock, self.interval)).min()
    }

    /// The status of a certificate came, or (not `has_status`) the CSMS has none now.
    pub fn answered(&mut self, now: Instant, hash: &CertificateHash, has_status: bool) {
        if let Some(watched) = self.of(hash) {
            watched.not_before = now + PAUSE;
            if has_status {
                watched.since = Some(now);
                // The host has yet to say how long the new one is good.
                watched.fresh_until = None;
            }
        }
    }

    /// The CSMS does not know such questions.
    pub fn unsupported(&mut self, now: Instant, hash: &CertificateHash) {
        let interval = self.interval;
        if let Some(watched) = self.of(hash) {
            watched.not_before = now + interval;
        }
    }

    fn of(&mut self, hash: &CertificateHash) -> Option<&mut Watched> {
        self.watched.iter_mut().find(|watched| watched.request.hash == *hash)
    }
}
