//! What is in the buffers, byte for byte.

use outrigger_term::{Reader, Writer};

use super::*;

const PREFIX: &[u8] = b"pre";

fn gather(payloads: &[Bytes]) -> Batch {
    let mut batch = Batch::default();
    payloads.iter().for_each(|payload| batch.push(PREFIX, Payload::new(payload, 0)));
    batch.finish();
    batch
}

/// The term of `count` small integers or of one binary each, as it stands in a message.
fn terms(count: u8) -> Vec<Bytes> {
    (0..count).map(|n| Bytes::from(vec![97, n])).collect()
}

fn binary(size: usize) -> Bytes {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).binary(&vec![7; size]).unwrap();
    bytes.into()
}

/// What follows length and prefix, frame by frame.
fn frames(batch: &Batch) -> Vec<Vec<u8>> {
    let stream = batch.frames().buffers().concat();
    let mut rest = stream.as_slice();
    let mut frames = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (frame, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        frames.push(frame.strip_prefix(PREFIX).unwrap().to_vec());
        rest = after;
    }
    assert!(rest.is_empty(), "frames are whole");
    frames
}

/// The same term, written by a writer of terms.
fn shared(payloads: &[Bytes]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(2);
    writer.atom("$outrigger_batch").unwrap();
    writer.list(u32::try_from(payloads.len()).unwrap());
    payloads.iter().for_each(|payload| writer.raw(payload));
    writer.nil();
    bytes
}

#[test]
fn a_message_that_is_alone_is_as_it_came() {
    let batch = gather(&terms(1));
    assert_eq!(batch.frames().buffers().concat(), b"\0\0\0\x05pre\x61\0");
    assert_eq!(batch.shared, 0);
}

#[test]
fn messages_that_follow_one_another_are_one_term() {
    for count in 2..=MOST as u8 {
        let batch = gather(&terms(count));
        assert_eq!(frames(&batch), [shared(&terms(count))], "{count}");
        assert_eq!((batch.frames().buffers().len(), batch.frames().shared()), (1, 1), "{count}");
    }
}

#[test]
fn a_frame_has_so_many_messages_and_no_more() {
    let payloads = terms(u8::MAX);
    let batch = gather(&payloads[..MOST as usize + 1]);
    let (first, last) = payloads[..=MOST as usize].split_at(MOST as usize);
    assert_eq!(frames(&batch), [shared(first), last[0].to_vec()]);
    let batch = gather(&payloads);
    let (first, second) = payloads.split_at(MOST as usize);
    assert_eq!(frames(&batch), [shared(first), shared(second)]);
}

#[test]
fn a_frame_has_so_many_bytes_and_no_more() {
    for size in [1_000, 5_000, 20_000, LARGE - 6] {
        let payloads = vec![binary(size); 20];
        // The allocator may give more than one block.
        let mut batch = Batch { open: BytesMut::with_capacity(4 * BLOCK), ..Batch::default() };
        for payload in &payloads {
            batch.push(PREFIX, Payload::new(payload, 0));
        }
        batch.finish();
        let frames = frames(&batch);
        assert!(frames.iter().all(|frame| frame.len() + 4 + PREFIX.len() <= BLOCK), "{size}");
        assert!(frames.len() <= payloads.len().div_ceil(BLOCK / (size + 40)) + 1, "{size}: {}", frames.len());
        let elements: Vec<_> = frames.iter().flat_map(|frame| elements(frame)).collect();
        assert_eq!(elements, payloads, "{size}");
    }
}

/// The payloads in a frame, as a reader of terms finds them.
fn elements(term: &[u8]) -> Vec<Vec<u8>> {
    if !term.starts_with(HEAD) {
        return vec![term.to_vec()];
    }
    let mut reader = Reader::new(term);
    assert_eq!(reader.tuple().unwrap(), 2);
    assert!(reader.atom().unwrap().eq_str("$outrigger_batch"));
    let length = reader.list().unwrap();
    let elements = (0..length).map(|_| reader.skip().unwrap().to_vec()).collect();
    reader.list_end(length).unwrap();
    reader.expect_end().unwrap();
    elements
}

