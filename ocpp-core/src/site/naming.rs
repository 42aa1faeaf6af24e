//! The names of transactions where the station gives them (2.x E01.FR.08): UUIDs that never come twice.
//!
//! A name follows from a random salt of the station, which is stored once in the entry `salt`, and the journal position of the
//! transaction's begin, which is unique for the station's life. So it needs no record of its own, and is the same after any restart.

use alloc::string::{String, ToString};

use ocpp_types::SmallString;

use super::Site;
use super::journal::Journal;
use super::shared::Shared;
use crate::rng::Rng;
use crate::station::{TransactionId, TransactionNo};
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};

const ENTRY: &str = "salt";

/// What the names of this station are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
struct Salt(u64, u64);

packed!(Salt { 0, 1 });

impl Record for Salt {
    const KIND: u8 = 53;
}

/// The salt, once names are needed.
#[derive(Debug)]
pub(crate) struct Naming {
    salt: Option<Salt>,
    /// When it is durable: no name is told before.
    ticket: Ticket,
}

impl Naming {
    /// Reads the salt. Gives the entry's name if it could not be read: transactions that are not delivered get other names then.
    pub fn restore(image: &Image) -> (Self, Option<SmallString>) {
        let read = image.entry(ENTRY).map(Salt::from_bytes);
        let unread = matches!(read, Some(Err(_))).then_some(SmallString::new(ENTRY));
        (Naming { salt: read.and_then(Result::ok), ticket: Ticket(0) }, unread)
    }

    /// Names are needed from now on.
    fn prepare(&mut self, shared: &mut Shared) {
        if self.salt.is_none() {
            let salt = Salt(shared.seeds.next_u64(), shared.seeds.next_u64());
            self.ticket = shared.store.push(StoreOp::Put { key: EntryKey::new(ENTRY), value: salt.to_bytes() });
            self.salt = Some(salt);
        }
    }

    /// The UUID (version 4) of a transaction.
    fn uuid(&self, transaction: TransactionNo) -> String {
        let Salt(first, second) = self.salt.unwrap_or(Salt(0, 0));
        let position = transaction.0.0;
        // Each half is another one for each position.
        let high = Rng::new(first ^ position).next_u64() & !0xF000 | 0x4000;
        let low = Rng::new(second ^ position.rotate_left(32)).next_u64() & !(0b11 << 62) | 0b10 << 62;
        let mut text = String::with_capacity(36);
        for (at, nibble) in
            (0..16).rev().map(|at| high >> (4 * at)).chain((0..16).rev().map(|at| low >> (4 * at))).enumerate()
        {
            if matches!(at, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            let digit = u32::try_from(nibble & 0xF).unwrap_or_default();
            text.push(char::from_digit(digit, 16).unwrap_or('0'));
        }
        text
    }

    /// The name of a transaction: the number under which a CSMS knows it, if one gave it, as in 1.6; else its UUID, once that stays the
    /// same whatever happens.
    pub fn told(&self, journal: &Journal, store: &StoreQueue, transaction: TransactionNo) -> Option<TransactionId> {
        let uuid = || TransactionId::new(&self.uuid(transaction));
        let is_durable = self.salt.is_some() && store.is_durable(self.ticket);
        journal.number_of(transaction).or_else(|| is_durable.then(uuid))
    }
}

impl Site {
    /// Names of transactions are told from now on.
    pub fn prepare_names(&mut self, shared: &mut Shared) {
        self.naming.prepare(shared);
    }

    /// Whether names may be told.
    pub fn are_names_durable(&self, shared: &Shared) -> bool {
        shared.store.is_durable(self.naming.ticket)
    }

    /// The name of a transaction: the number under which the CSMS knows it, if it gave one, as in 1.6; else its UUID.
    pub fn name_of(&self, transaction: TransactionNo) -> String {
        match self.journal.csms_id(transaction) {
            Some(number) => number.to_string(),
            None => self.naming.uuid(transaction),
        }
    }

    /// The transaction of this name of which anything was not delivered, or that goes on.
    pub fn transaction_named(&self, name: &str) -> Option<TransactionNo> {
        // One that the CSMS numbered may have been told of by its UUID, before the answer with the number came.
        let is_named = |transaction: &TransactionNo| {
            self.name_of(*transaction).eq_ignore_ascii_case(name)
                || self.naming.uuid(*transaction).eq_ignore_ascii_case(name)
        };
        self.journal.transactions().find(is_named)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use super::*;
    use crate::store::LogIndex;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        crate::store::pack::agrees_with_postcard::<Salt>();
    }

    #[test]
    fn names_are_uuids_and_differ_for_each_begin_of_each_boot() {
        let naming = Naming { salt: Some(Salt(1, 2)), ticket: Ticket(0) };
        let mut names = BTreeSet::new();
        for position in (1..4_u64).flat_map(|boot| (0..100).map(move |n| boot << 32 | n)) {
            let name = naming.uuid(TransactionNo(LogIndex(position)));
            let parts: Vec<_> = name.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{name}");
            assert!(name[14..].starts_with('4') && matches!(&name[19..20], "8" | "9" | "a" | "b"), "{name}");
            assert!(names.insert(name));
        }
    }
}
