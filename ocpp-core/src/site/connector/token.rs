//! What a token means at a connector: start, stop, give up, or free the cable.

use super::super::bearer::{Grant, is_same_group};
use super::{Connector, Stage, Stopping};
use crate::station::{IdToken, StopReason, TokenRefusal};
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

impl Connector {
    /// Whether the token is the one that is here.
    pub fn is_held_by(&self, token: &IdToken) -> bool {
        match &self.stage {
            Stage::Preparing { grant: Some(grant), .. }
            | Stage::Starting { grant, .. }
            | Stage::Unmetered { grant } => grant.token.matches(token),
            Stage::Interrupted { running, .. }
            | Stage::Running(running)
            | Stage::Stopping(Stopping { running, .. }) => running.token.matches(token),
            Stage::Finishing { held_for: Some(holder) } => holder.token.matches(token),
            Stage::Idle | Stage::Preparing { grant: None, .. } | Stage::Finishing { held_for: None } => false,
        }
    }

    /// Takes a token that was presented here.
    pub fn on_token(&mut self, token: &IdToken) -> TokenUse {
        let is_own = self.is_held_by(token);
        match &mut self.stage {
            Stage::Idle | Stage::Preparing { grant: None, .. } | Stage::Finishing { held_for: None } => {
                if self.takes_grants() { TokenUse::AskToStart } else { TokenUse::Refuse(TokenRefusal::Unavailable) }
            }
            // 1.6 §4.9 "B1": the second presentation takes the first back.
            Stage::Preparing { grant, .. } if is_own => {
                *grant = None;
                TokenUse::Done
            }
            // Nothing was measured, so nothing is billed.
            Stage::Unmetered { .. } if is_own => {
                self.stage = Stage::Finishing { held_for: None };
                TokenUse::Done
            }
            Stage::Running(_) | Stage::Interrupted { .. } if is_own => {
                self.stop(StopReason::Local, Some(token.clone()));
                TokenUse::Done
            }
            // What is under way goes on: the same token says nothing new. At an end it may want another session, and is told no.
            Stage::Starting { .. } if is_own => TokenUse::Done,
            Stage::Running(running) | Stage::Interrupted { running, .. } if running.group.is_some() => {
                TokenUse::AskForGroup
            }
            Stage::Finishing { held_for } if is_own => {
                *held_for = None;
                TokenUse::Done
            }
            Stage::Finishing { held_for: Some(holder) } if holder.group.is_some() => TokenUse::AskForGroup,
            Stage::Preparing { .. }
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_)
            | Stage::Stopping(_)
            | Stage::Finishing { .. } => TokenUse::Refuse(TokenRefusal::Occupied),
        }
    }

    /// An accepted token may start a transaction here. One that was accepted before only tells its group.
    pub fn on_grant(&mut self, now: Instant, grant: Grant) -> Result<(), TokenRefusal> {
        if self.is_held_by(&grant.token) && (self.bearer().is_some() || self.is_running()) {
            self.learn_group(grant.group);
            return Ok(());
        }
        if !self.is_operative || self.is_blocked() {
            return Err(TokenRefusal::Unavailable);
        }
        match &mut self.stage {
            Stage::Preparing { grant: slot @ None, .. } => *slot = Some(grant),
            Stage::Idle | Stage::Finishing { held_for: None } => {
                self.stage = Stage::Preparing { since: now, grant: Some(grant) };
            }
            Stage::Preparing { .. }
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_)
            | Stage::Stopping(_)
            | Stage::Finishing { .. } => return Err(TokenRefusal::Occupied),
        }
        Ok(())
    }

    /// The token that charges here, if its group was not told.
    pub fn lacks_group(&self) -> Option<&IdToken> {
        let running = self.running().filter(|running| running.group.is_none());
        running.map(|running| &running.token)
    }

    /// The group of the token that is here became known.
    pub fn learn_group(&mut self, group: Option<IdToken>) {
        match &mut self.stage {
            Stage::Preparing { grant: Some(grant), .. }
            | Stage::Starting { grant, .. }
            | Stage::Unmetered { grant } => grant.group = group.or(grant.group.take()),
            Stage::Interrupted { running, .. }
            | Stage::Running(running)
            | Stage::Stopping(Stopping { running, .. }) => running.group = group.or(running.group.take()),
            Stage::Finishing { held_for: Some(holder) } => holder.group = group.or(holder.group.take()),
            Stage::Idle | Stage::Preparing { grant: None, .. } | Stage::Finishing { held_for: None } => {}
        }
    }

    /// An accepted token of group `group` was presented: it acts like the one that is here, if the groups agree
    /// (1.6 §3.10).
    pub fn on_group(&mut self, token: IdToken, group: Option<&IdToken>) -> Result<(), TokenRefusal> {
        match &mut self.stage {
            Stage::Running(running) | Stage::Interrupted { running, .. }
                if is_same_group(running.group.as_ref(), group) =>
            {
                self.stop(StopReason::Local, Some(token));
                Ok(())
            }
            Stage::Finishing { held_for }
                if held_for.as_ref().is_some_and(|held| is_same_group(held.group.as_ref(), group)) =>
            {
                *held_for = None;
                Ok(())
            }
            Stage::Idle
            | Stage::Preparing { .. }
            | Stage::Starting { .. }
            | Stage::Unmetered { .. }
            | Stage::Interrupted { .. }
            | Stage::Running(_)
            | Stage::Stopping(_)
            | Stage::Finishing { .. } => Err(TokenRefusal::Occupied),
        }
    }
}
