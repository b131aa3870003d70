//! Pages of lists: `MaxItems` and an opaque `Marker`.

use data_encoding::BASE64URL_NOPAD;
use keyward_base::Fault;

use crate::fault;

const ITEMS_DEFAULT: usize = 100;

/// One page of a list.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) is_truncated: Option<bool>,
    pub(crate) marker: Option<String>,
}

/// The page of `items` (ordered by `name`) after `marker`.
pub(crate) fn page<T>(
    items: impl IntoIterator<Item = T>,
    name: impl Fn(&T) -> &str,
    marker: Option<&str>,
    max_items: Option<i32>,
) -> Result<Page<T>, Fault> {
    let after = marker.map(read_marker).transpose()?;
    let limit = max_items.and_then(|max| usize::try_from(max).ok()).unwrap_or(ITEMS_DEFAULT);
    let fresh = |item: &T| after.as_deref().is_none_or(|after| name(item) > after);
    let mut rest = items.into_iter().filter(fresh).peekable();
    let items: Vec<T> = rest.by_ref().take(limit).collect();
    let truncated = rest.peek().is_some();
    let marker = items.last().filter(|_| truncated).map(|last| BASE64URL_NOPAD.encode(name(last).as_bytes()));
    Ok(Page { items, is_truncated: Some(truncated), marker })
}

fn read_marker(marker: &str) -> Result<String, Fault> {
    let bytes = BASE64URL_NOPAD.decode(marker.as_bytes()).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| fault::validation("Invalid Marker."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_a_list_once() {
        let all: Vec<String> = (0..7).map(|number| format!("n{number}")).collect();
        let (mut seen, mut marker) = (Vec::new(), None);
        loop {
            let next = page(all.clone(), String::as_str, marker.as_deref(), Some(3)).unwrap();
            seen.extend(next.items);
            marker = next.marker;
            assert_eq!(next.is_truncated, Some(marker.is_some()));
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn refuses_a_marker_that_it_never_gave() {
        let result = page(vec!["a".to_owned()], String::as_str, Some("§"), None);
        assert_eq!(result.err().unwrap().code(), "ValidationException");
    }
}
