//! Many documents in one list, a portion at a time.

use super::plan::Plan;
use super::walk::{Passed, RowSink};
use crate::Error;
use crate::json::{Cursor, Fault, Kind, Options, Problem};

/// How far a list has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Elements that were read.
    pub element: usize,
    /// Offset behind the last of them; the next call begins there.
    pub at: usize,
    /// Whether the list is at its end.
    pub done: bool,
}

/// What is told for each element of a list.
pub trait BatchSink: RowSink {
    /// The fields of this element are told.
    fn row(&mut self);
    /// The element does not pass the filters: fields of it that were told are to be dropped.
    fn filtered(&mut self);
    /// The element is JSON, and a field of it is not of its type. What was told of it is to be dropped.
    ///
    /// A sink that is full after any of these three has not taken the element.
    fn refused(&mut self, element: usize, error: Error);
}

impl Plan {
    /// Tells rows of the elements of one list, beginning where the last call ended, until some `bytes` are read or the sink is [full](crate::Sink::full).
    ///
    /// The whole list is read by calls until [`Progress::done`]. Only the first, from `None`, checks that it is UTF-8. A call that comes no
    /// further has met an element that is more than twice `bytes` or fills the sink, or something wrong in a list of more than that: it has to
    /// be made again with more of both. What it was told of that element counts for nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::row`] when the list itself cannot be read. Rows told before are right, of documents that are so far.
    pub fn rows<S: BatchSink>(
        &self,
        list: &[u8],
        from: Option<Progress>,
        bytes: usize,
        options: &Options,
        sink: &mut S,
    ) -> Result<Progress, Error> {
        self.portion(list, from, bytes, options, sink).map_err(|fault| fault.into_error(list))
    }

    fn portion<S: BatchSink>(
        &self,
        list: &[u8],
        from: Option<Progress>,
        bytes: usize,
        options: &Options,
        sink: &mut S,
    ) -> Result<Progress, Fault> {
        let (cursor, mut element) = match from {
            None => {
                let mut cursor = Cursor::new(list, *options)?;
                if cursor.kind() != Kind::List {
                    return Err(cursor.fault(Problem::Type("a list of documents has to stand here")));
                }
                if !cursor.enter(0)? {
                    cursor.end()?;
                    return Ok(Progress { element: 0, at: cursor.at(), done: true });
                }
                (cursor, 0)
            }
            Some(progress) => (Cursor::unchecked_at(list, progress.at, *options), progress.element),
        };
        let begin = cursor.at();
        let end = begin.saturating_add(bytes.saturating_mul(2)).min(list.len());
        let mut cursor = Cursor::unchecked_at(&list[..end], begin, *options);
        loop {
            let start = cursor.at();
            let so_far = Progress { element, at: start, done: false };
            let read = self.element(&mut cursor, element, list, sink);
            if sink.full() {
                return Ok(so_far);
            }
            let more = match read {
                // What is wrong may be the end that is none; and to say where in a long list it is takes as long as reading all of it.
                Err(_) if bytes.saturating_mul(2) < list.len() => return Ok(so_far),
                read => read?,
            };
            element += 1;
            if !more {
                Cursor::unchecked_at(list, cursor.at(), *options).end()?;
            }
            if !more || cursor.at() - begin >= bytes {
                return Ok(Progress { element, at: cursor.at(), done: !more });
            }
        }
    }

    /// One element, and whether another one follows.
    fn element<S: BatchSink>(
        &self,
        cursor: &mut Cursor<'_>,
        element: usize,
        list: &[u8],
        sink: &mut S,
    ) -> Result<bool, Fault> {
        let start = cursor.at();
        let passed = match self.next(cursor, 1, sink) {
            Ok(passed) => Ok(passed),
            Err(fault @ Fault { problem: Problem::Type(_), .. }) => {
                // The document itself may be right: then the next one can be read.
                cursor.back(start);
                cursor.skip(1)?;
                Err(fault)
            }
            Err(fault) => return Err(fault),
        };
        // Nothing is said of an element before it is known to end here.
        let more = cursor.next_element()?;
        match passed {
            Ok(Passed::Row) => sink.row(),
            Ok(Passed::Filtered) => sink.filtered(),
            Err(fault) => sink.refused(element, fault.into_error_of_element(list, start, element)),
        }
        Ok(more)
    }
}
