//! Where at a station something is.

use core::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An EVSE and a connector of it, as far as they are told; without an EVSE the station as a whole, or not yet known (2.x E01.FR.16).
///
/// 1.6 numbers all connectors of a station through (§3.8), and says nothing of EVSEs. Here its connector `n` is connector 1 of EVSE `n`,
/// whichever way the station is built, and its connector 0 the station. Facts that were stored with a number alone read so too.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// 0 for none, as in the numbers of all versions.
    evse: u32,
    /// 0 for none.
    connector: u32,
}

impl Place {
    /// The station as a whole, or no place that is known.
    pub const STATION: Place = Place { evse: 0, connector: 0 };

    /// An EVSE, from 1, and its connector, from 1, as far as they are told.
    pub fn new(evse: Option<u32>, connector: Option<u32>) -> Self {
        Place { evse: evse.unwrap_or(0), connector: connector.unwrap_or(0) }
    }

    /// The connector of this number in 1.6.
    pub fn numbered(number: u32) -> Self {
        Place { evse: number, connector: number.min(1) }
    }

    /// The EVSE, if one is told.
    pub fn evse(self) -> Option<u32> {
        Some(self.evse).filter(|evse| *evse > 0)
    }

    /// The connector of the EVSE, if one is told.
    pub fn connector(self) -> Option<u32> {
        Some(self.connector).filter(|connector| *connector > 0)
    }

    /// The number of the EVSE, which is that of the connector in 1.6; 0 for the station.
    pub fn number(self) -> u32 {
        self.evse
    }

    /// Whether no EVSE is told.
    pub fn is_station(&self) -> bool {
        self.evse == 0
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

impl fmt::Display for Place {
    /// The EVSE's number, and that of a connector that is not its first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.connector {
            0 | 1 => write!(f, "{}", self.evse),
            connector => write!(f, "{}.{connector}", self.evse),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return (self.evse, self.connector).serialize(serializer);
        }
        let (evse, connector) = (self.evse(), self.connector());
        let members = usize::from(evse.is_some()) + usize::from(connector.is_some());
        let mut place = serializer.serialize_struct("Place", members)?;
        if let Some(evse) = evse {
            place.serialize_field("evse", &evse)?;
        }
        if let Some(connector) = connector {
            place.serialize_field("connector", &connector)?;
        }
        place.end()
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(Written);
        }
        let (evse, connector) = Deserialize::deserialize(deserializer)?;
        Ok(Place { evse, connector })
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{\"evse\":..,\"connector\":..}, or the number of a connector in 1.6")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Place, E> {
        u32::try_from(number).map(Place::numbered).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Place, E> {
        u32::try_from(number).map(Place::numbered).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Place, A::Error> {
        let (mut evse, mut connector) = (None, None);
        while let Some(name) = map.next_key::<ocpp_types::SmallString>()? {
            match name.as_str() {
                "evse" => evse = map.next_value()?,
                "connector" => connector = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Place::new(evse, connector))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_connector_of_1_6_is_an_evse_and_reads_in_either_form() {
        let place = Place::new(Some(2), Some(1));
        assert_eq!(Place::numbered(2), place);
        assert_eq!(serde_json::from_str::<Place>("2").unwrap(), place);
        assert_eq!(serde_json::to_string(&place).unwrap(), r#"{"evse":2,"connector":1}"#);
        for place in [place, Place::STATION, Place::new(Some(1), None), Place::numbered(u32::MAX)] {
            let json = serde_json::to_string(&place).unwrap();
            assert_eq!(serde_json::from_str::<Place>(&json).unwrap(), place);
            let bytes = postcard::to_allocvec(&place).unwrap();
            assert_eq!(postcard::from_bytes::<Place>(&bytes).unwrap(), place);
        }
        assert_eq!(serde_json::from_str::<Place>("0").unwrap(), Place::STATION);
        assert!(serde_json::from_str::<Place>("-1").is_err());
        let printed = [Place::STATION, place, Place::new(Some(1), Some(2))].map(|place| place.to_string());
        assert_eq!(printed, ["0", "2", "1.2"]);
    }
}
