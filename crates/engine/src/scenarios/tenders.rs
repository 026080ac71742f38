//! Tenders whatever happens: random legs, faults, operations, aborts, and processes that end, from a seed each. At the end
//! the payment, the ledger and the acquirer's own book say the same.

use acquirer::RedirectChoice;
use domain::{GiftCardNumber, OperationStatus, Party, RedirectMethod, TenderTerms};

use super::*;
use crate::{LegSource, NewLeg};

/// Stories told by default; `SEEDS=n` tells more.
const SEEDS: u64 = 60;
/// Always full; refused though its balance is good; an account of 20.00.
const GIFTS: [&str; 3] = ["6000000000002000", "6001000000002000", "6000123456002000"];
/// What the test-card table makes of them: fine, declined, a challenge, soft declined, and answers, requests, captures,
/// refunds and reversals that are lost.
const CARDS: [&str; 20] = [
    "4111111111111111",
    "4111111111111111",
    "4000000000000002",
    "4916994064252017",
    "4000009900700009",
    "4000009900000103",
    "4000009900000202",
    "4000009900000301",
    "4000009900000400",
    "4000009900000608",
    "4000009900000707",
    "4000009900000806",
    "4000009900001101",
    "4000009900001200",
    "4000009900001309",
    "4000009900001408",
    "4000009900002109",
    "4000009900002208",
    "4000009900003107",
    "4000009900005102",
];
const NOTES: [&str; 6] = ["", "", "", "SIM_PENDING", "SIM_FAILURE", "SIM_UNCERTAIN"];

/// Chance from a seed, of the story's own: the gateway draws from another.
struct Chance(Env);

impl Chance {
    fn below(&self, end: usize) -> usize {
        usize::try_from(u64::from_be_bytes(self.0.bytes::<8>()) % u64::try_from(end).expect("small")).expect("small")
    }

    fn amount(&self, end: i64) -> i64 {
        i64::try_from(self.below(usize::try_from(end).expect("positive"))).expect("small") + 1
    }

    fn of<'a>(&self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

impl Desk {
    async fn session(&self, amount: i64, captured_after: Option<Duration>) -> CheckoutId {
        let terms = Terms {
            single_attempt: true,
            hold_max: None,
            captured_after,
            due: Some(Due { at: self.now().plus(Duration::from_secs(1_800)), strict: true }),
            ..self.terms(amount)
        };
        let mut new = self.new_checkout(terms, self.engine.draw_number(), None);
        let checkout = &mut new.record.checkout;
        checkout.dialect = Dialect::Orchestration;
        checkout.public_id = None;
        checkout.brands = None;
        checkout.tender = Some(TenderTerms::default());
        let id = checkout.id;
        assert_eq!(Opened::Done, self.engine.open_checkout(new).await.expect("opened"));
        id
    }

    async fn tender(&self, id: CheckoutId, legs: Vec<NewLeg>) -> JoinHandle<Result<Shown, Error>> {
        let engine = self.engine.clone();
        self.start(async move {
            let before = engine.show(id).await?;
            engine.pay_by_tender(&before, legs, visit()).await
        })
        .await
    }

