//! Replays the corpora of the fuzz targets through their bodies, without a fuzzer.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ocpp_testkit::fuzz::TARGETS;

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The names in a folder of `fuzz`, without their ending.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz_folder().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
}

#[test]
fn every_input_of_the_corpora_passes() {
    for (name, body) in TARGETS {
        let mut count = 0;
        for entry in fs::read_dir(fuzz_folder().join("corpus").join(name)).unwrap() {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            // On failure libtest shows this line, which names the input.
            eprintln!("{}", path.display());
            body(&input);
            count += 1;
        }
        assert!(count > 0, "the corpus of {name} is empty");
        println!("{name}: {count} inputs");
    }
}

#[test]
fn empty_and_arbitrary_bytes_pass() {
    let noise: Vec<u8> = (0..=u8::MAX).rev().collect();
    for (_, body) in TARGETS {
        body(b"");
        body(&noise);
    }
}
