//! Every request and response reads back, keeps its form, and is refused beyond its bounds.

use super::*;
use crate::did::log::entry::VersionId;
use crate::wire::head::HeadHash;
use crate::wire::sample::{assert_documented, hex, parameters, scid};
use give::{Bucket, Symbol};
use hello::{Roles, SPOKEN};
use proptest::prelude::*;
use want::Session;

fn requests() -> Vec<(&'static str, Request)> {
    let session = Session([0x66; 16]);
    let shard = parameters().shards().get(2).unwrap();
    let notice = Notice { scid: scid(0x11), hash: [0x44; 32] };
    vec![
        (
            "hello",
            Request::Hello(Greeting { versions: SPOKEN, roles: Roles::NONE, nonce: [0x55; 16] }),
        ),
        (
            "heads",
            Request::Heads(want::Heads {
                scids: vec![scid(0x11)],
                hashes: vec![HeadHash::from_bytes([0x22; 32])],
            }),
        ),
        ("log", Request::Log(want::Log { scid: scid(0x11), have: 2 })),
        ("body", Request::Body(sha256(b"{}"))),
        ("status", Request::Status(want::Status { issuer: scid(0x11), list: 1, from: 300 })),
        (
            "deposit",
            Request::Deposit(Deposit {
                after: Some(VersionId { number: 2, digest: [0x22; 32] }),
                log: b"{}\n".to_vec(),
                witness: Some(b"[]".to_vec()),
                head: vec![0x77; 3],
                showcase: None,
            }),
        ),
        ("digests", Request::Digests(want::Digests { session, shard: None, from: 0 })),
        (
            "digests of a shard",
            Request::Digests(want::Digests { session, shard: Some(shard), from: 20_000 }),
        ),
        (
            "sketch",
            Request::Sketch(want::Sketch {
                session,
                shard,
                from: 20_000,
                to: 20_779,
                skip: 0,
                count: 32,
            }),
        ),
        ("fresh", Request::Fresh(vec![scid(0x11)])),
        ("cosign", Request::Cosign(Cosign { log: b"{}\n".to_vec(), witness: None })),
        ("forks", Request::Forks(want::Page { after: None })),
        ("profiles", Request::Profiles(want::Page { after: Some(notice) })),
    ]
}

fn responses() -> Vec<(&'static str, Response)> {
    let notice = Notice { scid: scid(0x11), hash: [0x44; 32] };
    let symbol = Symbol { count: 3, sum: [0x88; 32], check: 0x0102_0304_0506_0708 };
    vec![
        ("hello", Response::Hello(vec![0x77; 3])),
        ("heads", Response::Heads(vec![vec![0x77; 3], vec![0x78; 3]])),
        (
            "log",
            Response::Log(give::Log {
                after: 2,
                lines: b"{}\n".to_vec(),
                witness: None,
                head: Some(vec![0x77; 3]),
            }),
        ),
        ("body", Response::Body(b"{}".to_vec())),
        (
            "status",
            Response::Status(give::Status {
                statements: vec![vec![0x77; 3]],
                list: Some(give::Whole { sequence: 300, hash: [0x44; 32] }),
            }),
        ),
        ("receipt", Response::Receipt(vec![0x77; 3])),
        (
            "digests",
            Response::Digests(vec![Bucket { number: 2, count: 60_000, digest: [0x99; 16] }]),
        ),
        ("sketch", Response::Sketch(give::Sketch { skip: 0, symbols: vec![symbol] })),
        ("fresh", Response::Fresh(vec![vec![0x77; 3]])),
        ("proof", Response::Proof(b"{}".to_vec())),
        ("forks", Response::Forks(vec![notice])),
        ("profiles", Response::Profiles(vec![])),
        ("nothing", Response::Nothing),
        ("refusal", Response::Refusal(Reason::Incomplete)),
        ("unsupported", Response::Unsupported),
        (
            "lacks",
            Response::Lacks(Lacks { held: Some(VersionId { number: 2, digest: [0x22; 32] }) }),
        ),
    ]
}

#[test]
fn every_request_reads_back_and_never_changes_its_form() {
    let mut documented = Vec::new();
    for (name, request) in requests() {
        let bytes = request.to_bytes();
        assert_eq!(Request::parse(&bytes).as_ref(), Ok(&request), "{name}");
        documented.push(format!("{name}: {}", hex(&bytes)));
    }
    assert_documented("requests", &documented.join("\n"));
}

