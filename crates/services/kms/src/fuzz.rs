//! A door for the fuzz targets: every text by which a stranger names something. What comes out does not matter:
//! that something does, does.

use keyward_base::{AccountId, Partition, Region};
use keyward_gate::PageTokens;

use crate::alias::AliasName;
use crate::grant::GrantId;
use crate::key::{Forms, KeyArn, KeyId, Place, Reference};

/// A text as a marker, a grant token, a key id, an ARN, an alias, a grant id.
///
/// # Panics
/// When a marker is taken that was not made, or one that was made does not open.
pub fn names(text: &str) {
    markers(text);
    let (Ok(partition), Ok(region), Ok(account)) =
        ("aws".parse::<Partition>(), "us-east-1".parse::<Region>(), "111122223333".parse::<AccountId>())
    else {
        return;
    };
    let place = Place { partition: &partition, region: &region, account };
    for forms in [Forms::KEY, Forms::ALIAS_TARGET, Forms::CRYPTOGRAPHIC, Forms::DESCRIBE] {
        let _ = Reference::parse(text, place, forms);
    }
    if let Some(id) = KeyId::parse(text) {
        let arn = KeyArn { partition, region, account, id };
        assert!(arn.to_string().ends_with(text), "a key's ARN does not end with its id");
    }
    let _ = (AliasName::customers(text), GrantId::parse(text));
}

fn markers(text: &str) {
    let Ok(tokens) = PageTokens::under(&[7; 32]) else { return };
    assert!(tokens.unseal("ListKeys", text).is_err(), "a marker that nobody made opens");
    let Ok(marker) = tokens.seal("ListKeys", text) else { return };
    assert!(tokens.unseal("ListKeys", &marker).is_ok_and(|last| last == text), "a marker does not open");
    assert!(tokens.unseal("ListAliases", &marker).is_err(), "a marker opens in another list");
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_of_every_kind_are_read() {
        for text in [
            "",
            "alias/a",
            "mrk-00000000000000000000000000000000",
            "00000000-0000-4000-8000-000000000000",
            "arn:aws:kms:us-east-1:111122223333:alias/a",
            "arn:aws:kms:us-east-1:111122223333:key/mrk-00000000000000000000000000000000",
        ] {
            names(text);
        }
    }
}
