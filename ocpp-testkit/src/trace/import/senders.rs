//! Who sent which frame of a log.
//!
//! Some calls only one end makes, and their answers come from the other end: so far the frames themselves tell. By these each way of
//! telling ([`Class`]) is judged, over the whole log: what `sent` means in it, and whether a word that stands in each line means
//! anything. Then each frame's line is believed, the most reliable way first; where it says nothing, the frame itself.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use ocpp_rpc::frame::MessageType;

use super::sighting::Sighting;
use super::words::{Class, Towards};
use crate::link::End;
use crate::trace::record::dialect;
use crate::validate::payload::{Part, Verdict, check};

/// The sender of each frame.
pub(super) fn of(sightings: &[Sighting]) -> Vec<End> {
    let told: Vec<Option<End>> = by_themselves(sightings, &[]);
    let judges = Judges::of(sightings, &told);
    let mut said: Vec<Option<End>> = sightings.iter().map(|sighting| judges.sender(sighting)).collect();
    // Answers without a word go against their calls, whatever told their sender.
    let by_calls = by_themselves(sightings, &said);
    for (said, by_call) in said.iter_mut().zip(by_calls) {
        *said = said.or(by_call);
    }
    by_style(sightings, &mut said);
    let by_calls = by_themselves(sightings, &said);
    said.into_iter().zip(by_calls).map(|(said, by_call)| said.or(by_call).unwrap_or(End::Station)).collect()
}

/// Calls that either end makes, in a log that says nothing: each program writes its ids and spaces alike.
fn by_style(sightings: &[Sighting], said: &mut [Option<End>]) {
    let style = |sighting: &Sighting| {
        let id = sighting.head.id.as_deref().unwrap_or_default();
        let id: String = id.chars().map(|c| if c.is_alphanumeric() { 'x' } else { c }).collect();
        (sighting.frame.get(..4).map(|begin| begin.contains(' ')), id)
    };
    let is_call = |sighting: &Sighting| matches!(sighting.head.kind, Some(MessageType::Call | MessageType::Send));
    let mut styles: BTreeMap<_, BTreeSet<End>> = BTreeMap::new();
    for (sighting, said) in sightings.iter().zip(said.iter()).filter(|(sighting, _)| is_call(sighting)) {
        styles.entry(style(sighting)).or_default().extend(*said);
    }
    for (sighting, said) in sightings.iter().zip(said).filter(|(sighting, said)| said.is_none() && is_call(sighting)) {
        let ends = styles.get(&style(sighting)).filter(|ends| ends.len() == 1);
        *said = ends.and_then(|ends| ends.first().copied());
    }
}

/// The callers and actions of calls with one id.
type OpenCalls<'a> = Vec<(Option<End>, Option<&'a str>)>;

/// What frames themselves tell; `said` is what is known better.
fn by_themselves(sightings: &[Sighting], said: &[Option<End>]) -> Vec<Option<End>> {
    let mut calls: BTreeMap<(Option<&str>, &str), OpenCalls<'_>> = BTreeMap::new();
    let mut senders = Vec::with_capacity(sightings.len());
    for (place, sighting) in sightings.iter().enumerate() {
        let known = said.get(place).copied().flatten();
        let (station, id) = (sighting.station.as_deref(), sighting.head.id.as_deref().unwrap_or_default());
        let sender = match sighting.head.kind {
            Some(MessageType::Call | MessageType::Send) => {
                let caller = known.or_else(|| sighting.caller());
                let open = calls.entry((station, id)).or_default();
                // A repetition, or the copy of another logger.
                if !open.contains(&(caller, sighting.head.action.as_deref())) {
                    open.push((caller, sighting.head.action.as_deref()));
                }
                caller
            }
            Some(MessageType::CallResult | MessageType::CallError) => {
                let open = calls.get(&(station, id)).map_or(&[] as &[_], Vec::as_slice);
                known.or_else(|| answerer(open, &sighting.frame))
            }
            Some(MessageType::CallResultError) => {
                known.or_else(|| calls.get(&(station, id)).and_then(|open| open.last().and_then(|(caller, _)| *caller)))
            }
            None => known,
        };
        senders.push(sender);
    }
    senders
}

/// Who answers so, of the calls that have this id.
fn answerer(open: &[(Option<End>, Option<&str>)], frame: &str) -> Option<End> {
    let callers: BTreeSet<End> = open.iter().filter_map(|(caller, _)| *caller).collect();
    if callers.len() < 2 {
        return callers.first().map(|caller| caller.peer());
    }
    // Both ends number their calls alike: then the answer tells which call it fits.
    let payload = crate::trace::conversation::element(frame, 2)?;
    let fits = |caller: End, action: &str| {
        ["1.6", "2.0.1", "2.1"].into_iter().filter_map(dialect).any(|dialect| {
            let verdict = check(dialect, action, Part::Response, Some(caller.peer()), payload);
            matches!(verdict, Verdict::Read(repairs) if repairs.is_empty())
        })
    };
    let fitting = open
        .iter()
        .rev()
        .find(|(caller, action)| caller.zip(*action).is_some_and(|(caller, action)| fits(caller, action)));
    fitting.or(open.last()).and_then(|(caller, _)| *caller).map(End::peer)
}