#[test]
fn every_response_reads_back_and_never_changes_its_form() {
    let mut documented = Vec::new();
    for (name, response) in responses() {
        let bytes = response.to_bytes();
        assert_eq!(Response::parse(&bytes).as_ref(), Ok(&response), "{name}");
        documented.push(format!("{name}: {}", hex(&bytes)));
    }
    assert_documented("responses", &documented.join("\n"));
}

#[test]
fn a_kind_of_later_is_unsupported_and_nobodys_fault() {
    let later = cbor::encode(&Frame { kind: 99, body: vec![1, 2, 3] });
    let unsupported = ExchangeError::Unsupported { kind: 99 };
    assert_eq!(Request::parse(&later), Err(unsupported.clone()));
    assert_eq!(Response::parse(&later), Err(unsupported.clone()));
    assert_eq!(unsupported.verdict(), Verdict::Ignore);
}

#[test]
fn every_prefix_and_every_suffix_is_refused() {
    let whole = requests().into_iter().map(|(_, request)| request.to_bytes());
    for bytes in whole {
        for length in 0..bytes.len() {
            let error = Request::parse(&bytes[..length]).unwrap_err();
            assert_eq!(error.verdict(), Verdict::Reject);
        }
        assert!(Request::parse(&[&bytes[..], &[0]].concat()).is_err());
    }
    for (_, response) in responses() {
        let bytes = response.to_bytes();
        for length in 0..bytes.len() {
            assert!(Response::parse(&bytes[..length]).is_err());
        }
    }
}

#[test]
fn each_bound_of_a_request_holds() {
    let deposit = |log: usize, witness: usize, head: usize, showcase: usize| {
        Request::Deposit(Deposit {
            after: None,
            log: vec![0; log],
            witness: Some(vec![0; witness]),
            head: vec![0; head],
            showcase: Some(vec![0; showcase]),
        })
    };
    let (l, w, h, s) = (bounds::LOG, bounds::WITNESS_FILE, bounds::HEAD, bounds::SHOWCASE);
    let heads = |scids: usize, hashes: usize| {
        let hashes = vec![HeadHash::from_bytes([0; 32]); hashes];
        Request::Heads(want::Heads { scids: vec![scid(1); scids], hashes })
    };
    let sketch = |from, to, skip, count| {
        let (session, shard) = (Session([0; 16]), parameters().shards().get(0).unwrap());
        Request::Sketch(want::Sketch { session, shard, from, to, skip, count })
    };
    for (fits, request) in [
        (true, deposit(l, w, h, s)),
        (false, deposit(l + 1, w, h, s)),
        (false, deposit(l, w + 1, h, s)),
        (false, deposit(l, w, h + 1, s)),
        (false, deposit(l, w, h, s + 1)),
        (true, Request::Cosign(Cosign { log: vec![0; l], witness: Some(vec![0; w]) })),
        (false, Request::Cosign(Cosign { log: vec![0; l + 1], witness: None })),
        (false, Request::Cosign(Cosign { log: vec![0; l], witness: Some(vec![0; w + 1]) })),
        (true, heads(1000, 24)),
        (false, heads(1000, 25)),
        (false, heads(1025, 0)),
        (true, Request::Fresh(vec![scid(1); want::MAX_FRESH])),
        (false, Request::Fresh(vec![scid(1); want::MAX_FRESH + 1])),
        (true, sketch(7, 7, want::MAX_STREAM, want::MAX_SYMBOLS)),
        (false, sketch(8, 7, 0, 1)),
        (false, sketch(7, 7, want::MAX_STREAM + 1, 1)),
        (false, sketch(7, 7, 0, want::MAX_SYMBOLS + 1)),
    ] {
        let bytes = request.to_bytes();
        let read = Request::parse(&bytes);
        assert_eq!(read.is_ok(), fits, "{:.120}", format!("{request:?}"));
    }
}

