//! Certificates (A02, M03 to M05).

use serde_json::{Value, json};

use super::{accepted, status};
use crate::conformance::pattern::{self, request};
use crate::conformance::target::Manual;
use crate::conformance::v2::{Bench, case};
use crate::conformance::{Case, Step, Stop};
use crate::jobs;

const MAKERS: &str = "ManufacturerRootCertificate";
const CSMS: &str = "CSMSRootCertificate";
const STATION: &str = "ChargingStationCertificate";

pub(super) const CASES: &[Case] = &[
    case("TC_A_11_CSMS", "The station's certificate is renewed", "A02.FR.11, A02.FR.14, F06.FR.01", &[], |bench| {
        renew(bench, "Accepted")
    }),
    case("TC_A_14_CSMS", "The station takes no such certificate", "A02.FR.11", &[], |bench| renew(bench, "Rejected")),
    case("TC_M_02_CSMS", "Install a manufacturer's root", "M05.FR.01", &[], |bench| install(bench, MAKERS, "Accepted")),
    case("TC_M_05_CSMS", "A root that cannot be installed", "M05.FR.01, M05.FR.03", &[], |bench| {
        install(bench, CSMS, "Failed")
    }),
    case("TC_M_13_CSMS", "List manufacturers' roots", "M03.FR.01", &[], |bench| {
        list(bench, Some(MAKERS), listed(MAKERS))
    }),
    case("TC_M_18_CSMS", "List all certificates", "M03.FR.01", &[], |bench| list(bench, None, listed(CSMS))),
    case("TC_M_19_CSMS", "List what is not there", "M03.FR.01, M03.FR.02", &[], |bench| {
        list(bench, Some(MAKERS), status("NotFound"))
    }),
    case("TC_M_21_CSMS", "A root that cannot be deleted", "M04.FR.01, M04.FR.07", &[], |bench| {
        bench.precondition("CertificateInstalled", |bench| install(bench, CSMS, "Accepted"))?;
        list(bench, Some(CSMS), listed(CSMS))?;
        bench.order("DeleteCertificate", json!({ "certificateHashData": hash_data() }), status("Failed")).map(|_| ())
    }),
];

fn root() -> String {
    jobs::certificate("conformance root")
}

fn hash_data() -> Value {
    let hash = jobs::certificate_hash(&root());
    json!({
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hash.issuer_name_hash.as_str(),
        "issuerKeyHash": hash.issuer_key_hash.as_str(),
        "serialNumber": hash.serial_number.as_str(),
    })
}

fn listed(usage: &str) -> Value {
    let chain = json!({ "certificateType": usage, "certificateHashData": hash_data() });
    json!({ "status": "Accepted", "certificateHashDataChain": [chain] })
}

fn install(bench: &mut Bench<'_>, usage: &str, verdict: &str) -> Step {
    let root = json!({ "certificateType": usage, "certificate": root() });
    bench.order("InstallCertificate", root, status(verdict)).map(|_| ())
}

fn list(bench: &mut Bench<'_>, usage: Option<&str>, told: Value) -> Step {
    let wanted = usage.map_or_else(|| json!({}), |usage| json!({ "certificateType": [usage] }));
    let call = bench.order("GetInstalledCertificateIds", wanted, told)?;
    match usage.is_none() && call.payload.get("certificateType").is_some() {
        true => Err(Stop::Failed(format!("asked for some where all were wanted: {}", call.payload))),
        false => Ok(()),
    }
}

/// The station asks for the certificate that the operator has it ask for; who signs may be the CSMS itself, or the operator.
fn renew(bench: &mut Bench<'_>, verdict: &str) -> Step {
    let trigger = json!({ "requestedMessage": "SignChargingStationCertificate" });
    bench.order("TriggerMessage", trigger, accepted())?;
    bench.will_answer("CertificateSigned", status(verdict));
    let csr = "-----BEGIN CERTIFICATE REQUEST-----\nY3Ny\n-----END CERTIFICATE REQUEST-----\n";
    let request_of = json!({ "csr": csr, "certificateType": STATION });
    bench.ask("SignCertificate", request_of, pattern::status("Accepted"))?;
    let chain = jobs::certificate("conformance station");
    let payload = json!({ "certificateChain": chain, "certificateType": STATION });
    bench.perform(Manual::Order { action: "CertificateSigned".to_owned(), payload })?;
    bench.expect(request("CertificateSigned").present("certificateChain").is_or_absent("certificateType", STATION))?;
    if verdict == "Rejected" { bench.report_security_event("InvalidChargingStationCertificate") } else { Ok(()) }
}
