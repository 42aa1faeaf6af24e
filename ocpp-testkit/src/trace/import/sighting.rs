//! A frame in a log, with what its line says of it.

use ocpp_rpc::Dialect;
use ocpp_rpc::frame::MessageType;
use ocpp_types::{Direction, v1_6, v2_0_1, v2_1};

use super::frames::Found;
use super::names::{self, Who};
use super::objects::Piece;
use super::times::{self, Time};
use super::tokens::{Token, tokens};
use super::words::{self, Class, Hint, Towards};
use crate::link::End;
use crate::trace::conversation::Head;

/// Two loggers write the same frame within so many milliseconds.
const COPY_MS: i64 = 2_000;

/// A frame in a log.
#[derive(Clone, Debug, Default)]
pub(super) struct Sighting {
    pub line: u64,
    pub time: Time,
    /// What its line says of the sender, the most reliable first.
    pub hints: Vec<Hint>,
    /// The station, whether the line says that it is one, and the connection.
    pub station: Option<String>,
    pub is_said: bool,
    /// A word that may be an identity.
    pub word: Option<String>,
    pub conn: Option<String>,
    /// The words of the line that do not tell a direction: they tell loggers apart.
    pub shape: String,
    pub frame: String,
    pub is_cut: bool,
    pub head: Head,
}

impl Sighting {
    pub fn new(line: u64, found: Found, before: &str, around: &str, after: &str) -> Self {
        let Who { station, is_said, word, conn } = names::find(around);
        let hints = words::hints(before, after);
        let (time, shape) = (times::find(around), shape(before));
        Sighting { line, time, hints, station, is_said, word, conn, shape, ..Sighting::bare(found.frame, found.is_cut) }
    }

    fn bare(frame: String, is_cut: bool) -> Self {
        let head = if is_cut { Head::read_cut(&frame) } else { Head::read(&frame, Dialect::V2_1) };
        Sighting { frame, is_cut, head, ..Sighting::default() }
    }

    /// A frame among members.
    pub fn of(line: u64, prefix: &str, piece: Piece) -> Self {
        let mut sighting = Sighting::bare(piece.frame, piece.is_cut);
        let mut who = names::find(&piece.before);
        let mut fields = Vec::new();
        let mut time = None;
        for (key, value) in &piece.members {
            who.member(key, value);
            let name = key.trim_start_matches(['@', '_']).to_ascii_lowercase();
            match name.as_str() {
                "direction" | "dir" | "way" | "flow" | "msgdirection" | "messagedirection" | "event" | "type"
                | "kind" | "op" | "io" => {
                    fields.extend(words::direction(value));
                }
                "from" | "source" | "src" | "sender" | "origin" | "sentby" => {
                    fields.push(words::end(value).map_or_else(|| Towards::From(value.clone()), Towards::Of));
                }
                "to" | "destination" | "dst" | "target" | "receiver" | "recipient" => {
                    fields.extend(words::end(value).map(|end| Towards::Of(end.peer())));
                }
                "ts" | "t" | "date" | "at" | "when" | "created" | "createdat" => {
                    time = time.or_else(|| Some(times::of_member(value)).filter(|time| *time != Time::default()));
                }
                name if name.ends_with("time") || name.contains("timestamp") => {
                    time = time.or_else(|| Some(times::of_member(value)).filter(|time| *time != Time::default()));
                }
                _ => {}
            }
        }
        // A name says nothing of the direction; ends and ways do.
        fields.sort_by_key(|towards| matches!(towards, Towards::From(_)));
        sighting.hints = fields.into_iter().map(|towards| Hint { class: Class::Field, towards }).collect();
        sighting.hints.extend(words::hints(&piece.before, ""));
        let texts = piece.members.iter().filter(|(_, value)| value.contains(' ') || value.len() < 40);
        let told: Vec<&str> = texts.map(|(_, value)| value.as_str()).chain([prefix]).collect();
        sighting
            .hints
            .extend(told.iter().flat_map(|text| words::hints(text, "")).filter(|hint| hint.class != Class::Label));
        let names: Vec<&str> = piece.members.iter().map(|(key, _)| key.as_str()).collect();
        sighting.shape = format!("{} {} {}", shape(prefix), shape(&piece.before), names.join(" "));
        sighting.time = time.unwrap_or_else(|| times::find(prefix));
        if sighting.time == Time::default() {
            sighting.time = piece
                .members
                .iter()
                .map(|(_, value)| times::find(value))
                .find(|time| time.wall.is_some())
                .unwrap_or_default();
        }
        let outer = names::find(prefix);
        sighting.is_said = who.is_said || who.station.is_none() && outer.is_said;
        sighting.station = who.station.or(outer.station);
        sighting.conn = who.conn.or(outer.conn);
        sighting.word = who.word.or(outer.word);
        sighting.line = line;
        sighting
    }

    /// Who makes such a call, if only one end does.
    pub fn caller(&self) -> Option<End> {
        let is_call = matches!(self.head.kind, Some(MessageType::Call | MessageType::Send));
        let action = self.head.action.as_deref().filter(|_| is_call)?;
        let direction = (action.parse::<v2_1::Action>().map(|action| action.direction()))
            .or_else(|_| action.parse::<v2_0_1::Action>().map(|action| action.direction()))
            .or_else(|_| action.parse::<v1_6::Action>().map(|action| action.direction()));
        match direction.ok()? {
            Direction::StationToCsms => Some(End::Station),
            Direction::CsmsToStation => Some(End::Csms),
            Direction::Both => None,
        }
    }

    /// Whether this is the same frame, as another logger wrote it.
    pub fn is_copy_of(&self, other: &Sighting) -> bool {
        let stations = (self.station.as_deref(), other.station.as_deref());
        let is_near = match (self.time.wall, other.time.wall) {
            (Some(one), Some(two)) => (one - two).num_milliseconds().abs() <= COPY_MS,
            (Some(_) | None, Some(_) | None) => true,
        };
        let way = |sighting: &Sighting| sighting.hints.first().map(|hint| hint.towards.clone());
        let is_other_logger = self.shape != other.shape || way(self) != way(other);
        is_near
            && is_other_logger
            && (stations.0.is_none() || stations.1.is_none() || stations.0 == stations.1)
            && (self.head.kind, &self.head.id) == (other.head.kind, &other.head.id)
            && self.has_frame_of(other)
    }

    fn has_frame_of(&self, other: &Sighting) -> bool {
        match (self.is_cut, other.is_cut) {
            (true, true) => self.head.action == other.head.action,
            (true, false) | (false, true) => {
                let (cut, whole) = if self.is_cut { (self, other) } else { (other, self) };
                let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                let begin = cut.frame.split(['.', '…']).next().unwrap_or_default();
                plain(&whole.frame).starts_with(&plain(begin))
            }
            (false, false) => {
                let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                self.frame == other.frame || value(&self.frame).is_some_and(|frame| Some(frame) == value(&other.frame))
            }
        }
    }
}

/// The words of a text that tell no direction.
fn shape(text: &str) -> String {
    let words = tokens(text).into_iter().filter_map(|token| match token {
        Token::Word(word) => (!words::is_way(&word)).then_some(word),
        Token::Name(_) | Token::Arrow(_) | Token::Joint | Token::Mark => None,
    });
    words.collect::<Vec<_>>().join(" ")
}
