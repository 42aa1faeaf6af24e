//! A station without the feature `handling`: every message is the core's.

#[cfg(any(feature = "firmware_management", feature = "transaction_events"))]
use alloc::boxed::Box;

use ocpp_rpc::Payload;
use ocpp_rpc::engine::ReplyToken;
use ocpp_types::tables::Edition;

use super::failure::Failure;
use super::outgoing::Outgoing;
use crate::MisuseError;
use crate::site::Site;
use crate::site::questions::About;
#[cfg(feature = "transaction_events")]
use crate::site::questions::CustomerRequest;
use crate::site::shared::Shared;
use crate::site::turns::Rank;
#[cfg(feature = "firmware_management")]
use crate::site::upload::UploadRequest;
use crate::station::{Answer, StationConfig};

#[derive(Debug)]
pub(crate) enum Closed {
    Block(ReplyToken, Answer),
    #[cfg(feature = "firmware_management")]
    Upload(ReplyToken, Box<UploadRequest>, Option<Answer>),
    #[cfg(feature = "transaction_events")]
    Customer(ReplyToken, Box<CustomerRequest>, Option<Answer>),
}

pub(crate) fn check(config: &StationConfig) -> Result<(), MisuseError> {
    if config.policy.handlings.is_empty() {
        Ok(())
    } else {
        Err(MisuseError::Configuration { member: "policy.handlings", reason: "overriding is not built in" })
    }
}

pub(crate) fn admits(_: &mut Shared, _: ReplyToken, _: &str, _: &Payload<'_>) -> bool {
    true
}

pub(crate) fn check_answer(_: Edition, about: &About, answer: &Answer) -> Result<(), MisuseError> {
    about.check(answer)
}

impl Outgoing {
    pub fn leave(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        rank: Rank,
        action: &str,
        payload: &str,
    ) -> Result<(), Failure> {
        self.transmit(site, shared, rank, action, payload)
    }

    pub fn on_closed(&mut self, _: &mut Site, _: &mut Shared, about: About, answer: Option<Answer>) -> Closed {
        match about {
            About::Block { token, default } => Closed::Block(token, answer.unwrap_or(default)),
            #[cfg(feature = "firmware_management")]
            About::Upload(token, request) => Closed::Upload(token, request, answer),
            #[cfg(feature = "transaction_events")]
            About::Customer(token, request) => Closed::Customer(token, request, answer),
        }
    }

    pub fn on_link_lost(&mut self, shared: &mut Shared) -> Option<Rank> {
        shared.questions.link_lost();
        None
    }
}
