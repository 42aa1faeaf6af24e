//! The tables themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::family::{Family, Row};
use crate::{
    Error,
    model::{Field, Kind},
    names::HEAD,
};

/// All texts in one, in which they overlap.
struct Pool {
    parts: Vec<String>,
    text: String,
}

impl Pool {
    fn new(texts: BTreeSet<&str>) -> Self {
        let mut texts: Vec<&str> = texts.into_iter().collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let mut parts: Vec<String> = Vec::new();
        for text in texts {
            if !parts.iter().any(|part| part.contains(text)) {
                parts.push(text.to_owned());
            }
        }
        // Join what overlaps most, each end and each beginning once. Of equals the first.
        let mut overlaps = Vec::new();
        for (one, end) in parts.iter().enumerate() {
            for (other, begin) in parts.iter().enumerate().filter(|(other, _)| *other != one) {
                let length = overlap(end, begin);
                if length > 0 {
                    overlaps.push((std::cmp::Reverse(length), one, other));
                }
            }
        }
        overlaps.sort_unstable();
        // The part that follows a part, with the length they share, and the chain that a part belongs to.
        let mut next = BTreeMap::new();
        let mut chains: Vec<usize> = (0..parts.len()).collect();
        let mut followers = BTreeSet::new();
        for (std::cmp::Reverse(length), one, other) in overlaps {
            let (Some(from), Some(to)) = (chains.get(one).copied(), chains.get(other).copied()) else { continue };
            if from == to || next.contains_key(&one) || !followers.insert(other) {
                continue;
            }
            next.insert(one, (other, length));
            chains.iter_mut().filter(|chain| **chain == to).for_each(|chain| *chain = from);
        }
        let first = (0..parts.len()).filter(|part| !followers.contains(part));
        let joined = first.map(|first| {
            let mut text = parts.get(first).cloned().unwrap_or_default();
            let mut at = first;
            while let Some((other, length)) = next.get(&at) {
                text.push_str(parts.get(*other).and_then(|part| part.get(*length..)).unwrap_or_default());
                at = *other;
            }
            text
        });
        let parts: Vec<String> = joined.collect();
        let text = parts.concat();
        Self { parts, text }
    }

    fn find(&self, text: &str) -> Result<(usize, usize), Error> {
        let at = self.text.find(text).ok_or_else(|| format!("{text} is not in the pool"))?;
        if u16::try_from(at).is_err() || u8::try_from(text.len()).is_err() {
            return Err(format!("{text} lies too far behind or is too long").into());
        }
        Ok((at, text.len()))
    }
}

/// With how many characters the one ends and the other begins.
fn overlap(one: &str, other: &str) -> usize {
    let lengths = (1..one.len().min(other.len())).rev();
    lengths.into_iter().find(|length| other.get(..*length).is_some_and(|head| one.ends_with(head))).unwrap_or(0)
}

/// Numbers for the different values of a column, in the order in which they come.
struct Numbers<T>(Vec<T>);

impl<T: PartialEq> Numbers<T> {
    fn of(&mut self, value: T) -> usize {
        match self.0.iter().position(|other| *other == value) {
            Some(index) => index,
            None => {
                self.0.push(value);
                self.0.len() - 1
            }
        }
    }
}

/// The source of `rows.rs`.
pub fn tables(family: &Family<'_>) -> Result<String, Error> {
    let rows = family.objects.iter().flat_map(|object| &object.rows).chain(&family.common);
    let names = rows.map(|row| row.field.name.as_str());
    let choices = family.choices.iter().flat_map(|choice| {
        std::iter::once(choice.name.as_str()).chain(choice.values.iter().map(|value| value.0.as_str()))
    });
    let actions = family.actions.iter().map(|action| action.message.action.as_str());
    let pool = Pool::new(names.chain(choices).chain(actions).collect());
    let mut columns = Columns { limits: Numbers(vec![None]), ranges: Numbers(Vec::new()), bounds: Numbers(Vec::new()) };
    columns.bounds.of((0, None));

    let (mut members, mut objects, mut first) = (String::new(), String::new(), 0);
    for object in &family.objects {
        writeln!(objects, "{first}, // {}", object.name)?;
        first += object.rows.len();
        for row in &object.rows {
            members.push_str(&columns.member(family, &pool, row)?);
        }
    }
    writeln!(objects, "{first},")?;
    let mut common = String::new();
    if let Some(row) = &family.common {
        common.push_str(&columns.member(family, &pool, row)?);
    }

    let (mut choices, mut values, mut first) = (String::new(), String::new(), 0);
    for choice in &family.choices {
        let (at, length) = pool.find(&choice.name)?;
        let (old, new) = (choice.old, choice.new);
        writeln!(choices, "choice(Name::new({at}, {length}), {first}, {old}, {new}), // {}", choice.name)?;
        first += choice.values.len();
        for (text, _) in &choice.values {
            let (at, length) = pool.find(text)?;
            writeln!(values, "Name::new({at}, {length}), // {text}")?;
        }
    }

    let mut actions = String::new();
    for action in &family.actions {
        let name = &action.message.action;
        let (at, length) = pool.find(name)?;
        let mut flags = editions(action.old, action.new);
        for (sender, flag) in [("station", "FROM_STATION"), ("csms", "FROM_CSMS")] {
            if [sender, "both"].contains(&action.message.sender.as_str()) {
                flags.push(flag);
            }
        }
        let number = |name: &str| family.object(name).ok_or_else(|| format!("no object {name}"));
        let request = number(&action.message.request_name())?;
        let response = match action.message.response {
            Some(_) => number(&format!("{name}Response"))?.to_string(),
            None => "u16::MAX".to_owned(),
        };
        writeln!(
            actions,
            "action(Name::new({at}, {length}), {}, {request}, {response}), // {name}",
            flags.join(" | ")
        )?;
    }

    let mut texts = String::new();
    for part in &pool.parts {
        writeln!(texts, "{part:?},")?;
    }
    let source = format!(
        "static TEXTS: &str = concat!(\n{texts});\n\n\
         static MEMBERS: &[Member] = &[\n{members}];\n\n\
         static COMMON: &[Member] = &[\n{common}];\n\n\
         static OBJECTS: &[u16] = &[\n{objects}];\n\n\
         static CHOICES: &[Choice] = &[\n{choices}];\n\n\
         static VALUES: &[Name] = &[\n{values}];\n\n\
         static ACTIONS: &[Action] = &[\n{actions}];\n\n{}",
        columns.source()
    );
    let code: String = source.lines().filter_map(|line| line.split("//").next()).collect::<Vec<_>>().join("\n");
    let constants = [
        "BOOLEAN",
        "CHOICE",
        "CUSTOM",
        "DECIMAL",
        "FROM_CSMS",
        "FROM_STATION",
        "INTEGER",
        "JSON",
        "NEW",
        "OBJECT",
        "OLD",
        "REQUIRED",
        "TENTHS",
        "TEXT",
        "TIME",
        "URI",
    ];
    let used: Vec<&str> = constants.into_iter().filter(|name| crate::generate::mentions(&code, name)).collect();
    Ok(format!(
        "{HEAD}//! The tables.\n\n\
         use crate::tables::schema::{{Action, Choice, Member, Name, Tables, action, choice, member, {}}};\n\n\
         /// The messages.\npub(crate) static TABLES: Tables = Tables {{ texts: TEXTS, members: MEMBERS, common: COMMON, objects: OBJECTS, choices: \
         CHOICES, values: VALUES, actions: ACTIONS, limits: LIMITS, ranges: RANGES, bounds: BOUNDS }};\n\n{source}",
        used.join(", ")
    ))
}

