//! 3-D Secure: what the directory answers for every TT, what the bank's page does, and who is believed.

use std::sync::Arc;
use std::time::Duration;

use acquirer::three_ds::{AuthenticationAnswer, AuthenticationRequest, CRes, MethodCompletion, parse_cres};
use acquirer::{AcsAnswer, AcsBehaviour, AcsOutcome, CardRules, Directory};
use domain::{AttemptId, Authentication, AuthenticationIds, Brand, ChallengeWindow, Expiry, Pan, TransStatus};

use crate::authorizations::cards;
use crate::desk::*;

const CHOOSES: &str = "4000 0099 2000 0000";

/// A directory beside a test acquirer, on its clock.
struct Bank {
    desk: Desk,
    directory: Directory,
    /// The payer must be asked.
    ask_payer: bool,
    rules: CardRules,
}

impl Bank {
    fn new() -> Self {
        let desk = Desk::new();
        let directory = Directory::new(desk.env.clone());
        Self { desk, directory, ask_payer: false, rules: CardRules::Purchases }
    }

    async fn ask(&self, number: &str, force: bool) -> AuthenticationAnswer {
        self.ask_for(self.desk.attempt(), number, Expiry { year: 2030, month: 12 }, force).await
    }

    async fn ask_for(&self, attempt_id: AttemptId, number: &str, expiry: Expiry, force: bool) -> AuthenticationAnswer {
        let (directory, number) = (self.directory.clone(), number.to_owned());
        let (ask_payer, rules) = (self.ask_payer, self.rules);
        let asking = tokio::spawn(self.desk.env.clock().activity(async move {
            let pan = Pan::parse(&number).expect("a card");
            let request = AuthenticationRequest {
                attempt_id,
                pan: &pan,
                expiry,
                amount: myr(1_001),
                merchant: "Kedai Aina",
                return_url: "http://127.0.0.1:8080/p/3ds",
                acs_base: "http://127.0.0.1:8080/",
                window: ChallengeWindow::Large,
                method: MethodCompletion::Unavailable,
                force,
                ask_payer,
                rules,
            };
            let method = directory.look_at_browser(&pan, rules).await;
            directory.authenticate(AuthenticationRequest { method, ..request }).await
        }));
        self.desk.finish(asking).await
    }

    /// A question to the payer of this card.
    async fn question(&self, number: &str) -> AuthenticationIds {
        match self.ask(number, false).await {
            AuthenticationAnswer::Challenge(challenge) => challenge.ids,
            answer => panic!("{number}: {answer:?}"),
        }
    }

    fn answer(&self, ids: AuthenticationIds, answer: AcsAnswer<'_>) -> AcsOutcome {
        self.directory.answer(ids.acs, answer).expect("a question")
    }

    /// What the browser brings back, and how often.
    fn ended(&self, ids: AuthenticationIds, answer: AcsAnswer<'_>) -> (CRes, u8) {
        match self.answer(ids, answer) {
            AcsOutcome::Done { cres, times } => (parse_cres(&cres).expect("a CRes"), times),
            outcome => panic!("{answer:?}: {outcome:?}"),
        }
    }

    /// What the bank itself says.
    fn truth(&self, ids: AuthenticationIds) -> String {
        match self.directory.result(ids.server) {
            None => "nothing".to_owned(),
            Some(said) => {
                assert!(said.challenged);
                assert_eq!(ids, said.ids);
                in_short(&said)
            }
        }
    }
}

fn in_short(said: &Authentication) -> String {
    assert_eq!(3, std::collections::HashSet::from([said.ids.server, said.ids.directory, said.ids.acs]).len());
    let cavv = match said.cavv.len() {
        0 => "",
        28 => ", cavv",
        other => panic!("a value of {other} characters"),
    };
    let word = if said.status.may_go_on() { "passed" } else { "failed" };
    let reason = if said.reason.is_empty() { String::new() } else { format!(", reason {}", said.reason) };
    let cancel = if said.cancel.is_empty() { String::new() } else { format!(", cancel {}", said.cancel) };
    format!("{word} {} eci {}{cavv}{reason}{cancel}", said.status.letter(), said.eci)
}

fn answer_in_words(answer: &AuthenticationAnswer) -> String {
    match answer {
        AuthenticationAnswer::Said(said) => {
            assert!(!said.challenged);
            in_short(said)
        }
        AuthenticationAnswer::Challenge(_) => "challenge".to_owned(),
        AuthenticationAnswer::NoAnswer => "unavailable".to_owned(),
    }
}

