//! Contracts of vehicles (2.x C07, and §5 of the application note for plain 1.6): the CSMS is asked with what it needs to check
//! the chain, and where it cannot be asked, a chain that the host found valid is good for what the list and the cache say of
//! the eMAID.

use super::{Authorize, refuse};
use crate::site::context::Context;
use crate::site::settings::Setting;
use crate::site::signal::AuthorizeRequest;
use crate::station::{Contract, ContractCheck, TokenRefusal};

impl Authorize {
    /// Whether the CSMS can be asked about a contract. What the host found to be wrong is refused here: of a forged chain, the
    /// CSMS would see no more than the numbers of another.
    pub fn may_ask(&self, ctx: &mut Context<'_>, request: &AuthorizeRequest, contract: &Contract) -> bool {
        let is_provable = match contract.check {
            // C07.FR.02.
            ContractCheck::Valid => !contract.ocsp.is_empty(),
            // C07.FR.06.
            ContractCheck::UnknownRoot => {
                ctx.settings.is_on(Setting::CentralContractValidationAllowed) && contract.certificate.is_some()
            }
            ContractCheck::Invalid => false,
        };
        if !is_provable {
            refuse(ctx, request, TokenRefusal::Certificate);
        }
        is_provable
    }

    /// Whether a contract may be judged by its eMAID alone, without the CSMS.
    pub fn may_decide(&self, ctx: &mut Context<'_>, request: &AuthorizeRequest, contract: &Contract) -> bool {
        // C07.FR.07, C07.FR.08.
        let reason = match contract.check {
            _ if !ctx.settings.is_on(Setting::ContractValidationOffline) => TokenRefusal::Offline,
            ContractCheck::Valid => return true,
            ContractCheck::UnknownRoot | ContractCheck::Invalid => TokenRefusal::Certificate,
        };
        refuse(ctx, request, reason);
        false
    }
}
