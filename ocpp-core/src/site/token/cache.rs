//! The authorisation cache (1.6 §3.5.1): the CSMS's last word on each of the tokens presented lately.
//!
//! Bounded; stores each token as an entry `cache/<slot>`, and only when what is known of it changed, so that a driver who
//! comes every day wears out no flash. A full cache gives up a token that may not charge, else the one updated first.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use super::TokenInfo;
use crate::station::{AuthorizationStatus, IdToken};
use crate::store::framing::{self, FramingError, Record};
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::words::numbered;

const PREFIX: &str = "cache/";

#[derive(Clone, Debug)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct Cached {
    token: IdToken,
    info: TokenInfo,
    /// Counts the updates of the cache.
    updated: u64,
    /// When it is known no longer, in milliseconds since 1970: where the CSMS said nothing of it, counted from the last use. Appended, with the
    /// EVSEs.
    #[cfg_attr(all(test, feature = "serde"), serde(skip))]
    until_ms: Option<i64>,
}

packed!(Cached { token, info, updated; until_ms });

impl Record for Cached {
    const KIND: u8 = 36;
}

impl Cached {
    fn write(&self) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        if !self.info.evses.is_empty() || self.until_ms.is_some() {
            framing::append(&mut bytes, &(self.info.evses.clone(), self.until_ms));
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self, FramingError> {
        let (mut cached, more): (Cached, _) = framing::read_with(bytes)?;
        (cached.info.evses, cached.until_ms) = more.unwrap_or_default();
        Ok(cached)
    }
}

/// The cache.
#[derive(Debug, Default)]
pub(crate) struct TokenCache {
    slots: Table<u16, Cached>,
}

impl TokenCache {
    /// Reads what was stored. Gives the entries that could not be used.
    pub fn restore(image: &Image) -> (Self, Vec<SmallString>) {
        let mut cache = TokenCache::default();
        let mut skipped = Vec::new();
        for (key, bytes) in &image.entries {
            let Some(slot) = key.as_str().strip_prefix(PREFIX) else { continue };
            match (slot.parse(), Cached::read(bytes)) {
                (Ok(slot), Ok(cached)) => {
                    cache.slots.insert(slot, cached);
                }
                (Ok(_) | Err(_), _) => skipped.push(SmallString::new(key.as_str())),
            }
        }
        (cache, skipped)
    }

    /// What is known of a token. What has had its time is known no longer (C10.FR.10).
    pub fn get(&self, token: &IdToken, wall: Option<DateTime<Utc>>) -> Option<&TokenInfo> {
        let is_over = |cached: &Cached| matches!((wall, cached.until_ms), (Some(wall), Some(end)) if end <= wall.timestamp_millis());
        let cached = self.slots.values().find(|cached| cached.token.matches(token))?;
        (!is_over(cached)).then_some(&cached.info)
    }

    /// Takes the CSMS's word on a token in, known until then. At most `limit` tokens are kept.
    pub fn update(
        &mut self,
        store: &mut StoreQueue,
        limit: u16,
        token: &IdToken,
        info: TokenInfo,
        until_ms: Option<i64>,
    ) {
        let known = self.slots.iter().find(|(_, cached)| cached.token.matches(token));
        if known.is_some_and(|(_, cached)| cached.info == info && !is_worth_writing(cached.until_ms, until_ms)) {
            return;
        }
        let slot = known.map(|(slot, _)| *slot).or_else(|| (0..limit).find(|slot| !self.slots.contains_key(slot)));
        let Some(slot) = slot.or_else(|| self.expendable(limit)) else { return };
        let updated = self.slots.values().map(|cached| cached.updated + 1).max().unwrap_or(0);
        let cached = Cached { token: token.clone(), info, updated, until_ms };
        store.push(StoreOp::Put { key: key(slot), value: cached.write() });
        self.slots.insert(slot, cached);
    }

    fn expendable(&self, limit: u16) -> Option<u16> {
        let is_valid = |cached: &Cached| cached.info.status == AuthorizationStatus::Accepted;
        let least = self
            .slots
            .iter()
            .filter(|(slot, _)| **slot < limit)
            .min_by_key(|(_, cached)| (is_valid(cached), cached.updated));
        least.map(|(slot, _)| *slot)
    }

