//! The owner's other devices, each known by a secret of its own.
//!
//! The secret lies in the device's browser alone. Here lies its hash, in a file for each device in the
//! folder `devices`, beside its name and when it was there: a device that is removed, by a command or
//! by hand, is out at once.

use crate::private;
use crate::problem::{Kind, Problem};
use crate::verb::devices::Device;
use countersign_protocol::encoding::base64url;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use subtle::ConstantTimeEq as _;

/// The devices of one owner.
#[derive(Debug)]
pub(crate) struct Devices {
    folder: PathBuf,
    known: Mutex<Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    file: PathBuf,
    hash: [u8; 32],
    name: String,
    since: Timestamp,
    seen: Timestamp,
    /// What the file says of `seen`.
    written: Timestamp,
}

/// A device as it lies on the disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    name: String,
    /// The hash of its secret, in base64url.
    secret_sha256: String,
    since: String,
    seen: String,
}

impl Devices {
    /// Reads the devices in the data folder `data`. A file that does not read lets nobody in.
    pub(crate) fn read(data: &Path) -> Self {
        let folder = data.join(FOLDER);
        let mut known = Vec::new();
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let file = entry.path();
            if file.extension().is_some_and(|ending| ending == ENDING) {
                match Known::read(&file) {
                    Some(device) => known.push(device),
                    None => tracing::warn!(file = %file.display(), "this is no device"),
                }
            }
        }
        known.sort_by_key(|device| device.since);
        Self { folder, known: Mutex::new(known) }
    }

    /// Gives all of them, the oldest first.
    pub(crate) fn list(&self) -> Vec<Device> {
        let shown = |device: &Known| Device {
            name: device.name.clone(),
            since: device.since.to_string(),
            seen: device.seen.to_string(),
        };
        self.known().iter().filter(|device| device.file.exists()).map(shown).collect()
    }

    /// Tells whether a device may be called `name`.
    ///
    /// # Errors
    ///
    /// Returns a problem if it is no name, or another device has it.
    pub(crate) fn check_name(&self, name: &str) -> Result<(), Problem> {
        let odd = |c: char| c.is_control();
        if name.trim() != name || name.is_empty() || name.chars().count() > 40 || name.contains(odd)
        {
            return Err(Problem::new(Kind::Invalid, "a device cannot be called so")
                .hint("choose a name of 1 to 40 letters, such as: my phone"));
        }
        if self.list().iter().any(|device| device.name == name) {
            return Err(Problem::new(
                Kind::Conflict,
                format!("there is a device `{name}` already"),
            )
            .hint("choose another name, or remove that device first"));
        }
        Ok(())
    }

    /// Lets a device in that has `secret` from now on.
    ///
    /// # Errors
    ///
    /// Returns a problem if its name is taken or the disk does not take it.
    pub(crate) fn add(&self, name: &str, secret: &str, now: Timestamp) -> Result<(), Problem> {
        self.check_name(name)?;
        let hash = hash(secret);
        let number: String = base64url::encode(&hash).chars().take(12).collect();
        let file = self.folder.join(format!("{number}.{ENDING}"));
        let name = name.to_owned();
        let device = Known { file, hash, name, since: now, seen: now, written: now };
        device.write().map_err(|error| Problem::unwritable(&device.file, error))?;
        self.known().push(device);
        Ok(())
    }

    /// Removes the device `name`: from now on it is out.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is none, or its file cannot be removed.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Problem> {
        let mut known = self.known();
        let at = known.iter().position(|device| device.name == name).ok_or_else(|| {
            Problem::new(Kind::NotFound, format!("there is no device `{name}`"))
                .hint("`countersign device list` prints their names")
        })?;
        let device = known.remove(at);
        match std::fs::remove_file(&device.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let file = device.file.display();
                Err(Problem::new(Kind::Internal, format!("{file} could not be removed"))
                    .because(error)
                    .hint("it is out until the node starts again; remove the file before that"))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Finds the device that has `secret`, and notes that it was there. Every one is compared, each
    /// in constant time.
    pub(crate) fn visit(&self, secret: &str, now: Timestamp) -> Option<String> {
        let said = hash(secret);
        let mut known = self.known();
        let mut found = None;
        for device in known.iter_mut() {
            if bool::from(device.hash.ct_eq(&said)) {
                found = Some(device);
            }
        }
        let device = found.filter(|device| device.file.exists())?;
        device.seen = now;
        if now.since(device.written) >= NOTED {
            device.written = now;
            // It is a note for its owner: without it she comes in all the same.
            let _written = device.write().is_ok();
        }
        Some(device.name.clone())
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn read(file: &Path) -> Option<Self> {
        let stored: Stored = toml::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
        let hash = base64url::decode(&stored.secret_sha256)?.try_into().ok()?;
        let (since, seen) =
            (Timestamp::parse(&stored.since).ok()?, Timestamp::parse(&stored.seen).ok()?);
        let (file, name) = (file.to_owned(), stored.name);
        Some(Self { file, hash, name, since, seen, written: seen })
    }

    fn write(&self) -> std::io::Result<()> {
        let stored = Stored {
            name: self.name.clone(),
            secret_sha256: base64url::encode(&self.hash),
            since: self.since.to_string(),
            seen: self.seen.to_string(),
        };
        let text = toml::to_string(&stored).map_err(std::io::Error::other)?;
        let text =
            format!("# A device of this node's owner: it has the secret behind the hash\n{text}");
        private::write(&self.file, text.as_bytes())
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The folder of devices in the data folder.
const FOLDER: &str = "devices";
const ENDING: &str = "toml";
/// So many seconds pass before a visit is written down again: a disk wears, and a person asks for days.
const NOTED: u64 = 600;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn with_phone() -> (tempfile::TempDir, Devices) {
        let folder = tempfile::tempdir().unwrap();
        let devices = Devices::read(folder.path());
        devices.add("my phone", "secret", NOW).unwrap();
        (folder, devices)
    }

    #[test]
    fn a_device_is_known_by_its_secret_alone_also_after_a_restart() {
        let (folder, devices) = with_phone();
        for devices in [devices, Devices::read(folder.path())] {
            assert_eq!(devices.visit("secret", NOW).as_deref(), Some("my phone"));
            for other in ["", "Secret", "my phone", &base64url::encode(&hash("secret"))] {
                assert_eq!(devices.visit(other, NOW), None, "{other}");
            }
        }
    }

    #[test]
    fn who_is_removed_is_out_at_once_and_for_good() {
        let (folder, devices) = with_phone();
        devices.add("tablet", "other", NOW).unwrap();
        devices.remove("my phone").unwrap();
        assert_eq!(devices.visit("secret", NOW), None);
        assert_eq!(devices.visit("other", NOW).as_deref(), Some("tablet"), "nobody else is");
        assert_eq!(Devices::read(folder.path()).visit("secret", NOW), None);
        assert!(devices.remove("my phone").unwrap_err().is(Kind::NotFound));
    }

    #[test]
    fn a_file_that_was_removed_by_hand_lets_nobody_in() {
        let (folder, devices) = with_phone();
        std::fs::remove_dir_all(folder.path().join(FOLDER)).unwrap();
        assert_eq!(devices.visit("secret", NOW), None);
        assert!(devices.list().is_empty());
    }

    #[test]
    fn only_the_hash_of_a_secret_lies_on_the_disk_and_nobody_else_reads_it() {
        let (folder, devices) = with_phone();
        devices.add("tablet", "a-long-secret-of-its-own", NOW).unwrap();
        for entry in std::fs::read_dir(folder.path().join(FOLDER)).unwrap() {
            let path = entry.unwrap().path();
            assert!(!std::fs::read_to_string(&path).unwrap().contains("a-long-secret"));
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
    }

    #[test]
    fn a_name_is_one_line_and_one_devices_own() {
        let (_folder, devices) = with_phone();
        for name in ["", " phone", "a\nb", &"x".repeat(41), "my phone"] {
            assert!(devices.check_name(name).is_err(), "{name:?}");
        }
        assert!(devices.check_name("Zoë's phone").is_ok());
        assert!(devices.add("my phone", "other", NOW).unwrap_err().is(Kind::Conflict));
    }

    #[test]
    fn when_it_was_seen_is_written_down_now_and_then() {
        let (folder, devices) = with_phone();
        devices.visit("secret", NOW.plus(NOTED - 1)).unwrap();
        assert_eq!(devices.list()[0].seen, NOW.plus(NOTED - 1).to_string());
        assert_eq!(Devices::read(folder.path()).list()[0].seen, NOW.to_string());
        devices.visit("secret", NOW.plus(NOTED)).unwrap();
        assert_eq!(Devices::read(folder.path()).list()[0].seen, NOW.plus(NOTED).to_string());
    }

    #[test]
    fn a_file_that_is_no_device_lets_nobody_in_and_stops_nobody() {
        let (folder, _) = with_phone();
        std::fs::write(folder.path().join(FOLDER).join("x.toml"), "name = 1").unwrap();
        assert_eq!(Devices::read(folder.path()).list().len(), 1);
    }
}
