//! The EVSEs of a station and their connectors.
//!
//! 1.6 numbers all connectors through, those of EVSE 1 first (1.6 §3.8), and knows no EVSEs.

use alloc::vec::Vec;

use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{ConnectorId, EvseId, StationConfig, Supply};

/// One EVSE: what charges one vehicle at a time, at whichever of its connectors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields, default))]
#[non_exhaustive]
pub struct EvseConfig {
    /// What it gives at most; none if that is the [`Wiring`](super::Wiring)'s.
    pub supply: Option<Supply>,
    /// Its connectors, at least one, of which one is in use at a time.
    pub connectors: Vec<ConnectorConfig>,
}

impl Default for EvseConfig {
    /// One connector, and the supply of the wiring.
    fn default() -> Self {
        EvseConfig { supply: None, connectors: one_connector() }
    }
}

impl EvseConfig {
    /// An EVSE with connectors of these kinds.
    pub fn with_kinds(kinds: &[&str]) -> Self {
        EvseConfig { supply: None, connectors: kinds.iter().map(|kind| ConnectorConfig::of_kind(kind)).collect() }
    }

    /// Says what it gives at most.
    #[must_use]
    pub fn with_supply(mut self, supply: Supply) -> Self {
        self.supply = Some(supply);
        self
    }
}

/// One connector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields, default))]
#[non_exhaustive]
pub struct ConnectorConfig {
    /// Its kind as 2.x names it (part 2, ConnectorEnumStringType), such as `cType2` or `cCCS2`. 1.6 does not tell it.
    pub kind: Option<SmallString>,
}

impl ConnectorConfig {
    /// A connector of this kind.
    pub fn of_kind(kind: &str) -> Self {
        ConnectorConfig { kind: Some(SmallString::new(kind)) }
    }
}

fn one_connector() -> Vec<ConnectorConfig> {
    Vec::from([ConnectorConfig::default()])
}

/// The most connectors of a station.
const MOST: usize = 1000;

impl StationConfig {
    /// Whether there is an EVSE, none lacks a connector, and they are not too many.
    pub(crate) fn has_layout(&self) -> bool {
        let connectors = || self.hardware.evses.iter().map(|evse| evse.connectors.len());
        connectors().all(|count| count > 0) && (1..=MOST).contains(&connectors().sum())
    }

    /// How many EVSEs there are.
    pub(crate) fn evse_count(&self) -> u16 {
        u16::try_from(self.hardware.evses.len()).unwrap_or(u16::MAX)
    }

    /// How many connectors an EVSE has.
    pub(crate) fn connectors_of(&self, evse: EvseId) -> u16 {
        let evse = self.hardware.evses.get(usize::from(evse.0).wrapping_sub(1));
        evse.map_or(0, |evse| u16::try_from(evse.connectors.len()).unwrap_or(u16::MAX))
    }

    /// How many connectors all EVSEs have.
    pub(crate) fn connector_count(&self) -> u16 {
        (1..=self.evse_count()).map(|evse| self.connectors_of(EvseId(evse))).sum()
    }

    /// What an EVSE gives at most.
    #[cfg(any(feature = "smart_charging", feature = "v2"))]
    pub(crate) fn supply_of(&self, evse: EvseId) -> Supply {
        let evse = self.hardware.evses.get(usize::from(evse.0).wrapping_sub(1));
        evse.and_then(|evse| evse.supply).unwrap_or(self.hardware.wiring.supply)
    }

    /// The number of a connector where all are numbered through.
    pub(crate) fn number_of(&self, evse: EvseId, connector: ConnectorId) -> u16 {
        let before: u16 = (1..evse.0).map(|evse| self.connectors_of(EvseId(evse))).sum();
        before.saturating_add(connector.0)
    }

    /// The connector of a number where all are numbered through. One that is too high is that of no EVSE.
    pub(crate) fn place_of(&self, number: u16) -> (EvseId, ConnectorId) {
        let mut left = number;
        for evse in 1..=self.evse_count() {
            let here = self.connectors_of(EvseId(evse));
            if left <= here {
                return (EvseId(if left == 0 { 0 } else { evse }), ConnectorId(left));
            }
            left -= here;
        }
        (EvseId(u16::MAX), ConnectorId(left))
    }
}

/// The list, or the number of EVSEs where none has more than its defaults.
#[cfg(feature = "serde")]
pub(super) mod form {
    #[cfg(feature = "serde")]
    use serde::{Deserializer, Serializer};

    use super::*;

    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a number of EVSEs, or a list of them")]
    enum Form {
        Number(u16),
        List(Vec<EvseConfig>),
    }

    pub fn serialize<S: Serializer>(evses: &[EvseConfig], serializer: S) -> Result<S::Ok, S::Error> {
        if evses.iter().all(|evse| *evse == EvseConfig::default()) {
            serializer.serialize_u64(evses.len() as u64)
        } else {
            evses.serialize(serializer)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EvseConfig>, D::Error> {
        Ok(match Form::deserialize(deserializer)? {
            Form::Number(number) => (0..number).map(|_| EvseConfig::default()).collect(),
            Form::List(list) => list,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> StationConfig {
        StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model").with(|config| {
            config.hardware.evses =
                [&["cType2"][..], &["cCCS2", "cG105"], &["cType2"]].map(EvseConfig::with_kinds).to_vec()
        })
    }

    #[test]
    fn connectors_are_numbered_through_and_back() {
        let config = config();
        assert_eq!((config.evse_count(), config.connector_count()), (3, 4));
        let places = [(0, 0, 0), (1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 3, 1)];
        for (number, evse, connector) in places {
            assert_eq!(config.place_of(number), (EvseId(evse), ConnectorId(connector)));
            if number > 0 {
                assert_eq!(config.number_of(EvseId(evse), ConnectorId(connector)), number);
            }
        }
        assert_eq!(config.place_of(5).0, EvseId(u16::MAX));
    }

    #[test]
    fn a_station_has_an_evse_and_each_a_connector() {
        assert!(config().has_layout());
        assert!(!config().with_evses(0).has_layout());
        let mut without = config();
        without.hardware.evses[1].connectors.clear();
        assert!(!without.has_layout() && !config().with_evses(u16::MAX).has_layout());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn number_of_evses_is_a_list_of_plain_ones() {
        let plain = config().with_evses(2);
        let mut json = serde_json::to_value(&plain).unwrap();
        assert_eq!(json["hardware"]["evses"], 2);
        assert_eq!(serde_json::from_value::<StationConfig>(json.clone()).unwrap(), plain);
        json["hardware"]["evses"] = serde_json::json!([{}, {"connectors": [{"kind": "cCCS2"}, {}]}]);
        let read: StationConfig = serde_json::from_value(json).unwrap();
        assert_eq!((read.evse_count(), read.connector_count()), (2, 3));
        assert_eq!(serde_json::from_value::<StationConfig>(serde_json::to_value(&read).unwrap()).unwrap(), read);
    }
}
