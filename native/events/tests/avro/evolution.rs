//! The checker and the decoder against each other, over schemas made by chance.
//!
//! `PROPTEST_CASES=100000 cargo test --release -p outrigger-events --test avro evolution` for many.

use outrigger_events::avro::{Plan, Schema};
use outrigger_events::compat::avro::check;
use outrigger_events::{Error, Limits, TreeSink, Value};
use serde_json::Value as Json;

use crate::generate::{self, Chance};

pub(crate) fn cases(few: u64) -> u64 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(few)
}

pub(crate) struct Pair {
    pub(crate) writer: Schema,
    pub(crate) reader: Schema,
    pub(crate) texts: [String; 2],
    pub(crate) data: Vec<Vec<u8>>,
}

/// The pair of a seed: most changes leave a schema that is one, and it is tried until one does.
pub(crate) fn pair(seed: u64) -> Pair {
    let mut chance = Chance(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    loop {
        let writer_json: Json = generate::writer(&mut chance);
        let texts = [writer_json.to_string(), generate::reader(&writer_json, &mut chance).to_string()];
        if let (Ok(writer), Ok(reader)) = (Schema::parse(&texts[0], &[]), Schema::parse(&texts[1], &[])) {
            let data = generate::data(&writer, &mut chance);
            return Pair { writer, reader, texts, data };
        }
    }
}

fn decode(plan: &Plan, bytes: &[u8]) -> Result<Value, Error> {
    let mut sink = TreeSink::default();
    plan.decode(bytes, &Limits::default(), &mut sink)?;
    Ok(sink.finish().expect("one whole value"))
}

#[test]
fn what_is_allowed_decodes_and_what_is_refused_has_a_witness() {
    let cases = cases(5_000);
    let (mut allowed, mut by_plan, mut by_datum, mut without_data) = (0, 0, 0, 0);
    for seed in 0..cases {
        let Pair { writer, reader, texts: [w, r], data } = pair(seed);
        let own = Plan::new(&writer, None).expect("a schema reads itself");
        for datum in &data {
            decode(&own, datum).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{w}\n{datum:?}"));
        }
        let found = check(&reader, &writer);
        let plan = Plan::new(&writer, Some(&reader));
        let context = || format!("seed {seed}\nwriter {w}\nreader {r}\n{found:?}");
        match (found.is_empty(), plan) {
            (true, Ok(plan)) => {
                allowed += 1;
                for datum in &data {
                    decode(&plan, datum).unwrap_or_else(|error| panic!("{error}\n{datum:?}\n{}", context()));
                }
            }
            (true, Err(error)) => panic!("allowed, but {error}\n{}", context()),
            (false, Err(Error::Resolution { .. })) => by_plan += 1,
            (false, Err(error)) => panic!("{error}\n{}", context()),
            (false, Ok(_)) if data.is_empty() => without_data += 1,
            (false, Ok(plan)) => {
                let witness = data.iter().any(|datum| match decode(&plan, datum) {
                    Ok(_) => false,
                    Err(Error::Resolution { .. }) => true,
                    Err(error) => panic!("{error}\n{datum:?}\n{}", context()),
                });
                assert!(witness, "refused, but all data decodes\n{}", context());
                by_datum += 1;
            }
        }
    }
    println!(
        "{cases} pairs: {allowed} allowed, refused by the plan {by_plan}, by a datum {by_datum}; no data {without_data}"
    );
    let tenth = cases / 10;
    assert!(allowed > tenth && by_plan > tenth && by_datum > tenth / 10 && without_data < tenth / 10);
}
