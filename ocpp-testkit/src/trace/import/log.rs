//! The log of another program: each frame in it with what its line says, put together to records.

use std::collections::{BTreeMap, BTreeSet};

use ocpp_rpc::frame::MessageType;

use super::frames;
use super::objects::{self, Piece};
use super::sighting::Sighting;
use super::times::{self, Time};
use super::words::{self, Class};
use super::{Imported, Order, Unread, csv, markup, senders};
use crate::link::End;
use crate::trace::record::{Entry, Record, What};

/// So many lines above a frame that begins a line may be its heading.
const HEADING_LINES: usize = 16;

/// Two loggers write the same frame within so many frames.
const COPY_FRAMES: usize = 12;

/// Reads a log.
pub(super) fn read(text: &str) -> Imported {
    let text = &*markup::plain(text);
    let mut scan = Scan { text, ..Scan::default() };
    if let Some(sightings) = csv::read(text) {
        scan.sightings = sightings;
        scan.skipped.extend((1_u64..).zip(text.lines()).take(1).map(|(line, _)| line));
    } else {
        scan.run();
    }
    scan.finish()
}

#[derive(Default)]
struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// The line in which `at` is.
    line: u64,
    sightings: Vec<Sighting>,
    /// Lines that are part of no frame.
    skipped: BTreeSet<u64>,
}

impl<'a> Scan<'a> {
    fn run(&mut self) {
        self.line = 1;
        while let Some(found) = frames::find(self.text, self.at) {
            let (from, start, end) = (self.at, found.start, found.end);
            let slice = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
            let line_start = slice(0, start).rfind('\n').map_or(0, |at| at + 1);
            if let Some((object, pieces, length)) = self.object(from, start, end) {
                let prefix_start = slice(0, object).rfind('\n').map_or(0, |at| at + 1).max(from.min(object));
                let prefix = slice(prefix_start, object);
                self.pass(object, false);
                let first = self.line;
                for mut piece in pieces {
                    let line = first + lines(slice(object, object + piece.at));
                    piece.at += object;
                    self.sightings.push(Sighting::of(line, prefix, piece));
                }
                self.pass(object + length, true);
                continue;
            }
            let before = slice(line_start.max(from), start);
            let after = slice(end, self.text.len()).lines().next().unwrap_or_default();
            let after = frames::find(after, 0).map_or(after, |next| after.get(..next.start).unwrap_or_default());
            let is_alone = !before.contains(|c: char| c.is_alphanumeric() || !c.is_ascii());
            let heading =
                if is_alone && line_start >= from { self.heading(slice(from, line_start)) } else { Heading::default() };
            self.pass(start, false);
            let around = format!("{} {} {after}", heading.text, slice(line_start, start));
            let told = if heading.text.is_empty() { before.to_owned() } else { format!("{} {before}", heading.text) };
            self.sightings.push(Sighting::new(self.line, found, &told, &around, after));
            let first = self.line.saturating_sub(heading.lines);
            self.skipped.retain(|line| !(first..self.line).contains(line));
            self.pass(end, true);
        }
        self.pass(self.text.len(), false);
    }

    /// The object around a frame, if the text has one there.
    fn object(&self, from: usize, start: usize, end: usize) -> Option<(usize, Vec<Piece>, usize)> {
        let between = self.text.get(from..start)?;
        let line = between.rfind('\n').map_or(0, |at| at + 1);
        let in_line = between.get(line..)?.find('{').map(|at| line + at);
        let spread = || between.rfind("\n{").map(|at| at + 1).or_else(|| between.starts_with('{').then_some(0));
        let all = || {
            (from == 0).then(|| {
                between.find(['{', '[']).filter(|at| between.get(..*at).is_some_and(|text| text.trim().is_empty()))
            })?
        };
        let places = [in_line, spread(), all()];
        places.into_iter().flatten().find_map(|at| {
            let object = from + at;
            let (pieces, length) = objects::read(self.text.get(object..)?)?;
            (object + length >= end).then_some((object, pieces, length))
        })
    }

    /// Goes on to a place. Lines that end on the way, and in which no frame is, are skipped.
    fn pass(&mut self, to: usize, is_frame: bool) {
        let passed = self.text.get(self.at..to).unwrap_or_default();
        for (number, line) in passed.split('\n').enumerate() {
            let number = self.line + u64::try_from(number).unwrap_or_default();
            if !is_frame && !line.trim().is_empty() && self.sightings.last().is_none_or(|last| last.line != number) {
                self.skipped.insert(number);
            }
            if is_frame {
                self.skipped.remove(&number);
            }
        }
        self.line += lines(passed);
        self.at = to.max(self.at);
    }

