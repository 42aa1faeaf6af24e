use std::time::Duration;

use ocpp_core::station::EvseId;

use super::*;
use crate::link::End;
use crate::pair::{Pair, PairConfig, Step};

/// A station in a day with everything: sessions, a lost link, a failing store, a power cut with operations under way.
fn recorded() -> Recording {
    let mut pair = Pair::new(PairConfig { record: true, ..PairConfig::new(7) }).unwrap();
    let cut = Step::PowerCut { end: End::Station, keep: 1, in_flight_arrives: false, outage: Duration::from_secs(9) };
    pair.script([
        (Duration::from_secs(5), Step::Plug(EvseId(1))),
        (Duration::from_secs(8), Step::token(1, "TAG")),
        (Duration::from_secs(30), Step::CUT),
        (Duration::from_secs(40), Step::FailStore(End::Station, 1)),
        (Duration::from_secs(70), Step::token(1, "TAG")),
        (Duration::from_secs(80), Step::token(1, "TAG")),
        (Duration::from_secs(100), cut),
        (Duration::from_secs(300), Step::Unplug(EvseId(1))),
    ]);
    pair.drive_quiet().unwrap();
    pair.station.recording().unwrap().clone()
}

#[test]
fn station_of_a_pair_replays_through_faults_and_boots() {
    let agreement = replay(&recorded()).unwrap();
    assert_eq!(agreement.restores, 1);
    assert!(agreement.inputs > 50 && agreement.outputs > 80, "{agreement:?}");
}

/// What a replay says when a recording was changed.
fn changed(change: impl FnOnce(&mut Recording)) -> Difference {
    let mut recording = recorded();
    change(&mut recording);
    match replay(&recording) {
        Err(ReplayError::Differs(difference)) => difference,
        other => panic!("{other:?}"),
    }
}

fn position(recording: &Recording, is_it: impl Fn(&What) -> bool) -> usize {
    recording.entries.iter().position(|entry| is_it(&entry.record.what)).unwrap()
}

#[test]
fn first_output_that_differs_is_shown() {
    let mut line = 0;
    let difference = changed(|recording| {
        let place = position(recording, |what| matches!(what, What::Out { action, .. } if action.contains("Power")));
        line = recording.entries[place].line;
        let What::Out { action, .. } = &mut recording.entries[place].record.what else { panic!() };
        *action = action.replace("Off", "On");
    });
    assert_eq!(difference.line, Some(line));
    assert_eq!(difference.expected, r#"{"Evse":[1,{"Power":"On"}]}"#);
    assert_eq!(difference.got, r#"{"Evse":[1,{"Power":"Off"}]}"#);
}

#[test]
fn output_too_much_or_too_little_is_shown() {
    let lost = changed(|recording| {
        let last = recording.entries.iter().rposition(|entry| matches!(entry.record.what, What::Out { .. })).unwrap();
        recording.entries.remove(last);
    });
    assert_eq!((lost.line, lost.expected.as_str()), (None, "nothing"));
    let made_up = changed(|recording| {
        let mut entry = recording.entries.last().unwrap().clone();
        entry.record.what = What::Out { role: End::Station, action: r#"{"Reboot":"Soft"}"#.to_owned() };
        recording.entries.push(entry);
    });
    assert_eq!((made_up.expected.as_str(), made_up.got.as_str()), (r#"{"Reboot":"Soft"}"#, "nothing"));
}

#[test]
fn other_seed_or_lost_input_is_found() {
    changed(|recording| recording.header.as_mut().unwrap().seed = Some(8));
    let refused = changed(|recording| {
        let place = position(recording, |what| matches!(what, What::In { input, .. } if input.contains("Opened")));
        recording.entries.remove(place);
    });
    assert!(!refused.got.is_empty());
}

#[test]
fn recording_survives_being_a_file() {
    let recording = recorded();
    let lines = recording.entries.iter().map(|entry| format!("{}\n", entry.record));
    let text: String = std::iter::once(format!("{}\n", recording.header.as_ref().unwrap())).chain(lines).collect();
    assert_eq!(text.parse::<Recording>().unwrap(), recording);
}

#[test]
fn what_is_no_recording_of_a_machine_is_declined() {
    let replayed = |text: &str| replay(&text.parse::<Recording>().unwrap()).unwrap_err().to_string();
    assert!(replayed(r#"{"at":1,"from":"csms","frame":[]}"#).contains("role"));
    assert!(replayed(r#"{"ocpp_trace":1,"role":"station","seed":1}"#).contains("config"));
    assert!(replayed(r#"{"ocpp_trace":1,"role":"station","seed":1,"config":{"evses":1}}"#).contains("missing field"));
    let header = recorded().header.unwrap();
    assert!(replayed(&format!("{header}\n{}", r#"{"at":1,"in":"Tack"}"#)).contains("line 2: unknown variant `Tack`"));
    assert!(replayed(&format!("{header}\n{}", r#"{"t":"2026-01-01T00:00:00Z","in":"Tick"}"#)).contains("no at"));
}
