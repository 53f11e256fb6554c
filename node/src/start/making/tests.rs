//! A folder is a node's as a whole or not at all, wherever its making is cut off.

use super::*;
use crate::config::{Config, Role};
use crate::passphrase::Passphrase;
use crate::start::{self, NewNode};
use crate::verb::Verb as _;
use crate::verb::backup::Backup;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn passphrase() -> Passphrase {
    Passphrase::new("a test keeps no secrets")
}

async fn create(data: &Path) -> Result<start::Created, Problem> {
    let words = Some(start::new_words().unwrap());
    let new = NewNode { role: Role::Home, words, attests: false, weak_passphrase: true };
    start::create(data, &Config::default(), new, &passphrase()).await
}

/// Tells whether there is a whole node with an identity; there is nothing between that and none.
async fn is_whole(data: &Path) -> bool {
    if check_made(data).is_err() {
        check_empty(data).unwrap();
        return false;
    }
    assert!(check_empty(data).is_err());
    let opened = start::alone(data, Config::default(), Some(&passphrase())).await;
    let (node, running) = opened.unwrap();
    node.own().await.unwrap();
    drop(node);
    running.stop().await.unwrap();
    true
}

/// Leaves `data` as a crash does just before the sign is taken away.
fn cut_off(data: &Path, files: &[Named]) {
    let mut making = Making::lock(data).unwrap();
    making.name(files).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_kill_9_cuts_it_off_the_next_try_makes_a_whole_node() {
    if let Some(data) = std::env::var_os(FOLDER) {
        create(Path::new(&data)).await.unwrap();
        return;
    }
    let mut cut = 0;
    for round in 0..ROUNDS {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("passphrase"), "hers").unwrap();
        let mut child = start(&data);
        // Anything of it is there; how much more there will be, the machine decides.
        while fs::read_dir(&data).unwrap().count() == 1 {
            assert!(child.try_wait().unwrap().is_none() || data.join(STORE).exists());
            std::thread::park_timeout(Duration::from_micros(100));
        }
        std::thread::park_timeout(Duration::from_millis(round * 4));
        child.kill().unwrap();
        child.wait().unwrap();
        if !is_whole(&data).await {
            cut += 1;
            create(&data).await.unwrap();
            assert!(is_whole(&data).await, "round {round}");
        }
        assert_eq!(fs::read_to_string(data.join("passphrase")).unwrap(), "hers");
    }
    assert!(cut > 0, "none was killed before it had finished");
}

fn start(data: &Path) -> Child {
    let name = "start::making::tests::wherever_kill_9_cuts_it_off_the_next_try_makes_a_whole_node";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env(FOLDER, data);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_long_as_the_sign_lies_there_no_command_takes_the_folder_for_a_node() {
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole");
    let first = create(&whole).await.unwrap().identity.unwrap();
    assert!(!whole.join(SIGN).exists());
    for lost in ["", "store/durable.redb", "store/cache", "store", "tokens", "node.toml"] {
        let data = place.path().join("half");
        copy(&whole, &data);
        let gone = data.join(lost);
        if gone.is_file() {
            fs::remove_file(&gone).unwrap();
        } else if !lost.is_empty() {
            fs::remove_dir_all(&gone).unwrap();
        }
        cut_off(&data, &[]);
        let refused = start::alone(&data, Config::default(), Some(&passphrase())).await;
        let refused = refused.map(drop).unwrap_err().to_string();
        assert!(refused.contains("never finished") && refused.contains("again"), "{refused}");
        let second = create(&data).await.unwrap().identity.unwrap();
        assert_ne!(first, second, "{lost}");
        assert!(is_whole(&data).await, "{lost}");
        fs::remove_dir_all(&data).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_folder_is_never_touched() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    create(&data).await.unwrap();
    assert!(create(&data).await.unwrap_err().is(Kind::Conflict));
    // Whoever looked before the other one had finished.
    assert!(Making::begin(&data, &[]).unwrap_err().is(Kind::Conflict));
    assert!(is_whole(&data).await, "a sign that says nothing is none");
}

#[test]
fn two_never_make_a_node_in_one_folder() {
    let place = tempfile::tempdir().unwrap();
    let first = Making::begin(place.path(), &[]).unwrap();
    fs::create_dir(place.path().join(STORE)).unwrap();
    assert!(Making::begin(place.path(), &[]).unwrap_err().is(Kind::Busy));
    assert!(place.path().join(STORE).exists());
    first.finish().unwrap();
    assert!(check_made(place.path()).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restoring_that_was_cut_off_put_back_goes_and_what_its_owner_wrote_stays() {
    let place = tempfile::tempdir().unwrap();
    let (old, data) = (place.path().join("old"), place.path().join("new"));
    create(&old).await.unwrap();
    fs::write(old.join("attestor.toml"), "of the first").unwrap();
    fs::write(old.join("tls.key"), "of the first").unwrap();
    let (node, running) = start::alone(&old, Config::default(), Some(&passphrase())).await.unwrap();
    let to = place.path().join("backup");
    Backup { to: to.clone(), force: false }.perform(&node).await.unwrap();
    drop(node);
    running.stop().await.unwrap();
    let named =
        |name: &str| Named { name: name.to_owned(), bytes: b"of the first".to_vec().into() };
    fs::create_dir(&data).unwrap();
    cut_off(&data, &[named("attestor.toml"), named("tls.key"), named("../old/tls.key")]);
    fs::write(data.join("attestor.toml"), "of the first").unwrap();
    fs::write(data.join("tls.key"), "her own by now").unwrap();
    let (config, typed) = (Config::default(), passphrase());
    let restored = start::backup::restore(&data, &config, &to, &typed).await.unwrap();
    assert!(restored.files.contains(&"attestor.toml".to_owned()), "it was put back anew");
    assert_eq!(fs::read_to_string(data.join("tls.key")).unwrap(), "her own by now");
    assert!(old.join("tls.key").exists(), "no name leads out of the folder");
    assert!(is_whole(&data).await);
}

const FOLDER: &str = "COUNTERSIGN_TEST_MAKING_FOLDER";
const ROUNDS: u64 = 12;
