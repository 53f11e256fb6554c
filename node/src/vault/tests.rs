//! The vault as its users see it.

use super::*;
use crate::store::{Highest, Keep, memory::Memory};
use backup::{Backup, Extent, File};
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::effect::BodyKind;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn vault() -> (Arc<Memory>, Vault) {
    let store = Arc::new(Memory::new());
    let vault = Vault::create(store.clone(), &passphrase("open sesame"), Cost::TESTNET).unwrap();
    (store, vault)
}

fn scid() -> Scid {
    Scid::from_digest([9; 32])
}

fn restore(
    store: Arc<Memory>,
    path: &std::path::Path,
    passphrase: &Passphrase,
) -> Result<Vault, VaultError> {
    Backup::open(path, passphrase)?.into_vault(store)
}

fn raw(store: &Memory, name: &[u8]) -> Vec<u8> {
    store.secret(name).unwrap().unwrap()
}

#[test]
fn what_is_written_in_one_step_is_in_a_backup_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let (store, vault) = vault();
    let step = |number: u64| {
        let (name, sealed) = (b"a".to_vec(), number.to_be_bytes().to_vec());
        let (table, key, bytes) = ("books".to_owned(), vec![1], sealed.clone());
        let expect = Expect::Anything;
        let secret = Change::Secret { name, expect: expect.clone(), sealed };
        store.commit(&[secret, Change::Row { table, key, expect, bytes }]).unwrap();
    };
    step(0);
    // Many lie between the two of them.
    for number in 0..500_u32 {
        let name = [b"b".as_slice(), &number.to_be_bytes()].concat();
        let secret = Change::Secret { name, expect: Expect::Nothing, sealed: vec![0; 40] };
        store.commit(&[secret]).unwrap();
    }
    let done = core::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let going = || !done.load(core::sync::atomic::Ordering::Acquire);
            (1..1_000_000).take_while(|_| going()).for_each(step);
        });
        let torn = (0..20).find_map(|_| {
            let extent = Extent { tables: &["books"], ..Extent::default() };
            vault.backup(&path, extent).unwrap();
            let empty = Arc::new(Memory::new());
            restore(empty.clone(), &path, &passphrase("open sesame")).unwrap();
            let row = empty.row("books", &[1]).unwrap().unwrap();
            (raw(&empty, b"a") != row).then_some(row)
        });
        done.store(true, core::sync::atomic::Ordering::Release);
        assert_eq!(torn, None);
    });
}

#[test]
fn a_vault_opens_with_its_passphrase_only() {
    let (store, vault) = vault();
    vault.put(Kind::Claim, b"one", b"bytes").unwrap();
    drop(vault);
    let wrong = Vault::open(store.clone(), &passphrase("open barley"));
    assert!(matches!(wrong, Err(VaultError::WrongPassphrase)));
    let vault = Vault::open(store.clone(), &passphrase("open sesame")).unwrap();
    let claim = vault.get(Kind::Claim, b"one").unwrap().unwrap();
    assert_eq!(claim.expose_secret(), b"bytes");
    let again = Vault::create(store, &passphrase("x"), Cost::TESTNET);
    assert!(matches!(again, Err(VaultError::Exists)));
}

#[test]
fn a_folder_without_a_vault_says_so() {
    let store = Arc::new(Memory::new());
    assert!(!Vault::exists(&*store).unwrap());
    let missing = Vault::open(store, &passphrase("x"));
    assert!(matches!(missing, Err(VaultError::Missing)));
}

#[test]
fn the_standard_cost_is_paid() {
    let store = Arc::new(Memory::new());
    Vault::create(store.clone(), &passphrase("x"), Cost::STANDARD).unwrap();
    assert!(Vault::open(store, &passphrase("x")).is_ok());
    assert_eq!(Cost::at_least(0, 0, 0), Cost::STANDARD);
    let standard = format!("{:?}", Cost::STANDARD);
    assert_eq!(standard, "Cost { memory_kib: 65536, passes: 3, lanes: 4 }", "RFC 9106, section 4");
}

