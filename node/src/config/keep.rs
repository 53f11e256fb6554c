//! Writes single settings into the file, and leaves all else in it as its owner wrote it.

use super::{FILE, invalid, parse_file};
use crate::problem::Problem;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use toml::{Table, Value};

/// A setting to keep: its section, its key, and its value; without one it is taken out.
pub(crate) type Setting = (&'static str, &'static str, Option<Value>);

/// Writes into the settings of the node in `data` where the door for devices is, or that it is shut.
///
/// # Errors
///
/// Returns a problem if the file is no settings, or cannot be written.
pub(crate) fn keep_phone(data: &Path, at: Option<SocketAddr>) -> Result<(), Problem> {
    keep(data, &[("doors", "phone", at.map(|at| Value::String(at.to_string())))])
}

/// Gives where the settings in `data` say that the door for devices is.
pub(crate) fn kept_phone(data: &Path) -> Option<SocketAddr> {
    let text = std::fs::read_to_string(data.join(FILE)).ok()?;
    text.parse::<Table>().ok()?.get("doors")?.get("phone")?.as_str()?.parse().ok()
}

/// Writes settings into the file of the node in `data`.
///
/// # Errors
///
/// Returns a problem if the file is no settings, or cannot be written.
pub(crate) fn keep(data: &Path, settings: &[Setting]) -> Result<(), Problem> {
    // Whoever reads, changes and writes at the same time would take the other's setting out again.
    let _keeping = KEEPING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = data.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(Problem::unreadable(&path, error));
        }
    };
    let mut wanted = parse_file(&path, &text)?;
    let mut edited = text;
    for (section, key, value) in settings {
        let table = wanted.entry(*section).or_insert_with(|| Value::Table(Table::new()));
        let table = table.as_table_mut();
        let table = table.ok_or_else(|| invalid(format!("`{section}` is no section")))?;
        match value {
            Some(value) => drop(table.insert((*key).to_owned(), value.clone())),
            None => drop(table.remove(*key)),
        }
        edited = with(&edited, section, key, value.as_ref());
    }
    // A file that writes its sections in another way is written anew.
    let is_same = edited.parse::<Table>().is_ok_and(|table| table == wanted);
    let text = if is_same { edited } else { wanted.to_string() };
    crate::private::write(&path, text.as_bytes()).map_err(|error| Problem::unwritable(&path, error))
}

