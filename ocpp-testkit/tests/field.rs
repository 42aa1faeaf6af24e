//! The list of what the field gets wrong names tests that exist.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

/// Collects the names of all tests in the Rust files under `folder`.
fn tests_under(folder: &Path, names: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            tests_under(&path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path)?;
            let tests = text.split("#[test]").skip(1).filter_map(|test| test.split_once("fn ")?.1.split_once('('));
            names.extend(tests.map(|(name, _)| name.to_owned()));
        }
    }
    Ok(())
}

#[test]
fn every_test_in_the_list_of_the_field_exists() {
    let testkit = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = testkit.parent().unwrap();
    let mut names = BTreeSet::new();
    for folder in ["ocpp-types/src", "ocpp-rpc/src", "ocpp-core/src", "ocpp-testkit/src", "ocpp-testkit/tests"] {
        tests_under(&root.join(folder), &mut names).unwrap();
    }
    let list = fs::read_to_string(testkit.join("FIELD.md")).unwrap();
    let rows = list.lines().filter(|line| line.starts_with('|') && !line.contains("---") && !line.ends_with("Tests |"));
    let mut cited = 0;
    for row in rows {
        let tests = row.trim_end_matches(['|', ' ']).rsplit(" | ").next().unwrap();
        assert!(tests.starts_with('`'), "no test: {row}");
        for name in tests.split('`').skip(1).step_by(2) {
            assert!(names.contains(name), "there is no test {name}: {row}");
            cited += 1;
        }
    }
    assert!(cited > 50, "only {cited} tests are cited");
}
