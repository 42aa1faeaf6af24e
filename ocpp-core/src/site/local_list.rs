//! The local authorisation list: SendLocalList and GetLocalListVersion (1.6 §3.5.2, §5.10, §5.15).
//!
//! Takes lists of the CSMS, bounded by SendLocalListMaxLength and LocalAuthListMaxLength, and says what is listed of a
//! token. A list is answered once it is durable; it is stored by `site/token`.

use alloc::vec::Vec;

use ocpp_types::SmallString;

use super::settings::{Setting, Settings};
use super::verdict::ListRefusal;
use crate::site::shared::Shared;
use crate::site::token::{LocalList, LocalListError, TokenInfo};
use crate::station::IdToken;
use crate::store::{Image, StoreQueue, Ticket};

/// The list, as far as LocalAuthListEnabled has it count.
#[derive(Debug, Default)]
pub(crate) struct LocalAuthList {
    list: LocalList,
    /// The CSMS said something else of a token than its own list does, and has not sent another list since.
    is_contradicted: bool,
}

impl LocalAuthList {
    /// Reads what was stored. Gives the entries that could not be used.
    pub fn restore(image: &Image, store: &mut StoreQueue) -> (Self, Vec<SmallString>) {
        let (list, skipped) = LocalList::restore(image, store);
        (LocalAuthList { list, is_contradicted: false }, skipped)
    }

    /// What the list says of a token.
    pub fn get(&self, settings: &Settings, token: &IdToken) -> Option<&TokenInfo> {
        self.list.get(token).filter(|_| settings.is_on(Setting::LocalAuthListEnabled))
    }

    /// The CSMS said something else of a listed token.
    pub fn contradict(&mut self) {
        self.is_contradicted = true;
    }

    /// Whether there is a conflict to report (1.6 §3.5.2).
    pub fn is_contradicted(&self) -> bool {
        self.is_contradicted
    }

    /// The version that the CSMS gave last, 0 before it gave one (2.x D02).
    #[cfg(feature = "transaction_events")]
    pub fn sent_version(&self) -> i64 {
        self.list.sent_version().into()
    }

    /// The version to report; -1 where no list is in use (1.6 §5.10).
    pub fn version(&self, settings: &Settings) -> i64 {
        if settings.is_on(Setting::LocalAuthListEnabled) { self.list.version().into() } else { -1 }
    }

    /// How many tokens it names.
    #[cfg(feature = "transaction_events")]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Carries out a SendLocalList: a whole list, or changes of the one there is. With the ticket that an acceptance waits for.
    pub fn on_send(
        &mut self,
        shared: &mut Shared,
        settings: &Settings,
        version: i64,
        is_full: bool,
        changes: Vec<(IdToken, Option<TokenInfo>)>,
    ) -> Result<Ticket, ListRefusal> {
        if !settings.is_on(Setting::LocalAuthListEnabled) {
            return Err(ListRefusal::Disabled);
        }
        let bound = |key| usize::try_from(settings.number(key)).unwrap_or(usize::MAX);
        // Errata 3.52: -1 and 0 are no versions.
        let version = u32::try_from(version).ok().filter(|version| *version > 0);
        let is_short = changes.len() <= bound(Setting::SendLocalListMaxLength);
        let version = version.filter(|_| is_short).ok_or(ListRefusal::Failed)?;
        let limit = bound(Setting::LocalAuthListMaxLength);
        let result = if is_full {
            self.list.replace(&mut shared.store, limit, version, changes)
        } else {
            self.list.update(&mut shared.store, limit, version, changes)
        };
        let ticket = result.map_err(|error| match error {
            LocalListError::Version(_) => ListRefusal::Version,
            LocalListError::Twice | LocalListError::Removal | LocalListError::TooLong(_) => ListRefusal::Failed,
        })?;
        self.is_contradicted = false;
        Ok(ticket)
    }
}
