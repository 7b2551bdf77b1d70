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
/// Route through.
pub const RT: u16 = 21;
/// X.400 mail mapping.
pub const PX: u16 = 26;
/// IPv6 address.
pub const AAAA: u16 = 28;
/// Server selection.
pub const SRV: u16 = 33;
/// Naming authority pointer.
pub const NAPTR: u16 = 35;
/// Key exchanger.
pub const KX: u16 = 36;
/// Redirection of a subtree.
pub const DNAME: u16 = 39;
/// EDNS options, never in a zone.
pub const OPT: u16 = 41;
/// Delegation signer.
pub const DS: u16 = 43;
/// SSH key fingerprint.
pub const SSHFP: u16 = 44;
/// Signature of an RRset.
pub const RRSIG: u16 = 46;
/// Next name in the zone.
pub const NSEC: u16 = 47;
/// Zone key.
pub const DNSKEY: u16 = 48;
/// TLS certificate association.
pub const TLSA: u16 = 52;
/// S/MIME certificate association.
pub const SMIMEA: u16 = 53;
/// DS for the parent.
pub const CDS: u16 = 59;
/// DNSKEY for the parent.
pub const CDNSKEY: u16 = 60;
/// Text strings of the old SPF type.
pub const SPF: u16 = 99;
/// Marks a name that does not exist in an NSEC bitmap (RFC 9824), never in a zone.
pub const NXNAME: u16 = 128;
/// Query for the changes of a zone.
pub const IXFR: u16 = 251;
/// Query for a whole zone.
pub const AXFR: u16 = 252;
/// Query for all types.
pub const ANY: u16 = 255;
/// Authorised certification authorities.
pub const CAA: u16 = 257;

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
    ("WKS", 11),
    ("PTR", PTR),
    ("HINFO", HINFO),
    ("MINFO", MINFO),
    ("MX", MX),
    ("TXT", TXT),
    ("RP", RP),
    ("AFSDB", AFSDB),
    ("X25", 19),
    ("ISDN", 20),
    ("RT", RT),
    ("NSAP", 22),
    ("NSAP-PTR", 23),
    ("SIG", 24),
    ("KEY", 25),
    ("PX", PX),
    ("GPOS", 27),
    ("AAAA", AAAA),
    ("LOC", 29),
    ("NXT", 30),
    ("EID", 31),
    ("NIMLOC", 32),
    ("SRV", SRV),
    ("ATMA", 34),
    ("NAPTR", NAPTR),
    ("KX", KX),
    ("CERT", 37),
    ("A6", 38),
    ("DNAME", DNAME),
    ("SINK", 40),
    ("OPT", OPT),
    ("APL", 42),
    ("DS", DS),
    ("SSHFP", SSHFP),
    ("IPSECKEY", 45),
    ("RRSIG", RRSIG),
    ("NSEC", NSEC),
    ("DNSKEY", DNSKEY),
    ("DHCID", 49),
    ("NSEC3", 50),
    ("NSEC3PARAM", 51),
    ("TLSA", TLSA),
    ("SMIMEA", SMIMEA),
    ("HIP", 55),
    ("NINFO", 56),
    ("RKEY", 57),
    ("TALINK", 58),
    ("CDS", CDS),
    ("CDNSKEY", CDNSKEY),
    ("OPENPGPKEY", 61),
    ("CSYNC", 62),
    ("ZONEMD", 63),
    ("SVCB", 64),
    ("HTTPS", 65),
    ("DSYNC", 66),
    ("HHIT", 67),
    ("BRID", 68),
    ("SPF", SPF),
    ("UINFO", 100),
    ("UID", 101),
    ("GID", 102),
    ("UNSPEC", 103),
    ("NID", 104),
    ("L32", 105),
    ("L64", 106),
    ("LP", 107),
    ("EUI48", 108),
    ("EUI64", 109),
    ("NXNAME", NXNAME),
    ("TKEY", 249),
    ("TSIG", 250),
    ("IXFR", IXFR),
    ("AXFR", AXFR),
    ("MAILB", 253),
    ("MAILA", 254),
    ("ANY", ANY),
    ("URI", 256),
    ("CAA", CAA),
    ("AVC", 258),
    ("DOA", 259),
    ("AMTRELAY", 260),
    ("RESINFO", 261),
    ("WALLET", 262),
    ("TA", 32768),
    ("DLV", 32769),
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
