//! Remote starts and unlocking (F01, F02, F05).

use serde_json::json;

use super::{accepted, status};
use crate::conformance::v2::{Bench, CONNECTOR, Event, case, token};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_F_02_CSMS", "A remote start before the cable", "F02.FR.01, F01.FR.01", &[], |bench| {
        let (token, number) = start(bench)?;
        bench.asks_for(&token, ["Accepted"])?;
        let begun = Event::started("RemoteStart").info("remoteStartId", number).token(&token, ["Accepted"]);
        let transaction = bench.begins(bench.values.connector, begun)?;
        bench.told_energy(bench.values.connector, &transaction)
    }),
    case("TC_F_04_CSMS", "A remote start, and no cable in time", "E03.FR.04, E03.FR.05", &[], |bench| {
        let (token, number) = start(bench)?;
        let begun = Event::started("RemoteStart").info("remoteStartId", number).token(&token, ["Accepted"]);
        let transaction = bench.begins(bench.values.connector, begun)?;
        bench.tells(&transaction, Event::updated("EVConnectTimeout"))
    }),
    case("TC_F_06_CSMS", "Unlock a connector", "F05.FR.01", &[], |bench| {
        let request = json!({ "evseId": bench.values.connector, "connectorId": CONNECTOR });
        bench.order("UnlockConnector", request, status("Unlocked")).map(|_| ())
    }),
];

/// The operator starts at the EVSE under test: the token, and the number of the start.
fn start(bench: &mut Bench<'_>) -> Step<(String, i64)> {
    const NUMBER: i64 = 77;
    let id = bench.values.token.clone();
    let request = json!({ "idToken": token(&id), "evseId": bench.values.connector, "remoteStartId": NUMBER });
    bench.order("RequestStartTransaction", request, accepted())?;
    Ok((id, NUMBER))
}
