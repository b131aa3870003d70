#!/usr/bin/env bash
# The chain of trust, end to end: from an empty folder to an answer that real validators accept.
#
# Run it by hand as root (resolvers ask on port 53):   tests/lessons/chain-of-trust.sh
# It needs the AWS CLI, dig, delv, unbound, ldns-verify-zone and dnsviz on the PATH, and a built
# keyward (KEYWARD names it; the default is target/release/keyward, else target/debug/keyward).
# NETWORK names the loopback /24 whose addresses it uses, STAY=1 leaves everything running at the end.
. "$(dirname "$0")/lesson.bash"
network=${NETWORK:-127.41.7}
root=$network.1 org=$network.2 hosted=$network.3 resolver=$network.7
domain=animalsforlife.org

step "Start Keyward in an empty folder; root, org and the zone's four servers get addresses of their own"
cd "$folder"
cat > keyward.toml <<TOML
listen = "127.0.0.1:0"
[dns]
listen = "127.0.0.1:0"
[dns.root]
listen = ["$root:53"]
[dns.tld]
listen = ["$org:53"]
[dns.hosted]
listen = ["$network.3:53", "$network.4:53", "$network.5:53", "$network.6:53"]
TOML
start_keyward
see "$(aws sts get-caller-identity)" '"Arn": "arn:aws:iam::[0-9]{12}:root"'
account=$(aws sts get-caller-identity --query Account --output text)

step "Register $domain; Route 53 makes its hosted zone and org delegates to it"
contact='FirstName=Ada,LastName=Lovelace,ContactType=PERSON,AddressLine1=1 Analytical Street,City=London,CountryCode=GB,ZipCode=N1 1AA,PhoneNumber=+44.2012345678,Email=ada@example.com'
see "$(aws route53domains check-domain-availability --domain-name $domain)" '"AVAILABLE"'
operation=$(aws route53domains register-domain --domain-name $domain --duration-in-years 1 \
  --admin-contact "$contact" --registrant-contact "$contact" --tech-contact "$contact" --query OperationId --output text)
see "$(until_seen SUCCESSFUL aws route53domains get-operation-detail --operation-id "$operation")" REGISTER_DOMAIN
zone=$(aws route53 list-hosted-zones-by-name --dns-name $domain --query 'HostedZones[0].Id' --output text)
say "hosted zone $zone"
see "$(until_seen "$domain" dig @$org $domain NS +norecurse)" "$domain\..*IN.*NS.*awsdns"

step "Before signing there is no DNSKEY"
before=$(dig @$hosted $domain DNSKEY +dnssec)
see "$before" 'status: NOERROR.*'
see "$before" 'ANSWER: 0'
see_not "$before" 'RRSIG'