#[test]
fn records_are_put_listed_and_removed_by_kind() {
    let (_, vault) = vault();
    for id in ["berlin", "lisbon"] {
        vault.put(Kind::Contact, id.as_bytes(), b"old").unwrap();
        vault.put(Kind::Contact, id.as_bytes(), id.as_bytes()).unwrap();
    }
    vault.put(Kind::Claim, b"berlin", b"claim").unwrap();
    assert_eq!(vault.list(Kind::Contact).unwrap(), [b"berlin", b"lisbon"]);
    assert_eq!(vault.list(Kind::Claim).unwrap(), [b"berlin"]);
    assert!(vault.list(Kind::Presentation).unwrap().is_empty());
    let berlin = vault.get(Kind::Contact, b"berlin").unwrap().unwrap();
    assert_eq!(berlin.expose_secret(), b"berlin");
    vault.remove(Kind::Contact, b"berlin").unwrap();
    assert!(vault.get(Kind::Contact, b"berlin").unwrap().is_none());
    assert!(vault.get(Kind::Claim, b"berlin").unwrap().is_some());
}

#[test]
fn nothing_on_the_disk_shows_a_name_or_a_secret() {
    let (store, vault) = vault();
    let key = new_key().unwrap();
    vault.put(Kind::Contact, b"auntie", b"her secret number").unwrap();
    store.commit(&[vault.seal_key(Kind::NodeKey, b"node", &key).unwrap()]).unwrap();
    for name in store.secrets(b"").unwrap() {
        let all = [name.clone(), raw(&store, &name)].concat();
        for secret in [&b"auntie"[..], b"her secret", &*key.seed(), b"open sesame"] {
            assert!(!all.windows(secret.len()).any(|part| part == secret));
        }
    }
}

#[test]
fn keys_read_back_as_keys() {
    let (store, vault) = vault();
    let key = new_key().unwrap();
    store.commit(&[vault.seal_key(Kind::AssertionKey, b"a", &key).unwrap()]).unwrap();
    let read = vault.key(Kind::AssertionKey, b"a").unwrap().unwrap();
    assert_eq!(read.public(), key.public());
    assert!(vault.key(Kind::AssertionKey, b"b").unwrap().is_none());
    vault.put(Kind::AssertionKey, b"c", b"too short").unwrap();
    assert!(matches!(vault.key(Kind::AssertionKey, b"c"), Err(VaultError::Damaged { .. })));
}

#[test]
fn the_next_update_key_is_out_of_reach_of_a_running_node() {
    let (store, vault) = vault();
    let (first, second) = (new_key().unwrap(), new_key().unwrap());
    {
        let signing = vault.signing(&passphrase("open sesame")).unwrap();
        assert!(signing.update_key(&scid()).unwrap().is_none());
        store.commit(&[signing.seal_next(&scid(), &first).unwrap()]).unwrap();
    }
    let reach = vault.get(Kind::UpdateKey, scid().digest());
    assert!(matches!(reach, Err(VaultError::Damaged { .. })));
    assert!(matches!(vault.signing(&passphrase("guessed")), Err(VaultError::WrongPassphrase)));
    let signing = vault.signing(&passphrase("open sesame")).unwrap();
    assert_eq!(signing.update_key(&scid()).unwrap().unwrap().public(), first.public());
    // The step that makes the entry durable erases the key that signed it.
    let line = b"entry".to_vec();
    let append = Change::Append { scid: scid(), length: 0, line };
    store.commit(&[append, signing.seal_next(&scid(), &second).unwrap()]).unwrap();
    assert_eq!(signing.update_key(&scid()).unwrap().unwrap().public(), second.public());
    // An entry that was not written leaves the key that signs it.
    let third = signing.seal_next(&scid(), &first).unwrap();
    let append = Change::Append { scid: scid(), length: 7, line: Vec::new() };
    assert!(store.commit(&[append, third]).is_err());
    assert_eq!(signing.update_key(&scid()).unwrap().unwrap().public(), second.public());
    store.commit(&[signing.erase(&scid())]).unwrap();
    assert!(signing.update_key(&scid()).unwrap().is_none());
}

