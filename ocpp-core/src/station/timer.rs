//! What a station waits for.

use super::EvseId;

/// Why a station wants to be told of the time: the owner of its next deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Timer {
    /// Store operations that failed are issued again.
    Store,
    /// A call that was not answered in time.
    Call,
    /// The next attempt to connect, a ping, or a peer that keeps silent.
    Link,
    /// The default answer to a question.
    Question,
    /// The next BootNotification.
    Registration,
    /// Calls wait no longer for answers that are owed.
    OwedAnswers,
    /// A kind of message that was not answered may be sent again.
    Backoff,
    /// A status that has to last before it is told.
    Status,
    /// A transaction message is sent again.
    Delivery,
    /// The next Heartbeat.
    Heartbeat,
    /// A security event is sent again.
    SecurityEvent,
    /// At this EVSE: a driver who is to plug in, a reading that is due, a meter or a contactor that is to answer.
    Evse(EvseId),
    /// An accepted driver who plugs in nowhere, or waits for a price.
    Authorization,
    /// A reservation expires.
    Reservation,
    /// A charging limit changes.
    ChargingLimit,
    /// A lock that is to open.
    Unlock,
    /// An update of the firmware, or an upload.
    Job,
    /// A restart that was ordered.
    Reset,
    /// The host's work with certificates, or the renewal of one.
    Certificate,
    /// What the CSMS wants to know, or has announced, of prices.
    Pricing,
}
