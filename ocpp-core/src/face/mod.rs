//! The face of a station: what speaks the version of the connection for its site.
//!
//! Here is which face speaks, and what the faces of all versions share: how payloads are read (`decoding`) and calls answered
//! (`answers`), how calls of the station take turns and end (`outgoing`, `failure`), and what the application has to say about any of them
//! (`handling`). Of a version these know its tables (`Edition`), and nothing else. What the messages mean is in `v1_6/station` and its like.

pub(crate) mod answers;
pub(crate) mod decoding;
pub(crate) mod failure;
#[cfg_attr(not(feature = "handling"), path = "absent/handling.rs")]
pub(crate) mod handling;
pub(crate) mod outgoing;

use ocpp_rpc::Dialect;
#[cfg(feature = "handling")]
use ocpp_rpc::Payload;
use ocpp_rpc::engine::{CallEnd, CallId};

use crate::MisuseError;
use crate::site::Site;
use crate::site::policy::Policy;
use crate::site::questions::About;
use crate::site::shared::Shared;
use crate::site::timers::NextDeadline;
use crate::site::turns::Rank;
use crate::station::{Answer, CallFailure, StationConfig};
#[cfg(feature = "v1_6")]
use crate::v1_6;
#[cfg(feature = "v2")]
use crate::v2;

use failure::Failure;
use handling::Closed;
use outgoing::Outgoing;

/// One face of all that are built in. Another takes its place when a connection speaks another version.
#[derive(Debug)]
pub(crate) enum Face {
    #[cfg(feature = "v1_6")]
    V1_6(v1_6::station::Face),
    #[cfg(feature = "v2")]
    V2(v2::station::Face),
}

/// Does the same with whichever face it is.
macro_rules! with {
    ($self:ident, $face:ident => $does:expr) => {
        match $self {
            #[cfg(feature = "v1_6")]
            Face::V1_6($face) => $does,
            #[cfg(feature = "v2")]
            Face::V2($face) => $does,
        }
    };
}

impl Face {
    /// The face for a version; none if that is not built in.
    pub fn of(version: Dialect) -> Option<Self> {
        match version {
            #[cfg(feature = "v1_6")]
            Dialect::V1_6 => Some(Face::V1_6(v1_6::station::Face::new())),
            #[cfg(not(feature = "v1_6"))]
            Dialect::V1_6 => None,
            #[cfg(feature = "v2")]
            Dialect::V2_0_1 | Dialect::V2_1 => v2::station::Face::of(version).map(Face::V2),
            #[cfg(not(feature = "v2"))]
            Dialect::V2_0_1 | Dialect::V2_1 => None,
        }
    }

    /// Whether it speaks this version.
    pub fn speaks(&self, version: Dialect) -> bool {
        match self {
            #[cfg(feature = "v1_6")]
            Face::V1_6(_) => version == Dialect::V1_6,
            #[cfg(feature = "v2")]
            Face::V2(face) => face.speaks(version),
        }
    }

    /// Finds what the versions of a configuration cannot do with it, and gives the face and the rules of the preferred one.
    pub fn check(config: &StationConfig) -> Result<(Self, Policy), MisuseError> {
        let Some(preferred) = config.network.versions.first() else {
            return Err(MisuseError::Configuration { member: "network.versions", reason: "there is at least one" });
        };
        let built_in = |version: &Dialect| {
            Face::of(*version)
                .ok_or_else(|| MisuseError::unfit("network.versions", version.subprotocol(), "is not built in"))
        };
        for face in config.network.versions.iter().map(built_in) {
            match face? {
                #[cfg(feature = "v1_6")]
                Face::V1_6(_) => v1_6::station::Face::check(config)?,
                #[cfg(feature = "v2")]
                Face::V2(_) => v2::station::Face::check(config)?,
            }
        }
        let face = built_in(preferred)?;
        let policy = face.policy();
        Ok((face, policy))
    }

    /// The rules that the site follows while this face speaks for it.
    pub fn policy(&self) -> Policy {
        match self {
            #[cfg(feature = "v1_6")]
            Face::V1_6(_) => v1_6::station::POLICY,
            #[cfg(feature = "v2")]
            Face::V2(face) => face.policy(),
        }
    }

    /// It speaks from now on: what it needs of the site.
    #[cfg_attr(not(feature = "v2"), allow(unused_variables, reason = "1.6 needs nothing"))]
    pub fn begin(&self, site: &mut Site, shared: &mut Shared) {
        match self {
            #[cfg(feature = "v1_6")]
            Face::V1_6(_) => {}
            // What it tells are names of transactions.
            #[cfg(feature = "v2")]
            Face::V2(_) => site.prepare_names(shared),
        }
    }

