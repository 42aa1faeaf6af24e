//! A station without the feature `handling`: every message is the core's.

use compact_str::CompactString;
use ocpp_rpc::Payload;
use ocpp_rpc::engine::ReplyToken;

use super::Machine;
use super::sender::Awaited;
use crate::MisuseError;
use crate::parts::questions::About;
use crate::shared::Shared;
use crate::station::{Answer, RawJson, StationConfig};

/// Nothing is held back.
#[derive(Debug, Default)]
pub(crate) struct Handlings(());

impl Handlings {
    pub fn holds_call(&self) -> bool {
        false
    }
}

pub(super) fn check(config: &StationConfig) -> Result<(), MisuseError> {
    if config.handlings.is_empty() { Ok(()) } else { Err(MisuseError::Configuration("overriding is not built in")) }
}

impl Machine {
    pub(super) fn on_incoming(&mut self, shared: &mut Shared, token: ReplyToken, action: &str, payload: &Payload<'_>) {
        self.on_call(shared, token, action, payload);
    }

    pub(super) fn on_outgoing(&mut self, shared: &mut Shared, awaited: Awaited, action: &str, payload: &str) {
        self.transmit(shared, awaited, action, payload);
    }

    pub fn check_answer(&self, about: &About, answer: &Answer) -> Result<(), MisuseError> {
        if about.takes(answer) { Ok(()) } else { Err(MisuseError::Refused("this is no answer to that question")) }
    }

    pub fn on_answered(&mut self, shared: &mut Shared, about: About, answer: Option<Answer>) {
        let About::Block { token, default } = about;
        self.on_answer(shared, token, answer.unwrap_or(default));
    }

    pub fn on_link_lost(&mut self, _: &mut Shared) {}

    pub fn check_call(&self, _: &Shared, _: &RawJson) -> Result<(), MisuseError> {
        Err(MisuseError::Refused("calls of the application are not built in"))
    }

    pub fn call(&mut self, _: CompactString, _: RawJson) {}
}
