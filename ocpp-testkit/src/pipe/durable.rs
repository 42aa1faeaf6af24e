//! The store of the machine on the pipe: what it was told is durable, and what waits to be.

use std::collections::VecDeque;

use ocpp_core::store::Ticket;

use super::machine::Machine;
use crate::store::StoreReply;

/// A store whose confirmations come from outside.
pub(super) struct Store<M: Machine> {
    durable: M::Dump,
    /// In the order of their tickets.
    issued: VecDeque<(Ticket, M::Op)>,
}

impl<M: Machine> Store<M> {
    /// A store that holds this.
    pub fn holding(durable: M::Dump) -> Self {
        Store { durable, issued: VecDeque::new() }
    }

    /// The machine ordered an operation.
    pub fn issue(&mut self, ticket: Ticket, op: M::Op) {
        self.issued.push_back((ticket, op));
    }

    /// The machine took this confirmation or failure.
    pub fn reply(&mut self, reply: StoreReply) {
        match reply {
            StoreReply::Stored(through) => {
                let count = self.issued.partition_point(|(ticket, _)| *ticket <= through);
                self.issued.drain(..count).for_each(|(ticket, op)| M::apply(&mut self.durable, ticket, op));
            }
            StoreReply::Failed(from) => self.issued.retain(|(ticket, _)| *ticket < from),
        }
    }

    /// What a power cut leaves: all that is durable, and of the rest what has a ticket up to this one.
    pub fn dump(&self, through: Option<Ticket>) -> M::Dump {
        let survives = |ticket: &Ticket| through.is_some_and(|through| *ticket <= through);
        let mut dump = self.durable.clone();
        for (ticket, op) in self.issued.iter().take_while(|(ticket, _)| survives(ticket)) {
            M::apply(&mut dump, *ticket, op.clone());
        }
        dump
    }

    /// The last operation that waits for its confirmation.
    pub fn last_issued(&self) -> Option<Ticket> {
        self.issued.back().map(|(ticket, _)| *ticket)
    }
}