/// Every card whose bank wants to be asked, and what it says.
const BANKS: &str = "
5555 5555 5555 4444: challenge
4000 0099 2051 0008: challenge
4000 0099 1000 0002: passed Y eci 05, cavv
4000 0099 1100 0001: passed A eci 06, cavv
4000 0099 1200 0000: failed N eci 07, reason 15
4000 0099 1300 0009: failed U eci 07, reason 13
4000 0099 1400 0008: failed R eci 07, reason 11
4000 0099 1500 0007: passed I eci 07
4000 0099 2000 0000: challenge
4000 0099 2100 0009: challenge
4000 0099 2200 0008: challenge
4000 0099 2300 0007: challenge
4000 0099 2400 0006: challenge
4000 0099 2500 0005: challenge
4000 0099 2600 0004: challenge
4000 0099 2700 0003: challenge
4000 0099 2800 0002: challenge
4000 0099 3000 0008: unavailable after 30 s
4000 0099 3100 0007: passed Y eci 05, cavv after 10 s
5200 0099 1000 0007: passed Y eci 02, cavv
5200 0099 2000 0005: challenge
";

#[tokio::test]
async fn every_bank_says_what_the_number_says() {
    let bank = Bank::new();
    let mut seen = String::from("\n");
    for (number, _) in cards() {
        let pan = Pan::parse(number).expect("a card");
        let begun = bank.desk.env.now();
        let answer = answer_in_words(&bank.ask(number, false).await);
        let took = bank.desk.env.now().since(begun).as_secs();
        if !bank.directory.participates(&pan, CardRules::Purchases) {
            assert_eq!(("unavailable", 0), (answer.as_str(), took), "{number}");
            continue;
        }
        let took = if took > 0 { format!(" after {took} s") } else { String::new() };
        seen.push_str(&format!("{number}: {answer}{took}\n"));
    }
    assert_eq!(BANKS, seen);
}

#[tokio::test]
async fn each_scheme_has_its_indicators() {
    let bank = Bank::new();
    let stems = [("40000099", "0000000"), ("52000099", "0000000"), ("22230099", "0000000"), ("340099", "00000000")];
    for (three_ds, others, mastercard) in [
        (10, "passed Y eci 05, cavv", "passed Y eci 02, cavv"),
        (11, "passed A eci 06, cavv", "passed A eci 01, cavv"),
        (12, "failed N eci 07, reason 15", "failed N eci 00, reason 15"),
        (13, "failed U eci 07, reason 13", "failed U eci 00, reason 13"),
        (14, "failed R eci 07, reason 11", "failed R eci 00, reason 11"),
        (15, "passed I eci 07", "passed I eci 06"),
    ] {
        for (stem, rest) in stems {
            let number = with_check_digit(&format!("{stem}{three_ds}{}", &rest[2..]));
            let expected = if stem.starts_with(['5', '2']) { mastercard } else { others };
            assert_eq!(expected, answer_in_words(&bank.ask(&number, false).await), "{number}");
        }
    }
}

#[tokio::test]
async fn what_the_bank_passes_the_acquirer_takes() {
    let bank = Bank::new();
    for (number, expected) in [
        ("4000 0099 1000 0002", "approved 1001"),
        ("4000 0099 1100 0001", "approved 1001"),
        ("4000 0099 1500 0007", "approved 1001"),
        ("4000 0099 3100 0007", "approved 1001"),
        ("5200 0099 1000 0007", "approved 1001"),
        ("5555 5555 5555 4444", "approved 1001"),
        ("4000 0099 2100 0009", "approved 1001"),
        ("4000 0099 2500 0005", "approved 1001"),
        ("4000 0099 2051 0008", "insufficient_funds"),
        ("4000 0099 0070 0009", "approved 1001"),
        ("4000 0099 0000 9203", "approved 1001"),
    ] {
        let authentication = match bank.ask(number, true).await {
            AuthenticationAnswer::Said(said) => said,
            AuthenticationAnswer::Challenge(challenge) => {
                bank.answer(challenge.ids, AcsAnswer::Otp("1234"));
                match bank.directory.result(challenge.ids.server) {
                    Some(said) => said,
                    None => panic!("{number}: not ended"),
                }
            }
            answer => panic!("{number}: {answer:?}"),
        };
        let card = Card { authentication: Some(authentication), ..card(number) };
        assert_eq!(expected, in_words(&bank.desk.authorize(card, bank.desk.attempt()).await), "{number}");
    }
}

