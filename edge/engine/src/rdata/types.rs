//! RR types: mnemonics and numbers (IANA registry "Resource Record (RR) TYPEs", RFC 3597 section 5).

/// IPv4 address.
pub const A: u16 = 1;
/// Authoritative name server.
pub const NS: u16 = 2;
/// Mail destination, obsolete.
pub const MD: u16 = 3;
/// Mail forwarder, obsolete.
pub const MF: u16 = 4;
/// Canonical name of an alias.
pub const CNAME: u16 = 5;
/// Start of a zone of authority.
pub const SOA: u16 = 6;
/// Mailbox.
pub const MB: u16 = 7;
/// Mail group member.
pub const MG: u16 = 8;
/// Mail rename.
pub const MR: u16 = 9;
/// Services of a host.
pub const WKS: u16 = 11;
/// Domain name pointer.
pub const PTR: u16 = 12;
/// Host information.
pub const HINFO: u16 = 13;
/// Mailbox information.
pub const MINFO: u16 = 14;
/// Mail exchange.
pub const MX: u16 = 15;
/// Text strings.
pub const TXT: u16 = 16;
/// Responsible person.
pub const RP: u16 = 17;
/// AFS cell database.
pub const AFSDB: u16 = 18;
/// Address in an X.25 network.
pub const X25: u16 = 19;
/// Telephone number of a host.
pub const ISDN: u16 = 20;
/// Route through.
pub const RT: u16 = 21;
/// Address in an OSI network.
pub const NSAP: u16 = 22;
/// Name of an OSI address.
pub const NSAP_PTR: u16 = 23;
/// Signature before RRSIG.
pub const SIG: u16 = 24;
/// Key of a host.
pub const KEY: u16 = 25;
/// X.400 mail mapping.
pub const PX: u16 = 26;
/// Position before LOC.
pub const GPOS: u16 = 27;
/// IPv6 address.
pub const AAAA: u16 = 28;
/// Position on the Earth.
pub const LOC: u16 = 29;
/// Next name before NSEC.
pub const NXT: u16 = 30;
/// Nimrod endpoint.
pub const EID: u16 = 31;
/// Nimrod locator.
pub const NIMLOC: u16 = 32;
/// Server selection.
pub const SRV: u16 = 33;
/// Address in an ATM network.
pub const ATMA: u16 = 34;
/// Naming authority pointer.
pub const NAPTR: u16 = 35;
/// Key exchanger.
pub const KX: u16 = 36;
/// Certificate.
pub const CERT: u16 = 37;
/// IPv6 address in parts.
pub const A6: u16 = 38;
/// Redirection of a subtree.
pub const DNAME: u16 = 39;
/// Kitchen sink.
pub const SINK: u16 = 40;
/// EDNS options, never in a zone.
pub const OPT: u16 = 41;
/// Address prefixes.
pub const APL: u16 = 42;
/// Delegation signer.
pub const DS: u16 = 43;
/// SSH key fingerprint.
pub const SSHFP: u16 = 44;
/// Key for IPsec.
pub const IPSECKEY: u16 = 45;
/// Signature of an RRset.
pub const RRSIG: u16 = 46;
/// Next name in the zone.
pub const NSEC: u16 = 47;
/// Zone key.
pub const DNSKEY: u16 = 48;
/// DHCP client.
pub const DHCID: u16 = 49;
/// Next hashed name.
pub const NSEC3: u16 = 50;
/// How names are hashed.
pub const NSEC3PARAM: u16 = 51;
/// TLS certificate association.
pub const TLSA: u16 = 52;
/// S/MIME certificate association.
pub const SMIMEA: u16 = 53;
/// Host identity.
pub const HIP: u16 = 55;
/// Status of a zone.
pub const NINFO: u16 = 56;
/// Key to encrypt NAPTR.
pub const RKEY: u16 = 57;
/// Links of trust anchors.
pub const TALINK: u16 = 58;
/// DS for the parent.
pub const CDS: u16 = 59;
/// DNSKEY for the parent.
pub const CDNSKEY: u16 = 60;
/// OpenPGP key.
pub const OPENPGPKEY: u16 = 61;
/// What the parent should copy.
pub const CSYNC: u16 = 62;
/// Digest of a zone.
pub const ZONEMD: u16 = 63;
/// Service binding.
pub const SVCB: u16 = 64;
/// Service binding of HTTPS.
pub const HTTPS: u16 = 65;
/// Where the parent takes notifications.
pub const DSYNC: u16 = 66;
/// Hierarchical host identity tag.
pub const HHIT: u16 = 67;
/// Broadcast remote identification.
pub const BRID: u16 = 68;
/// Text strings of the old SPF type.
pub const SPF: u16 = 99;
/// Node identifier.
pub const NID: u16 = 104;
/// Locator of 32 bits.
pub const L32: u16 = 105;
/// Locator of 64 bits.
pub const L64: u16 = 106;
/// Pointer to locators.
pub const LP: u16 = 107;
/// Hardware address of 48 bits.
pub const EUI48: u16 = 108;
/// Hardware address of 64 bits.
pub const EUI64: u16 = 109;
/// Marks a name that does not exist in an NSEC bitmap (RFC 9824), never in a zone.
pub const NXNAME: u16 = 128;
/// Signature of a message, never in a zone.
pub const TSIG: u16 = 250;
/// Query for the changes of a zone.
pub const IXFR: u16 = 251;
/// Query for a whole zone.
pub const AXFR: u16 = 252;
/// Query for all types.
pub const ANY: u16 = 255;
/// Uniform resource identifier.
pub const URI: u16 = 256;
/// Authorised certification authorities.
pub const CAA: u16 = 257;
/// Application visibility.
pub const AVC: u16 = 258;
/// Digital object.
pub const DOA: u16 = 259;
/// Multicast relay.
pub const AMTRELAY: u16 = 260;
/// What a resolver offers.
pub const RESINFO: u16 = 261;
/// Public address of a wallet.
pub const WALLET: u16 = 262;
/// Trust anchor.
pub const TA: u16 = 32768;
/// DS outside the parent.
pub const DLV: u16 = 32769;

