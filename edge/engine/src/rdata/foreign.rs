//! What some servers and providers write in the place of a type or an address: features of their
//! own, for which the DNS has no record.

/// What such a word asks for, and what to write; None for any other word.
pub fn explain(mnemonic: &[u8]) -> Option<&'static str> {
    Some(match mnemonic.to_ascii_uppercase().as_slice() {
        b"ALIAS" | b"ANAME" | b"APEXALIAS" => {
            "no type of the DNS, the provider answered with the addresses of that name; write them \
             as A and AAAA, or a CNAME where the owner has nothing else"
        }
        b"AWS" => {
            "an alias of Route 53, which answered with the records of that name; write them, or a \
             CNAME where the owner has nothing else"
        }
        b"WINS" => {
            "no type of the DNS, Windows asked WINS servers for names that are not here; remove \
             the line, and write A for the hosts that only WINS knows"
        }
        b"WINSR" | b"WINS-R" => {
            "no type of the DNS, Windows asked hosts for their NetBIOS names; remove the line, and \
             write PTR for the addresses that have none"
        }
        b"LUA" => {
            "no type of the DNS, PowerDNS ran this program; write the records that clients are to \
             get"
        }
        b"URL" | b"URL301" | b"URL302" | b"URLFWD" | b"REDIRECT" | b"FRAME" => {
            "no type of the DNS, the provider redirected HTTP; write the address of a web server \
             that does"
        }
        _ => return None,
    })
}

/// What a word in the place of an address is, and what to write; None for any other word.
pub fn explain_address(word: &[u8]) -> Option<&'static str> {
    word.eq_ignore_ascii_case(b"Parked").then_some(
        "no address, GoDaddy answered with that of its own page for a parked name; write the \
         address of your server, or remove the line",
    )
}
