//! A systemd unit that runs one of our programs by itself.
//!
//! What the program says when it ends decides whether it is started again: see [`LASTING`].
//!
//! - Manual: systemd.service(5), systemd.exec(5), systemd.syntax(7).

use crate::Output;
use crate::output::Text;
use crate::problem::{Kind, MISUSE, Problem};
use crate::terminal::{self, Origin};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

/// A program that can be a service.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// What it is called, and its unit.
    pub name: &'static str,
    /// What it is, for whoever lists the services of a computer.
    pub is: &'static str,
    /// Whether it listens on a port below 1024, which only root may without asking.
    pub low_port: bool,
}

// No sentence of its own: it would stand in the help where each program says what it installs.
#[expect(missing_docs, reason = "its sentence would take the place of the command's own")]
#[derive(Debug, Clone, clap::Args)]
pub struct Wishes {
    /// For this computer instead of for you: needs root
    #[arg(long)]
    system: bool,
    /// The user a service of the computer runs as
    #[arg(long, value_name = "USER", requires = "system")]
    user: Option<String>,
    /// Print the unit and write nothing
    #[arg(long)]
    print: bool,
    /// Write over a unit that says something else
    #[arg(long)]
    force: bool,
}

/// Writes the unit that runs `program` over the folder `data`, with its passphrase as a credential.
///
/// # Errors
///
/// Returns a problem if no file has the passphrase, or the unit cannot be written.
pub fn install(
    program: Program,
    wishes: Wishes,
    data: &Path,
    passphrase: &Origin,
    out: Output,
) -> Result<ExitCode, Problem> {
    let passphrase = passphrase.file().ok_or_else(|| {
        Problem::new(Kind::Locked, "the service needs a file with the passphrase")
            .hint("write it into a file only you can read, and name it with --passphrase-file FILE")
    })?;
    let binary = itself(program.name)?;
    let Wishes { system, user, print, force } = wishes;
    let (data, passphrase) = (absolute(data)?, absolute(passphrase)?);
    let unit = Unit { program, binary, data, passphrase, system, user };
    let (text, path) = (unit.text()?, unit.path()?);
    if print {
        out.raw(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    check_there(&unit.passphrase)?;
    write(&path, &text, force)?;
    out.answer(&Installed { unit: path, text, next: next(program, system) })?;
    Ok(ExitCode::SUCCESS)
}

/// How `name` is started again: the binary that is it, and the word that tells which program to be a
/// binary which is several.
#[derive(Debug, Clone)]
pub(crate) struct Itself {
    pub(crate) binary: PathBuf,
    pub(crate) word: Option<&'static str>,
}

/// Gives where this program lies, for whatever is to start it again.
pub(crate) fn itself(name: &'static str) -> Result<Itself, Problem> {
    let binary = std::env::current_exe().map_err(|error| {
        Problem::new(Kind::Internal, "this program does not know where it lies").because(error)
    })?;
    let is_it = binary.file_stem().is_some_and(|stem| stem == name);
    let word = (SEVERAL.get().is_some() && !is_it).then_some(name);
    Ok(Itself { binary, word })
}

/// Writes how a person starts `name` here: as this program was called, if it is that one, or is several.
#[must_use]
pub fn called(name: &str) -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    spelled(name, &called.to_string_lossy(), SEVERAL.get().is_some())
}

fn spelled(name: &str, called: &str, is_several: bool) -> String {
    let stem = Path::new(called).file_stem().and_then(|stem| stem.to_str());
    match stem {
        Some(stem) if stem == name => typed(called),
        // By the name of one of them it is that one alone.
        Some(stem) if is_several && !PROGRAMS.contains(&stem) => {
            format!("{} {name}", typed(called))
        }
        Some(_) | None => name.to_owned(),
    }
}

/// Writes a word as a shell reads it.
#[must_use]
pub fn typed(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Says that this binary is several programs: by its own name none of them, and each by the name it is
/// given as its first word.
pub fn is_several() {
    let _before = SEVERAL.set(()).is_ok();
}

/// Those of them that a person types.
const PROGRAMS: [&str; 2] = ["countersign", "countersign-attestor"];

/// Whether it is.
static SEVERAL: OnceLock<()> = OnceLock::new();

/// Gives a path as a unit can hold it: systemd ignores one with `..` in it, and then the folder could not be
/// written. A link at its very end is kept: where it leads may change.
fn absolute(path: &Path) -> Result<PathBuf, Problem> {
    let whole = terminal::whole(path)?;
    let real = match (whole.parent(), whole.file_name()) {
        (Some(folder), Some(name)) => folder.canonicalize().map(|folder| folder.join(name)),
        _ => whole.canonicalize(),
    };
    Ok(real.unwrap_or(whole))
}

/// Prints why a program could not come up, and gives its exit status: [`LASTING`] if it cannot until
/// somebody does something about it.
#[must_use]
pub fn cannot_start(problem: &Problem, out: Output) -> ExitCode {
    let failed = out.fail(problem);
    if lasts(problem) { ExitCode::from(LASTING) } else { failed }
}

/// Tells whether the same start fails again and again: what a person wrote is wrong, the passphrase is, or
/// the folder is a newer program's or damaged. A full disk, a port that is taken or a folder that is in use
/// may be free in a moment.
fn lasts(problem: &Problem) -> bool {
    [Kind::Invalid, Kind::Locked, Kind::Unusable].into_iter().any(|kind| problem.is(kind))
}

/// The exit status of a program that cannot start until somebody does something about it; a unit of ours
/// does not start it again, nor one that does not understand how it was called. It is what others use for that, too: `EX_CONFIG` in sysexits(3).
pub const LASTING: u8 = 78;

/// What a unit is written from.
struct Unit {
    program: Program,
    binary: Itself,
    data: PathBuf,
    passphrase: PathBuf,
    system: bool,
    user: Option<String>,
}

#[derive(Debug, Serialize)]
struct Installed {
    unit: PathBuf,
    text: String,
    next: Vec<String>,
}

impl Unit {
    fn text(&self) -> Result<String, Problem> {
        let Program { name, is, low_port } = self.program;
        let (binary, data) = (word(&self.binary.binary)?, word(&self.data)?);
        let which = self.binary.word.map(|word| format!(" {word}")).unwrap_or_default();
        let folder = quoted(&self.data)?;
        let passphrase = plain(&self.passphrase)?;
        let wanted = if self.system { "multi-user.target" } else { "default.target" };
        let user = match &self.user {
            Some(user) => format!("User={}\n", account(user)?),
            None => String::new(),
        };
        let walls = if self.system { SYSTEM_WALLS } else { "" };
        let writes = if self.system { format!("ReadWritePaths={folder}\n") } else { String::new() };
        let port = if self.user.is_some() && low_port { LOW_PORT } else { "" };
        Ok(format!(
            "# {name}.service: runs a {is}; written by `{name} service install`\n\
             [Unit]\n\
             Description={is}\n\
             Wants=network-online.target\n\
             After=network-online.target\n\
             RequiresMountsFor={folder}\n\
             \n\
             [Service]\n\
             Type=notify\n\
             TimeoutStartSec=15min\n\
             ExecStart={binary}{which} --data {data} --passphrase-file %d/passphrase run\n\
             LoadCredential=passphrase:{passphrase}\n\
             {user}Restart=on-failure\n\
             RestartSec=5\n\
             RestartPreventExitStatus={MISUSE} {LASTING}\n\
             TimeoutStopSec=30\n\
             UMask=0077\n\
             NoNewPrivileges=yes\n\
             {port}{walls}{writes}\
             \n\
             [Install]\n\
             WantedBy={wanted}\n"
        ))
    }

    fn path(&self) -> Result<PathBuf, Problem> {
        let name = format!("{}.service", self.program.name);
        if self.system {
            return Ok(PathBuf::from("/etc/systemd/system").join(name));
        }
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let config = folder("XDG_CONFIG_HOME")
            .or_else(|| Some(folder("HOME")?.join(".config")))
            .ok_or_else(|| {
                Problem::new(Kind::Invalid, "neither HOME nor XDG_CONFIG_HOME says where to write")
                    .hint("set HOME to your own folder")
            })?;
        Ok(config.join("systemd").join("user").join(name))
    }
}

/// Gives a user's name as a unit can hold it, of the characters that useradd(8) takes; a number is one, too.
fn account(user: &str) -> Result<&str, Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if !user.is_empty() && !user.starts_with(['-', '.']) && user.chars().all(plain) {
        return Ok(user);
    }
    Err(Problem::new(Kind::Invalid, format!("{user:?} is no name of a user")).hint(
        "name the user of this computer that the service runs as, such as one made with useradd",
    ))
}

/// Writes a path as a word of a command line: systemd.service(5), "Command Lines": there, `$` names a
/// variable.
fn word(path: &Path) -> Result<String, Problem> {
    Ok(quoted(path)?.replace('$', "$$"))
}

/// Writes a path as a list of paths takes it: systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers".
fn quoted(path: &Path) -> Result<String, Problem> {
    let text = plain(path)?.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{text}\""))
}

