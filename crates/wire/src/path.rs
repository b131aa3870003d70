//! Paths: RPC v2 routes, REST templates, percent-encoding.

use percent_encoding::percent_decode_str;

/// The service part and operation of an RPC v2 path, `/service/{prefix}/operation/{name}`.
pub(crate) fn rpc(path: &str) -> Option<(&str, &str)> {
    let (_, rest) = path.split_once("/service/")?;
    let (prefix, name) = rest.split_once("/operation/")?;
    (!prefix.contains('/') && !name.contains('/')).then_some((prefix, name))
}

/// The segments of a path. Empty ones are dropped, and so is a kind before a prefixed id
/// (`/hostedzone//hostedzone/Z1`), which some callers send.
pub(crate) fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut kept: Option<&str> = None;
    path.split('/').filter(move |segment| {
        let twice = kept == Some(segment) && matches!(*segment, "hostedzone" | "change" | "delegationset");
        let keep = !segment.is_empty() && !twice;
        if keep {
            kept = Some(segment);
        }
        keep
    })
}

/// The labels of `path` when it fits `template`, such as `/2013-04-01/hostedzone/{Id}`.
pub(crate) fn labels(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    let mut given = segments(path);
    for part in template.split('/').filter(|part| !part.is_empty()) {
        let segment = given.next()?;
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(label) => found.push((label, decode(segment)?)),
            None if part == segment => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(found)
}

/// Percent-decodes; `None` where the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RRSET: &str = "/2013-04-01/hostedzone/{Id}/rrset/";

    #[test]
    fn labels_are_decoded_and_slashes_forgiven() {
        let z1 = Some(vec![("Id", "Z1".to_owned())]);
        assert_eq!(labels(RRSET, "/2013-04-01/hostedzone/Z1/rrset"), z1);
        assert_eq!(labels(RRSET, "/2013-04-01/hostedzone/Z1/rrset/"), z1);
        assert_eq!(labels(RRSET, "/2013-04-01/hostedzone//hostedzone/Z1/rrset/"), z1);
        let escaped = Some(vec![("Id", "/hostedzone/Z1".to_owned())]);
        assert_eq!(labels(RRSET, "/2013-04-01/hostedzone/%2Fhostedzone%2FZ1/rrset"), escaped);
    }

    #[test]
    fn other_paths_do_not_fit() {
        for path in ["/", "/2013-04-01/hostedzone/Z1", "/2013-04-01/hostedzone/Z1/rrset/x", "/x/%FF"] {
            assert_eq!(labels(RRSET, path), None, "{path}");
        }
        assert_eq!(labels(RRSET, "/2013-04-01/hostedzone/%FF/rrset"), None);
    }

    #[test]
    fn rpc_paths_name_service_and_operation() {
        assert_eq!(rpc("/service/A/operation/B"), Some(("A", "B")));
        assert_eq!(rpc("/prefix/service/x.A/operation/B"), Some(("x.A", "B")));
        assert_eq!(rpc("/service/A/operation/B/C"), None);
        assert_eq!(rpc("/"), None);
    }
}
