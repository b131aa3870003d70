// The AWS SDK for JavaScript v3 uses KMS with what `keyward env` exports. Run by test_sdk_javascript.py.

import assert from "node:assert/strict";
import { createVerify } from "node:crypto";
import { test } from "node:test";

import * as sdk from "@aws-sdk/client-kms";

const kms = new sdk.KMSClient({ maxAttempts: 1 });
const send = (command, members = {}) => kms.send(new sdk[`${command}Command`](members));
const bytes = (text) => new TextEncoder().encode(text);
const created = async (members = {}) => (await send("CreateKey", members)).KeyMetadata;

test("a key is made and described", async () => {
  const tags = [{ TagKey: "team", TagValue: "größe" }];
  const made = await created({ Description: "from JavaScript", Tags: tags });
  const { KeyMetadata: found } = await send("DescribeKey", { KeyId: made.KeyId });
  assert.deepEqual(found, made);
  assert.ok(found.CreationDate instanceof Date && Math.abs(Date.now() - found.CreationDate) < 600_000);
  assert.deepEqual((await send("ListResourceTags", { KeyId: made.KeyId })).Tags, tags);
});

test("what was encrypted decrypts under its context alone", async () => {
  const { KeyId } = await created();
  const EncryptionContext = { purpose: "test", größe: "ключ" };
  const sealed = await send("Encrypt", { KeyId, Plaintext: bytes("attack at dawn"), EncryptionContext });
  const { CiphertextBlob } = sealed;
  const opened = await send("Decrypt", { CiphertextBlob, EncryptionContext });
  assert.deepEqual(opened.Plaintext, bytes("attack at dawn"));
  await assert.rejects(send("Decrypt", { CiphertextBlob }), sdk.InvalidCiphertextException);
});

test("a data key and what it is sealed as are the same key", async () => {
  const { KeyId } = await created();
  const made = await send("GenerateDataKey", { KeyId, KeySpec: "AES_256" });
  assert.equal(made.Plaintext.length, 32);
  assert.deepEqual((await send("Decrypt", { CiphertextBlob: made.CiphertextBlob })).Plaintext, made.Plaintext);
});

test("node verifies a signature", async () => {
  const { KeyId } = await created({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  const members = { KeyId, Message: bytes("m"), SigningAlgorithm: "ECDSA_SHA_256" };
  const { Signature } = await send("Sign", members);
  assert.equal((await send("Verify", { ...members, Signature })).SignatureValid, true);
  const { PublicKey } = await send("GetPublicKey", { KeyId });
  const key = { key: Buffer.from(PublicKey), format: "der", type: "spki" };
  assert.ok(createVerify("sha256").update("m").verify(key, Signature));
  const wrong = { ...members, Message: bytes("n"), Signature };
  await assert.rejects(send("Verify", wrong), sdk.KMSInvalidSignatureException);
});

test("errors are the SDK's own types, with Keyward's words", async () => {
  const KeyId = "00000000-0000-4000-8000-000000000000";
  await assert.rejects(send("DescribeKey", { KeyId }), (error) => {
    assert.ok(error instanceof sdk.NotFoundException && error instanceof sdk.KMSServiceException);
    assert.equal(error.name, "NotFoundException");
    assert.equal(error.$fault, "client");
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    assert.match(error.message, /^Key 'arn:aws:kms:.*' does not exist$/);
    return true;
  });
  const key = await created();
  await send("DisableKey", { KeyId: key.KeyId });
  const use = { KeyId: key.KeyId, Plaintext: bytes("x") };
  await assert.rejects(send("Encrypt", use), sdk.DisabledException);
  await assert.rejects(send("EnableKeyRotation", { KeyId: key.KeyId }), sdk.DisabledException);
  await assert.rejects(send("CreateAlias", { AliasName: "no", TargetKeyId: key.KeyId }), (error) => {
    assert.equal(error.name, "ValidationException");
    return true;
  });
});

test("the paginators walk every page", async () => {
  const { KeyId } = await created();
  const names = [0, 1, 2, 3, 4].map((n) => `alias/js-${KeyId}-${n}`);
  for (const AliasName of names) await send("CreateAlias", { AliasName, TargetKeyId: KeyId });
  const walked = async (paginate, member, input) => {
    const [all, sizes] = [[], []];
    for await (const page of paginate({ client: kms, pageSize: 2 }, input)) {
      all.push(...page[member]);
      sizes.push(page[member].length);
    }
    assert.ok(sizes.every((size) => size <= 2), `pages of at most two, not ${sizes}`);
    return all;
  };
  const aliases = await walked(sdk.paginateListAliases, "Aliases", { KeyId });
  assert.deepEqual(aliases.map((alias) => alias.AliasName).sort(), names);
  const keys = await walked(sdk.paginateListKeys, "Keys", {});
  assert.ok(keys.some((key) => key.KeyId === KeyId) && new Set(keys.map((key) => key.KeyId)).size === keys.length);
});
