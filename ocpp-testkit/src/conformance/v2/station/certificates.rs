//! Certificates (M03 to M05). They are texts here: hash data are compared with each other, and not computed.

use serde_json::{Value, json};

use crate::conformance::pattern::{answer, request, status};
use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::{case, unwritten};
use crate::conformance::{Case, Need, Step, Stop};

const CSMS: &str = "CSMSRootCertificate";
const MAKER: &str = "ManufacturerRootCertificate";
const ROOTS: &[Need] = &[Need::SecurityProfile(2), Need::RootCertificate];
const MAKERS: &[Need] = &[Need::RootCertificate];
const HANDSHAKES: &str =
    "what a root makes of the next TLS handshake is for the driver's own tests: the runner makes none";

pub(super) const CASES: &[Case] = &[
    case("TC_M_01_CS", "Install a root of the CSMS", "M05.FR.01, M05.FR.02, M05.FR.03", ROOTS, |bench| {
        installs(bench, CSMS)
    }),
    case("TC_M_02_CS", "Install a root of the maker", "M05.FR.01, M05.FR.02", MAKERS, |bench| installs(bench, MAKER)),
    case("TC_M_07_CS", "An invalid root is refused", "M05.FR.01, M05.FR.07", &[Need::SecurityProfile(2)], invalid),
    case("TC_M_09_CS", "A root that the old one did not sign is refused", "M05.FR.10, M05.FR.11", ROOTS, unsigned),
    unwritten("TC_M_30_CS", "The new root takes the place of the old one", "M05.FR.13", HANDSHAKES),
    unwritten("TC_M_31_CS", "The new root fails, the old one stays", "M05.FR.14", HANDSHAKES),
    case("TC_M_12_CS", "List roots of the CSMS", "M03.FR.01, M03.FR.03, M03.FR.04", ROOTS, |bench| {
        lists(bench, &[CSMS], false)
    }),
    case("TC_M_13_CS", "List roots of the maker", "M03.FR.01, M03.FR.03, M03.FR.04", MAKERS, |bench| {
        lists(bench, &[MAKER], false)
    }),
    case("TC_M_17_CS", "List both", "M03.FR.01, M03.FR.03, M03.FR.04", ROOTS, |bench| {
        lists(bench, &[CSMS, MAKER], false)
    }),
    case("TC_M_18_CS", "List all", "M03.FR.01, M03.FR.03, M03.FR.04", ROOTS, |bench| {
        lists(bench, &[CSMS, MAKER], true)
    }),
    case("TC_M_19_CS", "List what is not there", "M03.FR.01, M03.FR.02", &[], |bench| {
        let told = answer().is("status", "NotFound").absent("certificateHashDataChain");
        bench.ask("GetInstalledCertificateIds", json!({ "certificateType": ["MORootCertificate"] }), told).map(|_| ())
    }),
    case("TC_M_20_CS", "Delete a certificate", "M04.FR.01, M04.FR.02, M04.FR.03", ROOTS, deletes),
    case("TC_M_22_CS", "Delete what is not there", "M04.FR.01, M04.FR.04", &[], |bench| {
        bench.ask("DeleteCertificate", json!({ "certificateHashData": nobodys() }), status("NotFound")).map(|_| ())
    }),
    case(
        "TC_M_23_CS",
        "The station's own certificate is not deleted",
        "M04.FR.06",
        &[Need::SecurityProfile(3), Need::StationCertificate],
        keeps_own,
    ),
];

/// The hash data of a certificate that nobody has.
fn nobodys() -> Value {
    json!({
        "hashAlgorithm": "SHA256", "serialNumber": "DEAD",
        "issuerNameHash": "0".repeat(64), "issuerKeyHash": "1".repeat(64),
    })
}

/// Kind and hash data of the certificates of these kinds, of all if none is named. Without one, the status is NotFound
/// (M03.FR.02, M03.FR.03).
fn listed(bench: &mut Bench<'_>, kinds: &[&str]) -> Step<Vec<(String, Value)>> {
    let wanted = if kinds.is_empty() { json!({}) } else { json!({ "certificateType": kinds }) };
    let told = answer().one_of("status", ["Accepted", "NotFound"]);
    let told = bench.ask("GetInstalledCertificateIds", wanted, told)?;
    let list = told.get("certificateHashDataChain").and_then(Value::as_array).cloned().unwrap_or_default();
    if (told.get("status").is_some_and(|status| status == "Accepted")) == list.is_empty() {
        return Err(Stop::Failed(format!("the status does not fit the list: {told}")));
    }
    let kind = |entry: &Value| entry.get("certificateType").and_then(Value::as_str).unwrap_or_default().to_owned();
    let hash = |entry: &Value| entry.get("certificateHashData").cloned().unwrap_or_default();
    Ok(list.iter().map(|entry| (kind(entry), hash(entry))).collect())
}

