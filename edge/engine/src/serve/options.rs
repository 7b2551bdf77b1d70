//! What an operator decides about the sockets and their clients.

use super::prefixes::Prefix;
use std::net::{IpAddr, SocketAddr};

/// How a server serves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that answer.
    pub shards: usize,
    /// Replies a second to one network about one subject; 0: no limit.
    pub responses_per_second: u32,
    /// Clients that are not limited: trusted ones, and addresses that stand for many clients, such
    /// as that of a NAT.
    pub exempt: Vec<Prefix>,
    /// Proxies that tell who asks by a PROXY header: they must send one, and nobody else may.
    pub proxies: Vec<Prefix>,
    /// Addresses at which a server before this one answers yet, and leaves to it: they are shared
    /// with it until it is gone (see `handover`).
    pub joins: Vec<SocketAddr>,
    /// Sockets on each address at least, of each kind. What a server has that is joined: it hands
    /// over to no fewer than it has itself.
    pub sockets: usize,
}

impl Options {
    /// The default of NSD too; the head of `rate_limits` says why.
    pub const DEFAULT_RESPONSES_PER_SECOND: u32 = 200;

    /// The defaults with this number of shards.
    pub fn with_shards(shards: usize) -> Options {
        Options {
            shards,
            responses_per_second: Self::DEFAULT_RESPONSES_PER_SECOND,
            exempt: Vec::new(),
            proxies: Vec::new(),
            joins: Vec::new(),
            sockets: 0,
        }
    }

    /// Sockets on each address, of each kind: every shard has one, some have more where a server
    /// before this one had more.
    pub fn sockets(&self) -> usize {
        self.sockets.max(self.shards)
    }

    /// Whether a client is not limited. Loopback addresses are not: no network delivers packets
    /// from them, so they are not forged. Nor is a proxy, before its header has told the client.
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        let mut prefixes = self.exempt.iter().chain(&self.proxies);
        address.is_loopback() || prefixes.any(|prefix| prefix.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_clients_are_exempt() {
        let mut options = Options::with_shards(1);
        options.exempt = ["198.51.100.0/25", "2001:db8::/32"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        options.proxies = vec!["203.0.113.1/32".parse().unwrap()];
        for (client, exempt) in [
            ("127.0.0.1", true),
            ("127.255.0.9", true),
            ("::1", true),
            ("198.51.100.127", true),
            ("2001:db8:1::", true),
            ("203.0.113.1", true),
            ("203.0.113.2", false),
            ("198.51.100.128", false),
            ("2001:db9::", false),
        ] {
            assert_eq!(
                options.is_exempt(client.parse().unwrap()),
                exempt,
                "{client}"
            );
        }
    }
}
