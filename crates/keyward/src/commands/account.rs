//! `keyward account create` and `account list`, answered by the `serve` that runs on the folder.

use std::path::Path;

use crate::admin::{Answer, Question, ask};
use crate::commands::env::quoted;
use crate::refusal::Refusal;

pub(crate) fn create(folder: &Path, name: String) -> Result<(), Refusal> {
    match ask(folder, &Question::AccountCreate { name })? {
        Answer::AccountCreated { account, access_key_id, secret_access_key } => {
            println!("# account {} {}", account.id, account.name);
            println!("export AWS_ACCESS_KEY_ID={}", quoted(&access_key_id));
            println!("export AWS_SECRET_ACCESS_KEY={}", quoted(&secret_access_key));
            Ok(())
        }
        answer => Err(unexpected(answer)),
    }
}

pub(crate) fn list(folder: &Path) -> Result<(), Refusal> {
    match ask(folder, &Question::AccountList)? {
        Answer::Accounts(accounts) => {
            for account in accounts {
                println!("{}\t{}\t{}", account.id, account.created, account.name);
            }
            Ok(())
        }
        answer => Err(unexpected(answer)),
    }
}

fn unexpected(answer: Answer) -> Refusal {
    match answer {
        Answer::Refused(why) => Refusal::new(why),
        _ => Refusal::new("keyward serve gave an answer to another question; are both of one version?"),
    }
}
