//! serde's traits for every type, by way of JSON.
//!
//! A format that people read (JSON, YAML, TOML, ..) gets the same members as OCPP has; there a number with a fraction passes
//! through a 64-bit float, since serde knows no decimals, so that digits beyond the 15th and trailing zeros may be lost. Any other
//! format (postcard, bincode, ..) gets the OCPP JSON text itself, with nothing lost. Reading and writing check the schema.

/// Implements serde's traits for a type that has a codec.
macro_rules! via_json {
    ($name:ident $(<const $n:ident: usize>)?) => {
        #[cfg(feature = "serde")]
        impl $(<const $n: usize>)? serde::Serialize for $name $(<$n>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::interop::serialize(self, serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de $(, const $n: usize)?> serde::Deserialize<'de> for $name $(<$n>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::interop::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use via_json;

#[cfg(feature = "serde")]
pub(crate) use by_serde::{deserialize, serialize};

#[cfg(feature = "serde")]
mod by_serde {
    use alloc::string::String;
    use core::{cell::RefCell, fmt};

    use serde::{
        Deserialize, Deserializer, Serialize, Serializer,
        de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
        ser::{Error as _, SerializeMap, SerializeSeq},
    };

    use crate::{
        codec::{Decode, Encode},
        json::{Kind, Reader, Writer},
        violation::Fault,
    };

    pub(crate) fn serialize<T: Encode, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        let json = value.to_json().map_err(S::Error::custom)?;
        if serializer.is_human_readable() {
            Pulled(&RefCell::new(Reader::new(&json))).serialize(serializer)
        } else {
            serializer.serialize_str(&json)
        }
    }

    pub(crate) fn deserialize<'de, T: Decode, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let json = if deserializer.is_human_readable() {
            let mut writer = Writer::new();
            Pushed(&mut writer).deserialize(deserializer)?;
            writer.finish().map_err(D::Error::custom)?
        } else {
            String::deserialize(deserializer)?
        };
        T::from_json(&json).map_err(D::Error::custom)
    }

    /// The next value of a reader.
    struct Pulled<'r, 'a>(&'r RefCell<Reader<'a>>);

    impl Pulled<'_, '_> {
        fn pull<T, E: serde::ser::Error>(
            &self,
            read: impl FnOnce(&mut Reader<'_>) -> Result<T, Fault>,
        ) -> Result<T, E> {
            read(&mut self.0.borrow_mut()).map_err(E::custom)
        }
    }

    impl Serialize for Pulled<'_, '_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.pull(|reader| reader.peek())? {
                Kind::Null => {
                    self.pull(|reader| reader.null())?;
                    serializer.serialize_unit()
                }
                Kind::Boolean => serializer.serialize_bool(self.pull(|reader| reader.boolean())?),
                Kind::Integer | Kind::Number => {
                    let digits = self.pull(|reader| reader.number().map(String::from))?;
                    match digits.parse::<i64>() {
                        Ok(integer) => serializer.serialize_i64(integer),
                        Err(_) => serializer.serialize_f64(digits.parse().map_err(S::Error::custom)?),
                    }
                }
                Kind::String => {
                    serializer.serialize_str(&self.pull(|reader| reader.string().map(|text| text.into_owned()))?)
                }
                Kind::Array => {
                    self.pull(|reader| reader.begin_array())?;
                    let mut items = serializer.serialize_seq(None)?;
                    while self.pull(|reader| reader.next_element())? {
                        items.serialize_element(&Pulled(self.0))?;
                    }
                    items.end()
                }
                Kind::Object => {
                    self.pull(|reader| reader.begin_object())?;
                    let mut members = serializer.serialize_map(None)?;
                    while let Some(key) =
                        self.pull(|reader| reader.next_key().map(|key| key.map(|key| key.into_owned())))?
                    {
                        members.serialize_entry(&key, &Pulled(self.0))?;
                    }
                    members.end()
                }
            }
        }
    }

    /// A writer that takes whatever value comes.
    struct Pushed<'w>(&'w mut Writer);

    impl<'de> DeserializeSeed<'de> for Pushed<'_> {
        type Value = ();
        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for Pushed<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value of an OCPP message")
        }

        fn visit_bool<E>(self, value: bool) -> Result<(), E> {
            self.0.boolean(value);
            Ok(())
        }

        fn visit_i64<E>(self, value: i64) -> Result<(), E> {
            self.0.integer(value);
            Ok(())
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
            i64::try_from(value).map(|value| self.0.integer(value)).map_err(E::custom)
        }

        fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
            if value.is_finite() {
                self.0.raw(&alloc::format!("{value}"));
                Ok(())
            } else {
                Err(E::custom("a number that is not finite"))
            }
        }

        fn visit_str<E>(self, value: &str) -> Result<(), E> {
            self.0.string(value);
            Ok(())
        }

        fn visit_unit<E>(self) -> Result<(), E> {
            self.0.null();
            Ok(())
        }

        fn visit_none<E>(self) -> Result<(), E> {
            self.0.null();
            Ok(())
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
            self.0.begin_array();
            while items.next_element_seed(Pushed(self.0))?.is_some() {}
            self.0.end_array();
            Ok(())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
            self.0.begin_object();
            while let Some(key) = members.next_key::<String>()? {
                self.0.key(&key);
                members.next_value_seed(Pushed(self.0))?;
            }
            self.0.end_object();
            Ok(())
        }
    }
}
