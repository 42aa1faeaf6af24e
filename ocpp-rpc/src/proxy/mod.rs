//! A relay between one station and its CSMS, such as a local controller is (Part 4 chapter 6).
//!
//! For each station that connects, the controller keeps one [`Relay`] and one connection to the CSMS under the station's
//! identity. Frames pass as they are, byte for byte; neither end can tell that it does not speak to the other one. The
//! controller may
//!
//! - make calls of its own to the station ([`Relay::call`]); their ids are its own, and their answers stay with it
//!   (Part 4 §6.4);
//! - let a secondary CSMS listen to the station's calls and make calls, under ids that are mapped both ways;
//! - refuse or handle calls by their action ([`ActionFilter`]).
//!
//! The station still gets one call at a time, whoever makes them. The relay owns no connection: [`Relay::poll_output`]
//! says what to send, open and close. Poll it after each input until there is nothing left.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::fmt;

use ocpp_types::Violation;

use crate::call_error::check_object;
use crate::frame::{FrameFault, FrameRule, write};
use crate::{CallError, Dialect, ErrorCode, Frame, Instant, MessageId, MessageIds};

mod config;
mod line;
#[cfg(test)]
mod tests;

pub use config::{ActionFilter, RelayConfig, SecondaryRules, Verdict};
use line::{Busy, Line, Waiting};

/// One end of a connection of the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// The station.
    Station,
    /// The CSMS that answers the station.
    Primary,
    /// A CSMS that listens, and may call.
    Secondary,
}

/// What the relay's owner has to do or to know, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write this text message to the party's connection.
    Send {
        /// Whom.
        to: Party,
        /// What.
        text: String,
    },
    /// Open a connection to this CSMS under the station's identity, offering only this version. Then call
    /// [`Relay::upstream_opened`], or [`Relay::closed`] if that fails.
    Connect(Party, Dialect),
    /// Close the party's connection, if there is one. That it closed need not be reported, and must not be any more once
    /// a new one was ordered or opened.
    Close(Party),
    /// A call the application is to answer, by [`Relay::send`].
    Handle {
        /// Who calls.
        from: Party,
        /// The frame.
        text: String,
    },
    /// The station's answer to one of the relay's own calls, which so has ended.
    Answer {
        /// The call.
        id: MessageId,
        /// The frame.
        text: String,
    },
    /// One of the relay's own calls ended without an answer.
    NoAnswer(MessageId),
    /// A frame that is not passed on because it is faulty. Its sender was answered if that was due.
    Malformed {
        /// Who sent it.
        from: Party,
        /// What is wrong.
        fault: FrameFault,
    },
    /// A frame that is not passed on because too many wait. A server that called was answered with `GenericError`.
    Dropped {
        /// Who sent it.
        from: Party,
    },
}

/// Why a call of the relay's own was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelayRefused {
    /// The station is not connected.
    #[error("station is not connected")]
    Closed,
    /// Too many calls wait for the station ([`RelayConfig::max_held`]).
    #[error("too many calls are waiting")]
    Full,
    /// The payload is not the text of one JSON object.
    #[error("payload: {0}")]
    Payload(Violation),
}

/// Who made a call towards the station.
#[derive(Clone, Debug)]
enum Origin {
    Primary,
    /// Under this id.
    Secondary(MessageId),
    Own,
}

/// The state of a connection to a CSMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upstream {
    Closed,
    Opening,
    Open,
}

/// One station's way through a local controller.
#[derive(Clone)]
pub struct Relay {
    config: RelayConfig,
    ids: MessageIds,
    now: Instant,
    /// The version spoken with the station, while it is connected; all parties speak the same.
    dialect: Option<Dialect>,
    primary: Upstream,
    secondary: Upstream,
    /// Frames of the station that wait for the primary's connection.
    held: VecDeque<String>,
    /// Calls towards the station.
    to_station: Line<Origin>,
    /// Copies of the station's calls towards the secondary.
    to_secondary: Line<()>,
    output: VecDeque<Output>,
}

impl Relay {
    /// A relay without connections. The seed makes the ids of its own calls unique: see [`MessageIds`].
    pub fn new(config: RelayConfig, seed: u64) -> Self {
        Self {
            config,
            ids: MessageIds::new(seed),
            now: Instant::ZERO,
            dialect: None,
            primary: Upstream::Closed,
            secondary: Upstream::Closed,
            held: VecDeque::new(),
            to_station: Line::new(),
            to_secondary: Line::new(),
            output: VecDeque::new(),
        }
    }

