//! Security events (A04, white paper §8): which are sent, and that critical ones arrive whatever lies between.

use ocpp_types::catalogue::v1_6::SECURITY_EVENTS;

use super::super::*;
use crate::station::{Command, Limits, Reporting, SecurityEventKind as Kind};
use crate::v1_6::station::messages::security_event_kind;

const PROFILE: &[(&str, &str)] = &[("SecurityProfile", "1")];
const ACTION: &str = "SecurityEventNotification";

const ALL: [Kind; 18] = [
    Kind::FirmwareUpdated,
    Kind::FailedToAuthenticateAtCsms,
    Kind::CsmsFailedToAuthenticate,
    Kind::SettingSystemTime,
    Kind::StartupOfTheDevice,
    Kind::ResetOrReboot,
    Kind::SecurityLogWasCleared,
    Kind::ReconfigurationOfSecurityParameters,
    Kind::MemoryExhaustion,
    Kind::InvalidMessages,
    Kind::AttemptedReplayAttacks,
    Kind::TamperDetectionActivated,
    Kind::InvalidFirmwareSignature,
    Kind::InvalidFirmwareSigningCertificate,
    Kind::InvalidCsmsCertificate,
    Kind::InvalidStationCertificate,
    Kind::InvalidTlsVersion,
    Kind::InvalidTlsCipherSuite,
];

impl Bench {
    /// Something happened that the host knows of.
    fn raise(&mut self, kind: Kind, info: &str) {
        let info = (!info.is_empty()).then(|| info.into());
        self.input(Input::Command(Command::security_event(kind, info)));
    }

    /// A station with a profile in use that has told its start.
    fn secured() -> Bench {
        let mut bench = Bench::accepted(PROFILE);
        let start = bench.answer(ACTION, &json!({}));
        assert_eq!(start, json!({"type": "StartupOfTheDevice", "timestamp": wall(0)}));
        bench
    }

    /// The station after a power cut: with what was durable.
    fn after_cut(&self) -> Bench {
        Bench::new(self.image.clone(), PROFILE)
    }

    /// The events that are sent now, each answered.
    fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        self.answer_all("StatusNotification", &json!({}));
        while self.sent.first().is_some_and(|call| call[2] == ACTION) {
            told.push(self.answer(ACTION, &json!({}))["type"].as_str().unwrap().to_owned());
        }
        told
    }

    fn entries(&self) -> usize {
        self.image.entries.keys().filter(|key| key.as_str().starts_with("security/")).count()
    }
}

/// The list of the white paper, in its order.
#[test]
fn kinds_are_those_of_the_white_paper() {
    let kinds = ALL.iter().map(|kind| (security_event_kind(kind), kind.reporting() == Reporting::Guaranteed));
    assert!(kinds.eq(SECURITY_EVENTS.iter().map(|event| (event.name, event.critical))));
}

#[test]
fn events_are_sent_as_their_kind_has_it_and_told_to_the_host() {
    for kind in ALL {
        let mut bench = Bench::secured();
        bench.now = 5_000;
        bench.raise(kind.clone(), "more");
        assert!(
            bench
                .events
                .iter()
                .any(|event| *event == format!("SecurityEvent {{ kind: {kind:?}, info: Some(\"more\") }}"))
        );
        if kind.reporting() == Reporting::Logged {
            assert_eq!(bench.sent, Vec::<Value>::new());
        } else {
            let request = bench.answer(ACTION, &json!({}));
            assert_eq!(request["type"], security_event_kind(&kind));
            assert_eq!((&request["timestamp"], &request["techInfo"]), (&json!(wall(5_000)), &json!("more")));
        }
        assert_eq!((bench.told(), bench.entries()), (Vec::new(), 0));
    }
}

/// Without a profile in use the white paper is not in force, and a CSMS need not know its messages.
#[test]
fn without_a_profile_only_the_host_is_told() {
    let mut bench = Bench::accepted(&[]);
    bench.raise(Kind::TamperDetectionActivated, "");
    assert_eq!((bench.sent.len(), bench.entries()), (0, 0));
    let told: Vec<_> = bench.events.iter().filter(|event| event.starts_with("SecurityEvent")).collect();
    assert_eq!(
        told,
        [
            "SecurityEvent { kind: StartupOfTheDevice, info: None }",
            "SecurityEvent { kind: TamperDetectionActivated, info: None }"
        ]
    );
}

/// A04.FR.02.
#[test]
fn critical_event_waits_for_its_record_and_outlasts_a_power_cut() {
    let mut bench = Bench::secured();
    bench.confirms = false;
    bench.raise(Kind::TamperDetectionActivated, "lid");
    assert_eq!(bench.sent, Vec::<Value>::new(), "not durable yet");
    bench.confirm();
    bench.drain();
    let first = bench.call(ACTION).1;

    // Not answered: it is told again, with the same time, after what happened before and before what happens after.
    let mut bench = bench.after_cut().online();
    assert_eq!(bench.call(ACTION).1, first);
    let mut bench = bench.after_cut().online();
    assert_eq!(bench.answer(ACTION, &json!({})), first);
    assert_eq!(bench.told(), ["StartupOfTheDevice", "StartupOfTheDevice"], "of both later boots");
    assert_eq!(bench.entries(), 0);
}

#[test]
fn next_event_waits_until_the_one_before_is_gone_for_good() {
    let mut bench = Bench::secured();
    bench.raise(Kind::TamperDetectionActivated, "");
    bench.raise(Kind::ResetOrReboot, "");
    bench.confirms = false;
    bench.answer(ACTION, &json!({}));
    assert_eq!(bench.sent, Vec::<Value>::new(), "two would be repeated after a cut");
    bench.confirms = true;
    bench.input(Input::Tick);
    bench.confirm();
    bench.drain();
    assert_eq!(bench.told(), ["ResetOrReboot"]);
}

