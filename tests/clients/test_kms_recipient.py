"""`Recipient` through boto3: documents of an attestation PKI of our own, answers opened by openssl."""

import datetime
import time

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from harness import Keyward, keyward, user_with
from kms_support import create, document, allow, root_of, account_of, fresh, openssl, refused

DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
PCRS = {0: b"\x07" * 48, 1: b"\x08" * 48, 3: b"\x09" * 48}


def new_key():
    return ec.generate_private_key(ec.SECP384R1())


def certificate(subject, key, issuer, issuer_key, ca):
    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    hour = datetime.timedelta(hours=1)
    builder = builder.not_valid_before(now - hour).not_valid_after(now + 3 * hour)
    builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
    return builder.sign(issuer_key, hashes.SHA384())


class Enclave:
    """An attested environment: what signs its documents, and the key that it has alone."""

    def __init__(self):
        self.root_key, zone_key, self.module_key = new_key(), new_key(), new_key()
        self.root = certificate("root", self.root_key, "root", self.root_key, True)
        self.zone = certificate("zone", zone_key, "root", self.root_key, True)
        self.module = certificate("module", self.module_key, "zone", zone_key, False)
        self.private = rsa.generate_private_key(65537, 2048)

    def payload(self, **members):
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        standard = {
            "module_id": "i-1234567890abcdef0-enc1234567890abcdef",
            "digest": "SHA384",
            "timestamp": int(time.time() * 1000),
            "pcrs": PCRS,
            "certificate": self.module.public_bytes(DER),
            "cabundle": [self.root.public_bytes(DER), self.zone.public_bytes(DER)],
            "public_key": self.private.public_key().public_bytes(DER, spki),
            "user_data": None,
            "nonce": None,
        }
        return {name: value for name, value in {**standard, **members}.items() if value is not ...}

    def attest(self, **members):
        """A document, with members changed or (by `...`) left out."""
        protected = cbor2.dumps({1: -35})
        payload = cbor2.dumps(self.payload(**members))
        signed = cbor2.dumps(["Signature1", protected, b"", payload])
        r, s = decode_dss_signature(self.module_key.sign(signed, ec.ECDSA(hashes.SHA384())))
        return cbor2.dumps([protected, {}, payload, r.to_bytes(48, "big") + s.to_bytes(48, "big")])

    def recipient(self, **members):
        return {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": self.attest(**members)}

    def open(self, ciphertext, folder):
        """What is in a CMS message for us, by openssl."""
        key = folder / "enclave.pem"
        form = serialization.PrivateFormat.PKCS8
        key.write_bytes(self.private.private_bytes(PEM, form, serialization.NoEncryption()))
        return openssl("cms", "-decrypt", "-inform", "DER", "-binary", "-inkey", key, stdin=ciphertext)


@pytest.fixture(scope="module")
def enclave():
    return Enclave()


@pytest.fixture(scope="module")
def attesting(tmp_path_factory, enclave):
    folder = tmp_path_factory.mktemp("attesting")
    (folder / "root.pem").write_bytes(enclave.root.public_bytes(PEM))
    config = f"[kms]\nattestation_roots = ['{folder / 'root.pem'}']\n"
    with Keyward(folder / "data", config=config) as server:
        yield server


@pytest.fixture
def kms(attesting):
    return attesting.client("kms")


@pytest.fixture
def key(kms):
    return create(kms)


def test_decrypt_answers_the_recipient_alone(kms, key, enclave, tmp_path):
    blob = kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext={"a": "b"})["CiphertextBlob"]
    given = {"CiphertextBlob": blob, "EncryptionContext": {"a": "b"}}
    answer = kms.decrypt(Recipient=enclave.recipient(), **given)
    assert not answer.get("Plaintext") and "KeyMaterialId" not in answer
    assert (answer["KeyId"], answer["EncryptionAlgorithm"]) == (key, "SYMMETRIC_DEFAULT")
    assert enclave.open(answer["CiphertextForRecipient"], tmp_path) == b"secret"
    refused("InvalidCiphertextException", kms.decrypt, Recipient=enclave.recipient(), CiphertextBlob=blob)


