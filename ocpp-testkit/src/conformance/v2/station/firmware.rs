//! Firmware (L01).

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::conformance::pattern::{Pattern, answer, request, status};
use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, SignedFirmware, Step, Stop};

/// What an update needs.
pub(super) const UPDATE: &[Need] = &[Need::FileServer, Need::SignedFirmware];
const NEW_SESSIONS: &str = "ChargingStation.AllowNewSessionsPendingFirmwareUpdate";
const NEW: &[Need] = &[Need::FileServer, Need::SignedFirmware, Need::Key(NEW_SESSIONS)];

pub(super) const CASES: &[Case] = &[
    case(
        "TC_L_01_CS",
        "An update",
        "L01.FR.01, L01.FR.04, L01.FR.05, L01.FR.10, L01.FR.12, L01.FR.20, L01.FR.21",
        UPDATE,
        |bench| {
            order(bench, 5, TimeDelta::hours(-2), None, "Accepted")?;
            installs(bench, 5, &["Downloading", "Downloaded", "SignatureVerified"])
        },
    ),
    case(
        "TC_L_02_CS",
        "An update that is installed later",
        "L01.FR.01, L01.FR.10, L01.FR.16, L01.FR.20",
        UPDATE,
        |bench| {
            let later = Duration::from_secs(20);
            order(bench, 5, TimeDelta::hours(-2), Some(later), "Accepted")?;
            for status in ["Downloading", "Downloaded", "SignatureVerified", "InstallScheduled"] {
                tells(bench, 5, status)?;
            }
            installs(bench, 5, &[])
        },
    ),
    case(
        "TC_L_03_CS",
        "An update that is fetched later",
        "L01.FR.01, L01.FR.04, L01.FR.05, L01.FR.09, L01.FR.10, L01.FR.13",
        UPDATE,
        |bench| {
            order(bench, 5, TimeDelta::seconds(20), None, "Accepted")?;
            tells(bench, 5, "DownloadScheduled")?;
            bench.expect_after(Duration::from_secs(18), progress(5, "Downloading"))?;
            installs(bench, 5, &["Downloaded", "SignatureVerified"])
        },
    ),
    case("TC_L_05_CS", "An invalid signer", "L01.FR.02, L01.FR.10, L01.FR.20 to L01.FR.22", UPDATE, |bench| {
        let firmware = SignedFirmware { certificate: "no certificate".to_owned(), ..known(bench) };
        let refused = answer().one_of("status", ["InvalidCertificate", "RevokedCertificate"]);
        send(bench, 5, &firmware, TimeDelta::hours(-2), None, refused)?;
        bench.expect(event("InvalidFirmwareSigningCertificate")).map(|_| ())
    }),
    case(
        "TC_L_06_CS",
        "An invalid signature",
        "L01.FR.01, L01.FR.03, L01.FR.04, L01.FR.10, L01.FR.20",
        UPDATE,
        |bench| {
            let firmware = SignedFirmware { signature: crate::jobs::UNFIT_SIGNATURE.to_owned(), ..known(bench) };
            send(bench, 5, &firmware, TimeDelta::hours(-2), None, status("Accepted"))?;
            tells(bench, 5, "Downloading")?;
            // Erratum 6.2.83: the event may come at any time.
            let told = [progress(5, "Downloaded"), progress(5, "InvalidSignature"), event("InvalidFirmwareSignature")];
            let calls = bench.gather(&told, &[])?;
            if let [fetched, refused, _] = calls.as_slice()
                && fetched.at > refused.at
            {
                return Err(Stop::Failed("the file was refused before it was there".to_owned()));
            }
            bench.never(bench.values.settle, &["FirmwareStatusNotification", "BootNotification"])
        },
    ),
    case("TC_L_07_CS", "A file that is not there", "L01.FR.01, L01.FR.10, L01.FR.20", UPDATE, |bench| {
        let firmware = SignedFirmware { location: "ftp://127.0.0.1:9/nothing".to_owned(), ..known(bench) };
        send(bench, 5, &firmware, TimeDelta::hours(-2), None, status("Accepted"))?;
        fails(bench, "Downloading", &["DownloadFailed"])
    }),
    case("TC_L_08_CS", "A file that is no firmware", "L01.FR.01, L01.FR.10, L01.FR.12, L01.FR.20", UPDATE, |bench| {
        let files = bench.values.files.clone().unwrap_or_default();
        let firmware = SignedFirmware { location: format!("{files}/{}", crate::jobs::UNFIT), ..known(bench) };
        send(bench, 5, &firmware, TimeDelta::hours(-2), None, status("Accepted"))?;
        for status in ["Downloading", "Downloaded", "SignatureVerified"] {
            tells(bench, 5, status)?;
        }
        fails(bench, "Installing", &["InstallationFailed", "InstallVerificationFailed"])
    }),
    case(
        "TC_L_10_CS",
        "Another update takes its place",
        "L01.FR.01, L01.FR.10, L01.FR.20, L01.FR.24",
        UPDATE,
        |bench| {
            order(bench, 5, TimeDelta::hours(-2), None, "Accepted")?;
            bench.expect(progress(5, "Downloading"))?;
            let told = order_or(bench, 6, ["AcceptedCanceled", "Rejected"])?;
            if told == "Rejected" {
                return Err(Stop::NotApplicable("the station does not break an update off".to_owned()));
            }
            // What was on its way of the first one.
            bench.pass(bench.values.settle)?;
            bench.forget(&[progress(5, "Downloaded"), progress(5, "SignatureVerified")]);
            installs(bench, 6, &["Downloading", "Downloaded", "SignatureVerified"])
        },
    ),
    case("TC_L_11_CS", "An update cannot be broken off", "L01.FR.27", UPDATE, |bench| {
        order(bench, 5, TimeDelta::hours(-2), None, "Accepted")?;
        bench.expect(progress(5, "Downloading"))?;
        let told = order_or(bench, 6, ["Rejected", "AcceptedCanceled"])?;
        if told == "AcceptedCanceled" {
            return Err(Stop::NotApplicable("the station breaks an update off".to_owned()));
        }
        installs(bench, 5, &["Downloaded", "SignatureVerified"])
    }),
    case(
        "TC_L_12_CS",
        "Fetched after the transactions; others may begin",
        "L01.FR.01, L01.FR.06, L01.FR.07, L01.FR.10",
        NEW,
        |bench| waits(bench, Waits { before_download: true, others_begin: true }),
    ),
    case(
        "TC_L_13_CS",
        "Fetched after the transaction; no other begins",
        "L01.FR.01, L01.FR.06, L01.FR.07, L01.FR.10",
        UPDATE,
        |bench| waits(bench, Waits { before_download: true, others_begin: false }),
    ),
    case(
        "TC_L_14_CS",
        "Installed after the transactions; others may begin",
        "L01.FR.01, L01.FR.06, L01.FR.07, L01.FR.10",
        NEW,
        |bench| waits(bench, Waits { before_download: false, others_begin: true }),
    ),
    case(
        "TC_L_15_CS",
        "Installed after the transaction; no other begins",
        "L01.FR.01, L01.FR.06, L01.FR.07, L01.FR.10",
        UPDATE,
        |bench| waits(bench, Waits { before_download: false, others_begin: false }),
    ),
    case("TC_L_16_CS", "Installed during a transaction", "L01.FR.01, L01.FR.06, L01.FR.10, L01.FR.20", UPDATE, during),
    case("TC_L_18_CS", "Neither signer nor signature", "L01.FR.11", &[Need::FileServer], |bench| {
        let files = bench.values.files.clone().unwrap_or_default();
        let firmware = json!({ "location": files, "retrieveDateTime": bench.wall_text(TimeDelta::hours(-2)) });
        let refused = answer().one_of("status", ["Rejected", "InvalidCertificate"]);
        bench.ask("UpdateFirmware", json!({ "requestId": 5, "firmware": firmware }), refused)?;
        bench.never(bench.values.settle, &["FirmwareStatusNotification"])
    }),
];

