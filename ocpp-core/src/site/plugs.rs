//! Which connector of an EVSE is in use, where it has several.
//!
//! The first at which something hangs, until it is gone; then the next at which something hangs. What the others tell is kept until
//! then. So an EVSE has one plug for all other blocks. Stores nothing: a session's records name the connector.

use alloc::vec::Vec;

use crate::station::{
    Cable, ConnectorAction, ConnectorId, ConnectorInput, EvseAction, EvseId, EvseInput, Lock, StationConfig,
};

use super::index;
use crate::store::pack::{Pack, Unpacker};

/// Where a session is: stored as the number of the EVSE, and behind its 16 bits the connectors before this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    all(test, feature = "serde"),
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "u32", into = "u32")
)]
pub(crate) struct Spot {
    pub evse: EvseId,
    pub connector: ConnectorId,
}

#[cfg(test)]
impl Spot {
    /// The first connector of an EVSE.
    pub fn first(evse: EvseId) -> Self {
        Spot { evse, connector: ConnectorId::FIRST }
    }
}

impl Pack for Spot {
    fn pack(&self, out: &mut Vec<u8>) {
        u32::from(*self).pack(out);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        u32::unpack(from).into()
    }
}

impl From<Spot> for u32 {
    fn from(spot: Spot) -> u32 {
        u32::from(spot.connector.0.saturating_sub(1)) << 16 | u32::from(spot.evse.0)
    }
}

impl From<u32> for Spot {
    fn from(number: u32) -> Self {
        let part = |bits: u32| u16::try_from(bits & 0xFFFF).unwrap_or_default();
        Spot { evse: EvseId(part(number)), connector: ConnectorId(part(number >> 16).saturating_add(1)) }
    }
}

/// What hangs at a connector, and how its lock is.
#[derive(Clone, Copy, Debug, Default)]
struct Plug {
    cable: Cable,
    lock: Lock,
    /// Whether it is out of service: what hangs there then is nobody's.
    is_out: bool,
}

#[derive(Debug)]
struct Evse {
    active: ConnectorId,
    /// Empty where there is one connector.
    plugs: Vec<Plug>,
}

/// The connectors of all EVSEs.
#[derive(Debug)]
pub(crate) struct Plugs {
    evses: Vec<Evse>,
}

impl Plugs {
    pub fn new(config: &StationConfig) -> Self {
        let plugs = |count: usize| if count > 1 { (0..count).map(|_| Plug::default()).collect() } else { Vec::new() };
        let evse = |count| Evse { active: ConnectorId::FIRST, plugs: plugs(count) };
        Plugs { evses: config.hardware.evses.iter().map(|config| evse(config.connectors.len())).collect() }
    }

    /// The connector in use, or the one that was last.
    pub fn active(&self, evse: EvseId) -> Spot {
        let connector = self.evses.get(index(evse)).map_or(ConnectorId::FIRST, |found| found.active);
        Spot { evse, connector }
    }

    /// A session goes on here that began before the restart.
    pub fn resume(&mut self, spot: Spot) {
        if let Some(evse) = self.evses.get_mut(index(spot.evse))
            && evse.plugs.len() >= usize::from(spot.connector.0)
        {
            evse.active = spot.connector;
        }
    }

    /// What a fact says of the connector in use, if anything. `is_free`: nobody uses the EVSE, and another connector may be next.
    pub fn on_fact(&mut self, place: EvseId, fact: EvseInput, is_free: bool) -> Option<EvseInput> {
        let (connector, fact) = match fact {
            EvseInput::Cable(cable) => (ConnectorId::FIRST, ConnectorInput::Cable(cable)),
            EvseInput::Lock(lock) => (ConnectorId::FIRST, ConnectorInput::Lock(lock)),
            EvseInput::Connector(connector, fact) => (connector, fact),
            other => return Some(other),
        };
        let evse = self.evses.get_mut(index(place))?;
        if let Some(plug) = evse.plugs.get_mut(usize::from(connector.0).wrapping_sub(1)) {
            match fact {
                ConnectorInput::Cable(cable) => plug.cable = cable,
                ConnectorInput::Lock(lock) => plug.lock = lock,
            }
        }
        let is_out =
            evse.plugs.get(usize::from(connector.0).wrapping_sub(1)).is_some_and(|plug| plug.is_out && is_free);
        let is_out = is_out && matches!(fact, ConnectorInput::Cable(_));
        if evse.active == connector && !is_out {
            return Some(match fact {
                ConnectorInput::Cable(cable) => EvseInput::Cable(cable),
                ConnectorInput::Lock(lock) => EvseInput::Lock(lock),
            });
        }
        self.move_on(place, is_free)
    }

    /// Makes the first connector at which something hangs the one in use, if that is free. Gives what hangs there.
    pub fn move_on(&mut self, evse: EvseId, is_free: bool) -> Option<EvseInput> {
        let evse = self.evses.get_mut(index(evse)).filter(|evse| is_free && !evse.plugs.is_empty())?;
        let next = evse.plugs.iter().position(|plug| plug.cable != Cable::Absent && !plug.is_out)?;
        evse.active = ConnectorId(u16::try_from(next + 1).ok()?);
        evse.plugs.get(next).map(|plug| EvseInput::Cable(plug.cable))
    }

    /// Learns which connectors of an EVSE are out of service, where it has several.
    pub fn allot(&mut self, evse: EvseId, is_out: impl Fn(ConnectorId) -> bool) {
        let Some(evse) = self.evses.get_mut(index(evse)) else { return };
        for (number, plug) in (1..).zip(&mut evse.plugs) {
            plug.is_out = is_out(ConnectorId(number));
        }
    }

    /// Whether a connector of an EVSE is in service, as far as they differ.
    pub fn has_service(&self, evse: EvseId) -> bool {
        let plugs = self.evses.get(index(evse)).map_or(&[][..], |evse| evse.plugs.as_slice());
        plugs.is_empty() || plugs.iter().any(|plug| !plug.is_out)
    }

    /// Whether the plug can be taken from a connector that is not in use.
    pub fn is_unlocked(&self, spot: Spot) -> bool {
        let plug = self
            .evses
            .get(index(spot.evse))
            .and_then(|evse| evse.plugs.get(usize::from(spot.connector.0).wrapping_sub(1)));
        plug.is_none_or(|plug| plug.lock == Lock::Unlocked)
    }

    /// An order as the connector in use is to be told.
    pub fn order(&self, evse: EvseId, action: EvseAction) -> EvseAction {
        match action {
            EvseAction::Lock(lock) => lock_of(self.active(evse).connector, lock),
            action => action,
        }
    }
}

/// The order for the lock of a connector.
pub(super) fn lock_of(connector: ConnectorId, lock: Lock) -> EvseAction {
    match connector {
        ConnectorId::FIRST => EvseAction::Lock(lock),
        connector => EvseAction::Connector(connector, ConnectorAction::Lock(lock)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<Spot>();
    }

    #[test]
    fn old_records_name_the_first_connector() {
        let bytes = |value: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            value(&mut out);
            out
        };
        for evse in [1, 300] {
            let (old, spot) = (EvseId(evse), Spot::first(EvseId(evse)));
            assert_eq!(bytes(&|out| spot.pack(out)), bytes(&|out| old.pack(out)));
        }
        for spot in [Spot::first(EvseId(300)), Spot { evse: EvseId(7), connector: ConnectorId(3) }] {
            assert_eq!(Spot::unpack(&mut Unpacker::new(&bytes(&|out| spot.pack(out)))), spot);
        }
    }
}