#[tokio::test]
async fn for_other_cards_the_scheme_stands_in_unless_asking_helps() {
    let bank = Bank::new();
    for (number, answer) in [
        (GOOD, "passed A eci 06, cavv"),
        ("4444 3333 2222 1111", "passed A eci 06, cavv"),
        ("4000 0099 0051 0002", "passed A eci 06, cavv"),
        ("4000 0099 0070 0009", "challenge"),
        ("4000 0099 0000 9203", "challenge"),
    ] {
        assert!(!bank.directory.participates(&Pan::parse(number).expect("a card"), CardRules::Purchases), "{number}");
        assert_eq!("unavailable", answer_in_words(&bank.ask(number, false).await), "{number}");
        assert_eq!(answer, answer_in_words(&bank.ask(number, true).await), "{number}");
    }
    let unknown = with_check_digit("400000994000000");
    assert!(!bank.directory.participates(&Pan::parse(&unknown).expect("a card"), CardRules::Purchases));
    assert_eq!("unavailable", answer_in_words(&bank.ask(&unknown, true).await), "no such TT");
}

#[tokio::test]
async fn who_would_pass_without_a_question_is_asked_one_when_we_say_so() {
    let bank = Bank { ask_payer: true, ..Bank::new() };
    for number in [
        GOOD,
        "4444 3333 2222 1111",
        "4000 0099 0051 0002",
        "4000 0099 1000 0002",
        "4000 0099 1100 0001",
        "4000 0099 1500 0007",
        "4000 0099 3100 0007",
    ] {
        assert_eq!("challenge", answer_in_words(&bank.ask(number, true).await), "{number}");
    }
    assert!(answer_in_words(&bank.ask("4000 0099 1200 0000", true).await).starts_with("failed N"));
}

#[tokio::test]
async fn a_card_that_is_past_its_date_is_not_known() {
    let bank = Bank::new();
    for number in ["4000 0099 1000 0002", CHOOSES] {
        let answer = bank.ask_for(bank.desk.attempt(), number, Expiry { year: 2026, month: 10 }, false).await;
        assert_eq!("failed N eci 07, reason 05", answer_in_words(&answer));
        let answer = bank.ask_for(bank.desk.attempt(), number, Expiry { year: 2026, month: 11 }, false).await;
        assert!(!answer_in_words(&answer).starts_with("failed"), "this month is good");
    }
}

#[tokio::test]
async fn the_page_knows_what_it_shows() {
    let bank = Bank::new();
    let answer = bank.ask("5555 5555 5555 4444", false).await;
    let AuthenticationAnswer::Challenge(challenge) = answer else { panic!("{answer:?}") };
    assert_eq!("http://127.0.0.1:8080/acs/challenge", challenge.acs_url);
    let view = bank.directory.challenge(challenge.ids.acs).expect("a question");
    assert_eq!(("Kedai Aina", "4444", Brand::Mastercard), (view.merchant.as_str(), view.last4.as_str(), view.scheme));
    assert_eq!(
        (myr(1_001), START, 3, 3, false),
        (view.amount, view.date, view.tries_left, view.resends_left, view.ended)
    );
    assert_eq!("http://127.0.0.1:8080/p/3ds", view.return_url);
    assert_eq!((AcsBehaviour::Asks, challenge.ids), (view.behaviour, view.ids));
    for id in [challenge.ids.server, challenge.ids.directory, bank.desk.env.random_id()] {
        assert_eq!(None, bank.directory.challenge(id));
        assert_eq!(None, bank.directory.answer(id, AcsAnswer::Otp("1234")));
    }
    assert_eq!(None, bank.directory.result(challenge.ids.acs));
}

#[tokio::test]
async fn the_same_try_is_asked_about_once() {
    let bank = Bank::new();
    let attempt_id = bank.desk.attempt();
    let expiry = Expiry { year: 2030, month: 12 };
    let first = bank.ask_for(attempt_id, CHOOSES, expiry, false).await;
    assert_eq!(first, bank.ask_for(attempt_id, CHOOSES, expiry, false).await);
    assert_ne!(first, bank.ask(CHOOSES, false).await);
}