#[test]
fn a_large_payload_is_shared_alone_in_its_frame_and_keeps_its_place() {
    let large = binary(LARGE);
    let small = terms(4);
    let all =
        [&small[..2], std::slice::from_ref(&large), &small[2..], &[large.clone(), large.clone()]].concat();
    let batch = gather(&all);
    let large_term = large.to_vec();
    let expected =
        [shared(&small[..2]), large_term.clone(), shared(&small[2..]), large_term.clone(), large_term];
    assert_eq!(frames(&batch), expected);
    let same = batch.frames().buffers().iter().filter(|buffer| buffer.as_ptr() == large.as_ptr());
    assert_eq!(same.count(), 3, "not a copy");
}

#[test]
fn a_block_that_is_full_is_not_moved() {
    let payload = binary(1_000);
    let mut batch = Batch::default();
    let mut count = 0;
    while !batch.is_full() {
        batch.push(PREFIX, Payload::new(&payload, 0));
        count += 1;
    }
    batch.finish();
    let bytes: usize = batch.frames().buffers().iter().map(Bytes::len).sum();
    assert!((FULL..FULL + 1_100).contains(&bytes), "{bytes} bytes");
    assert!(batch.frames().buffers().len() <= 3, "{} buffers", batch.frames().buffers().len());
    let elements: Vec<_> = frames(&batch).iter().flat_map(|frame| elements(frame)).collect();
    assert_eq!(elements, vec![payload; count]);
}

#[test]
fn one_by_one_they_are_what_they_would_be_without_batches() {
    let (large, medium) = (binary(LARGE), binary(20_000));
    let all =
        [&terms(3)[..], std::slice::from_ref(&large), &terms(200), &[medium.clone(), medium], &terms(1)]
            .concat();
    let batch = gather(&all);
    let singles = batch.frames().one_by_one(PREFIX);
    assert_eq!(frames(&singles), all);
    assert_eq!(singles.shared, 0);
    assert!(singles.frames().buffers().iter().any(|buffer| buffer.as_ptr() == large.as_ptr()), "not a copy");
}

#[test]
fn after_a_clear_it_is_as_new() {
    let mut batch = gather(&terms(3));
    batch.clear();
    assert!(batch.frames().buffers().is_empty() && batch.frames().shared() == 0);
    terms(2).iter().for_each(|payload| batch.push(PREFIX, Payload::new(payload, 0)));
    batch.finish();
    assert_eq!(batch.frames().shared(), 1);
    assert_eq!(frames(&batch), [shared(&terms(2))]);
    assert_eq!(frames(&batch.frames().one_by_one(PREFIX)), terms(2));
    // Not finished: nothing of it stays.
    batch.push(PREFIX, Payload::new(&terms(1)[0], 0));
    batch.clear();
    assert!(
        batch.frames().buffers().is_empty()
            && batch.frames().one_by_one(PREFIX).frames().buffers().is_empty()
    );
}

#[test]
fn parts_have_their_own_buffers_and_messages() {
    let payloads = terms(5);
    let mut batch = Batch::default();
    for part in [&payloads[..1], &payloads[1..4], &payloads[4..]] {
        part.iter().for_each(|payload| batch.push(PREFIX, Payload::new(payload, 0)));
        batch.cut();
    }
    let parts: Vec<_> = batch.parts().collect();
    let of = |index: usize| (parts[index].payloads().count(), parts[index].shared());
    assert_eq!([of(0), of(1), of(2)], [(1, 0), (3, 1), (1, 0)]);
    assert_eq!(parts[1].buffers().concat()[7..], shared(&payloads[1..4]));
    assert_eq!(parts[2].payloads().collect::<Vec<_>>(), [&payloads[4][..]]);
    assert_eq!(frames(&parts[1].one_by_one(PREFIX)), payloads[1..4]);
}
