//! Model to static tables with views and builders: one folder for each family of editions.

mod family;
mod rows;
mod views;

use std::collections::BTreeMap;

use super::{Module, homes};
use crate::names::HEAD;
use crate::{Error, Version, model::Model, names};
use family::Family;

/// The files of a family: of one version, or of an old and a new one together.
pub fn files(old: (Version, &Model), new: Option<(Version, &Model)>) -> Result<BTreeMap<String, String>, Error> {
    let family = Family::new(old, new)?;
    let mut homes_of = homes(family.newest().1);
    for (name, home) in homes(old.1) {
        homes_of.entry(name).or_insert(home);
    }
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    for object in &family.objects {
        let home =
            object.action.as_ref().map(|action| names::snake(action)).or_else(|| homes_of.get(&object.name).cloned());
        let module = modules.entry(home.unwrap_or_default()).or_default();
        module.source.push_str(&views::object(&family, object)?);
        module.exports.extend([object.name.clone(), format!("{}Builder", object.name)]);
        module.uses.extend(object.members.iter().filter_map(views::named).map(str::to_owned));
    }
    let versions: Vec<&str> = std::iter::once(old.0.name).chain(new.map(|(version, _)| version.name)).collect();
    let mut root = format!("{HEAD}//! Views and builders of the messages of OCPP {}.\n\n", versions.join(" and "));
    let mut uses = String::new();
    let mut files = BTreeMap::new();
    for (home, module) in &modules {
        root.push_str(&format!("mod {home};\n"));
        uses.push_str(&format!("pub use {home}::{{{}}};\n", module.exports.join(", ")));
        files.insert(format!("{home}.rs"), complete(&family, module));
    }
    root.push_str("mod action;\nmod choice;\nmod rows;\n\npub(crate) use rows::TABLES;\n");
    root.push_str("pub use action::Action;\npub use choice::*;\n");
    root.push_str(&uses);
    files.insert("mod.rs".to_owned(), root);
    files.insert("action.rs".to_owned(), views::actions(&family));
    files.insert("choice.rs".to_owned(), views::choices(&family)?);
    files.insert("rows.rs".to_owned(), rows::tables(&family)?);
    Ok(files)
}

/// The source of a module with the imports it needs.
fn complete(family: &Family<'_>, module: &Module) -> String {
    let source = &module.source;
    let from_tables: Vec<&str> = ["Decimal", "List", "Scalar", "UnixMillis", "object"]
        .into_iter()
        .filter(|name| super::mentions(source, name))
        .collect();
    let mut imports = format!("use crate::tables::generated::{{{}}};\n", from_tables.join(", "));
    let mut siblings = Vec::new();
    for name in &module.uses {
        if module.exports.contains(name) {
            continue;
        }
        siblings.push(name.clone());
        if family.objects.iter().any(|object| object.name == *name) {
            siblings.push(format!("{name}Builder"));
        }
    }
    if !siblings.is_empty() {
        imports.push_str(&format!("use super::{{{}}};\n", siblings.join(", ")));
    }
    format!("{HEAD}{imports}\n{source}")
}
