//! Distribution headers, written and read slowly and by the guide alone: what tests hold our own code against.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, reason = "support of tests")]

/// A reference of a header: its place in the table of 2,048, and the text if the place is to be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub place: u16,
    pub text: Option<Vec<u8>>,
}

pub fn new(place: u16, text: &str) -> Entry {
    Entry { place, text: Some(text.as_bytes().to_vec()) }
}

pub fn old(place: u16) -> Entry {
    Entry { place, text: None }
}

/// From the number of references to the last of them.
pub fn write(entries: &[Entry], long: bool) -> Vec<u8> {
    if entries.is_empty() {
        return vec![0];
    }
    let mut halves: Vec<u8> = Vec::new();
    for entry in entries {
        let is_new = if entry.text.is_some() { 0b1000 } else { 0 };
        halves.push(is_new + u8::try_from(entry.place >> 8).unwrap());
    }
    halves.push(u8::from(long));
    if halves.len() % 2 == 1 {
        halves.push(0);
    }
    let mut out = vec![u8::try_from(entries.len()).unwrap()];
    for pair in halves.chunks(2) {
        out.push(pair[0] + 16 * pair[1]);
    }
    for entry in entries {
        out.push((entry.place & 0xff) as u8);
        if let Some(text) = &entry.text {
            let len = u16::try_from(text.len()).unwrap();
            if long {
                out.push((len >> 8) as u8);
            } else {
                assert!(len < 256, "such a text wants long atoms");
            }
            out.push((len & 0xff) as u8);
            out.extend(text);
        }
    }
    out
}

/// The references of a header, and what is behind it.
pub fn read(bytes: &[u8]) -> (Vec<Entry>, &[u8]) {
    let count = usize::from(bytes[0]);
    if count == 0 {
        return (Vec::new(), &bytes[1..]);
    }
    let halves: Vec<u8> =
        bytes[1..2 + count / 2].iter().flat_map(|byte| [byte & 15, byte >> 4]).take(count + 1).collect();
    let long = halves[count] & 1 == 1;
    let mut at = 2 + count / 2;
    let mut take = |many: usize| {
        at += many;
        &bytes[at - many..at]
    };
    let mut entries = Vec::new();
    for half in &halves[..count] {
        let place = u16::from(take(1)[0]) + 256 * u16::from(half & 7);
        let text = (half & 8 != 0).then(|| {
            let len =
                take(if long { 2 } else { 1 }).iter().fold(0, |len, byte| len * 256 + usize::from(*byte));
            take(len).to_vec()
        });
        entries.push(Entry { place, text });
    }
    (entries, &bytes[at..])
}
