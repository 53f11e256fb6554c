//! What every store promises. Each implementation's own tests call [`check`].

use super::{Change, Expect, Highest, Keep, Store, StoreError};
use countersign_protocol::engine::effect::BodyKind;
use countersign_protocol::{did::Scid, encoding::multihash::sha256, time::Timestamp};

/// Checks every promise of [`Store`] on stores that `make` makes, each empty.
pub(super) fn check<S: Store>(make: impl Fn() -> S) {
    a_log_grows_only_at_its_end(&make());
    a_batch_is_all_or_nothing(&make());
    a_batch_sees_its_own_changes(&make());
    a_log_is_replaced_from_an_entry_it_has(&make());
    the_newest_of_each_object_replaces_the_one_before(&make());
    heads_come_in_order(&make());
    bodies_are_found_by_hash(&make());
    a_body_goes_with_its_owner_and_stays_with_another(&make());
    a_heartbeat_follows_whose_list_it_is(&make());
    a_statement_takes_the_place_of_those_that_lead_nowhere(&make());
    the_highest_seen_never_sinks(&make());
    fork_proofs_stay(&make());
    what_is_kept_is_never_forgotten(&make());
    a_promise_only_grows_and_own_stays_own(&make());
    keeping_and_releasing_lose_nothing(&make());
    what_is_released_can_be_forgotten(&make());
    events_are_numbered_once(&make());
    rows_are_as_expected(&make());
    tables_do_not_mix(&make());
    chains_grow_only_at_their_end(&make());
    secrets_and_settings_read_back(&make());
    a_record_too_long_is_refused(&make());
    writers_do_not_lose_each_other(&make());
    what_stands_still_sees_no_later_change(&make());
}

fn what_stands_still_sees_no_later_change(store: &impl Store) {
    let set = |bytes: &[u8]| Change::Setting { name: "name".into(), bytes: bytes.to_vec() };
    let empty = store.still().unwrap();
    store.commit(&[set(b"old")]).unwrap();
    let still = store.still().unwrap();
    store.commit(&[set(b"new"), Change::Event { bytes: vec![1] }]).unwrap();
    assert_eq!(empty.setting("name").unwrap(), None);
    assert_eq!(still.setting("name").unwrap().unwrap(), b"old");
    assert_eq!(still.still().unwrap().setting("name").unwrap().unwrap(), b"old");
    assert_eq!(still.newest_event().unwrap(), 0);
    drop((empty, still));
    assert_eq!(store.setting("name").unwrap().unwrap(), b"new");
}

fn a_log_grows_only_at_its_end(store: &impl Store) {
    assert_eq!(store.log(&scid(1)).unwrap(), None);
    assert_eq!(store.length(&scid(1)).unwrap(), 0);
    store.commit(&[append(1, 0, "one")]).unwrap();
    store.commit(&[append(1, 1, "two")]).unwrap();
    for length in [0, 1, 3] {
        let result = store.commit(&[append(1, length, "other")]);
        assert!(matches!(result, Err(StoreError::Conflict { .. })));
    }
    assert_eq!(log(store, 1), ["one", "two"]);
    assert_eq!(store.length(&scid(1)).unwrap(), 2);
    assert_eq!(store.log(&scid(2)).unwrap(), None);
}

fn a_batch_is_all_or_nothing(store: &impl Store) {
    let head = Change::Head { scid: scid(1), bytes: b"head".to_vec() };
    let setting = Change::Setting { name: "name".into(), bytes: b"set".to_vec() };
    let batch = [head, setting, append(1, 0, "one"), append(1, 5, "six")];
    assert!(matches!(store.commit(&batch), Err(StoreError::Conflict { .. })));
    assert_eq!(store.head(&scid(1)).unwrap(), None);
    assert_eq!(store.setting("name").unwrap(), None);
    assert_eq!(store.log(&scid(1)).unwrap(), None);
}

fn a_batch_sees_its_own_changes(store: &impl Store) {
    store.commit(&[append(1, 0, "one"), append(1, 1, "two"), replace(1, 1, &[])]).unwrap();
    assert_eq!(log(store, 1), ["one"]);
    store.commit(&[replace(1, 0, &[]), append(1, 0, "other")]).unwrap();
    assert_eq!(log(store, 1), ["other"]);
}

