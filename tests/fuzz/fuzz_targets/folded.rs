//! A file of folded stacks, as `outrigger profile --compare` reads it.
//!
//! - What is read is written and read again as the same.
//! - It can be drawn, beside an empty profile too, and the picture holds no markup of the file's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_watch::flame::{Changes, Folded, Svg};

fuzz_target!(|input: &[u8]| {
    let Ok(folded) = Folded::parse(input) else { return };
    assert_eq!(Folded::parse(folded.to_string().as_bytes()).as_ref(), Ok(&folded));
    assert!(folded.functions().iter().all(|spent| spent.own <= spent.total && spent.total <= folded.total()));
    if folded.total() == 0 || folded.len() > 100 {
        return;
    }
    let empty = Folded::new();
    let svg = Svg::new("fuzz").render(&folded).expect("what is read can be drawn");
    let changes =
        Svg::new("fuzz").render_changes(Changes::new(&empty, &folded)).expect("against nothing too");
    for picture in [svg, changes] {
        assert_eq!(picture.matches("<script").count(), 1, "that of the renderer");
    }
});
