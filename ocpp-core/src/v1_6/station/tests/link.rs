//! Connections that overlap, and configurations that the station refuses.

use super::*;
#[cfg(feature = "security")]
use crate::MisuseError;
use crate::station::Command;
use ocpp_rpc::Dialect;

/// A driver's events may be on their way when the station lets go of the connection.
#[test]
fn what_an_old_connection_still_brings_is_ignored() {
    let mut bench = Bench::accepted(&[]);
    bench.input(Input::Command(Command::Reconnect));
    assert_eq!(bench.link, ["Connect", "Close", "Connect"]);
    let events = bench.events.len();
    bench.frame(&json!([2, "late", "Reset", {"type": "Hard"}]));
    bench.input(Input::Link(LinkInput::Pong));
    assert_eq!((bench.events.len(), bench.sent.len()), (events, 0), "{:?}", bench.events);
    assert!(bench.reboots.is_empty());

    // It may end the attempt that is under way, for all that the station can tell; the new connection counts all the same.
    bench.input(Input::Link(LinkInput::Closed));
    bench.open();
    bench.wait(1);
    let answer = bench.request("GetConfiguration", &json!({"key": ["Nonsense"]}));
    assert_eq!(answer["unknownKey"], json!(["Nonsense"]));
    bench.wait(20);
    assert_eq!(bench.link, ["Connect", "Close", "Connect"], "it does not connect once more");

    bench.input(Input::Link(LinkInput::Closed));
    bench.input(Input::Link(LinkInput::Closed));
    let ends = bench.events.iter().filter(|event| event.starts_with("Disconnected")).count();
    assert_eq!(ends, 3, "one for each connection, and one for the attempt: {:?}", bench.events);
}

/// 1.6 frames would leave on a link of another version, or the station would offer what it cannot speak.
#[test]
fn version_that_is_not_built_in_is_refused_by_name() {
    let told = |versions: &[Dialect]| {
        let mut config = config(&[]);
        config.network.versions = versions.to_vec();
        Station::new(config, 1, &Image::default()).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(told(&[Dialect::V1_6]), Ok(()));
    #[cfg(not(feature = "v2"))]
    for versions in [[Dialect::V2_0_1, Dialect::V1_6], [Dialect::V1_6, Dialect::V2_0_1]] {
        assert_eq!(told(&versions), Err("configuration: network.versions: ocpp2.0.1 is not built in".to_owned()));
    }
    assert!(told(&[]).unwrap_err().contains("network.versions: there is at least one"));
}

#[test]
fn wrong_name_in_a_configuration_keeps_the_station_from_starting() {
    let start = |config| Station::new(config, 1, &Image::default()).map(|_| ()).map_err(|error| error.to_string());
    let misspelt = start(config(&[("HeartbeatIntervall", "60")]));
    assert_eq!(
        misspelt,
        Err("configuration: policy.settings: HeartbeatIntervall is no key of this station".to_owned())
    );
    let model = config(&[]).with(|config| config.device.model = "more than twenty letters".into());
    assert!(matches!(start(model), Err(text) if text.contains("model: more than twenty letters")));
    #[cfg(feature = "security")]
    {
        let error = Station::new(config(&[("AuthorizationKey", "SECRET")]), 1, &Image::default()).unwrap_err();
        assert!(matches!(error, MisuseError::Unfit { ref name, .. } if name == "AuthorizationKey"), "{error}");
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }
}