/// State CertificateInstalled: what was not listed before.
fn install(bench: &mut Bench<'_>, kind: &str) -> Step<Value> {
    let before = listed(bench, &[kind])?;
    let certificate = bench.values.root_certificate.clone().unwrap_or_default();
    let request = json!({ "certificateType": kind, "certificate": certificate });
    bench.ask("InstallCertificate", request, status("Accepted"))?;
    let mut added = listed(bench, &[kind])?;
    added.retain(|entry| !before.contains(entry));
    match added.pop().filter(|(of, _)| of == kind && added.is_empty()) {
        Some((_, hash)) => {
            bench.note_certificate(&hash);
            Ok(hash)
        }
        None => Err(Stop::Failed(format!("one certificate came to {before:?}, and not one of its kind was listed"))),
    }
}

fn installs(bench: &mut Bench<'_>, kind: &str) -> Step {
    let hash = install(bench, kind)?;
    match listed(bench, &[kind])?.contains(&(kind.to_owned(), hash)) {
        true => Ok(()),
        false => Err(Stop::Failed("it is not listed any more".to_owned())),
    }
}

fn lists(bench: &mut Bench<'_>, kinds: &[&str], is_all: bool) -> Step {
    let mut wanted = Vec::new();
    for kind in kinds {
        let hash = bench.precondition("CertificateInstalled", |bench| install(bench, kind))?;
        wanted.push(((*kind).to_owned(), hash));
    }
    let all = listed(bench, if is_all { &[] } else { kinds })?;
    let lacks = wanted.iter().find(|entry| !all.contains(entry));
    let strays = all.iter().find(|(kind, _)| !is_all && !kinds.contains(&kind.as_str()));
    match (lacks, strays) {
        (None, None) => Ok(()),
        (Some(entry), _) => Err(Stop::Failed(format!("{entry:?} is not listed"))),
        (None, Some(entry)) => Err(Stop::Failed(format!("{entry:?} is listed, which was not asked for"))),
    }
}

fn invalid(bench: &mut Bench<'_>) -> Step {
    if bench.is_set("SecurityCtrlr.AdditionalRootCertificateCheck")? {
        return Err(Stop::NotApplicable("for stations without AdditionalRootCertificateCheck".to_owned()));
    }
    let before = listed(bench, &[CSMS])?;
    let request = json!({ "certificateType": CSMS, "certificate": "no certificate" });
    bench.ask("InstallCertificate", request, status("Rejected"))?;
    let after = listed(bench, &[CSMS])?;
    if before == after { Ok(()) } else { Err(Stop::Failed(format!("{before:?} were listed, {after:?} are now"))) }
}

/// A root that its own key signed cannot take the place of another.
fn unsigned(bench: &mut Bench<'_>) -> Step {
    if !bench.is_set("SecurityCtrlr.AdditionalRootCertificateCheck")? {
        return Err(Stop::NotApplicable("for stations with AdditionalRootCertificateCheck".to_owned()));
    }
    bench.precondition("CertificateInstalled", |bench| install(bench, CSMS))?;
    let before = listed(bench, &[CSMS])?;
    let request = json!({ "certificateType": CSMS, "certificate": crate::jobs::self_made("another") });
    bench.ask("InstallCertificate", request, status("Rejected"))?;
    let after = listed(bench, &[CSMS])?;
    if before == after { Ok(()) } else { Err(Stop::Failed(format!("{before:?} were listed, {after:?} are now"))) }
}

fn deletes(bench: &mut Bench<'_>) -> Step {
    let hash = bench.precondition("CertificateInstalled", |bench| install(bench, CSMS))?;
    bench.ask("DeleteCertificate", json!({ "certificateHashData": hash }), status("Accepted"))?;
    match listed(bench, &[CSMS])?.contains(&(CSMS.to_owned(), hash)) {
        true => Err(Stop::Failed("it is still listed".to_owned())),
        false => Ok(()),
    }
}

/// M04.FR.06: its hash data can only be computed by who reads X.509; the simulated host's are known.
fn keeps_own(bench: &mut Bench<'_>) -> Step {
    let certificate = bench.values.station_certificate.clone().unwrap_or_default();
    let trigger = json!({ "requestedMessage": "SignChargingStationCertificate" });
    bench.configure_if_there("SecurityCtrlr.OrganizationName", "Conformance")?;
    bench.precondition("RenewChargingStationCertificate", |bench| {
        bench.ask("TriggerMessage", trigger, status("Accepted"))?;
        bench.expect(request("SignCertificate"))?;
        let chain = json!({ "certificateChain": certificate, "certificateType": "ChargingStationCertificate" });
        bench.ask("CertificateSigned", chain, status("Accepted"))?;
        bench.reconnects()
    })?;
    let hash = crate::jobs::certificate_hash(&certificate);
    let hash = json!({
        "hashAlgorithm": "SHA256", "serialNumber": hash.serial_number.as_str(),
        "issuerNameHash": hash.issuer_name_hash.as_str(), "issuerKeyHash": hash.issuer_key_hash.as_str(),
    });
    bench.ask("DeleteCertificate", json!({ "certificateHashData": hash }), status("Failed")).map(|_| ())
}
