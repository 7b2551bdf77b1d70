//! The addresses of this machine's interfaces.

use super::addresses::ip_of;
use super::calls::cvt;
use std::io;
use std::mem::{size_of, zeroed};
use std::net::IpAddr;
use std::ptr;

/// All that can be bound without naming an interface, in the order of the kernel.
pub fn local_addresses() -> io::Result<Vec<IpAddr>> {
    let mut list: *mut libc::ifaddrs = ptr::null_mut();
    // SAFETY: the list is written to the place that is named, and freed below.
    cvt(unsafe { libc::getifaddrs(&raw mut list) })?;
    let mut found = Vec::new();
    let mut entry = list;
    while !entry.is_null() {
        // SAFETY: it is an entry of the list, which is not freed yet.
        let interface = unsafe { &*entry };
        // SAFETY: an address of an entry is null or whole.
        found.extend(unsafe { address_of(interface.ifa_addr) });
        entry = interface.ifa_next;
    }
    // SAFETY: nothing of the list is used any more.
    unsafe { libc::freeifaddrs(list) };
    Ok(found)
}

/// SAFETY: the pointer is null, or points at a socket address as long as its family says.
unsafe fn address_of(pointer: *const libc::sockaddr) -> Option<IpAddr> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: every socket address begins with its family.
    let family = libc::c_int::from(unsafe { (*pointer).sa_family });
    let size = match family {
        libc::AF_INET => size_of::<libc::sockaddr_in>(),
        libc::AF_INET6 => size_of::<libc::sockaddr_in6>(),
        _ => return None,
    };
    // SAFETY: zero is a value of this C struct, and `size` is at most its own.
    let storage = unsafe {
        let mut storage: libc::sockaddr_in6 = zeroed();
        ptr::copy_nonoverlapping(pointer.cast::<u8>(), (&raw mut storage).cast(), size);
        storage
    };
    let address = ip_of(&storage);
    let is_bound_to_link = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    (!is_bound_to_link).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_a_loopback_and_no_address_of_one_link() {
        let found = local_addresses().unwrap();
        assert!(found.contains(&"127.0.0.1".parse().unwrap()), "{found:?}");
        assert!(
            !found
                .iter()
                .any(|each| each.to_string().starts_with("fe80"))
        );
    }
}