/// All assigned types, by number; the ones of most zones come first and are found first.
const MNEMONICS: &[(&str, u16)] = &[
    ("A", A),
    ("NS", NS),
    ("MD", MD),
    ("MF", MF),
    ("CNAME", CNAME),
    ("SOA", SOA),
    ("MB", MB),
    ("MG", MG),
    ("MR", MR),
    ("NULL", 10),
    ("WKS", WKS),
    ("PTR", PTR),
    ("HINFO", HINFO),
    ("MINFO", MINFO),
    ("MX", MX),
    ("TXT", TXT),
    ("RP", RP),
    ("AFSDB", AFSDB),
    ("X25", X25),
    ("ISDN", ISDN),
    ("RT", RT),
    ("NSAP", NSAP),
    ("NSAP-PTR", NSAP_PTR),
    ("SIG", SIG),
    ("KEY", KEY),
    ("PX", PX),
    ("GPOS", GPOS),
    ("AAAA", AAAA),
    ("LOC", LOC),
    ("NXT", NXT),
    ("EID", EID),
    ("NIMLOC", NIMLOC),
    ("SRV", SRV),
    ("ATMA", ATMA),
    ("NAPTR", NAPTR),
    ("KX", KX),
    ("CERT", CERT),
    ("A6", A6),
    ("DNAME", DNAME),
    ("SINK", SINK),
    ("OPT", OPT),
    ("APL", APL),
    ("DS", DS),
    ("SSHFP", SSHFP),
    ("IPSECKEY", IPSECKEY),
    ("RRSIG", RRSIG),
    ("NSEC", NSEC),
    ("DNSKEY", DNSKEY),
    ("DHCID", DHCID),
    ("NSEC3", NSEC3),
    ("NSEC3PARAM", NSEC3PARAM),
    ("TLSA", TLSA),
    ("SMIMEA", SMIMEA),
    ("HIP", HIP),
    ("NINFO", NINFO),
    ("RKEY", RKEY),
    ("TALINK", TALINK),
    ("CDS", CDS),
    ("CDNSKEY", CDNSKEY),
    ("OPENPGPKEY", OPENPGPKEY),
    ("CSYNC", CSYNC),
    ("ZONEMD", ZONEMD),
    ("SVCB", SVCB),
    ("HTTPS", HTTPS),
    ("DSYNC", DSYNC),
    ("HHIT", HHIT),
    ("BRID", BRID),
    ("SPF", SPF),
    ("UINFO", 100),
    ("UID", 101),
    ("GID", 102),
    ("UNSPEC", 103),
    ("NID", NID),
    ("L32", L32),
    ("L64", L64),
    ("LP", LP),
    ("EUI48", EUI48),
    ("EUI64", EUI64),
    ("NXNAME", NXNAME),
    ("TKEY", 249),
    ("TSIG", TSIG),
    ("IXFR", IXFR),
    ("AXFR", AXFR),
    ("MAILB", 253),
    ("MAILA", 254),
    ("ANY", ANY),
    ("URI", URI),
    ("CAA", CAA),
    ("AVC", AVC),
    ("DOA", DOA),
    ("AMTRELAY", AMTRELAY),
    ("RESINFO", RESINFO),
    ("WALLET", WALLET),
    ("TA", TA),
    ("DLV", DLV),
];

