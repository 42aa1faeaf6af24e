//! The local authorisation list (1.6 §3.5.2, 2.x D01): tokens and what the CSMS says of them, with a version.
//!
//! Stored as changes in parts of bounded size, `list/<generation>/<part>`, and an entry `list` that says which generation
//! counts, how many of its parts, and the version. Putting that entry is the one operation that makes an update happen;
//! parts beyond it are what a power cut left, and go at the next start. A full update begins a new generation; a
//! differential one adds parts, until the parts hold many changes that later ones made void: then it too is written anew.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Ordering;

use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::TokenInfo;
use crate::station::{EvseId, IdToken};
use crate::store::framing::{self, FramingError, Record};
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::words::{joined, numbered};

const ENTRY: &str = "list";
const PREFIX: &str = "list/";

/// Changes per part: about 1 KB.
const PART: usize = 24;

/// Which parts count.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct Head {
    version: u32,
    generation: u32,
    parts: u32,
}

packed!(Head { version, generation, parts });

impl Record for Head {
    const KIND: u8 = 37;
}

/// Where the token of a change may charge, by the place of the change in its part.
type Named = (usize, Vec<EvseId>);

/// A token to set, or (none) to remove.
type Change = (IdToken, Option<TokenInfo>);

#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct Part(Vec<Change>);

packed!(Part { 0 });

impl Record for Part {
    const KIND: u8 = 38;
}

impl Part {
    /// Appended is which of the changes name EVSEs, and which.
    fn write(&self) -> Vec<u8> {
        let evses = |(_, info): &Change| info.as_ref().map(|info| info.evses.clone()).unwrap_or_default();
        let named = self.0.iter().map(evses).enumerate().filter(|(_, evses)| !evses.is_empty());
        let named: Vec<Named> = named.collect();
        let mut bytes = self.to_bytes();
        if !named.is_empty() {
            framing::append(&mut bytes, &named);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self, FramingError> {
        let (mut part, named): (Part, Option<Vec<Named>>) = framing::read_with(bytes)?;
        for (place, evses) in named.unwrap_or_default() {
            if let Some((_, Some(info))) = part.0.get_mut(place) {
                info.evses = evses;
            }
        }
        Ok(part)
    }
}

/// Why an update was refused; the list stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum LocalListError {
    #[error("a token occurs twice")]
    Twice,
    #[error("a full list removes a token")]
    Removal,
    #[error("the list would hold {0} tokens")]
    TooLong(usize),
    #[error("the version is not later than {0}")]
    Version(u32),
}

/// The list.
#[derive(Debug, Default)]
pub(crate) struct LocalList {
    head: Head,
    /// By the token in small letters, as tokens are compared without regard to case.
    tokens: Table<SmallString, TokenInfo>,
    /// Changes in the parts that count.
    changes: usize,
}

impl LocalList {
    /// Reads what was stored, and removes what does not count. Gives the entries that could not be used.
    pub fn restore(image: &Image, store: &mut StoreQueue) -> (Self, Vec<SmallString>) {
        let mut list = LocalList::default();
        let mut skipped = Vec::new();
        match image.entry(ENTRY).map(Head::from_bytes) {
            Some(Ok(head)) => list.head = head,
            Some(Err(_)) => skipped.push(ENTRY.into()),
            None => {}
        }
        let (mut is_whole, mut changes) = (true, BinaryHeap::new());
        for number in 0..list.head.parts {
            let key = part_key(list.head.generation, number);
            match image.entries.get(&key).map(|bytes| Part::read(bytes)) {
                Some(Ok(Part(part))) => {
                    for (token, info) in part {
                        changes.push(Loaded { token: token.folded(), number: changes.len(), info });
                    }
                }
                Some(Err(_)) | None => {
                    is_whole = false;
                    skipped.push(SmallString::new(key.as_str()));
                }
            }
        }
        list.load(changes);
        if !is_whole {
            // A part of a list is not what the CSMS calls by this version: version 0 has it send the whole again.
            list = LocalList { head: Head { version: 0, parts: 0, ..list.head }, ..LocalList::default() };
        }
        let counts = |key: &EntryKey| (0..list.head.parts).any(|n| part_key(list.head.generation, n) == *key);
        for key in image.entries.keys().filter(|key| key.as_str().starts_with(PREFIX) && !counts(key)) {
            store.push(StoreOp::Delete { key: key.clone() });
        }
        (list, skipped)
    }

    /// How many tokens it names.
    #[cfg(feature = "transaction_events")]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The version that was given last, also of a list that is empty now (2.x D01.FR.04).
    #[cfg(feature = "transaction_events")]
    pub fn sent_version(&self) -> u32 {
        self.head.version
    }

    /// The version; 0 while the list is empty (1.6 §5.10).
    pub fn version(&self) -> u32 {
        if self.tokens.is_empty() { 0 } else { self.head.version }
    }