    /// What is under way for the payer: the bank's question is answered, or the acquirer's page.
    async fn payer_goes_on(&self, chance: &Chance, id: CheckoutId) {
        let shown = self.show(id).await;
        if let Some(asked) = question(&shown) {
            let answer = match chance.below(4) {
                0 => AcsAnswer::Cancel,
                1 => AcsAnswer::Choose(TransStatus::NotAuthenticated),
                _ => AcsAnswer::Otp("1234"),
            };
            let (engine, acs) = (self.engine.clone(), asked.challenge.ids.acs);
            let server = self.start(async move { engine.act_at_test_bank(acs, answer).await.is_some() }).await;
            server.await.expect("no panic");
        }
        let page = shown.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::Redirected { url, .. } => url.rsplit('/').next().and_then(|page| page.parse().ok()),
            _ => None,
        });
        if let Some(page) = page {
            let choices =
                [RedirectChoice::Approve, RedirectChoice::Approve, RedirectChoice::Refuse, RedirectChoice::Cancel];
            let choice = choices[chance.below(choices.len())];
            self.engine.decide_at_acquirer(page, choice).await.expect("the book");
            if chance.below(2) == 0 {
                let engine = self.engine.clone();
                let back = self.start(async move { engine.return_from_acquirer(id).await.map(|_| ()) }).await;
                self.advance(Duration::from_secs(11)).await;
                back.await.expect("no panic").expect("shown");
            }
        }
    }

    /// Several operations at once, of whatever kind and size.
    async fn operates(&self, chance: &Chance, id: CheckoutId) {
        let mut under_way = vec![];
        for _ in 0..chance.below(4) {
            let kind = [OperationKind::Capture, OperationKind::Void, OperationKind::Refund][chance.below(3)];
            let asked = Operate {
                amount: (chance.below(3) > 0).then(|| chance.amount(3_000)),
                keeps_rest: true,
                note: chance.of(&NOTES).to_owned(),
                ..Operate::all(kind)
            };
            let (engine, caller, before) = (self.engine.clone(), self.caller, self.show(id).await);
            let operating = self.start(async move { engine.operate(caller, &before, asked, None).await }).await;
            under_way.push(operating);
        }
        self.advance(Duration::from_secs(u64::try_from(chance.below(20)).expect("small"))).await;
        self.advance(Duration::from_secs(9)).await;
        for operating in under_way {
            match operating.await.expect("no panic") {
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// What the acquirer's book says of each try: reserved, taken, given back.
    async fn agrees(&self, shown: &Shown, story: &str) {
        let lines = self.engine.acquirer_transactions().await.expect("the book");
        let approved = |reference: &str, kind: acquirer::Kind| -> i64 {
            lines
                .iter()
                .filter(|line| line.reference == reference && line.kind == kind)
                .filter(|line| line.outcome == acquirer::Verdict::Approved)
                .map(|line| line.amount)
                .sum()
        };
        for attempt in &shown.payment.attempts {
            let of = |kind: OperationKind, line: acquirer::Kind| -> i64 {
                let operations = shown.payment.operations.iter().filter(|operation| operation.kind == kind);
                let own = operations.filter(|operation| shown.payment.attempt_of(operation) == Ok(attempt.id));
                own.map(|operation| approved(&operation.id.to_string(), line)).sum()
            };
            let reference = attempt.id.to_string();
            let reserved = approved(&reference, acquirer::Kind::Authorize);
            let undone = approved(&reference, acquirer::Kind::Reversal) + approved(&reference, acquirer::Kind::Void);
            let (captured, voided, refunded) = (
                of(OperationKind::Capture, acquirer::Kind::Capture),
                of(OperationKind::Void, acquirer::Kind::Void),
                of(OperationKind::Refund, acquirer::Kind::Refund),
            );
            assert_eq!(attempt.captured.minor(), captured, "taken of {reference}: {story}");
            assert_eq!(attempt.refunded.minor(), refunded, "given back of {reference}: {story}");
            assert_eq!(
                attempt.held().minor(),
                (reserved - undone - voided - captured).max(0),
                "held of {reference}: {story}"
            );
        }
    }
}

async fn live(seed: u64) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut starts = seed * 100;
    let mut desk = Desk::seeded(dir.path(), starts).await;
    let chance = Chance(Env::still(START, seed.wrapping_mul(31).wrapping_add(7)));
    let mut lived = vec![];
    for turn in 0..4 {
        let mut story = format!("seed {seed}, payment {turn}:");
        let mut legs = vec![];
        let mut total = 0;
        for _ in 0..chance.below(4) {
            let (number, amount) = (chance.of(&GIFTS), chance.amount(900));
            write!(story, " gift {number} {amount},").expect("writes");
            total += amount;
            let number = GiftCardNumber::parse(number).expect("a number");
            let source = LegSource::GiftCard { number, code: None };
            legs.push(NewLeg { partner: "illicado".into(), method: "giftcard".into(), amount, source });
        }
        let primary = chance.below(10);
        if primary > 1 || legs.is_empty() {
            let amount = chance.amount(3_000);
            let (method, source) = if primary == 2 {
                let method = [RedirectMethod::Wallet, RedirectMethod::Bank][chance.below(2)];
                (method.as_str(), LegSource::Redirect(method))
            } else {
                let number = chance.of(&CARDS);
                (number, LegSource::Card { entry: Box::new(entry(number)), asks_payer: chance.below(4) == 0 })
            };
            write!(story, " {method} {amount},").expect("writes");
            total += amount;
            legs.insert(
                chance.below(legs.len() + 1),
                NewLeg { partner: "partner".into(), method: method.into(), amount, source },
            );
        }
        let captured_after = [None, None, Some(Duration::ZERO), Some(HOUR)][chance.below(4)];
        let id = desk.session(total, captured_after).await;
        let paying = desk.tender(id, legs).await;
        let seconds = u64::try_from(chance.below(40)).expect("small");
        desk.advance(Duration::from_secs(seconds)).await;
        if chance.below(6) == 0 {
            story += " aborted,";
            let _ = desk.engine.end_tender(desk.caller, id, |_| None, Party::Merchant).await;
        }
        desk.advance(Duration::from_secs(11)).await;
        if paying.is_finished() {
            paying.await.expect("no panic").expect("shown");
        } else {
            desk.advance(Duration::from_secs(60)).await;
            paying.await.expect("no panic").expect("shown");
        }
        if chance.below(8) == 0 {
            story += " the process ended,";
            desk.engine.close().await;
            drop(desk);
            starts += 1;
            desk = Desk::seeded(dir.path(), starts).await;
        }
        desk.payer_goes_on(&chance, id).await;
        desk.advance(Duration::from_secs(u64::try_from(chance.below(200)).expect("small"))).await;
        for _ in 0..3 {
            desk.operates(&chance, id).await;
        }
        lived.push((id, story));
    }
    desk.advance(3 * 24 * HOUR).await;
    for (id, story) in lived {
        let shown = desk.show(id).await;
        assert!(!shown.payment.is_moving(), "{story} {}", in_words(&shown));
        let open = shown.payment.operations.iter().filter(|operation| operation.status == OperationStatus::Sent);
        assert_eq!(0, open.count(), "{story}");
        if shown.payment.state == State::Cancelled {
            assert!(shown.payment.held().is_zero() && shown.payment.captured.is_zero(), "{story} {}", in_words(&shown));
        }
        desk.agrees(&shown, &format!("{story} {} | {}", in_words(&shown), events(&shown))).await;
    }
    desk.audit().await;
}

#[tokio::test]
async fn whatever_happens_to_a_tender_three_books_agree() {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    for seed in 0..seeds {
        Box::pin(live(seed)).await;
    }
}

/// The acquirer made its page and nobody heard of it: what the gift card reserves goes back after an hour.
#[tokio::test]
async fn a_page_that_nobody_heard_of_ends_the_tender() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = desk.session(3_000, None).await;
    let gift = GiftCardNumber::parse(GIFTS[0]).expect("a number");
    let legs = vec![
        NewLeg {
            partner: "illicado".into(),
            method: "giftcard".into(),
            amount: 2_000,
            source: LegSource::GiftCard { number: gift, code: None },
        },
        NewLeg {
            partner: "paypal".into(),
            method: "wallet".into(),
            amount: 1_000,
            source: LegSource::Redirect(RedirectMethod::Wallet),
        },
    ];
    let paid = desk.tender(id, legs).await.await.expect("no panic").expect("shown");
    let State::InFlight { attempt_id } = paid.payment.state else { panic!("{}", in_words(&paid)) };
    // Its journal as it was before the answer, in a store of its own.
    let other = tempfile::tempdir().expect("a directory");
    let lost = Desk::open(other.path()).await;
    let again = lost.session(3_000, None).await;
    let legs = paid.payment.legs.clone();
    let asking = Asking::Payer(again);
    let begun = lost.engine.run(asking, &Command::Tender(legs), |_, _| {}).await.expect("begun");
    let State::InFlight { attempt_id: first } = begun.payment.state else { panic!("{}", in_words(&begun)) };
    let facts = CardFacts::default();
    for (reference, amount, source) in [
        (first, 2_000, Source::GiftCard { number: GIFTS[0] }),
        (
            attempt_id,
            1_000,
            Source::Redirect {
                method: RedirectMethod::Wallet,
                local: None,
                return_url: "http://pay.example.com/",
                merchant: "Example AB",
                acs_base: "http://pay.example.com",
            },
        ),
    ] {
        let amount = Money::new(amount, begun.payment.terms.amount.currency()).expect("an amount");
        let request = Request::Authorize { reference, amount, capture: false, source, merchant_data: "" };
        lost.engine.0.test_acquirer.ask(request).await;
    }
    let outcome = domain::Outcome::Approved {
        amount: Money::new(2_000, begun.payment.terms.amount.currency()).expect("an amount"),
        acquirer_reference: "1".to_owned(),
        facts,
    };
    let next = Command::NextLeg { deadline: lost.now().plus(Duration::from_secs(30)), begins: true };
    let settle = Command::Settle { attempt_id: first, outcome };
    lost.engine.run_all(asking, &[settle, next], |_, _| {}).await.expect("goes on");
    lost.advance(Duration::from_secs(3_600)).await;
    lost.advance(3 * HOUR).await;
    let ended = lost.show(again).await;
    assert_eq!("cancelled, authorized 2000, voided 2000", in_words(&ended), "{}", events(&ended));
    lost.audit().await;
}

/// A part given back was in doubt when the acquirer forgot the rest.
#[tokio::test]
async fn doubt_on_the_last_day_leaves_no_hold() {
    let dir = tempfile::tempdir().expect("a directory");
    let desk = Desk::open(dir.path()).await;
    let id = desk.session(100, None).await;
    let source = LegSource::Card { entry: Box::new(entry(CARDS[0])), asks_payer: false };
    let leg = NewLeg { partner: "dalenys".into(), method: "creditcard".into(), amount: 100, source };
    desk.tender(id, vec![leg]).await.await.expect("no panic").expect("shown");
    desk.advance(Duration::from_secs(30 * 86_400 - 120)).await;
    let asked = Operate { amount: Some(10), note: "SIM_UNCERTAIN".into(), ..Operate::all(OperationKind::Void) };
    let _ = desk.operate(id, asked).await;
    desk.advance(24 * HOUR).await;
    let shown = desk.show(id).await;
    assert!(shown.payment.held().is_zero(), "{} | {}", in_words(&shown), events(&shown));
    desk.audit().await;
}
