//! Which answer moves a try from where to where (security U7), in every order.

use super::*;

/// What is heard of a try, and where it stands then: `.` stays, and `!` is a contradiction that somebody is told of.
const MOVES: &str = "
    heard      sent       unknown    approved   declined   reversing  reversed
    approved   approved   approved   .          reversing! .          reversing!
    half       reversing  reversing  .          reversing! .          reversing!
    declined   declined   declined   .!         .          .          .
    pending    .          .          .          .          .          .
    unknown    unknown    .          .          .          .          .
    undone     .          .          .!         .          reversed   .
    reverse    reversing  reversing  .          .          .          .
";

/// How a try comes to stand there.
const STANDS: [(AttemptStatus, &[&str]); 6] = [
    (AttemptStatus::Sent, &[]),
    (AttemptStatus::Unknown, &["unknown"]),
    (AttemptStatus::Approved, &["approved"]),
    (AttemptStatus::Declined, &["declined"]),
    (AttemptStatus::Reversing, &["reverse"]),
    (AttemptStatus::Reversed, &["reverse", "undone"]),
];

/// A cell of the table: where a try of this status stands after what is heard, and whether that contradicts what was
/// heard before.
fn expected(status: AttemptStatus, heard: &str) -> (AttemptStatus, bool) {
    let column = STANDS.iter().position(|(stands, _)| *stands == status).expect("a column") + 1;
    let row = MOVES.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = row.into_iter().find(|row| row.first() == Some(&heard)).expect("a row");
    let (word, contradicts) = match row[column].strip_suffix('!') {
        Some(word) => (word, true),
        None => (row[column], false),
    };
    let next = match word {
        "." => status,
        "approved" => AttemptStatus::Approved,
        "declined" => AttemptStatus::Declined,
        "unknown" => AttemptStatus::Unknown,
        "reversing" => AttemptStatus::Reversing,
        "reversed" => AttemptStatus::Reversed,
        other => panic!("{other} is no status"),
    };
    (next, contradicts)
}

/// Everything that can be heard.
fn all_heard() -> Vec<&'static str> {
    MOVES.lines().filter_map(|line| line.split_whitespace().next()).filter(|word| *word != "heard").collect()
}

fn of_try(number: u128, heard: &str) -> Command {
    match heard {
        "half" => command(&format!("approved {number} 500")),
        other => command(&format!("{other} {number}")),
    }
}

/// A payment with one try, and what happened to it.
struct Told {
    payment: Payment,
    events: Vec<Event>,
}

impl Told {
    fn sent(capture: CaptureMode) -> Self {
        let mut told = Self { payment: Payment::open(Terms { capture, ..terms() }), events: vec![] };
        told.hear(&command("submit 1"));
        told
    }

    fn hear(&mut self, command: &Command) -> Vec<Event> {
        let events = self.payment.decide(command).unwrap_or_default();
        events.iter().for_each(|event| self.payment.apply(event));
        self.events.extend(events.iter().cloned());
        events
    }

    fn status(&self) -> AttemptStatus {
        self.payment.attempt(attempt(1)).expect("it was sent").status
    }

    /// Hears it of the first try, and checks that nothing happens but what the table says.
    fn check(&mut self, heard: &str, story: &[&str]) {
        let before = self.status();
        let (next, contradicts) = expected(before, heard);
        let was_reversed = self.events.iter().any(|event| matches!(event, Event::ReversalSent { .. }));
        let had_ended =
            self.events.iter().any(|event| matches!(event, Event::Declined { .. } | Event::Reversed { .. }));
        let asked = of_try(1, heard);
        let events = self.hear(&asked);
        assert_eq!(next, self.status(), "{story:?}, then {heard} when {before:?}");
        let late = matches!(heard, "approved" | "half");
        if let Command::Settle { attempt_id, outcome } = &asked {
            // Who hears it once more while it is undone again is told once more.
            let once_more = before == AttemptStatus::Reversing && had_ended && late;
            let told = self.payment.is_contradicted(&self.events, *attempt_id, outcome);
            assert_eq!(contradicts || once_more, told, "{story:?}, then {heard}");
        }
        let accepted = events.iter().any(|event| matches!(event, Event::Authorized { .. } | Event::Captured { .. }));
        assert!(!(was_reversed && accepted), "{story:?}, then {heard}: paid after a reversal");
        let undoes = events.iter().any(|event| matches!(event, Event::ReversalSent { .. }));
        let too_late = late && matches!(before, AttemptStatus::Declined | AttemptStatus::Reversed);
        assert!(!too_late || undoes, "{story:?}, then {heard}: an approval that comes too late is undone again");
        self.check_money(story);
    }

    fn check_money(&self, story: &[&str]) {
        let Payment { authorized, captured, voided, terms, .. } = &self.payment;
        assert!(authorized.minor() <= terms.amount.minor(), "{story:?}: authorized twice");
        assert!(captured.minor() + voided.minor() <= authorized.minor(), "{story:?}");
        let approvals = self.payment.attempts.iter().filter(|attempt| attempt.status == AttemptStatus::Approved);
        assert!(approvals.count() <= 1, "{story:?}: paid twice");
    }
}

/// Every sequence of so many things that are heard.
fn sequences(length: usize) -> Vec<Vec<&'static str>> {
    let mut sequences = vec![vec![]];
    for _ in 0..length {
        sequences = sequences
            .iter()
            .flat_map(|before| all_heard().into_iter().map(|heard| [before.as_slice(), &[heard]].concat()))
            .collect();
    }
    sequences
}

#[test]
fn every_three_answers_in_every_order_move_a_try_as_the_table_says() {
    let mut walked = 0;
    for capture in [CaptureMode::Automatic, CaptureMode::Manual] {
        for (status, way_there) in STANDS {
            for heard in sequences(3) {
                let mut told = Told::sent(capture);
                way_there.iter().for_each(|heard| drop(told.hear(&of_try(1, heard))));
                assert_eq!(status, told.status());
                let story: Vec<&str> = way_there.iter().copied().chain(heard).collect();
                for at in way_there.len()..story.len() {
                    told.check(story[at], &story[..at]);
                }
                walked += 1;
            }
        }
    }
    assert_eq!(2 * 6 * 7 * 7 * 7, walked);
}

/// As soon as another card may be tried, it pays: whatever is heard of the first one then, nobody pays twice.
#[test]
fn another_card_that_paid_in_between_is_the_only_one_that_did() {
    let mut paid_by_second = 0;
    for (_, way_there) in STANDS {
        for heard in sequences(3) {
            let mut told = Told::sent(CaptureMode::Automatic);
            let story: Vec<&str> = way_there.iter().copied().chain(heard).collect();
            for (at, heard) in story.iter().enumerate() {
                if told.payment.is_payable() {
                    told.hear(&command("submit 2"));
                    told.hear(&command("approved 2"));
                    paid_by_second += 1;
                }
                told.check(heard, &story[..at]);
            }
            let is_second = told.payment.attempts.len() == 2;
            if is_second {
                assert_eq!(Ok(attempt(2)), told.payment.approved_attempt(), "{story:?}");
                assert_eq!((State::Captured, money(1_000)), (told.payment.state, told.payment.captured), "{story:?}");
            }
        }
    }
    assert!(paid_by_second > 0, "nobody tried another card");
}
