//! What blocks tell each other. Blocks never call blocks: the machine moves signals between them.

#[cfg(feature = "plug_and_charge")]
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bearer::Grant;
#[cfg(feature = "plug_and_charge")]
use crate::station::Contract;
use crate::station::{AuthorizationStatus, EvseId, IdToken, TokenRefusal, TransactionNo};

/// A reaction that belongs to another block.
#[derive(Debug)]
pub(crate) enum Signal {
    /// A token needs the CSMS's verdict.
    Authorize(AuthorizeRequest),
    /// A token may start a transaction.
    Granted { evse: Option<EvseId>, grant: Grant },
    /// A token may be of the group that charges here.
    GroupConfirmed { evse: EvseId, token: IdToken, group: Option<IdToken> },
    /// A token is a master pass.
    MasterPass(IdToken),
    /// A token may not.
    Refused { evse: Option<EvseId>, reason: TokenRefusal },
    /// The CSMS answered the start of a transaction.
    StartAnswered { transaction: TransactionNo, status: Option<AuthorizationStatus>, group: Option<IdToken> },
    /// The CSMS accepted the station: report every status (1.6 errata 3.22).
    Accepted,
}

/// A token to ask the CSMS about.
#[derive(Debug)]
pub(crate) struct AuthorizeRequest {
    pub evse: Option<EvseId>,
    /// Those that its reader serves, of which its driver chooses one; none is any.
    pub evses: Vec<EvseId>,
    pub token: IdToken,
    pub purpose: Purpose,
    /// Which order of the CSMS it comes from, where orders are numbered.
    pub remote_start: Option<i64>,
    /// The contract that the token is of.
    #[cfg(feature = "plug_and_charge")]
    pub contract: Option<Box<Contract>>,
}

impl AuthorizeRequest {
    /// About a plain token.
    pub fn new(evse: Option<EvseId>, token: IdToken, purpose: Purpose) -> Self {
        AuthorizeRequest {
            evse,
            evses: Vec::new(),
            token,
            purpose,
            remote_start: None,
            #[cfg(feature = "plug_and_charge")]
            contract: None,
        }
    }

    /// Whether it is about a contract, not a plain token.
    pub fn is_contract(&self) -> bool {
        #[cfg(feature = "plug_and_charge")]
        let is_contract = self.contract.is_some();
        #[cfg(not(feature = "plug_and_charge"))]
        let is_contract = false;
        is_contract
    }
}

/// What an accepted token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To start a transaction.
    Start,
    /// To stop the transaction, or free the cable, of another token of the same group.
    Group,
    /// To end the transactions of others: it can do nothing else here.
    MasterPass,
    /// To tell the host.
    Validation,
}
