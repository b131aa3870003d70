//! Accounts: made once, listed by age, with a root that can sign.

use std::time::Duration;

use crate::testhouse::{Client, House};

#[tokio::test]
async fn the_first_account_is_made_once_and_keeps_its_key() {
    let house = House::new().await;
    let (account, root) = house.accounts.ensure_first(None).await.unwrap();
    assert_eq!(account.id, house.account);
    assert_eq!(root.unwrap().access_key_id, house.root.id);
    let (other, _) = house.accounts.ensure_first(Some("999988887777".parse().unwrap())).await.unwrap();
    assert_eq!(other.id.to_string(), "999988887777");
}

#[tokio::test]
async fn accounts_are_listed_oldest_first_and_their_roots_can_sign() {
    let house = House::new().await;
    house.advance(Duration::from_secs(1));
    let (second, root) = house.accounts.create("second").await.unwrap();
    let listed = house.accounts.list().await.unwrap();
    assert_eq!(listed.iter().map(|account| account.name.as_str()).collect::<Vec<_>>(), ["default", "second"]);
    let answer = house.sts(&Client::of(root), "Action=GetCallerIdentity").await.ok();
    assert_eq!(answer.text("Arn"), format!("arn:aws:iam::{}:root", second.id));
    assert_eq!(
        (answer.text("UserId"), answer.text("Account")),
        (answer.text("Account"), answer.text("UserId"))
    );
}

#[tokio::test]
async fn a_root_without_an_active_key_has_no_credentials_to_show() {
    let house = House::new().await;
    let id = house.root.id.clone();
    house.iam(&house.root, &format!("Action=UpdateAccessKey&AccessKeyId={id}&Status=Inactive")).await.ok();
    let (_, root) = house.accounts.ensure_first(None).await.unwrap();
    assert!(root.is_none());
}
