//! Availability (G): statuses, and taking connectors, EVSEs and the station out of service.

use serde_json::{Value, json};

use crate::conformance::pattern::Pattern;
use crate::conformance::v2::bench::{Bench, CONNECTOR};
use crate::conformance::v2::case;
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_G_01_CS", "Available to Occupied", "G01.FR.01, N07.FR.19", &[], |bench| {
        bench.ev_connected(bench.values.connector)
    }),
    case("TC_G_02_CS", "Occupied to Available", "G01.FR.01, N07.FR.19", &[], |bench| {
        let evse = bench.values.connector;
        bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
        bench.ev_disconnected(evse, "EVDisconnected")
    }),
    case("TC_G_03_CS", "An EVSE goes out of service", "G03.FR.01, G03.FR.02, G03.FR.04, G03.FR.06", &[], |bench| {
        goes(bench, Scope::Evse, "Inoperative")
    }),
    case("TC_G_04_CS", "An EVSE comes back", "G03.FR.01, G03.FR.02, G03.FR.04, G03.FR.07", &[], |bench| {
        comes_back(bench, Scope::Evse)
    }),
    case(
        "TC_G_05_CS",
        "The station goes out of service",
        "G04.FR.01 to G04.FR.03, G04.FR.05, G04.FR.07",
        &[],
        |bench| goes(bench, Scope::Station, "Inoperative"),
    ),
    case("TC_G_06_CS", "The station comes back", "G04.FR.01 to G04.FR.03, G04.FR.05, G04.FR.08", &[], |bench| {
        comes_back(bench, Scope::Station)
    }),
    case("TC_G_07_CS", "A connector goes out of service", "G03.FR.01, G03.FR.02, G03.FR.04, G03.FR.06", &[], |bench| {
        goes(bench, Scope::Connector, "Inoperative")
    }),
    case("TC_G_08_CS", "A connector comes back", "G03.FR.01, G03.FR.02, G03.FR.04, G03.FR.07", &[], |bench| {
        comes_back(bench, Scope::Connector)
    }),
    case("TC_G_09_CS", "An EVSE is in service already", "G03.FR.01 to G03.FR.04", &[], |bench| {
        is_so_already(bench, Scope::Evse, "Operative")
    }),
    case("TC_G_10_CS", "An EVSE is out of service already", "G03.FR.01 to G03.FR.04", &[], |bench| {
        is_so_already(bench, Scope::Evse, "Inoperative")
    }),
    case(
        "TC_G_11_CS",
        "An EVSE goes out of service after its transaction",
        "G03.FR.01, G03.FR.02, G03.FR.05",
        &[],
        |bench| after_the_transaction(bench, Scope::Evse),
    ),
    case("TC_G_12_CS", "The station is in service already", "G04.FR.01 to G04.FR.05", &[], |bench| {
        is_so_already(bench, Scope::Station, "Operative")
    }),
    case("TC_G_13_CS", "The station is out of service already", "G04.FR.01 to G04.FR.05", &[], |bench| {
        is_so_already(bench, Scope::Station, "Inoperative")
    }),
    case(
        "TC_G_14_CS",
        "The station goes out of service after its transaction",
        "G04.FR.01, G04.FR.02, G04.FR.06",
        &[],
        |bench| after_the_transaction(bench, Scope::Station),
    ),
    case("TC_G_15_CS", "A connector is in service already", "G03.FR.01 to G03.FR.04", &[], |bench| {
        is_so_already(bench, Scope::Connector, "Operative")
    }),
    case("TC_G_16_CS", "A connector is out of service already", "G03.FR.01 to G03.FR.04", &[], |bench| {
        is_so_already(bench, Scope::Connector, "Inoperative")
    }),
    case(
        "TC_G_17_CS",
        "A connector goes out of service after its transaction",
        "G03.FR.01, G03.FR.02, G03.FR.05",
        &[],
        |bench| after_the_transaction(bench, Scope::Connector),
    ),
    case("TC_G_18_CS", "An EVSE stays out of service over a boot", "G03.FR.08, G01.FR.01", &[], |bench| {
        outlasts_a_boot(bench, Scope::Evse)
    }),
    case("TC_G_19_CS", "A connector stays out of service over a boot", "G03.FR.08", &[], |bench| {
        outlasts_a_boot(bench, Scope::Connector)
    }),
    case("TC_G_21_CS", "The station stays out of service over a boot", "G04.FR.09", &[], |bench| {
        outlasts_a_boot(bench, Scope::Station)
    }),
];

