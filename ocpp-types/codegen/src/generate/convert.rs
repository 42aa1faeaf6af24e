//! Conversions between 2.0.1 and 2.1.

use std::collections::{BTreeMap, BTreeSet};

use super::{homes, size};
use crate::names::HEAD;
use crate::{
    Error,
    model::{Field, Kind, Model},
    names,
};

/// Members that 2.1 requires and 2.0.1 does not have, with what they become. On the way back they are dropped.
const DEFAULTS: &[(&str, &str, &str)] =
    &[("VariableMonitoring", "eventNotificationType", "v2_1::EventNotification::CustomMonitor")];

/// The source files of the conversions.
pub fn files(old: &Model, new: &Model) -> Result<BTreeMap<String, String>, Error> {
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    let homes = homes(old);
    let converter = Converter { old, new };
    for message in &old.messages {
        let other = new.messages.iter().find(|other| other.action == message.action);
        let other = other.ok_or_else(|| format!("2.1 has no {}", message.action))?;
        let source = sources.entry(names::snake(&message.action)).or_default();
        source.push_str(&converter.object(&message.request_name(), &message.request, &other.request)?);
        if let (Some(fields), Some(others)) = (&message.response, &other.response) {
            source.push_str(&converter.object(&format!("{}Response", message.action), fields, others)?);
        }
    }
    for item in &old.structs {
        let other = new.find_struct(&item.name).ok_or_else(|| format!("2.1 has no {}", item.name))?;
        let source = sources.entry(homes.get(&item.name).cloned().unwrap_or_default()).or_default();
        source.push_str(&converter.object(&item.name, &item.fields, &other.fields)?);
    }
    for item in &old.enums {
        // Enumerations that 2.1 turned into texts are converted where they are used.
        let Some(other) = new.find_enum(&item.name) else { continue };
        let known: BTreeSet<&str> = other.values.iter().map(|(text, _)| text.as_str()).collect();
        let values: Vec<&str> = item.values.iter().map(|(text, _)| text.as_str()).collect();
        if let Some(text) = values.iter().find(|text| !known.contains(**text)) {
            return Err(format!("2.1 has no {}.{text}", item.name).into());
        }
        let variants: String = values.iter().map(|text| format!("        {},\n", names::variant(text))).collect();
        let source = sources.entry(homes.get(&item.name).cloned().unwrap_or_default()).or_default();
        source.push_str(&format!("convert_enumeration! {{\n    {} {{\n{variants}    }}\n}}\n\n", item.name));
    }
    let mut root = format!("{HEAD}//! Conversions between OCPP 2.0.1 and 2.1.\n\n");
    root.push_str(&sources.keys().map(|home| format!("mod {home};\n")).collect::<String>());
    root.push_str("mod payloads;\n");
    let mut files: BTreeMap<String, String> =
        sources.into_iter().map(|(home, source)| (format!("{home}.rs"), complete(&source))).collect();
    files.insert("payloads.rs".to_owned(), complete(&converter.payloads()));
    files.insert("mod.rs".to_owned(), root);
    Ok(files)
}

fn complete(source: &str) -> String {
    let used = |name: &&str| super::mentions(source, name);
    let helpers: Vec<&str> = ["NotRepresentable", "absent", "closed", "convert_enumeration", "opened", "whole"]
        .into_iter()
        .filter(used)
        .collect();
    let versions: Vec<&str> = ["v2_0_1", "v2_1"].into_iter().filter(used).collect();
    let mut imports = String::new();
    for name in ["Box", "Decimal"] {
        if source.contains(&format!("{name}::")) {
            imports.push_str(&format!("use crate::prelude::{name};\n"));
        }
    }
    if !versions.is_empty() {
        imports.push_str(&format!("use crate::{{{}}};\n", versions.join(", ")));
    }
    format!("{HEAD}use crate::convert::{{{}}};\n{imports}\n{source}", helpers.join(", "))
}

struct Converter<'m> {
    old: &'m Model,
    new: &'m Model,
}

