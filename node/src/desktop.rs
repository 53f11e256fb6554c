//! Has the desktop open `countersign:` links with this program.
//!
//! A link comes from anybody: the program that is started with one shows it and does nothing else.
//!
//! - Standards: Desktop Entry Specification 1.5, "The Exec key"; Association between MIME types and
//!   applications 1.0.1.

use crate::output::{Output, Text};
use crate::problem::{Kind, Problem};
use crate::terminal;
use crate::unit::{self, Itself};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Where a desktop keeps what belongs to one person.
struct Places {
    /// `$XDG_DATA_HOME`.
    data: PathBuf,
    /// `$XDG_CONFIG_HOME`.
    config: PathBuf,
}

#[derive(Debug, Serialize)]
struct Installed {
    file: PathBuf,
    /// Whether the desktop was told that it is the one to take.
    told: bool,
}

#[derive(Debug, Serialize)]
struct Removed {
    file: PathBuf,
    /// Whether it was there.
    was_there: bool,
}

/// Writes the file that says so, for the folder `data`, and tells the desktop.
///
/// # Errors
///
/// Returns a problem on another system than Linux, or if the file cannot be written.
pub(crate) fn install(data: &Path, out: Output) -> Result<ExitCode, Problem> {
    let places = Places::known()?;
    let program = unit::itself("countersign")?;
    let data = terminal::whole(data)?;
    let file = places.file();
    let text = entry(&program, &data)?;
    let folder = file.parent().unwrap_or(&places.data);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, text));
    written.map_err(|error| Problem::unwritable(&file, error))?;
    let _listed = tell("update-desktop-database", &[folder.as_os_str()]);
    let told = tell("xdg-mime", &["default".as_ref(), NAME.as_ref(), SCHEME.as_ref()]);
    out.answer(&Installed { file, told })?;
    Ok(ExitCode::SUCCESS)
}

/// Takes all of it back.
///
/// # Errors
///
/// Returns a problem as [`install`] does.
pub(crate) fn uninstall(out: Output) -> Result<ExitCode, Problem> {
    let places = Places::known()?;
    let file = places.file();
    let was_there = file.exists();
    if was_there {
        std::fs::remove_file(&file).map_err(|error| Problem::unwritable(&file, error))?;
    }
    let list = places.config.join("mimeapps.list");
    if let Ok(before) = std::fs::read_to_string(&list) {
        let after = without_us(&before);
        if after != before {
            std::fs::write(&list, after).map_err(|error| Problem::unwritable(&list, error))?;
        }
    }
    let _listed =
        file.parent().map(|folder| tell("update-desktop-database", &[folder.as_os_str()]));
    out.answer(&Removed { file, was_there })?;
    Ok(ExitCode::SUCCESS)
}

impl Places {
    fn known() -> Result<Self, Problem> {
        if !cfg!(target_os = "linux") {
            return Err(Problem::new(Kind::Unavailable, "links are not opened by themselves here")
                .because("this is done for the desktops of Linux alone")
                .hint("paste the link under Requests, or type `countersign open LINK`"));
        }
        let folder = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
        };
        let place = |name, below: &str| folder(name).or_else(|| Some(folder("HOME")?.join(below)));
        let found = place("XDG_DATA_HOME", ".local/share").zip(place("XDG_CONFIG_HOME", ".config"));
        let (data, config) = found.ok_or_else(|| {
            Problem::new(Kind::Invalid, "neither HOME nor XDG_DATA_HOME says where to write")
                .hint("set HOME to your own folder")
        })?;
        Ok(Self { data, config })
    }

    fn file(&self) -> PathBuf {
        self.data.join("applications").join(NAME)
    }
}

/// Runs a program of the desktop's, and tells whether it is there and did what it should.
fn tell(program: &str, arguments: &[&std::ffi::OsStr]) -> bool {
    let said = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    said.is_ok_and(|status| status.success())
}

fn entry(program: &Itself, data: &Path) -> Result<String, Problem> {
    let Itself { binary, word: which } = program;
    if binary.to_string_lossy().contains('=') {
        return Err(odd(binary));
    }
    let which = which.map(|which| format!(" {which}")).unwrap_or_default();
    let (program, data) = (word(binary)?, word(data)?);
    Ok(format!(
        "# {NAME}: opens links of Countersign; written by `countersign open --install`\n\
         [Desktop Entry]\n\
         Type=Application\n\
         Name=Countersign\n\
         Comment=Look at what a shop asks to see, before anything is shown\n\
         Exec={program}{which} --data {data} open -- %u\n\
         Terminal=false\n\
         NoDisplay=true\n\
         StartupNotify=false\n\
         MimeType={SCHEME};\n"
    ))
}

