//! Who may charge at an EVSE.

use crate::site::bearer::{Grant, Holder};
use crate::station::IdToken;
use crate::time::Instant;

/// Whether somebody may charge.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Authorisation {
    /// Nobody is here.
    #[default]
    None,
    /// A plug is in, and no token was accepted.
    Awaited { since: Instant },
    /// Somebody was accepted.
    Granted(Right),
    /// It ended, or never came to be, and the plug is still in.
    Over { held_for: Option<Holder> },
}

/// An accepted token, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Right {
    pub grant: Grant,
    /// Since when the vehicle is waited for.
    pub since: Instant,
    /// When it was accepted.
    pub at: Instant,
    /// The CSMS refused the token after the begin.
    pub is_refused: bool,
    /// And the energy that it may have all the same has flowed: the transaction goes on without.
    pub is_cut_off: bool,
}

impl Right {
    pub fn new(grant: Grant, since: Instant, at: Instant) -> Self {
        Right { grant, since, at, is_refused: false, is_cut_off: false }
    }

    /// Who may take the cable.
    pub fn holder(&self) -> Holder {
        Holder { token: self.grant.token.clone(), group: self.grant.group.clone() }
    }
}

impl Authorisation {
    /// Over, with a cable that is free.
    pub const OVER: Authorisation = Authorisation::Over { held_for: None };

    pub fn right(&self) -> Option<&Right> {
        match self {
            Authorisation::Granted(right) => Some(right),
            Authorisation::None | Authorisation::Awaited { .. } | Authorisation::Over { .. } => None,
        }
    }

    pub fn right_mut(&mut self) -> Option<&mut Right> {
        match self {
            Authorisation::Granted(right) => Some(right),
            Authorisation::None | Authorisation::Awaited { .. } | Authorisation::Over { .. } => None,
        }
    }

    /// Whether the token is the one that is here.
    pub fn is_of(&self, token: &IdToken) -> bool {
        match self {
            Authorisation::Granted(right) => right.grant.token.matches(token),
            Authorisation::Over { held_for: Some(holder) } => holder.token.matches(token),
            Authorisation::None | Authorisation::Awaited { .. } | Authorisation::Over { held_for: None } => false,
        }
    }
}