impl Converter<'_> {
    fn object(&self, name: &str, old: &[Field], new: &[Field]) -> Result<String, Error> {
        let (mut up, mut down, mut added) = (String::new(), String::new(), String::new());
        for field in old {
            let other = new.iter().find(|other| other.name == field.name);
            let other = other.ok_or_else(|| format!("2.1 has no {name}.{}", field.name))?;
            let member = names::field(&field.name);
            up.push_str(&format!("{member}: {},\n", self.up_member(field, other)));
            down.push_str(&format!("{member}: {},\n", self.down_member(field, other)));
        }
        for field in new.iter().filter(|field| !old.iter().any(|other| other.name == field.name)) {
            let member = names::field(&field.name);
            let default = DEFAULTS.iter().find(|(of, member, _)| (*of, *member) == (name, field.name.as_str()));
            if let Some((_, _, value)) = default {
                up.push_str(&format!("{member}: {value},\n"));
                continue;
            }
            if field.required {
                return Err(format!("2.1 requires {name}.{}, which has no default", field.name).into());
            }
            up.push_str(&format!("{member}: {},\n", if field.list.is_some() { "Default::default()" } else { "None" }));
            added.push_str(&format!("absent(&new.{member}, fault({:?}))?;\n", field.name));
        }
        let uses_fault = added.contains("fault(") || down.contains("fault(");
        let fault = if uses_fault {
            format!("let fault = |member| NotRepresentable::new({name:?}, member);\n")
        } else {
            String::new()
        };
        let (old_name, new_name) = if old.is_empty() { ("_", "_") } else { ("old", "new") };
        let new_name = if added.is_empty() { new_name } else { "new" };
        Ok(format!(
            "impl From<v2_0_1::{name}> for v2_1::{name} {{\n\
             fn from({old_name}: v2_0_1::{name}) -> Self {{\nSelf {{\n{up}}}\n}}\n}}\n\n\
             impl TryFrom<v2_1::{name}> for v2_0_1::{name} {{\ntype Error = NotRepresentable;\n\n\
             fn try_from({new_name}: v2_1::{name}) -> Result<Self, NotRepresentable> {{\n{fault}{added}Ok(Self {{\n{down}}})\n}}\n}}\n\n"
        ))
    }

    fn up_member(&self, old: &Field, new: &Field) -> String {
        let member = format!("old.{}", names::field(&old.name));
        if old.list.is_some() {
            let item = up(&old.kind, &new.kind, "item");
            return if item == "item" {
                member
            } else {
                format!("{member}.into_iter().map({}).collect()", closure("item", &item))
            };
        }
        let (old_boxed, new_boxed) = (size::boxed(self.old, old), size::boxed(self.new, new));
        match (old.required, new.required) {
            (true, true) => up(&old.kind, &new.kind, &member),
            (true, false) => format!("Some({})", boxing(new_boxed, &up(&old.kind, &new.kind, &member))),
            (false, _) => {
                let value = if old_boxed { "(*value)" } else { "value" };
                let converted = boxing(new_boxed, &up(&old.kind, &new.kind, value));
                if converted == "value" { member } else { format!("{member}.map({})", closure("value", &converted)) }
            }
        }
    }

    fn down_member(&self, old: &Field, new: &Field) -> String {
        let member = format!("new.{}", names::field(&old.name));
        if old.list.is_some() {
            let item = down(old, &new.kind, "item");
            return if item == "item" {
                member
            } else {
                format!(
                    "{member}.into_iter().map(|item| {}).collect::<Result<_, NotRepresentable>>()?",
                    fallible(&item)
                )
            };
        }
        let (old_boxed, new_boxed) = (size::boxed(self.old, old), size::boxed(self.new, new));
        match (old.required, new.required) {
            (true, true) => down(old, &new.kind, &member),
            (true, false) => {
                let value = format!("{member}.ok_or(fault({:?}))?", old.name);
                let value = if new_boxed { format!("(*{value})") } else { value };
                down(old, &new.kind, &value)
            }
            (false, _) => {
                let value = if new_boxed { "(*value)" } else { "value" };
                let converted = boxing(old_boxed, &down(old, &new.kind, value));
                if converted == "value" {
                    member
                } else {
                    format!("{member}.map({}).transpose()?", closure("value", &fallible(&converted)))
                }
            }
        }
    }

    /// The enumerations of actions and payloads.
    fn payloads(&self) -> String {
        let old = &self.old.messages;
        let mut source = String::new();
        let arms = |from: &str, wrap: fn(String) -> String| -> String {
            old.iter()
                .map(|message| {
                    format!("{from}::{0} => {1},\n", message.action, wrap(format!("Self::{}", message.action)))
                })
                .collect()
        };
        source.push_str(&both_ways(
            "Action",
            &arms("v2_0_1::Action", |value| value),
            &arms("v2_1::Action", |value| format!("Ok({value})")),
            "added.as_str()",
        ));
        for (name, sender, response) in [
            ("StationRequest", "station", false),
            ("CsmsRequest", "csms", false),
            ("StationResponse", "csms", true),
            ("CsmsResponse", "station", true),
        ] {
            let (mut up, mut down) = (String::new(), String::new());
            for message in old.iter().filter(|message| message.sender == sender || message.sender == "both") {
                let action = &message.action;
                let boxed = |model: &Model| {
                    let message = model.messages.iter().find(|message| message.action == *action);
                    let fields = message
                        .and_then(|message| if response { message.response.as_ref() } else { Some(&message.request) });
                    fields.is_some_and(|fields| size::fields(model, fields) > size::BOXED_PAYLOAD)
                };
                let (old_boxed, new_boxed) = (boxed(self.old), boxed(self.new));
                let value = |boxed| if boxed { "(*payload)" } else { "payload" };
                let upgraded = boxing(new_boxed, &format!("{}.into()", value(old_boxed)));
                let downgraded = boxing(old_boxed, &format!("{}.try_into()?", value(new_boxed)));
                up.push_str(&format!("v2_0_1::{name}::{action}(payload) => Self::{action}({upgraded}),\n"));
                down.push_str(&format!("v2_1::{name}::{action}(payload) => Ok(Self::{action}({downgraded})),\n"));
            }
            source.push_str(&both_ways(name, &up, &down, "added.action().as_str()"));
        }
        source
    }
}