/// The number of a mnemonic or of `TYPEnnn`, in any letter case.
pub fn rtype_from_text(text: &[u8]) -> Option<u16> {
    MNEMONICS
        .iter()
        .find(|(mnemonic, _)| mnemonic.as_bytes().eq_ignore_ascii_case(text))
        .map(|&(_, rtype)| rtype)
        .or_else(|| numbered(text, b"TYPE"))
}

/// The mnemonic of a type, `TYPEnnn` where it has none.
pub fn rtype_to_text(rtype: u16) -> String {
    match MNEMONICS.binary_search_by_key(&rtype, |&(_, number)| number) {
        Ok(index) => MNEMONICS[index].0.to_owned(),
        Err(_) => format!("TYPE{rtype}"),
    }
}

/// Whether a type is only for queries and messages (RFC 6895 section 3.1), so that no zone has it.
pub fn is_meta(rtype: u16) -> bool {
    rtype == 0 || rtype == OPT || (128..=255).contains(&rtype)
}

/// The number after a prefix, as in `TYPE65280` and `CLASS1` (RFC 3597 section 5).
pub fn numbered(text: &[u8], prefix: &[u8]) -> Option<u16> {
    let (head, digits) = text.split_at_checked(prefix.len())?;
    if !head.eq_ignore_ascii_case(prefix) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mnemonics_are_in_order() {
        assert!(MNEMONICS.is_sorted_by(|a, b| a.1 < b.1));
    }

    #[test]
    fn text_and_number() {
        for (text, number) in [
            ("A", Some(1)),
            ("aaaa", Some(28)),
            ("nsap-ptr", Some(23)),
            ("TYPE1", Some(1)),
            ("type65535", Some(65535)),
            ("TYPE65536", None),
            ("TYPE", None),
            ("TYPE+1", None),
            ("TYPE-1", None),
            ("BOGUS", None),
            ("", None),
        ] {
            assert_eq!(rtype_from_text(text.as_bytes()), number, "{text}");
        }
        for rtype in 0..=u16::MAX {
            assert_eq!(
                rtype_from_text(rtype_to_text(rtype).as_bytes()),
                Some(rtype)
            );
        }
    }
}
