//! A staple as a file beside a claim or a presentation.

use super::connection::Connection;
use crate::output::{Output, Text as _};
use crate::problem::{Kind, Problem};
use crate::verb::claims::Staple;
use countersign_protocol::encoding::base64url;
use std::path::Path;

/// Refuses to write over a file.
pub(super) fn check_new(file: &Path) -> Result<(), Problem> {
    if file.exists() {
        let title = format!("{} is there already", file.display());
        return Err(Problem::new(Kind::Conflict, title).hint("name a file that is not there yet"));
    }
    Ok(())
}

/// Asks for the staple of some claims, and writes it into a file that is not there yet.
pub(super) async fn write(
    connection: &Connection,
    claims: Vec<String>,
    file: &Path,
    out: Output,
) -> Result<(), Problem> {
    check_new(file)?;
    let stapled = connection.ask(Staple { claims }).await?;
    let bytes = base64url::decode(&stapled.staple)
        .ok_or_else(|| Problem::new(Kind::Internal, "the node made no staple"))?;
    crate::private::write(file, &bytes)
        .map_err(|error| Problem::unwritable(file, error).of(Kind::Invalid))?;
    let mut says = Vec::new();
    // Writing to memory cannot fail.
    let _written = stapled.text(&mut says).is_ok();
    let says = String::from_utf8_lossy(&says);
    out.say(&format!("wrote {} ({} bytes): {}", file.display(), bytes.len(), says.trim_end()));
    Ok(())
}
