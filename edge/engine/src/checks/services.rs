//! Rdata that is well formed, and that nobody can use where it is.

use super::owner::Owner;
use crate::rdata::svc_params::{DOHPATH, params, service};
use crate::rdata::types::{HTTPS, SVCB};
use crate::rdata::{excerpt, rtype_to_text};
use crate::violations::Violations;
use crate::zone::Node;

/// The priority of a SVCB that is an alias (RFC 9460 section 2.4.2).
const ALIAS_MODE: u16 = 0;

/// Warns of parameters that clients ignore or cannot use.
pub(super) fn check_services(owner: &Owner<'_>, node: Node<'_>, violations: &mut Violations) {
    for rtype in [SVCB, HTTPS]
        .into_iter()
        .filter(|rtype| owner.has_added(*rtype))
    {
        let rdatas = node.get(rtype).into_iter().flat_map(|rrset| rrset.rdatas());
        for (priority, list) in rdatas.filter_map(service) {
            let what = || format!("{} {}", owner.text(), rtype_to_text(rtype));
            if priority == ALIAS_MODE && !list.is_empty() {
                let message = format!("{}: clients ignore parameters beside priority 0", what());
                violations.warn("IgnoredSvcParams", message, owner.place(rtype));
            }
            for (_, path) in params(list).filter(|(key, _)| *key == DOHPATH) {
                if !is_path_template(path) {
                    let message = format!(
                        "{}: dohpath \"{}\" is no path with the variable dns, as /dns-query{{?dns}}",
                        what(),
                        excerpt(path)
                    );
                    violations.warn("BadDohpath", message, owner.place(rtype));
                }
            }
        }
    }
}

/// Whether octets are a URI template (RFC 6570) of a path, with a variable `dns`.
fn is_path_template(octets: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(octets) else {
        return false;
    };
    let mut has_dns = false;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let Some((expression, after)) = rest[at..]
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
        else {
            return false;
        };
        let variables = expression.trim_start_matches(['+', '#', '.', '/', ';', '?', '&']);
        for variable in variables.split(',') {
            let name = variable.split(['*', ':']).next().unwrap_or_default();
            if name.is_empty() || name.contains('{') {
                return false;
            }
            has_dns |= name == "dns";
        }
        rest = after;
    }
    text.starts_with(['/', '{'])
        && has_dns
        && !text.contains([' ', '"', '<', '>', '\\', '^', '`', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_path_templates() {
        for (path, expected) in [
            ("/dns-query{?dns}", true),
            ("/{dns}", true),
            ("{/path}{?a,dns*}", true),
            ("/q{?dns:10}", true),
            ("/dns-query", false),
            ("/dns-query{?name}", false),
            ("dns-query{?dns}", false),
            ("/dns-query{?dns", false),
            ("/dns-query?dns}", false),
            ("/{}{?dns}", false),
            ("/a b{?dns}", false),
            ("", false),
        ] {
            assert_eq!(is_path_template(path.as_bytes()), expected, "{path}");
        }
        assert!(!is_path_template(b"/\xff{?dns}"));
    }
}