step "Make a KMS key (ECC_NIST_P256) that lets Route 53 sign with it"
cat > policy.json <<JSON
{"Version": "2012-10-17", "Statement": [
  {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::$account:root"},
   "Action": "kms:*", "Resource": "*"},
  {"Sid": "Allow Route 53 DNSSEC Service", "Effect": "Allow", "Principal": {"Service": "dnssec-route53.amazonaws.com"},
   "Action": ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"], "Resource": "*",
   "Condition": {"StringEquals": {"aws:SourceAccount": "$account"},
                 "ArnLike": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"}}},
  {"Sid": "Allow Route 53 DNSSEC to CreateGrant", "Effect": "Allow", "Principal": {"Service": "dnssec-route53.amazonaws.com"},
   "Action": "kms:CreateGrant", "Resource": "*", "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}]}
JSON
key=$(aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY --policy file://policy.json --query KeyMetadata.Arn --output text)
aws kms create-alias --alias-name alias/A4LKSK-KMS-KEY --target-key-id "$key"
say "$key"

step "Make the key-signing key A4LKSK of it and enable signing"
ksk=$(aws route53 create-key-signing-key --caller-reference lesson-1 --hosted-zone-id "$zone" \
  --key-management-service-arn "$key" --name A4LKSK --status ACTIVE)
see "$ksk" '"Flag": 257'
see "$ksk" '"SigningAlgorithmMnemonic": "ECDSAP256SHA256"'
ds=$(field "$ksk" '["KeySigningKey"]["DSRecord"]')
tag=$(field "$ksk" '["KeySigningKey"]["KeyTag"]')
public_key=$(field "$ksk" '["KeySigningKey"]["PublicKey"]')
change=$(aws route53 enable-hosted-zone-dnssec --hosted-zone-id "$zone" --query ChangeInfo.Id --output text)
until_seen INSYNC aws route53 get-change --id "$change" > /dev/null
see "$(aws route53 get-dnssec --hosted-zone-id "$zone")" '"ServeSignature": "SIGNING"'

step "Now the zone shows a zone-signing key (256), the key-signing key (257) and their signature"
after=$(dig @$hosted $domain DNSKEY +dnssec +multiline)
see "$after" 'DNSKEY[[:space:]]+256 3 13'
see "$after" 'DNSKEY[[:space:]]+257 3 13'
see "$(dig @$hosted $domain DNSKEY +dnssec)" "RRSIG[[:space:]]+DNSKEY 13 2 [0-9]+ [0-9]+ [0-9]+ $tag $domain\."

step "A validator does not trust it yet: org has no DS for it"
cat > unbound.conf <<CONF
server:
  directory: "$folder"
  username: ""
  chroot: ""
  pidfile: "$folder/unbound.pid"
  use-syslog: no
  logfile: "$folder/unbound.log"
  interface: $resolver
  port: 53
  do-ip6: no
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  outgoing-interface: $resolver
  root-hints: "$folder/root.hints"
  trust-anchor-file: "$folder/keyward-data/trust-anchor.zone"
  val-log-level: 2
  cache-max-ttl: 1
  cache-max-negative-ttl: 1
  module-config: "validator iterator"
remote-control:
  control-enable: no
CONF
printf '. 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A %s\n' "$root" > root.hints
unbound -d -c unbound.conf & pids+=($!)
until_seen 'status: NOERROR' dig @$resolver . SOA > /dev/null
delv_() { delv @$resolver -a keyward-data/trust-anchor.bind +root=. "$@" 2>&1; }
see "$(delv_ $domain SOA)" 'unsigned answer'

step "Hand the public key to the registrar: the DS record enters org"
operation=$(aws route53domains associate-delegation-signer-to-domain --domain-name $domain \
  --signing-attributes "Algorithm=13,Flags=257,PublicKey=$public_key" --query OperationId --output text)
see "$(until_seen SUCCESSFUL aws route53domains get-operation-detail --operation-id "$operation")" ADD_DNSSEC
see "$(aws route53domains get-domain-detail --domain-name $domain --query DnssecKeys)" "\"KeyTag\": $tag"

step "Ask org's own name server for the DS record"
see "$(dig @$root org NS +norecurse +noall +authority)" 'org\..*NS[[:space:]]+a\.nic\.org\.'
see "$(dig @$org org NS +short)" 'a\.nic\.org\.'
found=$(dig @$org $domain DS +dnssec)
see "$found" "DS[[:space:]]+${ds% *} "
see "$found" 'RRSIG[[:space:]]+DS 13 2'

step "Add the record test.$domain and see it, with and without DNSSEC"
change=$(aws route53 change-resource-record-sets --hosted-zone-id "$zone" --change-batch \
  "{\"Changes\":[{\"Action\":\"CREATE\",\"ResourceRecordSet\":{\"Name\":\"test.$domain\",\"Type\":\"A\",\"TTL\":60,\"ResourceRecords\":[{\"Value\":\"1.1.1.1\"}]}}]}" \
  --query ChangeInfo.Id --output text)
aws route53 wait resource-record-sets-changed --id "$change"
see "$(dig @$hosted test.$domain A +noall +answer)" "test.$domain\.[[:space:]]+60[[:space:]]+IN[[:space:]]+A[[:space:]]+1\.1\.1\.1"
see "$(dig @$hosted test.$domain A +dnssec +noall +answer)" "RRSIG[[:space:]]+A 13 3 60"
see_not "$(aws route53 list-resource-record-sets --hosted-zone-id "$zone")" 'RRSIG|DNSKEY|NSEC'

step "delv and unbound accept the whole chain, from our root to the record, and the denial of what is not there"
sleep 1.2 # the resolver remembers for one second that there was no DS
see "$(until_seen 'fully validated' delv_ test.$domain A)" '; fully validated'
see "$(dig @$resolver test.$domain A +dnssec)" 'flags:.* ad[; ]'
see "$(until_seen 'negative response, fully validated' delv_ nope.$domain A)" 'negative response, fully validated'
see "$(dig @$resolver nope.$domain A +dnssec)" 'status: NXDOMAIN'

step "ldns-verify-zone finds no error in the transferred zone"
dig @$hosted $domain AXFR +onesoa +nocomments +nocmd +nostats > zone.txt
see "$(ldns-verify-zone zone.txt 2>&1)" 'Zone is verified and complete'

step "dnsviz finds no error from the root down"
python3 - > anchor.key <<PY
print(open("keyward-data/trust-anchor.zone").read().strip())
PY
dnsviz probe -A -a . -x ".+:a.root-servers.net=$root" test.$domain -o probe.json > dnsviz.log 2>&1 || { cat dnsviz.log; fail "dnsviz probe"; }
# -P: name servers on loopback addresses are no error here. Each line must be marked secure, `[.]`.
found=$(dnsviz print -P -t anchor.key -r probe.json) || fail "dnsviz print"
see "$found" "^test.$domain"
see_not "$(grep -E '^ *[EW]:|\[[^.]' <<<"$found" || true)" '.'

step "A spoiled signature is refused: one byte of the record's RRSIG is changed on its way"
python3 "$here/tests/lessons/spoiler.py" "$network.8" "$hosted" "test.$domain" & pids+=($!)
sleep 0.5
sed "s/$resolver/$network.9/; s/unbound\.log/spoiled.log/; s/unbound\.pid/spoiled.pid/" unbound.conf > spoiled.conf
cat >> spoiled.conf <<CONF
stub-zone:
  name: "$domain"
  stub-addr: $network.8
CONF
unbound -d -c spoiled.conf & pids+=($!)
until_seen 'status: NOERROR' dig @$network.9 . SOA > /dev/null
see "$(dig @$network.9 $domain SOA +dnssec)" 'flags:.* ad[; ]'
see "$(dig @$network.9 test.$domain A +dnssec)" 'status: SERVFAIL'

step "And back: the order matters, and Route 53 insists on it"
see "$(aws route53 disable-hosted-zone-dnssec --hosted-zone-id "$zone" 2>&1 || true)" 'KeySigningKeyInParentDSRecord'
id=$(aws route53domains get-domain-detail --domain-name $domain --query 'DnssecKeys[0].Id' --output text)
operation=$(aws route53domains disassociate-delegation-signer-from-domain --domain-name $domain --id "$id" --query OperationId --output text)
until_seen SUCCESSFUL aws route53domains get-operation-detail --operation-id "$operation" > /dev/null
see_not "$(dig @$org $domain DS +noall +answer)" 'DS'
change=$(aws route53 disable-hosted-zone-dnssec --hosted-zone-id "$zone" --query ChangeInfo.Id --output text)
until_seen INSYNC aws route53 get-change --id "$change" > /dev/null
see "$(aws route53 delete-key-signing-key --hosted-zone-id "$zone" --name A4LKSK 2>&1 || true)" 'InvalidKeySigningKeyStatus'
aws route53 deactivate-key-signing-key --hosted-zone-id "$zone" --name A4LKSK > /dev/null
aws route53 delete-key-signing-key --hosted-zone-id "$zone" --name A4LKSK > /dev/null
see "$(aws route53 get-dnssec --hosted-zone-id "$zone")" '"ServeSignature": "NOT_SIGNING"'
see_not "$(dig @$hosted test.$domain A +dnssec)" 'RRSIG'

printf '\nThe lesson ends well.\n'
