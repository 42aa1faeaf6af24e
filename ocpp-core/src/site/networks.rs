//! Network connection profiles (2.x B09, B10): where the station connects, in which order, and what becomes of an attempt.
//!
//! The first slot is the network of the configuration, until the CSMS sets another. What it sets is stored at once as `network/<slot>`,
//! and counts from the next boot on, with the first entry of NetworkConfigurationPriority (B10.FR.04). Each entry has
//! NetworkProfileConnectionAttempts attempts; behind the last comes the slot of the last connection, should it be none of them
//! (B10.FR.07), and then the first again (B10.FR.08). Which slot that is, is stored as `network`.
//!
//! A connection by a slot that is safer than what was in use ends the network of the configuration: it was reached less safely, and its
//! slot is empty from then on (A05.FR.06). It stays the way in where no slot is left.

use alloc::vec::Vec;
use core::fmt;

use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use crate::store::framing::{self, FramingError, Record};
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::words::numbered;

/// The slots are numbered from 1 to this (B09.FR.06).
pub(crate) const SLOTS: u8 = 4;

/// The slot of the configuration's network.
pub(crate) const FIRST: u8 = 1;

const ENTRY: &str = "network";
const PREFIX: &str = "network/";

/// What the CSMS set a slot to.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct Network {
    /// The endpoint, without the identity.
    pub url: SmallString,
    pub security_profile: u8,
    pub interface: SmallString,
    pub message_timeout_seconds: u32,
    /// In place of the station's own (2.1).
    pub identity: Option<SmallString>,
    pub password: Option<SmallString>,
    /// The request that set it, as JSON, for the host's modem.
    pub request: SmallString,
}

packed!(Network { url, security_profile, interface, message_timeout_seconds, identity, password, request });

impl Record for Network {
    const KIND: u8 = 54;
}

/// Without passwords.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The slot of the last connection.
#[derive(Debug)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct LastSlot {
    slot: u8,
    /// Whether the network of the configuration is none of the slots any more. Appended.
    #[cfg_attr(all(test, feature = "serde"), serde(skip))]
    is_first_gone: bool,
}

packed!(LastSlot { slot; is_first_gone });

impl Record for LastSlot {
    const KIND: u8 = 55;
}

impl LastSlot {
    fn write(&self) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        if self.is_first_gone {
            framing::append(&mut bytes, &true);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self, FramingError> {
        let (last, is_first_gone): (LastSlot, _) = framing::read_with(bytes)?;
        Ok(LastSlot { is_first_gone: is_first_gone.unwrap_or_default(), ..last })
    }
}

/// The slots, and which one is in use.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    set: Table<u8, Network>,
    /// The slots of this boot in their order, as they were at its begin; without more, the network of the configuration.
    order: Vec<(u8, Option<Network>)>,
    /// Which of them is in use, or tried.
    at: usize,
    /// Attempts that failed there, in a row.
    failures: u32,
    /// The slot of the last connection.
    last: u8,
    /// Whether the network of the configuration is none of the slots any more.
    is_first_gone: bool,
    /// The slot of the last connection in this boot.
    connected: Option<u8>,
    is_switched: bool,
}

/// The slots of a value of NetworkConfigurationPriority; none if it is no such value.
pub(crate) fn slots(value: &str) -> Option<Vec<u8>> {
    let mut slots = Vec::new();
    for item in value.split(',') {
        let slot = item.trim().parse().ok().filter(|slot| (FIRST..=SLOTS).contains(slot) && !slots.contains(slot))?;
        slots.push(slot);
    }
    Some(slots)
}

impl Networks {
    /// Reads what was stored.
    pub fn restore(image: &Image, skipped: &mut Vec<SmallString>) -> Self {
        let mut networks = Networks { last: FIRST, ..Networks::default() };
        for (key, bytes) in &image.entries {
            let read = match key.as_str().strip_prefix(PREFIX) {
                Some(slot) => slot.parse().ok().zip(Network::from_bytes(bytes).ok()).map(|(slot, network)| {
                    networks.set.insert(slot, network);
                }),
                None if key.as_str() == ENTRY => LastSlot::read(bytes).ok().map(|last| {
                    (networks.last, networks.is_first_gone) = (last.slot, last.is_first_gone);
                }),
                None => Some(()),
            };
            if read.is_none() {
                skipped.push(SmallString::new(key.as_str()));
            }
        }
        networks
    }

    /// Decides by what this boot goes. What is less safe than what is in use is left out, whenever it was set (A05.FR.06).
    pub fn plan(&mut self, store: &mut StoreQueue, priority: &str, security_profile: u8) {
        self.remove_below(store, security_profile);
        for slot in slots(priority).unwrap_or_default().into_iter().chain([self.last]) {
            if self.is_set(slot) && self.order.iter().all(|(known, _)| *known != slot) {
                self.order.push((slot, self.set.get(&slot).cloned()));
            }
        }
    }

    /// Whether there is a network in a slot, by what is stored now.
    pub fn is_set(&self, slot: u8) -> bool {
        (slot == FIRST && !self.is_first_gone) || self.set.contains_key(&slot)
    }

    /// What the CSMS set a slot to.
    pub fn get(&self, slot: u8) -> Option<&Network> {
        self.set.get(&slot)
    }

