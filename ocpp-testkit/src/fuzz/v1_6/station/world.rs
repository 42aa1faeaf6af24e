//! A station with its surroundings, and what must hold between them.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use ocpp_core::Station;
use ocpp_core::station::{
    Action, Answer, AskId, CallFailure, Direction, Event, EvseAction, EvseId, EvseInput, Handling, IncomingAnswer,
    Input, Job, JobId, JobUpdate, LinkAction, LinkInput, MeterReading, OutgoingAnswer, Question, RebootKind,
    RegistrationStatus, StationConfig, UploadAnswer,
};
use ocpp_core::store::{Image, StoreOp, Ticket};
use ocpp_core::time::Instant;
use ocpp_rpc::ErrorCode;
use ocpp_types::v1_6;

use super::peer::{Peer, Verdict};
use crate::checks::journal::JournalCheck;
use crate::checks::wire::Frame;

const EVSES: u16 = 2;

/// What a CSMS can ask for by TriggerMessage.
const TRIGGERED: [v1_6::Action; 5] = [
    v1_6::Action::DiagnosticsStatusNotification,
    v1_6::Action::FirmwareStatusNotification,
    v1_6::Action::Heartbeat,
    v1_6::Action::MeterValues,
    v1_6::Action::StatusNotification,
];

/// Store operations that may wait beyond the limit at which no transaction begins any more: the ends of those that run, and
/// what the CSMS and the clock change in between.
const UNCONFIRMED_SLACK: usize = 24;

/// More actions than any input has reason for.
const ENDLESS: usize = 1_000;

pub(super) struct World {
    station: Station,
    peer: Peer,
    /// The EVSE that the next facts are about.
    pub evse: u16,
    pub meter_answers: bool,
    pub confirms_at_once: bool,
    now: u64,
    /// Milliseconds of all earlier boots.
    before: u64,
    /// How wrong the time is that is told, in milliseconds.
    skew: i64,
    boots: u64,
    is_up: bool,
    registration: Option<RegistrationStatus>,
    durable: Vec<StoreOp>,
    image: Image,
    handed: VecDeque<(Ticket, StoreOp)>,
    /// None once a record was given up that 1.6 cannot say: from there on the journal and the wire are not the same list.
    journal: Option<JournalCheck>,
    asked: VecDeque<(AskId, Question)>,
    /// From the next boot on the application is asked about every message, or has it to itself.
    pub overrides: bool,
    job: Option<JobId>,
    reboot: Option<RebootKind>,
    transaction: i64,
    energy_wh: i64,
}

fn config() -> StationConfig {
    let mut config = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model").with_evses(EVSES);
    config.limits.unconfirmed = 8;
    config.limits.journal = 12;
    config.limits.journal_samples = 4;
    config.limits.questions = 1;
    config.limits.stop_readings = 4;
    config.limits.token_cache = 2;
    let keys = [
        ("AuthorizationCacheEnabled", "true"),
        ("ClockAlignedDataInterval", "900"),
        ("StopTxnAlignedData", "Energy.Active.Import.Register"),
        ("StopTxnSampledData", "Energy.Active.Import.Register"),
    ];
    keys.iter().fold(config, |config, (key, value)| config.with_setting(key, value))
}

/// Everything is asked about. What the CSMS cannot do without stays the station's: the journal and the wire are compared.
fn overriding(config: StationConfig) -> StationConfig {
    let config = config.with(|config| config.policy.asks_about_uploads = true);
    v1_6::Action::ALL.iter().fold(config, |config, action| {
        let outgoing = match action {
            v1_6::Action::Authorize | v1_6::Action::Heartbeat | v1_6::Action::StatusNotification => Handling::App,
            _ => Handling::Ask,
        };
        let incoming = if *action == v1_6::Action::ClearCache { Handling::App } else { Handling::Ask };
        let config = config.with_handling(Direction::Outgoing, action.as_str(), outgoing);
        config.with_handling(Direction::Incoming, action.as_str(), incoming)
    })
}

fn boot(config: StationConfig, image: &Image, seed: u64) -> Station {
    match Station::new(config, seed, image) {
        Ok(station) => station,
        Err(error) => panic!("no station from {image:?}: {error}"),
    }
}

