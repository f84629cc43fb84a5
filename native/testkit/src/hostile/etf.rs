//! Terms and frames as bytes, one function per encoding. Nothing is checked: what is wrong was meant.

/// `SMALL_ATOM_UTF8_EXT`, or `ATOM_UTF8_EXT` above 255 bytes.
#[must_use]
pub fn atom(name: &str) -> Vec<u8> {
    let mut out = match u8::try_from(name.len()) {
        Ok(len) => vec![119, len],
        Err(_) => [&[118][..], &u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes()].concat(),
    };
    out.extend_from_slice(name.as_bytes());
    out
}

/// `SMALL_INTEGER_EXT` or `INTEGER_EXT`.
#[must_use]
pub fn int(value: i32) -> Vec<u8> {
    match u8::try_from(value) {
        Ok(small) => vec![97, small],
        Err(_) => [&[98][..], &value.to_be_bytes()].concat(),
    }
}

/// `SMALL_TUPLE_EXT` or `LARGE_TUPLE_EXT`.
#[must_use]
pub fn tuple(elements: &[Vec<u8>]) -> Vec<u8> {
    let head = match u8::try_from(elements.len()) {
        Ok(arity) => vec![104, arity],
        Err(_) => [&[105][..], &u32::try_from(elements.len()).unwrap_or(u32::MAX).to_be_bytes()].concat(),
    };
    [head, elements.concat()].concat()
}

/// A proper list: `LIST_EXT` and `NIL_EXT`.
#[must_use]
pub fn list(elements: &[Vec<u8>]) -> Vec<u8> {
    if elements.is_empty() {
        return vec![106];
    }
    let head = [&[108][..], &u32::try_from(elements.len()).unwrap_or(u32::MAX).to_be_bytes()].concat();
    [head, elements.concat(), vec![106]].concat()
}

/// `BINARY_EXT`.
#[must_use]
pub fn binary(bytes: &[u8]) -> Vec<u8> {
    [&[109][..], &u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes(), bytes].concat()
}

/// `NEW_PID_EXT`.
#[must_use]
pub fn pid(node: &str, id: u32, serial: u32, creation: u32) -> Vec<u8> {
    let words = [id, serial, creation].map(u32::to_be_bytes).concat();
    [vec![88], atom(node), words].concat()
}

/// `NEWER_REFERENCE_EXT`.
#[must_use]
pub fn reference(node: &str, creation: u32, ids: &[u32]) -> Vec<u8> {
    let len = u16::try_from(ids.len()).unwrap_or(u16::MAX).to_be_bytes();
    let ids: Vec<u8> = ids.iter().flat_map(|id| id.to_be_bytes()).collect();
    [vec![90], len.to_vec(), atom(node), creation.to_be_bytes().to_vec(), ids].concat()
}

/// Lists nested `depth` deep: `[[[...[]...]]]`.
#[must_use]
pub fn nested(depth: usize) -> Vec<u8> {
    [[108, 0, 0, 0, 1].repeat(depth), vec![106; depth + 1]].concat()
}

/// A message's bytes in pass-through framing, without the four bytes of length: 112, the control term and, unless
/// `payload` is empty, the payload term.
#[must_use]
pub fn message(control: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = [&[112, 131][..], control].concat();
    if !payload.is_empty() {
        out.push(131);
        out.extend_from_slice(payload);
    }
    out
}

/// `{6, From, '', Name}` and a payload: a message to a registered name.
#[must_use]
pub fn reg_send(from: &[u8], name: &str, payload: &[u8]) -> Vec<u8> {
    message(&tuple(&[int(6), from.to_vec(), atom(""), atom(name)]), payload)
}

/// `{2, '', To}` and a payload: a message to a pid.
#[must_use]
pub fn send(to: &[u8], payload: &[u8]) -> Vec<u8> {
    message(&tuple(&[int(2), atom(""), to.to_vec()]), payload)
}

/// Whether `bytes` contain `part`.
#[must_use]
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    position(bytes, part).is_some()
}

/// The payload of a frame as a node of the product sends it to a registered name: what follows the control
/// tuple's last atom and the 131. Empty when there is none.
#[must_use]
pub fn payload_of(frame: &[u8]) -> &[u8] {
    // 112, 131, {6, From, Cookie, Name}: three elements to step over.
    let mut at = 2 + 2 + 2;
    for _ in 0..3 {
        at += match frame.get(at..) {
            Some([119, len, ..]) => 2 + usize::from(*len),
            Some([118 | 100, high, low, ..]) => 3 + usize::from(u16::from_be_bytes([*high, *low])),
            Some([88, 119, len, ..]) => 3 + usize::from(*len) + 12,
            Some([88, 118 | 100, high, low, ..]) => 4 + usize::from(u16::from_be_bytes([*high, *low])) + 12,
            _ => return &[],
        };
    }
    frame.get(at + 1..).unwrap_or_default()
}

/// Every pid of `node` in `bytes`, in order.
#[must_use]
pub fn pids_in(bytes: &[u8], node: &str) -> Vec<Vec<u8>> {
    let head = [vec![88], atom(node)].concat();
    let mut pids = Vec::new();
    let mut rest = bytes;
    while let Some(at) = position(rest, &head) {
        let end = at + head.len() + 12;
        pids.extend(rest.get(at..end).map(<[u8]>::to_vec));
        rest = rest.get(end..).unwrap_or_default();
    }
    pids
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_found_behind_its_control_tuple() {
        let from = pid("a@b", 1, 2, 3);
        let frame = reg_send(&from, "name", &tuple(&[int(300), from.clone()]));
        assert_eq!(payload_of(&frame), tuple(&[int(300), from.clone()]));
        assert_eq!(pids_in(payload_of(&frame), "a@b"), [from]);
    }

    #[test]
    fn encodings_are_those_of_the_format() {
        assert_eq!(list(&[int(-1)]), [108, 0, 0, 0, 1, 98, 255, 255, 255, 255, 106]);
        assert_eq!(nested(2), [108, 0, 0, 0, 1, 108, 0, 0, 0, 1, 106, 106, 106]);
        assert_eq!(binary(b"x"), [109, 0, 0, 0, 1, b'x']);
    }
}
