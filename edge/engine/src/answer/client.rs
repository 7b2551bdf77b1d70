//! Who asks.

use std::net::IpAddr;

/// What carried the query: it decides how large a reply may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram each way.
    Udp,
    /// A stream.
    Tcp,
}

/// Who asks, and how the reply gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The source of the query; IPv4 is never written as an IPv4-mapped IPv6 address.
    pub address: IpAddr,
    /// What carried the query.
    pub transport: Transport,
}

impl Client {
    /// A client; an IPv4-mapped address (RFC 4291 section 2.5.5.2) is the IPv4 address in it.
    pub fn new(address: IpAddr, transport: Transport) -> Client {
        Client {
            address: address.to_canonical(),
            transport,
        }
    }
}