fn a_log_is_replaced_from_an_entry_it_has(store: &impl Store) {
    store.commit(&[append(2, 0, "2")]).unwrap();
    assert!(matches!(store.commit(&[replace(1, 1, &["x"])]), Err(StoreError::Conflict { .. })));
    store.commit(&[replace(1, 0, &["one", "two", "three"])]).unwrap();
    store.commit(&[replace(1, 1, &["other"])]).unwrap();
    assert_eq!(log(store, 1), ["one", "other"]);
    store.commit(&[replace(1, 2, &["last"])]).unwrap();
    assert_eq!(log(store, 1), ["one", "other", "last"]);
    store.commit(&[replace(1, 0, &[])]).unwrap();
    assert_eq!(store.log(&scid(1)).unwrap(), None);
    assert_eq!(log(store, 2), ["2"]);
}

fn the_newest_of_each_object_replaces_the_one_before(store: &impl Store) {
    for text in ["old", "new"] {
        let bytes = text.as_bytes().to_vec();
        let number = bytes.len() as u64;
        store
            .commit(&[
                Change::Head { scid: scid(1), bytes: bytes.clone() },
                Change::Witnesses { scid: scid(1), file: bytes.clone() },
                Change::List { issuer: scid(1), list: 7, number, bytes: bytes.clone() },
                Change::OnlyBody { owner: scid(1), kind: BodyKind::Showcase, bytes },
            ])
            .unwrap();
    }
    assert_eq!(store.head(&scid(1)).unwrap().unwrap(), b"new");
    assert_eq!(store.witnesses(&scid(1)).unwrap().unwrap(), b"new");
    let list = store.list(&scid(1), 7).unwrap().unwrap();
    assert_eq!((list.number, list.bytes), (3, b"new".to_vec()));
    assert_eq!(store.list(&scid(1), 8).unwrap(), None);
    assert_eq!(store.bodies(&scid(1), BodyKind::Showcase).unwrap(), [sha256(b"new")]);
    assert_eq!(store.body(&sha256(b"old")).unwrap(), None);
}

fn heads_come_in_order(store: &impl Store) {
    for number in 0..10 {
        let batch = [Change::Head { scid: scid(number), bytes: vec![number] }];
        store.commit(&batch).unwrap();
        if number % 3 == 0 {
            store.commit(&[Change::Keep { scid: scid(number), keep: Keep::Own }]).unwrap();
        }
    }
    let mut expected = (0..10).map(|number| (scid(number), vec![number])).collect::<Vec<_>>();
    expected.sort();
    assert_eq!(store.heads().unwrap(), expected);
}

fn bodies_are_found_by_hash(store: &impl Store) {
    let add = |owner, kind, bytes: &[u8]| {
        store.commit(&[Change::Body { owner: scid(owner), kind, bytes: bytes.to_vec() }]).unwrap();
    };
    add(1, BodyKind::Profile, b"profile");
    add(1, BodyKind::StatusList, b"list");
    add(2, BodyKind::Showcase, b"showcase");
    assert_eq!(store.body(&sha256(b"profile")).unwrap().unwrap(), b"profile");
    assert_eq!(store.bodies(&scid(1), BodyKind::Profile).unwrap(), [sha256(b"profile")]);
    assert!(store.bodies(&scid(1), BodyKind::Showcase).unwrap().is_empty());
    assert_eq!(store.body(&[0; 32]).unwrap(), None);
}

fn a_body_goes_with_its_owner_and_stays_with_another(store: &impl Store) {
    let (kind, hash) = (BodyKind::Showcase, sha256(b"same"));
    let add = |owner| Change::Body { owner: scid(owner), kind, bytes: b"same".to_vec() };
    store.commit(&[add(1), add(2), add(3)]).unwrap();
    store.commit(&[Change::Keep { scid: scid(2), keep: Keep::Own }]).unwrap();
    for (gone, left) in [(1, [2, 3]), (3, [2, 2])] {
        store.commit(&[Change::Forget { scid: scid(gone) }]).unwrap();
        assert_eq!(store.body(&hash).unwrap().unwrap(), b"same", "without {gone}");
        let owns = |owner| store.bodies(&scid(owner), kind).unwrap() == [hash];
        assert!(left.into_iter().all(owns) && !owns(gone), "without {gone}");
    }
    let drop = |owner, hash| Change::DropBody { owner: scid(owner), kind, hash };
    store.commit(&[drop(1, hash), drop(2, [0; 32])]).unwrap();
    assert!(store.body(&hash).unwrap().is_some(), "nobody else's was dropped");
    store.commit(&[drop(2, hash)]).unwrap();
    assert_eq!(store.body(&hash).unwrap(), None);
    assert!(store.bodies(&scid(2), kind).unwrap().is_empty());
}

