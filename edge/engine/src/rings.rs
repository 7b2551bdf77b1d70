//! Which shard owns a name: one function that Python, Rust and the kernel all compute alike.
//!
//! `lib/dnsfleet/rings.py` tells how it works and why; `serve/bpf.rs` is the same function as a
//! classic BPF program. `tests/golden/rings.json` holds all of them to the same values.

/// Shards one engine may have: the program for 64 takes 20,120 octets in the kernel, and before
/// Linux 6.7 it may have 20,480 (`net.core.optmem_max`).
pub const MAX_SHARDS: usize = 64;

/// Octets of a name that are hashed: most names are shorter, and a BPF program has no loops.
pub const NAME_OCTETS: usize = 64;

/// Where FNV-1a starts.
pub(crate) const FNV_OFFSET: u32 = 0x811C_9DC5;
/// What FNV-1a multiplies by after each octet.
pub(crate) const FNV_PRIME: u32 = 0x0100_0193;
/// The steps of `mix`: (bits to shift right, what to multiply by after that).
pub(crate) const MIX: [(u32, u32); 3] = [(16, 0x85EB_CA6B), (13, 0xC2B2_AE35), (16, 1)];

const GOLDEN_RATIO: u32 = 0x9E37_79B9;

/// The 32-bit hash of an uncompressed wire name; what follows its root label is ignored.
pub fn name_hash(qname_wire: &[u8]) -> u32 {
    qname_wire
        .iter()
        .take(NAME_OCTETS)
        .take_while(|octet| **octet != 0)
        .fold(FNV_OFFSET, |hash, octet| {
            (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(FNV_PRIME)
        })
}

/// The shard, 0 to `shards` - 1, that gets UDP queries for this wire name.
///
/// # Panics
/// Where `shards` is 0.
pub fn owner(name: &[u8], shards: usize) -> usize {
    let hash = name_hash(name);
    (0..shards)
        .max_by_key(|shard| mix(hash ^ constant(*shard)))
        .expect("an owner needs at least one shard")
}

/// What tells the shards apart: it depends on the shard's number alone.
pub(crate) fn constant(shard: usize) -> u32 {
    mix((shard as u32 + 1).wrapping_mul(GOLDEN_RATIO))
}

/// The finaliser of MurmurHash3: one to one, and every bit in changes half of the bits out.
fn mix(value: u32) -> u32 {
    MIX.into_iter().fold(value, |value, (shift, factor)| {
        (value ^ (value >> shift)).wrapping_mul(factor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: &str = include_str!("../../../tests/golden/rings.json");

    /// (wire name, hash, owner among 1, 2, … shards) of each line of the shared vectors.
    fn vectors() -> Vec<(Vec<u8>, u32, Vec<usize>)> {
        let fields = |line: &'static str| {
            line.split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|field| !field.is_empty())
        };
        let unhex = |text: &str| {
            text.as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect()
        };
        VECTORS
            .lines()
            .filter(|line| line.contains('"'))
            .map(|line| {
                let mut fields = fields(line);
                let name = unhex(fields.next().unwrap());
                let hash = fields.next().unwrap().parse().unwrap();
                (name, hash, fields.map(|f| f.parse().unwrap()).collect())
            })
            .collect()
    }

    #[test]
    fn the_shared_vectors_hold() {
        let vectors = vectors();
        assert!(vectors.len() > 50, "{} vectors", vectors.len());
        for (name, hash, owners) in vectors {
            assert_eq!(name_hash(&name), hash, "{name:?}");
            assert!(owners.len() >= 8);
            for (index, expected) in owners.into_iter().enumerate() {
                assert_eq!(owner(&name, index + 1), expected, "{name:?}");
            }
        }
    }

    #[test]
    fn no_two_shards_have_one_constant() {
        let mut constants: Vec<u32> = (0..MAX_SHARDS).map(constant).collect();
        constants.sort_unstable();
        constants.dedup();
        assert_eq!(constants.len(), MAX_SHARDS);
    }
}