    /// The station connected and speaks `dialect`. The connections to the CSMSs are to be opened.
    pub fn station_opened(&mut self, now: Instant, dialect: Dialect) {
        self.closed(now, Party::Station);
        self.dialect = Some(dialect);
        self.primary = Upstream::Opening;
        self.output.push_back(Output::Connect(Party::Primary, dialect));
        if self.config.secondary.is_some() {
            self.secondary = Upstream::Opening;
            self.output.push_back(Output::Connect(Party::Secondary, dialect));
        }
    }

    /// The connection to a CSMS is open, with the version asked for.
    pub fn upstream_opened(&mut self, now: Instant, party: Party) {
        self.advance(now);
        match party {
            Party::Primary if self.dialect.is_some() => {
                self.primary = Upstream::Open;
                for text in core::mem::take(&mut self.held) {
                    self.output.push_back(Output::Send { to: Party::Primary, text });
                }
            }
            Party::Secondary if self.dialect.is_some() => {
                self.secondary = Upstream::Open;
                self.feed();
            }
            // The station left meanwhile.
            Party::Primary | Party::Secondary => self.output.push_back(Output::Close(party)),
            Party::Station => {}
        }
    }

    /// A party's connection closed, or could not be opened.
    pub fn closed(&mut self, now: Instant, party: Party) {
        self.advance(now);
        match party {
            Party::Station => {
                if self.dialect.take().is_none() {
                    return;
                }
                self.end_calls();
                self.held.clear();
                self.to_secondary = Line::new();
                for (party, upstream) in [(Party::Primary, &mut self.primary), (Party::Secondary, &mut self.secondary)]
                {
                    if core::mem::replace(upstream, Upstream::Closed) != Upstream::Closed {
                        self.output.push_back(Output::Close(party));
                    }
                }
            }
            Party::Primary => {
                let held = core::mem::take(&mut self.held);
                if core::mem::replace(&mut self.primary, Upstream::Closed) == Upstream::Closed {
                    return;
                }
                self.to_station.withdraw(|origin| matches!(origin, Origin::Primary));
                if self.config.keep_station {
                    let handled = held.into_iter().map(|text| Output::Handle { from: Party::Station, text });
                    self.output.extend(handled);
                } else {
                    self.output.push_back(Output::Close(Party::Station));
                    self.closed(now, Party::Station);
                }
            }
            Party::Secondary => {
                self.secondary = Upstream::Closed;
                self.to_station.withdraw(|origin| matches!(origin, Origin::Secondary(_)));
                self.to_secondary = Line::new();
            }
        }
    }

    /// Connects anew to a CSMS that was lost while the station stayed: the secondary, or with
    /// [`RelayConfig::keep_station`] the primary.
    pub fn reconnect(&mut self, now: Instant, party: Party) {
        self.advance(now);
        let Some(dialect) = self.dialect else { return };
        let upstream = match party {
            Party::Station => return,
            Party::Primary => &mut self.primary,
            Party::Secondary if self.config.secondary.is_none() => return,
            Party::Secondary => &mut self.secondary,
        };
        if *upstream == Upstream::Closed {
            *upstream = Upstream::Opening;
            self.output.push_back(Output::Connect(party, dialect));
        }
    }

