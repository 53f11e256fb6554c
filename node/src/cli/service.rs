//! `countersign service`.

use super::Context;
use crate::output::Text;
use crate::problem::{Kind, Problem};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Have your node run by itself
#[derive(Debug, clap::Subcommand)]
pub(super) enum Service {
    /// Write a systemd unit that runs your node, with the passphrase from a file as a credential
    ///
    /// The file is the one --passphrase-file names; only you should be able to read it. The node gets it
    /// from systemd as a credential, in memory that only the service sees.
    Install {
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
    },
}

/// What a unit is written from.
struct Unit {
    program: PathBuf,
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

impl Service {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self::Install { system, user, print, force } = self;
        let passphrase = context.passphrase.file().ok_or_else(|| {
            Problem::new(Kind::Locked, "the service needs a file with the passphrase").hint(
                "write it into a file only you can read, and name it with --passphrase-file FILE",
            )
        })?;
        let absolute = |path: &Path| {
            std::path::absolute(path).map_err(|error| {
                Problem::new(Kind::Invalid, format!("{} is no path", path.display())).because(error)
            })
        };
        let program = std::env::current_exe().map_err(|error| {
            Problem::new(Kind::Internal, "this program does not know where it lies").because(error)
        })?;
        let (data, passphrase) = (absolute(&context.data)?, absolute(passphrase)?);
        let unit = Unit { program, data, passphrase, system, user };
        let text = unit.text()?;
        let path = unit.path()?;
        if !print {
            write(&path, &text, force)?;
        }
        let next = next(system);
        let installed = Installed { unit: path, text, next };
        if print {
            context.out.raw(&installed.text)?;
        } else {
            context.out.answer(&installed)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Unit {
    fn text(&self) -> Result<String, Problem> {
        let (program, data) = (quoted(&self.program)?, quoted(&self.data)?);
        let passphrase = plain(&self.passphrase)?;
        let wanted = if self.system { "multi-user.target" } else { "default.target" };
        let user = self.user.as_ref().map(|user| format!("User={user}\n")).unwrap_or_default();
        let walls = if self.system { SYSTEM_WALLS } else { "" };
        let writes = if self.system { format!("ReadWritePaths={data}\n") } else { String::new() };
        Ok(format!(
            "# countersign.service: runs a Countersign node; written by `countersign service install`\n\
             [Unit]\n\
             Description=Countersign node\n\
             Wants=network-online.target\n\
             After=network-online.target\n\
             \n\
             [Service]\n\
             Type=notify\n\
             TimeoutStartSec=15min\n\
             ExecStart={program} --data {data} --passphrase-file %d/passphrase run\n\
             LoadCredential=passphrase:{passphrase}\n\
             {user}Restart=on-failure\n\
             RestartSec=5\n\
             TimeoutStopSec=30\n\
             UMask=0077\n\
             NoNewPrivileges=yes\n\
             {walls}{writes}\
             \n\
             [Install]\n\
             WantedBy={wanted}\n"
        ))
    }

    fn path(&self) -> Result<PathBuf, Problem> {
        if self.system {
            return Ok(PathBuf::from("/etc/systemd/system").join(NAME));
        }
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let config = folder("XDG_CONFIG_HOME")
            .or_else(|| Some(folder("HOME")?.join(".config")))
            .ok_or_else(|| {
                Problem::new(Kind::Invalid, "neither HOME nor XDG_CONFIG_HOME says where to write")
            })?;
        Ok(config.join("systemd").join("user").join(NAME))
    }
}

/// Writes a path as a unit file takes it: systemd.syntax, "Quoting"; systemd.unit, "Specifiers".
fn quoted(path: &Path) -> Result<String, Problem> {
    let text = plain(path)?.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "$$");
    Ok(format!("\"{text}\""))
}

fn plain(path: &Path) -> Result<String, Problem> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.map(|text| text.replace('%', "%%")).ok_or_else(|| {
        Problem::new(Kind::Invalid, format!("{} cannot stand in a unit", path.display()))
            .hint("choose a folder whose name is plain text")
    })
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Problem> {
    let failed = |error: io::Error| {
        let problem = Problem::new(Kind::Internal, format!("{} cannot be written", path.display()));
        problem
            .because(error)
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
    std::fs::write(path, text).map_err(failed)
}

fn next(system: bool) -> Vec<String> {
    let user = if system { "" } else { " --user" };
    let mut next = vec![
        format!("systemctl{user} daemon-reload"),
        format!("systemctl{user} enable --now countersign"),
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

const NAME: &str = "countersign.service";

/// What a service of the whole computer may not do; services of a person lack the right to say so.
const SYSTEM_WALLS: &str = "ProtectSystem=strict\nProtectHome=read-only\nPrivateTmp=yes\n\
    PrivateDevices=yes\nProtectKernelTunables=yes\nProtectControlGroups=yes\n\
    RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(data: &str, system: bool) -> Result<String, Problem> {
        Unit {
            program: PathBuf::from("/usr/bin/countersign"),
            data: PathBuf::from(data),
            passphrase: PathBuf::from("/home/berta/100% secret"),
            system,
            user: system.then(|| "berta".to_owned()),
        }
        .text()
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
    }
}
