//! What an operator may ask of a running house.

use crate::admin::{AccountView, Answer, Operator, Question};
use crate::cloudhsm::run::{Desk, perform};
use crate::house::House;

impl Operator for House {
    type Session = Desk;

    async fn answer(&self, desk: &mut Desk, question: Question) -> Answer {
        let result = match question {
            Question::AccountCreate { name } => self.services.create_account(&name).await,
            Question::AccountList => self.services.list_accounts().await,
            Question::Cloudhsm { cluster_id, words } => {
                Ok(Answer::Cloudhsm(perform(&self.clusters, desk, &cluster_id, words).await))
            }
        };
        result.unwrap_or_else(|refusal| Answer::Refused(refusal.to_string()))
    }

    async fn close(&self, desk: Desk) {
        desk.close().await;
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
