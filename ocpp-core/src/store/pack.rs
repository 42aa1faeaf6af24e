//! The bytes of what is stored: values one after another, without names.
//!
//! Whole numbers of more than a byte, lengths and the numbers of variants are written in groups of seven bits, the low ones
//! first, each but the last with its high bit set; signed ones as 0, -1, 1, -2 and so on. A text or list has its length before
//! it, what may be missing a byte 0 or 1. These are the bytes of `postcard` 1, which wrote the stores of before.
//!
//! Reading remembers that something was wrong, gives zeros and nothings from there on, and is asked once at the end: so no field
//! need be a `Result`.

#[cfg(test)]
#[cfg(feature = "serde")]
mod mirror;
mod words;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use ocpp_types::SmallString;

#[cfg(all(test, feature = "serde"))]
pub(crate) use mirror::{agrees_with_postcard, maybe_token};

/// What is stored, or part of it.
pub(crate) trait Pack: Sized {
    /// Appends the bytes.
    fn pack(&self, out: &mut Vec<u8>);

    /// Reads what [`Self::pack`] wrote.
    fn unpack(from: &mut Unpacker<'_>) -> Self;
}

/// Reads bytes that may be anything.
pub(crate) struct Unpacker<'a> {
    rest: &'a [u8],
    is_bad: bool,
}

impl<'a> Unpacker<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Unpacker { rest: bytes, is_bad: false }
    }

    /// Whether all was read, and was right.
    pub fn is_done(&self) -> bool {
        self.rest.is_empty() && !self.is_bad
    }

    /// What was read cannot be.
    pub fn fail(&mut self) {
        self.is_bad = true;
        self.rest = &[];
    }

    /// A whole number of so many bits, at most 64.
    #[inline(never)]
    pub fn number(&mut self, bits: u32) -> u64 {
        let (mut value, mut shift) = (0, 0);
        while shift < bits {
            let byte = self.byte();
            let part = u64::from(byte & 0x7F);
            value |= part << shift;
            if byte & 0x80 == 0 {
                // The last byte may have more than there is room for.
                if part >> (bits - shift).min(7) != 0 {
                    break;
                }
                return value;
            }
            shift += 7;
        }
        self.fail();
        0
    }

    /// A byte as it is.
    #[inline(never)]
    pub fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((byte, rest)) => {
                self.rest = rest;
                *byte
            }
            None => {
                self.fail();
                0
            }
        }
    }

    #[inline(never)]
    fn signed(&mut self, bits: u32) -> i64 {
        let number = self.number(bits);
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    /// The number of a variant.
    pub fn variant(&mut self) -> u64 {
        self.number(32)
    }

    /// The value of this number.
    pub fn one_of<T: Copy>(&mut self, all: &[T], otherwise: T) -> T {
        let found = usize::try_from(self.variant()).ok().and_then(|at| all.get(at));
        found.copied().unwrap_or_else(|| {
            self.fail();
            otherwise
        })
    }

    /// How many items follow: each takes a byte at least, so a wrong number asks for no more memory than so many items.
    fn count(&mut self) -> usize {
        let count = self.number(64);
        usize::try_from(count).ok().filter(|count| *count <= self.rest.len()).unwrap_or_else(|| {
            self.fail();
            0
        })
    }

    #[inline(never)]
    pub fn text(&mut self) -> &'a str {
        let count = self.count();
        let (text, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        core::str::from_utf8(text).unwrap_or_else(|_| {
            self.fail();
            ""
        })
    }
}

/// Appends a whole number.
#[inline(never)]
pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let byte = number.to_le_bytes()[0];
        number >>= 7;
        if number == 0 {
            return out.push(byte & 0x7F);
        }
        out.push(byte | 0x80);
    }
}

#[inline(never)]
fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Appends a text.
#[inline(never)]
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    text.len().pack(out);
    out.extend_from_slice(text.as_bytes());
}

macro_rules! unsigned {
    ($($number:ident)*) => {$(
        impl Pack for $number {
            fn pack(&self, out: &mut Vec<u8>) {
                put_number(out, *self as u64);
            }
            fn unpack(from: &mut Unpacker<'_>) -> Self {
                $number::try_from(from.number($number::BITS)).unwrap_or_default()
            }
        }
    )*};
}
unsigned!(u16 u32 u64 usize);

impl Pack for u8 {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.byte()
    }
}

impl Pack for i32 {
    fn pack(&self, out: &mut Vec<u8>) {
        put_signed(out, i64::from(*self));
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        i32::try_from(from.signed(Self::BITS)).unwrap_or_default()
    }
}

impl Pack for i64 {
    fn pack(&self, out: &mut Vec<u8>) {
        put_signed(out, *self);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.signed(Self::BITS)
    }
}

impl Pack for bool {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let byte = from.byte();
        if byte > 1 {
            from.fail();
        }
        byte == 1
    }
}

