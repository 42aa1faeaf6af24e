//! Typed messages over the untyped ones, and what generated enumerations are made of.

use alloc::string::String;
use core::marker::PhantomData;

use super::{
    schema::{Edition, ObjectId},
    view::{Node, Parsed},
    write::{self, Object},
};
use crate::{
    json::{Reader, Writer},
    lenient::Quirks,
    violation::{Fault, Violation},
};

/// A generated view of an object.
pub trait View {
    /// The view of an object of a message that lives as long as `'m`.
    type Of<'m>;
    /// What writes such an object.
    type Builder<'w>;
    /// The object.
    const OBJECT: ObjectId;

    /// The view of these members.
    fn of(node: Node<'_>) -> Self::Of<'_>;

    /// The builder of this object.
    fn builder(object: Object<'_>) -> Self::Builder<'_>;

    /// Appends the object that `fill` fills in. What its schema forbids is [refused](Writer::refuse).
    fn write(writer: &mut Writer, edition: Edition, fill: impl FnOnce(Self::Builder<'_>)) {
        let mut fill = Some(fill);
        write::write(writer, edition, Self::OBJECT, &mut |object| {
            if let Some(fill) = fill.take() {
                fill(Self::builder(object));
            }
        });
    }

    /// The JSON text of the object that `fill` fills in, or what the schema forbids.
    fn to_json(edition: Edition, fill: impl FnOnce(Self::Builder<'_>)) -> Result<String, Violation> {
        Self::append_json(String::with_capacity(128), edition, fill)
    }

    /// Like [`to_json`](Self::to_json), behind what `text` says already: with enough capacity it need not grow.
    fn append_json(text: String, edition: Edition, fill: impl FnOnce(Self::Builder<'_>)) -> Result<String, Violation> {
        let mut fill = Some(fill);
        write::append(text, edition, Self::OBJECT, &mut |object| {
            if let Some(fill) = fill.take() {
                fill(Self::builder(object));
            }
        })
    }
}

/// A message that was read, of which the view `V` tells the members.
#[derive(Debug)]
pub struct Message<'a, V>(Parsed<'a>, PhantomData<fn() -> V>);

impl<'a, V: View> Message<'a, V> {
    /// Reads a whole text, strictly.
    pub fn parse(json: &'a str, edition: Edition) -> Result<Self, Violation> {
        Parsed::parse(json, edition, V::OBJECT).map(|parsed| Self(parsed, PhantomData))
    }

    /// Reads what comes next, as [`Parsed::read`] does.
    pub fn read(reader: &mut Reader<'a>, edition: Edition, quirks: Quirks) -> Result<Self, Fault> {
        let mut parsed = Parsed::new(edition, V::OBJECT);
        parsed.read(reader, quirks).map(|()| Self(parsed, PhantomData))
    }

    /// Reads a whole text strictly and, if that fails, with the repairs that `quirks` allow.
    #[cfg(feature = "lenient")]
    pub fn parse_lenient(
        json: &'a str,
        edition: Edition,
        quirks: Quirks,
    ) -> Result<crate::lenient::Decoded<Self>, Violation> {
        let crate::lenient::Decoded { value, repairs } = Parsed::parse_lenient(json, edition, V::OBJECT, quirks)?;
        Ok(crate::lenient::Decoded { value: Self(value, PhantomData), repairs })
    }

    /// The members.
    pub fn view(&self) -> V::Of<'_> {
        V::of(self.0.root())
    }

    /// The message with texts of its own, so that it outlives what it was read from.
    pub fn into_owned(self) -> Message<'static, V> {
        Message(self.0.into_owned(), PhantomData)
    }

    /// The message without its type.
    pub fn untyped(&self) -> &Parsed<'a> {
        &self.0
    }
}