/// How often something was right and wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Votes {
    right: u32,
    wrong: u32,
}

impl Votes {
    fn count(&mut self, is_right: bool) {
        if is_right { self.right += 1 } else { self.wrong += 1 }
    }
}

/// What each way of telling is worth in this log.
#[derive(Default)]
struct Judges {
    /// For what names an end.
    ends: BTreeMap<Class, Votes>,
    /// The ends that each names.
    named: BTreeMap<Class, BTreeSet<End>>,
    /// For what was sent and received, if the station wrote the log: of all lines, and of the lines of each shape.
    ways: BTreeMap<(Class, Option<String>), Votes>,
    /// Who has a name, by what was from it.
    names: BTreeMap<String, Votes>,
}

impl Judges {
    fn of(sightings: &[Sighting], told: &[Option<End>]) -> Self {
        let mut judges = Judges::default();
        for (sighting, told) in sightings.iter().zip(told) {
            for hint in &sighting.hints {
                if let Towards::Of(end) = hint.towards {
                    judges.named.entry(hint.class).or_default().insert(end);
                }
                let Some(told) = *told else { continue };
                match &hint.towards {
                    Towards::Of(end) => judges.ends.entry(hint.class).or_default().count(*end == told),
                    Towards::Sent | Towards::Received => {
                        let is_station = (hint.towards == Towards::Sent) == (told == End::Station);
                        judges.ways.entry((hint.class, None)).or_default().count(is_station);
                        let shape = Some(sighting.shape.clone());
                        judges.ways.entry((hint.class, shape)).or_default().count(is_station);
                    }
                    Towards::From(name) => judges.names.entry(name.clone()).or_default().count(told == End::Station),
                    Towards::To(name) => judges.names.entry(name.clone()).or_default().count(told == End::Csms),
                }
            }
            if let (Some(station), true) = (&sighting.station, sighting.is_said) {
                judges.names.entry(station.clone()).or_default().right += 1;
            }
        }
        judges
    }

    fn sender(&self, sighting: &Sighting) -> Option<End> {
        sighting.hints.iter().find_map(|hint| match &hint.towards {
            Towards::Of(end) => self.is_believed(hint.class).then_some(*end),
            Towards::Sent => self.writer(hint.class, &sighting.shape),
            Towards::Received => self.writer(hint.class, &sighting.shape).map(End::peer),
            Towards::From(name) => self.named(name),
            Towards::To(name) => self.named(name).map(End::peer),
        })
    }

    /// Who has this name.
    fn named(&self, name: &str) -> Option<End> {
        let votes = self.names.get(name).copied().unwrap_or_default();
        match votes.right.cmp(&votes.wrong) {
            Ordering::Greater => Some(End::Station),
            Ordering::Less => Some(End::Csms),
            Ordering::Equal => None,
        }
    }

    /// Whether ends that are named in this way are the senders.
    fn is_believed(&self, class: Class) -> bool {
        let votes = self.ends.get(&class).copied().unwrap_or_default();
        // One end in all lines names the log, not the sender.
        let is_constant = self.named.get(&class).is_none_or(|named| named.len() < 2);
        match class {
            Class::Field | Class::Between | Class::Subject | Class::Label | Class::Verb | Class::Arrow => {
                votes.wrong <= votes.right && !(is_constant && votes.wrong > 0 && votes.right > 0)
                    || votes.wrong + votes.right < 2
            }
            Class::WeakVerb | Class::Party | Class::After => {
                votes.wrong * 4 <= votes.right && !(is_constant && votes.wrong > 0)
            }
        }
    }

    /// Whose log it is, as far as this way of telling goes; none if it means nothing.
    fn writer(&self, class: Class, shape: &str) -> Option<End> {
        let clear = |votes: &Votes, margin: u32| {
            let (more, less) = (votes.right.max(votes.wrong), votes.right.min(votes.wrong));
            (more > 0 && less * margin < more).then_some(if votes.right > votes.wrong {
                End::Station
            } else {
                End::Csms
            })
        };
        let margin = if class <= Class::Arrow { 2 } else { 4 };
        if let Some(votes) = self.ways.get(&(class, None)) {
            // The logs of two programs may be in one file.
            return clear(votes, margin)
                .or_else(|| self.ways.get(&(class, Some(shape.to_owned()))).and_then(|votes| clear(votes, margin)));
        }
        let mut all = Votes::default();
        for ((_, shape), votes) in &self.ways {
            if shape.is_none() {
                (all.right, all.wrong) = (all.right + votes.right, all.wrong + votes.wrong);
            }
        }
        clear(&all, 2).or_else(|| (class <= Class::Arrow).then_some(End::Station))
    }
}