/// What goes out of service.
#[derive(Clone, Copy)]
enum Scope {
    Station,
    Evse,
    Connector,
}

impl Scope {
    /// The place as a request names it.
    fn place(self, bench: &Bench<'_>) -> Value {
        let evse = bench.values.connector;
        match self {
            Scope::Station => Value::Null,
            Scope::Evse => json!({ "id": evse }),
            Scope::Connector => json!({ "id": evse, "connectorId": CONNECTOR }),
        }
    }

    /// This status of all that is meant.
    fn statuses(self, bench: &Bench<'_>, status: &str) -> Vec<Pattern> {
        match self {
            Scope::Station => bench.all_statuses(status),
            Scope::Evse | Scope::Connector => vec![Bench::status(bench.values.connector, status)],
        }
    }
}

fn goes(bench: &mut Bench<'_>, scope: Scope, to: &str) -> Step {
    let status = if to == "Operative" { "Available" } else { "Unavailable" };
    let told = scope.statuses(bench, status);
    bench.change_availability(scope.place(bench), to, &told)
}

fn comes_back(bench: &mut Bench<'_>, scope: Scope) -> Step {
    bench.precondition("Unavailable", |bench| goes(bench, scope, "Inoperative"))?;
    goes(bench, scope, "Operative")
}

/// A status that did not change need not be told, and a change to the same is none.
fn is_so_already(bench: &mut Bench<'_>, scope: Scope, to: &str) -> Step {
    if to == "Inoperative" {
        bench.precondition("Unavailable", |bench| goes(bench, scope, to))?;
    }
    bench.order_availability(scope.place(bench), to, "Accepted")?;
    bench.quiet(bench.values.settle)
}

fn after_the_transaction(bench: &mut Bench<'_>, scope: Scope) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.charging(evse)?;
    bench.order_availability(scope.place(bench), "Inoperative", "Scheduled")?;
    if let Scope::Station = scope {
        let others: Vec<Pattern> = bench
            .evses()
            .into_iter()
            .filter(|other| *other != evse)
            .map(|other| Bench::status(other, "Unavailable"))
            .collect();
        bench.gather(&others, &[])?;
    }
    let gone = Bench::status(evse, "Unavailable");
    bench.present(evse, &token)?;
    if !bench.ends_with_authorisation() {
        bench.tells_stop(evse, "StopAuthorized", "Local", Some(&token))?;
        let ended = bench.ended(evse, "EVCommunicationLost", "Local");
        bench.leave(evse)?;
        return bench.gather(&[ended.is("transactionInfo.chargingState", "Idle"), gone], &[]).map(|_| ());
    }
    let ended = bench.ended(evse, "StopAuthorized", "Local").may_name(&token);
    bench.gather(&[ended.is("transactionInfo.chargingState", "EVConnected"), gone], &[])?;
    bench.leave(evse)?;
    bench.quiet(bench.values.settle)
}

fn outlasts_a_boot(bench: &mut Bench<'_>, scope: Scope) -> Step {
    bench.precondition("Unavailable", |bench| goes(bench, scope, "Inoperative"))?;
    bench.reset("Immediate")?;
    bench.expect_boot(["RemoteReset"])?;
    let statuses = match scope {
        Scope::Station => bench.all_statuses("Unavailable"),
        Scope::Evse | Scope::Connector => bench.all_statuses_but(bench.values.connector, "Unavailable"),
    };
    bench.greets(statuses)
}
