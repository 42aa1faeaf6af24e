//! What is committed is what the generator gives.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{collections::BTreeMap, fs, path::Path};

use ocpp_codegen::{VERSIONS, catalogue, generate, import, model::Model, overlay::Overlay, specification};

fn read_folder(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect()
}

#[test]
fn generated_code_is_up_to_date() {
    for (name, generated) in generate::folders().unwrap() {
        let committed = read_folder(&generate::source_folder(&name));
        assert!(generated.keys().eq(committed.keys()), "{name}: files differ; run `ocpp-codegen generate`");
        for (path, source) in generated {
            assert_eq!(source, committed[&path], "{name}/{path} is stale; run `ocpp-codegen generate`");
        }
    }
}

/// A type that another crate's features can change breaks whoever is built beside that crate.
#[test]
fn names_and_signatures_of_generated_code_do_not_depend_on_features() {
    let mut files = 0;
    for (name, generated) in generate::folders().unwrap() {
        for (path, source) in generated {
            assert!(!source.contains("cfg"), "{name}/{path} depends on how it is built");
            files += 1;
        }
    }
    assert!(files > 250, "only {files} files were looked at");
}

#[test]
fn models_are_those_of_the_schemas() {
    let Some(specification) = specification() else {
        eprintln!("SKIPPED: no specification folder (OCPP_SPEC); the models were not compared with the schemas");
        return;
    };
    for version in VERSIONS {
        let overlay = Overlay::read(*version).unwrap();
        let imported = import::import(&specification.join(version.schemas), &overlay).unwrap();
        let committed = fs::read_to_string(version.model_file()).unwrap();
        assert_eq!(import::model_text(*version, &imported), committed, "{}: run `ocpp-codegen import`", version.name);
        let committed = fs::read_to_string(version.catalogue_file()).unwrap();
        let imported = catalogue::import(*version, &specification).unwrap();
        assert_eq!(imported, committed, "{}: run `ocpp-codegen import`", version.name);
    }
}

#[test]
fn models_survive_being_written_and_read() {
    for version in VERSIONS {
        let model: Model = fs::read_to_string(version.model_file()).unwrap().parse().unwrap();
        assert_eq!(model.to_string().parse::<Model>().unwrap(), model);
        assert!(!model.messages.is_empty());
    }
}

#[test]
fn every_member_of_a_model_fits_the_reader() {
    for version in VERSIONS {
        let model: Model = fs::read_to_string(version.model_file()).unwrap().parse().unwrap();
        let structs = model.structs.iter().map(|item| (item.name.clone(), item.fields.as_slice()));
        for (name, fields) in model.payloads().chain(structs) {
            assert!(fields.len() <= 64, "{name} has more members than the reader can mark as seen");
        }
    }
}
