//! Container files: written, read in pieces, damaged.

use outrigger_events::avro::Plan;
use outrigger_events::avro::container::{Codec, Reader, Writer};
use outrigger_events::{Error, Limits, TreeSink, Value};

const SYNC: [u8; 16] = *b"0123456789abcdef";

fn file(codec: Codec, count: i64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(r#"{"type": "array", "items": "long"}"#, codec, SYNC, &mut out).unwrap();
    for number in 0..count {
        let list = Value::List(vec![number.into(), (number * number).into()]);
        writer.append(&list, &Limits::default(), &mut out).unwrap();
    }
    writer.flush(&mut out).unwrap();
    out
}

/// Reads a file from portions, and says the most bytes that were held at once.
fn read(file: &[u8], portion: usize, limits: &Limits) -> Result<(Vec<Value>, usize), Error> {
    let (mut held, mut most, mut values, mut open) = (Vec::new(), 0, Vec::new(), None);
    for portion in file.chunks(portion) {
        held.extend_from_slice(portion);
        most = most.max(held.len());
        loop {
            let Some((reader, plan)) = &open else {
                let Some((reader, length)) = Reader::open(&held, limits)? else { break };
                let plan = Plan::new(&reader.schema()?, None)?;
                held.drain(..length);
                open = Some((reader, plan));
                continue;
            };
            let Some((mut block, length)) = reader.block(&held, limits)? else { break };
            loop {
                let mut sink = TreeSink::default();
                if !block.next(plan, limits, &mut sink)? {
                    break;
                }
                values.push(sink.finish().expect("a value"));
            }
            held.drain(..length);
        }
    }
    assert!(held.is_empty(), "{} bytes are left", held.len());
    Ok((values, most))
}

#[test]
fn files_read_back_in_any_portions() {
    for codec in [Codec::Null, Codec::Deflate] {
        let file = file(codec, 100_000);
        let expected: Vec<_> =
            (0..100_000_i64).map(|n| Value::List(vec![n.into(), (n * n).into()])).collect();
        for portion in [1 << 30, 4_096] {
            let (values, most) = read(&file, portion, &Limits::default()).unwrap();
            assert!(values == expected);
            assert!(portion > 4_096 || most < 80 << 10, "{most} bytes at once");
        }
        let small = self::file(codec, 3);
        assert_eq!(read(&small, 1, &Limits::default()).unwrap().0.len(), 3);
        assert_eq!(read(&self::file(codec, 0), 7, &Limits::default()).unwrap().0, []);
    }
}

#[test]
fn other_codecs_are_refused_by_name() {
    let text = file(Codec::Deflate, 1);
    for codec in ["snappy", "bzip2", "zstandard", "xz"] {
        let at = text.windows(7).position(|name| name == b"deflate").unwrap();
        let mut changed = text.clone();
        changed.splice(at - 1..at + 7, [&[codec.len() as u8 * 2], codec.as_bytes()].concat());
        let error = Reader::open(&changed, &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }) && error.to_string().contains(codec), "{error}");
    }
}

#[test]
fn damaged_and_hostile_files_are_refused() {
    let limits = Limits { bytes: 100_000, ..Limits::default() };
    let whole = file(Codec::Deflate, 10);
    let says = |file: &[u8]| read(file, 1 << 20, &limits).unwrap_err().to_string();
    assert!(says(b"PAR1").contains("does not begin"));
    let mut marker = whole.clone();
    *marker.last_mut().unwrap() ^= 1;
    assert!(says(&marker).contains("marker"));
    let header = Reader::open(&whole, &limits).unwrap().unwrap().1;
    let with_block = |count: &[u8], bytes: &[u8]| {
        let length = [(bytes.len() as u64 * 2) as u8 | 0x80, (bytes.len() as u64 >> 6) as u8];
        [&whole[..header], count, &length, bytes, &SYNC].concat()
    };
    assert!(says(&with_block(&[2], &[0xff; 9])).contains("not deflated"));
    // One datum is announced, and two stand there; three are announced of two.
    let stored = |bytes: &[u8]| [&[1, bytes.len() as u8, 0, !(bytes.len() as u8), 0xff], bytes].concat();
    assert!(says(&with_block(&[2], &stored(&[0, 0]))).contains("1 bytes follow"));
    assert!(says(&with_block(&[6], &stored(&[0, 0]))).contains("are left"));
    assert!(says(&with_block(&[1], &stored(&[0]))).contains("less than no data"));
    let huge = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert!(says(&with_block(&huge, &stored(&[0]))).contains("data without bytes of more than 65536"));
    // 1 MB of zeros in 1 kB.
    let mut bomb = Vec::new();
    let mut writer = Writer::new(r#""bytes""#, Codec::Deflate, SYNC, &mut bomb).unwrap();
    writer.append(&Value::Bytes(vec![0; 1 << 20]), &Limits::default(), &mut bomb).unwrap();
    assert!(bomb.len() < 2_000);
    assert!(says(&bomb).contains("inflated bytes of more than 100000"));
    // A block that claims more than the limit is refused before it is waited for.
    assert!(says(&[&whole[..header], &[2], &huge[..]].concat()).contains("bytes of more than 100000"));
    for cut in 0..header {
        assert!(matches!(Reader::open(&whole[..cut], &limits), Ok(None)), "{cut}");
    }
}
