//! System calls that the thread of a test can no longer make.

/// The third argument in seccomp_data; the number of the system call comes first.
const THIRD_ARGUMENT: u32 = 32 + if cfg!(target_endian = "big") { 4 } else { 0 };

/// From now on `action` is what this thread, and those that it starts, get for the system call
/// `number`; with a `third` argument only where the call has it.
pub fn forbid(number: libc::c_long, third: Option<libc::c_int>, action: u32) {
    let op = |code: u32, k: u32, jf: u8| libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf,
        k,
    };
    let load = |at| op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at, 0);
    let equal = |value, jf| op(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value, jf);
    let end = |action| op(libc::BPF_RET | libc::BPF_K, action, 0);
    // What is not equal jumps to the last instruction.
    let mut program = match third {
        None => vec![load(0), equal(number as u32, 1)],
        Some(third) => vec![
            load(0),
            equal(number as u32, 3),
            load(THIRD_ARGUMENT),
            equal(third as u32, 1),
        ],
    };
    program.extend([end(action), end(libc::SECCOMP_RET_ALLOW)]);
    let filter = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the filter is valid during the call, which copies it.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let mode = libc::SECCOMP_MODE_FILTER;
        let set = libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const filter);
        assert_eq!(set, 0);
    }
}