#[tokio::test]
async fn three_wrong_codes_are_the_end() {
    let bank = Bank::new();
    let ids = bank.question(CHOOSES).await;
    for (code, tries_left) in [("1235", 2), ("", 1)] {
        assert_eq!(AcsOutcome::WrongOtp { tries_left }, bank.answer(ids, AcsAnswer::Otp(code)));
        assert_eq!("nothing", bank.truth(ids));
    }
    let (cres, times) = bank.ended(ids, AcsAnswer::Otp("12345"));
    assert_eq!((TransStatus::NotAuthenticated, 1), (cres.status, times));
    assert_eq!("failed N eci 07, reason 01", bank.truth(ids));
    assert_eq!((cres, 1), bank.ended(ids, AcsAnswer::Otp("1234")), "it is over");
    assert_eq!("failed N eci 07, reason 01", bank.truth(ids));
}

#[tokio::test]
async fn codes_are_sent_three_times_more() {
    let bank = Bank::new();
    let ids = bank.question(CHOOSES).await;
    for left in [2, 1, 0, 0] {
        assert_eq!(AcsOutcome::Resent { left }, bank.answer(ids, AcsAnswer::Resend));
        assert_eq!(left, bank.directory.challenge(ids.acs).expect("a question").resends_left);
    }
    bank.ended(ids, AcsAnswer::Otp("1234"));
    assert_eq!("passed Y eci 05, cavv", bank.truth(ids));
    assert!(bank.directory.challenge(ids.acs).expect("a question").ended);
}

#[tokio::test]
async fn it_ends_as_the_tester_chooses() {
    let bank = Bank::new();
    for (answer, shown, truth) in [
        (AcsAnswer::Otp("1234"), 'Y', "passed Y eci 05, cavv"),
        (AcsAnswer::Choose(TransStatus::Authenticated), 'Y', "passed Y eci 05, cavv"),
        (AcsAnswer::Choose(TransStatus::Attempted), 'A', "passed A eci 06, cavv"),
        (AcsAnswer::Choose(TransStatus::Informational), 'I', "passed I eci 07"),
        (AcsAnswer::Choose(TransStatus::NotAuthenticated), 'N', "failed N eci 07, reason 01"),
        (AcsAnswer::Choose(TransStatus::Unavailable), 'U', "failed U eci 07, reason 14"),
        (AcsAnswer::Choose(TransStatus::Rejected), 'R', "failed R eci 07, reason 11"),
        (AcsAnswer::Cancel, 'N', "failed N eci 07, reason 01, cancel 01"),
        (AcsAnswer::Timeout, 'N', "failed N eci 07, reason 14, cancel 04"),
    ] {
        let ids = bank.question(CHOOSES).await;
        assert_eq!("nothing", bank.truth(ids));
        let (cres, times) = bank.ended(ids, answer);
        assert_eq!((ids.server, ids.acs, shown, 1), (cres.server, cres.acs, cres.status.letter(), times));
        assert_eq!(truth, bank.truth(ids), "{answer:?}");
        assert_eq!((cres, 1), bank.ended(ids, AcsAnswer::Choose(TransStatus::Authenticated)), "a repeat says the same");
        assert_eq!(bank.directory.result(ids.server), bank.directory.result(ids.server), "so does the bank");
    }
    let ids = bank.question("5200 0099 2000 0005").await;
    bank.answer(ids, AcsAnswer::Otp("1234"));
    assert_eq!("passed Y eci 02, cavv", bank.truth(ids));
}

#[tokio::test]
async fn some_pages_answer_by_themselves() {
    let bank = Bank::new();
    for (number, itself, truth) in [
        ("4000 0099 2100 0009", AcsAnswer::Choose(TransStatus::Authenticated), "passed Y eci 05, cavv"),
        ("4000 0099 2200 0008", AcsAnswer::Choose(TransStatus::NotAuthenticated), "failed N eci 07, reason 01"),
        ("4000 0099 2400 0006", AcsAnswer::Cancel, "failed N eci 07, reason 01, cancel 01"),
    ] {
        for answer in [itself, AcsAnswer::Otp("1234"), AcsAnswer::Cancel] {
            let ids = bank.question(number).await;
            let view = bank.directory.challenge(ids.acs).expect("a question");
            assert_eq!(AcsBehaviour::AnswersByItself(itself), view.behaviour);
            assert_eq!("nothing", bank.truth(ids), "the page must be opened");
            bank.ended(ids, answer);
            assert_eq!(truth, bank.truth(ids), "{number} {answer:?}");
        }
    }
}

