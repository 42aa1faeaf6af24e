//! Plug & Charge (2.x C07, M01, M02, M06; for plain 1.6 the application note "Using ISO 15118 Plug & Charge with OCPP 1.6").
//!
//! Takes contracts of vehicles, their requests for certificates, and the certificates that the host watches; gives grants by
//! way of `authorize`, and events with what the CSMS answered. Calls of the CSMS about certificates become jobs of the host, by
//! way of `certificates`. On while ISO15118PnCEnabled is. Stores nothing: certificates are durable with the host, and what was
//! under way when the power failed is begun again by whoever wanted it.

mod contract;
mod signing;
mod status;

use alloc::string::String;
use alloc::vec::Vec;
use ocpp_rpc::queue::Queue;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;

use super::csr::sign_failed;
use super::settings::{Setting, Settings};
use super::shared::Shared;
use crate::station::{
    CallFailure, CertificateHash, EvCertificateAction, Event, EvseId, JobId, JobUpdate, OcspRequest, WatchedCertificate,
};
use crate::time::{Clock, Instant};

pub(super) use contract::on_contract;
use signing::Signing;
use status::Statuses;

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct PlugAndCharge {
    vehicles: Queue<VehicleRequest>,
    statuses: Statuses,
    signing: Signing,
    asked: Option<Asked>,
}

/// A vehicle wants a certificate.
#[derive(Debug)]
pub(crate) struct VehicleRequest {
    evse: EvseId,
    pub action: EvCertificateAction,
    pub schema: SmallString,
    pub exi: String,
}

/// What the call on its way is about.
#[derive(Debug)]
pub(crate) enum Asked {
    Vehicle(EvseId),
    Status(CertificateHash),
    Sign,
}

/// A call to send.
#[derive(Debug)]
pub(crate) enum CertificateCall<'a> {
    /// A vehicle wants a certificate.
    Vehicle(VehicleRequest),
    /// The station's own certificate towards vehicles is to be signed: the request in PEM.
    Sign(&'a str),
    /// Whether a certificate was revoked.
    Status(&'a OcspRequest),
}

/// What the CSMS answered to such a call.
#[derive(Debug)]
pub(crate) enum CertificateAnswer {
    /// What was asked for, of vehicles and statuses.
    Data(String),
    /// The request for a certificate is taken.
    Accepted,
    /// It has none, or refuses, or its answer is unusable.
    Refused,
    /// It does not know such questions.
    Unsupported,
    /// It answered with an error, or it cannot be asked.
    Failed,
    /// It did not answer in time.
    TimedOut,
    /// The link went.
    LinkLost,
}

impl PlugAndCharge {
    /// The call to send now: vehicles wait least.
    pub fn next(&mut self, now: Instant, clock: &Clock) -> Option<CertificateCall<'_>> {
        if let Some(request) = self.vehicles.pop_front() {
            self.asked = Some(Asked::Vehicle(request.evse));
            return Some(CertificateCall::Vehicle(request));
        }
        if let Some(csr) = &self.signing.request {
            self.asked = Some(Asked::Sign);
            return Some(CertificateCall::Sign(csr));
        }
        let request = self.statuses.due(now, clock)?;
        self.asked = Some(Asked::Status(request.hash.clone()));
        Some(CertificateCall::Status(request))
    }

    /// The certificate towards vehicles is in place.
    pub fn signed(&mut self) {
        self.signing.done();
    }

    /// What the call on its way is about.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// When time changes something. A status that is due waits for the link alone.
    pub fn deadlines(&self, clock: &Clock, is_online: bool) -> [Option<Instant>; 3] {
        let [again, renewal] = self.signing.deadlines(clock);
        [again, renewal, self.statuses.deadline(clock).filter(|_| is_online)]
    }
}

impl PlugAndCharge {
    /// A vehicle asks for a certificate.
    pub fn on_vehicle_request(&mut self, evse: EvseId, action: EvCertificateAction, schema: SmallString, exi: String) {
        // A vehicle that asks again has given up its first question.
        self.vehicles.retain(|request| request.evse != evse);
        self.vehicles.push_back(VehicleRequest { evse, action, schema, exi });
    }

    /// The host watches these certificates.
    pub fn watch(&mut self, shared: &Shared, certificates: Vec<WatchedCertificate>) {
        self.statuses.watch(shared.now, certificates);
    }

    /// The CSMS wants the certificate towards vehicles signed anew. False if its owner is not known.
    pub fn request_certificate(&mut self, shared: &mut Shared, settings: &Settings) -> bool {
        self.signing.begin(shared, settings)
    }

    /// Has the certificate towards vehicles signed anew.
    pub fn renew(&mut self, shared: &mut Shared, settings: &Settings) {
        if settings.is_on(Setting::PncEnabled) {
            self.signing.begin(shared, settings);
        }
    }

    /// The certificate towards vehicles expires then.
    pub fn certificate_expires(&mut self, at: DateTime<Utc>) {
        self.signing.expires(at);
    }

    /// The host's word about a job.
    pub fn on_job(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) {
        self.signing.on_update(shared, id, word);
    }

    /// Lets time work.
    pub fn advance(&mut self, shared: &mut Shared, settings: &Settings, is_online: bool) {
        let is_enabled = settings.is_on(Setting::PncEnabled);
        self.statuses.ask_every(settings.seconds(Setting::OcspRequestInterval));
        if is_enabled {
            self.signing.advance(shared, settings);
        }
        // A vehicle waits for seconds, not for the link.
        if !is_enabled || !is_online {
            for request in core::mem::take(&mut self.vehicles) {
                shared.event(Event::EvCertificate { evse: request.evse, exi: None });
            }
        }
    }

    /// The CSMS answered, or did not.
    pub fn on_answer(&mut self, shared: &mut Shared, settings: &Settings, answer: CertificateAnswer) {
        let Some(asked) = self.asked.take() else { return };
        let now = shared.now;
        match (asked, answer) {
            (Asked::Vehicle(evse), CertificateAnswer::Data(exi)) => {
                shared.event(Event::EvCertificate { evse, exi: Some(exi) });
            }
            (Asked::Vehicle(evse), _) => shared.event(Event::EvCertificate { evse, exi: None }),
            // Sent again with the next link.
            (Asked::Status(_) | Asked::Sign, CertificateAnswer::LinkLost) => {}
            (Asked::Status(hash), CertificateAnswer::Unsupported) => self.statuses.unsupported(now, &hash),
            (Asked::Status(hash), CertificateAnswer::Failed | CertificateAnswer::TimedOut) => {
                self.statuses.answered(now, &hash, false);
            }
            (Asked::Status(hash), CertificateAnswer::Data(response)) => {
                self.statuses.answered(now, &hash, true);
                shared.event(Event::CertificateStatus { hash, response: Some(response) });
            }
            (Asked::Status(hash), CertificateAnswer::Accepted | CertificateAnswer::Refused) => {
                self.statuses.answered(now, &hash, false);
                shared.event(Event::CertificateStatus { hash, response: None });
            }
            // It may have the request all the same.
            (Asked::Sign, CertificateAnswer::Accepted | CertificateAnswer::TimedOut) => {
                self.signing.accepted(now, settings);
            }
            (Asked::Sign, CertificateAnswer::Failed | CertificateAnswer::Unsupported) => self.signing.refused(),
            (Asked::Sign, CertificateAnswer::Data(_) | CertificateAnswer::Refused) => {
                self.signing.refused();
                sign_failed(shared, CallFailure::Refused);
            }
        }
    }
}