/// Writes a path as a word of `Exec`: "The Exec key" quotes it, and then "Possible value types" has
/// each backslash of a string written twice.
fn word(path: &Path) -> Result<String, Problem> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    let mut quoted = String::new();
    for letter in text.ok_or_else(|| odd(path))?.chars() {
        match letter {
            '%' => quoted.push_str("%%"),
            '\\' => quoted.push_str(r"\\\\"),
            '"' | '`' | '$' => {
                quoted.push_str(r"\\");
                quoted.push(letter);
            }
            plain => quoted.push(plain),
        }
    }
    Ok(format!("\"{quoted}\""))
}

fn odd(path: &Path) -> Problem {
    Problem::new(Kind::Invalid, format!("{} cannot stand in a desktop's file", path.display()))
        .hint("choose a folder whose name is plain text, without `=`")
}

/// Takes our line out of a desktop's list; what somebody else wrote stays.
fn without_us(list: &str) -> String {
    let ours = |line: &str| {
        let said = line.trim().trim_end_matches(';').split_once('=');
        said.is_some_and(|(kind, programs)| kind.trim() == SCHEME && programs.trim() == NAME)
    };
    list.split_inclusive('\n').filter(|line| !ours(line)).collect()
}

impl Text for Installed {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "wrote {}", self.file.display())?;
        if self.told {
            return writeln!(
                to,
                "Links that begin with countersign: open in your home from now on."
            );
        }
        writeln!(
            to,
            "Your desktop was not told, because `xdg-mime` is not there or failed. Once it is:"
        )?;
        writeln!(to, "  xdg-mime default {NAME} {SCHEME}")
    }
}

impl Text for Removed {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if self.was_there {
            writeln!(to, "removed {}", self.file.display())
        } else {
            writeln!(to, "nothing was there: {}", self.file.display())
        }
    }
}

/// The file, and what a desktop calls the program by.
const NAME: &str = "countersign-link.desktop";
/// What a desktop calls our links by.
const SCHEME: &str = "x-scheme-handler/countersign";

#[cfg(test)]
mod tests {
    use super::*;

    fn at(program: &str) -> Itself {
        Itself { binary: program.into(), word: None }
    }

    fn line(program: &str, data: &str) -> String {
        let text = entry(&at(program), Path::new(data)).unwrap();
        text.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap().to_owned()
    }

    #[test]
    fn the_file_names_the_scheme_and_hides_itself_from_menus() {
        let text = entry(&at("/usr/bin/countersign"), Path::new("/home/anna/c")).unwrap();
        for wanted in [
            "\n[Desktop Entry]\nType=Application\n",
            "\nMimeType=x-scheme-handler/countersign;\n",
            "\nNoDisplay=true\n",
            "\nTerminal=false\n",
            "\nExec=\"/usr/bin/countersign\" --data \"/home/anna/c\" open -- %u\n",
        ] {
            assert!(text.contains(wanted), "{text}");
        }
    }

    #[test]
    fn a_path_adds_no_words_no_commands_and_no_lines() {
        let one_of_several = Itself { word: Some("countersign"), ..at("/c") };
        let text = entry(&one_of_several, Path::new("/d")).unwrap();
        assert!(text.contains("\nExec=\"/c\" countersign --data \"/d\" open -- %u\n"), "{text}");
        assert_eq!(line("/a b/c", "/d"), r#""/a b/c" --data "/d" open -- %u"#);
        // What stands in the file is read twice: as a string, and as a quoted word.
        assert_eq!(line("/c", "/%u"), r#""/c" --data "/%%u" open -- %u"#);
        assert_eq!(line("/c", r#"/" --set x"#), r#""/c" --data "/\\" --set x" open -- %u"#);
        assert_eq!(line("/c", "/$HOME`id`"), r#""/c" --data "/\\$HOME\\`id\\`" open -- %u"#);
        assert_eq!(line("/c", r"/a\b"), r#""/c" --data "/a\\\\b" open -- %u"#);
        for odd in ["/a\nExec=/bin/sh", "/a\u{1b}"] {
            assert!(entry(&at("/c"), Path::new(odd)).is_err(), "{odd:?}");
        }
        assert!(entry(&at("/a=b/c"), Path::new("/d")).is_err(), "the standard forbids it");
        assert!(entry(&at("/c"), Path::new("/a=b")).is_ok());
    }

    #[test]
    fn what_is_taken_back_is_our_line_alone() {
        let list = "[Default Applications]\nx-scheme-handler/countersign=countersign-link.desktop\n\
                    x-scheme-handler/http=firefox.desktop\n[Added Associations]\n\
                    x-scheme-handler/countersign=another.desktop;\n";
        let left = without_us(list);
        assert!(!left.contains("countersign-link.desktop"), "{left}");
        assert!(left.contains("=firefox.desktop\n") && left.contains("=another.desktop;\n"));
        assert_eq!(without_us(&left), left);
        let both = "x-scheme-handler/countersign=countersign-link.desktop;another.desktop;\n";
        assert_eq!(without_us(both), both, "somebody put a second one there");
    }
}