fn editions(old: bool, new: bool) -> Vec<&'static str> {
    let mut flags = Vec::new();
    if old {
        flags.push("OLD");
    }
    if new {
        flags.push("NEW");
    }
    flags
}

/// The limits that rows refer to by number.
struct Columns {
    limits: Numbers<Option<usize>>,
    ranges: Numbers<(Option<i64>, Option<i64>)>,
    bounds: Numbers<(usize, Option<usize>)>,
}

impl Columns {
    fn member(&mut self, family: &Family<'_>, pool: &Pool, row: &Row<'_>) -> Result<String, Error> {
        let Field { name, required, kind, list, .. } = row.field;
        let (at, length) = pool.find(name)?;
        let mut flags = editions(row.old, row.new);
        if *required {
            flags.push("REQUIRED");
        }
        // A list never has the bounds of what is no list, though they may be equal.
        let bounds = match list {
            None => 0,
            Some((0, None)) => self.bounds.of((0, Some(usize::MAX))),
            Some(bounds) => self.bounds.of(*bounds),
        };
        let kind_source = self.kind(family, kind)?;
        if length > 63 || bounds > 31 {
            return Err(format!("{name} does not fit a row").into());
        }
        Ok(format!("member({at}, {length}, {}, {kind_source}, {bounds}), // {name}: {kind}\n", flags.join(" | ")))
    }

    fn kind(&mut self, family: &Family<'_>, kind: &Kind) -> Result<String, Error> {
        let (name, number) = match kind {
            Kind::Text(_, max) => ("TEXT", self.limits.of(*max)),
            Kind::Uri => ("URI", 0),
            Kind::Integer(min, max) => ("INTEGER", self.ranges.of((*min, *max))),
            Kind::Decimal(min, max) => ("DECIMAL", self.ranges.of((*min, *max))),
            Kind::Tenths => ("TENTHS", 0),
            Kind::Boolean => ("BOOLEAN", 0),
            Kind::Time => ("TIME", 0),
            Kind::Json => ("JSON", 0),
            Kind::CustomData => ("CUSTOM", 0),
            Kind::Named(name) => match (family.object(name), family.choice(name)) {
                (Some(object), None) => ("OBJECT", object),
                (None, Some(choice)) => ("CHOICE", choice),
                _ => return Err(format!("{name} is no type, or two").into()),
            },
        };
        if number > 0xFFF {
            return Err(format!("too many of {name}").into());
        }
        Ok(if number == 0 { name.to_owned() } else { format!("{name} | {number}") })
    }

    fn source(&self) -> String {
        let mut source = String::from("static LIMITS: &[u16] = &[");
        for limit in &self.limits.0 {
            source.push_str(&limit.map_or("u16::MAX, ".to_owned(), |limit| format!("{limit}, ")));
        }
        source.push_str("];\n\nstatic RANGES: &[(i64, i64)] = &[");
        for (min, max) in &self.ranges.0 {
            let bound = |bound: &Option<i64>, open: &str| bound.map_or(open.to_owned(), |bound| bound.to_string());
            source.push_str(&format!("({}, {}), ", bound(min, "i64::MIN"), bound(max, "i64::MAX")));
        }
        source.push_str("];\n\nstatic BOUNDS: &[(u16, u16)] = &[");
        for (min, max) in &self.bounds.0 {
            let max = max.filter(|max| *max != usize::MAX);
            source.push_str(&format!("({min}, {}), ", max.map_or("u16::MAX".to_owned(), |max| max.to_string())));
        }
        source.push_str("];\n");
        source
    }
}
