#!/usr/bin/env bash
# Keys in HSMs of your own: a CloudHSM cluster in two Availability Zones, a custom key store made of it, and a KMS key whose
# material is made inside the cluster and never leaves it.
#
# Run it by hand:   tests/lessons/custom-key-store.sh
# It needs the AWS CLI and openssl on the PATH, and a built keyward (KEYWARD names it).
# HSM=pkcs11 puts each HSM on a SoftHSM 2 token of its own; that needs libsofthsm2 and pkcs11-tool.
. "$(dirname "$0")/lesson.bash"
hsm=${HSM:-software}

step "Start Keyward in an empty folder; the HSMs are of the kind '$hsm'"
cd "$folder"
{
  echo 'listen = "127.0.0.1:0"'
  printf '[dns]\nlisten = "127.0.0.1:0"\n'
} > keyward.toml
if [ "$hsm" = pkcs11 ]; then
  module=${PKCS11_MODULE:-$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -n 1)}
  [ -n "$module" ] || fail "libsofthsm2.so is not installed"
  mkdir tokens
  printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$folder" > softhsm2.conf
  export SOFTHSM2_CONF=$folder/softhsm2.conf
  tokens=(one two)
  {
    printf '[cloudhsm]\nhsm = "pkcs11"\n[cloudhsm.pkcs11]\nmodule = "%s"\n' "$module"
    printf 'environment = { SOFTHSM2_CONF = "%s" }\nwritable = ["%s"]\n' "$SOFTHSM2_CONF" "$folder/tokens"
    for token in "${tokens[@]}"; do
      printf '[[cloudhsm.pkcs11.tokens]]\nlabel = "%s"\npin_file = "%s"\n' "$token" "$folder/$token.pin"
    done
  } >> keyward.toml
  for token in "${tokens[@]}"; do
    printf 'pin-of-%s' "$token" > "$token.pin"
    softhsm2-util --init-token --free --label "$token" --pin "$(cat "$token.pin")" --so-pin so-pin-1 > /dev/null
  done
fi
start_keyward

step "Create a cluster in two subnets, one an Availability Zone, and its first HSM"
made=$(aws cloudhsmv2 create-cluster --hsm-type hsm1.medium --subnet-ids subnet-a6b10bd1 subnet-b6b10bd2)
see "$made" '"State": "CREATE_IN_PROGRESS|UNINITIALIZED"'
cluster=$(field "$made" '["Cluster"]["ClusterId"]')
cluster_is() { aws cloudhsmv2 describe-clusters --filters clusterIds="$cluster" --query 'Clusters[0].State' --output text; }
zones() { aws cloudhsmv2 describe-clusters --filters clusterIds="$cluster" --query 'Clusters[0].SubnetMapping' --output json; }
active_hsms() {
  aws cloudhsmv2 describe-clusters --filters clusterIds="$cluster" \
    --query "length(Clusters[0].Hsms[?State=='ACTIVE'])" --output text
}
until_seen '^UNINITIALIZED$' cluster_is
see "$(zones)" 'subnet-a6b10bd1'
zone_a=$(python3 -c 'import json,sys; print(sorted(json.loads(sys.argv[1]))[0])' "$(zones)")
zone_b=$(python3 -c 'import json,sys; print(sorted(json.loads(sys.argv[1]))[1])' "$(zones)")
see "$(aws cloudhsmv2 create-hsm --cluster-id "$cluster" --availability-zone "$zone_a")" '"State": "CREATE_IN_PROGRESS"'
until_seen '^1$' active_hsms

step "Claim it: sign the cluster's certificate request with a CA of your own"
certificate() {
  aws cloudhsmv2 describe-clusters --filters clusterIds="$cluster" --query "Clusters[0].Certificates.$1" --output text
}
certificate ClusterCsr > cluster.csr
certificate HsmCertificate > hsm.crt
certificate AwsHardwareCertificate > aws-hardware.crt
certificate ManufacturerHardwareCertificate > manufacturer-hardware.crt
see "$(openssl req -in cluster.csr -noout -verify -subject 2>&1)" 'HSM:.*:PARTN:'
see "$(openssl verify -partial_chain -trusted aws-hardware.crt hsm.crt)" 'hsm.crt: OK'
see "$(openssl verify -partial_chain -trusted manufacturer-hardware.crt hsm.crt)" 'hsm.crt: OK'
[ "$(openssl req -in cluster.csr -noout -pubkey)" = "$(openssl x509 -in hsm.crt -noout -pubkey)" ] \
  || fail "the request is not for the HSM's key"
