//! JSON schemas and overlay to model.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    Error, Version,
    model::{Enum, Field, Kind, Message, Model, Struct},
    overlay::Overlay,
    tree::Tree,
};

/// Reads all schemas of `folder`.
pub fn import(folder: &Path, overlay: &Overlay) -> Result<Model, Error> {
    let mut importer = Importer { overlay, structs: BTreeMap::new(), enums: BTreeMap::new() };
    let mut payloads = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        payloads.insert(stem.to_owned(), Tree::parse(text.trim_start_matches('\u{feff}'))?);
    }
    let mut messages = Vec::new();
    for (stem, schema) in &payloads {
        if stem.ends_with("Response") {
            continue;
        }
        let action = stem.strip_suffix("Request").unwrap_or(stem);
        let response_name = format!("{action}Response");
        let response = payloads.get(&response_name);
        let request_name = if response.is_some() { format!("{action}Request") } else { action.to_owned() };
        let [sender, block, doc] =
            overlay.messages.get(action).cloned().ok_or_else(|| format!("the overlay does not know {action}"))?;
        let request = importer.object(&request_name, schema, schema)?;
        let response = response.map(|schema| importer.object(&response_name, schema, schema)).transpose()?;
        let section = overlay.section(action);
        messages.push(Message { action: action.to_owned(), sender, block, section, doc, request, response });
    }
    let Importer { structs, enums, .. } = importer;
    Ok(Model { messages, structs: structs.into_values().collect(), enums: enums.into_values().collect() })
}

struct Importer<'a> {
    overlay: &'a Overlay,
    structs: BTreeMap<String, Struct>,
    enums: BTreeMap<String, Enum>,
}

/// The keywords that say something this importer understands, or nothing about what is valid.
const KNOWN: &[&str] = &[
    "$schema",
    "$id",
    "id",
    "title",
    "comment",
    "description",
    "javaType",
    "type",
    "properties",
    "required",
    "definitions",
    "additionalProperties",
    "additionalItems",
    "items",
    "minItems",
    "maxItems",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "enum",
    "format",
    "default",
    "$ref",
];

