//! The local authorisation list: SendLocalList and GetLocalListVersion (1.6 §3.5.2, §5.10, §5.15).
//!
//! Takes lists of the CSMS, bounded by SendLocalListMaxLength and LocalAuthListMaxLength, and says what is listed of a
//! token. A list is answered once it is durable; it is stored by `parts/token`.

use alloc::vec::Vec;

use compact_str::CompactString;
use ocpp_types::v1_6::{AuthorizationStatus, IdTagInfo, SendLocalListRequest, UpdateStatus, UpdateType};

use super::messages;
use super::settings::{Key, Settings};
use crate::parts::token::{LocalList, LocalListError, TokenInfo};
use crate::shared::Shared;
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
    pub fn restore(image: &Image, store: &mut StoreQueue) -> (Self, Vec<CompactString>) {
        let (list, skipped) = LocalList::restore(image, store);
        (LocalAuthList { list, is_contradicted: false }, skipped)
    }

    /// What the list says of a token.
    pub fn get(&self, settings: &Settings, token: &IdToken) -> Option<&TokenInfo> {
        self.list.get(token).filter(|_| settings.is_on(Key::LocalAuthListEnabled))
    }

    /// The CSMS said something else of a listed token.
    pub fn contradict(&mut self) {
        self.is_contradicted = true;
    }

    /// Whether there is a conflict to report (1.6 §3.5.2).
    pub fn is_contradicted(&self) -> bool {
        self.is_contradicted
    }

    /// The version to report; -1 where no list is in use (1.6 §5.10).
    pub fn version(&self, settings: &Settings) -> i64 {
        if settings.is_on(Key::LocalAuthListEnabled) { self.list.version().into() } else { -1 }
    }

    /// Carries out a SendLocalList. With the ticket that an acceptance waits for.
    pub fn on_send(
        &mut self,
        shared: &mut Shared,
        settings: &Settings,
        request: &SendLocalListRequest,
    ) -> (UpdateStatus, Option<Ticket>) {
        if !settings.is_on(Key::LocalAuthListEnabled) {
            return (UpdateStatus::NotSupported, None);
        }
        let bound = |key| usize::try_from(settings.number(key)).unwrap_or(usize::MAX);
        // Errata 3.52: -1 and 0 are no versions.
        let version = u32::try_from(request.list_version).ok().filter(|version| *version > 0);
        let is_short = request.local_authorization_list.len() <= bound(Key::SendLocalListMaxLength);
        let Some(version) = version.filter(|_| is_short) else { return (UpdateStatus::Failed, None) };

        // What such an entry allows is not known here (1.6 §7.2): the list is not taken, rather than another one (§7.45 Failed).
        let is_unknown = |info: &IdTagInfo| matches!(info.status, AuthorizationStatus::Unrecognized(_));
        let mut entries = request.local_authorization_list.iter();
        if entries.any(|data| data.id_tag_info.as_ref().is_some_and(is_unknown)) {
            return (UpdateStatus::Failed, None);
        }

        let changes = request.local_authorization_list.iter();
        let changes = changes
            .map(|data| (IdToken::new(data.id_tag.as_str()), data.id_tag_info.as_ref().map(messages::token_info)));
        let changes: Vec<_> = changes.collect();
        let limit = bound(Key::LocalAuthListMaxLength);
        let result = match request.update_type {
            UpdateType::Full => self.list.replace(&mut shared.store, limit, version, changes),
            UpdateType::Differential => self.list.update(&mut shared.store, limit, version, changes),
            UpdateType::Unrecognized(_) => return (UpdateStatus::Failed, None),
        };
        match result {
            Ok(ticket) => {
                self.is_contradicted = false;
                (UpdateStatus::Accepted, Some(ticket))
            }
            Err(LocalListError::Version(_)) => (UpdateStatus::VersionMismatch, None),
            Err(LocalListError::Twice | LocalListError::Removal | LocalListError::TooLong(_)) => {
                (UpdateStatus::Failed, None)
            }
        }
    }
}
