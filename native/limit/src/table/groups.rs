//! The memory of a table: groups of 8 entries on two cache lines next to each other, zero at the start.

use crate::sync::AtomicU128;

/// Entries of a group. Few for loom, which tries all orders of all looks at them.
pub(super) const WIDTH: usize = if cfg!(loom) { 2 } else { 8 };
/// Bytes of a group.
pub(super) const GROUP_BYTES: usize = WIDTH * 16;

#[derive(Debug)]
#[repr(C)]
struct Group([AtomicU128; WIDTH]);

impl Groups {
    /// How many groups there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.all().len()
    }

    /// One entry, if there is such a group.
    #[inline]
    pub(super) fn slot(&self, group: usize, at: usize) -> Option<&AtomicU128> {
        self.all().get(group)?.0.get(at % WIDTH)
    }

    /// The entries of a group: `start` first, then the rest of its cache line, then the other line. None if there is no
    /// such group.
    pub(super) fn from(&self, group: usize, start: usize) -> impl Iterator<Item = &AtomicU128> {
        (0..WIDTH).filter_map(move |at| self.slot(group, start ^ at))
    }
}

#[cfg(not(loom))]
pub(super) use real::Groups;

#[cfg(not(loom))]
#[allow(unsafe_code)] // Memory that the operating system zeroes as it is touched, on the borders of cache lines.
mod real {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::ptr::NonNull;

    use super::{GROUP_BYTES, Group};

    /// More than the alignment of `malloc` makes the allocator zero by hand, that is touch, everything.
    const ALIGN: usize = 16;
    const _: () = assert!(size_of::<Group>() == GROUP_BYTES && align_of::<Group>() == ALIGN);

    /// Owns `layout` bytes at `memory`, and in them `count` groups at `groups`.
    #[derive(Debug)]
    pub(in crate::table) struct Groups {
        memory: NonNull<u8>,
        layout: Layout,
        groups: NonNull<Group>,
        count: usize,
    }

    // SAFETY: the memory is owned by this value alone and holds atomics only.
    unsafe impl Send for Groups {}
    // SAFETY: as above; all access to it is by shared references to atomics.
    unsafe impl Sync for Groups {}

    impl Groups {
        /// `None` if there is no memory.
        pub(in crate::table) fn new(count: usize) -> Option<Self> {
            let bytes = count.checked_mul(GROUP_BYTES)?.checked_add(GROUP_BYTES - ALIGN)?;
            let layout = Layout::from_size_align(bytes, ALIGN).ok()?;
            // SAFETY: the layout is not empty, `GROUP_BYTES` is more than `ALIGN`.
            let memory = NonNull::new(unsafe { alloc_zeroed(layout) })?;
            let offset = memory.align_offset(GROUP_BYTES);
            if offset > GROUP_BYTES - ALIGN {
                // Only an allocator that breaks its word on alignment comes here.
                // SAFETY: allocated above with this layout, and not used.
                unsafe { dealloc(memory.as_ptr(), layout) };
                return None;
            }
            ask_for_large_pages(memory, layout.size());
            // SAFETY: `offset` is at most what was added to the bytes of all groups, so this is within the allocation.
            let groups = unsafe { memory.add(offset) }.cast();
            Some(Self { memory, layout, groups, count })
        }

        #[inline]
        pub(super) const fn all(&self) -> &[Group] {
            // SAFETY: `count` groups lie at `groups`, aligned, owned by `self`, and zeroed: a zero is a valid
            // `AtomicU128`, which is a `u128` in memory. Nobody has a unique reference to them.
            unsafe { std::slice::from_raw_parts(self.groups.as_ptr(), self.count) }
        }
    }

    /// Tables of more than this are asked for in pages of 2 MiB: with small ones, most hits of a million keys wait for the
    /// address of a page, too. Smaller tables are many, and most of them nearly empty: they grow by small pages.
    #[cfg(all(target_os = "linux", not(miri)))]
    const LARGE: usize = 16 << 20;

    /// A wish. The system may have no such pages, or none now.
    #[cfg(all(target_os = "linux", not(miri)))]
    fn ask_for_large_pages(memory: NonNull<u8>, bytes: usize) {
        // Where pages are larger the system may refuse an address within one. Then nothing is lost but the wish.
        const PAGE: usize = 4096;
        let before = memory.align_offset(PAGE);
        if bytes > LARGE && before < bytes {
            // SAFETY: the address is within the allocation, and the length does not go beyond it. The advice changes
            // nothing of what is in memory.
            unsafe {
                let start = memory.add(before).as_ptr().cast();
                libc::madvise(start, bytes - before, libc::MADV_HUGEPAGE);
            }
        }
    }

    #[cfg(not(all(target_os = "linux", not(miri))))]
    const fn ask_for_large_pages(_: NonNull<u8>, _: usize) {}

    impl Drop for Groups {
        fn drop(&mut self) {
            // SAFETY: allocated in `new` with this layout; atomics need no drop.
            unsafe { dealloc(self.memory.as_ptr(), self.layout) };
        }
    }
}

#[cfg(loom)]
#[derive(Debug)]
pub(super) struct Groups(Box<[Group]>);

#[cfg(loom)]
impl Groups {
    pub(super) fn new(count: usize) -> Option<Self> {
        Some(Self((0..count).map(|_| Group(std::array::from_fn(|_| AtomicU128::new(0)))).collect()))
    }

    fn all(&self) -> &[Group] {
        &self.0
    }
}
