use super::*;

fn arguments() -> ServeArgs {
    ServeArgs {
        data_dir: None,
        listen: None,
        dns_listen: None,
        account_id: None,
        config: None,
        ephemeral: false,
    }
}

fn with_file(text: &str) -> Result<Config, Refusal> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyward.toml");
    std::fs::write(&path, text).unwrap();
    Config::of(&ServeArgs { config: Some(path), ..arguments() })
}

#[test]
fn defaults_stand_without_a_file() {
    let config = Config::of(&arguments()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:4566");
    assert_eq!(config.dns.listen.to_string(), "127.0.0.1:5300");
    assert_eq!(config.regions.home().unwrap().as_str(), "us-east-1");
    assert_eq!(config.partition.as_str(), "aws");
}

#[test]
fn flags_win_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.toml");
    std::fs::write(&path, "listen = '127.0.0.1:1'\npartition = 'keyward'\n").unwrap();
    let flags = ServeArgs { config: Some(path), listen: Some("127.0.0.1:2".to_owned()), ..arguments() };
    let config = Config::of(&flags).unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.partition.as_str(), "keyward");
}

#[test]
fn levels_take_the_addresses_of_their_own_sockets() {
    let config = with_file("[dns.root]\nlisten = ['127.0.0.2:53']\n").unwrap();
    assert_eq!(config.dns.root.addresses[0].to_string(), "127.0.0.2");
    assert_eq!(config.dns.tld.addresses[0].to_string(), "127.0.0.1");
}

#[test]
fn a_bad_key_is_refused_in_one_line_that_names_it() {
    let refusal = with_file("lisen = '127.0.0.1:1'\n").unwrap_err().to_string();
    assert!(refusal.contains("lisen"), "{refusal}");
    assert!(!refusal.contains('\n'));
}

#[test]
fn bad_values_are_refused() {
    for text in
        ["listen = 'here'", "account_id = '12'", "partition = 'A B'", "[regions]\n'US' = []", "[regions]"]
    {
        assert!(with_file(text).is_err(), "{text}");
    }
}

#[test]
fn hsms_are_software_unless_a_module_is_named() {
    assert_eq!(Config::of(&arguments()).unwrap().hsm_module, None);
    let module = std::env::current_exe().unwrap();
    let file = format!(
        "[cloudhsm]\nhsm = 'pkcs11'\n[cloudhsm.pkcs11]\nmodule = '{}'\nwritable = ['/t']\n\
         environment = {{ SOFTHSM2_CONF = '/c' }}\ntokens = [{{ label = 'a', pin_file = '/p' }}]\n",
        module.display()
    );
    let settings = with_file(&file).unwrap().hsm_module.unwrap();
    assert_eq!((settings.module, settings.network), (module, false));
    assert_eq!(settings.tokens[0].label, "a");
    for (text, named) in [
        ("[cloudhsm]\nhsm = 'pkcs11'", "names no module"),
        ("[cloudhsm]\nhsm = 'other'", "neither 'software' nor 'pkcs11'"),
        (
            "[cloudhsm]\nhsm = 'pkcs11'\n[cloudhsm.pkcs11]\nmodule = '/nowhere.so'",
            "there is no PKCS#11 module",
        ),
        ("[cloudhsm.pkcs11]\nmodule = '/m.so'\npin = '1'", "unknown field `pin`"),
    ] {
        let refusal = with_file(text).unwrap_err().to_string();
        assert!(refusal.contains(named), "{refusal}");
    }
}

#[test]
fn nobody_is_throttled_unless_the_file_says_so() {
    assert!(Config::of(&arguments()).unwrap().throttling.is_empty());
    assert!(!with_file("[throttling.kms]\n").unwrap().throttling.is_empty());
    assert!(with_file("[throttling.kms]\nCreateKey = 2\ncryptographic_symmetric = 0.5\n").is_ok());
    for text in [
        "[throttling.mars]",
        "[throttling.kms]\nCreateKeys = 1",
        "[throttling.kms]\nCreateKey = 0",
        "[throttling.kms]\nCreateKey = -1",
        "[throttling.kms]\nCreateKey = inf",
        "[throttling.kms]\nCreateKey = 'many'",
    ] {
        let refusal = with_file(text).unwrap_err().to_string();
        assert!(!refusal.contains('\n') && refusal.len() < 200, "{text}: {refusal}");
    }
}

#[test]
fn quotas_are_awss_unless_the_file_says_otherwise() {
    let quotas = Config::of(&arguments()).unwrap().kms_quotas;
    assert_eq!((quotas.keys, quotas.aliases_per_key, quotas.grants_per_key), (100_000, 50, 50_000));
    let quotas = with_file("[quotas.kms]\nkeys = 7\n").unwrap().kms_quotas;
    assert_eq!((quotas.keys, quotas.aliases_per_key), (7, 50));
    assert!(with_file("[quotas.kms]\nkey = 7\n").is_err());
}

#[test]
fn subnets_and_quotas_of_cloudhsm_are_configured() {
    assert_eq!(Config::of(&arguments()).unwrap().cloudhsm.quotas.hsms, 6);
    let file = "[cloudhsm.subnets]\nsubnet-a6b10bd1 = 'us-west-2b'\n[cloudhsm.quotas]\nhsms = 40\n";
    let cloudhsm = with_file(file).unwrap().cloudhsm;
    assert_eq!(cloudhsm.subnets["subnet-a6b10bd1"], "us-west-2b");
    assert_eq!((cloudhsm.quotas.hsms, cloudhsm.quotas.clusters), (40, 4));
    for (wrong, why) in [("subnet-a6b10bd1 = 'mars-1a'", "mars-1a"), ("subnet-x = 'us-west-2b'", "subnet-x")]
    {
        let refusal = with_file(&format!("[cloudhsm.subnets]\n{wrong}\n")).unwrap_err().to_string();
        assert!(refusal.contains(why), "{refusal}");
    }
}