#[test]
fn each_bound_of_a_response_holds() {
    let notice = Notice { scid: scid(1), hash: [0; 32] };
    let bucket = Bucket { number: u64::MAX, count: u64::MAX, digest: [0; 16] };
    let log = |lines: usize, witness: usize, head: usize| {
        let (lines, witness) = (vec![0; lines], Some(vec![0; witness]));
        Response::Log(give::Log { after: 0, lines, witness, head: Some(vec![0; head]) })
    };
    let status = |count: usize, length: usize| {
        Response::Status(give::Status { statements: vec![vec![0; length]; count], list: None })
    };
    let sketch = |count: usize| {
        Response::Sketch(give::Sketch { skip: 0, symbols: vec![Symbol::default(); count] })
    };
    let (l, w, h) = (bounds::LOG, bounds::WITNESS_FILE, bounds::HEAD);
    for (fits, response) in [
        (true, log(l, w, h)),
        (false, log(l + 1, w, h)),
        (false, log(l, w + 1, h)),
        (false, log(l, w, h + 1)),
        (true, status(want::MAX_STATEMENTS, bounds::STATEMENT)),
        (false, status(want::MAX_STATEMENTS + 1, 1)),
        (false, status(1, bounds::STATEMENT + 1)),
        (true, Response::Heads(vec![vec![0; h]; want::MAX_HEADS])),
        (false, Response::Heads(vec![vec![0; 1]; want::MAX_HEADS + 1])),
        (false, Response::Heads(vec![vec![0; h + 1]])),
        (true, Response::Body(vec![0; bounds::BODY])),
        (false, Response::Body(vec![0; bounds::BODY + 1])),
        (false, Response::Hello(vec![0; bounds::HELLO + 1])),
        (false, Response::Receipt(vec![0; bounds::RECEIPT + 1])),
        (false, Response::Proof(vec![0; bounds::WITNESS_PROOF + 1])),
        (true, Response::Fresh(vec![vec![0; bounds::FRESHNESS]; want::MAX_FRESH])),
        (false, Response::Fresh(vec![vec![0; bounds::FRESHNESS + 1]])),
        (false, Response::Fresh(vec![vec![0]; want::MAX_FRESH + 1])),
        (true, Response::Digests(vec![bucket; want::MAX_BUCKETS])),
        (false, Response::Digests(vec![bucket; want::MAX_BUCKETS + 1])),
        (true, sketch(want::MAX_SYMBOLS)),
        (false, sketch(want::MAX_SYMBOLS + 1)),
        (true, Response::Forks(vec![notice; want::MAX_PAGE])),
        (false, Response::Forks(vec![notice; want::MAX_PAGE + 1])),
        (false, Response::Profiles(vec![notice; want::MAX_PAGE + 1])),
    ] {
        let read = Response::parse(&response.to_bytes());
        assert_eq!(read.is_ok(), fits, "{:.120}", format!("{response:?}"));
    }
}

#[test]
fn an_answer_fits_its_question() {
    for (name, request) in requests() {
        for (other, response) in responses() {
            let any = ["nothing", "refusal", "unsupported"].contains(&other);
            let own = name == other
                || matches!(
                    (name, other),
                    ("deposit", "receipt" | "lacks")
                        | ("cosign", "proof")
                        | ("digests of a shard", "digests")
                );
            assert_eq!(response.answers(&request), any || own, "{other} to {name}");
        }
    }
    assert!(!Response::Body(b"[]".to_vec()).answers(&Request::Body(sha256(b"{}"))));
    let wanted = Request::Log(want::Log { scid: scid(1), have: 3 });
    let log = give::Log { after: 2, lines: vec![], witness: None, head: None };
    assert!(!Response::Log(log).answers(&wanted));
}

#[test]
fn every_reason_reads_back() {
    for code in 0..=10 {
        assert_eq!(Reason::from_code(code).code(), code);
    }
    assert_eq!(Reason::from_code(10), Reason::Unnamed(10));
}

proptest! {
    /// Whatever a peer sends, reading it ends, does not panic, and gives nothing that is written
    /// otherwise than it came.
    #[test]
    fn noise_never_harms(kind in 0..30_u64, body in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = cbor::encode(&Frame { kind, body });
        if let Ok(request) = Request::parse(&bytes) {
            prop_assert_eq!(request.to_bytes(), bytes.clone());
        }
        if let Ok(response) = Response::parse(&bytes) {
            prop_assert_eq!(response.to_bytes(), bytes);
        }
    }

    /// One changed byte makes a request another request or none, and never the same one.
    #[test]
    fn a_changed_byte_never_goes_unnoticed(
        which: prop::sample::Index,
        at: prop::sample::Index,
        to: u8,
    ) {
        let (_, request) = which.get(&requests()).clone();
        let mut bytes = request.to_bytes();
        let at = at.index(bytes.len());
        let changed = bytes[at] != to;
        bytes[at] = to;
        prop_assert_eq!(Request::parse(&bytes).as_ref() != Ok(&request), changed);
    }
}
