//! What happened in a run: one line per frame, order, fact and event, with its virtual time.
//!
//! The same seed gives the same lines; the hash says so without keeping them.

use std::fmt;

use ocpp_core::time::Instant;

use crate::checks::wire::Frame;

/// Marks a frame that was sent into a connection that is gone.
pub(crate) const LOST: &str = " (lost)";

/// Frames that no machine sent.
pub(crate) const INTERCEPTED: &str = "answers for the csms ";
pub(crate) const INJECTED_UP: &str = "sends the csms ";
pub(crate) const INJECTED_DOWN: &str = "sends the station ";

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The station's machine.
    Station,
    /// The hardware of this EVSE.
    Evse(u16),
    /// The CSMS's session.
    Csms,
    /// The network.
    Link,
    /// The world around: drivers, operators, fate.
    World,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Station => f.pad("station"),
            Actor::Evse(number) => f.pad(&format!("evse {number}")),
            Actor::Csms => f.pad("csms"),
            Actor::Link => f.pad("link"),
            Actor::World => f.pad("world"),
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: Actor,
    /// What: a verb first.
    pub text: String,
}

impl Line {
    fn spoken(&self) -> Option<String> {
        let said = |verb| self.text.strip_prefix(verb);
        let sent = said(INJECTED_UP).or_else(|| said(INJECTED_DOWN)).or_else(|| said(INTERCEPTED));
        let sent = sent.or_else(|| said("sends "))?;
        let (frame, fate) = sent.strip_suffix(LOST).map_or((sent, ""), |frame| (frame, LOST));
        let told = match Frame::parse(frame.as_bytes())? {
            Frame::Call { action, payload, .. } => format!("{action} {payload}"),
            Frame::Result { payload, .. } => payload.to_string(),
            Frame::Error { code, .. } => code,
        };
        let is_up = self.actor == Actor::Station || said(INJECTED_UP).is_some();
        let arrow = if is_up { '>' } else { '<' };
        let millis = self.at.as_millis();
        Some(format!("{:>5}.{:03} {arrow} {told}{fate}\n", millis / 1000, millis % 1000))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.at.as_millis();
        write!(f, "{:>7}.{:03} {:<8}{}", millis / 1000, millis % 1000, self.actor, self.text)
    }
}

/// The record of a run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// None if nobody will read them: writing them is most of a run's work.
    lines: Option<Vec<Line>>,
    hash: u64,
}

impl Trace {
    /// A trace that is kept.
    pub fn kept() -> Self {
        Trace { lines: Some(Vec::new()), hash: FNV_OFFSET }
    }

    /// A trace that is not, and whose hash says nothing: for runs by the thousand, where a failing one is run again.
    pub fn off() -> Self {
        Trace { lines: None, hash: FNV_OFFSET }
    }

    /// Whether lines are kept.
    pub fn is_kept(&self) -> bool {
        self.lines.is_some()
    }

    /// Adds a line.
    pub fn note(&mut self, at: Instant, actor: Actor, text: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            let line = Line { at, actor, text: text() };
            self.hash =
                line.to_string().bytes().fold(self.hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
            lines.push(line);
        }
    }

    /// The lines.
    pub fn lines(&self) -> &[Line] {
        self.lines.as_deref().unwrap_or_default()
    }

    /// FNV-1a over all lines.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The frames alone, without their message ids, as a conversation: `>` is towards the CSMS, `<` towards the station.
    pub fn conversation(&self) -> String {
        self.lines().iter().filter_map(Line::spoken).collect()
    }

    /// The last `count` lines.
    pub fn tail(&self, count: usize) -> String {
        let lines = self.lines();
        let tail = lines.get(lines.len().saturating_sub(count)..).unwrap_or_default();
        tail.iter().map(|line| format!("{line}\n")).collect()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

const FNV_OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01B3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_shows_time_actor_and_text() {
        let mut trace = Trace::kept();
        trace.note(Instant::from_millis(61_042), Actor::Evse(2), || "reports Cable(Absent)".to_owned());
        assert_eq!(trace.to_string(), "     61.042 evse 2  reports Cable(Absent)\n");
    }

    #[test]
    fn hash_tells_traces_apart() {
        let hash = |texts: &[&str]| {
            let mut trace = Trace::kept();
            texts.iter().for_each(|text| trace.note(Instant::ZERO, Actor::Link, || (*text).to_owned()));
            trace.hash()
        };
        assert_eq!(hash(&["a", "b"]), hash(&["a", "b"]));
        assert_ne!(hash(&["a", "b"]), hash(&["b", "a"]));
        assert_ne!(hash(&["a", "b"]), hash(&["a"]));
    }
}