#[tokio::test]
async fn some_pages_never_send_the_payer_back() {
    let bank = Bank::new();
    for (number, behaviour) in
        [("4000 0099 2300 0007", AcsBehaviour::NeverReturns), ("4000 0099 2800 0002", AcsBehaviour::Broken)]
    {
        let ids = bank.question(number).await;
        assert_eq!(behaviour, bank.directory.challenge(ids.acs).expect("a question").behaviour);
        for answer in [AcsAnswer::Otp("1234"), AcsAnswer::Cancel, AcsAnswer::Choose(TransStatus::Authenticated)] {
            assert_eq!(AcsOutcome::Nothing, bank.answer(ids, answer), "{number}");
        }
        bank.desk.advance(3_600);
        assert_eq!("nothing", bank.truth(ids));
    }
}

#[tokio::test]
async fn the_browser_is_not_believed() {
    let bank = Bank::new();
    let ids = bank.question("4000 0099 2500 0005").await;
    assert_eq!(2, bank.ended(ids, AcsAnswer::Otp("1234")).1, "it comes twice");
    assert_eq!("passed Y eci 05, cavv", bank.truth(ids));

    let ids = bank.question("4000 0099 2600 0004").await;
    let (cres, _) = bank.ended(ids, AcsAnswer::Otp("1234"));
    assert_eq!(ids.server, cres.server);
    assert!(![ids.server, ids.directory, ids.acs].contains(&cres.acs), "it names another question");
    assert_eq!((cres, 1), bank.ended(ids, AcsAnswer::Otp("1234")));

    for answer in [AcsAnswer::Otp("1234"), AcsAnswer::Cancel] {
        let ids = bank.question("4000 0099 2700 0003").await;
        let (cres, _) = bank.ended(ids, answer);
        assert_eq!(TransStatus::Authenticated, cres.status, "the browser says yes");
        assert_eq!("failed N eci 07, reason 01", bank.truth(ids), "the bank says no");
    }
}

#[tokio::test]
async fn the_bank_waits_ten_minutes() {
    let bank = Bank::new();
    let (in_time, late) = (bank.question(CHOOSES).await, bank.question(CHOOSES).await);
    for ids in [in_time, late] {
        assert_eq!(AcsOutcome::Nothing, bank.answer(ids, AcsAnswer::Open));
    }
    bank.desk.advance(599);
    bank.ended(in_time, AcsAnswer::Otp("1234"));
    assert_eq!("passed Y eci 05, cavv", bank.truth(in_time));
    bank.desk.advance(1);
    assert!(bank.directory.challenge(late.acs).expect("a question").ended);
    assert_eq!(TransStatus::NotAuthenticated, bank.ended(late, AcsAnswer::Otp("1234")).0.status);
    assert_eq!("failed N eci 07, reason 14, cancel 04", bank.truth(late));
    assert_eq!("passed Y eci 05, cavv", bank.truth(in_time), "what has ended stays");
}

