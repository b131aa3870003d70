//! Lists in pages: `MaxItems` and `Marker` in, `NextPageMarker` out.

use keyward_base::{AccountId, Fault};

use crate::fault::invalid_input;

/// How long a page is when the request doesn't say (API reference, ListDomains).
const DEFAULT: usize = 20;

/// Which page of which list is asked for.
#[derive(Debug)]
pub(crate) struct Page {
    limit: usize,
    after: Option<String>,
    scope: String,
}

impl Page {
    /// Reads `MaxItems` and `Marker`. `list` names the list with its order: a marker continues only that list.
    pub(crate) fn read(
        account: AccountId,
        list: &str,
        max_items: Option<i32>,
        marker: Option<&str>,
    ) -> Result<Self, Fault> {
        let limit = max_items.map_or(Ok(DEFAULT), usize::try_from).unwrap_or(0);
        if limit == 0 {
            return Err(invalid_input("MaxItems must be at least 1."));
        }
        let scope = format!("{account}/{list}/");
        let after = marker.map(|marker| open(&scope, marker)).transpose()?;
        Ok(Self { limit, after, scope })
    }

    /// Cuts the whole list, in which `place` tells each entry's place, to the page; and the next marker.
    pub(crate) fn cut<T>(&self, all: Vec<T>, place: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        let mut rest = all.into_iter();
        if let Some(after) = &self.after {
            // An entry that is gone meanwhile ends the list: where it stood is no longer known.
            rest.by_ref().find(|entry| place(entry) == *after);
        }
        let page: Vec<T> = rest.by_ref().take(self.limit).collect();
        let more = rest.next().is_some();
        let next = page.last().filter(|_| more).map(|last| seal(&self.scope, &place(last)));
        (page, next)
    }
}

fn seal(scope: &str, place: &str) -> String {
    data_encoding::BASE64URL_NOPAD.encode(format!("{scope}{place}").as_bytes())
}

fn open(scope: &str, marker: &str) -> Result<String, Fault> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(marker.as_bytes()).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = text.and_then(|text| text.strip_prefix(scope).map(str::to_owned));
    place.ok_or_else(|| invalid_input("The Marker is not one that this list gave."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(list: &str, limit: i32, marker: Option<&str>) -> Result<Page, Fault> {
        Page::read("111122223333".parse().unwrap(), list, Some(limit), marker)
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let all: Vec<String> = (0..7).map(|number| number.to_string()).collect();
        let (mut seen, mut marker) = (Vec::new(), None);
        loop {
            let (entries, next) =
                page("L", 3, marker.as_deref()).unwrap().cut(all.clone(), |entry| entry.clone());
            seen.extend(entries);
            marker = next;
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        assert_eq!(
            page("L", 7, None).unwrap().cut(all, |entry| entry.clone()).1,
            None,
            "no empty page follows"
        );
    }

    #[test]
    fn markers_of_other_lists_are_refused() {
        let (_, marker) = page("L", 1, None).unwrap().cut(vec![1, 2], |entry| entry.to_string());
        let marker = marker.unwrap();
        assert!(page("L", 1, Some(&marker)).is_ok());
        for (list, marker) in [("M", marker.as_str()), ("L", "x"), ("L", ""), ("L", "%%%")] {
            assert_eq!(page(list, 1, Some(marker)).unwrap_err().code(), "InvalidInput", "{marker}");
        }
        assert_eq!(page("L", 0, None).unwrap_err().code(), "InvalidInput");
        assert_eq!(page("L", -1, None).unwrap_err().code(), "InvalidInput");
    }
}
