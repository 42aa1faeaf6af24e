//! What the words and arrows of a line say of the sender of a frame.

use super::tokens::{Token, tokens};
use crate::link::End;

/// Which way a frame goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Towards {
    /// Away from the program whose log it is.
    Sent,
    /// To it.
    Received,
    /// From this end.
    Of(End),
    /// From whoever has this name.
    From(String),
    /// To whoever has it.
    To(String),
}

/// How a line says it, the most reliable first. Whether a log means it is seen by its calls, which only one end makes: see
/// [`senders`](super::senders).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A member for it: `"direction":"in"`.
    Field,
    /// Both ends: `CP01 -> CSMS`, `from charger to server`.
    Between,
    /// Who did it: `station sent`.
    Subject,
    /// An end directly before the frame: `csms: [`.
    Label,
    /// `sent`, `receive message`.
    Verb,
    /// `>`, `<-`.
    Arrow,
    /// `in`, `wrote`: words that mean other things as well.
    WeakVerb,
    /// An end somewhere.
    Party,
    /// Anything behind the frame.
    After,
}

/// One reading of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    pub class: Class,
    pub towards: Towards,
}

/// An end, as a line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    End(End),
    /// `CS`: a charging station in 2.x, a central system beside a `CP`.
    Cs,
}

impl Party {
    /// Which end it is; none if that depends on what else the log says.
    fn end(self, other: Option<Party>) -> Option<End> {
        match (self, other) {
            (Party::End(end), _) => Some(end),
            (Party::Cs, Some(Party::End(other))) => Some(other.peer()),
            (Party::Cs, Some(Party::Cs) | None) => None,
        }
    }

    /// From it, where `other` is named as well.
    fn sent(self, other: Option<Party>) -> Towards {
        self.end(other).map_or_else(|| Towards::From("CS".to_owned()), Towards::Of)
    }

    /// To it.
    fn received(self, other: Option<Party>) -> Towards {
        self.end(other).map_or_else(|| Towards::To("CS".to_owned()), |end| Towards::Of(end.peer()))
    }
}

/// All readings of what stands before and behind a frame, the most reliable first.
pub(super) fn hints(before: &str, after: &str) -> Vec<Hint> {
    let line = Line::read(before);
    let mut hints = Vec::new();
    let mut hint = |class, towards: Option<Towards>| hints.extend(towards.map(|towards| Hint { class, towards }));
    hint(Class::Between, line.between());
    hint(Class::Subject, line.subject());
    hint(Class::Label, line.label());
    hint(Class::Verb, line.nearest(strong_verb));
    hint(Class::Verb, line.to_or_from());
    hint(Class::Arrow, line.arrow());
    hint(Class::WeakVerb, line.nearest(weak_verb));
    hint(Class::Party, line.party());
    let behind = Line::read(after);
    hint(Class::After, behind.between().or_else(|| behind.nearest(strong_verb)).or_else(|| behind.nearest(weak_verb)));
    hints
}

/// What the value of a member about the direction says.
pub(super) fn direction(value: &str) -> Option<Towards> {
    let line = Line::read(value);
    let verb = || line.nearest(strong_verb).or_else(|| line.nearest(weak_verb)).or_else(|| line.nearest(only_here));
    line.between().or_else(|| line.subject()).or_else(verb).or_else(|| line.arrow()).or_else(|| line.party())
}

/// Whether a word tells that something was sent or received.
pub(super) fn is_verb(word: &str) -> bool {
    strong_verb(word).is_some()
}

/// Whether a word tells a direction, certainly or not.
pub(super) fn is_way(word: &str) -> bool {
    strong_verb(word).or_else(|| weak_verb(word)).is_some()
}

/// Whether a text is a direction or an end, and nothing else: no name, that is.
pub(super) fn is_no_name(text: &str) -> bool {
    Line::read(text).items.iter().all(|item| match item {
        Item::Party(_) | Item::Arrow(_) | Item::Mark => true,
        Item::Word(word) => strong_verb(word).or_else(|| weak_verb(word)).is_some(),
        Item::Name(_) => false,
    })
}

