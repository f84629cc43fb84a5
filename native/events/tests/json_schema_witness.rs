//! What the check of JSON Schemas calls compatible has no witness against it: no document that the old schema takes and the
//! new one refuses. Judged by another implementation, the crate `jsonschema`.
//!
//! `SCHEMA_PAIRS` sets how many pairs of schemas are tried, `SCHEMA_SEED` which.
#![allow(clippy::unwrap_used, missing_docs)] // A test.

#[path = "schemas/dice.rs"]
mod dice;
#[path = "schemas/random.rs"]
mod random;

use std::time::{SystemTime, UNIX_EPOCH};

use dice::Dice;
use jsonschema::Validator;
use outrigger_events::compat::json_schema::{Policy, Schema, check};
use random::{Shape, document};
use serde_json::Value;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn read(schema: &Value) -> Schema {
    Schema::parse(schema.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {schema}"))
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(false)
        .build(schema)
        .unwrap_or_else(|error| panic!("{error}: {schema}"))
}

#[test]
fn what_is_compatible_has_no_witness() {
    let pairs = setting("SCHEMA_PAIRS").unwrap_or(2_000);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64);
    let seed = setting("SCHEMA_SEED").unwrap_or(now);
    println!("SCHEMA_SEED={seed}");
    let (mut compatible, mut refused, mut witnessed) = (0, 0, 0);
    for pair in 0..pairs {
        let mut dice = Dice(seed.wrapping_add(pair.wrapping_mul(0x1234_5678_9abc_def1)));
        let shape = Shape { modern: dice.below(2) == 0, definitions: dice.below(3) };
        let old = shape.schema(&mut dice);
        let mut new = old.clone();
        for _ in 0..=dice.below(3) {
            shape.change(&mut dice, &mut new, 2);
        }
        if dice.below(8) == 0 {
            new = shape.schema(&mut dice);
        }
        if !(old.is_object() && new.is_object()) {
            continue;
        }
        let found = check(&read(&new), &read(&old), Policy::Strict);
        let (before, after) = (validator(&old), validator(&new));
        let documents = (0..120).map(|_| document(&mut dice, 3));
        let witness =
            documents.into_iter().find(|document| before.is_valid(document) && !after.is_valid(document));
        match (found.is_empty(), witness) {
            (true, Some(witness)) => {
                panic!("SCHEMA_SEED={seed}, pair {pair}\nold {old}\nnew {new}\nwitness {witness}")
            }
            (true, None) => compatible += 1,
            (false, Some(_)) => witnessed += 1,
            (false, None) => refused += 1,
        }
    }
    println!("{compatible} compatible, {witnessed} incompatible with a witness, {refused} without one found");
    assert!(compatible * 20 > pairs && witnessed * 20 > pairs, "the dice do not say much");
}

#[test]
fn every_schema_reads_itself_and_takes_anything_from_nothing() {
    let seed = setting("SCHEMA_SEED").unwrap_or(7);
    for pair in 0..1_000 {
        let mut dice = Dice(seed.wrapping_add(u64::wrapping_mul(pair, 0x1234_5678_9abc_def1)));
        let shape = Shape { modern: dice.below(2) == 0, definitions: dice.below(3) };
        let schema = shape.schema(&mut dice);
        if !schema.is_object() {
            continue;
        }
        let found = check(&read(&schema), &read(&schema), Policy::Strict);
        assert!(found.is_empty(), "{schema}\n{found:#?}");
        assert!(check(&Schema::parse(b"true").unwrap(), &read(&schema), Policy::Strict).is_empty());
        assert!(check(&read(&schema), &Schema::parse(b"false").unwrap(), Policy::Strict).is_empty());
    }
}
