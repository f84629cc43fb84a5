//! Prints against those that Elixir made of the golden vectors, and the limits.
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::golden;
use outrigger_term::{Integer, Kind, OwnedTerm, Term, TermError};

fn whole(term: Term<'_>) -> String {
    term.inspect().limit(u64::MAX).printable_limit(usize::MAX).to_string()
}

/// The pairs of a map in the order of the text, for maps that a BEAM prints in an order of its own.
fn sorted(print: &str) -> Vec<&str> {
    let mut pairs: Vec<_> = print.trim_matches(['%', '{', '}']).split(", ").collect();
    pairs.sort_unstable();
    pairs
}

#[test]
fn prints_every_golden_vector_as_elixir_does() {
    let mut seen = 0;
    for vector in golden().iter().filter(|vector| vector.travels()) {
        let Some(print) = vector.print else { continue };
        let found = whole(Term::new(&vector.bytes[1..]).expect(vector.name));
        if vector.name.contains("map ") {
            assert_eq!(sorted(&found), sorted(print), "{} {}", vector.options, vector.name);
        } else {
            assert_eq!(found, print, "{} {}", vector.options, vector.name);
        }
        seen += 1;
    }
    assert!(seen > 280, "{seen}");
}

fn print(name: &str) -> String {
    Term::new(&common::vector(name)[1..]).expect(name).to_string()
}

#[test]
fn what_belongs_to_a_node_is_printed_with_its_name() {
    assert_eq!(print("pid"), "#PID<a@h.7.3>");
    assert_eq!(print("raw pid old"), "#PID<a@h.7.3>");
    assert_eq!(print("port wide"), "#Port<a@h.1099511627776>");
    assert_eq!(print("reference 3"), "#Reference<a@h.3.2.1>");
    assert_eq!(print("export"), "&:lists.map/2");
    assert_eq!(print("export operator"), "&:erlang.+/2");
    assert_eq!(print("export odd"), "&:\"a b\".\"c d\"/3");
    assert_eq!(print("closure"), "#Function<1.12345/2 in :m>");
    assert_eq!(print("record 0"), "#rec:pair{left = 7, right = \"x\"}");
    assert_eq!(print("record 1"), "#rec:none{}");
    assert_eq!(print("record 2"), "{#rec:pair{left = [], right = #rec:none{}}}");
    assert_eq!(
        print("gen_call"),
        "{:\"$gen_call\", {#PID<a@h.7.3>, [:alias | #Reference<a@h.3.2.1>]}, {:is_auth, :b@h}}"
    );
}

#[test]
fn output_is_bounded_by_items_and_characters() {
    let integers = print("list of 60 ints");
    assert!(integers.ends_with(" 1060]"), "{integers}");
    let term = OwnedTerm::new(&common::vector("list of 60 ints")[1..]).expect("a list");
    assert_eq!(term.as_term().inspect().limit(2).to_string(), "[1000, 1001, ...]");
    assert_eq!(term.as_term().inspect().limit(0).to_string(), "[...]");
    let many = print("tuple of 256 ok");
    assert!(many.ends_with(":ok, ...}"), "{many}");
    assert_eq!(many.matches(":ok").count(), 200);
    let zeros = print("binary of 1000 zeros");
    assert!(zeros.ends_with(" 0, ...>>"), "{zeros}");
    assert_eq!(zeros.matches('0').count(), 200);
    let text = OwnedTerm::new(&common::vector("binary of 300 a")[1..]).expect("text");
    assert_eq!(text.as_term().inspect().printable_limit(3).to_string(), "\"aaa\" <> ...");
    let chars = OwnedTerm::new(&common::vector("charlist of 300")[1..]).expect("text");
    assert_eq!(chars.as_term().inspect().printable_limit(3).to_string(), "~c\"aaa\" ++ ...");
    let big = [&[111, 0, 1, 0, 0, 0][..], &[255; 65536]].concat();
    assert_eq!(Term::new(&big).expect("an integer").to_string(), "#Integer<524288 bits>");
    let number = Term::new(&big).expect("an integer").reader().number().expect("an integer").to_string();
    assert!(number.starts_with("0xFFFF") && number.len() == 2 + 2 * 65536);
}

