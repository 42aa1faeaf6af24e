//! CustomerInformation (N09, N10) and its answer in parts, NotifyCustomerInformation.
//!
//! Takes a request, asks the host where the configuration says so, and gives what it and the site (`site/customers`) know, one part after
//! another; each is sent until the CSMS has answered it. Stores nothing but what is forgotten: after a power cut the CSMS asks again.

use alloc::string::String;
use alloc::vec::Vec;

use ocpp_rpc::engine::ReplyToken;
use ocpp_types::datetime::UnixMillis;
use ocpp_types::tables::v2::{CustomerInformationRequest, CustomerInformationStatus, NotifyCustomerInformationRequest};
use ocpp_types::tables::{Edition, View as _};

#[cfg(feature = "security")]
use super::certificates;
use super::{Face, tokens};
use crate::face::answers::{answer, answer_after};
use crate::face::failure::{Message, message};
use crate::site::Site;
use crate::site::customers;
use crate::site::questions::CustomerRequest;
use crate::site::shared::Shared;
use crate::station::{Answer, Customer};

/// Characters in one part (NotifyCustomerInformationRequest.data).
const PART: usize = 512;

/// What is on its way or waits; more is refused.
const MOST: usize = 4;

#[derive(Debug)]
struct Told {
    request: i64,
    /// What is left to tell; nothing is that nothing is known.
    left: String,
    seq_no: i64,
}

/// What was asked for of customers.
#[derive(Debug, Default)]
pub(super) struct Customers {
    waiting: Vec<Told>,
}

impl Customers {
    /// The next part, if there is one.
    pub fn next(&self, edition: Edition, now: UnixMillis) -> Option<Message> {
        let told = self.waiting.first()?;
        let (part, rest) = cut(&told.left);
        Some(message(NotifyCustomerInformationRequest::to_json(edition, |mut request| {
            request.request_id(told.request).generated_at(now).seq_no(told.seq_no);
            request.data(part).tbc(!rest.is_empty());
        })))
    }

    /// The part was answered.
    pub fn answered(&mut self) {
        let Some(told) = self.waiting.first_mut() else { return };
        let rest = String::from(cut(&told.left).1);
        if rest.is_empty() {
            self.waiting.remove(0);
        } else {
            (told.left, told.seq_no) = (rest, told.seq_no + 1);
        }
    }

    /// The CSMS refuses a part, or it cannot be said: nothing more of this customer.
    pub fn refused(&mut self) {
        if !self.waiting.is_empty() {
            self.waiting.remove(0);
        }
    }
}

/// A part, and what is behind it.
fn cut(text: &str) -> (&str, &str) {
    let end = text.char_indices().nth(PART).map_or(text.len(), |(at, _)| at);
    text.split_at_checked(end).unwrap_or((text, ""))
}

impl Face {
    /// Carries out a CustomerInformation, or has the host say what it knows first.
    pub(super) fn on_customer(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        request: CustomerInformationRequest<'_>,
    ) {
        let (id_token, identifier) = (request.id_token(), request.customer_identifier());
        let names = [id_token.is_some(), identifier.is_some(), request.customer_certificate().is_some()];
        let refused = if names.into_iter().filter(|is_named| *is_named).count() != 1 {
            // N09.FR.09.
            Some(CustomerInformationStatus::Invalid)
        } else if self.customers.waiting.len() >= MOST || !(request.report() || request.clear()) {
            // N09.FR.03, N09.FR.07, N10.FR.05, N10.FR.07.
            Some(CustomerInformationStatus::Rejected)
        } else {
            None
        };
        if let Some(status) = refused {
            return answer(shared, token, status!(self.edition, CustomerInformationResponse, status));
        }
        let customer = match (id_token, identifier) {
            (Some(id_token), _) => Some(Customer::IdToken(tokens::read(id_token))),
            (None, Some(identifier)) => Some(Customer::Identifier(identifier.into())),
            #[cfg(feature = "security")]
            (None, None) => {
                request.customer_certificate().and_then(certificates::certificate_hash).map(Customer::Certificate)
            }
            #[cfg(not(feature = "security"))]
            (None, None) => None,
        };
        let wanted = CustomerRequest {
            number: request.request_id(),
            is_report: request.report(),
            is_clear: request.clear(),
            token: id_token.map(tokens::read),
        };
        let left = match customer.filter(|_| shared.config.policy.asks_about_customers) {
            Some(customer) => customers::ask(shared, token, customer, wanted),
            None => Some(wanted),
        };
        if let Some(wanted) = left {
            self.tell_of_customer(site, shared, token, &wanted, None);
        }
    }

    /// The host said what it knows, or (none) did not: the station tells it with what it knows itself, and forgets (N09.FR.05, N09.FR.06,
    /// N10.FR.03, N10.FR.04, N10.FR.06).
    pub fn tell_of_customer(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        request: &CustomerRequest,
        said: Option<Answer>,
    ) {
        let mut left = String::new();
        if request.is_report {
            left = request.token.as_ref().map(|token| site.known_of(token)).unwrap_or_default();
            if let Some(Answer::CustomerInformation { data: Some(data) }) = said {
                if !left.is_empty() && !data.is_empty() {
                    left.push('\n');
                }
                left.push_str(&data);
            }
        }
        let customer = request.token.as_ref().filter(|_| request.is_clear);
        let ticket = customer.and_then(|token| site.forget(shared, token));
        self.customers.waiting.push(Told { request: request.number, left, seq_no: 0 });
        let accepted = status!(self.edition, CustomerInformationResponse, CustomerInformationStatus::Accepted);
        answer_after(shared, ticket, token, accepted);
    }
}