    /// What stands in the lines above a frame that begins its line: the nearest that tell anything.
    fn heading(&self, above: &str) -> Heading {
        let mut heading = Heading::default();
        let mut lines_up = 0;
        for line in above.lines().rev().take(HEADING_LINES) {
            lines_up += 1;
            if line.trim().is_empty() {
                continue;
            }
            let hints = words::hints(line, "");
            let has_way = hints.iter().any(|hint| hint.class < Class::WeakVerb) || is_masked(line).is_some();
            let has_time = times::find(line) != Time::default();
            if has_way || (has_time && !heading.text.is_empty()) {
                let masked = is_masked(line)
                    .map_or("", |end| if end == End::Station { " client -> server " } else { " server -> client " });
                heading.text = format!("{line}{masked} {}", heading.text);
                heading.lines = lines_up;
            }
            if has_way && has_time {
                break;
            }
        }
        heading
    }

    fn finish(mut self) -> Imported {
        name_the_nameless(&mut self.sightings);
        let senders = senders::of(&self.sightings);
        let is_told = self.sightings.iter().any(|sighting| !sighting.hints.is_empty());
        let is_timed = self.sightings.iter().any(|sighting| sighting.time != Time::default());
        let is_paired = is_paired(&self.sightings);
        let mut kept: Vec<(Sighting, End)> = Vec::new();
        let mut unread = Vec::new();
        for (sighting, sender) in self.sightings.drain(..).zip(senders) {
            let recent = kept.iter_mut().rev().take(COPY_FRAMES);
            match recent.into_iter().find(|(kept, from)| *from == sender && sighting.is_copy_of(kept)) {
                Some((kept, _)) => {
                    let reason = format!("the frame of line {} again", kept.line);
                    unread.push(Unread { line: sighting.line, reason, text: sighting.frame.clone(), is_foreign: true });
                    if kept.is_cut && !sighting.is_cut {
                        (kept.frame, kept.head, kept.is_cut) = (sighting.frame, sighting.head, false);
                    }
                    kept.station = kept.station.take().or(sighting.station);
                }
                None => kept.push((sighting, sender)),
            }
        }
        let text: Vec<&str> = self.text.lines().collect();
        for line in &self.skipped {
            let shown = usize::try_from(*line - 1).ok().and_then(|place| text.get(place)).copied().unwrap_or_default();
            let reason = "no frame in this line".to_owned();
            unread.push(Unread { line: *line, reason, text: shown.to_owned(), is_foreign: true });
        }
        unread.sort_by_key(|unread| unread.line);
        let conns = connections(&kept);
        let mut imported = Imported { unread, ..Imported::default() };
        imported.order = if is_timed || is_told || is_paired { Order::Kept } else { Order::Unknown };
        for ((sighting, from), conn) in kept.into_iter().zip(conns) {
            let Sighting { line, time, station, frame: text, is_cut, .. } = sighting;
            let what = if is_cut { What::Cut { from, text } } else { What::Frame { from, text } };
            imported
                .recording
                .entries
                .push(Entry { line, record: Record { wall: time.wall, at: time.at, conn, station, what } });
        }
        imported
    }
}

#[derive(Default)]
struct Heading {
    text: String,
    lines: u64,
}

/// The sender by Wireshark's words: only a client masks what it sends (RFC 6455 §5.3).
fn is_masked(line: &str) -> Option<End> {
    line.contains("WebSocket Text").then(|| if line.contains("[MASKED]") { End::Station } else { End::Csms })
}

fn lines(text: &str) -> u64 {
    u64::try_from(text.matches('\n').count()).unwrap_or_default()
}

/// Whether any answer stands behind its call.
fn is_paired(sightings: &[Sighting]) -> bool {
    let mut calls = BTreeSet::new();
    sightings.iter().any(|sighting| match sighting.head.kind {
        Some(MessageType::Call) => {
            calls.insert((sighting.station.clone(), sighting.head.id.clone()));
            false
        }
        Some(MessageType::CallResult | MessageType::CallError) => {
            sighting.head.id.is_some() && calls.contains(&(sighting.station.clone(), sighting.head.id.clone()))
        }
        Some(MessageType::Send | MessageType::CallResultError) | None => false,
    })
}