def test_data_keys_are_for_the_recipient(kms, key, enclave, tmp_path):
    answer = kms.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=enclave.recipient())
    assert not answer.get("Plaintext") and "KeyMaterialId" not in answer
    data_key = enclave.open(answer["CiphertextForRecipient"], tmp_path)
    assert kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"] == data_key
    members = {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256", "Recipient": enclave.recipient()}
    answer = kms.generate_data_key_pair(**members)
    assert not answer.get("PrivateKeyPlaintext") and "KeyMaterialId" in answer
    private = enclave.open(answer["CiphertextForRecipient"], tmp_path)
    assert kms.decrypt(CiphertextBlob=answer["PrivateKeyCiphertextBlob"])["Plaintext"] == private
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    loaded = serialization.load_der_private_key(private, None)
    assert loaded.public_key().public_bytes(DER, spki) == answer["PublicKey"]


def test_random_bytes_and_shared_secrets_are_for_the_recipient(kms, enclave, tmp_path):
    answer = kms.generate_random(NumberOfBytes=1024, Recipient=enclave.recipient())
    assert not answer.get("Plaintext")
    assert len(enclave.open(answer["CiphertextForRecipient"], tmp_path)) == 1024
    key = create(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    members = {"KeyId": key, "KeyAgreementAlgorithm": "ECDH"}
    members["PublicKey"] = kms.get_public_key(KeyId=create(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT"))["PublicKey"]
    answer = kms.derive_shared_secret(Recipient=enclave.recipient(), **members)
    assert not answer.get("SharedSecret")
    secret = kms.derive_shared_secret(**members)["SharedSecret"]
    assert enclave.open(answer["CiphertextForRecipient"], tmp_path) == secret


def test_policies_may_demand_what_is_attested(attesting, kms, enclave):
    root = create(kms)
    account = account_of(root)
    keys, arn = user_with(attesting, fresh("attested"))
    for condition, value in [
        ("kms:RecipientAttestation:ImageSha384", PCRS[0].hex()),
        ("kms:RecipientAttestation:PCR3", PCRS[3].hex()),
    ]:
        attested = {"Condition": {"StringEqualsIgnoreCase": {condition: value}}}
        policy = document(allow(root_of(account), "kms:*"), allow({"AWS": arn}, "kms:GenerateDataKey", **attested))
        key = create(kms, Policy=policy)
        members = {"KeyId": key, "KeySpec": "AES_128"}
        client = attesting.client("kms", keys=keys)
        assert client.generate_data_key(Recipient=enclave.recipient(), **members)["CiphertextForRecipient"]
        refused("AccessDeniedException", client.generate_data_key, **members)
        others = {**PCRS, 0: b"\x00" * 48, 3: b"\x00" * 48}
        refused("AccessDeniedException", client.generate_data_key, Recipient=enclave.recipient(pcrs=others), **members)


def test_nitro_tpm_has_registers_of_its_own(attesting, kms, enclave):
    value = b"\x04" * 48
    condition = {"StringEquals": {"kms:RecipientAttestation:NitroTPMPCR4": value.hex()}}
    statement = {"Effect": "Allow", "Action": "kms:GenerateRandom", "Resource": "*", "Condition": condition}
    keys, _ = user_with(attesting, fresh("tpm"), statement)
    client = attesting.client("kms", keys=keys)
    tpm = enclave.recipient(pcrs=..., nitrotpm_pcrs={4: value})
    assert client.generate_random(NumberOfBytes=8, Recipient=tpm)["CiphertextForRecipient"]
    refused("AccessDeniedException", client.generate_random, NumberOfBytes=8, Recipient=enclave.recipient(pcrs={4: value}))


def test_documents_that_do_not_verify_are_refused(kms, enclave):
    stranger = Enclave()
    stale = int((time.time() - 400) * 1000)
    cases = [
        (enclave.recipient(timestamp=stale), "it was not made within the last five minutes"),
        (enclave.recipient(public_key=None), "it has no RSA public key of 2048 to 8192 bits"),
        (enclave.recipient(pcrs=...), "it is malformed: pcrs"),
        (enclave.recipient(digest="SHA256"), "it is malformed: digest"),
        (stranger.recipient(), "its certificate is not valid or does not lead to a trusted root"),
        (enclave.recipient(certificate=stranger.module.public_bytes(DER)), "its certificate is not valid or does not lead to a trusted root"),
    ]
    changed = enclave.recipient()
    changed["AttestationDocument"] = changed["AttestationDocument"].replace(PCRS[0], PCRS[1])
    for recipient, why in [*cases, (changed, "its signature is not valid")]:
        message = f"The attestation document is not valid: {why}."
        refused("ValidationException", kms.generate_random, message, NumberOfBytes=8, Recipient=recipient)


def test_aws_s_root_is_trusted_unless_another_is_configured(server, enclave, tmp_path):
    message = "The attestation document is not valid: its certificate is not valid or does not lead to a trusted root."
    kms = server.client("kms")
    refused("ValidationException", kms.generate_random, message, NumberOfBytes=8, Recipient=enclave.recipient())
    config = tmp_path / "keyward.toml"
    config.write_text("[kms]\nattestation_roots = ['nowhere.pem']\n")
    done = keyward("serve", "--config", config, "--data-dir", tmp_path / "data", cwd=tmp_path)
    assert done.returncode != 0 and "kms.attestation_roots: nowhere.pem" in done.stderr
