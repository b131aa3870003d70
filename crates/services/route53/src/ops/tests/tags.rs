//! Tags of hosted zones.

use keyward_schema::route53::{
    ChangeTagsForResource, ChangeTagsForResourceRequest, ListTagsForResource, ListTagsForResourceRequest,
    ListTagsForResources, ListTagsForResourcesRequest, Tag, TagResourceType,
};

use crate::bench::Bench;

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: Some(key.to_owned()), value: Some(value.to_owned()) }
}

fn change(zone: &str, add: &[(&str, &str)], remove: &[&str]) -> ChangeTagsForResourceRequest {
    let add: Vec<Tag> = add.iter().map(|(key, value)| tag(key, value)).collect();
    let remove: Vec<String> = remove.iter().map(|key| (*key).to_owned()).collect();
    ChangeTagsForResourceRequest {
        resource_type: TagResourceType::Hostedzone,
        resource_id: zone.to_owned(),
        add_tags: (!add.is_empty()).then_some(add),
        remove_tag_keys: (!remove.is_empty()).then_some(remove),
    }
}

fn list(zone: &str) -> ListTagsForResourceRequest {
    ListTagsForResourceRequest { resource_type: TagResourceType::Hostedzone, resource_id: zone.to_owned() }
}

#[tokio::test]
async fn tags_are_added_changed_and_removed() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    bench.call::<ChangeTagsForResource>(change(&zone, &[("b", "1"), ("a", "1")], &[])).await.unwrap();
    bench.call::<ChangeTagsForResource>(change(&zone, &[("a", "2")], &["b"])).await.unwrap();
    let set = bench.call::<ListTagsForResource>(list(&zone)).await.unwrap().resource_tag_set;
    assert_eq!(set.tags, Some(vec![tag("a", "2")]));
    assert_eq!(set.resource_id.as_deref(), Some(zone.as_str()));
    let other = bench.zone("b.org").await;
    let both = ListTagsForResourcesRequest {
        resource_type: TagResourceType::Hostedzone,
        resource_ids: vec![zone, other],
    };
    let sets = bench.call::<ListTagsForResources>(both).await.unwrap().resource_tag_sets;
    assert_eq!(sets.iter().map(|set| set.tags.as_ref().unwrap().len()).collect::<Vec<_>>(), [1, 0]);
}

#[tokio::test]
async fn refuses_tags_that_do_not_fit() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let refusal = async |input| bench.refusal::<ChangeTagsForResource>(input).await.0;
    assert_eq!(refusal(change(&zone, &[("aws:x", "1")], &[])).await, "InvalidInput");
    assert_eq!(refusal(change(&zone, &[("a", "1")], &["a"])).await, "InvalidInput");
    assert_eq!(refusal(change(&zone, &[], &[])).await, "InvalidInput");
    let ten: Vec<String> = (0..10).map(|n| format!("k{n}")).collect();
    let ten: Vec<(&str, &str)> = ten.iter().map(|key| (key.as_str(), "v")).collect();
    bench.call::<ChangeTagsForResource>(change(&zone, &ten, &[])).await.unwrap();
    assert_eq!(refusal(change(&zone, &[("more", "v")], &[])).await, "InvalidInput");
    assert_eq!(refusal(change("Z404", &[("a", "1")], &[])).await, "NoSuchHostedZone");
    let check = ListTagsForResourceRequest { resource_type: TagResourceType::Healthcheck, ..list("h") };
    assert_eq!(bench.refusal::<ListTagsForResource>(check).await.0, "NoSuchHealthCheck");
}