fn plain(path: &Path) -> Result<String, Problem> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.map(|text| text.replace('%', "%%")).ok_or_else(|| {
        Problem::new(Kind::Invalid, format!("{} cannot stand in a unit", path.display()))
            .hint("choose a folder whose name is plain text")
    })
}

/// A service that finds no passphrase fails at each start.
fn check_there(passphrase: &Path) -> Result<(), Problem> {
    let failed = |error: io::Error| {
        Problem::new(Kind::Invalid, "there is no file with the passphrase")
            .because(format!("{}: {error}", passphrase.display()))
            .hint("write the passphrase into it first, so that only you can read it")
    };
    let found = std::fs::metadata(passphrase).map_err(failed)?;
    if found.is_file() { Ok(()) } else { Err(failed(io::ErrorKind::InvalidInput.into())) }
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Problem> {
    let failed = |error: io::Error| {
        Problem::unwritable(path, error)
            .hint("a service of the computer needs root; without --system it is yours")
    };
    if let Ok(before) = std::fs::read_to_string(path)
        && before != text
        && !force
    {
        return Err(Problem::new(
            Kind::Conflict,
            format!("{} says something else", path.display()),
        )
        .hint("compare with --print, then write over it with --force"));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    write_readable(path, text).map_err(failed)
}

/// Writes a file that others may read and only its owner changes, whatever the umask is: what stands in a unit
/// is run.
fn write_readable(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    let mut file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata()?.permissions().mode() & 0o644;
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    io::Write::write_all(&mut file, text.as_bytes())
}

fn next(program: Program, system: bool) -> Vec<String> {
    let user = if system { "" } else { " --user" };
    let mut next = vec![
        format!("systemctl{user} daemon-reload"),
        format!("systemctl{user} enable --now {}", program.name),
    ];
    if !system {
        next.push("loginctl enable-linger   # it runs also while you are not logged in".to_owned());
    }
    next
}

impl Text for Installed {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "Wrote {}:\n\n{}", self.unit.display(), self.text)?;
        writeln!(to, "Next:")?;
        self.next.iter().try_for_each(|line| writeln!(to, "  {line}"))
    }
}