/// Edits the one line, in its place, with whatever its owner wrote around it.
fn with(text: &str, section: &str, key: &str, value: Option<&Value>) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let header = lines.iter().position(|line| title(line) == Some(section));
    let begin = header.map_or(lines.len(), |at| at.saturating_add(1));
    let own = lines.iter().skip(begin).take_while(|line| title(line).is_none());
    let found = own.enumerate().find(|(_, line)| name(line) == key).map(|(at, _)| begin + at);
    let line = value.map(|value| format!("{key} = {value}"));
    match (found, line) {
        (Some(at), Some(line)) => {
            if let Some(old) = lines.get_mut(at) {
                let comment = old.split_once('#').map(|(_, comment)| format!(" #{comment}"));
                *old = line + &comment.unwrap_or_default();
            }
        }
        (Some(at), None) => drop(lines.remove(at)),
        (None, Some(line)) if header.is_some() => lines.insert(begin, line),
        (None, Some(line)) => lines.extend([String::new(), format!("[{section}]"), line]),
        (None, None) => {}
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Gives what section a line begins, if it begins one.
fn title(line: &str) -> Option<&str> {
    let line = line.split('#').next().unwrap_or_default().trim();
    line.strip_prefix('[').map(|rest| rest.strip_suffix(']').unwrap_or(rest).trim())
}

/// Gives what setting a line holds.
fn name(line: &str) -> &str {
    line.split_once('=').map_or("", |(name, _)| name.trim())
}

/// Held while settings are read, changed and written.
static KEEPING: Mutex<()> = Mutex::new(());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_door_for_devices_is_kept_and_all_else_stays_as_it_was_written() {
        let (one, other) = ("0.0.0.0:7372".parse().unwrap(), "127.0.0.1:9".parse().unwrap());
        for (before, after) in [
            ("", "\n[doors]\nphone = \"0.0.0.0:7372\"\n"),
            (
                "# mine\nrole = \"full\"\n",
                "# mine\nrole = \"full\"\n\n[doors]\nphone = \"0.0.0.0:7372\"\n",
            ),
            (
                "[doors]\n# hers\nowner = \"127.0.0.1:1\"\nphone = \"127.0.0.1:2\"\n[limits]\nheads = 4000000\n",
                "[doors]\n# hers\nowner = \"127.0.0.1:1\"\nphone = \"0.0.0.0:7372\"\n[limits]\nheads = 4000000\n",
            ),
            // Another way of writing it is understood, and written anew.
            (
                "doors = { owner = \"127.0.0.1:1\" }\n",
                "[doors]\nowner = \"127.0.0.1:1\"\nphone = \"0.0.0.0:7372\"\n",
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(FILE), before).unwrap();
            keep_phone(folder.path(), Some(one)).unwrap();
            assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).unwrap(), after);
            assert_eq!(Config::read(folder.path(), &[]).unwrap().doors.phone, Some(one));
            keep_phone(folder.path(), Some(other)).unwrap();
            assert_eq!(kept_phone(folder.path()), Some(other));
            keep_phone(folder.path(), None).unwrap();
            assert_eq!(kept_phone(folder.path()), None);
            assert!(Config::read(folder.path(), &[]).is_ok());
        }
    }

    #[test]
    fn settings_that_are_kept_at_once_are_all_there() {
        let number = |number| Some(Value::Integer(number));
        let settings: [Setting; 3] = [
            ("limits", "traffic", number(3)),
            ("limits", "heads", number(4_000_000)),
            ("network", "max_peers", number(5)),
        ];
        for _ in 0..16 {
            let folder = tempfile::tempdir().unwrap();
            let together = std::sync::Barrier::new(settings.len());
            std::thread::scope(|scope| {
                for setting in &settings {
                    let (data, together) = (folder.path(), &together);
                    scope.spawn(move || {
                        together.wait();
                        keep(data, core::slice::from_ref(setting)).unwrap();
                    });
                }
            });
            let read = Config::read(folder.path(), &[]).unwrap();
            assert_eq!(
                (read.limits.traffic, read.limits.heads, read.network.max_peers),
                (3, 4_000_000, 5)
            );
        }
    }

    #[test]
    fn several_settings_are_kept_and_every_comment_with_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let before =
            "# mine\n[limits] # of this box\n# traffic = 1\ntraffic = 2 # a day\n\n[trust]\n";
        std::fs::write(&path, before).unwrap();
        let number = |number| Some(Value::Integer(number));
        let settings = [
            ("limits", "traffic", number(3)),
            ("limits", "heads", number(4_000_000)),
            ("network", "max_peers", number(5)),
        ];
        keep(folder.path(), &settings).unwrap();
        let after = "# mine\n[limits] # of this box\nheads = 4000000\n# traffic = 1\ntraffic = 3 # a day\n\n[trust]\n\n\
                     [network]\nmax_peers = 5\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        let read = Config::read(folder.path(), &[]).unwrap();
        assert_eq!(
            (read.limits.traffic, read.limits.heads, read.network.max_peers),
            (3, 4_000_000, 5)
        );
        let latin = b"# f\xFCr mich\n";
        std::fs::write(&path, latin).unwrap();
        assert!(keep(folder.path(), &settings).is_err(), "it cannot be read");
        assert_eq!(std::fs::read(&path).unwrap(), latin, "and is not lost");
        std::fs::write(&path, "limits = 1\n").unwrap();
        assert!(keep(folder.path(), &settings).is_err(), "no section");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "limits = 1\n");
    }
}
