//! Tags of clusters and backups.

use keyward_schema::cloudhsmv2::{
    self as api, CreateClusterRequest, ListTagsRequest, Tag, TagResourceRequest, UntagResourceRequest,
};

use crate::testing::{House, house, wanted};

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.to_owned(), value: value.to_owned() }
}

async fn listed(house: &House, id: &str) -> Vec<Tag> {
    let input = ListTagsRequest { resource_id: id.to_owned(), next_token: None, max_results: None };
    house.ask::<api::ListTags>(input).await.unwrap().tag_list
}

#[tokio::test]
async fn clusters_and_backups_have_tags() {
    let house = house().await;
    let cluster = house.cluster().await;
    let backup = house.backup_of(&cluster).await;
    for id in [&cluster, &backup] {
        let input =
            TagResourceRequest { resource_id: id.clone(), tag_list: vec![tag("b", "1"), tag("a", "2")] };
        house.ask::<api::TagResource>(input).await.unwrap();
        let input = TagResourceRequest { resource_id: id.clone(), tag_list: vec![tag("b", "3")] };
        house.ask::<api::TagResource>(input).await.unwrap();
        assert_eq!(listed(&house, id).await, [tag("a", "2"), tag("b", "3")]);
        let input = UntagResourceRequest {
            resource_id: id.clone(),
            tag_key_list: vec!["a".to_owned(), "z".to_owned()],
        };
        house.ask::<api::UntagResource>(input).await.unwrap();
        assert_eq!(listed(&house, id).await, [tag("b", "3")]);
    }
    assert_eq!(house.shown(&cluster).await.tag_list, Some(vec![tag("b", "3")]));
    assert_eq!(house.backups().await[0].tag_list, Some(vec![tag("b", "3")]));
}

#[tokio::test]
async fn tags_come_in_pages() {
    let house = house().await;
    let tag_list = Some(vec![tag("a", "1"), tag("b", "2"), tag("c", "3")]);
    let input = CreateClusterRequest { tag_list, ..wanted() };
    let id = house.ask::<api::CreateCluster>(input).await.unwrap().cluster.unwrap().cluster_id.unwrap();
    let page = |next_token| ListTagsRequest { resource_id: id.clone(), next_token, max_results: Some(2) };
    let first = house.ask::<api::ListTags>(page(None)).await.unwrap();
    assert_eq!(first.tag_list, [tag("a", "1"), tag("b", "2")]);
    let second = house.ask::<api::ListTags>(page(first.next_token)).await.unwrap();
    assert_eq!((second.tag_list, second.next_token), (vec![tag("c", "3")], None));
}

#[tokio::test]
async fn bad_tags_change_nothing() {
    let house = house().await;
    let id = house.cluster().await;
    let input = TagResourceRequest { resource_id: id.clone(), tag_list: vec![tag("first", "")] };
    house.ask::<api::TagResource>(input).await.unwrap();
    let many = (0..50).map(|number| tag(&format!("k{number}"), "")).collect();
    for (tags, code) in [
        (vec![tag("aws:x", "")], "CloudHsmTagException"),
        (vec![tag("a", "1"), tag("a", "2")], "CloudHsmTagException"),
        (many, "CloudHsmResourceLimitExceededException"),
    ] {
        let input = TagResourceRequest { resource_id: id.clone(), tag_list: tags };
        assert_eq!(house.refused::<api::TagResource>(input).await.0, code);
    }
    assert_eq!(listed(&house, &id).await, [tag("first", "")]);
    for missing in ["cluster-aaaaaaaaaaa", "backup-aaaaaaaaaaa"] {
        let input = ListTagsRequest { resource_id: missing.to_owned(), next_token: None, max_results: None };
        assert_eq!(house.refused::<api::ListTags>(input).await.0, "CloudHsmResourceNotFoundException");
    }
}
