//! What generated code declares by macro: objects, enumerations and actions.

/// Declares the view and the builder of an object; their members come in `impl` blocks of their own.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident, $builder:ident = $id:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'m>(pub(super) $crate::tables::Node<'m>);

        #[doc = concat!("Writes a [`", stringify!($name), "`].")]
        #[derive(Debug)]
        pub struct $builder<'w>(pub(super) $crate::tables::Object<'w>);

        impl $name<'_> {
            /// The edition of the message.
            pub fn edition(self) -> $crate::tables::Edition {
                self.0.edition()
            }
        }

        impl $builder<'_> {
            /// The edition of the message.
            pub fn edition(&self) -> $crate::tables::Edition {
                self.0.edition()
            }

            /// The text that is set next is cut to the characters that its schema allows, instead of refused.
            pub fn cut(&mut self) -> &mut Self {
                self.0.cut();
                self
            }
        }

        impl<'m> $crate::tables::Value<'m> for $name<'m> {
            fn of(found: $crate::tables::Found<'m>) -> Self {
                Self(found.node())
            }
        }

        impl $crate::tables::View for $name<'_> {
            type Of<'m> = $name<'m>;
            type Builder<'w> = $builder<'w>;
            const OBJECT: $crate::tables::ObjectId = $crate::tables::ObjectId($id);

            fn of(node: $crate::tables::Node<'_>) -> $name<'_> {
                $name(node)
            }

            fn builder(object: $crate::tables::Object<'_>) -> $builder<'_> {
                $builder(object)
            }
        }
    };
}

/// Declares enumerations, which are numbers of values in the tables.
macro_rules! choices {
    (
        $(
            $(#[$doc:meta])*
            $name:ident = $id:literal {
                $($(#[$value_doc:meta])* $value:ident,)*
            }
        )*
    ) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $name {
                $($(#[$value_doc])* $value,)*
                /// A text outside the enumeration, where such a text is let through; encoding refuses it.
                Unrecognized,
            }

            impl $name {
                /// The values of the schemas.
                pub const ALL: &'static [Self] = &[$(Self::$value,)*];

                /// The text of the value, as it stands in JSON.
                pub fn as_str(self) -> &'static str {
                    super::TABLES.any_choice_text($id, self as u8)
                }

                /// The value with this text, in any edition of the family.
                pub fn from_text(text: &str) -> Option<Self> {
                    super::TABLES.find_any_choice($id, text).and_then(|value| Self::ALL.get(value)).copied()
                }

                /// Reads a value outside a message of the tables. `Unrecognized` stands for a text that the reader lets through.
                pub fn read(
                    reader: &mut $crate::json::Reader<'_>,
                    edition: $crate::tables::Edition,
                ) -> Result<Self, $crate::violation::Fault> {
                    let value = $crate::tables::generated::read_choice(reader, edition, $id, false)?.1;
                    Ok(value.and_then(|value| Self::ALL.get(value)).copied().unwrap_or(Self::Unrecognized))
                }

                pub(super) fn number(self) -> u8 {
                    if self == Self::Unrecognized { u8::MAX } else { self as u8 }
                }
            }

            impl<'m> $crate::tables::Value<'m> for $name {
                fn of(found: $crate::tables::Found<'m>) -> Self {
                    Self::ALL.get(usize::from(found.choice())).copied().unwrap_or(Self::Unrecognized)
                }
            }
        )*
    };
}

/// Declares the actions of a family.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// An action.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// All actions.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The action of this name, if the edition has it. Names are case-sensitive.
            pub fn find(name: &str, edition: $crate::tables::Edition) -> Option<Self> {
                edition.find_action(name).and_then(|action| Self::ALL.get(action)).copied()
            }

            /// The name, exactly as it stands in a frame.
            pub fn as_str(self) -> &'static str {
                super::TABLES.action_name(self as u8)
            }

            /// Who sends it.
            pub fn direction(self) -> $crate::request::Direction {
                super::TABLES.direction(self as u8)
            }

            /// The payload that is sent.
            pub fn request(self) -> $crate::tables::ObjectId {
                super::TABLES.payloads(self as u8).0
            }

            /// The payload of the answer; a SEND has none.
            pub fn response(self) -> Option<$crate::tables::ObjectId> {
                super::TABLES.payloads(self as u8).1
            }
        }
    };
}

pub(crate) use {actions, choices, object};
