//! Payloads made from the model: valid ones, ones with a single broken rule, damaged ones.

use std::slice::Iter;

use ocpp_codegen::model::{Field, Kind, Model};
use ocpp_types::RuleKind;
use serde_json::{Map, Number, Value, json};

/// A rule that was broken on purpose, and what a decoder must say of it.
pub struct Broken {
    pub path: String,
    pub kind: RuleKind,
    pub what: &'static str,
}

/// Makes payloads; the same choices make the same payload. Smaller and fewer choices make a simpler one.
pub struct Generator<'m> {
    model: &'m Model,
    choices: Iter<'m, u16>,
    /// How many integers were written with a point, as in `12.0`. By draft 4 of JSON Schema, used by the older files of 1.6, those
    /// are no integers; by draft 6 they are, and to this decoder always.
    pub pointed: u32,
    path: String,
    /// How many places where a rule could be broken were passed.
    sites: u64,
    /// The place where to break one.
    target: Option<u64>,
    broken: Option<Broken>,
}

impl<'m> Generator<'m> {
    pub fn new(model: &'m Model, choices: &'m [u16]) -> Self {
        Self { model, choices: choices.iter(), pointed: 0, path: "$".into(), sites: 0, target: None, broken: None }
    }

    /// How many places the payload of `choices` has where a rule could be broken.
    pub fn count_sites(model: &'m Model, choices: &'m [u16], fields: &[Field]) -> u64 {
        let mut generator = Self::new(model, choices);
        generator.object(fields);
        generator.sites
    }

    /// The payload of `choices` with a rule broken at place `target`.
    pub fn broken(model: &'m Model, choices: &'m [u16], target: u64, fields: &[Field]) -> (Value, Option<Broken>) {
        let mut generator = Self::new(model, choices);
        generator.target = Some(target);
        let value = generator.object(fields);
        (value, generator.broken)
    }

    /// A number below `bound`; 0 when all choices are used up.
    fn below(&mut self, bound: u64) -> u64 {
        self.choices.next().map_or(0, |choice| u64::from(*choice) % bound)
    }

    /// Whether this is the place to break a rule.
    fn is_target(&mut self) -> bool {
        let here = self.target == Some(self.sites);
        self.sites += 1;
        here
    }

    fn breaks(&mut self, kind: RuleKind, what: &'static str) {
        self.broken = Some(Broken { path: self.path.clone(), kind, what });
    }

    /// An object with all required and some optional members.
    pub fn object(&mut self, fields: &[Field]) -> Value {
        let mut object = Map::new();
        // Deep objects get few optional members, so that payloads stay small.
        let odds = 2 + self.path.matches('.').count() as u64;
        for field in fields {
            if !field.required && self.below(odds) != odds - 1 {
                continue;
            }
            if field.required && self.is_target() {
                self.breaks(RuleKind::Occurrence, "a missing member");
                continue;
            }
            let length = self.path.len();
            self.path.push('.');
            self.path.push_str(&field.name);
            let value = self.member(field);
            object.insert(field.name.clone(), value);
            self.path.truncate(length);
        }
        if self.is_target() {
            self.breaks(RuleKind::Format, "an unknown member");
            object.insert("unheardOf".into(), json!([1]));
        }
        Value::Object(object)
    }

    fn member(&mut self, field: &Field) -> Value {
        if field.kind != Kind::Json && self.is_target() {
            self.breaks(RuleKind::Type, "null");
            return Value::Null;
        }
        let Some((min, max)) = field.list else { return self.value(&field.kind) };
        let mut count = min as u64 + self.below(3);
        if let Some(max) = max {
            count = count.min(max as u64);
        }
        if min > 0 && self.is_target() {
            self.breaks(RuleKind::Occurrence, "too few items");
            count = min as u64 - 1;
        }
        if let Some(max) = max.filter(|max| *max < 100)
            && self.is_target()
        {
            self.breaks(RuleKind::Occurrence, "too many items");
            count = max as u64 + 1;
        }
        let mut items = Vec::new();
        let length = self.path.len();
        for index in 0..count {
            self.path.push_str(&format!("[{index}]"));
            items.push(self.value(&field.kind));
            self.path.truncate(length);
        }
        Value::Array(items)
    }

