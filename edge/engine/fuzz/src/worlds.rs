//! Zones that can be asked, and the records that they have.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{LazyLock, Mutex, PoisonError};

use dnsfleet_engine::answer::settings::Settings;
use dnsfleet_engine::answer::{
    Ahead, Cache, Client, Outcome, Shortcuts, Source, Transport, look_ahead, respond,
};
use dnsfleet_engine::builder::Builder;
use dnsfleet_engine::catalog::Catalog;
use dnsfleet_engine::zone::Zone;

use crate::chains::{self, Chain};
use crate::model::{Model, Name, Rrset};
use crate::replies::Reply;

/// What NSID and `id.server.` tell in every world.
pub const IDENTITY: &str = "fuzzed";
/// Unix time in every world.
const NOW: u32 = 1_800_000_000;
/// How often a question is asked until its answer comes from the cache (`answer::Cache`).
const UNTIL_CACHED: usize = 3;

/// One cache for all worlds: it has answers of other zones and versions, which must never be given.
static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

/// DS belongs to the parent's side of a zone cut.
const DS: u16 = 43;
const DNSKEY: u16 = 48;

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let settings = Settings::new(Some(IDENTITY)).expect("an identity");
    settings.with_secrets(&[vec![7; 16]]).expect("a secret")
});

/// A catalog and what its zones hold.
pub struct World {
    catalog: Catalog,
    settings: Settings,
    zones: Vec<Served>,
}

/// What a zone holds.
pub struct Served {
    /// All records.
    pub records: Model,
    /// The chain of a signed zone, if it is whole.
    pub chain: Option<Chain>,
}

impl Served {
    fn of(zone: &Zone) -> Served {
        let records = Model::read(&zone.encode());
        let signed = chains::is_signed(&records).then_some(&records);
        let chain = signed.and_then(Chain::of);
        Served { records, chain }
    }
}

impl World {
    /// Serves these zones.
    pub fn of(zones: impl IntoIterator<Item = Zone>) -> World {
        let (mut catalog, mut served) = (Catalog::default(), Vec::new());
        for zone in zones {
            served.push(Served::of(&zone));
            catalog = catalog.with(zone);
        }
        World {
            catalog,
            settings: SETTINGS.clone(),
            zones: served,
        }
    }

    /// The reply to a message; None where there is none. Cache and look-ahead make no difference to
    /// it.
    pub fn ask(&self, message: &[u8], transport: Transport) -> Option<Reply> {
        let (octets, outcome) = self.respond(message, transport, Shortcuts::default())?;
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..UNTIL_CACHED {
            let mut ahead = [Ahead::default()];
            look_ahead(&self.catalog, &cache, [message].into_iter(), &mut ahead);
            let shortcuts = Shortcuts {
                cache: Some(&mut cache),
                ahead: ahead[0],
            };
            let cached = self.respond(message, transport, shortcuts);
            let (cached, _) = cached.expect("a reply");
            assert_eq!(cached, octets, "with a cache");
        }
        Some(Reply::read(octets, outcome))
    }

    fn respond(
        &self,
        message: &[u8],
        transport: Transport,
        shortcuts: Shortcuts,
    ) -> Option<(Vec<u8>, Outcome)> {
        let source = Source {
            catalog: &self.catalog,
            settings: &self.settings,
            now: NOW,
        };
        let client = Client::new(IpAddr::V4(Ipv4Addr::LOCALHOST), transport);
        let mut octets = Vec::new();
        let outcome = respond(source, shortcuts, message, client, &mut octets)?;
        Some((octets, outcome))
    }

    /// The zone that must answer: the one with the longest origin at or above the name, for DS
    /// strictly above it if there is one (RFC 4035 section 3.1.4.1).
    pub fn zone_of(&self, name: &Name, rtype: u16) -> Option<&Served> {
        let above = self
            .zones
            .iter()
            .filter(|zone| name.starts_with(&zone.records.origin));
        let strictly = above.clone().filter(|zone| zone.records.origin != *name);
        let longest = |zone: &&Served| zone.records.origin.len();
        match rtype {
            DS => strictly.max_by_key(longest).or(above.max_by_key(longest)),
            _ => above.max_by_key(longest),
        }
    }
}

/// The zone of a master file that has no errors.
pub fn zone(text: &str) -> Zone {
    let mut builder = Builder::new(None);
    builder.add_file(
        text.as_bytes(),
        "zone",
        &mut |path, _| panic!("includes {path}"),
        &mut |name| panic!("has letters outside ASCII in {name}"),
        &mut |_, _| {},
    );
    let (zone, found) = builder.finish();
    zone.unwrap_or_else(|| panic!("{found:?}"))
}

/// A zone that gets its key by a delta, which makes it a signed one. A broken chain is refused where
/// a zone is read, and an edge answers from what it gets.
fn with_key(zone: Zone) -> Zone {
    let plain = Model::read(&zone.encode());
    let mut signed = plain.clone();
    let key = Rrset {
        ttl: 300,
        rdatas: vec![vec![1, 1, 3, 13, 7]],
    };
    signed.set(plain.origin.clone(), DNSKEY, key);
    let applied = zone.apply(&plain.encode_delta(&signed));
    applied.expect("a change of known records")
}

/// The zone `example.`, which has every kind of place a name can have.
pub static EXAMPLE: LazyLock<Zone> = LazyLock::new(|| zone(include_str!("../zones/example.zone")));

/// Zones that are signed with NSEC, and with NSEC3 and opt-out.
pub static SIGNED: LazyLock<[Zone; 2]> = LazyLock::new(|| {
    [
        include_str!("../zones/nsec.zone"),
        include_str!("../zones/nsec3.zone"),
    ]
    .map(zone)
});

/// Zones beside and below each other; and below the root, where every name is in some zone.
pub static WORLDS: LazyLock<[World; 2]> = LazyLock::new(|| {
    let child = zone(include_str!("../zones/child.example.zone"));
    let broken = with_key(zone(include_str!("../zones/signed.zone")));
    let root = zone(include_str!("../zones/root.zone"));
    let zones = [EXAMPLE.clone(), child, broken];
    let zones = zones.into_iter().chain(SIGNED.clone());
    let worlds = [World::of(zones.clone()), World::of(zones.chain([root]))];
    for zone in worlds.iter().flat_map(|world| &world.zones) {
        let has_chain = zone.chain.is_some();
        let origin = zone.records.origin.last().map(Vec::as_slice);
        let is_whole = [Some(&b"nsec"[..]), Some(b"nsec3")].contains(&origin);
        assert_eq!(has_chain, is_whole, "a whole chain");
    }
    worlds
});
