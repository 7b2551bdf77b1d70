//! What the kernel spreads over the shards: names, and clients where it takes no BPF program.

use super::*;

#[test]
fn names_are_spread_and_there_is_nothing_to_tell() {
    for shards in [1, 2] {
        assert!(start(V4, shards).steering_error().is_none());
    }
}

#[test]
fn without_the_program_all_is_answered_and_the_reason_is_told() {
    std::thread::spawn(|| {
        // As on kernels and in sandboxes that know of no such program.
        let refused = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        let option = libc::SO_ATTACH_REUSEPORT_CBPF;
        seccomp::forbid(libc::SYS_setsockopt, Some(option), refused);
        let server = start(V4, 2);
        let reason = server.steering_error().map(std::io::Error::kind);
        assert_eq!(reason, Some(std::io::ErrorKind::PermissionDenied));
        for id in 0..32 {
            assert_eq!(ask(&udp(&server), &query(id, "name")), echo(id, "name"));
        }
        // One shard needs no program.
        assert!(start(V4, 1).steering_error().is_none());
    })
    .join()
    .unwrap();
}
