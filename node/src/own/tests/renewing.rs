//! What ends soon is asked for in time, or said to be signed in for again; and the statement has a line of it.

use super::adding::World;
use super::showing::{renewed, unheard};
use super::{Alone, identity};
use crate::output::Text as _;
use crate::own::SOON;
use crate::own::claims::Held;
use crate::own::places::Current;
use crate::verb::Verb as _;
use crate::verb::claims::{How, Publish, Renewed};
use crate::verb::statement::{Line, Statement, What};
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::Scid;
use countersign_protocol::policy::accreditation;

impl World {
    /// Puts a claim that ends in so many seconds into the vault.
    async fn holds(&self, kind: &str, seconds: u64) -> Held {
        let now = self.owner.node.now();
        let draft = Draft {
            id: Some(format!("urn:test:{seconds}")),
            valid_until: now.plus(seconds),
            ..self.draft(kind, now.minus(60))
        };
        let claim = Credential::from_value(draft.sign(&self.key, now.minus(60))).unwrap();
        self.owner.node.keep_claim(claim.clone()).await.unwrap();
        Held::of(claim)
    }
}

async fn lines(of: &Alone, what: What) -> Vec<Line> {
    let statement = Statement {}.perform(&of.node).await.unwrap();
    assert!(statement.intact, "{:?}", statement.damage);
    statement.lines.into_iter().filter(|line| line.what == what).collect()
}

#[tokio::test]
async fn a_claim_that_stands_is_due_in_its_last_week() {
    let world = World::new().await;
    let node = &world.owner.node;
    for (seconds, due) in [(SOON + 60, false), (SOON - 60, true)] {
        let held = world.holds(PAYMENT_ACCOUNT_VERIFIED, seconds).await;
        assert_eq!(node.stands_as(&held.credential).await.unwrap(), How::Stands);
        assert_eq!(node.is_due(&held, node.now()).await.unwrap(), due, "{seconds}");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_ends_soon_and_nobody_renewed_is_to_be_signed_in_for_again() {
    let world = World::new().await;
    let attestor = world.attestor.did();
    let asked = async |current: &[&Held]| {
        let current = Current::whole(current.iter().map(|held| (*held).clone()).collect());
        let mut answer = Renewed::default();
        let taken = world.owner.node.take_current(attestor.scid(), current, &mut answer).await;
        taken.unwrap();
        answer
    };
    let ends = world.holds(PAYMENT_ACCOUNT_VERIFIED, SOON - 60).await;
    let lasts = world.holds("AgeVerified", SOON + 60).await;
    // Its attestor's operator looks again.
    let by_hand = world.holds(accreditation::TYPE, SOON - 50).await;
    let answer = asked(&[&ends, &lasts, &by_hand]).await;
    assert_eq!((answer.unchanged.len(), &answer.sign_in_again), (3, &vec![ends.name()]));
    let (mut text, until) = (Vec::new(), ends.credential.period().until.unwrap());
    answer.text(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let told = format!(
        "It ends {until}, and its attestor signed nothing newer. Sign in for it again:\n          \
         countersign claim request --from {attestor} --type {PAYMENT_ACCOUNT_VERIFIED}\n"
    );
    assert_eq!(text.matches(&told).count(), 1, "{text}");

    let newer = world.holds(PAYMENT_ACCOUNT_VERIFIED, SOON + 90).await;
    let answer = asked(&[&ends, &newer, &lasts, &by_hand]).await;
    assert!(answer.sign_in_again.is_empty(), "she has one that lasts: {answer:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_home_fetched_by_itself_has_a_line() {
    let anna = Alone::first(false).await;
    anna.hold(PAYMENT_ACCOUNT_VERIFIED, 5_000).await;
    let new = renewed(&anna, PAYMENT_ACCOUNT_VERIFIED);
    let nine = Scid::from_digest([9; 32]);
    for _ in 0..2 {
        let (current, mut answer) = (Current::whole(vec![new.clone()]), Renewed::default());
        anna.node.take_current(nine, current, &mut answer).await.unwrap();
        let lines = lines(&anna, What::Received).await;
        assert_eq!(lines.len(), 1, "one for each claim that is new");
        assert_eq!(lines[0].whom, nine.to_did().to_string());
        assert_eq!(lines[0].kinds, [PAYMENT_ACCOUNT_VERIFIED]);
    }
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_new_key_publishes_again_has_a_line() {
    let anna = Alone::first(false).await;
    let held = anna.hold(PAYMENT_ACCOUNT_VERIFIED, 5_000).await;
    unheard(Publish { claims: vec![held.name] }.perform(&anna.node).await);
    anna.rotate(identity::Key::Authentication, false).await.unwrap();
    unheard(anna.node.publish_identity().await);
    let lines = lines(&anna, What::Published).await;
    let said: Vec<_> = lines.iter().map(|line| line.request.as_deref().unwrap()).collect();
    assert_eq!(said, ["showcase 1", "showcase 2"]);
    assert_eq!(lines[0].kinds, lines[1].kinds);
    assert_eq!(lines[0].whom, lines[1].whom);
    anna.stop().await;
}
