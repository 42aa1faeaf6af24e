//! The list of demands names tests that exist.

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
            let text = fs::read_to_string(&path)?;
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if let (true, Some(rest)) = (is_test, line.strip_prefix("fn ")) {
                    names.extend(rest.split('(').next().map(String::from));
                    is_test = false;
                } else {
                    is_test |= line == "#[test]";
                }
            }
        }
    }
    Ok(())
}

#[test]
fn every_test_in_the_list_of_demands_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    tests_under(&root.join("src"), &mut names).unwrap();
    tests_under(&root.join("tests"), &mut names).unwrap();
    let list = fs::read_to_string(root.join("CONFORMANCE.md")).unwrap();
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
