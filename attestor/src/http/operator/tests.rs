//! The operator's pages as a browser gets them: light however much stands in the books, and what each button does.

use super::books::{self, Both};
use super::claims::{self, Asked};
use super::revoke;
use super::{Desk, words};
use crate::ledger::audit::By;
use crate::office::query::{self, Query};
use crate::office::tests::Filled;
use axum::body::to_bytes;
use axum::extract::{Query as InAddress, State};
use axum::http::StatusCode;
use axum::response::Response;
use countersign_node::page::part::Begin;
use countersign_node::page::session::{Session, Sessions, Settings};
use countersign_node::page::{Fields, Posted, Visit, asset};
use std::collections::BTreeSet;

/// Sits down at the desk of an office.
fn seated(books: &Filled) -> (Desk, Session) {
    let sessions = Sessions::new(Settings::loopback("test", "/desk"));
    let (_, session) = sessions.enter(&sessions.invite()).unwrap();
    let office = std::sync::Arc::clone(&books.office);
    (Desk { office, sessions, base: "/desk".into() }, session)
}

async fn page(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    let weight = bytes.len() + asset::STYLE.len();
    assert!(weight < 100 * 1024, "it weighs {weight} bytes");
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Gives the claims a page leads to.
fn led_to(page: &str) -> BTreeSet<String> {
    let behind = page.split("/desk/claims/").skip(1);
    behind.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn however_much_stands_in_the_books_each_page_is_light_and_each_claim_is_on_one() {
    let books = Filled::new().await;
    let mut signed = BTreeSet::new();
    for account in 0..120 {
        signed.insert(books.signed(account, account, 1, 0));
        assert!(books.refused(account, account + 1));
    }
    for person in 0..30 {
        books.shared(1000, person);
    }
    for account in 2000..2020 {
        (0..2).for_each(|person| books.shared(account, person));
    }
    let (desk, session) = seated(&books);
    let visit = || Visit(session.clone());
    let desk = || State(desk.clone());
    let (mut found, mut due) = (BTreeSet::new(), BTreeSet::new());
    for from in (0..200).step_by(50) {
        let asked = Asked { from, ..Asked::default() };
        found.extend(led_to(&page(claims::claims(desk(), visit(), InAddress(asked)).await).await));
        let begin = InAddress(Begin { from });
        due.extend(led_to(&page(claims::renewals(desk(), visit(), begin).await).await));
    }
    let id = |id: &String| id.strip_prefix("urn:uuid:").unwrap().to_owned();
    assert!(signed.iter().all(|one| found.contains(&id(one))), "{found:?}");
    assert_eq!(found, due, "all of them end soon");
    for (refused, shared) in [(0, 0), (50, 10), (100, 20)] {
        let both = InAddress(Both { refused, shared });
        let seen = page(books::duplicates(desk(), visit(), both).await).await;
        assert!(seen.contains(&format!("{} to ", refused + 1)), "{seen}");
    }
    let everything = Query { rule: Some("simulated".to_owned()), ..Query::default() };
    books.revoke_all(everything).await;
    // One link of the log names every claim that was taken back.
    page(books::log(desk(), visit(), InAddress(books::Earlier::default())).await).await;
}

#[tokio::test]
async fn many_are_taken_back_by_rule_version_and_dates_and_the_others_stand() {
    let books = Filled::new().await;
    let meant = [books.signed(1, 1, 1, 2), books.signed(2, 2, 1, 2)];
    let others = [
        ("signed by another version", books.signed(3, 3, 2, 2)),
        ("signed before", books.signed(4, 4, 1, 1)),
        ("signed behind the last day", books.signed(5, 5, 1, 3)),
    ];
    let (desk, session) = seated(&books);
    let (since, before) = (books.day(2), books.day(3));
    let asked = Asked {
        rule: "simulated/1".to_owned(),
        since: since.clone(),
        before: before.clone(),
        ..Asked::default()
    };
    let query = asked.query().unwrap();
    let told = InAddress(revoke::Told::default());
    let visit = Visit(session.clone());
    let counted = revoke::count(State(desk.clone()), visit, InAddress(asked), told).await;
    let counted = page(counted).await;
    let id = |id: &str| id.strip_prefix("urn:uuid:").unwrap().to_owned();
    assert_eq!(led_to(&counted), meant.iter().map(|one| id(one)).collect(), "they are shown first");

    let press = async |count: &str, sure: &str| {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("rule", "simulated/1").append_pair("since", &since);
        form.append_pair("before", &before).append_pair("count", count);
        form.append_pair("sure", sure).append_pair("why", "issued-in-error");
        let fields = Fields::parse(form.finish().as_bytes());
        revoke::revoke(State(desk.clone()), Posted { session: session.clone(), fields }).await
    };
    let stands = async |id: &str| {
        desk.office.show(id.to_owned()).await.unwrap().claim.state == query::State::Standing
    };
    for (count, sure) in [("2", ""), ("3", "yes"), ("1", "yes")] {
        page(press(count, sure).await).await;
        assert!(stands(&meant[0]).await && stands(&meant[1]).await, "{count}, `{sure}`");
    }
    let done = press("2", "yes").await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    for one in &meant {
        assert!(!stands(one).await);
    }
    for (why, one) in &others {
        assert!(stands(one).await, "{why}");
    }
    let left = desk.office.preview(query).await.unwrap();
    assert_eq!((left.count, left.first.len()), (0, 0));
    let earlier = InAddress(books::Earlier::default());
    let log = page(books::log(State(desk.clone()), Visit(session), earlier).await).await;
    let by = words::by(By::Page);
    assert_eq!(log.matches(by).count(), 1, "the log says that it was done here: {log}");
}
