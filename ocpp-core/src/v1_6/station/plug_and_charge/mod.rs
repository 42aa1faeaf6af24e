//! Plug & Charge: the application note "Using ISO 15118 Plug & Charge with OCPP 1.6", whose messages travel in DataTransfer.
//!
//! Takes contracts of vehicles, their requests for certificates, and the certificates that the host watches; gives grants by
//! way of `authorize`, and events with what the CSMS answered. Calls of the CSMS about certificates become jobs of the host, by
//! way of `certificates`. On while ISO15118PnCEnabled is. Stores nothing: certificates are durable with the host, and what was
//! under way when the power failed is begun again by whoever wanted it.

mod contract;
mod messages;
mod requests;
mod signing;
mod status;

pub(super) use messages::authorize;
pub(super) use requests::Errand;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use ocpp_types::codec::Decode;
use ocpp_types::v1_6::{
    DataTransferRequest, DataTransferResponse, DataTransferStatus, GenericStatus, SignCertificateResponse,
};

use super::Machine;
use super::frames::Failure;
use super::messages::Unsendable;
use super::settings::{Key, Settings};
use crate::shared::Shared;
use crate::station::{CertificateHash, EvCertificateAction, Event, EvseId, JobId, JobUpdate, WatchedCertificate};
use crate::time::{Clock, Instant};
use messages::Result15118;
use signing::Signing;
use status::Statuses;

const VENDOR: &str = "org.openchargealliance.iso15118pnc";

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct PlugAndCharge {
    vehicles: VecDeque<VehicleRequest>,
    statuses: Statuses,
    signing: Signing,
    asked: Option<Asked>,
}

/// A vehicle wants a certificate.
#[derive(Debug)]
struct VehicleRequest {
    evse: EvseId,
    action: EvCertificateAction,
    schema: CompactString,
    exi: String,
}

/// What the call on its way is about.
#[derive(Debug)]
enum Asked {
    Vehicle(EvseId),
    Status(CertificateHash),
    Sign,
}

/// Whether a DataTransfer is for this block (§2.1, §2.2).
pub(super) fn is_ours(settings: &Settings, request: &DataTransferRequest) -> bool {
    request.vendor_id.as_str().eq_ignore_ascii_case(VENDOR) && settings.is_on(Key::ISO15118PnCEnabled)
}

impl PlugAndCharge {
    /// The message to send now: vehicles wait least.
    pub fn next(&mut self, now: Instant, clock: &Clock) -> Option<Result<String, Unsendable>> {
        if let Some(request) = self.vehicles.pop_front() {
            self.asked = Some(Asked::Vehicle(request.evse));
            return Some(messages::ev_certificate(request.action, &request.schema, &request.exi));
        }
        if let Some(csr) = &self.signing.request {
            self.asked = Some(Asked::Sign);
            return Some(messages::sign_certificate(csr));
        }
        let request = self.statuses.due(now, clock)?;
        self.asked = Some(Asked::Status(request.hash.clone()));
        Some(messages::certificate_status(request))
    }

    /// When time changes something. A status that is due waits for the link alone.
    pub fn deadlines(&self, clock: &Clock, is_online: bool) -> [Option<Instant>; 3] {
        let [again, renewal] = self.signing.deadlines(clock);
        [again, renewal, self.statuses.deadline(clock).filter(|_| is_online)]
    }
}

impl Machine {
    /// A vehicle asks for a certificate.
    pub fn on_vehicle_request(
        &mut self,
        evse: EvseId,
        action: EvCertificateAction,
        schema: CompactString,
        exi: String,
    ) {
        // A vehicle that asks again has given up its first question.
        self.plug_and_charge.vehicles.retain(|request| request.evse != evse);
        self.plug_and_charge.vehicles.push_back(VehicleRequest { evse, action, schema, exi });
    }

    /// The host watches these certificates.
    pub fn watch_certificates(&mut self, shared: &Shared, certificates: Vec<WatchedCertificate>) {
        self.plug_and_charge.statuses.watch(shared.now, certificates);
    }

