//! A backup of everything only this node has: keys, claims, names, the owner's log, settings.

use super::Verb;
use crate::books;
use crate::files;
use crate::node::Node;
use crate::output::Text;
use crate::problem::{Kind, Problem};
use crate::records::COSIGNED;
use crate::vault::backup::Extent;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;

/// Writes a backup; it opens with the passphrase of this node and with nothing else.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The file to write, an absolute path.
    pub to: PathBuf,
    /// Whether to write over what is there.
    #[serde(default)]
    pub force: bool,
}

/// What was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Written {
    /// The file.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The files of the data folder that are in it.
    pub files: Vec<String>,
}

impl Verb for Backup {
    type Answer = Written;
    const PATH: &'static str = "/v1/backup";

    async fn perform(self, node: &Node) -> Result<Written, Problem> {
        if !self.to.is_absolute() {
            return Err(Problem::new(Kind::Invalid, "the backup needs an absolute path")
                .hint("write it whole, such as /home/you/backup"));
        }
        if !self.force && self.to.exists() {
            let title = format!("{} is there already", self.to.display());
            return Err(Problem::new(Kind::Conflict, title)
                .because("it may be the only backup of something else")
                .hint("name another file, or write over it with --force"));
        }
        let (vault, file, data) = (node.vault_handle()?, self.to.clone(), node.data().to_owned());
        let work = move || -> Result<Vec<String>, Problem> {
            let files = files::gather(&data)?;
            let tables: Vec<&str> = books::TABLES.into_iter().chain([COSIGNED]).collect();
            let books =
                Extent { tables: &tables, chains: &books::CHAINS, settings: &[], files: &files };
            vault.backup(&file, books)?;
            Ok(files.into_iter().map(|file| file.name).collect())
        };
        let files =
            tokio::task::spawn_blocking(work).await.map_err(|_| crate::node::stopping())??;
        let bytes = std::fs::metadata(&self.to).map_or(0, |metadata| metadata.len());
        Ok(Written { file: self.to, bytes, files })
    }
}

impl Text for Written {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "wrote {} ({} bytes)", self.file.display(), self.bytes)?;
        writeln!(to, "With it: {}", self.files.join(", "))?;
        writeln!(
            to,
            "It opens with your passphrase. The 24 words are not in it: keep them on paper."
        )
    }
}