openssl req -x509 -newkey rsa:2048 -nodes -keyout customerCA.key -out customerCA.crt -subj '/CN=Example CA' -days 3652 2>/dev/null
openssl x509 -req -in cluster.csr -CA customerCA.crt -CAkey customerCA.key -CAcreateserial \
  -out customerHsm.crt -days 3652 2>/dev/null
see "$(aws cloudhsmv2 initialize-cluster --cluster-id "$cluster" \
  --signed-cert file://customerHsm.crt --trust-anchor file://customerCA.crt)" '"State": "INITIALIZE_IN_PROGRESS|INITIALIZED"'
until_seen '^INITIALIZED$' cluster_is

step "Activate it, make the crypto user kmsuser, and add an HSM in the other Availability Zone"
see "$("$keyward" cloudhsm --cluster-id "$cluster" cluster activate --password admin-password-1)" '"error_code": *0'
until_seen '^ACTIVE$' cluster_is
export CLOUDHSM_ROLE=admin CLOUDHSM_PIN=admin:admin-password-1
see "$("$keyward" cloudhsm --cluster-id "$cluster" user create --username kmsuser --role crypto-user --password kmsPswd123)" \
  '"username": *"kmsuser"'
aws cloudhsmv2 create-hsm --cluster-id "$cluster" --availability-zone "$zone_b" > /dev/null
until_seen '^2$' active_hsms
described=$(aws cloudhsmv2 describe-clusters --filters clusterIds="$cluster")
for member in BackupPolicy SecurityGroup SubnetMapping ClusterId VpcId ClusterCertificate Hsms AvailabilityZone EniIp EniId \
  SubnetId HsmId StateMessage State HsmType CreateTimestamp; do
  see_quietly "$described" "\"$member\""
done
see "$described" '"StateMessage": "HSM created."'

