//! The authorization cache (1.6 §3.5.1, §5.4).

use serde_json::json;

use crate::conformance::pattern::status;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step};

const CACHE: Need = Need::Key("AuthorizationCacheEnabled");
const ASKS: Need = Need::True("AuthorizeRemoteTxRequests");

pub(super) const CASES: &[Case] = &[
    case("TC_007_1_CS", "A cached token starts without asking", "3.5.1, 4.1, 9.1.2, 9.1.13", &[CACHE], local_start),
    case(
        "TC_007_2_CS",
        "A cached token starts remotely without asking",
        "3.5.1, 5.11, 9.1.2, 9.1.3, 9.1.13",
        &[CACHE, ASKS],
        remote_start,
    ),
    case("TC_061_1_CS", "A cleared cache knows no token", "3.5.1, 5.4, errata 3.23", &[CACHE], cleared_local),
    case("TC_061_2_CS", "A cleared cache knows no token, remotely", "3.5.1, 5.4, 5.11", &[CACHE, ASKS], cleared_remote),
];

/// A session with the token puts it into the cache (state IdTagCached).
fn cache_token(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure("AuthorizationCacheEnabled", "true")?;
    bench.configure("LocalPreAuthorize", "true")?;
    bench.configure_if_there("AuthorizeRemoteTxRequests", "true")?;
    bench.precondition("IdTagCached", |bench| {
        bench.ask("ClearCache", json!({}), status("Accepted"))?;
        let transaction = bench.charging()?;
        bench.present(connector, &token)?;
        bench.stops(connector, Bench::stop(transaction, "Local").is_or_absent("idTag", token.as_str()))?;
        bench.unplug(connector)?;
        bench.expect(Bench::status(connector, "Available")).map(|_| ())
    })
}

fn local_start(bench: &mut Bench<'_>) -> Step {
    cache_token(bench)?;
    bench.starts_unasked()
}

fn remote_start(bench: &mut Bench<'_>) -> Step {
    cache_token(bench)?;
    bench.starts_remotely_unasked()
}

fn cleared_local(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure("AuthorizationCacheEnabled", "true")?;
    bench.configure("LocalPreAuthorize", "true")?;
    bench.configure_seconds("ConnectionTimeOut", bench.values.connection_timeout)?;
    bench.precondition("Authorized", |bench| bench.authorized(connector, &token))?;
    bench.expect_within(
        bench.values.connection_timeout + bench.values.patience,
        Bench::status(connector, "Available"),
    )?;
    bench.ask("ClearCache", json!({}), status("Accepted"))?;
    bench.authorized(connector, &token)
}

fn cleared_remote(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    cache_token(bench)?;
    bench.ask("ClearCache", json!({}), status("Accepted"))?;
    bench.plug_in(connector)?;
    let request = json!({ "connectorId": connector, "idTag": token });
    bench.ask("RemoteStartTransaction", request, status("Accepted"))?;
    bench.expect(Bench::authorize(&token))?;
    bench.starts(connector, Bench::start(connector, &token)).map(|_| ())
}