#[test]
fn a_changed_passphrase_opens_everything_and_the_old_one_nothing() {
    let (store, vault) = vault();
    let (old, new) = (passphrase("open sesame"), passphrase("open wide"));
    let key = new_key().unwrap();
    vault.put(Kind::Note, b"n", b"note").unwrap();
    let sealed = vault.signing(&old).unwrap().seal_next(&scid(), &key).unwrap();
    store.commit(&[sealed]).unwrap();
    assert!(matches!(vault.change_passphrase(&new, &old), Err(VaultError::WrongPassphrase)));
    vault.change_passphrase(&old, &new).unwrap();
    assert!(matches!(Vault::open(store.clone(), &old), Err(VaultError::WrongPassphrase)));
    let vault = Vault::open(store, &new).unwrap();
    assert!(vault.get(Kind::Note, b"n").unwrap().is_some());
    let signing = vault.signing(&new).unwrap();
    assert_eq!(signing.update_key(&scid()).unwrap().unwrap().public(), key.public());
}

#[test]
fn a_record_moved_or_changed_is_refused_and_nothing_panics() {
    let (store, vault) = vault();
    vault.put(Kind::Claim, b"a", b"one").unwrap();
    vault.put(Kind::Claim, b"b", b"two").unwrap();
    let (a, b) = (vault.name(Kind::Claim, b"a"), vault.name(Kind::Claim, b"b"));
    let put = |name: &[u8], sealed: Vec<u8>| {
        let name = name.to_vec();
        store.commit(&[Change::Secret { name, expect: Expect::Anything, sealed }]).unwrap();
    };
    let sealed = raw(&store, &a);
    put(&b, sealed.clone());
    assert!(matches!(vault.get(Kind::Claim, b"b"), Err(VaultError::Damaged { .. })));
    assert!(matches!(vault.list(Kind::Claim), Err(VaultError::Damaged { .. })));
    for length in 0..sealed.len() {
        put(&a, sealed[..length].to_vec());
        assert!(matches!(vault.get(Kind::Claim, b"a"), Err(VaultError::Damaged { .. })));
    }
}

#[test]
fn a_changed_header_never_opens() {
    let (store, _vault) = vault();
    let good = raw(&store, header::NAME);
    for at in 0..good.len() {
        let mut sealed = good.clone();
        sealed[at] ^= 1;
        let name = header::NAME.to_vec();
        store.commit(&[Change::Secret { name, expect: Expect::Anything, sealed }]).unwrap();
        let vault = Vault::open(store.clone(), &passphrase("open sesame"));
        // The update key's key is not looked at here, but where it is used.
        let refused = vault.and_then(|vault| vault.signing(&passphrase("open sesame")).map(drop));
        assert!(refused.is_err(), "byte {at}");
    }
}

#[test]
fn secrets_print_as_nothing() {
    let (_, vault) = vault();
    vault.put(Kind::Note, b"n", b"hush").unwrap();
    let signing = vault.signing(&passphrase("open sesame")).unwrap();
    assert_eq!(format!("{vault:?}"), "Vault(..)");
    assert_eq!(format!("{signing:?}"), "Signing(..)");
    assert_eq!(format!("{:?}", vault.data), "Key(..)");
    let note = vault.get(Kind::Note, b"n").unwrap();
    assert!(!format!("{note:?}").contains("104"), "{note:?}");
    let change = vault.seal(Kind::Note, b"n", b"hush").unwrap();
    assert_eq!(format!("{change:?}"), "Change(secret)");
}