    /// What the list says of a token.
    pub fn get(&self, token: &IdToken) -> Option<&TokenInfo> {
        if self.tokens.is_empty() {
            return None;
        }
        // Whoever leaves the type open stands for all types, which stand behind the text alone.
        let text = IdToken::new(token.as_str()).folded();
        let mut near = self.tokens.from(&text).take_while(|(known, _)| known.starts_with(text.as_str()));
        near.find(|(known, _)| IdToken::from_folded(known).matches(token)).map(|(_, info)| info)
    }

    /// Replaces the list. With the ticket that makes it durable.
    pub fn replace(
        &mut self,
        store: &mut StoreQueue,
        limit: usize,
        version: u32,
        tokens: Vec<Change>,
    ) -> Result<Ticket, LocalListError> {
        if tokens.iter().any(|(_, info)| info.is_none()) {
            return Err(LocalListError::Removal);
        }
        check_unique(&tokens)?;
        if tokens.len() > limit {
            return Err(LocalListError::TooLong(tokens.len()));
        }
        self.tokens = Table::default();
        Ok(self.write_anew(store, version, tokens))
    }

    /// Applies changes to the list. With the ticket that makes it durable.
    pub fn update(
        &mut self,
        store: &mut StoreQueue,
        limit: usize,
        version: u32,
        changes: Vec<Change>,
    ) -> Result<Ticket, LocalListError> {
        if version <= self.version() {
            return Err(LocalListError::Version(self.version()));
        }
        check_unique(&changes)?;
        let is_known = |token: &IdToken| self.tokens.contains_key(&token.folded());
        let added = changes.iter().filter(|(token, info)| info.is_some() && !is_known(token)).count();
        let removed = changes.iter().filter(|(token, info)| info.is_none() && is_known(token)).count();
        let length = self.tokens.len() + added - removed;
        if length > limit {
            return Err(LocalListError::TooLong(length));
        }
        if self.changes + changes.len() > 2 * length + PART {
            self.apply(changes);
            let tokens = core::mem::take(&mut self.tokens);
            let tokens = tokens.into_iter().map(|(token, info)| (IdToken::from_folded(&token), Some(info))).collect();
            return Ok(self.write_anew(store, version, tokens));
        }
        Ok(self.write(store, Head { version, ..self.head }, changes))
    }

    /// A new generation, after which the old one goes.
    fn write_anew(&mut self, store: &mut StoreQueue, version: u32, tokens: Vec<Change>) -> Ticket {
        let old = self.head;
        self.changes = 0;
        let ticket = self.write(store, Head { version, generation: old.generation.wrapping_add(1), parts: 0 }, tokens);
        for number in 0..old.parts {
            store.push(StoreOp::Delete { key: part_key(old.generation, number) });
        }
        ticket
    }

    /// Adds parts to a generation, and makes them count.
    fn write(&mut self, store: &mut StoreQueue, head: Head, changes: Vec<Change>) -> Ticket {
        self.head = head;
        for part in changes.chunks(PART) {
            let key = part_key(self.head.generation, self.head.parts);
            store.push(StoreOp::Put { key, value: Part(part.to_vec()).write() });
            self.head.parts += 1;
        }
        self.apply(changes);
        store.push(StoreOp::Put { key: EntryKey::new(ENTRY), value: self.head.to_bytes() })
    }

    /// All changes in one go: one after another, each would move what lies behind it.
    fn load(&mut self, changes: BinaryHeap<Loaded>) {
        self.changes = changes.len();
        let mut changes = changes.into_sorted_vec().into_iter().peekable();
        while let Some(Loaded { token, info, .. }) = changes.next() {
            let is_last = changes.peek().is_none_or(|next| next.token != token);
            if let Some(info) = info.filter(|_| is_last) {
                self.tokens.insert(token, info);
            }
        }
    }

    fn apply(&mut self, changes: Vec<Change>) {
        self.changes += changes.len();
        for (token, info) in changes {
            match info {
                Some(info) => self.tokens.insert(token.folded(), info),
                None => self.tokens.remove(&token.folded()),
            };
        }
    }
}

/// A change as it is stored, in order of its token, and then as they came.
struct Loaded {
    token: SmallString,
    number: usize,
    info: Option<TokenInfo>,
}

impl Ord for Loaded {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.token, self.number).cmp(&(&other.token, other.number))
    }
}

impl PartialOrd for Loaded {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Loaded {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Loaded {}

fn check_unique(changes: &[Change]) -> Result<(), LocalListError> {
    let mut names = Table::default();
    let is_unique = changes.iter().all(|(token, _)| names.insert(token.folded(), ()).is_none());
    if is_unique { Ok(()) } else { Err(LocalListError::Twice) }
}

fn part_key(generation: u32, number: u32) -> EntryKey {
    EntryKey::new(&numbered(&joined(&[&numbered(PREFIX, generation), "/"]), number))
}

#[cfg(test)]
mod tests;
