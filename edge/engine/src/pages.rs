//! Memory in large pages.
//!
//! The processor keeps the addresses of some thousand pages at hand. With pages of 4 KiB that is
//! 10 MB, and each look-up in a larger memory first looks for the page, which on a virtual machine
//! takes longer than to read from it. Linux joins 512 pages into a large one where it is asked to.

/// Asks for large pages under memory that was not written yet. It is a wish: without them everything
/// works, but slower.
pub fn prefer_large<T>(memory: &mut [T]) {
    let start = memory.as_mut_ptr().addr();
    let end = start + size_of_val(memory);
    let first = start.next_multiple_of(PAGE);
    let last = end - end % PAGE;
    if first < last {
        let first = memory.as_mut_ptr().wrapping_byte_add(first - start);
        // SAFETY: the advice changes no content, and the pages are all of this memory.
        unsafe { libc::madvise(first.cast(), last - first.addr(), libc::MADV_HUGEPAGE) };
    }
}

/// The smallest page that there is; the kernel rounds inwards to its own.
const PAGE: usize = 4096;
