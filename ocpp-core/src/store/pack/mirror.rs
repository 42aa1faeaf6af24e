//! Postcard beside ours: the same random values, and bytes of all sorts.

use alloc::string::String;
use alloc::vec::Vec;
use std::format;

use serde::de::value::Error;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Serialize, forward_to_deserialize_any};

use super::{Pack, Unpacker};
use crate::rng::Rng;

const VALUES: u64 = 600;

/// Random values are written alike and read back by both, and what one refuses the other refuses too: whatever is cut off, added or
/// changed.
pub(crate) fn agrees_with_postcard<T: Pack + Serialize + DeserializeOwned>() {
    let mut rng = Rng::new(7);
    for _ in 0..VALUES {
        let value = random::<T>(&mut rng);
        let bytes = packed(&value);
        assert_eq!(bytes, postcard::to_allocvec(&value).unwrap(), "written");
        assert_eq!(read::<T>(&bytes).as_ref(), Some(&bytes), "read back");
        for cut in 0..bytes.len() {
            assert_eq!(read::<T>(&bytes[..cut]), None, "{cut} of {bytes:?}");
        }
        assert_eq!(read::<T>(&[&bytes[..], &[0]].concat()), None);
        for _ in 0..20 {
            let mut wrong = bytes.clone();
            for _ in 0..=below(&mut rng, 2) {
                let at = below(&mut rng, wrong.len());
                wrong[at] = match below(&mut rng, 3) {
                    0 => wrong[at] ^ (1 << below(&mut rng, 8)),
                    1 => 0xFF,
                    _ => rng.next_u64().to_le_bytes()[0],
                };
            }
            let theirs = postcard::take_from_bytes::<T>(&wrong).ok().filter(|(_, rest)| rest.is_empty());
            assert_eq!(read::<T>(&wrong), theirs.map(|(value, _)| packed(&value)), "{wrong:?} of {bytes:?}");
        }
    }
}

fn packed(value: &impl Pack) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.pack(&mut bytes);
    bytes
}

/// What is read, as it is written again: tokens alike may be spelled otherwise.
fn read<T: Pack>(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut from = Unpacker::new(bytes);
    let value = T::unpack(&mut from);
    from.is_done().then(|| packed(&value))
}

/// A token that may be missing, as serde writes it for postcard.
pub(crate) mod maybe_token {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::station::IdToken;

    const NONE: &str = "\0";

    pub fn serialize<S: Serializer>(token: &Option<IdToken>, serializer: S) -> Result<S::Ok, S::Error> {
        match token {
            Some(token) => token.serialize(serializer),
            None => serializer.serialize_str(NONE),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IdToken>, D::Error> {
        IdToken::deserialize(deserializer).map(|token| Some(token).filter(|token| token.as_str() != NONE))
    }
}

fn below(rng: &mut Rng, end: usize) -> usize {
    usize::try_from(rng.next_u64() % u64::try_from(end).unwrap()).unwrap()
}

fn random<T: DeserializeOwned>(rng: &mut Rng) -> T {
    loop {
        // A number may be no time: then another one is.
        if let Ok(value) = T::deserialize(Random(rng)) {
            return value;
        }
    }
}

/// Gives whatever it is asked for.
struct Random<'a>(&'a mut Rng);

impl Random<'_> {
    /// Small ones as often as wide ones.
    fn number(&mut self) -> u64 {
        let bits = below(self.0, 65);
        self.0.next_u64().checked_shr(64 - u32::try_from(bits).unwrap()).unwrap_or(0)
    }

    fn text(&mut self) -> String {
        let letters = ["A", "b", "7", "\0", "\u{1}", "é", "/", "-"];
        (0..below(self.0, 9)).map(|_| letters[below(self.0, letters.len())]).collect()
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.number() as $number)
        }
    )*};
}

impl<'de> Deserializer<'de> for Random<'_> {
    type Error = Error;

    numbers! {
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_i32 visit_i32 i32,
    }

    fn deserialize_i64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let number = self.number().cast_signed();
        visitor.visit_i64(if below(self.0, 2) == 0 { number } else { number.wrapping_neg() })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(below(self.0, 2) == 0)
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if below(self.0, 2) == 0 { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let left = below(self.0, 4);
        visitor.visit_seq(Items { rng: self.0, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { rng: self.0, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { rng: self.0, left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { rng: self.0, left: fields.len() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let number = below(self.0, variants.len());
        visitor.visit_enum(OneOf { rng: self.0, number })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom(format!("not asked for what it is: {}", core::any::type_name::<V::Value>())))
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 f64 char bytes byte_buf unit unit_struct map identifier ignored_any
    }
}

struct Items<'a> {
    rng: &'a mut Rng,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(Random(self.rng)).map(Some)
    }
}

struct OneOf<'a> {
    rng: &'a mut Rng,
    number: usize,
}

impl<'de, 'a> EnumAccess<'de> for OneOf<'a> {
    type Error = Error;
    type Variant = Random<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Random<'a>), Error> {
        let number = u32::try_from(self.number).unwrap();
        let name = seed.deserialize(serde::de::value::U32Deserializer::new(number))?;
        Ok((name, Random(self.rng)))
    }
}

impl<'de> VariantAccess<'de> for Random<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { rng: self.0, left })
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { rng: self.0, left: fields.len() })
    }
}