fn known(bench: &Bench<'_>) -> SignedFirmware {
    bench.values.firmware.clone().unwrap_or_default()
}

fn event(kind: &str) -> Pattern {
    request("SecurityEventNotification").is("type", kind)
}

/// What the station tells of the update of this number.
pub(super) fn progress(id: i64, status: &str) -> Pattern {
    request("FirmwareStatusNotification").is("status", status).is("requestId", id)
}

fn wanted(bench: &Bench<'_>, id: i64, firmware: &SignedFirmware, from: TimeDelta, install: Option<Duration>) -> Value {
    let install = install.and_then(|later| TimeDelta::from_std(later).ok()).unwrap_or(TimeDelta::hours(-2));
    json!({ "requestId": id, "retries": 0, "firmware": {
        "location": firmware.location,
        "retrieveDateTime": bench.wall_text(from),
        "installDateTime": bench.wall_text(install),
        "signingCertificate": firmware.certificate,
        "signature": firmware.signature,
    }})
}

fn send(
    bench: &mut Bench<'_>,
    id: i64,
    firmware: &SignedFirmware,
    from: TimeDelta,
    install: Option<Duration>,
    told: Pattern,
) -> Step<Value> {
    let request = wanted(bench, id, firmware, from, install);
    bench.ask("UpdateFirmware", request, told)
}

