//! Every payload of every version against an independent JSON Schema validator and the model.
//!
//! Needs the schemas; without them (see `ocpp_codegen::specification`) the tests say that they were skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod codec;
mod payload;
mod tables;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    path::Path,
};

use jsonschema::Validator;
use ocpp_codegen::{
    VERSIONS, Version,
    model::{Field, Model},
    specification,
};
use ocpp_types::Rule;
use payload::{Broken, Generator};
use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use serde_json::Value;

/// How many valid, and how many damaged, payloads are made for each message.
const ROUNDS: u32 = 150;
/// How many payloads of each message have their rules broken, one after the other, at every place.
const BROKEN_ROUNDS: u32 = 12;

/// One payload of one version with everything that judges it.
struct Subject {
    version: Version,
    action: String,
    response: bool,
    name: String,
    fields: Vec<Field>,
    validator: Validator,
}

fn for_each_subject(mut check: impl FnMut(&Model, &Subject)) {
    let Some(specification) = specification() else {
        eprintln!("SKIPPED: no specification folder (OCPP_SPEC); nothing was compared with the schemas");
        return;
    };
    for version in VERSIONS {
        let model: Model = fs::read_to_string(version.model_file()).unwrap().parse().unwrap();
        let folder = specification.join(version.schemas);
        for message in &model.messages {
            let request = (false, message.request_name(), Some(&message.request));
            let response = (true, format!("{}Response", message.action), message.response.as_ref());
            for (response, name, fields) in [request, response] {
                let Some(fields) = fields else { continue };
                let validator = validator(&folder, &name);
                let action = message.action.clone();
                let subject = Subject { version: *version, action, response, name, fields: fields.clone(), validator };
                check(&model, &subject);
            }
        }
    }
}