    /// Sets a slot, for the next boot.
    pub fn set(&mut self, store: &mut StoreQueue, slot: u8, network: Network) -> Ticket {
        let ticket = store.push(StoreOp::Put { key: key(slot), value: network.to_bytes() });
        self.set.insert(slot, network);
        ticket
    }

    /// By what the station connects, or is connected: none is the network of the configuration.
    pub fn present(&self) -> Option<(u8, &Network)> {
        self.order.get(self.at).and_then(|(slot, network)| Some((*slot, network.as_ref()?)))
    }

    /// The connection did not come about, of an entry that has so many attempts.
    pub fn failed(&mut self, attempts: u32) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= attempts && !self.order.is_empty() {
            self.failures = 0;
            self.at = (self.at + 1) % self.order.len();
        }
    }

    /// The connection is there. Where it is safer than what was in use, by a slot that the CSMS set, the network of the configuration was
    /// reached less safely, and is no way back (A05.FR.06).
    pub fn connected(&mut self, store: &mut StoreQueue, is_safer: bool) {
        self.failures = 0;
        let slot = self.order.get(self.at).map_or(FIRST, |(slot, _)| *slot);
        self.is_switched |= self.connected.replace(slot).is_some_and(|before| before != slot);
        let is_first_gone = self.is_first_gone || is_safer;
        if (self.last, self.is_first_gone) != (slot, is_first_gone) {
            (self.last, self.is_first_gone) = (slot, is_first_gone);
            store.push(StoreOp::Put { key: EntryKey::new(ENTRY), value: LastSlot { slot, is_first_gone }.write() });
        }
    }

    /// Whether the connection is by another slot than the one before, said once: it may be another CSMS (B10.FR.10).
    pub fn take_switched(&mut self) -> bool {
        core::mem::take(&mut self.is_switched)
    }

    /// Forgets what is less safe than what is in use (A05.FR.06).
    pub fn remove_below(&mut self, store: &mut StoreQueue, security_profile: u8) {
        let is_lower = |network: &Network| network.security_profile < security_profile;
        let lower: Vec<u8> = self.set.iter().filter(|(_, network)| is_lower(network)).map(|(slot, _)| *slot).collect();
        for slot in lower {
            self.set.remove(&slot);
            store.push(StoreOp::Delete { key: key(slot) });
        }
        let present = self.order.get(self.at).map(|(slot, _)| *slot);
        let is_first_gone = self.is_first_gone;
        self.order.retain(|(_, network)| network.as_ref().map_or(!is_first_gone, |network| !is_lower(network)));
        self.at = self.order.iter().position(|(slot, _)| Some(*slot) == present).unwrap_or_default();
    }
}

fn key(slot: u8) -> EntryKey {
    EntryKey::new(&numbered(PREFIX, slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<Network>();
        agrees_with_postcard::<LastSlot>();
        agrees_with_postcard::<(LastSlot, bool)>();
    }

    /// A record of before the network of the configuration could go, as the code of then wrote it.
    #[test]
    fn slot_of_before_is_read() {
        let bytes = [1, 55, 2];
        let last = LastSlot::read(&bytes).unwrap();
        assert_eq!((last.slot, last.is_first_gone), (2, false));
        assert_eq!(last.write(), bytes);
        let gone = LastSlot { is_first_gone: true, ..last };
        assert!(LastSlot::read(&gone.write()).unwrap().is_first_gone);
    }

    fn network(url: &str, security_profile: u8) -> Network {
        Network {
            url: url.into(),
            security_profile,
            interface: "Wired0".into(),
            message_timeout_seconds: 30,
            identity: None,
            password: None,
            request: "{}".into(),
        }
    }

    /// B10.FR.03, B10.FR.04, B10.FR.07, B10.FR.08: what is tried, over two rounds.
    #[test]
    fn entries_are_tried_in_order_so_often_and_the_last_connection_behind_them() {
        let (mut image, mut store) = (Image::default(), StoreQueue::default());
        let mut networks = Networks::restore(&image, &mut Vec::new());
        for slot in 2..=4 {
            networks.set(&mut store, slot, network("ws://other", 1));
        }
        networks.plan(&mut store, "1", 0);
        networks.connected(&mut store, false);
        while let Some((_, op)) = store.poll() {
            image.apply(&op);
        }
        for (priority, last, tried) in
            [("3,2", 1, "3322113322"), ("3,1", 1, "3311331133"), ("2", 4, "2244224422"), ("4", 4, "4444444444")]
        {
            let record = LastSlot { slot: last, is_first_gone: false };
            image.apply(&StoreOp::Put { key: EntryKey::new(ENTRY), value: record.write() });
            let mut networks = Networks::restore(&image, &mut Vec::new());
            networks.plan(&mut store, priority, 0);
            let told: alloc::string::String = (0..10)
                .map(|_| {
                    let slot = networks.present().map_or(FIRST, |(slot, _)| slot);
                    networks.failed(2);
                    char::from(b'0' + slot)
                })
                .collect();
            assert_eq!(told, tried, "{priority}");
        }
    }

    #[test]
    fn list_of_slots_names_each_once() {
        assert_eq!(slots("2, 1"), Some(Vec::from([2, 1])));
        for value in ["", "0", "5", "1,1", "1,,2", "one"] {
            assert_eq!(slots(value), None, "{value}");
        }
    }
}
