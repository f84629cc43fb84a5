//! The layout of buckets, by the table that the Elixir side reads too.

use outrigger_watch::LogLinear;

const TABLE: &str = include_str!("../../../tests/vectors/watch/buckets.txt");

#[test]
fn durations_are_in_the_buckets_of_the_table() {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<(u64, u16)> = lines
        .map(|line| line.split_once(' ').unwrap())
        .map(|(nanos, index)| (nanos.parse().unwrap(), index.parse().unwrap()))
        .collect();
    assert!(rows.len() > 500);
    for (nanos, index) in rows {
        assert_eq!(LogLinear::index(nanos), index, "{nanos} ns");
    }
}
