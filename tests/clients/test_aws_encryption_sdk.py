"""The AWS Encryption SDK for Python: its messages are sealed with keys of Keyward's, by both of its interfaces."""

import aws_encryption_sdk
import boto3
import pytest
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsDiscoveryKeyringInput,
    CreateAwsKmsEcdhKeyringInput,
    CreateAwsKmsKeyringInput,
    CreateAwsKmsMrkDiscoveryKeyringInput,
    CreateAwsKmsMrkKeyringInput,
    CreateAwsKmsRsaKeyringInput,
    CreateMultiKeyringInput,
    DiscoveryFilter,
    KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey,
    KmsPrivateKeyToStaticPublicKeyInput,
)
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError, DecryptKeyError
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy
from aws_encryption_sdk.key_providers.kms import (
    MRKAwareDiscoveryAwsKmsMasterKeyProvider,
    MRKAwareStrictAwsKmsMasterKeyProvider,
)
from harness import user_with, wait_for
from kms_support import account_of, create, fresh, openssl

TEXT = b"attack at dawn" * 1000
CONTEXT = {"purpose": "test", "Größe": "ключ"}
# Suites without a signature are what keyrings of asymmetric keys can use.
UNSIGNED = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def sdk():
    return aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    )


@pytest.fixture(scope="module")
def materials():
    return AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())


@pytest.fixture
def environment(server, monkeypatch):
    """What `keyward env` exports, for clients that the SDK makes by itself."""
    for name, value in server.environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


# --- master key providers ------------------------------------------------------------------------


def test_a_master_key_provider_s_message_opens_again(kms, sdk, environment):
    first, second = create(kms), create(kms)
    provider = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[first, second])
    sealed, header = sdk.encrypt(source=TEXT, key_provider=provider, encryption_context=CONTEXT)
    assert {key.key_provider.key_info.decode() for key in header.encrypted_data_keys} == {first, second}
    assert set(CONTEXT.items()) <= set(header.encryption_context.items())
    for key in (first, second):
        only = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key])
        opened, _ = sdk.decrypt(source=sealed, key_provider=only)
        assert opened == TEXT
    discovery = aws_encryption_sdk.DiscoveryAwsKmsMasterKeyProvider()
    assert sdk.decrypt(source=sealed, key_provider=discovery)[0] == TEXT


def test_a_master_key_that_is_gone_opens_nothing(kms, sdk, environment):
    key, other = create(kms), create(kms)
    provider = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key])
    sealed, _ = sdk.encrypt(source=TEXT, key_provider=provider)
    stranger = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[other])
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed, key_provider=stranger)
    kms.disable_key(KeyId=key)
    with pytest.raises(DecryptKeyError):
        sdk.decrypt(source=sealed, key_provider=provider)


def test_a_message_streams(kms, sdk, environment, tmp_path):
    provider = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[create(kms)])
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(TEXT * 20)
    with plain.open("rb") as source, sealed.open("wb") as target:
        with sdk.stream(mode="e", source=source, key_provider=provider) as stream:
            target.writelines(stream)
    with sealed.open("rb") as source:
        with sdk.stream(mode="d", source=source, key_provider=provider) as stream:
            assert b"".join(stream) == TEXT * 20


# --- keyrings ------------------------------------------------------------------------------------


def symmetric_keyring(materials, client, key):
    return materials.create_aws_kms_keyring(CreateAwsKmsKeyringInput(kms_key_id=key, kms_client=client))


def test_a_keyring_s_message_opens_again(kms, sdk, materials):
    keyring = symmetric_keyring(materials, kms, create(kms))
    sealed, _ = sdk.encrypt(source=TEXT, keyring=keyring, encryption_context=CONTEXT)
    assert sdk.decrypt(source=sealed, keyring=keyring, encryption_context=CONTEXT)[0] == TEXT
    with pytest.raises(Exception, match="[Cc]ontext"):
        sdk.decrypt(source=sealed, keyring=keyring, encryption_context={"purpose": "other"})


def test_any_one_key_of_several_opens_the_message(server, kms, sdk, materials):
    near, far = create(kms), create(server.client("kms", region="eu-west-1"))
    rings = [
        symmetric_keyring(materials, kms, near),
        symmetric_keyring(materials, server.client("kms", region="eu-west-1"), far),
    ]
    both = materials.create_multi_keyring(CreateMultiKeyringInput(generator=rings[0], child_keyrings=rings[1:]))
    sealed, _ = sdk.encrypt(source=TEXT, keyring=both)
    for ring in rings:
        assert sdk.decrypt(source=sealed, keyring=ring)[0] == TEXT


def test_a_discovery_keyring_finds_the_key_of_its_account(kms, sdk, materials):
    key = create(kms)
    sealed, _ = sdk.encrypt(source=TEXT, keyring=symmetric_keyring(materials, kms, key))

    def discover(account):
        found = DiscoveryFilter(account_ids=[account], partition="aws")
        members = CreateAwsKmsDiscoveryKeyringInput(kms_client=kms, discovery_filter=found)
        return materials.create_aws_kms_discovery_keyring(members)

    assert sdk.decrypt(source=sealed, keyring=discover(account_of(key)))[0] == TEXT
    with pytest.raises(Exception, match="[Uu]nable to decrypt|[Nn]o Configured"):
        sdk.decrypt(source=sealed, keyring=discover("999999999999"))