#[test]
fn a_backup_restores_keys_identities_and_what_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let (store, vault) = vault();
    let key = new_key().unwrap();
    let showcase = b"showcase".to_vec();
    let (other, digest) = (Scid::from_digest([6; 32]), [5; 32]);
    let highest = Highest { version: 4, sequence: 9, digest };
    let sealed = vault.signing(&passphrase("open sesame")).unwrap();
    store
        .commit(&[
            sealed.seal_next(&scid(), &key).unwrap(),
            Change::Keep { scid: scid(), keep: Keep::Own },
            Change::Log { scid: scid(), keep: 0, lines: vec![b"one".to_vec(), b"two".to_vec()] },
            Change::Head { scid: scid(), bytes: b"head".to_vec() },
            Change::Body { owner: scid(), kind: BodyKind::Showcase, bytes: showcase },
            Change::Row {
                table: "ledger".into(),
                key: b"1".to_vec(),
                expect: Expect::Nothing,
                bytes: b"row".to_vec(),
            },
            Change::Link { chain: "audit".into(), length: 0, bytes: b"link".to_vec() },
            Change::Setting { name: "network".into(), bytes: b"test".to_vec() },
            Change::Seen { scid: other, highest },
            Change::Fork { scid: other, proof: b"proof".to_vec() },
        ])
        .unwrap();
    vault.put(Kind::Claim, b"claim", b"bytes").unwrap();
    let files = [File { name: "a.toml".to_owned(), bytes: b"a = 1".to_vec().into() }];
    let extent =
        Extent { tables: &["ledger"], chains: &["audit"], settings: &["network"], files: &files };
    vault.backup(&path, extent).unwrap();
    vault.backup(&path, extent).unwrap();

    let store = Arc::new(Memory::new());
    let wrong = restore(store.clone(), &path, &passphrase("guessed"));
    assert!(matches!(wrong, Err(VaultError::WrongPassphrase)));
    assert!(!Vault::exists(&*store).unwrap());
    let vault = restore(store.clone(), &path, &passphrase("open sesame")).unwrap();
    assert!(vault.get(Kind::Claim, b"claim").unwrap().is_some());
    let signing = vault.signing(&passphrase("open sesame")).unwrap();
    assert_eq!(signing.update_key(&scid()).unwrap().unwrap().public(), key.public());
    assert_eq!(store.log(&scid()).unwrap().unwrap(), [b"one", b"two"]);
    assert_eq!(store.head(&scid()).unwrap().unwrap(), b"head");
    assert_eq!(store.kept(&scid()).unwrap(), Some(Keep::Own));
    assert!(store.body(&sha256(b"showcase")).unwrap().is_some());
    assert_eq!(store.row("ledger", b"1").unwrap().unwrap(), b"row");
    assert_eq!(store.links("audit", 0, 9).unwrap(), [b"link"]);
    assert_eq!(store.setting("network").unwrap().unwrap(), b"test");
    assert_eq!(store.highest(&other).unwrap(), Some(highest), "nothing lower counts again");
    assert_eq!(store.all_forks().unwrap(), [(other, b"proof".to_vec())]);
    let opened = Backup::open(&path, &passphrase("open sesame")).unwrap();
    let [file] = opened.files() else { panic!("one file went in") };
    assert_eq!((file.name.as_str(), &**file.bytes), ("a.toml", &b"a = 1"[..]));
    let again = restore(store, &path, &passphrase("open sesame"));
    assert!(matches!(again, Err(VaultError::Exists)));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_a_backup_and_nothing_is_left_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let (_, vault) = vault();
    vault.backup(&path, Extent::default()).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = vault.backup(&folder.path().join("no/such/folder"), Extent::default());
    assert!(matches!(nowhere, Err(VaultError::File { .. })));
}

#[test]
fn a_damaged_backup_is_told_from_a_wrong_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let (_, vault) = vault();
    vault.put(Kind::Note, b"n", b"note").unwrap();
    vault.backup(&path, Extent::default()).unwrap();
    let good = std::fs::read(&path).unwrap();
    let attempt = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let store = Arc::new(Memory::new());
        let result = restore(store.clone(), &path, &passphrase("open sesame"));
        assert!(result.is_err() && !Vault::exists(&*store).unwrap());
        result.unwrap_err()
    };
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let error = attempt(&bad);
        let magic = matches!(error, VaultError::NotABackup { .. });
        let damaged =
            matches!(error, VaultError::DamagedBackup { .. } | VaultError::NewerBackup { .. });
        assert!(if at < 18 { magic } else { damaged }, "byte {at}: {error}");
        assert!(matches!(
            attempt(&good[..at]),
            VaultError::NotABackup { .. } | VaultError::DamagedBackup { .. }
        ));
    }
    let mut newer = good;
    newer[18] = 4;
    assert!(matches!(attempt(&newer), VaultError::NewerBackup { found: 4, known: 3, .. }));
}
