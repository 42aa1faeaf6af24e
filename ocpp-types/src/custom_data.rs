//! JSON whose form OCPP leaves to vendors, kept as text.

use alloc::boxed::Box;

use crate::{
    codec::{Decode, Encode},
    interop::via_json,
    json::{Reader, Writer},
    text::check_length,
    violation::{Fault, Rule, Violation},
};

/// Any JSON value, as the text that was received.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawJson(Box<str>);

impl RawJson {
    /// Keeps `json`, which must be one JSON value.
    pub fn new(json: &str) -> Result<Self, Violation> {
        Self::from_json(json)
    }

    /// The JSON text, without surrounding white space.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Decode for RawJson {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.raw_value().map(|json| Self(Box::from(json)))
    }
}

impl Encode for RawJson {
    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.0);
    }
}

via_json!(RawJson);

/// The extension that every object of OCPP 2.x may carry: an object with the member `vendorId`, of at most 255 characters, and
/// whatever else the vendor puts there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomData(
    // Nearly every struct has room for one and nearly none has one, so it is a single pointer.
    Box<Box<str>>,
);

impl CustomData {
    /// Keeps `json`, which must be an object with a `vendorId`.
    pub fn new(json: &str) -> Result<Self, Violation> {
        Self::from_json(json)
    }

    /// The JSON text of the object.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Decode for CustomData {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.custom_data().map(|json| Self(Box::new(Box::from(json))))
    }
}

impl<'a> Reader<'a> {
    /// Reads an object with a `vendorId` and returns its JSON text.
    pub(crate) fn custom_data(&mut self) -> Result<&'a str, Fault> {
        let start = self.value_start();
        let mut vendor = false;
        self.begin_object()?;
        while let Some(key) = self.next_key()? {
            if key != "vendorId" {
                self.skip_value()?;
                continue;
            }
            let at = self.value_start();
            let id = self.string()?;
            check_length(&id, 255)
                .map_err(|long| Fault::new(Rule::TooLong { max: long.max, actual: long.actual }, at))?;
            vendor = true;
        }
        if !vendor {
            return Err(Fault::new(Rule::Missing("vendorId"), start));
        }
        Ok(self.since(start))
    }
}

impl Encode for CustomData {
    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.0);
    }
}

via_json!(CustomData);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Kind;

    #[test]
    fn custom_data_names_its_vendor_and_stays_as_it_is() {
        let json = r#"{ "x": [1.50, {"y":null}], "vendorId": "v" }"#;
        let data = CustomData::new(json).unwrap();
        assert_eq!((data.as_str(), data.to_json().unwrap().as_str()), (json, json));
        let long = alloc::format!(r#"{{"vendorId":"{}"}}"#, "x".repeat(256));
        for (json, rule) in [
            (r#"{"x":1}"#, Rule::Missing("vendorId")),
            (r#"{"vendorId":1}"#, Rule::Type { expected: Kind::String, found: Kind::Number }),
            (r#"[]"#, Rule::Type { expected: Kind::Object, found: Kind::Array }),
            (&long, Rule::TooLong { max: 255, actual: 256 }),
        ] {
            assert_eq!(CustomData::new(json).unwrap_err().rule, rule, "{json}");
        }
    }

    #[test]
    fn an_absent_extension_costs_one_pointer() {
        assert_eq!(size_of::<Option<CustomData>>(), size_of::<usize>());
    }
}
