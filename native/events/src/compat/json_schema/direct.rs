//! The comparison of two parts, keyword by keyword.

use super::check::{Check, Difference, Found};
use super::part::{Nodes, Part};
use super::types::Types;
use super::view::View;

impl<'a> Check<'a> {
    /// What differs, without a look at the writer's alternatives one by one.
    pub(super) fn direct(&mut self, old: &Part, new: &Part) -> Vec<Difference> {
        let mut found = Found::default();
        let (old_view, new_view) = (View::of(self.nodes, old), View::of(self.nodes, new));
        if let ([(_, old)], [(_, new)]) = (&old_view.nodes[..], &new_view.nodes[..]) {
            found.notes(&old.notes, &new.notes);
        }
        if old_view.types.is_none() || !found.types(&old_view, &new_view) {
            return found.list;
        }
        found.values(&old_view, &new_view);
        if old_view.types.has(Types::NUMBER) {
            found.numbers(&old_view, &new_view);
        }
        if old_view.types.has(Types::STRING) {
            found.texts(&old_view, &new_view);
        }
        if old_view.types.has(Types::OBJECT) {
            self.objects(old, new, &old_view, &new_view, &mut found);
        }
        if old_view.types.has(Types::ARRAY) {
            self.arrays(old, new, &old_view, &new_view, &mut found);
        }
        self.combined(old, new, &old_view, &new_view, &mut found);
        found.list
    }

    /// The part of one schema.
    pub(super) fn part(&self, of: u32, local: u32) -> Part {
        Part::of(self.nodes, [Nodes::beside(of, local)])
    }
}