#[test]
fn depth_costs_no_stack() {
    let deep = [[104, 1].repeat(200_000), vec![106]].concat();
    let term = Term::new(&deep).expect("a term");
    assert!(term.to_string().ends_with("{...}}}}}}}}") || term.to_string().contains("..."));
    assert_eq!(whole(term).len(), 400_002);
    let tails = [[108, 0, 0, 0, 1, 97, 0].repeat(100_000), vec![106]].concat();
    assert_eq!(whole(Term::new(&tails).expect("a list")).len(), 300_000);
    let nothing = [[108, 0, 0, 0, 0].repeat(100_000), vec![97, 1]].concat();
    let term = Term::new(&nothing).expect("1, after all");
    assert_eq!((term.kind(), whole(term)), (Kind::Integer, String::from("1")));
}

#[test]
fn integers_are_read_whole_whatever_their_encoding() {
    for vector in golden().iter().filter(|vector| vector.travels()) {
        let Some(print) =
            vector.print.filter(|_| vector.name.contains("integer") || vector.name.contains("big "))
        else {
            continue;
        };
        let Ok(number) = Term::new(&vector.bytes[1..]).expect(vector.name).reader().number() else {
            continue;
        };
        assert_eq!(number.to_string(), print);
        assert_eq!(number.to_i64(), print.parse().ok(), "{print}");
        assert_eq!(number.to_u64(), print.parse().ok(), "{print}");
        assert_eq!(number.to_i128(), print.parse().ok(), "{print}");
        assert_eq!(number.to_u128(), print.parse().ok(), "{print}");
        assert_eq!(Integer::new(number.is_negative(), &number.magnitude()), number);
        assert_eq!(number.magnitude().len() as u64, number.bits().div_ceil(8), "{print}");
    }
    assert_eq!(Integer::new(true, &[0, 0]), Integer::from(0));
    assert_eq!(Integer::from(i64::MIN).to_i64(), Some(i64::MIN));
}

#[test]
fn a_term_is_exactly_one_term() {
    assert_eq!(Term::new(&[97, 1, 97]), Err(TermError::TrailingBytes { len: 1 }));
    assert_eq!(Term::new(&[]), Err(TermError::Truncated));
    assert_eq!(Term::new(&[131, 97, 1]), Err(TermError::UnknownTag { tag: 131 }));
    assert!(OwnedTerm::new(vec![104, 1]).is_err());
    for (name, kind) in [
        ("integer 0", Kind::Integer),
        ("float 1.5", Kind::Float),
        ("atom ok", Kind::Atom),
        ("binary abc", Kind::Binary),
        ("raw bits of whole bytes", Kind::Binary),
        ("bits 3", Kind::BitString),
        ("tuple 0", Kind::Tuple),
        ("nil", Kind::List),
        ("charlist abc", Kind::List),
        ("improper", Kind::List),
        ("map a", Kind::Map),
        ("pid", Kind::Pid),
        ("port 0", Kind::Port),
        ("reference 1", Kind::Reference),
        ("export", Kind::Fun),
        ("closure", Kind::Fun),
        ("record 0", Kind::Record),
    ] {
        assert_eq!(Term::new(&common::vector(name)[1..]).expect(name).kind(), kind, "{name}");
    }
}

#[test]
fn floats_of_old_are_read_as_a_beam_reads_them() {
    let term = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(31, 0);
        OwnedTerm::new([&[99][..], &bytes].concat()).map(|term| term.to_string())
    };
    assert_eq!(term("1.50000000000000000000e+00").as_deref(), Ok("1.5"));
    assert_eq!(term("-2.5").as_deref(), Ok("-2.5"));
    assert_eq!(term("1.0\x001").as_deref(), Ok("1.0"));
    for bad in ["", "1", ".5", "1.", "inf", "nan", "1.5e", "1.5e+", " 1.5", "1.5x", "1e5"] {
        assert_eq!(term(bad), Err(TermError::BadFloatText), "{bad}");
    }
    assert_eq!(term("1.0e999"), Err(TermError::NotFinite));
}
