//! Charging profiles (1.6 §3.13, §5.7, §5.11, §5.16).

use std::time::Duration;

use serde_json::{Value, json};

use super::remote::accepted;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_056_CSMS", "A TxDefaultProfile", "3.13.1, 5.16, 7.8, errata 3.45, errata 3.56", &[], |bench| {
        set(bench, json!({ "chargingProfilePurpose": "TxDefaultProfile" }))
    }),
    case("TC_057_CSMS", "A TxProfile", "3.13.1, 5.16.3, 7.8, errata 3.54, errata 3.65", &[], |bench| {
        let transaction = bench.report_charging()?;
        set(bench, json!({ "chargingProfilePurpose": "TxProfile", "transactionId": transaction }))
    }),
    case("TC_059_CSMS", "A remote start with a profile", "5.11, 5.16.2, errata 3.41, errata 3.67", &[], remote),
    case("TC_066_CSMS", "A composite schedule", "5.7", &[], composite),
];

fn profile(bench: &Bench<'_>, more: Value) -> Value {
    let begin = bench.wall_text(Duration::ZERO);
    let mut profile = json!({
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfileKind": "Absolute",
        "validFrom": begin,
        "validTo": bench.wall_text(Duration::from_secs(86_400)),
        "chargingSchedule": {
            "duration": 300,
            "startSchedule": begin,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 6, "numberPhases": 3 }],
        },
    });
    if let (Some(profile), Value::Object(more)) = (profile.as_object_mut(), more) {
        profile.extend(more);
    }
    profile
}

fn set(bench: &mut Bench<'_>, more: Value) -> Step {
    let request = json!({ "connectorId": bench.values.connector, "csChargingProfiles": profile(bench, more) });
    bench.order("SetChargingProfile", request, accepted()).map(|_| ())
}

fn remote(bench: &mut Bench<'_>) -> Step {
    let token = bench.values.token.clone();
    let profile = profile(bench, json!({ "chargingProfilePurpose": "TxProfile" }));
    let request = json!({ "connectorId": bench.values.connector, "idTag": token, "chargingProfile": profile });
    bench.order("RemoteStartTransaction", request, accepted())?;
    bench.authorize_as(&token, "Accepted")?;
    bench.report("Preparing")?;
    bench.report_start()?;
    bench.report("Charging")
}

fn composite(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    let told = json!({
        "status": "Accepted",
        "connectorId": connector,
        "scheduleStart": bench.wall_text(Duration::ZERO),
        "chargingSchedule": {
            "duration": 300, "chargingRateUnit": "A", "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 16 }],
        },
    });
    let request = json!({ "connectorId": connector, "duration": 300, "chargingRateUnit": "A" });
    bench.order("GetCompositeSchedule", request, told).map(|_| ())
}