    /// A frame came from a party.
    pub fn receive(&mut self, now: Instant, from: Party, frame: &[u8]) {
        self.advance(now);
        let Some(dialect) = self.dialect else { return };
        let opened = Frame::open(frame, dialect, &self.config.limits);
        let text = core::str::from_utf8(frame).unwrap_or_default();
        match (opened, from) {
            (Ok(Frame::Call { id, action, .. }), Party::Station) => {
                self.station_calls(Some(id), &action, text, dialect)
            }
            (Ok(Frame::Send { action, .. }), Party::Station) => self.station_calls(None, &action, text, dialect),
            (Ok(Frame::Call { id, action, .. }), Party::Primary) => {
                match self.config.from_primary.verdict(&action) {
                    Verdict::Pass => {
                        let call = Waiting { id, origin: Origin::Primary, text: text.into() };
                        if matches!(self.to_station.busy(), Some(Busy { origin: Origin::Primary, .. })) {
                            // The primary has given up the call before, and so may send another one; nobody else may.
                            let text = self.to_station.replace(call, self.now, self.config.answer_within);
                            self.output.push_back(Output::Send { to: Party::Station, text });
                        } else {
                            self.queue(from, call, dialect);
                        }
                    }
                    Verdict::Refuse => self.refuse(from, &id, not_supported(), dialect),
                    Verdict::Handle => self.output.push_back(Output::Handle { from, text: text.into() }),
                }
            }
            (Ok(Frame::Call { id, action, .. }), Party::Secondary) => {
                let Some(rules) = &self.config.secondary else { return };
                match rules.may_call.verdict(&action) {
                    Verdict::Pass => {
                        let own = self.ids.next_id();
                        let Some(text) = write::replace_id(text, &own) else { return };
                        self.queue(from, Waiting { id: own, origin: Origin::Secondary(id), text }, dialect);
                    }
                    Verdict::Refuse => self.refuse(from, &id, not_supported(), dialect),
                    Verdict::Handle => self.output.push_back(Output::Handle { from, text: text.into() }),
                }
            }
            (Ok(Frame::CallResult { id, .. } | Frame::CallError { id, .. }), Party::Station) => {
                self.station_answers(&id, text);
            }
            // Its own ids are no concern of the primary, nor is anybody else's answer to them.
            (Ok(Frame::CallResultError { id, .. }), Party::Station) if self.ids.is_own(&id) => {}
            (Ok(Frame::CallResultError { .. }), Party::Station) => self.pass_up(text),
            (
                Ok(
                    Frame::Send { .. }
                    | Frame::CallResult { .. }
                    | Frame::CallError { .. }
                    | Frame::CallResultError { .. },
                ),
                Party::Primary,
            ) => self.output.push_back(Output::Send { to: Party::Station, text: text.into() }),
            (Ok(Frame::CallResult { id, .. } | Frame::CallError { id, .. }), Party::Secondary) => {
                if self.to_secondary.answered(&id).is_some() {
                    self.feed();
                }
            }
            (Ok(Frame::Send { .. } | Frame::CallResultError { .. }), Party::Secondary) => {}
            (Err(fault), _) => self.faulty(from, fault, text, dialect),
        }
    }

    /// Sends a frame of the application, such as the answer to an [`Output::Handle`].
    pub fn send(&mut self, now: Instant, to: Party, text: String) {
        self.advance(now);
        self.output.push_back(Output::Send { to, text });
    }

    /// Makes a call of the relay's own to the station. It ends in [`Output::Answer`] or [`Output::NoAnswer`].
    pub fn call(&mut self, now: Instant, action: &str, payload: &str) -> Result<MessageId, RelayRefused> {
        self.advance(now);
        check_object(payload).map_err(|fault| RelayRefused::Payload(Violation::locate(&fault, payload, 0)))?;
        if self.dialect.is_none() {
            return Err(RelayRefused::Closed);
        }
        if self.to_station.len() >= self.config.max_held {
            return Err(RelayRefused::Full);
        }
        let id = self.ids.next_id();
        let text = write::call(String::new(), &id, action, |writer| writer.raw(payload));
        let text = text.map_err(RelayRefused::Payload)?;
        self.to_station.push(Waiting { id: id.clone(), origin: Origin::Own, text });
        self.feed();
        Ok(id)
    }