    /// Lets the site react, answers, and sends, until nothing more happens.
    pub fn run(&mut self, site: &mut Site, shared: &mut Shared) {
        site.begin(shared);
        if !shared.link.is_up() {
            self.outgoing().rest_no_longer();
        }
        loop {
            site.advance(shared);
            while let Some(reply) = site.replies.pop() {
                with!(self, face => face.answer_late(shared, reply));
            }
            site.watch_answers(shared);
            if !self.send_next(site, shared) {
                break;
            }
        }
        site.finish(shared);
    }

    /// Sends the most urgent call, if one may leave: in the order of the face's kinds, as far as that is fair (`site/turns`). True if
    /// something was done.
    fn send_next(&mut self, site: &mut Site, shared: &mut Shared) -> bool {
        if !self.outgoing().may_send(site, shared) {
            return false;
        }
        let mut place = 0;
        while let Some(rank) = self.outgoing().next(&mut place, shared.now) {
            let Some(sent) = self.send(site, shared, rank) else { continue };
            if let Err(failure) = sent {
                self.on_failure(site, shared, rank, failure);
            }
            return true;
        }
        false
    }

    /// Has the call of this rank leave; none if there is none now.
    fn send(&mut self, site: &mut Site, shared: &mut Shared, rank: Rank) -> Option<Result<(), Failure>> {
        #[cfg(feature = "handling")]
        if with!(self, face => face.is_for_host(rank)) {
            let is_accepted = site.registration.is_accepted();
            return if is_accepted { self.outgoing().leave_for_host(site, shared, rank) } else { None };
        }
        let (action, message) = with!(self, face => face.wanted(site, shared, rank))?;
        Some(match message {
            Ok(text) => self.outgoing().leave(site, shared, rank, action, &text),
            Err(unsendable) => Err(unsendable.into()),
        })
    }

    /// A frame of the CSMS.
    pub fn on_frame(&mut self, site: &mut Site, shared: &mut Shared, bytes: &[u8]) {
        with!(self, face => face.on_frame(site, shared, bytes))
    }

    /// Our call of this rank brought nothing.
    fn on_failure(&mut self, site: &mut Site, shared: &mut Shared, rank: Rank, failure: Failure) {
        with!(self, face => face.on_failure(site, shared, rank, failure))
    }

    /// One of our calls ended without an answer.
    pub fn on_call_ended(&mut self, site: &mut Site, shared: &mut Shared, call: CallId, end: CallEnd) {
        if let Some((rank, failure)) = self.outgoing().on_call_ended(call, end) {
            self.on_failure(site, shared, rank, failure);
        }
    }

    /// Finds what is wrong with an answer of the host.
    pub fn check_answer(&self, about: &About, answer: &Answer) -> Result<(), MisuseError> {
        handling::check_answer(with!(self, face => face.edition()), about, answer)
    }

    /// A question was answered, with an answer that was checked, or its time is over.
    pub fn on_answered(&mut self, site: &mut Site, shared: &mut Shared, about: About, answer: Option<Answer>) {
        match self.outgoing().on_closed(site, shared, about, answer) {
            Closed::Block(token, answer) => with!(self, face => face.on_block_answered(shared, token, answer)),
            #[cfg(feature = "firmware_management")]
            Closed::Upload(token, request, answer) => {
                site.firmware.decide_upload(shared, &mut site.replies, token, *request, answer);
            }
            #[cfg(feature = "v2")]
            Closed::Customer(token, request, answer) => match self {
                // It asked nothing.
                #[cfg(feature = "v1_6")]
                Face::V1_6(_) => {}
                Face::V2(face) => face.tell_of_customer(site, shared, token, &request, answer),
            },
            #[cfg(all(feature = "transaction_events", not(feature = "v2")))]
            Closed::Customer(..) => {}
            #[cfg(feature = "handling")]
            Closed::Done => {}
            #[cfg(feature = "handling")]
            Closed::Call(token, held) => {
                let limits = shared.config.limits.frame;
                let payload = Payload::alone(&held.payload, &limits);
                with!(self, face => face.on_call(site, shared, token, &held.action, &payload));
            }
            #[cfg(feature = "handling")]
            Closed::Answer(rank, payload) => {
                let limits = shared.config.limits.frame;
                let payload = Payload::alone(&payload.0, &limits);
                with!(self, face => face.on_answer(site, shared, rank, &payload));
            }
            #[cfg(feature = "handling")]
            Closed::Failed(rank, failure) => self.on_failure(site, shared, rank, failure),
        }
    }

    /// The connection is gone, and with it the calls that are held back.
    pub fn on_link_lost(&mut self, site: &mut Site, shared: &mut Shared) {
        if let Some(rank) = self.outgoing().on_link_lost(shared) {
            self.on_failure(site, shared, rank, CallFailure::LinkLost.into());
        }
    }

    /// Adds when time changes something for it.
    pub fn add_deadlines(&self, shared: &Shared, next: &mut NextDeadline) {
        with!(self, face => face.outgoing.add_deadlines(shared, next))
    }

    fn outgoing(&mut self) -> &mut Outgoing {
        with!(self, face => &mut face.outgoing)
    }
}