impl Importer<'_> {
    /// The members of an object schema. `root` is the whole file, where definitions are.
    fn object(&mut self, owner: &str, schema: &Tree, root: &Tree) -> Result<Vec<Field>, Error> {
        let object = check_keywords(owner, schema)?;
        if object.get("additionalProperties") != Some(&Tree::Boolean(false)) {
            return Err(format!("{owner} is open").into());
        }
        let required: Vec<&str> = object.get("required").into_iter().flat_map(Tree::texts).collect();
        let mut fields = Vec::new();
        let properties = object.get("properties").map_or(&[][..], Tree::members);
        for (name, schema) in properties {
            fields.push(self.field(owner, name, required.contains(&name.as_str()), schema, root)?);
        }
        match required.iter().find(|name| !fields.iter().any(|field: &Field| field.name == **name)) {
            Some(name) => Err(format!("{owner} requires {name}, which it has not").into()),
            None => Ok(fields),
        }
    }

    fn field(&mut self, owner: &str, name: &str, required: bool, schema: &Tree, root: &Tree) -> Result<Field, Error> {
        let object = check_keywords(owner, schema)?;
        let doc = self.overlay.doc(owner, name);
        let default = object.get("default").and_then(Tree::text).map(str::to_owned);
        let (kind, list) = if object.get("type").and_then(Tree::text) == Some("array") {
            let count = |keyword: &str| object.get(keyword).and_then(Tree::text).map(str::parse).transpose();
            let items = object.get("items").ok_or("a list without items")?;
            (self.kind(owner, name, items, root)?, Some((count("minItems")?.unwrap_or(0), count("maxItems")?)))
        } else {
            (self.kind(owner, name, schema, root)?, None)
        };
        Ok(Field { name: name.to_owned(), required, kind, list, default, doc })
    }

    fn kind(&mut self, owner: &str, name: &str, schema: &Tree, root: &Tree) -> Result<Kind, Error> {
        let object = check_keywords(owner, schema)?;
        if let Some(reference) = object.get("$ref").and_then(Tree::text) {
            let definition = reference.trim_start_matches("#/definitions/");
            let schema = root.get("definitions").and_then(|definitions| definitions.get(definition));
            return self.definition(definition, schema.ok_or_else(|| format!("no definition {definition}"))?, root);
        }
        let text = |keyword: &str| object.get(keyword).and_then(Tree::text);
        let range = || -> Result<(Option<i64>, Option<i64>), Error> {
            Ok((bound(object, "minimum")?, bound(object, "maximum")?))
        };
        let in_place =
            || self.overlay.type_name(owner, name).ok_or_else(|| format!("{owner}.{name} needs the name of a type"));
        match text("type") {
            Some("string") if object.get("enum").is_some() => {
                let name = in_place()?;
                self.add_enum(&name, &name, object)?;
                Ok(Kind::Named(name))
            }
            Some("object") => {
                let name = in_place()?;
                self.add_struct(&name, &name, schema, root)?;
                Ok(Kind::Named(name))
            }
            Some("string") => match text("format") {
                Some("date-time") => Ok(Kind::Time),
                Some("uri") => Ok(Kind::Uri),
                Some(format) => Err(format!("unknown format {format}").into()),
                None => {
                    let max = text("maxLength").map(str::parse).transpose()?;
                    Ok(Kind::Text(self.overlay.text(owner, name), max))
                }
            },
            Some("integer") => range().map(|(min, max)| Kind::Integer(min, max)),
            Some("number") => match object.get("multipleOf") {
                Some(step) if step.text() == Some("0.1") => Ok(Kind::Tenths),
                Some(step) => Err(format!("unknown step {step:?}").into()),
                None => range().map(|(min, max)| Kind::Decimal(min, max)),
            },
            Some("boolean") => Ok(Kind::Boolean),
            None => Ok(Kind::Json),
            Some(other) => Err(format!("{owner}.{name}: unknown type {other}").into()),
        }
    }

    fn definition(&mut self, definition: &str, schema: &Tree, root: &Tree) -> Result<Kind, Error> {
        if definition == "CustomDataType" {
            return Ok(Kind::CustomData);
        }
        let name = match self.overlay.rename(definition) {
            Some(name) => name,
            None => {
                definition.strip_suffix("EnumType").or(definition.strip_suffix("Type")).unwrap_or(definition).to_owned()
            }
        };
        if schema.get("enum").is_some() {
            self.add_enum(&name, definition, schema)?;
        } else {
            self.add_struct(&name, definition, schema, root)?;
        }
        Ok(Kind::Named(name))
    }

    fn add_struct(&mut self, name: &str, definition: &str, schema: &Tree, root: &Tree) -> Result<(), Error> {
        let fields = self.object(name, schema, root)?;
        let section = self.overlay.section(definition);
        let new = Struct { name: name.to_owned(), section, doc: self.overlay.type_doc(name), fields };
        match self.structs.insert(name.to_owned(), new.clone()) {
            Some(old) if old != new => Err(format!("two different objects are called {name}").into()),
            _ if self.enums.contains_key(name) => Err(format!("an object and an enumeration are called {name}").into()),
            _ => Ok(()),
        }
    }

    fn add_enum(&mut self, name: &str, definition: &str, object: &Tree) -> Result<(), Error> {
        let texts = object.get("enum").into_iter().flat_map(Tree::texts);
        let values = texts.map(|text| (text.to_owned(), self.overlay.doc(name, text))).collect();
        let section = self.overlay.section(definition);
        let new = Enum { name: name.to_owned(), section, doc: self.overlay.type_doc(name), values };
        if let Some(old) = self.enums.get(name) {
            let sorted = |item: &Enum| {
                let mut values = item.values.clone();
                values.sort();
                values
            };
            return if sorted(old) == sorted(&new) {
                Ok(())
            } else {
                Err(format!("two different enumerations are called {name}").into())
            };
        }
        if self.structs.contains_key(name) {
            return Err(format!("an object and an enumeration are called {name}").into());
        }
        self.enums.insert(name.to_owned(), new);
        Ok(())
    }
}

fn bound(object: &Tree, keyword: &str) -> Result<Option<i64>, Error> {
    let Some(text) = object.get(keyword).and_then(Tree::text) else { return Ok(None) };
    let whole = text.strip_suffix(".0").unwrap_or(text);
    Ok(Some(whole.parse().map_err(|_| format!("{keyword} {text} is no integer"))?))
}

fn check_keywords<'a>(owner: &str, schema: &'a Tree) -> Result<&'a Tree, Error> {
    if !matches!(schema, Tree::Object(_)) {
        return Err(format!("{owner}: a schema that is no object").into());
    }
    match schema.members().iter().find(|(keyword, _)| !KNOWN.contains(&keyword.as_str())) {
        Some((keyword, _)) => Err(format!("{owner}: unknown keyword {keyword}").into()),
        None => Ok(schema),
    }
}

/// The text of a model file.
pub fn model_text(version: Version, model: &Model) -> String {
    format!(
        "# OCPP {}: facts imported from the JSON schemas and overlay/{}.txt; do not edit.\n\n{model}",
        version.name, version.module
    )
}
