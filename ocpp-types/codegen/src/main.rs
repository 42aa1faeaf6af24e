//! The command line of the generator.

use std::{env, fs, path::PathBuf, process::ExitCode};

use ocpp_codegen::{Error, VERSIONS, Version, catalogue, generate, import, overlay::Overlay, specification};

const HELP: &str = "\
usage:
  ocpp-codegen import [--schemas DIR] [--version V]   schemas, overlay, catalogues -> model
  ocpp-codegen generate                               models -> Rust source

DIR holds the JSON schemas of the version (default: in the specification folder,
OCPP_SPEC or ../shared/spec). V is 1.6, 2.0.1 or 2.1 (default: every version).

example: ocpp-codegen import --schemas schemas/ocpp16 --version 1.6";

fn main() -> ExitCode {
    match run(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Error> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (command, mut options) = arguments.split_first().ok_or(HELP)?;
    let (mut schemas, mut versions) = (None, VERSIONS.to_vec());
    while let Some((name, rest)) = options.split_first() {
        let (value, rest) = rest.split_first().ok_or(HELP)?;
        match *name {
            "--schemas" => schemas = Some(PathBuf::from(value)),
            "--version" => versions = vec![Version::find(value).ok_or_else(|| format!("unknown version {value}"))?],
            _ => return Err(HELP.into()),
        }
        options = rest;
    }
    if schemas.is_some() && versions.len() > 1 {
        return Err("--schemas needs --version".into());
    }
    match *command {
        "import" => {
            for version in versions {
                let folder = match &schemas {
                    Some(folder) => folder.clone(),
                    None => specification().ok_or("no specification folder; say --schemas")?.join(version.schemas),
                };
                let model = import::import(&folder, &Overlay::read(version)?)?;
                fs::write(version.model_file(), import::model_text(version, &model))?;
                if let Some(specification) = specification() {
                    fs::write(version.catalogue_file(), catalogue::import(version, &specification)?)?;
                }
            }
            Ok(())
        }
        "generate" => generate::write(),
        _ => Err(HELP.into()),
    }
}