fn both_ways(name: &str, up: &str, down: &str, added: &str) -> String {
    format!(
        "impl From<v2_0_1::{name}> for v2_1::{name} {{\nfn from(old: v2_0_1::{name}) -> Self {{\nmatch old {{\n{up}}}\n}}\n}}\n\n\
         impl TryFrom<v2_1::{name}> for v2_0_1::{name} {{\ntype Error = NotRepresentable;\n\n\
         fn try_from(new: v2_1::{name}) -> Result<Self, NotRepresentable> {{\n#[allow(unreachable_patterns)]\nmatch new {{\n{down}\
         added => Err(NotRepresentable::new({name:?}, {added})),\n}}\n}}\n}}\n\n"
    )
}

/// A function of `argument`; a function's own name where it does nothing but call that.
fn closure(argument: &str, expression: &str) -> String {
    match expression.strip_suffix(&format!("({argument})")) {
        Some(function) => function.to_owned(),
        None => format!("|{argument}| {expression}"),
    }
}

/// An expression that may return early, as one whose value is a `Result`.
fn fallible(value: &str) -> String {
    match value.strip_suffix('?') {
        Some(value) => value.to_owned(),
        None => format!("Ok::<_, NotRepresentable>({value})"),
    }
}

fn boxing(boxed: bool, value: &str) -> String {
    if boxed { format!("Box::new({value})") } else { value.to_owned() }
}

fn up(old: &Kind, new: &Kind, value: &str) -> String {
    match (old, new) {
        (Kind::Named(_), Kind::Text(..)) => format!("opened({value})"),
        (Kind::Named(_), _) => format!("{value}.into()"),
        (Kind::Text(_, old), Kind::Text(_, new)) if old != new => format!("{value}.relimited()"),
        (Kind::Integer(..), Kind::Decimal(..)) => format!("Decimal::from({value})"),
        _ => value.to_owned(),
    }
}

fn down(old: &Field, new: &Kind, value: &str) -> String {
    let fault = format!("fault({:?})", old.name);
    match (&old.kind, new) {
        (Kind::Named(_), Kind::Text(..)) => format!("closed(&{value}, {fault})?"),
        (Kind::Named(_), _) => format!("{value}.try_into()?"),
        (Kind::Text(_, old), Kind::Text(_, new)) if old != new => {
            format!("{value}.as_str().try_into().map_err(|_| {fault})?")
        }
        (Kind::Integer(..), Kind::Decimal(..)) => format!("whole({value}, {fault})?"),
        _ => value.to_owned(),
    }
}
