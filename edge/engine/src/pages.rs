//! Memory in large pages.
//!
//! The processor keeps the addresses of some thousand pages at hand. With pages of 4 KiB that is
//! 10 MB, and each look-up in a larger memory first looks for the page, which on a virtual machine
//! takes longer than to read from it. Linux joins 512 pages into a large one where it is asked to.

use std::collections::BTreeMap;
use std::ptr;

/// Zeros, and where among them `len` items start that are in large pages, where the kernel has them.
/// What lies outside is never written, so it takes no memory.
pub fn zeroed<T: Copy + Default>(len: usize) -> (Box<[T]>, usize) {
    let spare = LARGE_PAGE / size_of::<T>();
    let memory: Box<[T]> = vec![T::default(); len + spare].into();
    let octets = memory.as_ptr().addr().wrapping_neg() % LARGE_PAGE;
    let first = octets / size_of::<T>();
    let start = memory[first..].as_ptr().cast_mut().cast();
    let octets = len * size_of::<T>();
    // SAFETY: the advice changes no content. It is a wish, and may be refused.
    unsafe { libc::madvise(start, octets, libc::MADV_HUGEPAGE) };
    (memory, first)
}

/// Asks for large pages in the place of the small ones that these pieces of memory fill, as far as they
/// fill them: three quarters at least, so that what lies between costs no more than that. It takes
/// about a millisecond for each page, and needs Linux 6.1.
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
            // SAFETY: the advice changes no content, whoever the rest of the page belongs to.
            unsafe { libc::madvise(start, LARGE_PAGE, MADV_COLLAPSE) };
        }
    }
}

/// A large page, where pages have 4 KiB. Where they have more it is larger, and nothing is joined.
const LARGE_PAGE: usize = 2 << 20;
/// madvise(2); not every C library has it yet.
const MADV_COLLAPSE: libc::c_int = 25;
