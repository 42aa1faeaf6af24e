//! The facts that firmware tells most, in one line each.

use super::Station;
use crate::MisuseError;
use crate::station::{Cable, EvseId, EvseInput, IdToken, Input, LinkInput, MeterReading};
use crate::time::Instant;

impl Station {
    /// A text message arrived.
    ///
    /// # Errors
    /// None today; as [`handle`](Self::handle).
    pub fn frame(&mut self, now: Instant, bytes: &[u8]) -> Result<(), MisuseError> {
        self.handle(now, Input::Link(LinkInput::Frame(bytes.into())))
    }

    /// What hangs at the first connector of an EVSE.
    ///
    /// # Errors
    /// When there is no such EVSE.
    pub fn cable(&mut self, now: Instant, evse: EvseId, cable: Cable) -> Result<(), MisuseError> {
        self.handle(now, Input::Evse(evse, EvseInput::Cable(cable)))
    }

    /// A token was presented, at the reader of an EVSE or at one for the whole station.
    ///
    /// # Errors
    /// When there is no such EVSE.
    pub fn token(&mut self, now: Instant, evse: Option<EvseId>, token: IdToken) -> Result<(), MisuseError> {
        self.handle(now, Input::Token { evse, token })
    }

    /// What the meter of an EVSE shows.
    ///
    /// # Errors
    /// When there is no such EVSE.
    pub fn meter(&mut self, now: Instant, evse: EvseId, reading: MeterReading) -> Result<(), MisuseError> {
        self.handle(now, Input::Evse(evse, EvseInput::Meter(reading)))
    }
}
