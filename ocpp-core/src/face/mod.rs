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
use ocpp_rpc::engine::{CallEnd, CallId};

use crate::MisuseError;
use crate::site::Site;
use crate::site::policy::Policy;
use crate::site::questions::About;
use crate::site::shared::Shared;
use crate::site::timers::NextDeadline;
use crate::station::{Answer, StationConfig};
use crate::v1_6;

/// One face of all that are built in. Another takes its place when a connection speaks another version.
#[derive(Debug)]
pub(crate) enum Face {
    V1_6(v1_6::station::Face),
}

impl Face {
    /// The face for a version; none if that is not built in.
    pub fn of(version: Dialect) -> Option<Self> {
        match version {
            Dialect::V1_6 => Some(Face::V1_6(v1_6::station::Face::new())),
            Dialect::V2_0_1 | Dialect::V2_1 => None,
        }
    }

    /// Whether it speaks this version.
    pub fn speaks(&self, version: Dialect) -> bool {
        match self {
            Face::V1_6(_) => version == Dialect::V1_6,
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
                Face::V1_6(_) => v1_6::station::Face::check(config)?,
            }
        }
        let face = built_in(preferred)?;
        let policy = match &face {
            Face::V1_6(_) => v1_6::station::POLICY,
        };
        Ok((face, policy))
    }

    /// Lets the site react, answers, and sends, until nothing more happens.
    pub fn run(&mut self, site: &mut Site, shared: &mut Shared) {
        match self {
            Face::V1_6(face) => face.run(site, shared),
        }
    }

    /// A frame of the CSMS.
    pub fn on_frame(&mut self, site: &mut Site, shared: &mut Shared, bytes: &[u8]) {
        match self {
            Face::V1_6(face) => face.on_frame(site, shared, bytes),
        }
    }

    /// One of our calls ended without an answer.
    pub fn on_call_ended(&mut self, site: &mut Site, shared: &mut Shared, call: CallId, end: CallEnd) {
        match self {
            Face::V1_6(face) => face.on_call_ended(site, shared, call, end),
        }
    }

    /// Finds what is wrong with an answer of the host.
    pub fn check_answer(&self, about: &About, answer: &Answer) -> Result<(), MisuseError> {
        match self {
            Face::V1_6(face) => face.check_answer(about, answer),
        }
    }

    /// A question was answered, with an answer that was checked, or its time is over.
    pub fn on_answered(&mut self, site: &mut Site, shared: &mut Shared, about: About, answer: Option<Answer>) {
        match self {
            Face::V1_6(face) => face.on_answered(site, shared, about, answer),
        }
    }

    /// The connection is gone, and with it the calls that are held back.
    pub fn on_link_lost(&mut self, site: &mut Site, shared: &mut Shared) {
        match self {
            Face::V1_6(face) => face.on_link_lost(site, shared),
        }
    }

    /// Adds when time changes something for it.
    pub fn add_deadlines(&self, shared: &Shared, next: &mut NextDeadline) {
        match self {
            Face::V1_6(face) => face.add_deadlines(shared, next),
        }
    }
}