/// The end that a name is of: `ChargePoint`, `csms-1`.
pub(super) fn end(name: &str) -> Option<End> {
    Line::read(name).items.iter().find_map(|item| match item {
        Item::Party(party) => party.end(None),
        _ => None,
    })
}

/// A line as words that count.
struct Line {
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Party(Party),
    Word(String),
    /// Something that may be an identity.
    Name(String),
    /// Whether it shows to the right.
    Arrow(bool),
    /// What ends a phrase.
    Mark,
}

impl Line {
    fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let mut items = Vec::new();
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            let (item, after) = match party(rest) {
                Some((party, after)) => (Item::Party(party), after),
                None => match token {
                    Token::Word(word) => (Item::Word(word.clone()), after),
                    Token::Name(name) => (Item::Name(name.clone()), after),
                    Token::Arrow(right) => (Item::Arrow(*right), after),
                    Token::Mark => (Item::Mark, after),
                    // Between the words of one name.
                    Token::Joint => {
                        rest = after;
                        continue;
                    }
                },
            };
            items.push(item);
            rest = after;
        }
        Line { items }
    }

    fn item(&self, place: Option<usize>) -> Option<&Item> {
        self.items.get(place?)
    }

    /// `a -> b`, `from a to b`, `to b`, `a2b`: the one nearest to the frame.
    fn between(&self) -> Option<Towards> {
        (0..self.items.len()).rev().find_map(|place| self.between_at(place))
    }

    fn between_at(&self, place: usize) -> Option<Towards> {
        let (left, right) = (self.item(place.checked_sub(1)), self.item(Some(place + 1)));
        let as_party = |item: Option<&Item>| match item {
            Some(Item::Party(party)) => Some(*party),
            _ => None,
        };
        let as_name = |item: Option<&Item>| match item {
            Some(Item::Name(name) | Item::Word(name)) => Some(name.clone()),
            _ => None,
        };
        match self.items.get(place)? {
            Item::Arrow(is_right) => {
                let (from, to) = if *is_right { (left, right) } else { (right, left) };
                match (as_party(from), as_party(to)) {
                    (Some(from), Some(to)) => Some(from.sent(Some(to))),
                    (Some(from), None) => Some(from.sent(None)),
                    (None, Some(to)) => Some(to.received(None)),
                    (None, None) => match (as_name(from), as_name(to)) {
                        (Some(from), Some(_)) => Some(Towards::From(from)),
                        _ => None,
                    },
                }
            }
            Item::Word(word) => match (word.as_str(), as_party(left), as_party(right)) {
                ("to" | "2", Some(from), Some(to)) => Some(from.sent(Some(to))),
                ("to", None, Some(to)) => {
                    // The other end may be named before: `from charger BOX1 to CS`.
                    let from = self.items.get(..place)?.iter().rev().find_map(|item| as_party(Some(item)));
                    Some(to.received(from))
                }
                ("from" | "by", _, Some(from)) => {
                    let is_received = word == "by" && self.nearest_before(place) == Some(Towards::Received);
                    let other = self.items.get(place + 2..)?.iter().find_map(|item| as_party(Some(item)));
                    Some(if is_received { from.received(other) } else { from.sent(other) })
                }
                ("c2s" | "cp2cs" | "cs2csms" | "upstream" | "uplink", ..) => Some(Towards::Of(End::Station)),
                ("s2c" | "cs2cp" | "csms2cs" | "downstream" | "downlink", ..) => Some(Towards::Of(End::Csms)),
                _ => None,
            },
            Item::Name(_) | Item::Party(_) | Item::Mark => None,
        }
    }

    fn nearest_before(&self, place: usize) -> Option<Towards> {
        match self.item(place.checked_sub(1))? {
            Item::Word(word) => strong_verb(word),
            _ => None,
        }
    }

    /// `station sent`, `charge point BOX1 sent`.
    fn subject(&self) -> Option<Towards> {
        (1..self.items.len()).rev().find_map(|place| {
            let Some(Item::Word(word)) = self.items.get(place) else { return None };
            let verb = strong_verb(word)?;
            let before = self.item(place.checked_sub(1));
            let party = match before {
                Some(Item::Name(_)) => self.item(place.checked_sub(2)),
                other => other,
            };
            let Some(Item::Party(party)) = party else { return None };
            Some(if verb == Towards::Sent { party.sent(None) } else { party.received(None) })
        })
    }

    /// An end, with nothing but punctuation and its identity after it.
    fn label(&self) -> Option<Towards> {
        let mut items = self.items.iter().rev().skip_while(|item| matches!(item, Item::Mark));
        match items.next()? {
            Item::Party(party) => Some(party.sent(None)),
            Item::Name(_) => match items.next()? {
                Item::Party(party) => Some(party.sent(None)),
                _ => None,
            },
            _ => None,
        }
    }

    fn nearest(&self, means: fn(&str) -> Option<Towards>) -> Option<Towards> {
        self.items.iter().rev().find_map(|item| match item {
            Item::Word(word) => means(word),
            _ => None,
        })
    }

    /// `to CP01`, `from CP01`: names are of the other end.
    fn to_or_from(&self) -> Option<Towards> {
        self.items.windows(2).rev().find_map(|pair| match pair {
            [Item::Word(word), Item::Name(_)] if word == "from" => Some(Towards::Received),
            [Item::Word(word), Item::Name(_)] if word == "to" => Some(Towards::Sent),
            _ => None,
        })
    }

    fn arrow(&self) -> Option<Towards> {
        self.items.iter().rev().find_map(|item| match item {
            Item::Arrow(true) => Some(Towards::Sent),
            Item::Arrow(false) => Some(Towards::Received),
            _ => None,
        })
    }

    fn party(&self) -> Option<Towards> {
        self.items.iter().rev().find_map(|item| match item {
            Item::Party(party) => Some(party.sent(None)),
            _ => None,
        })
    }
}

