//! Memory in large pages.
//!
//! The processor remembers where some thousand pages of memory are (in its TLB). Pages of 4 KiB
//! make this 10 MB. In more memory than that, a read often has to find its page first, and on a
//! virtual machine that takes longer than the read itself. Linux can join 512 pages into a large
//! one, if it is asked to.

use std::collections::BTreeMap;
use std::ptr;

/// Memory for `len` items, all zero, in large pages if the kernel has them: a slice that is longer
/// than that, and the index at which the items start. The rest is never written, so it takes no
/// memory.
pub fn zeroed<T: Copy + Default>(len: usize) -> (Box<[T]>, usize) {
    let spare = LARGE_PAGE / size_of::<T>();
    let memory: Box<[T]> = vec![T::default(); len + spare].into();
    let octets = memory.as_ptr().addr().wrapping_neg() % LARGE_PAGE;
    let first = octets / size_of::<T>();
    let start = memory[first..].as_ptr().cast_mut().cast();
    let octets = len * size_of::<T>();
    // SAFETY: the advice changes no content. The kernel may ignore it.
    unsafe { libc::madvise(start, octets, libc::MADV_HUGEPAGE) };
    (memory, first)
}

/// Asks the kernel to join the pages of these pieces of memory into large ones, where the pieces
/// fill at least three quarters of a large one; so a quarter is wasted at most. It takes about a
/// millisecond for each large page, and needs Linux 6.1.
pub fn join<'m>(pieces: impl Iterator<Item = &'m [u8]>) {
    let mut filled = BTreeMap::<usize, usize>::new();
    for piece in pieces {
        let (mut start, end) = (piece.as_ptr().addr(), piece.as_ptr().addr() + piece.len());
        while start < end {
            let next = end.min((start / LARGE_PAGE + 1) * LARGE_PAGE);
            *filled.entry(start / LARGE_PAGE).or_default() += next - start;
            start = next;
        }
    }
    for (page, octets) in filled {
        if octets >= LARGE_PAGE / 4 * 3 {
            let start = ptr::without_provenance_mut(page * LARGE_PAGE);
            // SAFETY: the advice changes no content, not even of what else is in the page.
            unsafe { libc::madvise(start, LARGE_PAGE, MADV_COLLAPSE) };
        }
    }
}

/// Octets of a large page on machines whose pages have 4 KiB. On others it has more, and nothing is
/// joined.
const LARGE_PAGE: usize = 2 << 20;
/// From madvise(2); not every C library defines it yet.
const MADV_COLLAPSE: libc::c_int = 25;
