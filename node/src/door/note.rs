//! Where a running program's door is, and how it proves that it is that door.
//!
//! A door listens on a port of this computer, and once its program has ended, whoever has an account here may
//! listen in its place. So the file that says where a door is holds a secret too: new at each start, and
//! readable for its owner alone. Before a program is given a token or a question, it answers a challenge
//! under that secret, and so shows that it wrote the file. The file goes with the door; what a program leaves
//! behind that was killed leads nobody astray, because nobody knows the secret any more.

use crate::private;
use countersign_protocol::encoding::base64url;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, redirect};
use sha2::Sha256;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What is written down of a door: its address, and a secret of this run.
#[derive(Clone)]
pub struct Note {
    address: SocketAddr,
    secret: Zeroizing<String>,
}

impl core::fmt::Debug for Note {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Note").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Note {
    /// Makes the note of a door that listens at `address`.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let secret = Zeroizing::new(base64url::encode(&rand::random::<[u8; 32]>()));
        Self { address, secret }
    }

    /// Reads the file `path`, if it is a note. Nobody need listen there: see [`Note::is_there`].
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        let text = Zeroizing::new(fs::read_to_string(path).ok()?);
        let (address, secret) = text.split_once('\n')?;
        let secret = Zeroizing::new(secret.trim().to_owned());
        Some(Self { address: address.parse().ok()?, secret })
    }

    /// Writes it down in the file `path`, until what this gives is dropped.
    ///
    /// # Errors
    ///
    /// Returns what the file system returned.
    pub fn post(&self, path: &Path) -> io::Result<Posted> {
        let text = Zeroizing::new(format!("{}\n{}\n", self.address, *self.secret));
        private::write(path, text.as_bytes())?;
        Ok(Posted { path: path.to_owned(), text })
    }

    /// Gives where the door is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives the secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Answers a challenge of whoever reads this note; one of another length is none.
    #[must_use]
    pub fn answer(&self, challenge: &str) -> Option<String> {
        self.proof(challenge).filter(|_| challenge.len() == CHARACTERS)
    }

    fn proof(&self, challenge: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).ok()?;
        mac.update(PURPOSE);
        mac.update(challenge.as_bytes());
        Some(base64url::encode(&mac.finalize().into_bytes()))
    }

    /// Tells whether whoever listens at the address wrote this note. Nothing of ours is sent but a random
    /// challenge.
    pub async fn is_there(&self, client: &Client) -> bool {
        let challenge = base64url::encode(&rand::random::<[u8; 32]>());
        let Some(proof) = self.proof(&challenge) else { return false };
        let url = format!("http://{}{PATH}?{challenge}", self.address);
        let asked = async {
            let mut response = client.get(url).send().await.ok()?;
            let mut said = Vec::new();
            while said.len() <= CHARACTERS {
                let Some(more) = response.chunk().await.ok()? else { break };
                said.extend_from_slice(&more);
            }
            Some(said)
        };
        let said = tokio::time::timeout(ANSWER, asked).await.ok().flatten();
        said.is_some_and(|said| said.ct_eq(proof.as_bytes()).into())
    }
}

/// Makes a client for doors on this computer: by no proxy, and led on to nowhere.
///
/// # Errors
///
/// Returns what `reqwest` returned.
pub fn client() -> reqwest::Result<Client> {
    Client::builder().no_proxy().redirect(redirect::Policy::none()).build()
}

/// A note that lies in its file for as long as the door is open.
#[derive(Debug)]
#[must_use = "the file goes with it"]
pub struct Posted {
    path: PathBuf,
    text: Zeroizing<String>,
}

impl Drop for Posted {
    fn drop(&mut self) {
        // Another run may have put its own there.
        if fs::read_to_string(&self.path).is_ok_and(|text| text == *self.text) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Where a door answers a challenge.
pub(crate) const PATH: &str = "/door";
/// What the secret is used for here: an attestor's is its owner's token as well.
const PURPOSE: &[u8] = b"countersign/door/1";
/// Characters of 32 bytes in base64url: of a challenge, and of its answer.
const CHARACTERS: usize = 43;
/// A program on this computer answers at once, unless the computer is very busy.
const ANSWER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn open(note: Note, listener: TcpListener) {
        axum::serve(listener, crate::page::proof::proof::<()>(&note)).await.unwrap();
    }

    #[tokio::test]
    async fn only_who_wrote_the_note_is_at_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let note = Note::new(listener.local_addr().unwrap());
        let posted = note.post(&path).unwrap();
        let read = Note::read(&path).unwrap();
        assert_eq!((read.address(), read.secret()), (note.address(), note.secret()));
        // Somebody else has the port, and knows how doors answer.
        let client = client().unwrap();
        let thief = tokio::spawn(open(Note::new(note.address()), listener));
        assert!(!read.is_there(&client).await);
        thief.abort();
        drop(thief.await);
        assert!(!read.is_there(&client).await, "nobody is there");
        let listener = TcpListener::bind(note.address()).await.unwrap();
        let door = tokio::spawn(open(note.clone(), listener));
        assert!(read.is_there(&client).await);
        door.abort();
        drop(posted);
        assert!(!path.exists());
    }

    #[test]
    fn a_note_that_another_run_wrote_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door");
        let address = "127.0.0.1:7370".parse().unwrap();
        let (old, new) = (Note::new(address), Note::new(address));
        let before = old.post(&path).unwrap();
        let _now = new.post(&path).unwrap();
        drop(before);
        assert_eq!(Note::read(&path).unwrap().secret(), new.secret());
    }

    #[test]
    fn a_challenge_of_another_length_is_not_answered() {
        let note = Note::new("127.0.0.1:7370".parse().unwrap());
        for challenge in ["", "short", &"a".repeat(44)] {
            assert_eq!(note.answer(challenge), None, "{challenge}");
        }
        assert!(note.answer(&"a".repeat(43)).is_some());
    }
}