fn a_heartbeat_follows_whose_list_it_is(store: &impl Store) {
    let beat = |text: &str| Change::Heartbeat {
        issuer: scid(1),
        list: 7,
        sealed: text.as_bytes().to_vec(),
    };
    let read = || store.heartbeat(&scid(1), 7).unwrap();
    store.commit(&[beat("a")]).unwrap();
    store.commit(&[beat("b")]).unwrap();
    assert_eq!(read(), Some(b"b".to_vec()), "the newest alone");
    let until = Timestamp::from_seconds(9);
    store.commit(&[Change::Keep { scid: scid(1), keep: Keep::Promised(until) }]).unwrap();
    assert_eq!(read(), Some(b"b".to_vec()));
    store.commit(&[beat("c"), Change::Release { scid: scid(1) }]).unwrap();
    store.commit(&[beat("d")]).unwrap();
    assert_eq!(read(), Some(b"d".to_vec()), "none that was kept longer hides it");
    store.commit(&[Change::DropHeartbeat { issuer: scid(1), list: 7 }]).unwrap();
    assert_eq!(read(), None);
    store.commit(&[beat("e")]).unwrap();
    store.commit(&[Change::Forget { scid: scid(1) }]).unwrap();
    assert_eq!(read(), None);
}

fn a_statement_takes_the_place_of_those_that_lead_nowhere(store: &impl Store) {
    let statement = |list, number, text: &str| Change::Statement {
        issuer: scid(1),
        list,
        number,
        sealed: text.as_bytes().to_vec(),
    };
    store.commit(&[statement(1, 1, "a"), statement(1, 2, "b"), statement(2, 1, "c")]).unwrap();
    store.commit(&[statement(1, 3, "d"), statement(1, 4, "e")]).unwrap();
    store.commit(&[statement(1, 1, "a")]).unwrap();
    assert_eq!(store.statements(&scid(1), 1, 0, 9).unwrap().len(), 4, "the same once more");
    // An attestor that took a key away may say something else in the place of what that key signed.
    store.commit(&[statement(1, 2, "x")]).unwrap();
    let all = store.statements(&scid(1), 1, 0, 9).unwrap();
    assert_eq!(all, [(1, b"a".to_vec()), (2, b"x".to_vec())]);
    store.commit(&[statement(1, 2, "b")]).unwrap();
    let all = store.statements(&scid(1), 1, 0, 9).unwrap();
    assert_eq!(all, [(1, b"a".to_vec()), (2, b"b".to_vec())]);
    assert_eq!(store.statements(&scid(1), 1, 0, 1).unwrap(), [(1, b"a".to_vec())]);
    assert_eq!(store.statements(&scid(1), 1, 2, 9).unwrap(), [(2, b"b".to_vec())]);
    store.commit(&[Change::DropStatements { issuer: scid(1), list: 1, below: 2 }]).unwrap();
    assert_eq!(store.statements(&scid(1), 1, 0, 9).unwrap(), [(2, b"b".to_vec())]);
    assert_eq!(store.statements(&scid(1), 2, 0, 9).unwrap(), [(1, b"c".to_vec())]);
}

fn the_highest_seen_never_sinks(store: &impl Store) {
    let see = |version, sequence, head| {
        let highest = Highest { version, sequence, digest: [head; 32] };
        store.commit(&[Change::Seen { scid: scid(1), highest }]).unwrap();
        store.highest(&scid(1)).unwrap().unwrap()
    };
    assert_eq!(see(2, 5, 1).digest, [1; 32]);
    assert_eq!(see(2, 5, 2).digest, [1; 32], "of two heads of one sequence the first stays");
    assert_eq!(see(2, 4, 2).sequence, 5);
    assert_eq!(see(1, 9, 2).version, 2);
    assert_eq!(see(2, 6, 3).digest, [3; 32]);
    assert_eq!(see(3, 1, 4).digest, [4; 32]);
    store.commit(&[Change::Forget { scid: scid(1) }]).unwrap();
    assert_eq!(store.highest(&scid(1)).unwrap().unwrap().version, 3);
    assert_eq!(store.all_highest(None, 9).unwrap().len(), 1);
    assert_eq!(store.all_highest(Some(&scid(1)), 9).unwrap().len(), 0);
}

