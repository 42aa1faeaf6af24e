//! Remote control (F01 to F05), and a profile that comes with a remote start (K).

use serde_json::json;

use super::start::times_out;
use crate::conformance::pattern::{answer, status};
use crate::conformance::v2::bench::{Bench, CONNECTOR, token};
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step};

const ASKS: &str = "AuthCtrlr.AuthorizeRemoteStart";

pub(super) const CASES: &[Case] = &[
    case("TC_F_01_CS", "Remote start, cable first", "F01.FR.01 to F01.FR.04, F01.FR.25", &[], |bench| {
        let (evse, token) = (bench.values.connector, bench.values.token.clone());
        bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
        bench.authorized_remotely(evse, &token)?;
        bench.energy_flows(evse).map(|_| ())
    }),
    case("TC_F_02_CS", "Remote start first, with a question", "F02.FR.01, F01.FR.01", &[], |bench| {
        bench.configure(ASKS, "true")?;
        remote_first(bench)
    }),
    case("TC_F_03_CS", "Remote start first, without a question", "F02.FR.01, F01.FR.02", &[], |bench| {
        bench.configure(ASKS, "false")?;
        remote_first(bench)
    }),
    case("TC_F_04_CS", "Remote start, no cable comes", "F02.FR.01, E03.FR.01, E03.FR.05", &[], |bench| {
        let (evse, token) = (bench.values.connector, bench.values.token.clone());
        bench.configure("TxCtrlr.TxStartPoint", "Authorized")?;
        bench.configure_seconds("TxCtrlr.EVConnectionTimeOut", bench.values.connection_timeout)?;
        bench.precondition("Authorized", |bench| bench.authorized_remotely(evse, &token))?;
        times_out(bench)?;
        bench.authorized_remotely(evse, &token)
    }),
    case("TC_F_05_CS", "No unlock in a transaction", "F05.FR.01, F05.FR.02", &[Need::PlugLock], |bench| {
        bench.charging(bench.values.connector)?;
        unlock(bench, CONNECTOR, "OngoingAuthorizedTransaction")
    }),
    case("TC_F_06_CS", "Unlock", "F05.FR.01, F05.FR.04", &[Need::PlugLock], |bench| {
        bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(bench.values.connector))?;
        let evse = bench.values.connector;
        let over = bench.ended(evse, "UnlockCommand", "Other").is("transactionInfo.chargingState", "EVConnected");
        let runs = bench.transaction_at(evse).is_some();
        unlock(bench, CONNECTOR, "Unlocked")?;
        // The cable alone began one.
        if runs { bench.expect(over).map(|_| ()) } else { Ok(()) }
    }),
    case("TC_F_07_CS", "Unlock without a cable", "F05.FR.01, F05.FR.06", &[Need::PlugLock], |bench| {
        unlock(bench, CONNECTOR, "Unlocked")
    }),
    case("TC_F_08_CS", "Remote stop", "F03.FR.01, F03.FR.07, F03.FR.09", &[], |bench| {
        let evse = bench.values.connector;
        bench.charging(evse)?;
        bench.stopped_remotely(evse)?;
        bench.ev_disconnected(evse, "Remote")
    }),
    case("TC_F_09_CS", "Remote stop of another transaction", "F03.FR.08", &[], |bench| {
        bench.charging(bench.values.connector)?;
        bench.ask("RequestStopTransaction", json!({ "transactionId": "nobody-knows" }), status("Rejected"))?;
        bench.never(bench.values.settle, &["TransactionEvent"])
    }),
    case("TC_F_10_CS", "Unlock of a connector that is not there", "F05.FR.03", &[Need::PlugLock], |bench| {
        unlock(bench, 999, "UnknownConnector")
    }),
    case(
        "TC_K_38_CS",
        "A profile with a remote start is ignored",
        "F01.FR.12, F01.FR.13",
        &[Need::NoKey("SmartChargingCtrlr.ProfileStackLevel")],
        profile_ignored,
    ),
];

fn remote_first(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.authorized_remotely(evse, &token)?;
    bench.ev_connects_and_charges(evse, &token)
}

fn unlock(bench: &mut Bench<'_>, connector: u16, verdict: &str) -> Step {
    let request = json!({ "evseId": bench.values.connector, "connectorId": connector });
    bench.ask("UnlockConnector", request, status(verdict)).map(|_| ())
}

fn profile_ignored(bench: &mut Bench<'_>) -> Step {
    let (evse, id) = (bench.values.connector, bench.values.token.clone());
    bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
    let asks = bench.is_set(ASKS)?;
    let period = json!({ "startPeriod": 0, "limit": 6.0 });
    let schedule = json!({ "id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period] });
    let profile = json!({
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    });
    let request = json!({ "idToken": token(&id), "remoteStartId": 4_711, "evseId": evse, "chargingProfile": profile });
    bench.ask("RequestStartTransaction", request, answer().is("status", "Accepted"))?;
    if asks {
        bench.expect(Bench::authorize(&id))?;
    }
    bench.tells_remote_start(evse, &id)?;
    bench.energy_flows(evse).map(|_| ())
}
