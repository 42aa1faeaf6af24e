use core::time::Duration;

use crate::Instant;

/// What a server does when a station connects that is connected already: it came back before its old connection was
/// noticed to be dead, or somebody else uses its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TakeoverPolicy {
    /// The newest connection wins. Right where stations prove who they are.
    NewestWins,
    /// The old connection wins as long as it is open.
    Refuse,
    /// The old connection wins if something came over it within this time; else it is taken for dead.
    RefuseIfAlive(Duration),
}

/// What to do with the two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// Close the old one, whose frames count no more from here on, then accept the new one.
    Replace,
    /// Refuse the new one with [`Refusal::AlreadyConnected`](super::Refusal::AlreadyConnected).
    Refuse,
}

/// Decides between an old connection, over which something came at `heard` last, and a new one, *after* the new one has
/// proved who it is: otherwise anybody could cut stations off.
pub fn takeover(policy: TakeoverPolicy, heard: Instant, now: Instant) -> Takeover {
    match policy {
        TakeoverPolicy::NewestWins => Takeover::Replace,
        TakeoverPolicy::Refuse => Takeover::Refuse,
        TakeoverPolicy::RefuseIfAlive(within) if now.saturating_since(heard) <= within => Takeover::Refuse,
        TakeoverPolicy::RefuseIfAlive(_) => Takeover::Replace,
    }
}
