//! Plug & Charge: the application note "Using ISO 15118 Plug & Charge with OCPP 1.6", with the requirements of 2.0.1 that it
//! points to.

mod certificates;
mod contracts;

use super::*;
use crate::station::{
    CertificateHash, Command, Contract, ContractCheck, EvCertificateAction, HashAlgorithm, JobUpdate, OcspRequest,
    WatchedCertificate,
};

const VENDOR: &str = "org.openchargealliance.iso15118pnc";
const EMAID: &str = "DE8ACC12E46L89";

impl Bench {
    /// Takes the oldest call that was sent, which must be this message: its id and data.
    fn message(&mut self, message: &str) -> (String, Value) {
        let (id, request) = self.call("DataTransfer");
        assert_eq!((&request["vendorId"], &request["messageId"]), (&json!(VENDOR), &json!(message)));
        (id, serde_json::from_str(request["data"].as_str().unwrap()).unwrap())
    }

    /// Answers this message, which must be the oldest call, and gives its data.
    fn answer_message(&mut self, message: &str, data: &Value) -> Value {
        let (id, request) = self.message(message);
        self.frame(&json!([3, id, {"status": "Accepted", "data": data.to_string()}]));
        request
    }

    /// Sends a message of the CSMS.
    fn send_message(&mut self, message: &str, data: &str) {
        self.requests += 1;
        let id = format!("m{}", self.requests);
        self.frame(&json!([2, id, "DataTransfer", {"vendorId": VENDOR, "messageId": message, "data": data}]));
    }

    /// The status of the DataTransfer that was answered, and the message in it.
    fn taken(&mut self) -> (String, Value) {
        let answer = self.take_answer(0);
        let data = answer["data"].as_str().map(|data| serde_json::from_str(data).unwrap_or_else(|_| data.into()));
        (answer["status"].as_str().unwrap().to_owned(), data.unwrap_or_default())
    }

    /// The host's word about the last job.
    fn host_says(&mut self, word: JobUpdate) {
        let id = self.jobs.last().unwrap().0;
        self.input(Input::Job(id, word));
    }

    fn last_job(&self) -> &Job {
        &self.jobs.last().unwrap().1
    }

    /// Lets time pass, heartbeats answered, until the station calls something else. True if it did.
    fn calls_within(&mut self, seconds: u64) -> bool {
        let end = self.now + seconds * 1000;
        loop {
            while self.sent.first().is_some_and(|call| call[2] == "Heartbeat") {
                let time = wall(self.now).to_rfc3339();
                self.answer("Heartbeat", &json!({"currentTime": time}));
            }
            if !self.sent.is_empty() {
                return true;
            }
            match self.station.poll_timeout().map(Instant::as_millis).filter(|at| *at <= end) {
                Some(at) => {
                    assert!(at > self.now, "deadline {at} does not lie ahead of {}", self.now);
                    self.now = at;
                    self.input(Input::Tick);
                }
                None => {
                    self.now = end;
                    return false;
                }
            }
        }
    }

    fn has_event(&self, part: &str) -> bool {
        self.events.iter().any(|event| event.contains(part))
    }

    /// Presents a contract and gives what left, statuses aside.
    fn present(&mut self, contract: Contract) {
        self.input(Input::Contract { evse: EVSE, contract });
        self.answer_all("StatusNotification", &json!({}));
    }
}

fn hash(serial: &str) -> CertificateHash {
    CertificateHash {
        algorithm: HashAlgorithm::Sha256,
        issuer_name_hash: "aa".into(),
        issuer_key_hash: "bb".into(),
        serial_number: serial.into(),
    }
}

fn ocsp(serial: &str) -> OcspRequest {
    OcspRequest { hash: hash(serial), responder_url: "http://ocsp.example".into() }
}

fn hash_json(serial: &str) -> Value {
    json!({"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": serial})
}

fn contract(check: ContractCheck) -> Contract {
    let ocsp = ["01", "02"].map(ocsp).into();
    Contract { token: IdToken::new(EMAID), check, ocsp, certificate: Some("PEM".into()) }
}

fn keys(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [&[("ISO15118PnCEnabled", "true"), ("CpoName", "Operator")], more].concat()
}
