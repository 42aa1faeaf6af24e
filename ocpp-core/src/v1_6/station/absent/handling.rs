//! A station without the feature `handling`: every message is the core's.

use ocpp_rpc::Payload;
use ocpp_rpc::engine::ReplyToken;

use super::sender::Awaited;
use super::{Face, data_transfer};
use crate::site::Site;
use crate::site::questions::About;
use crate::site::shared::Shared;
use crate::station::{Answer, StationConfig};
use crate::{MisuseError, Refusal};

/// Nothing is held back.
#[derive(Debug, Default)]
pub(crate) struct Handlings(());

impl Handlings {
    pub fn holds_call(&self) -> bool {
        false
    }
}

pub(super) fn check(config: &StationConfig) -> Result<(), MisuseError> {
    if config.policy.handlings.is_empty() {
        Ok(())
    } else {
        Err(MisuseError::Configuration { member: "policy.handlings", reason: "overriding is not built in" })
    }
}

impl Face {
    pub(super) fn on_incoming(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        action: &str,
        payload: &Payload<'_>,
    ) {
        self.on_call(site, shared, token, action, payload);
    }

    pub(super) fn on_outgoing(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        awaited: Awaited,
        action: &str,
        payload: &str,
    ) {
        self.transmit(site, shared, awaited, action, payload);
    }

    pub fn check_answer(&self, about: &About, answer: &Answer) -> Result<(), MisuseError> {
        if about.takes(answer) { Ok(()) } else { Err(MisuseError::Refused(Refusal::WrongAnswer)) }
    }

    pub fn on_answered(&mut self, _: &mut Site, shared: &mut Shared, about: About, answer: Option<Answer>) {
        let About::Block { token, default } = about;
        data_transfer::on_answer(shared, token, answer.unwrap_or(default));
    }

    pub fn on_link_lost(&mut self, _: &mut Site, _: &mut Shared) {}
}
