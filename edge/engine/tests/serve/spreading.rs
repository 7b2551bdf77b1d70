//! What the kernel spreads over the shards: names, and clients where it takes no BPF program.

use super::*;

/// From now on setsockopt(2) fails with EPERM in this thread where it would attach a BPF program, as
/// on kernels and in sandboxes that know of none.
fn refuse_programs() {
    let op = |code: u32, k: u32, jf: u8| libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let end = libc::BPF_RET | libc::BPF_K;
    // seccomp_data has the number of the system call first, and its third argument at octet 32.
    let option = 32 + if cfg!(target_endian = "big") { 4 } else { 0 };
    let mut program = [
        op(load, 0, 0),
        op(equal, libc::SYS_setsockopt as u32, 3),
        op(load, option, 0),
        op(equal, libc::SO_ATTACH_REUSEPORT_CBPF as u32, 1),
        op(end, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32, 0),
        op(end, libc::SECCOMP_RET_ALLOW, 0),
    ];
    let filter = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the filter is valid during the call, which copies it.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let mode = libc::SECCOMP_MODE_FILTER;
        assert_eq!(
            libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const filter),
            0
        );
    }
}

#[test]
fn names_are_spread_and_there_is_nothing_to_tell() {
    for shards in [1, 2] {
        assert!(start(V4, shards).by_client().is_none());
    }
}

#[test]
fn without_the_program_all_is_answered_and_the_reason_is_told() {
    std::thread::spawn(|| {
        refuse_programs();
        let server = start(V4, 2);
        let reason = server.by_client().map(std::io::Error::kind);
        assert_eq!(reason, Some(std::io::ErrorKind::PermissionDenied));
        for id in 0..32 {
            assert_eq!(ask(&udp(&server), &query(id, "name")), echo(id, "name"));
        }
        // One shard needs no program.
        assert!(start(V4, 1).by_client().is_none());
    })
    .join()
    .unwrap();
}