fn fork_proofs_stay(store: &impl Store) {
    let fork = |proof: &[u8]| Change::Fork { scid: scid(1), proof: proof.to_vec() };
    store.commit(&[fork(b"a"), fork(b"b"), fork(b"a")]).unwrap();
    store.commit(&[Change::Forget { scid: scid(1) }]).unwrap();
    assert_eq!(store.forks(&scid(1)).unwrap().len(), 2);
    assert_eq!(store.all_forks().unwrap().len(), 2);
    assert_eq!(store.body(&sha256(b"a")).unwrap().unwrap(), b"a");
}

fn what_is_kept_is_never_forgotten(store: &impl Store) {
    store.commit(&everything(1)).unwrap();
    store.commit(&everything(2)).unwrap();
    store.commit(&[Change::Keep { scid: scid(1), keep: Keep::Own }]).unwrap();
    store.commit(&[1, 2].map(|number| Change::Forget { scid: scid(number) })).unwrap();
    assert_everything(store, 1);
    assert_nothing(store, 2);
}

fn a_promise_only_grows_and_own_stays_own(store: &impl Store) {
    let promise = |until| Keep::Promised(Timestamp::from_seconds(until));
    let keep = |number, keep| {
        store.commit(&[Change::Keep { scid: scid(number), keep }]).unwrap();
        store.kept(&scid(number)).unwrap().unwrap()
    };
    assert_eq!(store.kept(&scid(1)).unwrap(), None);
    assert_eq!(keep(1, promise(50)), promise(50));
    assert_eq!(keep(1, promise(40)), promise(50));
    assert_eq!(keep(1, promise(60)), promise(60));
    assert_eq!(keep(1, Keep::Own), Keep::Own);
    assert_eq!(keep(1, promise(70)), Keep::Own);
    assert_eq!(keep(2, promise(10)), promise(10));
    assert_eq!(store.all_kept().unwrap().len(), 2);
    store.commit(&[Change::Release { scid: scid(1) }]).unwrap();
    assert_eq!(store.all_kept().unwrap(), [(scid(2), promise(10))]);
}

fn keeping_and_releasing_lose_nothing(store: &impl Store) {
    // In one batch with what arrives, in either order, and later.
    let keep = Change::Keep { scid: scid(1), keep: Keep::Own };
    store.commit(&[everything(1), vec![keep]].concat()).unwrap();
    assert_everything(store, 1);
    store.commit(&[Change::Release { scid: scid(1) }, append(1, 2, "three")]).unwrap();
    assert_eq!(log(store, 1), ["one", "two", "three"]);
    let keep = Change::Keep { scid: scid(1), keep: Keep::Own };
    store.commit(&[keep, replace(1, 2, &[])]).unwrap();
    assert_everything(store, 1);
    store.commit(&[append(1, 2, "three")]).unwrap();
    assert_eq!(log(store, 1), ["one", "two", "three"]);
    assert!(matches!(store.commit(&[append(1, 0, "x")]), Err(StoreError::Conflict { .. })));
}

fn what_is_released_can_be_forgotten(store: &impl Store) {
    let keep = Change::Keep { scid: scid(1), keep: Keep::Own };
    store.commit(&[vec![keep], everything(1)].concat()).unwrap();
    store.commit(&everything(2)).unwrap();
    store.commit(&[Change::Release { scid: scid(1) }]).unwrap();
    assert_everything(store, 1);
    store.commit(&[Change::Forget { scid: scid(1) }]).unwrap();
    assert_nothing(store, 1);
    assert_everything(store, 2);
}

fn events_are_numbered_once(store: &impl Store) {
    let event = |text: &str| Change::Event { bytes: text.as_bytes().to_vec() };
    assert_eq!(store.newest_event().unwrap(), 0);
    store.commit(&[event("a"), event("b"), event("c")]).unwrap();
    assert_eq!(store.events(1, 1).unwrap(), [(2, b"b".to_vec())]);
    store.commit(&[Change::DropEvents { through: 3 }]).unwrap();
    assert!(store.events(0, 9).unwrap().is_empty());
    store.commit(&[event("d")]).unwrap();
    assert_eq!(store.events(0, 9).unwrap(), [(4, b"d".to_vec())]);
    assert_eq!(store.newest_event().unwrap(), 4);
}

