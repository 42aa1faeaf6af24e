//! The 2.x face of a station: calls in, messages out, for 2.0.1 and 2.1. How the station behaves is in `site`.
//!
//! A frame goes one way: `frames` takes it apart, `calls` has the site react and answers with its verdict, `sender` has what is
//! due leave, rendered by `messages` and `transaction`. What the editions differ in is data: the column of the tables, and words
//! that one of them lacks.

/// The text of an answer that has a status alone.
macro_rules! status {
    ($edition:expr, $response:ident, $status:expr) => {
        <ocpp_types::tables::v2::$response<'_> as ocpp_types::tables::View>::to_json($edition, |mut response| {
            response.status($status);
        })
    };
}

mod alerts;
mod calls;
#[cfg(feature = "security")]
mod certificates;
mod customers;
mod data_transfer;
#[cfg(feature = "security")]
mod firmware;
mod frames;
#[cfg(feature = "local_auth_list")]
mod local_list;
mod messages;
mod model;
#[cfg(feature = "security")]
mod network;
mod place;
mod remote;
mod reports;
mod sender;
mod tokens;
mod transaction;
#[cfg(feature = "remote_trigger")]
mod trigger;
mod variables;
mod words;

#[cfg(test)]
mod tests;

use ocpp_rpc::Dialect;
use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::handshake::IdentityRules;
#[cfg(feature = "security")]
use ocpp_rpc::handshake::ProfileRules;
use ocpp_types::tables::Edition;

use crate::MisuseError;
use crate::face::outgoing::Outgoing;
use crate::face::{answers, handling};
use crate::site::policy::{Points, Policy, Statuses};
use crate::site::replies::Reply;
use crate::site::shared::Shared;
use crate::site::verdict::LateReply;
use crate::station::{Answer, StationConfig};

use customers::Customers;
use reports::Reports;

/// What speaks an edition of 2.x for a site. Nothing of it outlives a change of version.
#[derive(Debug)]
pub(crate) struct Face {
    edition: Edition,
    pub outgoing: Outgoing,
    reports: Reports,
    customers: Customers,
}

/// The rules of an edition.
pub(crate) fn policy(edition: Edition) -> Policy {
    #[cfg(feature = "smart_charging")]
    use ocpp_smartcharging::validate::Edition as Profiles;
    #[cfg(not(feature = "smart_charging"))]
    let _ = edition;
    Policy {
        points: Points::OfSettings,
        tells_changes: true,
        names_transactions: true,
        asks_about_every_token: true,
        gives_up_fixed_cables: true,
        has_start_button: true,
        statuses: Statuses::OfConnectors,
        repeats_statuses: true,
        #[cfg(feature = "security")]
        reports_always: true,
        identity: IdentityRules::V2,
        #[cfg(feature = "security")]
        profile_rules: ProfileRules::V2 { allow_downgrade: false },
        #[cfg(feature = "smart_charging")]
        edition: if edition.is_2_1() { Profiles::V2_1 } else { Profiles::V2_0_1 },
    }
}

/// The tables of a version, if it is of this family.
fn edition_of(version: Dialect) -> Option<Edition> {
    match version {
        Dialect::V1_6 => None,
        Dialect::V2_0_1 => Some(Edition::V2_0_1),
        Dialect::V2_1 => Some(Edition::V2_1),
    }
}

impl Face {
    /// The face for a version, if it is of this family.
    pub fn of(version: Dialect) -> Option<Self> {
        edition_of(version).map(|edition| Face {
            edition,
            outgoing: Outgoing::new(sender::KINDS.len()),
            reports: Reports::default(),
            customers: Customers::default(),
        })
    }

    /// Whether it speaks this version.
    pub fn speaks(&self, version: Dialect) -> bool {
        edition_of(version) == Some(self.edition)
    }

    /// The rules that the site follows.
    pub fn policy(&self) -> Policy {
        policy(self.edition)
    }

    /// Finds what 2.x cannot say of a configuration.
    pub fn check(config: &StationConfig) -> Result<(), MisuseError> {
        for (member, name, most) in
            [("device.vendor", &config.device.vendor, 50), ("device.model", &config.device.model, 20)]
        {
            if name.chars().count() > most {
                return Err(MisuseError::unfit(member, name, "is too long"));
            }
        }
        handling::check(config)
    }

    /// Gives an answer that was not given at once.
    pub fn answer_late(&mut self, shared: &mut Shared, reply: Reply) {
        let Reply { token, ticket, reply } = reply;
        match reply {
            LateReply::Unlocked(verdict) => {
                let status = words::unlock_status(verdict);
                answers::answer_after(shared, ticket, token, status!(self.edition, UnlockConnectorResponse, status));
            }
            #[cfg(feature = "security")]
            LateReply::Upload(_, accepted) => {
                answers::answer_after(shared, ticket, token, firmware::upload_response(self.edition, accepted));
            }
            // 2.x asks for files by a message that comes with that block.
            #[cfg(all(feature = "firmware_management", not(feature = "security")))]
            LateReply::Upload(..) => {}
            #[cfg(feature = "security")]
            LateReply::SignedFirmware(verdict) => {
                answers::answer_after(shared, ticket, token, firmware::signed_verdict(self.edition, verdict));
            }
            #[cfg(feature = "security")]
            LateReply::CertificateSigned(_, is_done) => {
                answers::answer(shared, token, certificates::signed_status(self.edition, is_done));
            }
            #[cfg(feature = "security")]
            LateReply::CertificateInstalled(_, verdict) => {
                answers::answer(shared, token, certificates::install_status(self.edition, verdict));
            }
            #[cfg(feature = "security")]
            LateReply::CertificateDeleted(_, verdict) => {
                answers::answer(shared, token, certificates::removal_status(self.edition, verdict));
            }
            #[cfg(feature = "security")]
            LateReply::CertificatesListed(_, kept) => {
                certificates::answer_installed(self.edition, shared, token, kept.as_deref());
            }
        }
    }

    /// The answer to a question of a block.
    pub fn on_block_answered(&mut self, shared: &mut Shared, token: ReplyToken, answer: Answer) {
        data_transfer::on_answer(self.edition, shared, token, answer);
    }

    /// The tables of what is spoken.
    pub fn edition(&self) -> Edition {
        self.edition
    }
}
