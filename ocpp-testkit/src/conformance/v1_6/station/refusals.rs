//! What a station must refuse, and what must not start (1.6 §4.1, §4.9, §5.11, §5.12).

use ocpp_core::station::FaultCode;
use serde_json::json;

use crate::conformance::pattern::{answer, status};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_023_4_CS", "A refused token starts nothing", "4.1, 4.9", &[], refused_token),
    case(
        "TC_023_5_CS",
        "A refused token starts nothing remotely",
        "4.1, 5.11, 9.1.3",
        &[Need::True("AuthorizeRemoteTxRequests")],
        refused_remote,
    ),
    case("TC_024_CS", "A plug that cannot be locked starts nothing", "4.9, 7.6", &[Need::PlugLock], lock_failure),
    case("TC_026_CS", "No remote start on a busy connector", "5.11", &[], busy),
    case("TC_027_CS", "No remote start on connector 0", "5.11, 6.33", &[], connector_zero),
    case("TC_028_CS", "No remote stop of an unknown transaction", "5.12, errata 3.33", &[], unknown_transaction),
    case("TC_041_CS", "A faulted connector starts nothing", "4.9", &[], faulted),
];

fn refused_token(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.invalid_token.clone());
    bench.configure("LocalPreAuthorize", "true")?;
    bench.present(connector, &token)?;
    bench.expect(Bench::authorize(&token))?;
    bench.plug_in(connector)?;
    bench.never(bench.values.watch, &["StartTransaction"])
}

fn refused_remote(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.invalid_token.clone());
    bench.configure("AuthorizeRemoteTxRequests", "true")?;
    bench.remote_start(connector, &token)?;
    bench.plug_in(connector)?;
    bench.never(bench.values.watch, &["StartTransaction"])
}

fn lock_failure(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.remote_start(connector, &token)?;
    bench.expect(Bench::status(connector, "Preparing"))?;
    bench.break_down(connector, FaultCode::ConnectorLockFailure)?;
    bench.plug(connector)?;
    bench.expect(Bench::status(connector, "Faulted").is("errorCode", "ConnectorLockFailure"))?;
    bench.never(bench.values.watch, &["StartTransaction"])
}

fn busy(bench: &mut Bench<'_>) -> Step {
    bench.configure_if_there("LocalPreAuthorize", "false")?;
    bench.charging()?;
    let request = json!({ "connectorId": bench.values.connector, "idTag": bench.values.token2 });
    bench.ask("RemoteStartTransaction", request, status("Rejected"))?;
    bench.never(bench.values.watch, &["StopTransaction", "StartTransaction", "StatusNotification"])
}

fn connector_zero(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "connectorId": 0, "idTag": bench.values.token });
    let errors = ["PropertyConstraintViolation", "TypeConstraintViolation", "FormationViolation", "GenericError"];
    bench.ask_or("RemoteStartTransaction", request, status("Rejected"), &errors)?;
    bench.quiet(bench.values.watch)
}

fn unknown_transaction(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.charging()?;
    bench.ask("RemoteStopTransaction", json!({ "transactionId": transaction.0 + 1 }), status("Rejected"))?;
    bench.never(bench.values.watch, &["StopTransaction", "StatusNotification"])?;
    // It can still be stopped, so it runs.
    bench.ask("RemoteStopTransaction", json!({ "transactionId": transaction.0 }), answer().is("status", "Accepted"))?;
    bench.stops(bench.values.connector, Bench::stop(transaction, "Remote"))
}

fn faulted(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.break_down(connector, FaultCode::GroundFailure)?;
    bench.expect(Bench::status(connector, "Faulted").is("errorCode", "GroundFailure"))?;
    bench.plug(connector)?;
    bench.present(connector, &token)?;
    bench.never(bench.values.watch, &["StartTransaction"])
}