impl World {
    pub fn new() -> Self {
        let image = Image::default();
        let mut world = World {
            station: boot(config(), &image, 0),
            peer: Peer::default(),
            evse: 1,
            meter_answers: true,
            confirms_at_once: true,
            now: 0,
            before: 0,
            skew: 0,
            boots: 0,
            is_up: false,
            registration: None,
            durable: Vec::new(),
            image,
            handed: VecDeque::new(),
            journal: Some(JournalCheck::default()),
            asked: VecDeque::new(),
            overrides: false,
            job: None,
            reboot: None,
            transaction: 0,
            energy_wh: 1_000,
        };
        world.drain();
        world
    }

    pub fn evse_id(&self) -> EvseId {
        EvseId(self.evse)
    }

    /// Tells the station something that it must take.
    pub fn must(&mut self, input: Input<'_>) {
        let told = format!("{input:?}");
        let result = self.station.handle(Instant::from_millis(self.now), input);
        assert_eq!(result, Ok(()), "{told}");
        self.drain();
    }

    /// Tells the station something that may be a mistake of its caller; then nothing happens.
    pub fn may(&mut self, input: Input<'_>) {
        let deadline = self.station.poll_timeout();
        let result = self.station.handle(Instant::from_millis(self.now), input);
        if result.is_err() {
            assert_eq!(self.station.poll_action(), None, "{result:?}");
            assert_eq!(self.station.poll_timeout(), deadline, "{result:?}");
        }
        self.drain();
    }

    pub fn fact(&mut self, fact: EvseInput) {
        let input = Input::Evse(self.evse_id(), fact);
        if (1..=EVSES).contains(&self.evse) { self.must(input) } else { self.may(input) }
    }

    pub fn open(&mut self, subprotocol: &str) {
        self.peer = Peer::default();
        self.is_up = subprotocol == "ocpp1.6";
        self.must(Input::Link(LinkInput::Opened { subprotocol: subprotocol.into() }));
    }

    pub fn close(&mut self) {
        self.is_up = false;
        self.must(Input::Link(LinkInput::Closed));
    }

    pub fn frame(&mut self, bytes: &[u8]) {
        self.peer.says(bytes);
        let input = Input::Link(LinkInput::Frame(bytes.into()));
        if self.is_up { self.must(input) } else { self.may(input) }
    }

    pub fn csms_calls(&mut self, letter: u8) {
        if let Some(frame) = self.peer.call(letter, self.transaction) {
            self.frame(frame.as_bytes());
        }
    }

    pub fn answer(&mut self, verdict: Verdict) {
        self.transaction += 1;
        match self.peer.answer(verdict, self.wall(), self.transaction) {
            Some(frame) => self.frame(frame.as_bytes()),
            None => self.transaction -= 1,
        }
    }

    pub fn push_meter(&mut self) {
        self.energy_wh += 100;
        self.fact(EvseInput::Meter(MeterReading::energy_wh(self.energy_wh)));
    }

    pub fn answer_question(&mut self, answer: Answer) {
        let id = self.asked.pop_front().map_or(AskId(0), |(id, _)| id);
        self.may(Input::Answer(id, answer));
    }