/// How many calls have the id of another call that waits.
fn clashes(sightings: &[Sighting], station: fn(&Sighting) -> Option<String>) -> usize {
    let mut open: BTreeMap<_, &Option<String>> = BTreeMap::new();
    let mut count = 0;
    for sighting in sightings {
        let key = (station(sighting), sighting.head.id.clone());
        match sighting.head.kind {
            Some(MessageType::Call) => {
                let other = open.insert(key, &sighting.head.action);
                count += usize::from(other.is_some_and(|action| *action != sighting.head.action));
            }
            Some(MessageType::CallResult | MessageType::CallError) => drop(open.remove(&key)),
            Some(MessageType::Send | MessageType::CallResultError) | None => {}
        }
    }
    count
}

/// Frames in lines without an identity belong to the station of their calls and answers, or to the only one.
fn name_the_nameless(sightings: &mut [Sighting]) {
    let said: BTreeSet<String> = sightings.iter().filter(|it| it.is_said).filter_map(|it| it.station.clone()).collect();
    let pairs = |sightings: &[Sighting], station: fn(&Sighting) -> Option<String>| {
        let mut calls = BTreeSet::new();
        let mut count = 0;
        for sighting in sightings {
            let key = (station(sighting), sighting.head.id.clone());
            match sighting.head.kind {
                Some(MessageType::Call) => drop(calls.insert(key)),
                Some(MessageType::CallResult | MessageType::CallError) if calls.contains(&key) => count += 1,
                Some(_) | None => {}
            }
        }
        count
    };
    // What only stands where an identity would is one if calls and answers agree on it.
    if said.is_empty() && pairs(sightings, |it| it.station.clone()) < pairs(sightings, |_| None) {
        sightings.iter_mut().for_each(|sighting| sighting.station = None);
    }
    if !said.is_empty() {
        for sighting in sightings.iter_mut().filter(|sighting| !sighting.is_said) {
            sighting.station = sighting.station.take().filter(|station| said.contains(station));
        }
    }
    // A word is one if without it calls would have the ids of others that wait.
    if sightings.iter().all(|sighting| sighting.station.is_none())
        && clashes(sightings, |_| None) > clashes(sightings, |it| it.word.clone())
        && pairs(sightings, |_| None) <= pairs(sightings, |it| it.word.clone())
    {
        sightings.iter_mut().for_each(|sighting| sighting.station.clone_from(&sighting.word));
    }
    let all: BTreeSet<String> = sightings.iter().filter_map(|sighting| sighting.station.clone()).collect();
    if all.is_empty() {
        // Connections of nobody may be of different stations.
        let conns: BTreeSet<&Option<String>> = sightings.iter().map(|sighting| &sighting.conn).collect();
        if conns.len() > 1 && !conns.contains(&None) {
            sightings.iter_mut().for_each(|sighting| sighting.station.clone_from(&sighting.conn));
        }
        return;
    }
    if all.len() < 2 {
        sightings.iter_mut().for_each(|sighting| sighting.station = all.first().cloned());
        return;
    }
    for forwards in [true, false] {
        let mut last: BTreeMap<String, String> = BTreeMap::new();
        let order: Vec<usize> =
            if forwards { (0..sightings.len()).collect() } else { (0..sightings.len()).rev().collect() };
        for place in order {
            let Some(sighting) = sightings.get_mut(place) else { continue };
            let Some(id) = sighting.head.id.clone() else { continue };
            match &sighting.station {
                Some(station) => drop(last.insert(id, station.clone())),
                None => sighting.station = last.get(&id).cloned(),
            }
        }
    }
}

/// Numbers of connections, where each line of a station names one.
fn connections(kept: &[(Sighting, End)]) -> Vec<Option<u64>> {
    let mut without: BTreeSet<&Option<String>> = BTreeSet::new();
    without.extend(kept.iter().filter(|(sighting, _)| sighting.conn.is_none()).map(|(sighting, _)| &sighting.station));
    let mut numbers = BTreeMap::new();
    kept.iter()
        .map(|(sighting, _)| {
            let conn = sighting.conn.as_ref().filter(|_| !without.contains(&sighting.station))?;
            let next = u64::try_from(numbers.len()).ok()? + 1;
            Some(*numbers.entry((&sighting.station, conn)).or_insert(next))
        })
        .collect()
}