    fn value(&mut self, kind: &Kind) -> Value {
        if *kind != Kind::Json && self.is_target() {
            self.breaks(RuleKind::Type, "a wrong type");
            return wrong_type(kind, self.model, self.below(2) == 0);
        }
        match kind {
            Kind::Text(_, max) => self.text(*max),
            Kind::Uri => self.uri(),
            Kind::Integer(min, max) => {
                let value = self.integer(*min, *max);
                if self.below(8) != 7 || value.unsigned_abs() > 1000 {
                    return json!(value);
                }
                self.pointed += 1;
                Value::Number(number(&format!("{value}.0")))
            }
            Kind::Decimal(min, max) => {
                let whole = self.integer(*min, *max).clamp(-1_000_000, 1_000_000);
                let inside = min.is_none_or(|min| whole > min) && max.is_none_or(|max| whole < max);
                let fraction = if inside { self.below(1000) } else { 0 };
                Value::Number(number(&format!("{whole}.{fraction}")))
            }
            Kind::Tenths => {
                let tenths = self.below(10_000);
                if self.is_target() {
                    self.breaks(RuleKind::Property, "no multiple of 0.1");
                    return Value::Number(number(&format!("{}.25", tenths / 10)));
                }
                Value::Number(number(&format!("{}.{}", tenths / 10, tenths % 10)))
            }
            Kind::Boolean => json!(self.below(2) == 0),
            Kind::Time => self.time(),
            Kind::Json => json!({"any": [1, null, "x"]}),
            Kind::CustomData => json!({"vendorId": "com.example", "more": {"x": [true, 1.5]}}),
            Kind::Named(name) => match self.model.find_struct(name) {
                Some(item) => self.object(&item.fields.clone()),
                None => self.enumeration(name),
            },
        }
    }

    fn enumeration(&mut self, name: &str) -> Value {
        let values = &self.model.find_enum(name).unwrap().values;
        let pick = self.below(values.len() as u64) as usize;
        if self.is_target() {
            self.breaks(RuleKind::Property, "a text outside the enumeration");
            return json!(values[pick].0.to_lowercase() + "x");
        }
        json!(values[pick].0)
    }

    fn text(&mut self, max: Option<usize>) -> Value {
        let max = max.unwrap_or(100);
        if self.is_target() && max != 100 {
            self.breaks(RuleKind::Property, "a long text");
            return json!("é".repeat(max + 1));
        }
        let length = match self.below(4) {
            3 => max,
            2 => 0,
            _ => self.below(max.min(60) as u64 + 1) as usize,
        };
        let letter = ["a", "é", "😀", "\"", "\\", "\n", "\u{1}"][self.below(7) as usize];
        json!(letter.repeat(length))
    }

    fn uri(&mut self) -> Value {
        if self.is_target() {
            self.breaks(RuleKind::Property, "no URI");
            return json!("no uri");
        }
        json!(
            ["ftp://example.com/a/b?c=%20#d", "https://user@[2001:db8::1]:8443/x", "urn:example:a"]
                [self.below(3) as usize]
        )
    }

    fn integer(&mut self, min: Option<i64>, max: Option<i64>) -> i64 {
        if let Some(min) = min
            && self.is_target()
        {
            self.breaks(RuleKind::Property, "a number below the minimum");
            return min - 1;
        }
        if let Some(max) = max
            && self.is_target()
        {
            self.breaks(RuleKind::Property, "a number above the maximum");
            return max + 1;
        }
        let pick = match self.below(4) {
            1 => min.unwrap_or(i64::MIN),
            2 => max.unwrap_or(i64::MAX),
            3 => 9_007_199_254_740_993,
            _ => self.below(100) as i64,
        };
        pick.clamp(min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX))
    }

    fn time(&mut self) -> Value {
        if self.is_target() {
            self.breaks(RuleKind::Property, "no time");
            let texts = ["2024-02-30T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00", "now", "2024-01-01T25:00:00Z"];
            return json!(texts[self.below(5) as usize]);
        }
        let texts = [
            "2024-02-29T12:34:56Z",
            "2024-02-29T12:34:56.789Z",
            "1970-01-01T00:00:00+14:00",
            "2099-12-31t23:59:59.5z",
            "2024-06-01T00:00:00-00:00",
            "2016-12-31T23:59:60Z",
        ];
        json!(texts[self.below(6) as usize])
    }

    /// Replaces, removes, moves or doubles something, which may or may not leave the payload valid.
    pub fn damage(&mut self, value: &mut Value) {
        match value {
            Value::Object(object) if !object.is_empty() && self.below(4) != 0 => {
                let pick = self.below(object.len() as u64) as usize;
                let key = object.keys().nth(pick).unwrap().clone();
                match self.below(4) {
                    0 => drop(object.remove(&key)),
                    1 => {
                        let other = object.values().nth(self.below(object.len() as u64) as usize).unwrap().clone();
                        object.insert(key, other);
                    }
                    _ => self.damage(&mut object[&key]),
                }
            }
            Value::Array(items) if !items.is_empty() && self.below(4) != 0 => {
                let pick = self.below(items.len() as u64) as usize;
                match self.below(4) {
                    0 => drop(items.remove(pick)),
                    1 => items.push(items[pick].clone()),
                    _ => self.damage(&mut items[pick]),
                }
            }
            Value::Number(_) => *value = json!([-1, 0, 1, 101, 1_000_000][self.below(5) as usize]),
            Value::String(text) if self.below(2) == 0 => text.push('x'),
            Value::Bool(flag) => *flag = !*flag,
            other => {
                *other = [json!(null), json!(1), json!(1.5), json!("x"), json!([]), json!({}), json!(false)]
                    [self.below(7) as usize]
                    .clone();
            }
        }
    }
}