impl Pack for SmallString {
    fn pack(&self, out: &mut Vec<u8>) {
        put_text(out, self);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        SmallString::new(from.text())
    }
}

impl Pack for String {
    fn pack(&self, out: &mut Vec<u8>) {
        put_text(out, self);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        String::from(from.text())
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        bool::unpack(from).then(|| T::unpack(from))
    }
}

impl<T: Pack> Pack for Box<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        T::pack(self, out);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Box::new(T::unpack(from))
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.len().pack(out);
        self.iter().for_each(|item| item.pack(out));
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let count = from.count();
        let mut list = Vec::with_capacity(count);
        while list.len() < count && !from.is_bad {
            list.push(T::unpack(from));
        }
        list
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
        self.1.pack(out);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (A::unpack(from), B::unpack(from))
    }
}

/// How a type is stored: by its fields in order, behind a semicolon those that are not stored here and have their default; or by the
/// number of the variant and its fields. The variant that is named first is read where nothing can be.
macro_rules! packed {
    ($name:ident { $($field:tt $(as $form:ident)?),* $(; $($absent:ident),*)? }) => {
        impl $crate::store::pack::Pack for $name {
            fn pack(&self, out: &mut alloc::vec::Vec<u8>) {
                $($crate::store::pack::packed!(@pack $($form)?)(&self.$field, out);)*
            }
            fn unpack(from: &mut $crate::store::pack::Unpacker<'_>) -> Self {
                Self {
                    $($field: $crate::store::pack::packed!(@unpack $($form)?)(from),)*
                    $($($absent: Default::default(),)*)?
                }
            }
        }
    };
    (enum $name:ident {
        0 $first:ident $(($head:ident))?
        $(, $number:literal $variant:ident $(($one:ident))? $({ $($field:ident),* })?)*
    }) => {
        impl $crate::store::pack::Pack for $name {
            fn pack(&self, out: &mut alloc::vec::Vec<u8>) {
                match self {
                    $name::$first $(($head))? => {
                        $crate::store::pack::put_number(out, 0);
                        $($crate::store::pack::Pack::pack($head, out);)?
                    }
                    $($name::$variant $(($one))? $({ $($field),* })? => {
                        $crate::store::pack::put_number(out, $number);
                        $($crate::store::pack::Pack::pack($one, out);)?
                        $($($crate::store::pack::Pack::pack($field, out);)*)?
                    })*
                }
            }
            fn unpack(from: &mut $crate::store::pack::Unpacker<'_>) -> Self {
                match from.variant() {
                    $($number => $name::$variant
                        $(({ let $one = $crate::store::pack::Pack::unpack(from); $one }))?
                        $({ $($field: $crate::store::pack::Pack::unpack(from)),* })?,)*
                    number => {
                        if number != 0 {
                            from.fail();
                        }
                        $name::$first $(({ let $head = $crate::store::pack::Pack::unpack(from); $head }))?
                    }
                }
            }
        }
    };
    // Fields of none are numbered in their order of declaration.
    ($name:ident in $all:expr, $first:ident) => {
        impl $crate::store::pack::Pack for $name {
            fn pack(&self, out: &mut alloc::vec::Vec<u8>) {
                $crate::store::pack::put_number(out, *self as u64);
            }
            fn unpack(from: &mut $crate::store::pack::Unpacker<'_>) -> Self {
                from.one_of($all, $name::$first)
            }
        }
    };
    (@pack) => { $crate::store::pack::Pack::pack };
    (@unpack) => { $crate::store::pack::Pack::unpack };
    (@pack $form:ident) => { $form::pack };
    (@unpack $form:ident) => { $form::unpack };
}
pub(crate) use packed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_few_bytes_as_they_can_and_no_more_than_they_may() {
        for (number, bytes) in [(0, &[0][..]), (127, &[127]), (128, &[128, 1]), (u64::from(u16::MAX), &[255, 255, 3])] {
            let mut out = Vec::new();
            put_number(&mut out, number);
            assert_eq!(out, bytes);
            assert_eq!(Unpacker::new(bytes).number(16), number);
        }
        let too_wide =
            [(16, &[255, 255, 4][..]), (16, &[128, 128, 128, 0]), (32, &[255, 255, 255, 255, 16]), (64, &[128; 11])];
        for (bits, bytes) in too_wide {
            let mut from = Unpacker::new(bytes);
            assert_eq!((from.number(bits), from.is_done()), (0, false), "{bytes:?}");
        }
    }

    #[test]
    fn wrong_count_asks_for_no_memory() {
        let mut from = Unpacker::new(&[255, 255, 255, 255, 15, 0, 0]);
        assert!(Vec::<u64>::unpack(&mut from).is_empty());
        assert!(!from.is_done());
    }
}