/// What a service of the whole computer may not do; services of a person lack the right to say so.
const SYSTEM_WALLS: &str = "ProtectSystem=strict\nProtectHome=read-only\nPrivateTmp=yes\n\
    PrivateDevices=yes\nProtectKernelTunables=yes\nProtectControlGroups=yes\n\
    RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n";

/// The one right of root that a user needs to listen below port 1024.
const LOW_PORT: &str = "AmbientCapabilities=CAP_NET_BIND_SERVICE\n\
    CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n";

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: Program = Program { name: "countersign", is: "Countersign node", low_port: false };

    fn unit(data: &str, system: bool) -> Result<String, Problem> {
        unit_of(NODE, data, system)
    }

    fn unit_of(program: Program, data: &str, system: bool) -> Result<String, Problem> {
        Unit { program, ..unit_with(data, system) }.text()
    }

    fn unit_with(data: &str, system: bool) -> Unit {
        Unit {
            program: NODE,
            binary: Itself { binary: PathBuf::from("/usr/bin/countersign"), word: None },
            data: PathBuf::from(data),
            passphrase: PathBuf::from("/home/berta/100% secret"),
            system,
            user: system.then(|| "berta".to_owned()),
        }
    }

    #[test]
    fn a_hint_names_the_program_as_it_was_called() {
        let [node, attestor] = PROGRAMS;
        for (name, called, is_several, expected) in [
            (node, "countersign", false, "countersign"),
            (node, "./my bin/countersign", false, "'./my bin/countersign'"),
            (attestor, "./countersign", false, "countersign-attestor"),
            (node, "countersign-testnet", true, "countersign-testnet countersign"),
            (attestor, "./it", true, "./it countersign-attestor"),
            // A link to it under the name of one of them takes no word.
            (node, "/bin/countersign", true, "/bin/countersign"),
            (attestor, "/bin/countersign", true, "countersign-attestor"),
            (node, "", false, "countersign"),
        ] {
            assert_eq!(spelled(name, called, is_several), expected, "{name}, {called}");
        }
        assert_eq!(typed("it's"), r"'it'\''s'");
    }

    #[test]
    fn the_passphrase_comes_as_a_credential_and_never_by_name() {
        let text = unit("/home/berta/my data", false).unwrap();
        assert!(text.contains("LoadCredential=passphrase:/home/berta/100%% secret\n"), "{text}");
        assert!(text.contains(
            "ExecStart=\"/usr/bin/countersign\" --data \"/home/berta/my data\" \
             --passphrase-file %d/passphrase run\n"
        ));
        assert!(text.contains("WantedBy=default.target") && !text.contains("User="));
    }

    #[test]
    fn whoever_restarts_the_service_waits_until_it_is_ready_also_while_it_migrates() {
        let text = unit("/home/berta/data", false).unwrap();
        assert!(text.contains("\nType=notify\nTimeoutStartSec=15min\n"), "{text}");
    }

    #[test]
    fn a_path_cannot_add_lines_or_words() {
        assert!(unit("/home/a\nExecStart=/bin/sh", false).is_err());
        let text = unit("/data\" --set x=$HOME", true).unwrap();
        assert!(text.contains("--data \"/data\\\" --set x=$$HOME\""), "{text}");
        assert!(text.contains("User=berta\n") && text.contains("ProtectSystem=strict\n"));
        // No variable is put into a list of paths, so a dollar stands there once.
        assert!(text.contains("ReadWritePaths=\"/data\\\" --set x=$HOME\"\n"), "{text}");
    }

    #[test]
    fn a_user_cannot_add_lines_or_specifiers() {
        for user in ["", "berta\nExecStart=/bin/sh", "%h", "no body", "-berta"] {
            let unit = Unit { user: Some(user.to_owned()), ..unit_with("/data", true) };
            assert!(unit.text().is_err(), "{user:?}");
        }
        for user in ["berta", "_berta-2.shop", "1000"] {
            let unit = Unit { user: Some(user.to_owned()), ..unit_with("/data", true) };
            assert!(unit.text().unwrap().contains(&format!("User={user}\n")), "{user:?}");
        }
    }

    #[test]
    fn a_path_goes_back_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::fs::create_dir(real.join("inside")).unwrap();
        let around = real.join("inside").join("..").join("data");
        assert_eq!(absolute(&around).unwrap(), real.join("data"));
        assert_eq!(absolute(&real.join("inside").join("..")).unwrap(), real);
        assert_eq!(absolute(Path::new("/not/there")).unwrap(), Path::new("/not/there"));
    }

    #[test]
    fn only_a_low_port_of_a_service_of_the_computer_needs_a_right_of_root() {
        let low = Program { low_port: true, ..NODE };
        assert!(unit_of(low, "/data", true).unwrap().contains("CAP_NET_BIND_SERVICE"));
        assert!(!unit_of(low, "/data", false).unwrap().contains("CAP_"));
        assert!(!unit("/data", true).unwrap().contains("CAP_"));
    }

    #[test]
    fn only_what_fails_until_somebody_does_something_is_not_tried_again() {
        let lasting = |kind| lasts(&Problem::new(kind, "it"));
        assert!(lasting(Kind::Locked) && lasting(Kind::Invalid) && lasting(Kind::Unusable));
        assert!(!lasting(Kind::Busy) && !lasting(Kind::Conflict) && !lasting(Kind::Internal));
        assert!(unit("/data", false).unwrap().contains("\nRestartPreventExitStatus=64 78\n"));
    }

    #[test]
    fn a_service_without_a_passphrase_is_not_installed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passphrase");
        for missing in [file.as_path(), folder.path()] {
            let refused = check_there(missing).unwrap_err();
            assert!(refused.is(Kind::Invalid), "{refused}");
            assert!(refused.to_string().contains(missing.to_str().unwrap()), "{refused}");
        }
        std::fs::write(&file, "four words").unwrap();
        check_there(&file).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_change_what_a_unit_runs() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countersign.service");
        std::fs::write(&path, "before").unwrap();
        // As a umask of 000 leaves it.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        write(&path, "after", true).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "after");
    }
}
