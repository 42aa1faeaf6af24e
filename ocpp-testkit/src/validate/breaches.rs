//! All that is wrong with a payload: what a lenient reader mends, and what not even that can read.
//!
//! The decoder is the judge. It stops at what it cannot read; so a value that keeps the schema is put there, and it is asked again.

use ocpp_rpc::Dialect;
use ocpp_types::json::{Kind, Reader};
use ocpp_types::lenient::{Repair, RepairKind};
use ocpp_types::{Rule, Violation};

use super::members;
use super::payload::{Part, Verdict, check};
use crate::link::End;
use crate::spelling::nearest;

/// More of what cannot be read than this is not looked for.
const MOST: usize = 200;

/// Values for each type that a schema can have; texts are times, which all of them can be.
const STAND_INS: [&str; 5] = ["\"2026-01-01T00:00:00Z\"", "0", "true", "{}", "[]"];

/// One rule that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Breach {
    /// Where, from the root `$`.
    pub path: String,
    /// The rule.
    pub rule: Rule,
    /// How a lenient reader mends it, and the text that it puts aside.
    pub repair: Option<(RepairKind, String)>,
    /// The member that an unknown one was probably meant for.
    pub meant: Option<&'static str>,
}

impl Breach {
    fn of(Violation { path, rule, offset: _ }: Violation) -> Self {
        Breach { path, rule, repair: None, meant: None }
    }
}

/// What the messages of an action must keep.
#[derive(Clone, Copy)]
pub(super) struct Schema<'a> {
    pub dialect: Dialect,
    pub action: &'a str,
    pub part: Part,
    pub from: Option<End>,
}

impl Schema<'_> {
    fn check(&self, json: &str) -> Verdict {
        check(self.dialect, self.action, self.part, self.from, json)
    }

    /// All breaches: first the one that nothing mends and that the decoder stops at, if there is one, then the others in the order of
    /// the text.
    pub fn breaches(&self, json: &str) -> Vec<Breach> {
        let mut found = Vec::new();
        let mut text = json.to_owned();
        // Where stand-ins are: what is wrong within them is our own doing.
        let mut ours: Vec<String> = Vec::new();
        while found.len() < MOST {
            match self.check(&text) {
                Verdict::Unreadable(violation) => {
                    let mended = self.mend(&text, &violation);
                    if !is_within(&violation.path, &ours) {
                        found.push(Breach::of(violation));
                    }
                    let Some((mended, path)) = mended else { break };
                    text = mended;
                    ours.push(path);
                }
                Verdict::Read(repairs) => {
                    let repairs = repairs.into_iter().filter(|repair| !is_within(&repair.path, &ours));
                    found.extend(repairs.map(|Repair { kind, rule, path, text }| Breach {
                        path,
                        rule,
                        repair: Some((kind, text.into())),
                        meant: None,
                    }));
                    break;
                }
                Verdict::UnknownAction | Verdict::NotItsPart | Verdict::Signed => break,
            }
        }
        let paths = paths(json);
        let place = |breach: &Breach| paths.iter().position(|path| *path == breach.path).unwrap_or(usize::MAX);
        // What the decoder told first, and in one go, is in its order.
        if let Some((first, rest)) = found.split_first_mut()
            && first.repair.is_none()
        {
            rest.sort_by_key(place);
        }
        self.guess(&paths, &mut found);
        found
    }

    /// The text with a value that can be read where one could not, and the path of that.
    fn mend(&self, text: &str, violation: &Violation) -> Option<(String, String)> {
        let (path, place) = match violation.rule {
            Rule::Syntax(_) | Rule::UnknownMember | Rule::DuplicateMember => return None,
            Rule::Missing(name) => {
                (format!("{}.{name}", violation.path), Place::of_member(text, violation.offset, name)?)
            }
            _ => (violation.path.clone(), Place::of_value(text, violation.offset)?),
        };
        STAND_INS.iter().find_map(|value| {
            let mended = place.fill(text, value)?;
            let is_read = match self.check(&mended) {
                Verdict::Unreadable(next) => next.path != path || matches!(next.rule, Rule::Missing(_)),
                Verdict::Read(_) => true,
                Verdict::UnknownAction | Verdict::NotItsPart | Verdict::Signed => false,
            };
            is_read.then(|| (mended, path.clone()))
        })
    }

    /// Names the members that unknown ones were probably meant for, those that are missing before others.
    fn guess(&self, paths: &[String], found: &mut [Breach]) {
        let missing: Vec<(String, &'static str)> = found
            .iter()
            .filter_map(|breach| match breach.rule {
                Rule::Missing(name) => Some((breach.path.clone(), name)),
                _ => None,
            })
            .collect();
        for breach in found {
            let Some((RepairKind::ExtraMember, name)) = &breach.repair else { continue };
            let there = missing.iter().filter(|(path, _)| *path == breach.path).map(|(_, name)| *name);
            let known = members::of(self.dialect, self.action, self.part, &breach.path);
            let absent = known.into_iter().filter(|known| !paths.contains(&format!("{}.{known}", breach.path)));
            breach.meant = nearest(name, there).or_else(|| nearest(name, absent));
        }
    }
}

