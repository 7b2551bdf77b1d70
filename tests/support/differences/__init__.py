"""Why two correct servers may answer one query differently: rules, each with its reason.

A rule removes from both replies the part of a difference that it explains. The rest must be equal.
So several rules can apply to one query, and no rule hides more than it explains. Each pair of
replies is compared twice: over TCP, without a limit of size, and as the query was asked.
"""

from support.differences import addresses, aliases, contents, services, signed
from support.differences.pairs import Difference, Pair, Rule

__all__ = ["RULES", "Difference", "Pair", "Rule", "explain"]


def explain(difference: Difference) -> list[Rule]:
    """The rules that together explain a difference; empty where a part of it has no explanation."""
    used = []
    for rule in RULES:
        settled = rule.settle(difference)
        if settled != difference:
            used.append(rule)
            difference = settled
    return used if difference.is_equal else []


RULES = [
    Rule(
        "an extended error tells people more",
        "RFC 8914 section 2",
        contents.extended_errors,
    ),
    Rule(
        "BIND copies CD, which concerns servers that validate",
        "RFC 4035 section 3.2.2",
        contents.checking_disabled,
    ),
    Rule(
        "an answer may name the servers of its zone",
        "RFC 1034 section 3.7",
        addresses.authority_of_answer,
    ),
    Rule(
        "BIND adds no glue of sibling zones",
        "RFC 9471 section 3.2",
        addresses.sibling_glue,
    ),
    Rule(
        "BIND takes no glue from a wildcard below the cut",
        "RFC 1034 section 4.3.2 step 3",
        addresses.glue_from_wildcards,
    ),
    Rule(
        "what the targets of services have may follow, each server follows them as far as it likes",
        "RFC 9460 section 4.1",
        services.services,
    ),
    Rule(
        "addresses from below a cut need not follow an answer that names their hosts",
        "RFC 1034 section 4.3.2 step 6",
        addresses.addresses_below_cuts,
    ),
    Rule(
        "Knot repeats what a chain of aliases comes by again; a section is a set of records",
        "RFC 2181 section 5",
        aliases.repeated_records,
    ),
    Rule(
        "endless aliases end somewhere, in NOERROR, SERVFAIL or YXDOMAIN",
        "RFC 1034 section 3.6.2, RFC 6672 section 2.2",
        aliases.endless_aliases,
    ),
    Rule(
        "the server follows fewer aliases than we do",
        "RFC 1034 section 3.6.2",
        aliases.short_chains,
    ),
    Rule(
        "NSD follows more aliases than we do",
        "RFC 1034 section 3.6.2",
        aliases.long_chains,
    ),
    Rule(
        "an alias leads to a cut whose zone is served too: the parent's side of it, or nothing",
        "RFC 1034 section 4.3.2 step 3",
        aliases.alias_into_served_child,
    ),
    Rule(
        "BIND looks up no alias for ANY, not even one that a DNAME made",
        "RFC 6672 section 3.2",
        aliases.any_at_alias,
    ),
    Rule(
        "NSD follows an alias that it is asked for RRSIG or NSEC of",
        "RFC 4035 section 2.5",
        aliases.types_beside_alias,
    ),
    Rule(
        "NSD follows no alias that it is asked for NSEC3 of",
        "RFC 1034 section 4.3.2 step 3",
        aliases.nsec3_at_alias,
    ),
    Rule(
        "NSD answers DS at an apex from the zone above, also behind an alias of the zone below",
        "RFC 4035 section 3.1.4.1",
        aliases.ds_after_alias,
    ),
    Rule(
        "NSD keeps a zone and the one above in one tree, so names below the cut exist in both",
        "RFC 1034 section 4.2.1",
        contents.names_of_parent,
    ),
    Rule(
        "BIND answers NSEC at a cut, where only DS is data of this side",
        "RFC 4035 section 3.1.4.1",
        contents.nsec_at_cut,
    ),
    Rule(
        "Knot goes on at the target of a DNAME although the name is too long",
        "RFC 6672 section 2.2",
        aliases.names_that_are_too_long,
    ),
    Rule(
        "ANY is answered by RRsets of the server's choice, by us over TCP by all",
        "RFC 8482 section 4.1",
        contents.some_of_any,
    ),
    Rule(
        "the server sends fewer or more records of a proof, and another one the same as we",
        "RFC 4035 section 3.1.3",
        signed.other_proofs,
    ),
    Rule(
        "NSD proves the name below a DNAME and not the target that it looks up",
        "RFC 6672 section 5.3",
        signed.proofs_behind_dname,
    ),
    Rule(
        "NSD denies a wildcard by a sibling before it, and does not look below that",
        "RFC 4034 section 6.1",
        signed.names_before_wildcards,
    ),
    Rule(
        "BIND proves another encloser for what is below a `*`",
        "RFC 4592 section 3.3.1",
        signed.names_below_wildcards,
    ),
    Rule(
        "RRSIG is answered by signatures of the server's choice, by us by all",
        "RFC 8482 section 4",
        signed.some_signatures,
    ),
    Rule(
        "Knot has names with octet 0 in another order",
        "RFC 4034 section 6.1",
        signed.order_of_zero,
    ),
    Rule(
        "Knot and NSD do not prove what is below an empty non-terminal without NSEC3 record",
        "RFC 5155 section 7.2.1",
        signed.below_unsigned_non_terminals,
    ),
    Rule(
        "BIND proves by NSEC at a cut, where NSEC and NSEC3 are there",
        "RFC 4035 section 3.1.4.1, RFC 5155 section 7.2.7",
        signed.both_chains,
    ),
    Rule(
        "names compress differently, so other optional glue fits into a datagram",
        "RFC 9471 section 3.2, RFC 2181 section 9",
        addresses.glue_that_fits,
    ),
    Rule(
        "glue that must fit does not: we truncate, as that RFC asks, they leave it out",
        "RFC 9471 section 3.1",
        addresses.glue_that_must_fit,
    ),
    Rule(
        "Knot leaves out the SOA of a negative answer that does not fit",
        "RFC 2308 section 3",
        contents.soa_that_does_not_fit,
    ),
    Rule(
        "the whole does not fit, and what is left of it is for nobody to use",
        "RFC 2181 section 9",
        contents.truncation,
    ),
]
