//! What an operator may ask of a running house.

use crate::admin::{AccountView, Answer, Operator, Question};
use crate::house::House;

impl Operator for House {
    async fn answer(&self, question: Question) -> Answer {
        let result = match question {
            Question::AccountCreate { name } => self.services.create_account(&name).await,
            Question::AccountList => self.services.list_accounts().await,
        };
        result.unwrap_or_else(|refusal| Answer::Refused(refusal.to_string()))
    }
}

impl AccountView {
    pub(super) fn of(account: &keyward_iam::Account) -> Self {
        Self {
            id: account.id.to_string(),
            name: account.name.clone(),
            created: account.created.iso8601_seconds(),
        }
    }
}
