//! Socket addresses as the kernel has them.

use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// An address for the kernel, and its length.
pub(super) fn to_sockaddr(address: SocketAddr) -> (libc::sockaddr_in6, libc::socklen_t) {
    // SAFETY: all-zero octets are a valid sockaddr.
    let mut storage: libc::sockaddr_in6 = unsafe { std::mem::zeroed() };
    match address {
        SocketAddr::V4(v4) => {
            let short = (&raw mut storage).cast::<libc::sockaddr_in>();
            // SAFETY: sockaddr_in is smaller than sockaddr_in6 and needs no stricter alignment.
            unsafe {
                (*short).sin_family = libc::AF_INET as libc::sa_family_t;
                (*short).sin_port = v4.port().to_be();
                (*short).sin_addr.s_addr = u32::from(*v4.ip()).to_be();
            }
            (storage, size_of::<libc::sockaddr_in>() as libc::socklen_t)
        }
        SocketAddr::V6(v6) => {
            storage.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            storage.sin6_port = v6.port().to_be();
            storage.sin6_addr.s6_addr = v6.ip().octets();
            storage.sin6_flowinfo = v6.flowinfo();
            storage.sin6_scope_id = v6.scope_id();
            (storage, size_of::<libc::sockaddr_in6>() as libc::socklen_t)
        }
    }
}

/// The IP address in what the kernel wrote as a peer of a socket of `bind`.
pub fn ip_of(storage: &libc::sockaddr_in6) -> IpAddr {
    if libc::c_int::from(storage.sin6_family) == libc::AF_INET {
        let short = (&raw const *storage).cast::<libc::sockaddr_in>();
        // SAFETY: the family says which it is; it is smaller and needs no stricter alignment.
        let address = unsafe { (*short).sin_addr };
        return Ipv4Addr::from(u32::from_be(address.s_addr)).into();
    }
    Ipv6Addr::from(storage.sin6_addr.s6_addr).into()
}
