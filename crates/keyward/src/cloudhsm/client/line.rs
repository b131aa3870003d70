//! Splits a line of `interactive` into words, as a shell does with quotes and backslashes. Pure.

/// The words of a line. An open quote is an error.
pub(crate) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("a quote is open at the end of the line".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_blanks_together() {
        assert_eq!(split(" key  list\n").unwrap(), ["key", "list"]);
        assert_eq!(split(r#"a attr.label="my key" 'b"c'"#).unwrap(), ["a", "attr.label=my key", "b\"c"]);
        assert_eq!(split(r#"a\ b "c\"d" ''"#).unwrap(), ["a b", "c\"d", ""]);
    }

    #[test]
    fn refuses_an_open_quote() {
        assert!(split("user create --password 'abc").is_err());
    }
}
