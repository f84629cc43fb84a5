//! The paths of all views of a stream, as one tree that an event is held against while it is told.

use super::text::{Wrong, wrong};
use crate::project::{Path, Step};

/// Steps of all paths together.
const MOST: usize = 1 << 14;

/// The place of a path's value among those that are taken: the number of its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    /// No view wants anything there.
    pub(super) const NONE: Self = Self(u32::MAX);
    pub(super) const ROOT: Self = Self(0);

    pub(super) const fn number(self) -> usize {
        self.0 as usize
    }
}

/// What is wanted of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub(super) enum Wanted {
    /// Nothing; maybe of what is in it.
    #[default]
    Nothing,
    /// What it is, if it is no list and no map: for filters and topics.
    Scalar,
    /// All of it.
    Whole,
}

#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) wanted: Wanted,
    /// In the order of their bytes.
    keys: Vec<(Box<str>, Place)>,
    items: Vec<(usize, Place)>,
}

impl Node {
    /// Whether anything in it is wanted by itself.
    pub(super) fn has_more(&self) -> bool {
        !self.keys.is_empty() || !self.items.is_empty()
    }

    fn find(&self, step: &Step) -> Result<Place, usize> {
        match step {
            Step::Key(key) => {
                self.keys.binary_search_by(|(own, _)| (**own).cmp(key)).map(|at| self.keys[at].1)
            }
            Step::Place(item) => {
                self.items.binary_search_by(|(own, _)| own.cmp(item)).map(|at| self.items[at].1)
            }
        }
    }

    fn children(&self) -> impl Iterator<Item = Place> {
        let items = self.items.iter().map(|(_, place)| *place);
        self.keys.iter().map(|(_, place)| *place).chain(items)
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Paths(Vec<Node>);

impl Default for Paths {
    fn default() -> Self {
        Self(vec![Node::default()])
    }
}

impl Paths {
    /// Has what stands at a path taken.
    pub(super) fn want(&mut self, path: &Path, wanted: Wanted) -> Result<Place, Wrong> {
        let mut place = Place::ROOT;
        for step in path.steps() {
            let new = Place(self.0.len() as u32);
            let node = &mut self.0[place.number()];
            place = match node.find(step) {
                Ok(place) => place,
                Err(_) if new.number() == MOST => {
                    return Err(wrong("the paths of all views have more than 16,384 steps"));
                }
                Err(at) => {
                    match step {
                        Step::Key(key) => node.keys.insert(at, (key.as_str().into(), new)),
                        Step::Place(item) => node.items.insert(at, (*item, new)),
                    }
                    self.0.push(Node::default());
                    new
                }
            };
        }
        self.whole_or(place, wanted);
        Ok(place)
    }

    fn whole_or(&mut self, place: Place, wanted: Wanted) {
        let node = &mut self.0[place.number()];
        if wanted > node.wanted {
            node.wanted = wanted;
        }
    }

    /// `None` at [`Place::NONE`].
    #[inline]
    pub(super) fn node(&self, place: Place) -> Option<&Node> {
        self.0.get(place.number())
    }

    #[inline]
    pub(super) fn of_key(&self, place: Place, key: &[u8]) -> Place {
        let Some(node) = self.node(place) else { return Place::NONE };
        match node.keys.binary_search_by(|(own, _)| own.as_bytes().cmp(key)) {
            Ok(at) => node.keys[at].1,
            Err(_) => Place::NONE,
        }
    }

    #[inline]
    pub(super) fn of_item(&self, place: Place, item: usize) -> Place {
        let Some(node) = self.node(place) else { return Place::NONE };
        match node.items.binary_search_by(|(own, _)| own.cmp(&item)) {
            Ok(at) => node.items[at].1,
            Err(_) => Place::NONE,
        }
    }

    /// A place and all that are under it.
    pub(super) fn under(&self, place: Place, tell: &mut impl FnMut(Place)) {
        tell(place);
        // As deep as a path is long.
        for child in self.node(place).into_iter().flat_map(Node::children) {
            self.under(child, tell);
        }
    }

    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }
}