fn rows_are_as_expected(store: &impl Store) {
    let row = |key: &[u8], expect, text: &str| Change::Row {
        table: "ledger".into(),
        key: key.to_vec(),
        expect,
        bytes: text.as_bytes().to_vec(),
    };
    let exactly = |text: &str| Expect::Exactly(text.as_bytes().to_vec());
    let refused = |change| matches!(store.commit(&[change]), Err(StoreError::Conflict { .. }));
    assert!(refused(row(b"1", exactly("a"), "b")));
    store.commit(&[row(b"1", Expect::Nothing, "a")]).unwrap();
    assert!(refused(row(b"1", Expect::Nothing, "b")));
    assert!(refused(row(b"1", exactly("x"), "b")));
    store.commit(&[row(b"1", exactly("a"), "b"), row(b"2", Expect::Anything, "c")]).unwrap();
    assert_eq!(store.row("ledger", b"1").unwrap().unwrap(), b"b");
    let remove = |expect| Change::RemoveRow { table: "ledger".into(), key: b"1".to_vec(), expect };
    assert!(refused(remove(exactly("a"))));
    store.commit(&[remove(exactly("b"))]).unwrap();
    assert_eq!(store.row("ledger", b"1").unwrap(), None);
    let all = store.rows("ledger", b"", None, 9).unwrap();
    assert_eq!(all, [(b"2".to_vec(), b"c".to_vec())]);
}

