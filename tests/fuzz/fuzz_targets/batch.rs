//! What a publisher sends as one message and means as several.
//!
//! - Reading it takes no more memory than the places of as many messages as one may have.
//! - What is found are whole terms, one behind the other, in a payload that is a term itself.
//! - Written anew, what was found is found again, and nothing else.
//!
//! `split` is the file of the binary: it knows terms and nothing of its service, and so needs no door for this.
#![no_main]

use std::mem::size_of;
use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::within;
use outrigger_term::{Reader, Writer};

#[path = "../../../native/cli/src/service/pubsub/split.rs"]
mod split;

fuzz_target!(|payload: &[u8]| {
    let mut places = Vec::new();
    // A vector doubles, and has both while it moves.
    let most = 3 * split::MOST as usize * size_of::<Range<usize>>();
    let Ok(Some(left_out)) = within(most, || split::messages(payload, &mut places)) else { return };
    assert!(places.len() as u64 + left_out <= u64::from(split::MOST));
    assert_eq!(Reader::new(payload).skip(), Ok(payload));

    let mut end = 0;
    for place in &places {
        assert!(place.start >= end, "one behind the other");
        end = place.end;
        let message = &payload[place.clone()];
        assert_eq!(Reader::new(message).skip(), Ok(message));
    }

    let mut anew = Vec::new();
    let mut writer = Writer::new(&mut anew);
    writer.tuple(2);
    writer.atom("$outrigger_batch").unwrap();
    writer.list(u32::try_from(places.len()).unwrap());
    places.iter().for_each(|place| writer.raw(&payload[place.clone()]));
    if !places.is_empty() {
        writer.nil();
    }
    let mut again = Vec::new();
    assert!(matches!(split::messages(&anew, &mut again), Ok(Some(0))));
    assert!(
        again.iter().map(|place| &anew[place.clone()]).eq(places.iter().map(|place| &payload[place.clone()]))
    );
});