    /// Ends what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        if let Some(Busy { id, origin: Origin::Own, .. }) = self.to_station.expire(self.now) {
            self.output.push_back(Output::NoAnswer(id));
        }
        self.to_secondary.expire(self.now);
        self.feed();
    }

    /// When [`Relay::handle_timeout`] is next to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.to_station.deadline(), self.to_secondary.deadline()].into_iter().flatten().min()
    }

    /// What to do next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// A call, or a SEND if there is no `id`.
    fn station_calls(&mut self, id: Option<MessageId>, action: &str, text: &str, dialect: Dialect) {
        match (self.config.from_station.verdict(action), id) {
            (Verdict::Pass, id) => {
                self.copy(id, action, text);
                self.call_up(text);
            }
            (Verdict::Handle, _) => self.output.push_back(Output::Handle { from: Party::Station, text: text.into() }),
            (Verdict::Refuse, Some(id)) => self.refuse(Party::Station, &id, not_supported(), dialect),
            (Verdict::Refuse, None) => {}
        }
    }

    /// Gives the secondary its copy.
    fn copy(&mut self, id: Option<MessageId>, action: &str, text: &str) {
        let sees = |rules: &SecondaryRules| rules.sees.verdict(action) == Verdict::Pass;
        if self.secondary == Upstream::Closed || !self.config.secondary.as_ref().is_some_and(sees) {
            return;
        }
        match id {
            Some(id) if self.to_secondary.len() < self.config.max_held => {
                self.to_secondary.push(Waiting { id, origin: (), text: text.into() });
                self.feed();
            }
            None if self.secondary == Upstream::Open => {
                self.output.push_back(Output::Send { to: Party::Secondary, text: text.into() });
            }
            Some(_) | None => self.output.push_back(Output::Dropped { from: Party::Station }),
        }
    }

    /// A call or SEND: it waits for the primary, and without one the application takes it.
    fn call_up(&mut self, text: &str) {
        let text = String::from(text);
        match self.primary {
            Upstream::Open => self.output.push_back(Output::Send { to: Party::Primary, text }),
            Upstream::Opening if self.held.len() < self.config.max_held => self.held.push_back(text),
            Upstream::Opening => self.output.push_back(Output::Dropped { from: Party::Station }),
            Upstream::Closed => self.output.push_back(Output::Handle { from: Party::Station, text }),
        }
    }

    /// Anything else: it is for the connection that is open, or for nobody.
    fn pass_up(&mut self, text: &str) {
        if self.primary == Upstream::Open {
            self.output.push_back(Output::Send { to: Party::Primary, text: text.into() });
        }
    }

    fn station_answers(&mut self, id: &MessageId, text: &str) {
        match self.to_station.answered(id) {
            Some(Busy { origin: Origin::Primary, .. }) => self.pass_up(text),
            Some(Busy { origin: Origin::Own, id, .. }) => {
                self.output.push_back(Output::Answer { id, text: text.into() })
            }
            Some(Busy { origin: Origin::Secondary(theirs), .. }) => {
                if let (Upstream::Open, Some(text)) = (self.secondary, write::replace_id(text, &theirs)) {
                    self.output.push_back(Output::Send { to: Party::Secondary, text });
                }
            }
            // Late: the primary's are for the primary to judge, ours are nobody else's business (Part 4 §6.4).
            None if self.ids.is_own(id) => {}
            None => self.pass_up(text),
        }
        self.feed();
    }

    /// Takes a call of a server towards the station.
    fn queue(&mut self, from: Party, call: Waiting<Origin>, dialect: Dialect) {
        if self.to_station.len() < self.config.max_held {
            self.to_station.push(call);
            self.feed();
        } else {
            let id = match call.origin {
                Origin::Secondary(theirs) => theirs,
                Origin::Primary | Origin::Own => call.id,
            };
            let error = CallError::new(ErrorCode::GenericError, "too many calls at once");
            self.refuse(from, &id, error, dialect);
            self.output.push_back(Output::Dropped { from });
        }
    }

    /// Sends the calls whose turn it is.
    fn feed(&mut self) {
        if let Some(text) = self.to_station.start(self.now, self.config.answer_within) {
            self.output.push_back(Output::Send { to: Party::Station, text });
        }
        if self.secondary == Upstream::Open
            && let Some(text) = self.to_secondary.start(self.now, self.config.answer_within)
        {
            self.output.push_back(Output::Send { to: Party::Secondary, text });
        }
    }

    fn end_calls(&mut self) {
        let own = |(id, origin)| matches!(origin, Origin::Own).then_some(Output::NoAnswer(id));
        self.output.extend(self.to_station.clear().filter_map(own));
    }

    fn refuse(&mut self, to: Party, id: &MessageId, error: CallError, dialect: Dialect) {
        let text = write::call_error(String::new(), id, &error, dialect);
        self.output.push_back(Output::Send { to, text });
    }

    fn faulty(&mut self, from: Party, fault: FrameFault, text: &str, dialect: Dialect) {
        // What another version may have added is for the ends to judge.
        if matches!(fault.rule, FrameRule::UnknownType(_)) {
            match from {
                Party::Station => self.pass_up(text),
                Party::Primary => self.output.push_back(Output::Send { to: Party::Station, text: text.into() }),
                Party::Secondary => {}
            }
            return;
        }
        if let Some((id, error)) = fault.answer(dialect) {
            let text = write::call_error(String::new(), &id, &error, dialect);
            self.output.push_back(Output::Send { to: from, text });
        }
        self.output.push_back(Output::Malformed { from, fault });
    }
}

impl fmt::Debug for Relay {
    /// Shows no frames: they hold tokens and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("dialect", &self.dialect)
            .field("primary", &self.primary)
            .field("secondary", &self.secondary)
            .field("held", &self.held.len())
            .field("to_station", &self.to_station.len())
            .finish_non_exhaustive()
    }
}

fn not_supported() -> CallError {
    CallError::new(ErrorCode::NotSupported, "not supported here")
}
