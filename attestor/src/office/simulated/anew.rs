//! What a sign-in does to what was signed before, where no token lets the provider be asked.

use super::{Desk, VERIFIER, says, settings};
use crate::evidence::Answer;
use crate::evidence::settings::Settings;
use crate::issuance::Browser;
use crate::ledger::{Standing, audit};
use crate::office::{Collected, OfficeError, Turn};
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::why::Why;
use serde_json::json;

impl Desk {
    async fn without_refresh() -> Self {
        let mut settings: Settings = settings();
        settings.oidc.refresh = false;
        let desk = Self::with(settings).await;
        desk.ground.know(desk.person.clone());
        desk
    }

    /// Signs in, confirms and collects; gives the name of the claim.
    async fn collected(&self) -> String {
        let (name, code) = self.confirmed();
        let collected = self.office.collect(&name, &code, VERIFIER).await.unwrap();
        let Collected::Claim(claim) = collected else { panic!("{collected:?}") };
        claim["id"].as_str().unwrap().to_owned()
    }

    /// Shows the person, goes to the provider with one browser, and comes back with another or the same.
    async fn come_back(&self, with: &str, code: Option<&str>) -> Option<OfficeError> {
        let sign_in = self.show(&self.key).await.unwrap();
        let ticket = sign_in.path().strip_prefix("/start/").unwrap();
        let provider = self.office.start(ticket, Browser::of("hers")).await.unwrap();
        let state = provider.query_pairs().next().map(|(_, state)| state.into_owned());
        let answer = Answer { state, code: code.map(str::to_owned), ..Answer::default() };
        let back = self.office.come_back("simulated", &answer, Browser::of(with)).await;
        back.err().map(|Turn { why, .. }| why)
    }
}

#[tokio::test]
async fn a_no_at_the_next_sign_in_takes_back_what_the_last_one_gave() {
    let desk = Desk::without_refresh().await;
    let id = desk.collected().await;
    desk.provider.says.lock().unwrap()["verified"] = json!(false);
    for (browser, code) in [("another", Some("code")), ("hers", None)] {
        let why = desk.come_back(browser, code).await.unwrap();
        assert!(!matches!(&why, OfficeError::Evidence(error) if error.is_a_no()), "{why}");
        assert!(desk.stands(&id), "nobody said no of her account: {why}");
    }
    let why = desk.come_back("hers", Some("code")).await.unwrap();
    assert!(matches!(&why, OfficeError::Evidence(error) if error.is_a_no()), "{why}");
    let Standing::Revoked { why, note, .. } = desk.office.ledger.get(&id).unwrap().standing else {
        panic!("it stands")
    };
    assert_eq!((why, note.as_str()), (Why::NoLongerTrue, "the provider says verified = false"));
    assert_eq!(desk.ground.published().len(), 1, "and everybody is told");
    let books = desk.office.ledger.books();
    let last = books.length(audit::CHAIN).unwrap() - 1;
    let link = audit::read_links(books, last, 1).unwrap().pop().unwrap();
    assert!(link.deed.is_about(&id) && link.by.is_none(), "{link:?}");
}

#[tokio::test]
async fn a_sign_in_that_says_something_else_takes_back_what_the_last_one_said() {
    let desk = Desk::without_refresh().await;
    let same = [desk.collected().await, desk.collected().await];
    assert!(same.iter().all(|id| desk.stands(id)), "they say the same");
    *desk.provider.says.lock().unwrap() = says("FR");
    let now = desk.collected().await;
    assert!(desk.stands(&now));
    assert!(!same.iter().any(|id| desk.stands(id)), "nobody is told both");
    assert_eq!(desk.ground.published().len(), 1, "and everybody is told");
}

#[tokio::test]
async fn a_key_that_was_replaced_while_its_owner_was_looked_up_signs_nothing() {
    let desk = Desk::without_refresh().await;
    let key = SecretKey::from_seed([5; 32]);
    desk.ground.replace_key_meanwhile(key.clone());
    let id = desk.collected().await;
    let claim = desk.office.ledger.get(&id).unwrap();
    assert_eq!(claim.key, key.public().to_multikey());
}
