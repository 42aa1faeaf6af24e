//! What a token means at an EVSE: start, stop, give up, or free the cable.

use alloc::boxed::Box;

use super::super::bearer::{Grant, is_same_group};
use super::{Authorisation, Evse, Transaction};
use crate::site::journal::News;
use crate::site::session::Right;
use crate::station::{IdToken, StopReason, TokenRefusal, TriggerReason};
use crate::time::Instant;

/// What is to be done about a token that was presented.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenUse {
    /// It was clear, and is done.
    Done,
    /// Ask whether it may start a transaction.
    AskToStart,
    /// Ask whether it is of the group that is here (1.6 §4.1: only for another identifier).
    AskForGroup,
    /// It means nothing here now.
    Refuse(TokenRefusal),
}

impl Evse {
    /// Whether the token is the one that is here.
    pub fn is_held_by(&self, token: &IdToken) -> bool {
        self.authorisation.is_of(token)
    }

    /// Takes a token that was presented here.
    pub fn on_token(&mut self, token: &IdToken) -> TokenUse {
        let is_own = self.is_held_by(token);
        if self.may_resume(token) {
            return TokenUse::AskToStart;
        }
        match (&self.transaction, &mut self.authorisation) {
            // At an end it may want another session, and is told no.
            (Transaction::Closing(_), _) => TokenUse::Refuse(TokenRefusal::Occupied),
            (_, Authorisation::Over { held_for }) if is_own => {
                *held_for = None;
                TokenUse::Done
            }
            (_, Authorisation::Over { held_for: Some(holder) }) if holder.group.is_some() => TokenUse::AskForGroup,
            (_, Authorisation::Over { held_for: Some(_) }) => TokenUse::Refuse(TokenRefusal::Occupied),
            // C01.FR.23: a transaction has one driver.
            (Transaction::Open(_), Authorisation::Over { held_for: None }) => TokenUse::Refuse(TokenRefusal::Occupied),
            (_, Authorisation::None | Authorisation::Awaited { .. } | Authorisation::Over { held_for: None }) => {
                if self.takes_grants() { TokenUse::AskToStart } else { TokenUse::Refuse(TokenRefusal::Unavailable) }
            }
            // 1.6 §4.9 "B1": the second presentation takes the first back.
            (Transaction::None, Authorisation::Granted(right)) if is_own => {
                self.authorisation = Authorisation::Awaited { since: right.since };
                TokenUse::Done
            }
            // Nothing was measured, so nothing is billed.
            (Transaction::Unmetered { .. }, Authorisation::Granted(_)) if is_own => {
                self.authorisation = Authorisation::OVER;
                self.transaction = Transaction::None;
                TokenUse::Done
            }
            // What is under way goes on: the same token says nothing new.
            (Transaction::Beginning { .. }, Authorisation::Granted(_)) if is_own => TokenUse::Done,
            (Transaction::Open(_), Authorisation::Granted(_)) if is_own => {
                self.stop(StopReason::Local, Some(token.clone()));
                TokenUse::Done
            }
            (Transaction::Open(_), Authorisation::Granted(right)) if right.grant.group.is_some() => {
                TokenUse::AskForGroup
            }
            (
                Transaction::None
                | Transaction::Beginning { .. }
                | Transaction::Unmetered { .. }
                | Transaction::Open(_),
                Authorisation::Granted(_),
            ) => TokenUse::Refuse(TokenRefusal::Occupied),
        }
    }

    /// An accepted token may start a transaction here, or charge in the one that is open. One that was accepted before only tells
    /// its group.
    pub fn on_grant(&mut self, now: Instant, grant: Grant) -> Result<(), TokenRefusal> {
        let resumes = self.may_resume(&grant.token);
        if !resumes && self.is_held_by(&grant.token) && (self.bearer().is_some() || self.is_running()) {
            self.learn_group(grant.group);
            return Ok(());
        }
        if !self.is_operative || self.is_blocked() {
            return Err(TokenRefusal::Unavailable);
        }
        if !resumes && !self.takes_grants() {
            return Err(TokenRefusal::Occupied);
        }
        let since = match &self.authorisation {
            Authorisation::Awaited { since } => *since,
            Authorisation::None | Authorisation::Granted(_) | Authorisation::Over { .. } => now,
        };
        let right = Right::new(grant, since, now);
        if let Transaction::Open(open) = &mut self.transaction {
            let remote_start = right.grant.remote_start;
            let trigger = if remote_start.is_some() { TriggerReason::RemoteStart } else { TriggerReason::Authorized };
            open.change = Some(trigger);
            open.over = None;
            let authorised = Some(right.holder());
            open.news = Some(Box::new(News { authorised, remote_start, ..News::default() }));
        }
        self.authorisation = Authorisation::Granted(right);
        Ok(())
    }

    /// The token that charges here, if its group was not told.
    pub fn lacks_group(&self) -> Option<&IdToken> {
        let right = self.authorisation.right().filter(|_| self.begun().is_some());
        right.filter(|right| right.grant.group.is_none()).map(|right| &right.grant.token)
    }

    /// The group of the token that is here became known.
    pub fn learn_group(&mut self, group: Option<IdToken>) {
        let known = match &mut self.authorisation {
            Authorisation::Granted(right) => &mut right.grant.group,
            Authorisation::Over { held_for: Some(holder) } => &mut holder.group,
            Authorisation::None | Authorisation::Awaited { .. } | Authorisation::Over { held_for: None } => return,
        };
        *known = group.or(known.take());
    }

    /// An accepted token of group `group` was presented: it acts like the one that is here, if the groups agree
    /// (1.6 §3.10, 2.x E07.FR.01).
    pub fn on_group(&mut self, token: IdToken, group: Option<&IdToken>) -> Result<(), TokenRefusal> {
        match (&self.transaction, &mut self.authorisation) {
            (Transaction::Closing(_), _) => Err(TokenRefusal::Occupied),
            (Transaction::Open(_), Authorisation::Granted(right))
                if is_same_group(right.grant.group.as_ref(), group) =>
            {
                self.stop(StopReason::Local, Some(token));
                Ok(())
            }
            (_, Authorisation::Over { held_for })
                if held_for.as_ref().is_some_and(|held| is_same_group(held.group.as_ref(), group)) =>
            {
                *held_for = None;
                Ok(())
            }
            (
                _,
                Authorisation::None
                | Authorisation::Awaited { .. }
                | Authorisation::Granted(_)
                | Authorisation::Over { .. },
            ) => Err(TokenRefusal::Occupied),
        }
    }
}