/// The firmware of the run is ordered.
pub(super) fn order(bench: &mut Bench<'_>, id: i64, from: TimeDelta, install: Option<Duration>, verdict: &str) -> Step {
    let firmware = known(bench);
    send(bench, id, &firmware, from, install, status(verdict)).map(|_| ())
}

fn order_or(bench: &mut Bench<'_>, id: i64, verdicts: [&str; 2]) -> Step<String> {
    let firmware = known(bench);
    let told = send(bench, id, &firmware, TimeDelta::hours(-2), None, answer().one_of("status", verdicts))?;
    Ok(told.get("status").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// Connectors may be out of service meanwhile.
fn passing(bench: &Bench<'_>) -> Vec<Pattern> {
    let mut all = bench.all_statuses("Unavailable");
    all.extend(bench.all_statuses("Available"));
    all
}

fn tells(bench: &mut Bench<'_>, id: i64, status: &str) -> Step {
    let passing = passing(bench);
    bench.first_of(bench.values.boot_patience, &[progress(id, status)], &passing).map(|_| ())
}

/// The rest of an update: these statuses, the installation, a boot, and the end. Whether it boots before it installs, to
/// install, or after, is the station's.
pub(super) fn installs(bench: &mut Bench<'_>, id: i64, first: &[&str]) -> Step {
    for status in first {
        tells(bench, id, status)?;
    }
    tells(bench, id, "Installing")?;
    boots_with_it(bench, id)
}

/// The firmware is installed: the station boots with it, and says so.
fn boots_with_it(bench: &mut Bench<'_>, id: i64) -> Step {
    let (patience, mut passing) = (bench.values.boot_patience, passing(bench));
    let boots = request("BootNotification").is("reason", "FirmwareUpdate");
    let starts = request("SecurityEventNotification").one_of("type", ["StartupOfTheDevice", "ResetOrReboot"]);
    passing.push(progress(id, "InstallRebooting"));
    bench.first_of(patience, &[boots], &passing)?;
    let mut rest = bench.all_statuses("Available");
    rest.extend([starts, progress(id, "Installed"), event("FirmwareUpdated")]);
    bench.gather(&rest, &passing).map(|_| ())
}

/// It goes wrong, for one of these reasons, and connectors come back.
fn fails(bench: &mut Bench<'_>, before: &str, reasons: &[&str]) -> Step {
    let passing = passing(bench);
    let mut any: Vec<Pattern> = reasons.iter().map(|reason| progress(5, reason)).collect();
    any.push(progress(5, before));
    let (which, _) = bench.first_of(bench.values.boot_patience, &any, &passing)?;
    if which == reasons.len() {
        any.pop();
        bench.first_of(bench.values.boot_patience, &any, &passing)?;
    }
    bench.never(bench.values.settle, &["FirmwareStatusNotification", "BootNotification"])
}

/// What an update waits for.
#[derive(Clone, Copy)]
struct Waits {
    before_download: bool,
    others_begin: bool,
}

/// A transaction runs. Which of the two the station waits for, it tells: the other case does not apply then.
fn waits(bench: &mut Bench<'_>, how: Waits) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure_if_there(NEW_SESSIONS, if how.others_begin { "true" } else { "false" })?;
    bench.charging(evse)?;
    order(bench, 5, TimeDelta::hours(-2), None, "Accepted")?;
    let gone: Vec<Pattern> = bench.evses().iter().map(|evse| Bench::status(*evse, "Unavailable")).collect();
    let first = [progress(5, "Downloading"), progress(5, "DownloadScheduled")];
    let (which, _) = bench.first_of(bench.values.boot_patience, &first, &gone)?;
    if (which == 1) != how.before_download {
        let what = if which == 1 { "waits before it fetches" } else { "fetches during transactions" };
        return Err(Stop::NotApplicable(format!("the station {what}")));
    }
    if !how.before_download {
        for status in ["Downloaded", "SignatureVerified"] {
            bench.first_of(bench.values.boot_patience, &[progress(5, status)], &gone)?;
        }
        if installs_now(bench, &gone)? {
            return Err(Stop::NotApplicable("the station installs during transactions".to_owned()));
        }
    }
    let others: Vec<u16> = bench.evses().into_iter().filter(|other| *other != evse).collect();
    if how.others_begin {
        let other = bench.other_evse()?;
        let second = bench.values.token2.clone();
        bench.charging_with(other, &second)?;
        bench.stop_authorized(other, &second)?;
        bench.ev_disconnected(other, "Local")?;
    } else {
        let all: Vec<Pattern> = others.iter().map(|other| Bench::status(*other, "Unavailable")).collect();
        bench.statuses_by_now(&all)?;
    }
    if how.before_download {
        bench.stop_authorized_passing(evse, &token, &gone)?;
        bench.leave(evse)?;
        return installs(bench, 5, &["Downloading", "Downloaded", "SignatureVerified"]);
    }
    // It begins when nobody charges any more, whoever hears of it first.
    let passing = passing(bench);
    bench.present(evse, &token)?;
    if !bench.ends_with_authorisation() {
        bench.tells_stop(evse, "StopAuthorized", "Local", Some(&token))?;
        let over = bench.ended(evse, "EVCommunicationLost", "Local").is("transactionInfo.chargingState", "Idle");
        bench.leave(evse)?;
        bench.gather(&[over, progress(5, "Installing")], &passing)?;
    } else {
        let over = bench.ended(evse, "StopAuthorized", "Local").may_name(&token);
        bench
            .gather(&[over.is("transactionInfo.chargingState", "EVConnected"), progress(5, "Installing")], &passing)?;
        bench.leave(evse)?;
    }
    boots_with_it(bench, 5)
}

/// Whether it installs while a transaction runs. That it waits it may say (L02.FR.23 for updates without a signature).
fn installs_now(bench: &mut Bench<'_>, gone: &[Pattern]) -> Step<bool> {
    let next = [progress(5, "InstallScheduled"), progress(5, "Installing")];
    match bench.first_of(bench.values.patience, &next, gone) {
        Ok((which, _)) => Ok(which == 1),
        Err(Stop::Failed(reason)) if reason.starts_with("not seen in time") => Ok(false),
        Err(stop) => Err(stop),
    }
}

fn during(bench: &mut Bench<'_>) -> Step {
    bench.charging(bench.values.connector)?;
    order(bench, 5, TimeDelta::hours(-2), None, "Accepted")?;
    let gone: Vec<Pattern> = bench.evses().iter().map(|evse| Bench::status(*evse, "Unavailable")).collect();
    let first = [progress(5, "Downloading"), progress(5, "DownloadScheduled")];
    if bench.first_of(bench.values.boot_patience, &first, &gone)?.0 == 1 {
        return Err(Stop::NotApplicable("the station waits before it fetches".to_owned()));
    }
    for status in ["Downloaded", "SignatureVerified"] {
        bench.first_of(bench.values.boot_patience, &[progress(5, status)], &gone)?;
    }
    if !installs_now(bench, &gone)? {
        return Err(Stop::NotApplicable("the station waits before it installs".to_owned()));
    }
    tells(bench, 5, "Installed")
}
