//! Lists of address prefixes, such as 192.0.2.0/24 and 2001:db8::/32.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    network: IpAddr,
    length: u8,
}

impl Prefix {
    /// The prefix of this many bits that an address is in.
    pub fn of(address: IpAddr, length: u8) -> Prefix {
        let network = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
                Ipv4Addr::from(u32::from(address) & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
                Ipv6Addr::from(u128::from(address) & mask).into()
            }
        };
        Prefix { network, length }
    }

    /// Whether an address is in it; an IPv4 address is never in an IPv6 prefix.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.network.is_ipv4() && Prefix::of(address, self.length) == *self
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Prefix, String> {
        let parse = || {
            let (address, length) = text.split_once('/')?;
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let length = length.parse().ok().filter(|length| *length <= most)?;
            Some(Prefix::of(address, length)).filter(|prefix| prefix.network == address)
        };
        parse().ok_or_else(|| {
            format!("{text}: write a prefix without further bits, such as 192.0.2.0/24")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_the_addresses_that_share_its_bits() {
        for (prefix, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.128/25", "192.0.2.128", "192.0.2.127"),
            ("192.0.2.1/32", "192.0.2.1", "192.0.2.0"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("2001:db8::/56", "2001:db8:0:ff::", "2001:db8:0:100::"),
            ("::1/128", "::1", "::2"),
            ("::/0", "ffff::", "0.0.0.0"),
        ] {
            let prefix: Prefix = prefix.parse().unwrap();
            assert!(prefix.contains(inside.parse().unwrap()), "{prefix:?}");
            assert!(!prefix.contains(outside.parse().unwrap()), "{prefix:?}");
        }
    }

    #[test]
    fn what_is_no_prefix_is_told() {
        for text in [
            "",
            "192.0.2.0",
            "192.0.2.0/",
            "192.0.2.0/33",
            "192.0.2.1/24",
            "::/129",
            "::1/0",
            "a/8",
            "192.0.2.0/-1",
            "192.0.2.0/24/24",
        ] {
            let error = text.parse::<Prefix>().unwrap_err();
            assert_eq!(
                error,
                format!("{text}: write a prefix without further bits, such as 192.0.2.0/24")
            );
        }
    }
}
