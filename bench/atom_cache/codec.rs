//! One message after the other, without a socket.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use outrigger_proto::atom_cache::Outgoing;
use outrigger_proto::control::encode;
use outrigger_proto::fragments::Assembler;
use outrigger_proto::frame::{self, Frame, Framing};
use outrigger_proto::{Limits, message};
use outrigger_term::{Atom, Pid, Writer};

use crate::report::Report;
use crate::{cpu, ours};

const ROUNDS: usize = 31;
const MESSAGES: usize = 20_000;
const TO: Pid<'_> = Pid { node: Atom::Utf8("app@127.0.0.1"), id: 7, serial: 3, creation: 9 };

/// A struct of ten fields with atoms for keys and for half of its values, as Elixir sends them.
fn record() -> Vec<u8> {
    let mut out = Vec::new();
    let w = &mut Writer::new(&mut out);
    w.map(11);
    w.atom("__struct__").unwrap();
    w.atom("Elixir.Shop.Orders.Order").unwrap();
    for (key, value) in [
        ("id", None),
        ("state", Some("awaiting_payment")),
        ("currency", Some("eur")),
        ("amount", None),
        ("shipping_method", Some("collection_point")),
        ("customer_id", None),
        ("inserted_at", None),
        ("updated_at", None),
        ("channel", Some("storefront")),
        ("priority", Some("normal")),
    ] {
        w.atom(key).unwrap();
        match value {
            Some(value) => w.atom(value).unwrap(),
            None => w.integer(1_700_000_000),
        }
    }
    out
}

/// Names and bare terms.
pub(crate) fn terms() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = (0..ours::NAMES.len())
        .map(|case| {
            let mut out = Vec::new();
            ours::write(case, &mut out).expect("a term");
            (ours::NAMES[case].to_owned(), out.split_off(1))
        })
        .collect();
    all.push(("struct of 10 fields".to_owned(), record()));
    all
}

pub(crate) fn run(report: &mut Report) {
    for (name, term) in terms() {
        let plain = |out: &mut Vec<u8>| {
            frame::append(out, Framing::Header, Some(&term), |w| encode::send(w, &TO)).unwrap();
        };
        let mut table = Outgoing::default();
        let mut cached =
            |out: &mut Vec<u8>| table.append(out, Some(&term), |w| encode::send(w, &TO)).unwrap();
        // The first one brings the atoms.
        let mut first = Vec::new();
        cached(&mut first);
        let first = Bytes::from(first.split_off(4));
        let (mut small, mut large) = (Vec::new(), Vec::new());
        cached(&mut small);
        plain(&mut large);
        report.add(&name, "on the wire", "ours", small.len() as f64);
        report.add(&name, "on the wire", "plain", large.len() as f64);
        let mut out = Vec::with_capacity(MESSAGES * large.len());
        let mut with = Assembler::with_atom_cache(Limits::default());
        with.push(first).unwrap();
        let mut without = Assembler::new(Limits::default());
        for _ in 0..ROUNDS {
            report.add(&name, "send", "ours", timed(&mut out, &mut cached));
            report.add(&name, "receive", "ours", received(&mut with, &small));
            report.add(&name, "send", "plain", timed(&mut out, plain));
            report.add(&name, "receive", "plain", received(&mut without, &large));
        }
    }
}

/// Nanoseconds for one message.
fn timed(out: &mut Vec<u8>, mut append: impl FnMut(&mut Vec<u8>)) -> f64 {
    out.clear();
    let start = cpu::of_this_thread();
    for _ in 0..MESSAGES {
        append(black_box(out));
    }
    (cpu::of_this_thread() - start) as f64 / MESSAGES as f64
}

fn received(assembler: &mut Assembler, one: &[u8]) -> f64 {
    let limits = Limits::default();
    let all = one.repeat(MESSAGES);
    let start = cpu::of_this_thread();
    for batch in all.chunks(one.len() * 500) {
        let mut buffer = BytesMut::from(batch);
        while let Some(Frame::Message(frame)) = frame::next(&mut buffer, &limits).unwrap() {
            let whole = assembler.push(frame).unwrap().unwrap();
            let message = message::split(&whole, Framing::Header).unwrap();
            message.check_payload().unwrap();
            black_box(message.payload);
        }
    }
    (cpu::of_this_thread() - start) as f64 / MESSAGES as f64
}
