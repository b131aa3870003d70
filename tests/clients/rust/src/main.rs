//! The AWS SDK for Rust uses KMS with what `keyward env` exports. Run by `test_sdk_rust.py`.
//!
//! Plain HTTP and credentials from the environment, to build as little of the SDK as will do.

use std::collections::HashSet;
use std::env::var;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::{Config, Credentials, Region};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::operation::describe_key::DescribeKeyError;
use aws_sdk_kms::operation::verify::VerifyError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeySpec, KeyState, KeyUsageType, SigningAlgorithmSpec, Tag};

type Done = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let credentials =
        Credentials::new(var("AWS_ACCESS_KEY_ID")?, var("AWS_SECRET_ACCESS_KEY")?, None, None, "environment");
    let config = Config::builder()
        .endpoint_url(var("AWS_ENDPOINT_URL")?)
        .region(Region::new(var("AWS_REGION")?))
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let kms = Client::from_conf(config);
    keys(&kms).await?;
    ciphertexts(&kms).await?;
    signatures(&kms).await?;
    errors(&kms).await?;
    pages(&kms).await?;
    println!("5 parts passed");
    Ok(())
}

async fn made(
    kms: &Client,
    spec: KeySpec,
    usage: KeyUsageType,
) -> Result<String, Box<dyn std::error::Error>> {
    let made = kms.create_key().key_spec(spec).key_usage(usage).send().await?;
    Ok(made.key_metadata.ok_or("no metadata")?.key_id)
}

async fn symmetric(kms: &Client) -> Result<String, Box<dyn std::error::Error>> {
    made(kms, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await
}

async fn keys(kms: &Client) -> Done {
    let tag = Tag::builder().tag_key("team").tag_value("größe").build()?;
    let made = kms.create_key().description("from Rust").tags(tag.clone()).send().await?;
    let made = made.key_metadata.ok_or("no metadata")?;
    let found = kms.describe_key().key_id(&made.key_id).send().await?;
    assert_eq!(found.key_metadata, Some(made.clone()));
    assert_eq!(made.key_state, Some(KeyState::Enabled));
    let tags = kms.list_resource_tags().key_id(&made.key_id).send().await?;
    assert_eq!(tags.tags(), [tag]);
    Ok(())
}

async fn ciphertexts(kms: &Client) -> Done {
    let key = symmetric(kms).await?;
    let sealed = kms.encrypt().key_id(&key).plaintext(Blob::new("attack at dawn"));
    let sealed = sealed.encryption_context("größe", "ключ").send().await?.ciphertext_blob.ok_or("no blob")?;
    let open = || kms.decrypt().ciphertext_blob(sealed.clone());
    let opened = open().encryption_context("größe", "ключ").send().await?;
    assert_eq!(opened.plaintext, Some(Blob::new("attack at dawn")));
    let refused = open().send().await.expect_err("the context is missing").into_service_error();
    assert!(matches!(refused, DecryptError::InvalidCiphertextException(_)), "{refused:?}");

    let made = kms.generate_data_key().key_id(&key).key_spec(DataKeySpec::Aes256).send().await?;
    assert_eq!(made.plaintext.as_ref().map(|key| key.as_ref().len()), Some(32));
    let opened = kms.decrypt().ciphertext_blob(made.ciphertext_blob.ok_or("no blob")?).send().await?;
    assert_eq!(opened.plaintext, made.plaintext);
    Ok(())
}

async fn signatures(kms: &Client) -> Done {
    let key = made(kms, KeySpec::EccNistP256, KeyUsageType::SignVerify).await?;
    let algorithm = SigningAlgorithmSpec::EcdsaSha256;
    let sign = kms.sign().key_id(&key).message(Blob::new("m")).signing_algorithm(algorithm.clone());
    let signature = sign.send().await?.signature.ok_or("no signature")?;
    let verify = |message: &str| {
        let members = kms.verify().key_id(&key).signing_algorithm(algorithm.clone());
        members.message(Blob::new(message)).signature(signature.clone()).send()
    };
    assert!(verify("m").await?.signature_valid);
    let refused = verify("n").await.expect_err("another message").into_service_error();
    assert!(matches!(refused, VerifyError::KmsInvalidSignatureException(_)), "{refused:?}");
    Ok(())
}

async fn errors(kms: &Client) -> Done {
    let unknown = "00000000-0000-4000-8000-000000000000";
    let error = kms.describe_key().key_id(unknown).send().await.expect_err("there is no such key");
    let SdkError::ServiceError(context) = &error else { return Err(error.into()) };
    assert_eq!(context.raw().status().as_u16(), 400);
    assert!(matches!(context.err(), DescribeKeyError::NotFoundException(_)), "{context:?}");
    assert_eq!(error.code(), Some("NotFoundException"));
    assert!(error.message().is_some_and(|text| text.starts_with("Key 'arn:aws:kms:")), "{error:?}");
    assert_eq!(error.request_id().map(str::len), Some(36));

    let key = symmetric(kms).await?;
    kms.disable_key().key_id(&key).send().await?;
    let refused = kms.encrypt().key_id(&key).plaintext(Blob::new("x")).send().await;
    let refused = refused.expect_err("it is disabled").into_service_error();
    assert!(refused.is_disabled_exception(), "{refused:?}");
    let refused = kms.create_alias().alias_name("no").target_key_id(&key).send().await;
    assert_eq!(refused.expect_err("it has no alias/").code(), Some("ValidationException"));
    Ok(())
}

async fn pages(kms: &Client) -> Done {
    let key = symmetric(kms).await?;
    let names: HashSet<String> = (0..5).map(|n| format!("alias/rust-{key}-{n}")).collect();
    for name in &names {
        kms.create_alias().alias_name(name).target_key_id(&key).send().await?;
    }
    let mut pages = kms.list_aliases().key_id(&key).limit(2).into_paginator().send();
    let mut sizes = Vec::new();
    let mut found = HashSet::new();
    while let Some(page) = pages.next().await {
        let page = page?;
        sizes.push(page.aliases().len());
        found.extend(page.aliases().iter().filter_map(|alias| alias.alias_name.clone()));
    }
    assert_eq!((found, sizes), (names, vec![2, 2, 1]));
    let keys =
        kms.list_keys().limit(3).into_paginator().items().send().collect::<Result<Vec<_>, _>>().await?;
    assert!(keys.iter().any(|entry| entry.key_id.as_deref() == Some(&*key)));
    Ok(())
}
