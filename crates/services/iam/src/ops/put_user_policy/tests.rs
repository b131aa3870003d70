//! Inline policies of users and roles: put, shown, listed, deleted, measured.

use crate::testhouse::{House, form, policy};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#;

#[tokio::test]
async fn a_policy_is_shown_as_it_was_put() {
    let house = House::new().await;
    house.user("alice", None).await;
    house
        .iam(
            &house.root,
            &format!("Action=CreateRole&RoleName=alice&AssumeRolePolicyDocument={}", form(TRUST)),
        )
        .await
        .ok();
    let document = policy("Allow", "kms:*", "*");
    for kind in ["User", "Role"] {
        let put = |name: &str| {
            let document = form(&document);
            format!("Action=Put{kind}Policy&{kind}Name=alice&PolicyName={name}&PolicyDocument={document}")
        };
        for name in ["b", "a", "b"] {
            house.iam(&house.root, &put(name)).await.ok();
        }
        let get = format!("Action=Get{kind}Policy&{kind}Name=alice&PolicyName=a");
        let shown = house.iam(&house.root, &get).await.ok();
        assert_eq!(shown.text("PolicyDocument"), form(&document));
        let list = format!("Action=List{}Policies&{kind}Name=alice", kind);
        let listed = house.iam(&house.root, &list).await.ok();
        assert_eq!(listed.texts("member").collect::<Vec<_>>(), ["a", "b"]);
        house.iam(&house.root, &get.replace("Get", "Delete")).await.ok();
        let gone = house.iam(&house.root, &get).await;
        let expected = format!("The {} policy with name a cannot be found.", kind.to_lowercase());
        assert_eq!(gone.error(), ("NoSuchEntity", expected.as_str()));
    }
}

#[tokio::test]
async fn a_bad_document_changes_nothing() {
    let house = House::new().await;
    house.user("alice", None).await;
    for (document, message) in [
        ("{", "Syntax errors in policy."),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"x"}}"#,
            "Resource x must be in ARN format or \"*\".",
        ),
        (TRUST, "Policy document should not specify a principal."),
    ] {
        let put =
            format!("Action=PutUserPolicy&UserName=alice&PolicyName=p&PolicyDocument={}", form(document));
        let refused = house.iam(&house.root, &put).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.error(), ("MalformedPolicyDocument", message));
    }
    assert_eq!(
        house.iam(&house.root, "Action=ListUserPolicies&UserName=alice").await.ok().texts("member").count(),
        0
    );
}

#[tokio::test]
async fn white_space_does_not_count_against_the_limit() {
    let house = House::new().await;
    house.user("alice", None).await;
    let put = |length: usize| {
        let document = policy("Allow", "kms:Sign", &format!("arn:aws:kms:{}", "k".repeat(length)));
        let document = form(&document.replace(',', &format!(",{}", " ".repeat(1000))));
        format!("Action=PutUserPolicy&UserName=alice&PolicyName=p&PolicyDocument={document}")
    };
    house.iam(&house.root, &put(1900)).await.ok();
    let refused = house.iam(&house.root, &put(2000)).await;
    assert_eq!(
        refused.error(),
        ("LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user alice")
    );
}