/// Whether a path lies at or below one of these.
fn is_within(path: &str, these: &[String]) -> bool {
    these.iter().any(|this| {
        path.strip_prefix(this.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

/// Where a value is put.
enum Place<'a> {
    /// In the place of another.
    Instead(std::ops::Range<usize>),
    /// As a new member of the object whose first member begins here.
    Member { at: usize, name: &'a str, is_only: bool },
    /// In the place of something else than an object, as the member of one.
    Object { range: std::ops::Range<usize>, name: &'a str },
}

impl<'a> Place<'a> {
    fn of_value(text: &str, offset: usize) -> Option<Self> {
        let rest = text.get(offset..)?;
        let value = Reader::with_depth(rest, u8::MAX).raw_value().ok()?;
        let start = offset + (rest.len() - rest.trim_ascii_start().len());
        Some(Place::Instead(start..start + value.len()))
    }

    fn of_member(text: &str, offset: usize, name: &'a str) -> Option<Self> {
        if let Some(range) = member(text, offset, name) {
            return Some(Place::Instead(range));
        }
        let rest = text.get(offset..)?;
        let mut reader = Reader::with_depth(rest, u8::MAX);
        if reader.peek().ok()? != Kind::Object {
            let Place::Instead(range) = Place::of_value(text, offset)? else { return None };
            return Some(Place::Object { range, name });
        }
        reader.begin_object().ok()?;
        let at = offset + rest.find('{')? + 1;
        Some(Place::Member { at, name, is_only: reader.next_key().ok()?.is_none() })
    }

    fn fill(&self, text: &str, value: &str) -> Option<String> {
        let (range, filling) = match self {
            Place::Instead(range) => (range.clone(), value.to_owned()),
            Place::Member { at, name, is_only: true } => (*at..*at, format!("\"{name}\":{value}")),
            Place::Member { at, name, is_only: false } => (*at..*at, format!("\"{name}\":{value},")),
            Place::Object { range, name } => (range.clone(), format!("{{\"{name}\":{value}}}")),
        };
        Some([text.get(..range.start)?, &filling, text.get(range.end..)?].concat())
    }
}

/// Where the value of a member of the object at `offset` is, if it has such a member.
fn member(text: &str, offset: usize, name: &str) -> Option<std::ops::Range<usize>> {
    let rest = text.get(offset..)?;
    let mut reader = Reader::with_depth(rest, u8::MAX);
    reader.begin_object().ok()?;
    while let Some(key) = reader.next_key().ok()? {
        let value = reader.raw_value().ok()?;
        if key == name {
            let end = offset + reader.position();
            return Some(end - value.len()..end);
        }
    }
    None
}

/// The paths of all values, in their order.
fn paths(json: &str) -> Vec<String> {
    fn walk(reader: &mut Reader<'_>, path: String, paths: &mut Vec<String>) -> Result<(), ocpp_types::Fault> {
        paths.push(path.clone());
        match reader.peek()? {
            Kind::Object => {
                reader.begin_object()?;
                while let Some(key) = reader.next_key()? {
                    walk(reader, format!("{path}.{key}"), paths)?;
                }
            }
            Kind::Array => {
                reader.begin_array()?;
                let mut index = 0;
                while reader.next_element()? {
                    walk(reader, format!("{path}[{index}]"), paths)?;
                    index += 1;
                }
            }
            _ => reader.skip_value()?,
        }
        Ok(())
    }
    let mut paths = Vec::new();
    // What can be read of it is enough to sort by.
    let _ = walk(&mut Reader::with_depth(json, 100), "$".to_owned(), &mut paths);
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(dialect: Dialect, action: &str, json: &str) -> Vec<String> {
        let schema = Schema { dialect, action, part: Part::Request, from: None };
        let told = |breach: Breach| {
            let meant = breach.meant.map(|meant| format!(" ({meant}?)")).unwrap_or_default();
            let aside = breach
                .repair
                .map(|(_, aside)| aside)
                .filter(|aside| !aside.is_empty())
                .map(|aside| format!(" {aside}"));
            format!("{}: {}{}{meant}", breach.path, breach.rule, aside.unwrap_or_default())
        };
        schema.breaches(json).into_iter().map(told).collect()
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        let json = r#"{"connectorId": "x", "idTag": 5, "meterStart": "y", "timestamp": "z", "foo": 1}"#;
        assert_eq!(
            breaches(Dialect::V1_6, "StartTransaction", json),
            [
                "$.connectorId: integer expected, string found",
                "$: unknown member foo",
                "$.idTag: string expected, number found",
                "$.meterStart: integer expected, string found",
                "$.timestamp: not an RFC 3339 date and time",
            ]
        );
        assert_eq!(
            breaches(Dialect::V1_6, "StartTransaction", "{}"),
            ["connectorId", "idTag", "meterStart", "timestamp"]
                .map(|name| format!("$: required member {name} is missing"))
        );
        let profile = r#"{"evseId":1,"chargingProfile":{"id":1,"stackLevel":null,"chargingProfilePurpose":5,"chargingSchedule":[{"chargingRateUnit":"A","chargingSchedulePeriod":[{"limit":[]}]},3]}}"#;
        for dialect in [Dialect::V2_0_1, Dialect::V2_1] {
            let found = breaches(dialect, "SetChargingProfile", profile);
            let paths: Vec<&str> = found.iter().map(|found| found.split_once(": ").unwrap().0).collect();
            let mut sorted = paths.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert!(sorted.contains(&"$.chargingProfile.chargingSchedule[1]"), "{found:#?}");
            assert!(
                sorted.contains(&"$.chargingProfile.chargingSchedule[0].chargingSchedulePeriod[0].limit"),
                "{found:#?}"
            );
            assert!(
                found.contains(&"$.chargingProfile: required member chargingProfileKind is missing".to_owned()),
                "{found:#?}"
            );
            assert!(
                found.contains(&"$.chargingProfile: required member stackLevel is missing".to_owned()),
                "{found:#?}"
            );
        }
    }

    #[test]
    fn unknown_members_are_told_with_what_was_meant() {
        let json = r#"{"idTag": "A", "chargingProfile": {"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative", "chargingSchedule": {"chargingRateUnit": "A", "ChargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}}}"#;
        let mut found = breaches(Dialect::V1_6, "RemoteStartTransaction", json);
        found.sort();
        let at = "$.chargingProfile.chargingSchedule";
        assert_eq!(
            found,
            [
                format!("{at}: required member chargingSchedulePeriod is missing"),
                format!("{at}: unknown member ChargingSchedulePeriod (chargingSchedulePeriod?)"),
            ]
        );
        for dialect in [Dialect::V2_0_1, Dialect::V2_1] {
            let json = r#"{"requestId":1,"reportBase":"FullInventory","custom_data":{"vendorId":"x"}}"#;
            assert_eq!(breaches(dialect, "GetBaseReport", json), ["$: unknown member custom_data (customData?)"]);
            let json = r#"{"evse":{"id":1,"conectorId":2},"type":"Immediate"}"#;
            assert_eq!(
                breaches(dialect, "TriggerMessage", json),
                [
                    "$: required member requestedMessage is missing",
                    "$: unknown member type",
                    "$.evse: unknown member conectorId (connectorId?)",
                ]
            );
        }
        assert_eq!(breaches(Dialect::V1_6, "Heartbeat", r#"{"a":1}"#), ["$: unknown member a"]);
    }

    #[test]
    fn first_is_what_the_decoder_stops_at() {
        for (action, json) in [
            ("Reset", r#"{"surprise":1}"#),
            ("Reset", r#"{"type":null}"#),
            ("Reset", r#"{"type":"Soft""#),
            ("Reset", "null"),
            ("Reset", "7"),
            ("Reset", r#"{"type":"Soft","type":"Soft"}"#),
            ("BootNotification", r#"{"chargePointVendor":"ABCDEFGHIJKLMNOPQRSTUVWXYZ"}"#),
            ("StartTransaction", r#"{"idTag":"ABCDEFGHIJKLMNOPQRSTUVWXYZ","connectorId":1.5}"#),
            ("MeterValues", r#"{"connectorId":1,"meterValue":[{"timestamp":1,"sampledValue":[{},{"value":1}]}]}"#),
        ] {
            let schema = Schema { dialect: Dialect::V1_6, action, part: Part::Request, from: None };
            let first = match schema.check(json) {
                Verdict::Unreadable(violation) => (violation.path, violation.rule),
                Verdict::Read(repairs) => (repairs[0].path.clone(), repairs[0].rule),
                other => panic!("{other:?}"),
            };
            let found = schema.breaches(json);
            assert_eq!((found[0].path.clone(), found[0].rule), first, "{json}: {found:#?}");
        }
    }
}
