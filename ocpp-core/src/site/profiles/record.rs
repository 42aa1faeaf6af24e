//! The profiles at rest.
//!
//! A profile that takes the place of others is put before they are deleted, and bears a number that tells which is newer:
//! so a cut in between leaves the old profile in force or the new one, never both and never none.

use alloc::vec::Vec;

use chrono::DateTime;
use ocpp_smartcharging::model::{InstalledProfile, ProfileId};
use ocpp_smartcharging::store::{ProfileStore, StoreChange};
use ocpp_smartcharging::validate::Edition;
use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::words::{digits, joined};

const PREFIX: &str = "profile/";

#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct StoredProfile {
    number: u64,
    installed: InstalledProfile,
}

packed!(StoredProfile { number, installed });

impl Record for StoredProfile {
    const KIND: u8 = 48;
}

/// Writes profiles, in order.
#[derive(Debug)]
pub(super) struct Shelf {
    next_number: u64,
}

impl Shelf {
    /// Reads what was stored. Gives the profiles, and the entries that could not be used.
    pub fn restore(edition: Edition, image: &Image, store: &mut StoreQueue) -> (Self, ProfileStore, Vec<SmallString>) {
        let mut skipped = Vec::new();
        let mut stored = Table::default();
        for (key, bytes) in image.entries.iter().filter(|(key, _)| key.as_str().starts_with(PREFIX)) {
            match StoredProfile::from_bytes(bytes) {
                Ok(StoredProfile { number, installed }) => {
                    stored.insert(number, installed);
                }
                Err(_) => skipped.push(SmallString::new(key.as_str())),
            }
        }
        let mut shelf = Shelf { next_number: 0 };
        let mut profiles = ProfileStore::default();
        for (number, installed) in stored {
            shelf.next_number = number.saturating_add(1);
            // The time counts for dynamic profiles alone, which begin anew.
            let changes = profiles.install(installed, edition, DateTime::UNIX_EPOCH);
            let replaced = changes.into_iter().filter(|change| matches!(change, StoreChange::Remove(_)));
            shelf.keep(store, &profiles, &replaced.collect::<Vec<_>>());
        }
        (shelf, profiles, skipped)
    }

    /// Stores what changed. Gives the last ticket.
    pub fn keep(&mut self, store: &mut StoreQueue, profiles: &ProfileStore, changes: &[StoreChange]) -> Option<Ticket> {
        let mut last = None;
        for change in changes {
            if let StoreChange::Put(id) = change
                && let Some(installed) = profiles.get(*id)
            {
                let stored = StoredProfile { number: self.next_number, installed: installed.clone() };
                self.next_number = self.next_number.saturating_add(1);
                last = Some(store.push(StoreOp::Put { key: key(*id), value: stored.to_bytes() }));
            }
        }
        for change in changes {
            if let StoreChange::Remove(id) = change {
                last = Some(store.push(StoreOp::Delete { key: key(*id) }));
            }
        }
        last
    }
}

fn key(id: ProfileId) -> EntryKey {
    EntryKey::new(&joined(&[PREFIX, &digits(id.0.into())]))
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<StoredProfile>();
    }
}
