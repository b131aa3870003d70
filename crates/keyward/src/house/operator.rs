//! What an operator may ask of a running house.

use crate::admin::{AccountView, Answer, Operator, Question};
use crate::house::House;
use crate::refusal::Refusal;

impl Operator for House {
    type Session = ();

    async fn answer(&self, (): &mut (), question: Question) -> Answer {
        let result = match question {
            Question::AccountCreate { name } => self.services.create_account(&name).await,
            Question::AccountList => self.services.list_accounts().await,
            Question::Cloudhsm { cluster_id, .. } => {
                Err(Refusal::new(format!("there is no cluster {cluster_id} here")))
            }
        };
        result.unwrap_or_else(|refusal| Answer::Refused(refusal.to_string()))
    }

    async fn close(&self, (): ()) {}
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
