//! Memory that will be read soon.
//!
//! A batch of queries is known before the first of them is answered. What each will read is asked
//! for at the start, so that the processor waits for all of it at once and not for one after another.

/// Octets that the processor brings near at once.
pub const CACHE_LINE: usize = 64;

/// Asks the processor to bring the cache line of `place` near; it goes on at once.
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