    /// Forgets a token. With the ticket of that, if it was known.
    #[cfg(feature = "transaction_events")]
    pub fn forget(&mut self, store: &mut StoreQueue, token: &IdToken) -> Option<Ticket> {
        let mut last = None;
        let slots: Vec<u16> =
            self.slots.iter().filter(|(_, cached)| cached.token.matches(token)).map(|(slot, _)| *slot).collect();
        for slot in slots {
            self.slots.remove(&slot);
            last = Some(store.push(StoreOp::Delete { key: key(slot) }));
        }
        last
    }

    /// Forgets every token. With the ticket of the last removal, if there was one.
    pub fn clear(&mut self, store: &mut StoreQueue) -> Option<Ticket> {
        let slots = core::mem::take(&mut self.slots);
        slots.into_iter().map(|(slot, _)| store.push(StoreOp::Delete { key: key(slot) })).last()
    }
}

/// Whether the end of a lifetime moved by more than ten minutes: one that comes every day writes once.
fn is_worth_writing(known_ms: Option<i64>, until_ms: Option<i64>) -> bool {
    match (known_ms, until_ms) {
        (Some(known), Some(until)) => until.abs_diff(known) >= 600_000,
        (known, until) => known != until,
    }
}

fn key(slot: u16) -> EntryKey {
    EntryKey::new(&numbered(PREFIX, slot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use AuthorizationStatus::{Accepted, Blocked};

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<Cached>();
    }

    fn info(status: AuthorizationStatus) -> TokenInfo {
        TokenInfo { status, expiry_ms: None, group: None, evses: Vec::new() }
    }

    /// The store's operations carried out, and how many they were.
    fn flush(store: &mut StoreQueue, image: &mut Image) -> usize {
        core::iter::from_fn(|| store.poll()).inspect(|(_, op)| image.apply(op)).count()
    }

    #[test]
    fn full_cache_gives_up_refused_tokens_first_then_the_oldest() {
        let (mut cache, mut store) = (TokenCache::default(), StoreQueue::default());
        let token = IdToken::new;
        for (name, status) in [("A", Accepted), ("B", Blocked), ("C", Accepted), ("D", Accepted)] {
            cache.update(&mut store, 3, &token(name), info(status), None);
        }
        assert!(cache.get(&token("B"), None).is_none(), "it may not charge");
        cache.update(&mut store, 3, &token("A"), info(Blocked), None);
        cache.update(&mut store, 3, &token("A"), info(Accepted), None);
        cache.update(&mut store, 3, &token("E"), info(Accepted), None);
        assert!(cache.get(&token("C"), None).is_none(), "updated first");
        assert_eq!(cache.get(&token("a"), None), Some(&info(Accepted)), "in any case");
    }

    #[test]
    fn cache_survives_a_restart_and_writes_changes_only() {
        let (mut cache, mut store, mut image) = (TokenCache::default(), StoreQueue::default(), Image::default());
        let token = IdToken::new("A");
        cache.update(&mut store, 8, &token, info(Accepted), None);
        cache.update(&mut store, 8, &token, info(Accepted), None);
        assert_eq!(flush(&mut store, &mut image), 1);
        let (mut cache, skipped) = TokenCache::restore(&image);
        assert_eq!((cache.get(&token, None), skipped.len()), (Some(&info(Accepted)), 0));
        assert!(cache.clear(&mut store).is_some());
        flush(&mut store, &mut image);
        assert_eq!((cache.get(&token, None), image.entries.len()), (None, 0));
        assert_eq!(cache.clear(&mut store), None);
    }

    #[test]
    fn cache_without_room_keeps_nothing() {
        let (mut cache, mut store) = (TokenCache::default(), StoreQueue::default());
        cache.update(&mut store, 0, &IdToken::new("A"), info(Accepted), None);
        assert!(store.poll().is_none() && cache.get(&IdToken::new("A"), None).is_none());
    }
}