fn strong_verb(word: &str) -> Option<Towards> {
    match word {
        "send" | "sent" | "sending" | "sends" | "sended" | "outgoing" | "outbound" | "tx" | "transmit"
        | "transmitted" | "transmitting" | "egress" => Some(Towards::Sent),
        "receive" | "received" | "receiving" | "receives" | "recieved" | "recv" | "recvd" | "rcvd" | "rcv"
        | "incoming" | "inbound" | "rx" | "ingress" => Some(Towards::Received),
        _ => None,
    }
}

fn weak_verb(word: &str) -> Option<Towards> {
    match word {
        "out" | "write" | "wrote" | "writing" | "output" => Some(Towards::Sent),
        "in" | "read" | "got" | "input" | "onmessage" => Some(Towards::Received),
        _ => None,
    }
}

/// What is a direction in a member for it, and nowhere else.
fn only_here(word: &str) -> Option<Towards> {
    match word {
        "o" | "s" | "snd" => Some(Towards::Sent),
        "i" | "r" => Some(Towards::Received),
        "up" | "upload" => Some(Towards::Of(End::Station)),
        "down" | "download" => Some(Towards::Of(End::Csms)),
        _ => None,
    }
}

/// The end that the words at the beginning name, and the words after it. A word for an id of the end is not the end.
fn party(tokens: &[Token]) -> Option<(Party, &[Token])> {
    use End::{Csms, Station};
    const NAMES: [(&[&str], Party); 32] = [
        (&["charging", "station", "management", "system"], Party::End(Csms)),
        (&["charge", "point"], Party::End(Station)),
        (&["charging", "point"], Party::End(Station)),
        (&["charging", "station"], Party::End(Station)),
        (&["charge", "station"], Party::End(Station)),
        (&["charge", "box"], Party::End(Station)),
        (&["central", "system"], Party::End(Csms)),
        (&["management", "system"], Party::End(Csms)),
        (&["back", "end"], Party::End(Csms)),
        (&["web", "socket", "server"], Party::End(Csms)),
        (&["web", "socket", "client"], Party::End(Station)),
        (&["chargepoint"], Party::End(Station)),
        (&["chargingpoint"], Party::End(Station)),
        (&["chargingstation"], Party::End(Station)),
        (&["chargestation"], Party::End(Station)),
        (&["chargebox"], Party::End(Station)),
        (&["station"], Party::End(Station)),
        (&["charger"], Party::End(Station)),
        (&["wallbox"], Party::End(Station)),
        (&["evse"], Party::End(Station)),
        (&["client"], Party::End(Station)),
        (&["cp"], Party::End(Station)),
        (&["centralsystem"], Party::End(Csms)),
        (&["central"], Party::End(Csms)),
        (&["csms"], Party::End(Csms)),
        (&["cpms"], Party::End(Csms)),
        (&["cpo"], Party::End(Csms)),
        (&["csys"], Party::End(Csms)),
        (&["backend"], Party::End(Csms)),
        (&["server"], Party::End(Csms)),
        (&["cloud"], Party::End(Csms)),
        (&["cs"], Party::Cs),
    ];
    NAMES.iter().find_map(|(words, party)| {
        let mut rest = tokens;
        for (number, word) in words.iter().enumerate() {
            let after = if number > 0 { rest.strip_prefix(&[Token::Joint]).unwrap_or(rest) } else { rest };
            let (first, after) = after.split_first()?;
            if !matches!(first, Token::Word(found) if found == word) {
                return None;
            }
            rest = after;
        }
        let next = rest.strip_prefix(&[Token::Joint]).unwrap_or(rest).first();
        let is_its_id = matches!(next, Some(Token::Word(word)) if matches!(word.as_str(), "id" | "identity" | "identifier" | "name" | "ids"));
        (!is_its_id).then_some((*party, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reading that counts most.
    fn first(before: &str) -> Option<(Class, Towards)> {
        hints(before, "").into_iter().next().map(|hint| (hint.class, hint.towards))
    }

    #[test]
    fn ends_are_named_in_many_ways() {
        let (station, csms) = (Towards::Of(End::Station), Towards::Of(End::Csms));
        for (text, expected) in [
            ("CP01 -> CSMS: ", &station),
            ("CSMS -> CP01: ", &csms),
            ("CP01 <- CSMS: ", &csms),
            ("ChargePoint>CentralSystem Heartbeat ", &station),
            ("CS=>CP ", &csms),
            ("CS->CSMS ", &station),
            ("from charge point BOX1 to csms ", &station),
            ("message from csms to charger BOX1 ", &csms),
            ("received JSON message from charger: ", &station),
            ("sent JSON message to charger: ", &csms),
            ("sendToChargePoint ", &csms),
            ("onMessageFromChargingStation: ", &station),
            ("to the server >> to backend: ", &station),
            ("received by central system: ", &station),
            ("sent by central system: ", &csms),
        ] {
            assert_eq!(first(text), Some((Class::Between, expected.clone())), "{text}");
        }
        assert_eq!(first("Charge point BOX1 sent: "), Some((Class::Subject, station.clone())));
        assert_eq!(first("CSMS received "), Some((Class::Subject, station.clone())));
        assert_eq!(first("csms: "), Some((Class::Label, csms)));
        assert_eq!(first("BOX1 -> HUB: "), Some((Class::Between, Towards::From("BOX1".to_owned()))));
    }

    #[test]
    fn words_and_arrows_tell_the_direction() {
        for (text, class, towards) in [
            ("[ocpp] recv CP-01: ", Class::Verb, Towards::Received),
            ("CP_1: receive message ", Class::Verb, Towards::Received),
            ("TX: ", Class::Verb, Towards::Sent),
            ("2026-05-02 10:21:41 > ", Class::Arrow, Towards::Sent),
            ("DEBUG <<< ", Class::Arrow, Towards::Received),
            ("ws <- ", Class::Arrow, Towards::Received),
            ("10:00 → ", Class::Arrow, Towards::Sent),
            ("(out) ", Class::WeakVerb, Towards::Sent),
        ] {
            assert_eq!(first(text), Some((class, towards)), "{text}");
        }
        for text in ["<14>host ", "this->handle(", "client_id=CP01 ", "chargePointId: CP_1 ", "List<String>: ", "CP_1 "]
        {
            assert_eq!(first(text), None, "{text}");
        }
    }
}
