//! Master pass (2.x C16): tokens of one group, MasterPassGroupId, end the transactions of others, and begin none.
//!
//! Where such a group is set, a token that could do nothing else is asked about too: it may be of that group.

use super::context::Context;
use super::router::Parts;
use super::settings::{Setting, Settings};
use crate::station::{Event, IdToken, StopReason};

impl Settings {
    /// Whether there is a master pass.
    pub fn has_master_pass(&self) -> bool {
        !self.text(Setting::MasterPassGroupId).is_empty()
    }

    /// Whether tokens of this group are master passes.
    pub fn is_master_pass(&self, group: Option<&IdToken>) -> bool {
        let master = self.text(Setting::MasterPassGroupId);
        !master.is_empty() && group.is_some_and(|group| group.as_str().eq_ignore_ascii_case(master))
    }
}

impl Parts<'_> {
    /// A master pass was presented: all transactions end, or the host lets its owner choose (C16.FR.01, C16.FR.02).
    pub fn on_master_pass(&mut self, ctx: &mut Context<'_>, token: IdToken) {
        if !ctx.shared.config.policy.shows_master_pass {
            for evse in self.evses.iter_mut() {
                evse.stop(StopReason::MasterPass, Some(token.clone()));
            }
        }
        ctx.event(Event::MasterPass { token });
    }
}