#[test]
fn event_is_sent_again_after_silence_and_link_loss_and_given_up_after_refusals() {
    let mut bench = Bench::secured();
    bench.raise(Kind::TamperDetectionActivated, "");
    bench.call(ACTION);
    bench.wait_with_heartbeats(30);
    assert_eq!(bench.sent, Vec::<Value>::new(), "no answer in time");
    bench.wait_with_heartbeats(60);
    bench.call(ACTION);
    bench.input(Input::Link(LinkInput::Closed));
    bench.wait(200);
    bench.open();
    for attempt in 0..3 {
        assert_eq!(bench.sent.len(), 1, "attempt {attempt}");
        let (id, _) = bench.call(ACTION);
        bench.frame(&json!([4, id, "InternalError", "", {}]));
        assert_eq!(bench.sent, Vec::<Value>::new());
        bench.wait_with_heartbeats(60);
    }
    assert_eq!((bench.told(), bench.entries()), (Vec::new(), 0));
}

/// The oldest of the same kind goes first, else the oldest; what is on its way stays.
#[test]
fn flood_of_one_kind_leaves_the_others() {
    let mut config = config(PROFILE);
    config.limits = Limits { security_events: 4, ..Limits::default() };
    let mut bench = Bench::with_config(Image::default(), config);
    bench.raise(Kind::TamperDetectionActivated, "");
    for _ in 0..10 {
        bench.raise(Kind::SettingSystemTime, "");
    }
    bench.raise(Kind::InvalidTlsVersion, "");
    bench.raise(Kind::InvalidTlsVersion, "once is enough");
    assert_eq!(bench.entries(), 3);
    bench.open();
    bench.boot("Accepted");
    assert_eq!(
        bench.told(),
        ["TamperDetectionActivated", "SettingSystemTime", "SettingSystemTime", "InvalidTLSVersion"]
    );
    assert_eq!(bench.entries(), 0);
}

#[test]
fn nothing_is_sent_before_the_acceptance_nor_without_the_time() {
    let mut bench = Bench::new(Image::default(), PROFILE);
    bench.open();
    bench.boot("Pending");
    assert_eq!(bench.told(), Vec::<String>::new());
    bench.wait(300);
    bench.boot("Accepted");
    assert_eq!(bench.told(), ["StartupOfTheDevice"]);
}

/// A boot of days that never knew the time must not place its events in the future.
#[test]
fn event_of_a_boot_without_a_clock_lies_before_the_next_boot() {
    let mut bench = Bench::new(Image::default(), PROFILE);
    bench.now = 259_200_000;
    bench.raise(Kind::TamperDetectionActivated, "");
    let mut bench = bench.after_cut();
    bench.now = 10_000;
    let mut bench = bench.online();
    let three_days = chrono::TimeDelta::days(3);
    for (kind, at) in [
        ("StartupOfTheDevice", wall(0) - three_days),
        ("TamperDetectionActivated", wall(0)),
        ("StartupOfTheDevice", wall(0)),
    ] {
        let request = bench.answer(ACTION, &json!({}));
        assert_eq!((&request["type"], &request["timestamp"]), (&json!(kind), &json!(at)));
    }
}

#[test]
fn clock_reset_firmware_journal_and_nonsense_raise_events() {
    let mut bench = Bench::secured();
    bench.input(Input::Wall(wall(400)));
    assert_eq!(bench.told(), Vec::<String>::new(), "drift");
    bench.input(Input::Wall(wall(60_000)));
    assert_eq!(bench.told(), ["SettingSystemTime"]);

    bench.frame(&json!([2, "x", "Reset", {"type": null}]));
    bench.input(Input::Link(LinkInput::Frame(b"nonsense".as_slice().into())));
    bench.sent.clear();
    let invalid = bench.events.iter().filter(|event| event.contains("kind: InvalidMessages")).count();
    assert_eq!((invalid, bench.told()), (2, Vec::new()));

    assert_eq!(bench.request("Reset", &json!({"type": "Soft"})), json!({"status": "Accepted"}));
    bench.answer_all("StatusNotification", &json!({}));
    let request = bench.answer(ACTION, &json!({}));
    assert_eq!((&request["type"], &request["techInfo"]), (&json!("ResetOrReboot"), &json!("Soft")));
}

#[test]
fn full_journal_is_told_once() {
    let mut config = config(PROFILE);
    config.limits = Limits { journal_samples: 2, ..Limits::default() };
    let mut bench = Bench::with_config(Image::default(), config).online();
    bench.told();
    bench.start();
    bench.charge();
    bench.input(Input::Link(LinkInput::Closed));
    bench.wait(600);
    let told = |bench: &Bench| bench.events.iter().filter(|event| event.contains("kind: MemoryExhaustion")).count();
    assert_eq!(told(&bench), 1);
}

#[test]
fn name_of_an_event_that_cannot_be_sent_is_refused() {
    let mut bench = Bench::secured();
    for name in ["", &"x".repeat(51)] {
        let command = Command::security_event(Kind::Other(name.into()), None);
        assert!(bench.station.handle(Instant::from_millis(0), Input::Command(command)).is_err());
    }
    bench.raise(Kind::Other("x".repeat(50).into()), &"é".repeat(300));
    let request = bench.answer(ACTION, &json!({}));
    assert_eq!(request["techInfo"], "é".repeat(255));
}