step "Make a custom key store of the cluster and connect it"
store=$(aws kms create-custom-key-store --custom-key-store-name ExampleKeyStore --cloud-hsm-cluster-id "$cluster" \
  --trust-anchor-certificate file://customerCA.crt --key-store-password kmsPswd123 --query CustomKeyStoreId --output text)
store_is() {
  aws kms describe-custom-key-stores --custom-key-store-id "$store" --query 'CustomKeyStores[0].ConnectionState' --output text
}
see "$(store_is)" '^DISCONNECTED$'
aws kms connect-custom-key-store --custom-key-store-id "$store"
until_seen '^CONNECTED$' store_is
described=$(aws kms describe-custom-key-stores --custom-key-store-id "$store")
for member in CustomKeyStoreId CustomKeyStoreName CloudHsmClusterId TrustAnchorCertificate CreationDate ConnectionState; do
  see_quietly "$described" "\"$member\""
done

step "Create a KMS key in the store"
made=$(aws kms create-key --origin AWS_CLOUDHSM --custom-key-store-id "$store" --description 'Example key')
see "$made" '"Origin": "AWS_CLOUDHSM"'
for expected in '"KeyState": "Enabled"' '"KeyManager": "CUSTOMER"' '"MultiRegion": false' '"KeySpec": "SYMMETRIC_DEFAULT"' \
  "\"CustomKeyStoreId\": \"$store\"" "\"CloudHsmClusterId\": \"$cluster\"" '"KeyUsage": "ENCRYPT_DECRYPT"'; do
  see_quietly "$made" "$expected"
done
key=$(field "$made" '["KeyMetadata"]["KeyId"]')
arn=$(field "$made" '["KeyMetadata"]["Arn"]')

step "Use it like any KMS key: the HSMs encrypt and decrypt"
printf 'the owl flies at midnight' > message
aws kms encrypt --key-id "$key" --plaintext fileb://message --encryption-context purpose=lesson \
  --query CiphertextBlob --output text | base64 -d > sealed
see "$(aws kms decrypt --ciphertext-blob fileb://sealed --encryption-context purpose=lesson \
  --query Plaintext --output text | base64 -d)" '^the owl flies at midnight$'
see_not "$(aws kms decrypt --ciphertext-blob fileb://sealed --encryption-context purpose=theft 2>&1 || true)" owl
aws kms create-alias --alias-name alias/in-my-hsms --target-key-id "$key"
see "$(aws kms generate-data-key --key-id alias/in-my-hsms --key-spec AES_256 --query KeyId --output text)" "$key"
see "$(aws kms generate-data-key-pair --key-id "$key" --key-pair-spec RSA_2048 2>&1 || true)" UnsupportedOperationException
see "$(aws kms enable-key-rotation --key-id "$key" 2>&1 || true)" UnsupportedOperationException

step "Look into the HSMs: the key is there under its ARN, persistent and not extractable"
if [ "$hsm" = pkcs11 ]; then
  for token in "${tokens[@]}"; do
    objects=$(pkcs11-tool --module "$module" --token-label "$token" --login --pin "$(cat "$token.pin")" \
      --list-objects --type secrkey 2>/dev/null)
    see_quietly "$objects" "$arn"
    object=$(awk -v arn="$arn" '/^Secret Key Object/ { shown = "" } { shown = shown $0 "\n" } index($0, arn) { mine = 1 }
      mine && /Access:/ { printf "%s", shown; exit }' <<<"$objects")
    see "$object" 'Access: *.*sensitive'
    see_not "$object" 'Access: *.*[ ,]extractable'
  done
fi
aws kms disconnect-custom-key-store --custom-key-store-id "$store"
until_seen '^DISCONNECTED$' store_is
see "$(aws kms describe-key --key-id "$key" --query KeyMetadata.KeyState --output text)" '^Unavailable$'
see "$(aws kms encrypt --key-id "$key" --plaintext fileb://message 2>&1 || true)" KMSInvalidStateException
CLOUDHSM_ROLE=admin CLOUDHSM_PIN=admin:admin-password-1 \
  "$keyward" cloudhsm --cluster-id "$cluster" user change-password --username kmsuser --role crypto-user --password kmsPswd456 >/dev/null
listed=$(CLOUDHSM_ROLE=crypto-user CLOUDHSM_PIN=kmsuser:kmsPswd456 "$keyward" cloudhsm --cluster-id "$cluster" key list --verbose)
see "$listed" "\"label\": *\"$arn\""
see "$listed" '"extractable": *false'
see "$listed" '"token": *true'

step "Connect again: with the old password it fails, with the new one the key works as before"
aws kms connect-custom-key-store --custom-key-store-id "$store"
until_seen '^FAILED$' store_is
see "$(aws kms describe-custom-key-stores --custom-key-store-id "$store")" '"ConnectionErrorCode": "INVALID_CREDENTIALS"'
aws kms disconnect-custom-key-store --custom-key-store-id "$store"
until_seen '^DISCONNECTED$' store_is
aws kms update-custom-key-store --custom-key-store-id "$store" --key-store-password kmsPswd456
aws kms connect-custom-key-store --custom-key-store-id "$store"
until_seen '^CONNECTED$' store_is
see "$(aws kms decrypt --ciphertext-blob fileb://sealed --encryption-context purpose=lesson \
  --query Plaintext --output text | base64 -d)" '^the owl flies at midnight$'

step "Lose an HSM: the other one goes on; new keys need two"
lost=$(aws cloudhsmv2 describe-clusters --filters clusterIds="$cluster" --query 'Clusters[0].Hsms[0].HsmId' --output text)
aws cloudhsmv2 delete-hsm --cluster-id "$cluster" --hsm-id "$lost" > /dev/null
until_seen '^1$' active_hsms
see "$(aws kms decrypt --ciphertext-blob fileb://sealed --encryption-context purpose=lesson \
  --query Plaintext --output text | base64 -d)" '^the owl flies at midnight$'
see "$(aws kms create-key --origin AWS_CLOUDHSM --custom-key-store-id "$store" 2>&1 || true)" \
  CloudHsmClusterInvalidConfigurationException

printf '\nThe lesson ends well.\n'
