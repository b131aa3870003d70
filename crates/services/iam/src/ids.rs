//! Unique ids and access keys in AWS's forms; the account can be read from each.

use data_encoding::{BASE32_NOPAD, BASE64};
use keyward_base::{AccountId, Random};
use zeroize::Zeroizing;

/// What an id stands for: its first four characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Role,
    AccessKey,
    SessionKey,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Role => "AROA",
            Self::AccessKey => "AKIA",
            Self::SessionKey => "ASIA",
        }
    }

    /// Keys have 20 characters, other ids 21.
    const fn extra(self) -> usize {
        match self {
            Self::User | Self::Role => 1,
            Self::AccessKey | Self::SessionKey => 0,
        }
    }
}

/// A fresh id of `account`.
pub(crate) fn fresh(kind: Kind, account: AccountId, random: &dyn Random) -> String {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    // Bit 47 is set, bits 46 to 7 are the account, all else is random.
    let low = u64::from(bytes[5] & 0x7f);
    let head = (1 << 47) | (account.as_u64() << 7) | low;
    bytes[..6].copy_from_slice(&head.to_be_bytes()[2..]);
    let tail = random.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", kind.extra());
    format!("{}{}{tail}", kind.prefix(), BASE32_NOPAD.encode(&bytes))
}

/// The account that an id or access key was made in; `None` when it is not one of ours.
pub(crate) fn account_of(id: &str) -> Option<AccountId> {
    let bytes = BASE32_NOPAD.decode(id.get(4..20)?.as_bytes()).ok()?;
    let mut head = [0; 8];
    head[2..].copy_from_slice(bytes.get(..6)?);
    let number = (u64::from_be_bytes(head) & 0x7fff_ffff_ff80) >> 7;
    format!("{number:012}").parse().ok()
}

/// A secret access key of 40 characters.
pub(crate) fn secret(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 30]);
    random.fill(&mut *bytes);
    Zeroizing::new(BASE64.encode(&*bytes))
}

/// A session token. It says nothing; the session is a row of the store.
pub(crate) fn session_token(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 132]);
    random.fill(&mut *bytes);
    Zeroizing::new(BASE64.encode(&*bytes))
}

#[cfg(test)]
mod tests {
    use keyward_base::SeededRandom;

    use super::*;

    #[test]
    fn the_account_can_be_read_from_a_published_key() {
        assert_eq!(account_of("ASIAQNZGKIQY56JQ7WML").unwrap().to_string(), "029608264753");
    }

    #[test]
    fn ids_have_aws_form_and_hold_their_account() {
        let random = SeededRandom::new(5);
        for account in ["000000000001", "111122223333", "999999999999"] {
            let account = account.parse().unwrap();
            let key = fresh(Kind::AccessKey, account, &random);
            assert_eq!((key.len(), &key[..4], account_of(&key)), (20, "AKIA", Some(account)));
            let user = fresh(Kind::User, account, &random);
            assert_eq!((user.len(), &user[..4], account_of(&user)), (21, "AIDA", Some(account)));
        }
        assert_eq!(secret(&random).len(), 40);
    }

    #[test]
    fn what_is_no_id_has_no_account() {
        for wrong in ["", "AKIA", "AKIA0000000000000000", "AKIAä"] {
            assert_eq!(account_of(wrong), None, "{wrong}");
        }
    }
}
