//! `countersign id`.

use super::Context;
use crate::output::Text;
use crate::problem::{Kind, Problem};
use crate::terminal;
use crate::verb::identity;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Look after your own identity
#[derive(Debug, clap::Subcommand)]
pub(super) enum Id {
    /// Print your identity
    Show,
    /// Replace a key that signs every day, and the key for the next change
    Rotate {
        /// Which: the one that signs presentations, or an attestor's, which signs claims
        #[arg(long, value_enum, default_value_t = Daily::Authentication)]
        key: Daily,
        /// Somebody else has the old key: nothing it signed counts any longer
        #[arg(long)]
        stolen: bool,
    },
    /// Take an attestor's old assertion keys out: claims they signed count no longer
    ///
    /// `countersign-attestor keys` says which ones no claim needs any more.
    Retire {
        /// The keys, or the beginning of each
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
    /// Take your identity back with the 24 words
    Recover {
        /// Whose, where this node has none yet: the line beside the words that begins with Qm, or the DID
        #[arg(long, value_name = "DID")]
        did: Option<String>,
        /// Read the words from a file instead of asking
        #[arg(long, value_name = "FILE")]
        words: Option<PathBuf>,
    },
    /// Prove that the 24 words on paper are the right ones; changes nothing
    Rehearse {
        /// Read the words from a file instead of asking
        #[arg(long, value_name = "FILE")]
        words: Option<PathBuf>,
    },
    /// Write did.jsonl, and did-witness.json if there is one, for any did:webvh resolver
    Export {
        /// The folder to write them into; without it the log is printed
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
    },
    /// Move your identity to a domain of yours; claims and policies still hold
    Move {
        /// The domain, and a path if there is one, such as example.com:people:berta
        place: String,
    },
    /// End your identity for ever
    Deactivate {
        /// Do it; nothing takes it back
        #[arg(long)]
        yes: bool,
    },
}

/// A key that signs every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Daily {
    Authentication,
    Assertion,
}

impl Id {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let out = context.out;
        match self {
            Self::Show => out.answer(&context.connect().await?.ask(identity::Show {}).await?)?,
            Self::Rotate { key, stolen } => {
                let passphrase = context.passphrase.ask(out)?;
                let which = match key {
                    Daily::Authentication => identity::Key::Authentication,
                    Daily::Assertion => identity::Key::Assertion,
                };
                let rotate = identity::Rotate { key: which, stolen, passphrase };
                out.answer(&context.connect().await?.ask(rotate).await?)?;
                match (key, stolen) {
                    (Daily::Assertion, true) => out.say(
                        "Claims the stolen key signed stand no longer. Next: countersign-attestor reissue --key",
                    ),
                    (Daily::Assertion, false) => out.say(
                        "Claims the old key signed still stand; `countersign-attestor reissue --key` signs them anew.",
                    ),
                    (Daily::Authentication, true) => out.say(
                        "Whoever may have your passphrase too is locked out only by `countersign id recover`.",
                    ),
                    (Daily::Authentication, false) => {}
                }
            }
            Self::Retire { keys } => {
                let passphrase = context.passphrase.ask(out)?;
                let question = identity::Retire { keys, passphrase };
                out.answer(&context.connect().await?.ask(question).await?)?;
            }
            Self::Recover { did, words } => {
                let words = terminal::words(words.as_deref(), out)?;
                let passphrase = context.passphrase.ask(out)?;
                let recover = identity::Recover { did, words, passphrase };
                out.answer(&context.connect().await?.ask(recover).await?)?;
            }
            Self::Rehearse { words } => {
                let words = terminal::words(words.as_deref(), out)?;
                let done = context.connect().await?.ask(identity::Rehearse { words }).await?;
                out.answer(&done)?;
                return Ok(if done.right { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
            Self::Export { to } => {
                let exported = context.connect().await?.ask(identity::Export {}).await?;
                match to {
                    Some(folder) => out.answer(&write(&folder, &exported)?)?,
                    None => out.answer(&exported)?,
                }
            }
            Self::Move { place } => {
                let passphrase = context.passphrase.ask(out)?;
                let question = identity::Move { place, passphrase };
                let moved = context.connect().await?.ask(question).await?;
                out.answer(&moved)?;
                if let Some(file) = &moved.publish_at {
                    out.say(&format!(
                        "Now publish your log, and did-witness.json beside it if there is one, at\n  {file}\n\
                         `countersign id export --to FOLDER` writes both. Your SCID, claims and policies stay."
                    ));
                }
            }
            Self::Deactivate { yes } => {
                if !yes {
                    return Err(Problem::new(Kind::Invalid, "nothing was done")
                        .because("ending an identity cannot be taken back, by anybody")
                        .hint("if that is what you want: countersign id deactivate --yes"));
                }
                let passphrase = context.passphrase.ask(out)?;
                let question = identity::Deactivate { passphrase };
                out.answer(&context.connect().await?.ask(question).await?)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn write(folder: &std::path::Path, exported: &identity::Exported) -> Result<Written, Problem> {
    let failed = |error: io::Error| Problem::unwritable(folder, error).of(Kind::Invalid);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let witness = exported.witness.as_ref().map(|file| ("did-witness.json", file));
    let mut files = Vec::new();
    for (name, text) in [Some(("did.jsonl", &exported.log)), witness].into_iter().flatten() {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(failed)?;
        files.push(path);
    }
    Ok(Written { did: exported.did.clone(), files })
}

/// What was written for resolvers of did:webvh.
#[derive(Debug, serde::Serialize)]
struct Written {
    did: String,
    files: Vec<PathBuf>,
}

impl Text for Written {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        self.files.iter().try_for_each(|file| writeln!(to, "wrote {}", file.display()))
    }
}
