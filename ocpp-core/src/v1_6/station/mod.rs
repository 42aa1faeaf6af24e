//! The 1.6 face of a station: calls in, messages out, and what only 1.6 has. How the station behaves is in `site`.
//!
//! A frame goes one way: `frames` takes it apart, `calls` has the site react and answers with its verdict, `sender` has what is
//! due leave, rendered by `messages`.

/// The text of an answer that has a status alone.
macro_rules! status {
    ($response:ident, $status:expr) => {
        ocpp_types::tables::v1_6::$response::to_json($crate::v1_6::station::EDITION, |mut response| {
            response.status($status);
        })
    };
}

mod calls;
#[cfg(feature = "security")]
mod certificates;
mod configuration;
mod data_transfer;
#[cfg_attr(not(feature = "firmware_management"), path = "absent/firmware.rs")]
mod firmware;
mod frames;
mod messages;
#[cfg(feature = "plug_and_charge")]
mod plug_and_charge;
#[cfg(feature = "california_pricing")]
mod pricing;
mod sender;
#[cfg(feature = "smart_charging")]
mod smart_charging;
#[cfg(feature = "remote_trigger")]
mod trigger;

#[cfg(test)]
mod tests;

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::handshake::IdentityRules;
#[cfg(feature = "security")]
use ocpp_rpc::handshake::ProfileRules;
#[cfg(feature = "smart_charging")]
use ocpp_smartcharging::validate::Edition;
use ocpp_types::tables::Edition as Tables;

use crate::MisuseError;
use crate::face::outgoing::Outgoing;
use crate::face::{answers, handling};
use crate::site::points::{PointSet, TxPoint, TxPoints};
use crate::site::policy::{Points, Policy, Statuses};
use crate::site::replies::Reply;
use crate::site::shared::Shared;
use crate::site::verdict::LateReply;
use crate::station::{Answer, StationConfig};

/// The tables by which all is read and written.
const EDITION: Tables = Tables::V1_6;

/// The rules of 1.6.
pub(crate) const POLICY: Policy = Policy {
    // A transaction begins when the power path closes, and ends with the authorisation. That a vehicle which is unplugged takes the
    // authorisation along is a setting (1.6 §9.1.23; 2.x E09, E10): where it does not, the transaction goes on, which
    // `PowerPathClosed` as a stop point would not let it (E06.FR.06).
    points: Points::Fixed(TxPoints {
        start: PointSet::NONE.with(TxPoint::PowerPathClosed),
        stop: PointSet::NONE.with(TxPoint::Authorized),
    }),
    tells_changes: false,
    #[cfg(feature = "transaction_events")]
    names_transactions: false,
    asks_about_every_token: false,
    gives_up_fixed_cables: false,
    // A StartTransaction has an idTag (1.6 §6.45).
    has_start_button: false,
    statuses: Statuses::OfSessions,
    repeats_statuses: false,
    #[cfg(feature = "security")]
    reports_always: false,
    identity: IdentityRules::V1_6,
    #[cfg(feature = "security")]
    profile_rules: ProfileRules::V1_6,
    #[cfg(feature = "smart_charging")]
    edition: Edition::V1_6,
};

/// What speaks 1.6 for a site. Nothing of it outlives a change of version.
#[derive(Debug)]
pub(crate) struct Face {
    pub outgoing: Outgoing,
}

impl Face {
    /// Finds what 1.6 cannot say of a configuration.
    pub fn check(config: &StationConfig) -> Result<(), MisuseError> {
        for (member, name) in [("device.vendor", &config.device.vendor), ("device.model", &config.device.model)] {
            if name.chars().count() > 20 {
                return Err(MisuseError::unfit(member, name, "is longer than 20 characters"));
            }
        }
        handling::check(config)
    }

    pub fn new() -> Self {
        Face { outgoing: Outgoing::new(sender::KINDS.len()) }
    }

    /// Gives an answer that was not given at once.
    pub fn answer_late(&mut self, shared: &mut Shared, reply: Reply) {
        let Reply { token, ticket, reply } = reply;
        #[cfg(feature = "plug_and_charge")]
        let Some(reply) = plug_and_charge::reply(shared, token, reply) else { return };
        match reply {
            LateReply::Unlocked(verdict) => {
                answers::answer_after(shared, ticket, token, calls::unlock_response(verdict));
            }
            #[cfg(feature = "firmware_management")]
            LateReply::Upload(form, accepted) => {
                answers::answer_after(shared, ticket, token, firmware::upload_response(form, accepted));
            }
            #[cfg(feature = "security")]
            LateReply::SignedFirmware(verdict) => {
                certificates::answer_signed_firmware(shared, ticket, token, verdict);
            }
            #[cfg(feature = "security")]
            LateReply::CertificateSigned(_, is_done) => {
                answers::answer(shared, token, certificates::signed_status(is_done));
            }
            #[cfg(feature = "security")]
            LateReply::CertificateInstalled(_, verdict) => {
                answers::answer(shared, token, certificates::install_status(verdict));
            }
            #[cfg(feature = "security")]
            LateReply::CertificateDeleted(_, verdict) => {
                answers::answer(shared, token, certificates::removal_status(verdict));
            }
            #[cfg(feature = "security")]
            LateReply::CertificatesListed(_, kept) => {
                certificates::answer_installed(shared, token, kept.as_deref());
            }
        }
    }

    /// The answer to a question of a block.
    pub fn on_block_answered(&mut self, shared: &mut Shared, token: ReplyToken, answer: Answer) {
        data_transfer::on_answer(shared, token, answer);
    }

    /// The tables of what is spoken.
    pub fn edition(&self) -> Tables {
        EDITION
    }
}
