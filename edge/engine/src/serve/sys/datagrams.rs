//! Many datagrams in one system call.

use super::calls::cvt;
use std::io;
use std::net::Ipv6Addr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::null_mut;

/// Take datagrams that wait, one for each header at most; how many. It does not wait for any.
///
/// # Safety
/// Every header points at memory that may be written, with its length.
#[inline]
pub unsafe fn receive(socket: BorrowedFd, headers: &mut [libc::mmsghdr]) -> io::Result<usize> {
    let count = headers.len() as libc::c_uint;
    // SAFETY: as the caller promises.
    let received = cvt(unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            libc::MSG_DONTWAIT,
            null_mut(),
        )
    })?;
    Ok(received as usize)
}

/// Send one datagram for each header, until one is not taken; how many were, at least one. It does
/// not wait for room.
///
/// # Safety
/// Every header points at memory that is valid, with its length.
#[inline]
pub unsafe fn send(socket: BorrowedFd, headers: &mut [libc::mmsghdr]) -> io::Result<usize> {
    let count = headers.len() as libc::c_uint;
    // SAFETY: as the caller promises.
    let sent = cvt(unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            libc::MSG_DONTWAIT,
        )
    })?;
    Ok(sent as usize)
}

/// Clear the interface in the control data, so that routing decides where the reply leaves. A
/// link-local address keeps it, as it has no meaning without.
///
/// # Safety
/// The kernel wrote the control messages that `msg_controllen` covers.
#[inline]
pub unsafe fn forget_interface(header: &mut libc::msghdr) {
    // SAFETY: as the caller promises.
    unsafe {
        let control = libc::CMSG_FIRSTHDR(header);
        if control.is_null() {
            return;
        }
        match ((*control).cmsg_level, (*control).cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                let info = libc::CMSG_DATA(control).cast::<libc::in_pktinfo>();
                (*info).ipi_ifindex = 0;
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                let info = libc::CMSG_DATA(control).cast::<libc::in6_pktinfo>();
                let address = Ipv6Addr::from((*info).ipi6_addr.s6_addr);
                if !address.is_unicast_link_local() {
                    (*info).ipi6_ifindex = 0;
                }
            }
            _ => (),
        }
    }
}