fn tables_do_not_mix(store: &impl Store) {
    for (table, key) in [("a", "bc"), ("ab", "c"), ("a", "bd"), ("a", "c"), ("b", "b")] {
        let row = Change::Row {
            table: table.into(),
            key: key.into(),
            expect: Expect::Nothing,
            bytes: key.into(),
        };
        store.commit(&[row]).unwrap();
    }
    let keys = |table, prefix: &str, after: Option<&str>, limit| {
        let rows = store.rows(table, prefix.as_bytes(), after.map(str::as_bytes), limit).unwrap();
        assert!(rows.iter().all(|(key, value)| key == value));
        rows.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(keys("a", "", None, 9), ["bc", "bd", "c"]);
    assert_eq!(keys("a", "b", None, 9), ["bc", "bd"]);
    assert_eq!(keys("a", "b", Some("bc"), 9), ["bd"]);
    assert_eq!(keys("a", "", None, 1), ["bc"]);
    assert_eq!(keys("ab", "", None, 9), ["c"]);
    assert!(keys("c", "", None, 9).is_empty());
}

fn chains_grow_only_at_their_end(store: &impl Store) {
    let link = |length, text: &str| Change::Link {
        chain: "audit".into(),
        length,
        bytes: text.as_bytes().to_vec(),
    };
    store.commit(&[link(0, "a"), link(1, "b")]).unwrap();
    assert!(matches!(store.commit(&[link(1, "x")]), Err(StoreError::Conflict { .. })));
    store.commit(&[link(2, "c")]).unwrap();
    assert_eq!(store.chain_length("audit").unwrap(), 3);
    assert_eq!(store.links("audit", 1, 9).unwrap(), [b"b", b"c"]);
    assert_eq!(store.links("audit", 0, 1).unwrap(), [b"a"]);
    assert_eq!(store.chain_length("aud").unwrap(), 0);
}

fn secrets_and_settings_read_back(store: &impl Store) {
    let secret = |name: &str, expect| Change::Secret {
        name: name.into(),
        expect,
        sealed: b"sealed".to_vec(),
    };
    store.commit(&[secret("key/a", Expect::Nothing), secret("key/b", Expect::Nothing)]).unwrap();
    let result = store.commit(&[secret("key/a", Expect::Nothing)]);
    assert!(matches!(result, Err(StoreError::Conflict { .. })));
    store.commit(&[secret("x", Expect::Anything)]).unwrap();
    assert_eq!(store.secrets(b"key/").unwrap(), [b"key/a", b"key/b"]);
    assert_eq!(store.secret(b"key/a").unwrap().unwrap(), b"sealed");
    store.commit(&[Change::EraseSecret { name: b"key/a".to_vec() }]).unwrap();
    assert_eq!(store.secret(b"key/a").unwrap(), None);
    store.commit(&[Change::Setting { name: "n".into(), bytes: b"1".to_vec() }]).unwrap();
    store.commit(&[Change::Setting { name: "n".into(), bytes: b"2".to_vec() }]).unwrap();
    assert_eq!(store.setting("n").unwrap().unwrap(), b"2");
}

fn a_record_too_long_is_refused(store: &impl Store) {
    let bytes = vec![0; 3 * 1024 * 1024];
    let result = store.commit(&[Change::Head { scid: scid(1), bytes }]);
    assert!(matches!(result, Err(StoreError::TooLong { .. })));
}

/// Several threads add to one chain, each again and again until it is first: all links are there.
fn writers_do_not_lose_each_other(store: &impl Store) {
    const WRITERS: u8 = 4;
    const LINKS: usize = 8;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for _ in 0..LINKS {
                    loop {
                        let length = store.chain_length("shared").unwrap();
                        let link =
                            Change::Link { chain: "shared".into(), length, bytes: vec![writer] };
                        let event = Change::Event { bytes: vec![writer] };
                        match store.commit(&[link, event]) {
                            Ok(()) => break,
                            Err(StoreError::Conflict { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
    });
    let links = store.links("shared", 0, usize::MAX).unwrap();
    for writer in 0..WRITERS {
        assert_eq!(links.iter().filter(|link| link[0] == writer).count(), LINKS);
    }
    assert_eq!(store.newest_event().unwrap(), links.len() as u64);
}

/// Gives an identity for tests.
pub(super) fn scid(number: u8) -> Scid {
    Scid::from_digest(sha256(&[number]))
}

/// Gives the change that appends a line.
pub(super) fn append(number: u8, length: u64, line: &str) -> Change {
    Change::Append { scid: scid(number), length, line: line.as_bytes().to_vec() }
}

fn replace(number: u8, keep: u64, lines: &[&str]) -> Change {
    let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    Change::Log { scid: scid(number), keep, lines }
}

fn log(store: &impl Store, number: u8) -> Vec<String> {
    let lines = store.log(&scid(number)).unwrap().unwrap();
    lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
}

fn everything(number: u8) -> Vec<Change> {
    let bytes = |kind: u8| vec![number, kind];
    let owner = scid(number);
    vec![
        append(number, 0, "one"),
        append(number, 1, "two"),
        Change::Witnesses { scid: owner, file: bytes(1) },
        Change::Head { scid: owner, bytes: bytes(2) },
        Change::Freshness { scid: owner, bytes: bytes(7) },
        Change::OnlyBody { owner, kind: BodyKind::Showcase, bytes: bytes(3) },
        Change::Body { owner, kind: BodyKind::Profile, bytes: bytes(4) },
        Change::List { issuer: owner, list: 1, number: 4, bytes: bytes(5) },
        Change::Statement { issuer: owner, list: 1, number: 5, sealed: bytes(6) },
    ]
}

fn assert_everything(store: &impl Store, number: u8) {
    let owner = scid(number);
    assert_eq!(log(store, number), ["one", "two"]);
    assert_eq!(store.witnesses(&owner).unwrap().unwrap(), [number, 1]);
    assert_eq!(store.head(&owner).unwrap().unwrap(), [number, 2]);
    assert_eq!(store.freshness(&owner).unwrap().unwrap(), [number, 7]);
    for (kind, byte) in [(BodyKind::Showcase, 3), (BodyKind::Profile, 4)] {
        assert_eq!(store.body(&sha256(&[number, byte])).unwrap().unwrap(), [number, byte]);
        assert_eq!(store.bodies(&owner, kind).unwrap().len(), 1);
    }
    assert_eq!(store.list(&owner, 1).unwrap().unwrap().bytes, [number, 5]);
    assert_eq!(store.statements(&owner, 1, 0, 9).unwrap(), [(5, vec![number, 6])]);
}

fn assert_nothing(store: &impl Store, number: u8) {
    let owner = scid(number);
    assert_eq!(store.log(&owner).unwrap(), None);
    assert_eq!(store.witnesses(&owner).unwrap(), None);
    assert_eq!(store.head(&owner).unwrap(), None);
    assert_eq!(store.body(&sha256(&[number, 3])).unwrap(), None);
    assert_eq!(store.body(&sha256(&[number, 4])).unwrap(), None);
    assert_eq!(store.freshness(&owner).unwrap(), None);
    assert_eq!(store.list(&owner, 1).unwrap(), None);
    assert!(store.statements(&owner, 1, 0, 9).unwrap().is_empty());
}