def test_a_keyring_s_user_needs_the_grant_that_its_token_names(server, kms, sdk, materials):
    keys, arn = user_with(server, fresh("bob"))
    key = create(kms)
    operations = ["GenerateDataKey", "Decrypt"]
    bob = server.client("kms", keys=keys)
    keyring = symmetric_keyring(materials, bob, key)
    with pytest.raises(Exception, match="not authorized|AccessDenied|Generat"):
        sdk.encrypt(source=TEXT, keyring=keyring)
    token = kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=operations)["GrantToken"]
    members = CreateAwsKmsKeyringInput(kms_key_id=key, kms_client=bob, grant_tokens=[token])
    granted = materials.create_aws_kms_keyring(members)
    sealed, _ = sdk.encrypt(source=TEXT, keyring=granted)
    assert sdk.decrypt(source=sealed, keyring=granted)[0] == TEXT


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
def test_an_rsa_keyring_seals_with_the_public_key_alone(kms, sdk, materials, algorithm):
    key = create(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    der = kms.get_public_key(KeyId=key)["PublicKey"]
    pem = openssl("pkey", "-pubin", "-inform", "DER", "-outform", "PEM", stdin=der)
    members = CreateAwsKmsRsaKeyringInput(
        kms_key_id=key, public_key=pem, encryption_algorithm=algorithm, kms_client=kms
    )
    keyring = materials.create_aws_kms_rsa_keyring(members)
    sealed, _ = sdk.encrypt(source=TEXT, keyring=keyring, algorithm=UNSIGNED)
    assert sdk.decrypt(source=sealed, keyring=keyring)[0] == TEXT


def test_an_ecdh_keyring_agrees_with_its_peer(kms, sdk, materials):
    made = [create(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT") for _ in range(2)]
    public = {key: kms.get_public_key(KeyId=key)["PublicKey"] for key in made}

    def keyring(own, peer):
        pair = KmsPrivateKeyToStaticPublicKeyInput(
            sender_kms_identifier=own, sender_public_key=public[own], recipient_public_key=public[peer]
        )
        scheme = KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey(pair)
        members = CreateAwsKmsEcdhKeyringInput(
            key_agreement_scheme=scheme, curve_spec="ECC_NIST_P256", kms_client=kms
        )
        return materials.create_aws_kms_ecdh_keyring(members)

    alice, bob = made
    sealed, _ = sdk.encrypt(source=TEXT, keyring=keyring(alice, bob), algorithm=UNSIGNED)
    assert sdk.decrypt(source=sealed, keyring=keyring(bob, alice))[0] == TEXT


# --- multi-Region keys -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twins(server, kms):
    """A primary here, its replica in another Region, and a client there."""
    away = server.client("kms", region="eu-west-1")
    primary = create(kms, MultiRegion=True)
    kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")
    replica = primary.replace(":us-east-1:", ":eu-west-1:")
    wait_for(lambda: away.describe_key(KeyId=replica)["KeyMetadata"]["KeyState"] == "Enabled")
    return primary, replica, away


def test_what_one_region_sealed_another_opens_with_its_replica(kms, sdk, materials, twins):
    primary, replica, away = twins

    def keyring(key, client):
        return materials.create_aws_kms_mrk_keyring(CreateAwsKmsMrkKeyringInput(kms_key_id=key, kms_client=client))

    here, there = keyring(primary, kms), keyring(replica, away)
    for one, other in [(here, there), (there, here)]:
        sealed, _ = sdk.encrypt(source=TEXT, keyring=one, encryption_context=CONTEXT)
        assert sdk.decrypt(source=sealed, keyring=other)[0] == TEXT
    single = symmetric_keyring(materials, kms, create(kms))
    with pytest.raises(Exception, match="[Uu]nable to decrypt|[Nn]o Configured"):
        sdk.decrypt(source=sealed, keyring=single)


def test_a_discovery_keyring_of_another_region_finds_the_replica(kms, sdk, materials, twins):
    primary, _, away = twins
    home = CreateAwsKmsMrkKeyringInput(kms_key_id=primary, kms_client=kms)
    sealed, _ = sdk.encrypt(source=TEXT, keyring=materials.create_aws_kms_mrk_keyring(home))
    for account, opens in [(account_of(primary), True), ("999999999999", False)]:
        found = DiscoveryFilter(account_ids=[account], partition="aws")
        members = CreateAwsKmsMrkDiscoveryKeyringInput(kms_client=away, region="eu-west-1", discovery_filter=found)
        keyring = materials.create_aws_kms_mrk_discovery_keyring(members)
        if opens:
            assert sdk.decrypt(source=sealed, keyring=keyring)[0] == TEXT
        else:
            with pytest.raises(Exception, match="[Uu]nable to decrypt|[Nn]o Configured"):
                sdk.decrypt(source=sealed, keyring=keyring)


def test_an_mrk_aware_master_key_provider_opens_with_the_replica(sdk, environment, twins):
    primary, replica, _ = twins
    provider = MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[primary])
    sealed, header = sdk.encrypt(source=TEXT, key_provider=provider)
    assert [key.key_provider.key_info.decode() for key in header.encrypted_data_keys] == [primary]
    other = MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[replica])
    assert sdk.decrypt(source=sealed, key_provider=other)[0] == TEXT
    discovery = MRKAwareDiscoveryAwsKmsMasterKeyProvider(discovery_region="eu-west-1")
    assert sdk.decrypt(source=sealed, key_provider=discovery)[0] == TEXT
    plain = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[replica])
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed, key_provider=plain)
