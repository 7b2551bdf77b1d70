//! Asking the processor for memory that will be read soon.
//!
//! All queries of a batch are known before the first one is answered. The memory that they will
//! read is asked for at the start, so that the processor loads all of it at the same time and not
//! one piece after the other.

/// Octets that the processor loads into its cache at once.
pub const CACHE_LINE: usize = 64;

/// Asks the processor to load the cache line of `place` into its cache, and does not wait for it.
#[inline]
pub fn prefetch<T>(place: &T) {
    let place = (&raw const *place).cast::<i8>();
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program could see; the instruction is in SSE, which
    // every x86-64 processor has.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place);
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above; the instruction is in every AArch64 processor.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) place, options(nostack, readonly, preserves_flags));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = place;
}
