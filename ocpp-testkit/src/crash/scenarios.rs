//! What happens in the scenarios, how their pairs are set up, and what must hold at their end. Each ends with every plug pulled, so that
//! every transaction ends.

use std::time::Duration;

use chrono::TimeDelta;
use ocpp_core::csms::{Command, CommandAnswer, IdToken};
use ocpp_core::station::{AfterPowerLoss, EvseId};
use serde_json::{Value, json};

use super::requests::{ask, call};
use crate::checks::{Failure, Violation};
use crate::csms::CommandResult;
use crate::link::{End, Network};
use crate::pair::{Pair, PairConfig, Step};
use crate::store::StoreHabits;

pub(super) fn nothing_more(_: &mut Pair) -> Result<(), Failure> {
    Ok(())
}

/// The default profile that the station accepted last limits the connector, or the one after it.
pub(super) fn profile_is_in_force(pair: &mut Pair) -> Result<(), Failure> {
    let is_acceptance =
        |result: &CommandResult| matches!(result, Ok(CommandAnswer::Call(answer)) if answer.contains("Accepted"));
    let accepted = pair.csms.results().filter(|(_, result)| is_acceptance(result)).count();
    let schedule = ask(pair, "GetCompositeSchedule", r#"{"connectorId":1,"duration":60,"chargingRateUnit":"A"}"#)?;
    let possible = LIMITS.iter().skip(accepted.saturating_sub(1));
    let is_one_of_them = possible.into_iter().any(|limit| schedule.contains(&format!(r#""limit":{limit},"#)));
    if accepted == 0 || is_one_of_them {
        return Ok(());
    }
    Err(pair.fail(Violation::SettingLost {
        key: "default charging profile".to_owned(),
        expected: format!("the limit of profile {accepted} or a later one"),
        found: Some(schedule),
    }))
}

/// What came with a remote start has gone with its transaction.
pub(super) fn no_profile_is_left(pair: &mut Pair) -> Result<(), Failure> {
    let answer = ask(pair, "ClearChargingProfile", "{}")?;
    if answer.contains("Unknown") {
        return Ok(());
    }
    Err(pair.fail(Violation::SettingLost {
        key: "charging profiles".to_owned(),
        expected: "none".to_owned(),
        found: Some(answer),
    }))
}

pub(super) fn plain() -> PairConfig {
    PairConfig::new(7)
}

pub(super) fn held_plug() -> PairConfig {
    let config = plain();
    PairConfig { hardware: config.hardware.clone().with_lock(), ..config }
}

pub(super) fn offline() -> PairConfig {
    // A slow store leaves more of what a crash can lose.
    let station_store = StoreHabits { lag: Duration::from_millis(120), ..StoreHabits::default() };
    PairConfig { station_store, ..plain().with_setting("AllowOfflineTxForUnknownId", "true") }
}

/// Room for eight samples, and in 2.x events between them, readings for the stop beside them, and a transaction that goes on after each cut.
pub(super) fn thinning() -> PairConfig {
    let mut config = resuming().with_setting("AllowOfflineTxForUnknownId", "true");
    config = config.with_setting("StopTxnSampledData", "Energy.Active.Import.Register");
    config.station.limits.journal_samples = 8;
    config.station.limits.stop_readings = 4;
    PairConfig { station_store: StoreHabits { lag: Duration::from_millis(120), ..StoreHabits::default() }, ..config }
}

/// A transaction that goes on after each cut, with readings for its stop.
pub(super) fn set_back() -> PairConfig {
    resuming().with_setting("StopTxnSampledData", "Energy.Active.Import.Register")
}

pub(super) fn readings() -> PairConfig {
    let measurand = "Energy.Active.Import.Register";
    let config = plain().with_setting("StopTxnSampledData", measurand).with_setting("StopTxnAlignedData", measurand);
    config.with_setting("ClockAlignedDataInterval", "90")
}

pub(super) fn resuming() -> PairConfig {
    let mut config = plain();
    config.station.policy.after_power_loss = AfterPowerLoss::Resume(Duration::from_secs(30));
    config
}

pub(super) fn cached() -> PairConfig {
    let station_store = StoreHabits { lag: Duration::from_millis(120), ..StoreHabits::default() };
    PairConfig { station_store, ..plain().with_setting("AuthorizationCacheEnabled", "true") }
}

pub(super) fn two_evses() -> PairConfig {
    let config = plain();
    PairConfig { station: config.station.clone().with_evses(2), ..config }
}

/// The driver plugs in, presents the token, charges, presents it again, and leaves.
pub(super) fn session(evse: u16) -> Vec<(u64, Step)> {
    vec![
        (5, Step::Plug(EvseId(evse))),
        (8, Step::token(evse, "TAG")),
        (200, Step::token(evse, "TAG")),
        (210, Step::Unplug(EvseId(evse))),
    ]
}

pub(super) fn cable_pulled() -> Vec<(u64, Step)> {
    vec![(5, Step::Plug(EvseId(1))), (8, Step::token(1, "TAG")), (150, Step::Unplug(EvseId(1)))]
}

/// The driver pulls at the held plug first.
pub(super) fn held_plug_steps() -> Vec<(u64, Step)> {
    vec![
        (5, Step::Plug(EvseId(1))),
        (8, Step::token(1, "TAG")),
        (100, Step::Unplug(EvseId(1))),
        (120, Step::token(1, "TAG")),
        (130, Step::Unplug(EvseId(1))),
    ]
}

pub(super) fn link_down_throughout() -> Vec<(u64, Step)> {
    let down = [(4, Step::Network(Network::Dead)), (4, Step::CUT)];
    let up = (250, Step::Network(Network::Up));
    down.into_iter().chain(session(1)).chain([up]).collect()
}

/// Samples of twenty minutes, of which less than half has room.
pub(super) fn hour_offline() -> Vec<(u64, Step)> {
    let down = [(4, Step::Network(Network::Dead)), (4, Step::CUT)];
    let session = [(5, Step::Plug(EvseId(1))), (8, Step::token(1, "TAG")), (1_210, Step::Unplug(EvseId(1)))];
    let up = (1_300, Step::Network(Network::Up));
    down.into_iter().chain(session).chain([up]).collect()
}

/// 2.x E04.FR.08: the samples that are left are spread over the whole session.
pub(super) fn samples_span_the_session(pair: &mut Pair) -> Result<(), Failure> {
    for row in pair.csms.bill().rows {
        let Some(end) = &row.end else { continue };
        let samples = row.samples.iter().map(|sample| sample.at);
        let times: Vec<_> = [row.started_at].into_iter().chain(samples).chain([end.at]).collect();
        let widest = times.windows(2).filter_map(|pair| Some(*pair.get(1)? - *pair.first()?)).max();
        if widest > Some(TimeDelta::seconds(600)) {
            return Err(pair.fail(Violation::Bill(format!("no sample within {widest:?}"))));
        }
    }
    Ok(())
}

/// The CSMS's clock goes back by two hours, and the station's with it at the next Heartbeat.
pub(super) fn clock_set_back() -> Vec<(u64, Step)> {
    let back = (70, Step::StepCsmsClock(TimeDelta::hours(-2)));
    let session = [(5, Step::Plug(EvseId(1))), (8, Step::token(1, "TAG")), (700, Step::Unplug(EvseId(1)))];
    [back].into_iter().chain(session).collect()
}

pub(super) fn link_lost() -> Vec<(u64, Step)> {
    let down = [(75, Step::Network(Network::Refusing)), (75, Step::CUT)];
    let up = (190, Step::Network(Network::Up));
    session(1).into_iter().chain(down).chain([up]).collect()
}

/// The station forgets the time in a power cut, and learns it only after the session.
pub(super) fn time_unknown() -> Vec<(u64, Step)> {
    let outage = Duration::from_secs(1);
    let cut = Step::PowerCut { end: End::Station, keep: usize::MAX, in_flight_arrives: true, outage };
    let down = [(2, Step::Network(Network::Dead)), (3, cut)];
    let up = (250, Step::Network(Network::Up));
    down.into_iter().chain(session(1)).chain([up]).collect()
}

pub(super) fn remote() -> Vec<(u64, Step)> {
    let start = Command::remote_start(Some(1), IdToken::new("TAG"));
    vec![
        (5, Step::Csms(start)),
        (10, Step::Plug(EvseId(1))),
        (140, Step::RemoteStopRunning),
        (160, Step::Unplug(EvseId(1))),
    ]
}

/// Limits of the default profiles that are set one after the other, in amperes. The last bears the id of the second.
const LIMITS: [u32; 3] = [9, 8, 7];

/// Each takes the place of the one before: by its level first, by its id then.
pub(super) fn profile() -> Vec<(u64, Step)> {
    let default = |id, level, limit| {
        let profile = relative_profile(id, level, "TxDefaultProfile", limit);
        call("SetChargingProfile", &json!({"connectorId": 1, "csChargingProfiles": profile}).to_string())
    };
    let [first, second, third] = LIMITS;
    let sets = [(3, default(1, 0, first)), (60, default(2, 0, second)), (120, default(2, 1, third))];
    session(1).into_iter().chain(sets).collect()
}

/// Of 6 A, which the vehicle would like to exceed.
pub(super) fn remote_profile() -> Vec<(u64, Step)> {
    let profile = relative_profile(1, 0, "TxProfile", 6);
    let start = json!({"connectorId": 1, "idTag": "TAG", "chargingProfile": profile}).to_string();
    vec![
        (5, call("RemoteStartTransaction", &start)),
        (10, Step::Plug(EvseId(1))),
        (140, Step::RemoteStopRunning),
        (160, Step::Unplug(EvseId(1))),
    ]
}

fn relative_profile(id: u32, level: u32, purpose: &str, limit: u32) -> Value {
    let periods = json!([{"startPeriod": 0, "limit": limit}]);
    json!({
        "chargingProfileId": id, "stackLevel": level, "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    })
}

/// The first session has the token cached, the second one starts by it.
pub(super) fn by_the_cache() -> Vec<(u64, Step)> {
    let down = [(240, Step::Network(Network::Dead)), (240, Step::CUT)];
    let up = (500, Step::Network(Network::Up));
    let second = session(1).into_iter().map(|(seconds, step)| (seconds + 250, step));
    session(1).into_iter().chain(down).chain(second).chain([up]).collect()
}

pub(super) fn reservation() -> Vec<(u64, Step)> {
    let payload = r#"{"connectorId":0,"expiryDate":"2026-01-01T13:00:00Z","idTag":"TAG","reservationId":4}"#;
    session(1).into_iter().chain([(2, call("ReserveNow", payload))]).collect()
}

/// The second vehicle comes and goes while the first one charges.
pub(super) fn two_vehicles() -> Vec<(u64, Step)> {
    let second = [(40, Step::token(2, "TAG")), (45, Step::Plug(EvseId(2))), (120, Step::Unplug(EvseId(2)))];
    session(1).into_iter().chain(second).collect()
}

pub(super) fn store_in_trouble() -> Vec<(u64, Step)> {
    let trouble = [(7, Step::FailStore(End::Station, 2)), (7, Step::FailStore(End::Csms, 1))];
    let again = [(199, Step::FailStore(End::Station, 1)), (199, Step::FailStore(End::Csms, 2))];
    session(1).into_iter().chain(trouble).chain(again).collect()
}