#[tokio::test]
async fn the_bank_waits_half_a_minute_for_the_browser() {
    let bank = Bank::new();
    let (in_time, late) = (bank.question(CHOOSES).await, bank.question(CHOOSES).await);
    bank.desk.advance(29);
    assert_eq!(AcsOutcome::Nothing, bank.answer(in_time, AcsAnswer::Open));
    bank.desk.advance(1);
    assert_eq!(AcsOutcome::Nothing, bank.answer(in_time, AcsAnswer::Open), "whoever came may come again");
    assert_eq!(TransStatus::NotAuthenticated, bank.ended(late, AcsAnswer::Open).0.status);
    assert_eq!("failed N eci 07, reason 14, cancel 05", bank.truth(late));
    bank.ended(in_time, AcsAnswer::Otp("1234"));
    assert_eq!("passed Y eci 05, cavv", bank.truth(in_time));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_answers_at_once_one_counts() {
    let bank = Arc::new(Bank::new());
    for _ in 0..50 {
        let ids = bank.question(CHOOSES).await;
        let answers: Vec<_> = [AcsAnswer::Otp("1234"), AcsAnswer::Cancel, AcsAnswer::Choose(TransStatus::Rejected)]
            .map(|answer| {
                let bank = Arc::clone(&bank);
                tokio::spawn(async move { bank.ended(ids, answer).0.status })
            })
            .into();
        let mut shown = Vec::new();
        for answer in answers {
            shown.push(answer.await.expect("an end"));
        }
        assert!(shown.iter().all(|status| *status == shown[0]), "{shown:?}");
        let truth = bank.truth(ids);
        assert!(truth.contains(shown[0].letter()), "{truth} {shown:?}");
    }
}

#[tokio::test]
async fn a_bank_that_could_not_look_at_the_browser_is_told_so() {
    let bank = Bank::new();
    for (number, method, seconds) in [
        ("4000 0099 3100 0007", MethodCompletion::NotCompleted, 10),
        ("4000 0099 1000 0002", MethodCompletion::Completed, 0),
        ("4000 0099 0070 0009", MethodCompletion::Unavailable, 0),
    ] {
        let (directory, begun) = (bank.directory.clone(), bank.desk.env.now());
        let looking = tokio::spawn(bank.desk.env.clock().activity(async move {
            directory.look_at_browser(&Pan::parse(number).expect("a card"), CardRules::Purchases).await
        }));
        assert_eq!(method, bank.desk.finish(looking).await, "{number}");
        assert_eq!(seconds, bank.desk.env.now().since(begun).as_secs(), "{number}");
    }
    let pan = Pan::parse("4000 0099 3100 0007").expect("a card");
    let lie = AuthenticationRequest {
        attempt_id: bank.desk.attempt(),
        pan: &pan,
        expiry: Expiry { year: 2030, month: 12 },
        amount: myr(1_001),
        merchant: "Kedai Aina",
        return_url: "http://127.0.0.1:8080/p/3ds",
        acs_base: "http://127.0.0.1:8080/",
        window: ChallengeWindow::Full,
        method: MethodCompletion::Completed,
        force: false,
        ask_payer: false,
        rules: CardRules::Purchases,
    };
    let answer = bank.directory.authenticate(lie).await;
    assert_eq!("failed R eci 07, reason 11", answer_in_words(&answer));
}

#[tokio::test]
async fn a_directory_that_is_silent_is_waited_for_thirty_seconds() {
    let bank = Bank::new();
    let begun = bank.desk.env.now();
    assert_eq!("unavailable", answer_in_words(&bank.ask("4000 0099 3000 0008", false).await));
    assert_eq!(Duration::from_secs(30), bank.desk.env.now().since(begun));
}

/// What the banks of orchestration-api 8.4 say, and what when the merchant wants the payer to be asked.
const ORCHESTRATION: &str = "
4111 1111 1111 1111: passed Y eci 05, cavv; wanted: challenge
5200 0099 1000 0007: passed Y eci 02, cavv; wanted: challenge
3782 822463 10005: passed Y eci 05, cavv; wanted: challenge
4916 9940 6425 2017: challenge; wanted: challenge
4000 0000 0000 3220: challenge; wanted: challenge
5555 5555 5555 4444: challenge; wanted: challenge
4000 0000 0000 0002: unavailable; wanted: challenge
4000 0099 1200 0000: failed N eci 07, reason 15; wanted: failed N eci 07, reason 15
";

#[tokio::test]
async fn the_orchestration_api_has_banks_of_its_own() {
    let bank = Bank { rules: CardRules::Orchestration, ..Bank::new() };
    let mut seen = String::from("\n");
    for (number, _) in ORCHESTRATION.lines().filter_map(|line| line.split_once(": ")) {
        let unasked = answer_in_words(&bank.ask(number, false).await);
        let wanted = answer_in_words(&bank.ask(number, true).await);
        seen.push_str(&format!("{number}: {unasked}; wanted: {wanted}\n"));
    }
    assert_eq!(ORCHESTRATION, seen);
    let ids = bank.question("4916 9940 6425 2017").await;
    for tries_left in [2, 1] {
        assert_eq!(AcsOutcome::WrongOtp { tries_left }, bank.answer(ids, AcsAnswer::Otp("4321")));
    }
    bank.ended(ids, AcsAnswer::Otp("4321"));
    assert_eq!("failed N eci 07, reason 01", in_short(&bank.directory.result(ids.server).expect("an end")));
}