    /// The application decides on the oldest question about a message: lets it pass (`p`), changes it (`i`), or takes it over.
    pub fn decide(&mut self, letter: u8) {
        let place = self.asked.iter().position(|(_, question)| !matches!(question, Question::DataTransfer { .. }));
        let Some((id, question)) = place.and_then(|place| self.asked.remove(place)) else { return };
        let answer = match (question, letter) {
            (Question::DataTransfer { .. } | Question::CustomerInformation { .. }, _) => return,
            (Question::Upload { .. }, b'p') => Answer::Upload(UploadAnswer::Accept),
            (Question::Upload { .. }, b'i') => Answer::Upload(UploadAnswer::Name("log".into())),
            (Question::Upload { .. }, _) => Answer::Upload(UploadAnswer::Refuse),
            (Question::Incoming { .. }, b'p') => Answer::Incoming(IncomingAnswer::Proceed),
            (Question::Incoming { .. }, b'i') => {
                Answer::Incoming(IncomingAnswer::Reply(r#"{"status":"Accepted"}"#.into()))
            }
            (Question::Incoming { .. }, _) => Answer::Incoming(IncomingAnswer::Refuse(ErrorCode::NotSupported)),
            (Question::Outgoing { .. }, b'p') => Answer::Outgoing(OutgoingAnswer::Send),
            (Question::Outgoing { payload, .. }, b'i') => Answer::Outgoing(OutgoingAnswer::SendInstead(payload)),
            (Question::Outgoing { action, .. }, _) => {
                Answer::Outgoing(OutgoingAnswer::Answered(match action.as_str() {
                    "Authorize" => r#"{"idTagInfo":{"status":"Accepted"}}"#.into(),
                    "Heartbeat" => r#"{"currentTime":"2023-11-14T22:20:00Z"}"#.into(),
                    "StatusNotification" => "{}".into(),
                    _ => "no object".into(),
                }))
            }
        };
        self.may(Input::Answer(id, answer));
    }

    /// The host's word about the last job.
    pub fn job(&mut self, word: JobUpdate) {
        self.must(Input::Job(self.job.unwrap_or(JobId(0)), word));
    }

    pub fn tell_wall(&mut self) {
        self.must(Input::Wall(self.wall()));
    }

    /// From now on the time that is told is right, hours off, years off, or impossible.
    pub fn skew_clock(&mut self, choice: usize) {
        const HOUR: i64 = 3_600_000;
        const YEAR: i64 = 366 * 24 * HOUR;
        let skews = [0, -HOUR, HOUR, -48 * HOUR, 48 * HOUR, -2 * YEAR, 2 * YEAR, -53 * YEAR, 7_950 * YEAR];
        self.skew = skews.get(choice).copied().unwrap_or_default();
    }

    /// The time that is told.
    fn wall(&self) -> DateTime<Utc> {
        let millis = i64::try_from(self.before.saturating_add(self.now)).unwrap_or(i64::MAX);
        let millis = millis.saturating_add(1_700_000_000_000).saturating_add(self.skew);
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }

    pub fn pass(&mut self, millis: u64) {
        self.now = self.now.saturating_add(millis);
        self.must(Input::Tick);
    }

    pub fn tick_at_deadline(&mut self) {
        if let Some(deadline) = self.station.poll_timeout() {
            self.now = deadline.as_millis();
            self.must(Input::Tick);
        }
    }

    /// A time that lies before one already seen counts as that one.
    pub fn tick_in_the_past(&mut self) {
        let result = self.station.handle(Instant::ZERO, Input::Tick);
        assert_eq!(result, Ok(()));
        self.drain();
    }

    /// Confirms so many store operations, in one.
    pub fn confirm(&mut self, count: usize) {
        let mut last = None;
        for (ticket, op) in self.handed.drain(..count.min(self.handed.len())) {
            self.image.apply(&op);
            self.durable.push(op);
            last = Some(ticket);
        }
        match last {
            Some(ticket) => self.must(Input::Stored(ticket)),
            None => self.may(Input::Stored(Ticket(u64::MAX))),
        }
    }

    /// The store operation at this place of the waiting ones fails.
    pub fn fail(&mut self, place: usize) {
        match self.handed.get(place).map(|(ticket, _)| *ticket) {
            Some(ticket) => {
                self.handed.truncate(place);
                self.must(Input::StoreFailed(ticket));
            }
            None => self.may(Input::StoreFailed(Ticket(u64::MAX))),
        }
    }

    /// The power goes and comes back; of the waiting store operations so many are durable.
    pub fn power_cut(&mut self, keep: usize) {
        for (_, op) in self.handed.drain(..).take(keep) {
            self.image.apply(&op);
            self.durable.push(op);
        }
        self.boots += 1;
        self.before = self.before.saturating_add(self.now).saturating_add(10_000);
        self.now = 0;
        self.peer = Peer::default();
        self.is_up = false;
        self.registration = None;
        self.reboot = None;
        self.asked.clear();
        let config = if self.overrides { overriding(config()) } else { config() };
        self.station = boot(config, &self.image, self.boots);
        self.drain();
    }

    pub fn carry_out_reboot(&mut self) {
        if self.reboot.is_some() {
            self.power_cut(0);
        }
    }

    /// Carries out what the station orders, and checks it.
    fn drain(&mut self) {
        for _ in 0..ENDLESS {
            let Some(action) = self.station.poll_action() else {
                if self.confirms_at_once && !self.handed.is_empty() {
                    self.confirm(usize::MAX);
                }
                let deadline = self.station.poll_timeout();
                let is_ahead = deadline.is_none_or(|deadline| deadline.as_millis() > self.now);
                assert!(is_ahead, "deadline {deadline:?} does not lie ahead of {}", self.now);
                return;
            };
            self.carry_out(action);
        }
        panic!("actions without end");
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Link(LinkAction::Send(bytes)) => self.sent(&bytes),
            Action::Link(LinkAction::Close) => self.is_up = false,
            Action::Link(LinkAction::Connect(_)) => assert!(!self.is_up, "connects twice"),
            Action::Link(LinkAction::Ping) => assert!(self.is_up, "pings nobody"),
            Action::Store { ticket, op } => {
                let due = self.handed.back().map(|(last, _)| Ticket(last.0 + 1));
                assert!(due.is_none_or(|due| due == ticket), "{ticket:?} instead of {due:?}");
                self.handed.push_back((ticket, op));
                let most = config().limits.unconfirmed + UNCONFIRMED_SLACK;
                assert!(self.handed.len() <= most, "{} store operations wait: {:?}", self.handed.len(), self.handed);
            }
            Action::Evse(evse, order) => {
                assert!((1..=EVSES).contains(&evse.0), "{order:?} to {evse:?}");
                if self.meter_answers && order == EvseAction::ReadMeter {
                    let reading = EvseInput::Meter(MeterReading::energy_wh(self.energy_wh));
                    let result = self.station.handle(Instant::from_millis(self.now), Input::Evse(evse, reading));
                    assert_eq!(result, Ok(()));
                }
            }
            Action::Job(id, job) => self.job = (job != Job::Cancel).then_some(id),
            Action::Reboot(kind) => {
                assert!(self.handed.is_empty(), "restarts before everything is durable");
                self.reboot = Some(kind);
            }
            Action::Ask { id, until, question } => {
                assert!(until.as_millis() > self.now, "no time to answer");
                self.asked.push_back((id, question));
            }
            Action::Event(Event::Registration(status)) => self.registration = Some(status),
            Action::Event(Event::CallFailed { cause: CallFailure::Unsendable, .. }) => {
                self.journal = None;
            }
            Action::Event(Event::RecordSkipped { place }) => panic!("{place} was durable and is skipped"),
            Action::Event(_) | Action::SetClock(_) | Action::Display(_) => {}
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        assert!(self.is_up, "sends without a link: {}", String::from_utf8_lossy(bytes));
        let Some(action) = self.peer.hears(bytes) else { return };
        // 1.6 §4.2: while pending, what a TriggerMessage asks for may leave.
        let may_call = match self.registration {
            Some(RegistrationStatus::Accepted) => true,
            Some(RegistrationStatus::Pending) => TRIGGERED.contains(&action),
            Some(RegistrationStatus::Rejected) | None => false,
        };
        assert!(may_call || action == v1_6::Action::BootNotification, "{action} before the station is accepted");
        if let (Some(journal), Some(frame)) = (&mut self.journal, Frame::parse(bytes)) {
            let checked = journal.sent(&frame, &self.durable);
            assert_eq!(checked, Ok(()));
        }
    }

    /// Whatever of the waiting store operations is durable, a station comes of it, and once more the same one.
    pub fn finish(self) {
        let mut image = self.image;
        restores(&image);
        for (_, op) in self.handed {
            image.apply(&op);
            restores(&image);
        }
    }
}

/// A station comes of the records, skips none, and leaves records of which the same station comes.
fn restores(image: &Image) {
    let (first, first_ops) = boot_actions(image);
    let mut again = image.clone();
    first_ops.iter().for_each(|op| again.apply(op));
    let (second, second_ops) = boot_actions(&again);
    // What a power cut left half done is ended by the first: a reservation of a place that is out of service.
    let is_told_again = |told: &&String| second.contains(told) || !told.starts_with("Event(ReservationEnded");
    let first: Vec<&String> = first.iter().filter(is_told_again).collect();
    assert_eq!(first, second.iter().collect::<Vec<_>>(), "restored twice, the station differs");
    let changes_nothing = |op: &StoreOp| matches!(op, StoreOp::Put { key, .. } if key.as_str() == "boot");
    assert!(second_ops.iter().all(changes_nothing), "restored again, the station still writes {second_ops:?}");
}

/// What a station that boots does at once and when its store has confirmed that, its store operations apart. Some is shown
/// only when it is durable, so the order says nothing.
fn boot_actions(image: &Image) -> (Vec<String>, Vec<StoreOp>) {
    let mut station = boot(config(), image, 0);
    let (mut actions, mut ops) = (Vec::new(), Vec::new());
    loop {
        let mut last = None;
        while let Some(action) = station.poll_action() {
            match action {
                Action::Store { op, ticket } => {
                    ops.push(op);
                    last = Some(ticket);
                }
                Action::Event(Event::RecordSkipped { place }) => panic!("{place} was durable and is skipped"),
                other => actions.push(format!("{other:?}")),
            }
        }
        let Some(ticket) = last else { break };
        let told = station.handle(Instant::ZERO, Input::Stored(ticket));
        assert_eq!(told, Ok(()), "a ticket that was handed out");
    }
    actions.sort_unstable();
    (actions, ops)
}
