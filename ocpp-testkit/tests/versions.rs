//! The same in every version: what happens at the hardware, and what it comes to.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::fs;

use common::{EVSE, finished, recordings, secs, session};
use ocpp_core::csms::{
    Action, Answer, AuthorizationStatus, Command, Consumption, Fact, IdToken, Input, LinkInput, Question,
    RegistrationStatus, Session, SessionConfig,
};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_testkit::csms::Bill;
use ocpp_testkit::link::{End, Network};
use ocpp_testkit::pair::{Pair, PairConfig, Step};
use ocpp_testkit::trace::import;
use ocpp_testkit::trace::record::What;

/// A bill without what each version has its own way of: the names of transactions, and how often samples were told.
fn comes_to(bill: &Bill) -> Vec<String> {
    let rows = bill.rows.iter().map(|row| {
        let end = row.end.as_ref().map(|end| {
            let reason = end.reason.as_deref().unwrap_or("Local");
            format!(
                "{} at {:?} Wh, {reason}, {:?}, {} missing",
                end.at, end.meter_stop_wh, end.consumption, end.missing
            )
        });
        format!("{} {} {} at {:?} Wh to {end:?}", row.place, row.token, row.started_at, row.meter_start_wh)
    });
    rows.collect()
}

/// One day at one EVSE: by the token, by remote, with the plug pulled, offline, and by one who is refused.
fn script() -> Vec<(u64, Step)> {
    let at =
        |offset: u64, steps: Vec<(u64, Step)>| steps.into_iter().map(move |(second, step)| (offset + second, step));
    let by_token = session().to_vec();
    let by_remote = vec![
        (0, Step::Csms(Command::remote_start(Some(1), IdToken::new("TAG")))),
        (5, Step::Plug(EVSE)),
        (130, Step::RemoteStopRunning),
        (150, Step::Unplug(EVSE)),
    ];
    let pulled = vec![(0, Step::Plug(EVSE)), (3, Step::token(1, "TAG")), (150, Step::Unplug(EVSE))];
    let down = vec![(0, Step::Network(Network::Dead)), (0, Step::CUT)];
    let up = vec![(0, Step::Network(Network::Up))];
    let refused = vec![(0, Step::Plug(EVSE)), (3, Step::token(1, "NOBODY")), (20, Step::Unplug(EVSE))];
    at(0, by_token)
        .chain(at(300, by_remote))
        .chain(at(600, pulled))
        .chain(at(900, down))
        .chain(at(905, session().to_vec()))
        .chain(at(1_200, up))
        .chain(at(1_500, refused))
        .collect()
}

fn run(version: Dialect) -> Pair {
    let config = PairConfig::new(7).speaking(&[version]).with_setting("AllowOfflineTxForUnknownId", "true");
    finished(config, script())
}

#[test]
fn one_script_comes_to_the_same_in_every_version() {
    let pairs = [Dialect::V1_6, Dialect::V2_0_1, Dialect::V2_1].map(run);
    let [old, middle, new] = &pairs;
    let bills = [old, middle, new].map(|pair| comes_to(&pair.csms.bill()));
    assert_eq!(bills[0].len(), 4, "{:#?}", bills[0]);
    assert_eq!(bills[0], bills[1], "{}", middle.trace);
    assert_eq!(bills[0], bills[2], "{}", new.trace);
    insta::assert_snapshot!("script_in_1_6", old.trace.conversation());
    insta::assert_snapshot!("script_in_2_0_1", middle.trace.conversation());
    insta::assert_snapshot!("script_in_2_1", new.trace.conversation());
}

/// The version is that of the connection: the same station, with the same server, in one after the other.
#[test]
fn a_station_speaks_what_each_connection_agrees_on() {
    let versions = [Dialect::V2_1, Dialect::V2_0_1, Dialect::V1_6];
    let mut steps = Vec::new();
    for (visit, version) in (0..).zip([Dialect::V1_6, Dialect::V2_1, Dialect::V2_0_1, Dialect::V1_6]) {
        let begin = visit * 600;
        steps.extend([(begin, Step::Versions(vec![version])), (begin + 1, Step::CUT)]);
        steps.extend(session().map(|(second, step)| (begin + 120 + second, step)));
    }
    let pair = finished(PairConfig::new(3).speaking(&versions), steps);
    let spoken: Vec<_> = pair
        .csms_events
        .iter()
        .filter_map(|(_, event)| match event {
            ocpp_core::csms::Event::Connected { dialect } => Some(*dialect),
            _ => None,
        })
        .collect();
    assert_eq!(spoken, [Dialect::V1_6, Dialect::V1_6, Dialect::V2_1, Dialect::V2_0_1, Dialect::V1_6]);
    assert_eq!(pair.csms.bill().rows.len(), 4);
}

/// What other people's stations told their servers comes to what they told: the session takes it all.
#[test]
fn recorded_sessions_of_2_x_come_to_what_their_stations_told() {
    let Some(folder) = recordings() else { return };
    for (name, dialect, sessions) in [
        ("citrineos-shiv3-2.0.1", Dialect::V2_0_1, vec![(1, "TAG1", Some(0))]),
        ("py-sap-2.0.1", Dialect::V2_0_1, vec![(1, "", Some(2))]),
        ("py-shiv3-2.1", Dialect::V2_1, vec![(1, "TAG1", Some(0))]),
    ] {
        let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
        let facts = heard(&text, dialect);
        let bill = Bill::of(&facts);
        let told: Vec<_> = bill
            .rows
            .iter()
            .map(|row| (row.place.number(), row.token.as_str(), row.end.as_ref().and_then(|end| end.meter_stop_wh)))
            .collect();
        assert_eq!(told, sessions, "{name}: {bill}");
        assert!(bill.rows.iter().all(|row| row.end.as_ref().is_some_and(|end| end.missing == 0)), "{name}: {bill}");
        assert!(bill.rows.iter().all(|row| matches!(row.end.as_ref().unwrap().consumption, Consumption::Wh(_))));
    }
}

/// What a session records of the calls in a recording, with everything allowed.
fn heard(text: &str, dialect: Dialect) -> Vec<Fact> {
    let mut session = Session::new(SessionConfig::default(), 1);
    let now = Instant::from_millis(1);
    let mut facts = Vec::new();
    let wall = chrono::DateTime::parse_from_rfc3339("2026-11-20T17:00:00Z").unwrap().to_utc();
    let mut tell = |session: &mut Session, input: Input<'_>| {
        session.handle(now, input).unwrap();
        while let Some(action) = session.poll_action() {
            let reply = match action {
                Action::Store { ticket, fact } => {
                    facts.push(fact);
                    Input::Stored(ticket)
                }
                Action::Ask { id, question: Question::Boot(_), .. } => {
                    Input::Answer(id, Answer::Boot { status: RegistrationStatus::Accepted, interval: secs(300) })
                }
                Action::Ask { id, question: Question::Authorize { .. }, .. } => {
                    Input::Answer(id, Answer::Authorize(AuthorizationStatus::Accepted.into()))
                }
                Action::Link(_) | Action::Ask { .. } | Action::Answered { .. } | Action::Event(_) => continue,
            };
            session.handle(now, reply).unwrap();
        }
    };
    tell(&mut session, Input::Wall(wall));
    tell(&mut session, Input::Link(LinkInput::Opened { dialect }));
    for entry in import::read(text).recording.entries {
        if let What::Frame { from: End::Station, text } = entry.record.what
            && text.starts_with("[2,")
        {
            tell(&mut session, Input::Link(LinkInput::Frame(text.into_bytes().into())));
        }
    }
    facts
}