    /// Has the certificate towards vehicles signed anew.
    pub fn renew_vehicle_certificate(&mut self, shared: &mut Shared) {
        if self.settings.is_on(Key::ISO15118PnCEnabled) {
            self.plug_and_charge.signing.begin(shared, &self.settings);
        }
    }

    /// The certificate towards vehicles expires then.
    pub fn vehicle_certificate_expires(&mut self, at: DateTime<Utc>) {
        self.plug_and_charge.signing.expires(at);
    }

    /// The host's word about a job.
    pub(super) fn on_request_made(&mut self, shared: &mut Shared, id: JobId, word: &JobUpdate) {
        self.plug_and_charge.signing.on_update(shared, id, word);
    }

    /// Lets time work.
    pub(super) fn advance_plug_and_charge(&mut self, shared: &mut Shared) {
        let is_enabled = self.settings.is_on(Key::ISO15118PnCEnabled);
        if is_enabled {
            self.plug_and_charge.signing.advance(shared, &self.settings);
        }
        // A vehicle waits for seconds, not for the link.
        if !is_enabled || !self.is_online(shared) {
            for request in core::mem::take(&mut self.plug_and_charge.vehicles) {
                shared.event(Event::EvCertificate { evse: request.evse, exi: None });
            }
        }
    }

    /// The CSMS answered.
    pub(super) fn on_certificate_answer(&mut self, shared: &mut Shared, answer: &DataTransferResponse) {
        let Some(asked) = self.plug_and_charge.asked.take() else { return };
        let is_known = answer.status == DataTransferStatus::Accepted;
        let data = answer.data.as_ref().filter(|_| is_known).map_or("", |data| data.as_str());
        let (now, block) = (shared.now, &mut self.plug_and_charge);
        match asked {
            Asked::Vehicle(evse) => {
                let exi = Result15118::from_json(data, "exiResponse", 5600).map_or(None, |Result15118(exi)| exi);
                shared.event(Event::EvCertificate { evse, exi });
            }
            Asked::Status(hash) if !is_known => block.statuses.unsupported(now, &hash),
            Asked::Status(hash) => {
                let result = Result15118::from_json(data, "ocspResult", 5500);
                let response = result.map_or(None, |Result15118(response)| response);
                block.statuses.answered(now, &hash, response.is_some());
                shared.event(Event::CertificateStatus { hash, response });
            }
            Asked::Sign => match SignCertificateResponse::from_json(data).map(|answer| answer.status) {
                Ok(GenericStatus::Accepted) => block.signing.accepted(now, &self.settings),
                Ok(GenericStatus::Rejected | GenericStatus::Unrecognized(_)) | Err(_) => {
                    block.signing.refused();
                    let (action, reason) = ("SignCertificate".into(), "the CSMS will not have it signed".into());
                    shared.event(Event::CallFailed { action, reason });
                }
            },
        }
    }

    /// The CSMS did not answer, or with an error.
    pub(super) fn on_certificate_failure(&mut self, shared: &mut Shared, failure: &Failure) {
        let Some(asked) = self.plug_and_charge.asked.take() else { return };
        let (now, block) = (shared.now, &mut self.plug_and_charge);
        match (asked, failure) {
            (Asked::Vehicle(evse), _) => shared.event(Event::EvCertificate { evse, exi: None }),
            // Sent again with the next link.
            (Asked::Status(_) | Asked::Sign, Failure::LinkLost) => {}
            (Asked::Status(hash), Failure::Unsendable(_)) => block.statuses.unsupported(now, &hash),
            (Asked::Status(hash), Failure::Refused(_) | Failure::TimedOut) => {
                block.statuses.answered(now, &hash, false);
            }
            // It may have the request all the same.
            (Asked::Sign, Failure::TimedOut) => block.signing.accepted(now, &self.settings),
            (Asked::Sign, Failure::Refused(_) | Failure::Unsendable(_)) => block.signing.refused(),
        }
    }
}
