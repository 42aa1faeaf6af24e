//! Makes the message types of `ocpp-types` out of the JSON schemas of OCPP.
//!
//! [`import`] reads the schemas and a hand-written overlay (what schemas do not say: names of types, kinds of texts, directions,
//! meanings) into a [`model`], which is committed as text under `model/`. [`generate`] turns a model into Rust source, which is
//! committed too. Building the crates needs neither.

use std::path::PathBuf;

pub mod catalogue;
pub mod generate;
pub mod import;
pub mod model;
pub mod names;
pub mod overlay;
pub mod tree;

/// The versions of OCPP, by the names of their modules.
pub const VERSIONS: &[Version] = &[
    Version { module: "v1_6", name: "1.6", schemas: "ocpp16/schemas", overlays: &["v1_6"] },
    Version { module: "v2_0_1", name: "2.0.1", schemas: "ocpp201/schemas", overlays: &["v2", "v2_0_1"] },
    Version { module: "v2_1", name: "2.1", schemas: "ocpp21/schemas", overlays: &["v2", "v2_1"] },
];

/// A version of OCPP.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// The Rust module and Cargo feature.
    pub module: &'static str,
    /// The number, as in the specification.
    pub name: &'static str,
    /// Where its schemas are, below the folder of the specification.
    pub schemas: &'static str,
    overlays: &'static [&'static str],
}

impl Version {
    /// The version with this number.
    pub fn find(name: &str) -> Option<Self> {
        VERSIONS.iter().copied().find(|version| version.name == name)
    }

    /// The committed model.
    pub fn model_file(self) -> PathBuf {
        package().join(format!("model/{}.txt", self.module))
    }

    /// The committed catalogue.
    pub fn catalogue_file(self) -> PathBuf {
        package().join(format!("model/{}_catalogue.txt", self.module))
    }

    /// The hand-written overlays.
    pub fn overlay_files(self) -> impl Iterator<Item = PathBuf> {
        self.overlays.iter().map(|name| package().join(format!("overlay/{name}.txt")))
    }
}

/// The folder of the specification, if it is there: `OCPP_SPEC`, or `shared/spec` beside the workspace.
pub fn specification() -> Option<PathBuf> {
    let folder = match std::env::var_os("OCPP_SPEC") {
        Some(folder) => PathBuf::from(folder),
        None => package().join("../../../shared/spec"),
    };
    folder.is_dir().then_some(folder)
}

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What went wrong, in words.
pub type Error = Box<dyn std::error::Error>;
