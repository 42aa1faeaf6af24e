//! The last resort: a value that no other repair can read is taken for absent.

use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};

use super::{Repair, RepairKind};
use crate::{
    json::{DEFAULT_DEPTH, Kind, Reader, path},
    violation::{Fault, Rule},
};

/// How many values may be taken for absent in one message.
const MAX_VALUES: usize = 64;

/// Required members that can be borne to be absent: their name, at any depth, and the JSON text that is read in their place.
pub type Absences = &'static [(&'static str, &'static str)];

/// A message on its way to being readable, by taking for absent what is not.
///
/// Each value that cannot be read becomes `null`, which a lenient reader takes for an absent member or list item, or what the
/// [`Absences`] say of it. What a value cannot do without takes the value along: a required member its object, up to the message.
#[derive(Debug)]
pub struct Salvage {
    text: String,
    absences: Absences,
    absent: Vec<Repair>,
}

impl Salvage {
    /// A salvage of the message that `text` begins with.
    pub fn new(text: &str, absences: Absences) -> Self {
        Self { text: text.to_owned(), absences, absent: Vec::new() }
    }

    /// The message as it is by now.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes what the reader of this text stumbled over for absent. False if it cannot be: then the message is lost.
    pub fn take_out(&mut self, fault: &Fault) -> bool {
        let (rule, offset) = (fault.rule(), fault.offset());
        let is_unreadable =
            matches!(rule, Rule::Missing(_) | Rule::Type { .. } | Rule::Null | Rule::NumberTooBig | Rule::DateTime);
        if !is_unreadable || self.absent.len() >= MAX_VALUES {
            return false;
        }
        let substitute = |name: &str| self.absences.iter().find(|(absent, _)| *absent == name).map(|(_, json)| *json);
        let mut reader = Reader::with_depth(&self.text, DEFAULT_DEPTH);
        let Ok(Some(place)) = find(&mut reader, offset, None) else { return false };
        let missing = if let Rule::Missing(name) = rule { substitute(name).map(|json| (name, json)) } else { None };
        let (range, json, text) = if let Some((name, json)) = missing {
            let comma = if is_empty(&self.text, offset) { "" } else { "," };
            (offset + 1..offset + 1, ["\"", name, "\":", json, comma].concat(), "")
        } else {
            let Some(name) = place.name else { return false };
            let json = name.and_then(|name| substitute(&name)).unwrap_or("null");
            let text = self.text.get(offset..place.end).unwrap_or_default();
            if text == json {
                return false;
            }
            (offset..place.end, json.to_owned(), text)
        };
        let path = path::at(&self.text, 0, offset);
        self.absent.push(Repair { kind: RepairKind::Unreadable, rule, path, text: Box::from(text) });
        self.text.replace_range(range, &json);
        true
    }

    /// Adds what was taken for absent to the other repairs, which keep their places.
    pub fn tell(self, repairs: &mut Vec<Repair>) {
        for absent in self.absent {
            let null = |repair: &&mut Repair| repair.kind == RepairKind::Null && repair.path == absent.path;
            match repairs.iter_mut().find(null) {
                Some(repair) => *repair = absent,
                None => repairs.push(absent),
            }
        }
    }
}

/// A value of the message.
struct Place {
    /// Where it ends.
    end: usize,
    /// None for the message itself; its name, if it is a member.
    name: Option<Option<String>>,
}

/// The value that begins at `offset`.
fn find(reader: &mut Reader<'_>, offset: usize, name: Option<Option<String>>) -> Result<Option<Place>, Fault> {
    let kind = reader.peek()?;
    if reader.position() == offset {
        reader.skip_value()?;
        return Ok(Some(Place { end: reader.position(), name }));
    }
    match kind {
        Kind::Object => {
            reader.begin_object()?;
            while let Some(key) = reader.next_key()? {
                if let Some(place) = find(reader, offset, Some(Some(key.into_owned())))? {
                    return Ok(Some(place));
                }
            }
        }
        Kind::Array => {
            reader.begin_array()?;
            while reader.next_element()? {
                if let Some(place) = find(reader, offset, Some(None))? {
                    return Ok(Some(place));
                }
            }
        }
        Kind::Null | Kind::Boolean | Kind::Integer | Kind::Number | Kind::String => reader.skip_value()?,
    }
    Ok(None)
}

/// Whether the object at `offset` has no members.
fn is_empty(text: &str, offset: usize) -> bool {
    text.get(offset + 1..).is_some_and(|rest| rest.trim_ascii_start().starts_with('}'))
}

#[cfg(all(test, feature = "lenient"))]
mod tests {
    use super::*;
    use crate::{codec::Decode, lenient::Quirks};

    /// Reads as an RPC layer does.
    fn read<T: Decode>(json: &str, absences: Absences) -> Option<(T, Vec<Repair>)> {
        let mut salvage = Salvage::new(json, absences);
        loop {
            let mut reader = Reader::lenient(salvage.text(), DEFAULT_DEPTH, Quirks::ALL);
            match T::read(&mut reader) {
                Ok(value) => {
                    let mut repairs = reader.take_repairs(0);
                    salvage.tell(&mut repairs);
                    return Some((value, repairs));
                }
                Err(fault) if salvage.take_out(&fault) => {}
                Err(_) => return None,
            }
        }
    }

    #[cfg(feature = "v1_6")]
    #[test]
    fn what_cannot_be_read_is_absent_and_told() {
        use crate::v1_6::{BootNotificationResponse, MeterValuesRequest};
        use alloc::string::ToString;

        let absences: Absences = &[("interval", "0"), ("currentTime", "\"0000-01-01T00:00:00Z\"")];
        for json in [
            r#"{"status":"Accepted"}"#,
            r#"{"status":"Accepted","interval":{},"currentTime":"now"}"#,
            r#"{"interval":null,"status":"Accepted","currentTime":null}"#,
            r#"{"currentTime":[1],"interval":99999999999999999999,"status":"Accepted"}"#,
        ] {
            let (answer, repairs) = read::<BootNotificationResponse>(json, absences).unwrap();
            assert_eq!((answer.status.as_str(), answer.interval), ("Accepted", 0), "{json}");
            let unreadable = repairs.iter().filter(|repair| repair.kind == RepairKind::Unreadable);
            assert_eq!(unreadable.count(), 2, "{json}: {repairs:?}");
        }
        for json in [r"{}", r#"{"status":null}"#, r#"{"status":"Accepted""#, "[]", "5"] {
            assert!(read::<BootNotificationResponse>(json, absences).is_none(), "{json}");
        }

        let json = r#"{"connectorId":1,"transactionId":"?","meterValue":[5,
            {"timestamp":"2026-01-01T12:00:00Z","sampledValue":[{"unit":"Wh"},{"value":"7"},null]}]}"#;
        let (request, repairs) = read::<MeterValuesRequest>(json, &[]).unwrap();
        assert_eq!(request.transaction_id, None);
        assert_eq!(request.meter_value.len(), 1);
        assert_eq!(request.meter_value[0].sampled_value.len(), 1);
        let told: Vec<_> = repairs.iter().map(|repair| (repair.kind.as_str(), repair.path.to_string())).collect();
        assert_eq!(
            told,
            [
                ("Unreadable", "$.transactionId".to_string()),
                ("Unreadable", "$.meterValue[0]".to_string()),
                ("Unreadable", "$.meterValue[1].sampledValue[0]".to_string()),
                ("Null", "$.meterValue[1].sampledValue[2]".to_string()),
            ]
        );
    }
}
