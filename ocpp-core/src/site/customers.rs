//! What is known here of a customer, who is named by his token (2.x N09, N10): by the cache, by the local list, and where he charges.

use alloc::boxed::Box;
use alloc::string::String;

use ocpp_rpc::engine::ReplyToken;
use ocpp_types::datetime::UnixMillis;

use super::Site;
use super::questions::{About, CustomerRequest};
use super::shared::Shared;
use super::token::TokenInfo;
use crate::station::{Action, AuthorizationStatus, Customer, IdToken, Question};
use crate::store::Ticket;
use crate::words::numbered;

impl Site {
    /// All that is known of a token, a line each.
    pub fn known_of(&self, token: &IdToken) -> String {
        let mut text = String::new();
        if let Some(info) = self.authorize.cached(token) {
            tell(&mut text, "AuthCache", info);
        }
        if let Some(info) = self.authorize.list.get(&self.settings, token) {
            tell(&mut text, "LocalAuthList", info);
        }
        for evse in self.evses.iter().filter(|evse| evse.is_held_by(token)) {
            line(&mut text, "EVSE ");
            text.push_str(&numbered("", evse.id.0));
        }
        text
    }

    /// Forgets a token, except in the local list, which only the CSMS changes (N10.FR.03), and where it charges.
    pub fn forget(&mut self, shared: &mut Shared, token: &IdToken) -> Option<Ticket> {
        self.authorize.forget(&mut shared.store, token)
    }
}

/// Asks the host what it knows of a customer, and has it forget him. Gives the request back where it cannot be asked.
pub(crate) fn ask(
    shared: &mut Shared,
    token: ReplyToken,
    customer: Customer,
    request: CustomerRequest,
) -> Option<CustomerRequest> {
    let question = Question::CustomerInformation { customer, is_report: request.is_report, is_clear: request.is_clear };
    match shared.questions.ask(shared.now, About::Customer(token, Box::new(request))) {
        Ok((id, until)) => {
            shared.act(Action::Ask { id, until, question });
            None
        }
        Err(About::Customer(_, request)) => Some(*request),
        Err(_) => None,
    }
}

fn line(text: &mut String, source: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(source);
}

fn tell(text: &mut String, source: &str, info: &TokenInfo) {
    line(text, source);
    text.push_str(": ");
    text.push_str(word(info.status));
    if let Some(group) = &info.group {
        text.push_str(", group ");
        text.push_str(group.as_str());
    }
    if let Some(end) = info.expiry_ms {
        text.push_str(", until ");
        UnixMillis(end).push_to(text);
    }
}

/// A verdict as 2.x calls it.
fn word(status: AuthorizationStatus) -> &'static str {
    match status {
        AuthorizationStatus::Accepted => "Accepted",
        AuthorizationStatus::Blocked => "Blocked",
        AuthorizationStatus::Expired => "Expired",
        AuthorizationStatus::Invalid => "Invalid",
        AuthorizationStatus::ConcurrentTx => "ConcurrentTx",
        AuthorizationStatus::NoCredit => "NoCredit",
        AuthorizationStatus::NotAllowedTypeEvse => "NotAllowedTypeEVSE",
        AuthorizationStatus::NotAtThisLocation => "NotAtThisLocation",
        AuthorizationStatus::NotAtThisTime => "NotAtThisTime",
        AuthorizationStatus::Unknown => "Unknown",
    }
}
