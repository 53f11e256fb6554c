//! Where the doors of a node listen.

use crate::problem::{Kind, Problem};
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Begins to listen for the owner: on this computer alone, for what comes over a network is neither sealed
/// nor hers.
pub(crate) async fn listen_for_owner(
    wanted: SocketAddr,
) -> Result<(TcpListener, SocketAddr), Problem> {
    if !wanted.ip().is_loopback() {
        let title = format!("your own door cannot stand at {wanted}");
        return Err(Problem::new(Kind::Invalid, title)
            .because("others could reach it there, and read what goes through it")
            .hint(
                "use 127.0.0.1; from another computer reach it through `ssh -L`, from a phone with \
                 `countersign device open`",
            ));
    }
    listen(wanted, "doors.owner").await
}

/// Begins to listen where the setting `key` says.
pub(crate) async fn listen(
    wanted: SocketAddr,
    key: &str,
) -> Result<(TcpListener, SocketAddr), Problem> {
    let failed = |error: std::io::Error| {
        let hint = match error.kind() {
            ErrorKind::AddrNotAvailable => {
                format!("this computer has no such address: change {key}")
            }
            ErrorKind::PermissionDenied => {
                format!("ports below 1024 are not everybody's: choose another with --set {key}=…")
            }
            _ => format!("another program uses it: choose another with --set {key}=127.0.0.1:PORT"),
        };
        Problem::new(Kind::Conflict, format!("nothing can listen on {wanted}"))
            .because(error)
            .hint(hint)
    };
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(wanted: &str) -> Problem {
        listen_for_owner(wanted.parse().unwrap()).await.unwrap_err()
    }

    #[tokio::test]
    async fn the_owners_door_stands_on_this_computer_alone() {
        for everywhere in ["0.0.0.0:0", "[::]:0", "192.0.2.1:7370", "[2001:db8::1]:7370"] {
            let problem = refused(everywhere).await;
            assert!(problem.is(Kind::Invalid), "{everywhere}: {problem}");
        }
        assert!(listen_for_owner("127.0.0.1:0".parse().unwrap()).await.is_ok());
    }

    #[tokio::test]
    async fn where_nothing_can_listen_the_hint_says_why() {
        let (_taken, address) = listen_for_owner("127.0.0.1:0".parse().unwrap()).await.unwrap();
        assert!(refused(&address.to_string()).await.to_string().contains("another program"));
        // Nobody has an address of the documentation (RFC 5737).
        let elsewhere = listen("203.0.113.77:7370".parse().unwrap(), "doors.public").await;
        assert!(elsewhere.unwrap_err().to_string().contains("no such address"));
    }
}
