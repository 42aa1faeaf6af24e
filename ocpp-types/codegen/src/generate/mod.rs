//! Model to Rust source: one file for each message with the types only it uses, one for each shared type.

mod action;
mod convert;
mod docs;
mod object;
mod size;
mod tables;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Error, VERSIONS, Version, catalogue,
    model::{Field, Kind, Model},
    names::{self, HEAD},
};

/// What `crate::prelude` offers to generated code.
const PRELUDE: &[&str] = &[
    "AnyText",
    "Box",
    "CiText",
    "CustomData",
    "DateTime",
    "Decimal",
    "Decode",
    "Direction",
    "Encode",
    "Fault",
    "Message",
    "RawJson",
    "Reader",
    "Request",
    "SecretText",
    "Text",
    "TokenText",
    "Uri",
    "Utc",
    "Vec",
    "Writer",
    "enumeration",
    "via_json",
];

/// The folders of generated code below `src`, each with what makes its files.
pub fn folders() -> Result<BTreeMap<String, BTreeMap<String, String>>, Error> {
    let mut models = BTreeMap::new();
    let mut folders = BTreeMap::new();
    for version in VERSIONS {
        let model: Model = fs::read_to_string(version.model_file())?.parse()?;
        folders.insert(version.module.to_owned(), files(*version, &model)?);
        models.insert(version.name, model);
    }
    if let (Some(old), Some(new)) = (models.get("2.0.1"), models.get("2.1")) {
        folders.insert("v2_convert".to_owned(), convert::files(old, new)?);
    }
    let edition = |name: &str| Version::find(name).and_then(|version| Some((version, models.get(name)?)));
    if let Some(first) = edition("1.6") {
        folders.insert("tables/v1_6".to_owned(), tables::files(first, None)?);
    }
    if let (Some(old), Some(new)) = (edition("2.0.1"), edition("2.1")) {
        folders.insert("tables/v2".to_owned(), tables::files(old, Some(new))?);
    }
    let mut catalogues = BTreeMap::new();
    for version in VERSIONS {
        let catalogue = fs::read_to_string(version.catalogue_file())?;
        catalogues.insert(format!("{}.rs", version.module), catalogue::tables(*version, &catalogue)?);
    }
    folders.insert("catalogue".to_owned(), catalogues);
    folders.into_iter().map(|(name, files)| formatted(&name, files).map(|files| (name, files))).collect()
}

/// Replaces the generated code by what the committed models give.
pub fn write() -> Result<(), Error> {
    for (name, files) in folders()? {
        let folder = source_folder(&name);
        if folder.is_dir() {
            fs::remove_dir_all(&folder)?;
        }
        for (path, source) in files {
            write_file(&folder, &path, &source)?;
        }
    }
    Ok(())
}

/// Where a folder of generated code is.
pub fn source_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src").join(name)
}

/// The files as rustfmt leaves them.
fn formatted(name: &str, files: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    let scratch = std::env::temp_dir().join(format!(
        "ocpp-codegen-{}-{}-{:?}",
        name.replace('/', "-"),
        std::process::id(),
        std::thread::current().id()
    ));
    for (path, source) in &files {
        write_file(&scratch, path, source)?;
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let status = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(manifest.join("../../rustfmt.toml"))
        .args(files.keys().map(|path| scratch.join(path)))
        .status()
        .map_err(|error| format!("rustfmt cannot be run: {error}"))?;
    if !status.success() {
        return Err("rustfmt failed".into());
    }
    let mut formatted = BTreeMap::new();
    for path in files.into_keys() {
        let source = fs::read_to_string(scratch.join(&path))?;
        formatted.insert(path, source);
    }
    fs::remove_dir_all(&scratch)?;
    Ok(formatted)
}

fn write_file(folder: &Path, path: &str, source: &str) -> Result<(), Error> {
    let path = folder.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, source)?)
}

/// A module with the names it exports and its source.
#[derive(Default)]
struct Module {
    exports: Vec<String>,
    /// The types of the model that its structs have as members.
    uses: BTreeSet<String>,
    source: String,
}