/// The text with something in it that a tree of JSON cannot hold, or that no schema knows: members given twice, unknown and `null`
/// ones, texts in odd letter case and with escape sequences, numbers in quotes, white space, an end too early or too late.
pub fn spoil(json: &str, choices: &[u16]) -> String {
    let pick = |index: usize| usize::from(choices.get(index).copied().unwrap_or_default());
    // A place right behind a bracket or comma of an object, where a member can come.
    let places: Vec<usize> =
        json.match_indices(&['{', ','][..]).map(|(at, _)| at + 1).filter(|at| json[*at..].starts_with('"')).collect();
    let place = if places.is_empty() { 1 } else { places[pick(0) % places.len()] };
    let rest = &json[place..];
    let member = rest.split_inclusive(&[',', '}'][..]).next().unwrap_or_default();
    let name = rest.split_inclusive(':').next().unwrap_or_default();
    let (mut text, at) = (json.to_owned(), place.min(json.len()));
    match pick(1) % 12 {
        0 if member.ends_with(',') => text.insert_str(at, member),
        1 if name.starts_with('"') => text.insert_str(at, &format!("{name}null,")),
        2 => text.insert_str(at, "\"unknown\":[{\"a\":1}],"),
        3 => text = json.replacen(":\"", ":\"\\u0041", 1 + pick(2) % 3),
        4 => text = json.to_lowercase(),
        5 => text = json.replace(',', " ,\r\n\t"),
        6 => text = json.get(..pick(2) % (json.len() + 1)).unwrap_or(json).to_owned(),
        7 => text.push_str([" ", "x", "{}", "]"][pick(2) % 4]),
        8 => text = json.replacen(":\"", &format!(":{}\"", ["null,\"x\":", "[", "  ", "1"][pick(2) % 4]), 1),
        9 => text = json.replace('[', "[null,"),
        10 => text = ["null", "[]", "1", "", " {} ", "{\"\\u0073tatus\":1}"][pick(2) % 6].to_owned(),
        _ => {
            // The first letter of a name, escaped.
            if let Some(letter) = rest.chars().nth(1).filter(|_| rest.starts_with('"')) {
                text.replace_range(at + 1..at + 1 + letter.len_utf8(), &format!("\\u{:04x}", u32::from(letter)));
            }
        }
    }
    text
}

fn number(digits: &str) -> Number {
    match serde_json::from_str(digits).unwrap() {
        Value::Number(number) => number,
        other => panic!("{other} is no number"),
    }
}

fn wrong_type(kind: &Kind, model: &Model, first: bool) -> Value {
    let (one, other) = match kind {
        Kind::Text(..) | Kind::Uri | Kind::Time => (json!(12), json!({})),
        Kind::Integer(..) => (json!("12"), json!(1.5)),
        Kind::Decimal(..) | Kind::Tenths => (json!("12"), json!(true)),
        Kind::Boolean => (json!("true"), json!(1)),
        Kind::Named(name) if model.find_enum(name).is_some() => (json!(0), json!([])),
        Kind::Named(_) | Kind::CustomData | Kind::Json => (json!([]), json!("x")),
    };
    if first { one } else { other }
}