fn validator(folder: &Path, name: &str) -> Validator {
    // The files of 1.6 do not say "Request".
    let short = name.strip_suffix("Request").unwrap_or(name);
    let file = [name, short].map(|name| folder.join(format!("{name}.json")));
    let text = file.iter().find_map(|file| fs::read_to_string(file).ok()).unwrap();
    let mut schema: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    // Their ids are no URLs that a validator could resolve.
    schema.as_object_mut().unwrap().retain(|key, _| key != "id" && key != "$id");
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

impl Subject {
    fn decode(&self, json: &str) -> Result<codec::Reencoded, ocpp_types::Violation> {
        codec::decode(self.version, &self.action, self.response, json)
    }
}

/// Runs `check` on each payload that can be made of some choices. The first payload that fails is made as simple as it can be.
fn for_each_payload(subject: &Subject, rounds: u32, check: impl Fn(&[u16]) -> Result<(), String>) {
    let config = Config { cases: rounds, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let verdict = runner.run(&vec(any::<u16>(), 0..300), |choices| check(&choices).map_err(TestCaseError::fail));
    if let Err(TestError::Fail(reason, _) | TestError::Abort(reason)) = verdict {
        panic!("{} {}: {}", subject.version.name, subject.name, reason.message());
    }
}

fn ensure(holds: bool, says: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(says()) }
}

#[test]
fn valid_payloads_are_accepted_and_stay_equal_and_valid() {
    let mut checked = BTreeMap::new();
    for_each_subject(|model, subject| {
        for_each_payload(subject, ROUNDS, |choices| {
            let mut generator = Generator::new(model, choices);
            let value = generator.object(&subject.fields);
            let json = value.to_string();
            let valid = generator.pointed > 0 || subject.validator.is_valid(&value);
            ensure(valid, || format!("the validator refuses {json}"))?;
            let again = subject.decode(&json).map_err(|violation| format!("{violation}: {json}"))?;
            ensure(again.equal, || format!("encoding changed {json}"))?;
            let written: Value = serde_json::from_str(&again.json).unwrap();
            let valid = subject.validator.is_valid(&written);
            ensure(valid, || format!("the validator refuses {} written from {json}", again.json))
        });
        *checked.entry(subject.version.name).or_insert(0) += ROUNDS;
    });
    println!("valid payloads checked: {checked:?}");
}

#[test]
fn each_broken_rule_is_refused_with_its_path_and_kind() {
    let checked = RefCell::new(BTreeMap::new());
    for_each_subject(|model, subject| {
        for_each_payload(subject, BROKEN_ROUNDS, |choices| {
            for site in 0..Generator::count_sites(model, choices, &subject.fields) {
                let (value, broken) = Generator::broken(model, choices, site, &subject.fields);
                let Some(Broken { path, kind, what }) = broken else { continue };
                let json = value.to_string();
                let named = || format!("{what} at {path}: {json}");
                let Err(violation) = subject.decode(&json) else { return Err(format!("accepted {}", named())) };
                let right = violation.path == path && violation.rule.kind() == kind;
                ensure(right, || format!("{violation} said of {}", named()))?;
                ensure(!subject.validator.is_valid(&value), || format!("the validator accepts {}", named()))?;
                *checked.borrow_mut().entry((subject.version.name, what)).or_insert(0) += 1;
            }
            Ok(())
        });
    });
    for ((version, what), count) in &*checked.borrow() {
        println!("{version}: {count} payloads refused for {what}");
    }
}

#[test]
fn verdicts_on_damaged_payloads_are_those_of_the_validator() {
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    for_each_subject(|model, subject| {
        for_each_payload(subject, ROUNDS, |choices| {
            let mut generator = Generator::new(model, choices);
            let mut value = generator.object(&subject.fields);
            generator.damage(&mut value);
            let json = value.to_string();
            if generator.pointed > 0 && subject.version.name == "1.6" {
                return Ok(());
            }
            let (ours, theirs) = (subject.decode(&json), subject.validator.is_valid(&value));
            let count = if theirs { &accepted } else { &refused };
            count.set(count.get() + 1);
            ensure(ours.is_ok() == theirs, || format!("{:?} said of {json}", ours.err()))
        });
    });
    println!("damaged payloads judged alike: {} accepted, {} refused", accepted.get(), refused.get());
}

/// The damage here goes further than the other tests': nulls, members given twice and unknown ones, cut and odd JSON.
#[test]
fn tables_and_structs_say_the_same() {
    let checked = RefCell::new(BTreeMap::new());
    for_each_subject(|model, subject| {
        for_each_payload(subject, ROUNDS / 3, |choices| {
            let mut generator = Generator::new(model, choices);
            let mut value = generator.object(&subject.fields);
            let valid = value.to_string();
            generator.damage(&mut value);
            let damaged = value.to_string();
            let texts = [("valid", valid.clone()), ("damaged", damaged.clone())];
            let spoilt = [
                ("spoilt", payload::spoil(&valid, choices)),
                ("damaged and spoilt", payload::spoil(&damaged, choices)),
            ];
            for (what, json) in texts.into_iter().chain(spoilt) {
                let said = tables::agree(subject, &json)?;
                tables::keeps_unknown_words(subject, &json)?;
                *checked.borrow_mut().entry((subject.version.name, what, said)).or_insert(0) += 1;
            }
            Ok(())
        });
        for_each_payload(subject, BROKEN_ROUNDS / 3, |choices| {
            for site in 0..Generator::count_sites(model, choices, &subject.fields) {
                let json = Generator::broken(model, choices, site, &subject.fields).0.to_string();
                let said = tables::agree(subject, &json)?;
                tables::keeps_unknown_words(subject, &json)?;
                *checked.borrow_mut().entry((subject.version.name, "one rule broken", said)).or_insert(0) += 1;
            }
            Ok(())
        });
    });
    for ((version, what, said), count) in &*checked.borrow() {
        println!("{version}: {count} payloads, {what}: {said}");
    }
}

#[test]
fn from_2_0_1_to_2_1_and_back_is_the_identity() {
    let (checked, refused) = (Cell::new(0), Cell::new(0));
    for_each_subject(|model, subject| {
        if subject.version.name != "2.0.1" {
            return;
        }
        for_each_payload(subject, ROUNDS, |choices| {
            let json = Generator::new(model, choices).object(&subject.fields).to_string();
            let (same, written) = codec::there_and_back(&subject.action, subject.response, &json);
            ensure(same, || format!("changed {json}"))?;
            // 2.1 has bounds of numbers that 2.0.1 does not have, and nothing else that could be in the way.
            if let Err(violation) = written {
                let bound = matches!(violation.rule, Rule::BelowMinimum(_) | Rule::AboveMaximum(_));
                ensure(bound, || format!("{violation}: {json}"))?;
                refused.set(refused.get() + 1);
            }
            checked.set(checked.get() + 1);
            Ok(())
        });
    });
    let (checked, refused) = (checked.get(), refused.get());
    println!("payloads converted there and back: {checked}, of which {refused} have numbers outside the bounds of 2.1");
}
