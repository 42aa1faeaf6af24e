//! What the generated code of a version declares by macro: enumerations, actions and payloads.

/// Declares an enumeration with its texts.
macro_rules! enumeration {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$value_doc:meta])* $value:ident = $text:literal,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
            /// A text outside the enumeration; only lenient decoding gives it, and encoding refuses it.
            Unrecognized($crate::lenient::Unrecognized),
        }

        impl $crate::enumeration::Enumeration for $name {
            const NAME: &'static str = stringify!($name);
            const VALUES: &'static [Self] = &[$(Self::$value,)*];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)*
                    Self::Unrecognized(_) => $crate::enumeration::UNRECOGNIZED,
                }
            }

            fn from_text(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$value),)*
                    _ => None,
                }
            }

            fn unrecognized(text: $crate::lenient::Unrecognized) -> Self {
                Self::Unrecognized(text)
            }

            fn as_unrecognized(self) -> Option<$crate::lenient::Unrecognized> {
                match self {
                    Self::Unrecognized(text) => Some(text),
                    _ => None,
                }
            }
        }

        impl $name {
            /// The text of the value, as it stands in JSON.
            pub fn as_str(self) -> &'static str {
                $crate::enumeration::Enumeration::as_str(self)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::enumeration::UnknownValue;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::enumeration::Enumeration::from_text(text).ok_or($crate::enumeration::UnknownValue(stringify!($name)))
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::codec::Decode for $name {
            fn read(reader: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::violation::Fault> {
                reader.enumeration()
            }
        }

        impl $crate::codec::Encode for $name {
            fn write(&self, writer: &mut $crate::json::Writer) {
                writer.enumeration(stringify!($name), self.as_str());
            }
        }
    };
}

/// Declares the actions of a version and its functional blocks.
macro_rules! actions {
    (
        $(#[$doc:meta])* $action:ident,
        $(#[$block_doc:meta])* $block:ident as $block_method:ident {
            $($(#[$one_block_doc:meta])* $one_block:ident,)*
        }
        $($(#[$name_doc:meta])* $name:ident: $direction:ident, $of_block:ident;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $action {
            $($(#[$name_doc])* $name,)*
        }

        $(#[$block_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $block {
            $($(#[$one_block_doc])* $one_block,)*
        }

        impl $action {
            /// All actions.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name, exactly as it stands in a frame.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// Who sends it.
            pub fn direction(self) -> $crate::request::Direction {
                match self {
                    $(Self::$name => $crate::request::Direction::$direction,)*
                }
            }

            /// What it belongs to.
            pub fn $block_method(self) -> $block {
                match self {
                    $(Self::$name => $block::$of_block,)*
                }
            }
        }

        impl core::str::FromStr for $action {
            type Err = $crate::enumeration::UnknownValue;

            /// Names are case-sensitive.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().copied().find(|action| action.as_str() == text);
                found.ok_or($crate::enumeration::UnknownValue(stringify!($action)))
            }
        }

        impl core::fmt::Display for $action {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Declares an enumeration of payloads; large ones are in boxes.
macro_rules! payloads {
    ($(#[$doc:meta])* $name:ident { $($action:ident($payload:ty),)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $(
                #[doc = concat!("Of [`Action::", stringify!($action), "`].")]
                $action($payload),
            )*
        }

        impl $name {
            /// The action.
            pub fn action(&self) -> Action {
                match self {
                    $(Self::$action(_) => Action::$action,)*
                }
            }

            /// Reads the payload of `action`; `None` if this side does not send such a payload.
            pub fn read(
                action: Action,
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<Option<Self>, $crate::violation::Fault> {
                #[allow(unreachable_patterns)]
                match action {
                    $(Action::$action => $crate::codec::Decode::read(reader).map(|payload| Some(Self::$action(payload))),)*
                    _ => Ok(None),
                }
            }

            /// Reads the whole text of the payload of `action`, strictly; `None` if this side does not send such a payload.
            pub fn from_json(action: Action, json: &str) -> Result<Option<Self>, $crate::violation::Violation> {
                $crate::codec::decode_with(json, |reader| Self::read_or_skip(action, reader))
            }

            /// Like [`from_json`](Self::from_json), with the repairs that `quirks` allow.
            #[cfg(feature = "lenient")]
            pub fn from_json_lenient(
                action: Action,
                json: &str,
                quirks: $crate::lenient::Quirks,
            ) -> Result<Option<$crate::lenient::Decoded<Self>>, $crate::violation::Violation> {
                let decoded = $crate::lenient::decode_with(json, quirks, |reader| Self::read_or_skip(action, reader))?;
                let $crate::lenient::Decoded { value, repairs } = decoded;
                Ok(value.map(|value| $crate::lenient::Decoded { value, repairs }))
            }

            fn read_or_skip(
                action: Action,
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<Option<Self>, $crate::violation::Fault> {
                let payload = Self::read(action, reader)?;
                if payload.is_none() {
                    reader.skip_value()?;
                }
                Ok(payload)
            }
        }

        impl $crate::codec::Encode for $name {
            fn write(&self, writer: &mut $crate::json::Writer) {
                match self {
                    $(Self::$action(payload) => payload.write(writer),)*
                }
            }
        }

        $(
            impl From<$payload> for $name {
                fn from(payload: $payload) -> Self {
                    Self::$action(payload)
                }
            }
        )*
    };
}

pub(crate) use {actions, enumeration, payloads};
