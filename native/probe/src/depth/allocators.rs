//! What the virtual machine's allocators hold of the system's memory (carriers), and what of it is in use (blocks).

use serde::Deserialize;

use crate::Figure;

/// An allocator, its carriers and its blocks in bytes, of all its instances together.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Allocator(String, u64, u64);

/// There are a dozen.
const MOST: usize = 32;
const NAME: usize = 32;

pub(super) fn figures(allocators: &[Allocator]) -> Vec<Figure> {
    let known = allocators.iter().filter(|Allocator(name, ..)| name.len() <= NAME).take(MOST);
    let figure = |metric, name: &str, bytes: u64| Figure::labelled(metric, "allocator", name, bytes as f64);
    known
        .flat_map(|Allocator(name, carriers, blocks)| {
            [figure("memory.carriers", name, *carriers), figure("memory.blocks", name, *blocks)]
        })
        .collect()
}
