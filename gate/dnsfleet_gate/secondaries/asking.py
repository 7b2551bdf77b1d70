"""One question to one secondary: which serial does it have of a zone?

It is asked over UDP, over TCP where the answer is cut off, and signed by its key, as NOTIFY is.
Knot and NSD do not sign a REFUSED for a zone that they do not have, and servers of DNS hosts may
have the key for transfers only. So where the signature is the problem it is asked once more as any
resolver asks. That shows what everybody gets; who can forge it makes a status wrong, and no more.

Only an authoritative answer counts: a server that forwards the question to somebody else has no
serial of its own, and one whose copy has expired says SERVFAIL (RFC 1035 section 4.3.5).
"""

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.tsig
from dnsfleet.secondaries.answers import MAX_PROBLEM, Answer, Pair
from dnsfleet.tsig_keys import UsableKey
from dnsfleet.violations import printable

from dnsfleet_gate import exchanges, signing
from dnsfleet_gate.replies import Reply

ANSWER_SECONDS = 2.0
"""How long an answer may take, over UDP and over TCP."""
UDP_TRIES = 2
"""A lost datagram is no fault of the secondary."""

SILENCE = Answer("silence", problem="it does not answer")


async def ask(pair: Pair, key: UsableKey) -> Answer:
    """What a secondary says about the SOA of a zone."""
    try:
        return await _ask(pair, key)
    except dns.tsig.PeerError as error:
        disbelieved = _error(signing.disbelief(error, key))
        plain = await _ask_plain(pair)
        return plain if plain.kind == "serial" else disbelieved
    except dns.exception.DNSException:
        return await _ask_plain(pair)


async def _ask_plain(pair: Pair) -> Answer:
    try:
        return await _ask(pair, None)
    except dns.exception.DNSException as error:
        return _error(f"its answer cannot be used: {printable(str(error) or type(error).__name__)}")


async def _ask(pair: Pair, key: UsableKey | None) -> Answer:
    """What it says; DNSException where that cannot be used."""
    answer = SILENCE
    for _ in range(UDP_TRIES):
        query = dns.message.make_query(pair.origin, "SOA")
        query.flags &= ~dns.flags.RD
        if key is not None:
            query.use_tsig(signing.usual(key))
        try:
            reply = await exchanges.over_either(query, pair.target, ANSWER_SECONDS)
        except TimeoutError:
            continue
        except (OSError, EOFError) as error:
            problem = f"{SILENCE.problem}: {error or type(error).__name__}"
            answer = Answer("silence", problem=problem[:MAX_PROBLEM])
            continue
        return read(reply)
    return answer


def read(reply: Reply) -> Answer:
    """What a reply says."""
    if reply.rcode != dns.rcode.NOERROR:
        return _error(f"it answers {dns.rcode.to_text(dns.rcode.Rcode.make(reply.rcode))}")
    if len(reply.serials) != 1:
        return _error("it answers without the SOA of the zone")
    if not reply.flags & dns.flags.AA:
        return _error("its answer is not authoritative")
    return Answer("serial", reply.serials[0])


def _error(problem: str) -> Answer:
    return Answer("error", problem=problem[:MAX_PROBLEM])