impl Module {
    fn push(&mut self, name: String, source: &str, fields: &[Field]) {
        self.exports.push(name);
        self.source.push_str(source);
        for field in fields {
            if let Kind::Named(name) = &field.kind {
                self.uses.insert(name.clone());
            }
        }
    }
}

fn files(version: Version, model: &Model) -> Result<BTreeMap<String, String>, Error> {
    let homes = homes(model);
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    for message in &model.messages {
        let home = names::snake(&message.action);
        let request = message.request_name();
        let summary = docs::message(version, message);
        let module = modules.entry(home).or_default();
        let source = object::object(model, &request, &summary, &message.request) + &object::message(message);
        module.push(request.clone(), &source, &message.request);
        if let Some(response) = &message.response {
            let name = format!("{}Response", message.action);
            let source = object::object(model, &name, &format!("Answers a [`{request}`]."), response);
            module.push(name, &source, response);
        }
    }
    for item in &model.structs {
        let module = modules.entry(homes.get(&item.name).cloned().unwrap_or_default()).or_default();
        let summary = docs::summary(version, &item.doc, &item.name, &item.section);
        module.push(item.name.clone(), &object::object(model, &item.name, &summary, &item.fields), &item.fields);
    }
    for item in &model.enums {
        let module = modules.entry(homes.get(&item.name).cloned().unwrap_or_default()).or_default();
        module.push(item.name.clone(), &object::enumeration(version, item)?, &[]);
    }
    let mut files = BTreeMap::new();
    let mut root = format!("{HEAD}//! Messages of OCPP {}.\n\n", version.name);
    for home in modules.keys() {
        root.push_str(&format!("mod {home};\n"));
    }
    root.push_str("mod action;\n\n");
    for (home, module) in &modules {
        root.push_str(&format!("pub use {home}::{{{}}};\n", module.exports.join(", ")));
        files.insert(format!("{home}.rs"), complete(&homes, home, module));
    }
    let (source, exports) = action::actions(version, model);
    root.push_str(&format!("pub use action::{{{}}};\n", exports.join(", ")));
    files.insert("action.rs".to_owned(), source);
    files.insert("mod.rs".to_owned(), root);
    Ok(files)
}

/// The module of each type: that of the only message that uses it, or its own.
fn homes(model: &Model) -> BTreeMap<String, String> {
    let mut users: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for message in &model.messages {
        let home = names::snake(&message.action);
        for field in message.request.iter().chain(message.response.iter().flatten()) {
            mark(model, field, &home, &mut users);
        }
    }
    users
        .into_iter()
        .map(|(name, users)| {
            let only = if users.len() == 1 { users.into_iter().next() } else { None };
            (name.to_owned(), only.unwrap_or_else(|| names::snake(name)))
        })
        .collect()
}

fn mark<'a>(model: &'a Model, field: &'a Field, home: &str, users: &mut BTreeMap<&'a str, BTreeSet<String>>) {
    let Kind::Named(name) = &field.kind else { return };
    users.entry(name).or_default().insert(home.to_owned());
    for field in model.find_struct(name).into_iter().flat_map(|item| &item.fields) {
        mark(model, field, home, users);
    }
}

/// The source of a module with the imports it needs.
fn complete(homes: &BTreeMap<String, String>, home: &str, module: &Module) -> String {
    let source = &module.source;
    let used = |name: &str| mentions(source, name);
    let from_crate: Vec<&str> =
        PRELUDE.iter().copied().filter(|name| used(name) && !homes.contains_key(*name)).collect();
    let mut imports = format!("use crate::prelude::{{{}}};\n", from_crate.join(", "));
    let siblings: Vec<&str> = module
        .uses
        .iter()
        .filter(|name| homes.get(*name).is_some_and(|other| other != home))
        .map(String::as_str)
        .collect();
    if !siblings.is_empty() {
        imports.push_str(&format!("use super::{{{}}};\n", siblings.join(", ")));
    }
    format!("{HEAD}{imports}\n{source}")
}

/// Whether the code, not only its comments, has this word.
fn mentions(source: &str, word: &str) -> bool {
    source.lines().filter(|line| !line.trim_start().starts_with("///")).any(|line| {
        line.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').any(|found| found == word)
    })
}
