//! What the rules make of facts, and what must hold of any of them.

use std::time::Duration;

use proptest::prelude::*;

use super::limits::{self, CardRecord, Decline, Retry};
use super::*;
use crate::decline::DeclineReason;
use crate::ids::MerchantId;
use crate::money::{Currency, Money};
use crate::time::Timestamp;

const HOUR: i64 = 3_600;
const HERE: MerchantId = MerchantId::new(uuid::Uuid::from_u128(1));
const ELSEWHERE: MerchantId = MerchantId::new(uuid::Uuid::from_u128(2));

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(100 * 24 * HOUR + seconds)
}

/// Declines of one card here, by when and why.
fn record(declines: &[(i64, DeclineReason)]) -> CardRecord {
    let declines = declines.iter();
    let decline =
        |(seconds, reason): &(i64, _)| Decline { merchant_id: HERE, at: at(*seconds), reason: *reason, weight: 1 };
    CardRecord { declines: declines.map(decline).collect(), ..CardRecord::default() }
}

/// The limits that are reached, in words.
fn reached(record: &CardRecord, merchant_id: MerchantId, seconds: i64) -> Vec<String> {
    let reached = record.reached(merchant_id, true, at(seconds));
    reached.iter().map(|(limit, count)| format!("{} {count}", limit.as_str())).collect()
}

fn assess(facts: &Facts) -> (Assessment, Verdict) {
    let assessment = Assessment::of(facts, &Policy::default());
    let verdict = assessment.verdict(&Policy::default());
    (assessment, verdict)
}

#[test]
fn an_ordinary_try_scores_nothing() {
    let (assessment, verdict) = assess(&Facts::default());
    assert_eq!((Assessment::default(), Verdict::Pass), (assessment, verdict));
}

#[test]
fn by_default_nobody_is_bound_before_the_limits_unless_the_merchant_is_under_attack() {
    let worst = Facts {
        address_failures: u32::MAX,
        checkout_failures: u32::MAX,
        bin_declines: 100,
        card_tries: 10,
        ..Facts::default()
    };
    assert_eq!(Verdict::Pass, assess(&worst).1);
    let attacked = |facts: Facts| assess(&Facts { merchant_failures: 90, ..facts }).1;
    assert_eq!(Verdict::Pass, attacked(Facts::default()), "who has not failed yet is not asked");
    assert_eq!(Verdict::Challenge, attacked(Facts { checkout_failures: 1, ..Facts::default() }));
    assert_eq!(Verdict::Challenge, attacked(Facts { address_failures: 1, ..Facts::default() }));
    assert_eq!(Verdict::Challenge, attacked(Facts { bin_declines: 61, ..Facts::default() }));
    assert_eq!(Verdict::Block(BlockedBy::Score), attacked(worst));
}

#[test]
fn limits_and_lists_block_alone_and_say_which_weighs_most() {
    for limit in Limit::ALL {
        let (assessment, verdict) = assess(&Facts { limits: vec![(*limit, 7)], ..Facts::default() });
        let expected = match limit {
            Limit::BinChallenged => Verdict::Challenge,
            Limit::DeclinedForGood | Limit::RetriesToday | Limit::RetriesThisMonth => {
                Verdict::Block(BlockedBy::Retries)
            }
            _ => Verdict::Block(BlockedBy::Limits),
        };
        assert_eq!(expected, verdict, "{limit:?}");
        assert_eq!((Ground::Limit(*limit), 7), (assessment.findings[0].ground, assessment.findings[0].value));
    }
    for kind in ListKind::ALL {
        let facts = Facts { listed: vec![*kind], limits: vec![(Limit::AddressTries, 21)], ..Facts::default() };
        let by = if *kind == ListKind::Country { BlockedBy::ListedCountry } else { BlockedBy::Listed };
        assert_eq!(Verdict::Block(by), assess(&facts).1);
    }
}

#[test]
fn a_rule_counts_what_is_above_its_limit_up_to_its_most() {
    let mut policy = Policy::new(60, 25);
    policy.set(Rule { name: RuleName::Amount, limit: 3, each: 10, most: 25 });
    let score = |amount| Assessment::of(&Facts { amount, ..Facts::default() }, &policy).score;
    assert_eq!([0, 0, 10, 20, 25, 25], [0, 3, 4, 5, 6, u32::MAX].map(score));
    let assessment = Assessment::of(&Facts { amount: 9, ..Facts::default() }, &policy);
    assert_eq!(Verdict::Block(BlockedBy::Score), assessment.verdict(&policy));
    assert_eq!(vec![Finding { ground: Ground::Rule(RuleName::Amount), value: 9, points: 25 }], assessment.findings);
    assert_eq!(vec![RuleName::Amount], policy.changed().map(|rule| rule.name).collect::<Vec<_>>());
    policy.set(Rule { name: RuleName::Amount, limit: 3, each: 10, most: 0 });
    assert_eq!(Assessment::default(), Assessment::of(&Facts { amount: 9, ..Facts::default() }, &policy), "off");
}

#[test]
fn every_word_is_read_back() {
    assert!(Limit::ALL.iter().all(|word| Limit::parse(word.as_str()) == Some(*word)));
    assert!(RuleName::ALL.iter().all(|word| RuleName::parse(word.as_str()) == Some(*word)));
    assert!(ListKind::ALL.iter().all(|word| ListKind::parse(word.as_str()) == Some(*word)));
    let key = CardKey::new([0xAB, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(Some(key), CardKey::parse(&key.to_string()));
    for text in ["", "1", "+b000000000000000000000000000001", "zz000000000000000000000000000001"] {
        assert_eq!(None, CardKey::parse(text), "{text}");
    }
    let names: Vec<_> = Policy::default().rules().iter().map(|rule| rule.name).collect();
    assert_eq!(RuleName::ALL, names, "a rule for each name");
}

#[test]
fn five_declines_within_a_day_here_and_ten_overall() {
    let five: Vec<_> = (0..5).map(|n| (n * HOUR, DeclineReason::DoNotHonour)).collect();
    assert_eq!(Vec::<String>::new(), reached(&record(&five[..4]), HERE, 5 * HOUR));
    assert_eq!(vec!["card_declines 5"], reached(&record(&five), HERE, 5 * HOUR));
    assert_eq!(Vec::<String>::new(), reached(&record(&five), ELSEWHERE, 5 * HOUR), "here only");
    assert_eq!(vec!["card_declines 5"], reached(&record(&five), HERE, 24 * HOUR - 1));
    assert_eq!(Vec::<String>::new(), reached(&record(&five), HERE, 24 * HOUR), "the first is a day ago");
    let mut ten = record(&five);
    ten.declines.extend(record(&five).declines.into_iter().map(|d| Decline { merchant_id: ELSEWHERE, ..d }));
    let third = MerchantId::new(uuid::Uuid::from_u128(3));
    assert_eq!(vec!["card_declines_overall 10"], reached(&ten, third, 5 * HOUR));
    ten.declines.pop();
    assert_eq!(Vec::<String>::new(), reached(&ten, third, 5 * HOUR));
}

#[test]
fn tries_under_way_count_until_they_are_known() {
    let mut four = record(&[(0, DeclineReason::DoNotHonour); 4]);
    four.under_way = vec![(ELSEWHERE, 1)];
    assert_eq!(Vec::<String>::new(), reached(&four, HERE, 1));
    four.under_way = vec![(HERE, 1)];
    assert_eq!(vec!["card_declines 5"], reached(&four, HERE, 1));
    four.under_way = vec![(ELSEWHERE, 2); 3];
    assert_eq!(vec!["card_declines_overall 10"], reached(&four, HERE, 1));
}

#[test]
fn what_says_nothing_of_the_card_does_not_count_against_it() {
    let trouble = [DeclineReason::IssuerUnavailable, DeclineReason::AcquirerError, DeclineReason::ConnectionFailed];
    let declines: Vec<_> = trouble.into_iter().cycle().take(9).map(|reason| (0, reason)).collect();
    assert_eq!(Vec::<String>::new(), reached(&record(&declines), HERE, 1));
}

#[test]
fn three_wrong_codes_block_a_card_for_a_day_from_the_third() {
    let wrong = |times: &[i64]| record(&times.iter().map(|time| (*time, DeclineReason::WrongCvc)).collect::<Vec<_>>());
    let three = wrong(&[0, 10 * HOUR, 20 * HOUR]);
    assert_eq!(vec!["wrong_codes 3"], reached(&three, ELSEWHERE, 20 * HOUR), "at every merchant");
    assert_eq!(vec!["wrong_codes 3"], reached(&three, HERE, 44 * HOUR - 1));
    assert_eq!(Vec::<String>::new(), reached(&three, HERE, 44 * HOUR));
    assert_eq!(Vec::<String>::new(), reached(&wrong(&[0, HOUR, 24 * HOUR]), HERE, 24 * HOUR), "not within a day");
    let mut twice_for_nothing = wrong(&[0, HOUR]);
    twice_for_nothing.declines.iter_mut().for_each(|decline| decline.weight = 2);
    assert_eq!(vec!["wrong_codes 4"], reached(&twice_for_nothing, HERE, HOUR), "checks for nothing count double");
}

#[test]
fn a_soft_decline_is_sent_again_ten_times_a_day_and_fifteen_a_month() {
    let soft = |count: i64, gap: i64| {
        record(&(0..count).map(|n| (n * gap, DeclineReason::InsufficientFunds)).collect::<Vec<_>>())
    };
    let kept = |record: &CardRecord, seconds| -> Vec<&str> {
        record.reached(HERE, false, at(seconds)).iter().map(|(limit, _)| limit.as_str()).collect()
    };
    assert_eq!(Vec::<&str>::new(), kept(&soft(9, 60), HOUR), "a kept card is not held to the limits of a typed one");
    assert_eq!(vec!["retries_today"], kept(&soft(10, 60), HOUR));
    assert_eq!(Vec::<&str>::new(), kept(&soft(10, 60), 24 * HOUR + 600));
    assert_eq!(Vec::<&str>::new(), kept(&soft(14, 24 * HOUR), 14 * 24 * HOUR));
    assert_eq!(vec!["retries_this_month"], kept(&soft(15, 24 * HOUR), 15 * 24 * HOUR));
    assert_eq!(vec!["retries_this_month"], kept(&soft(15, 24 * HOUR), 30 * 24 * HOUR - 1));
    assert_eq!(Vec::<&str>::new(), kept(&soft(15, 24 * HOUR), 30 * 24 * HOUR));
    let for_good = CardRecord { declined_for_good: true, ..CardRecord::default() };
    assert_eq!(vec!["declined_for_good"], kept(&for_good, 0));
}

#[test]
fn every_reason_says_whether_the_card_may_be_sent_again() {
    let table: Vec<String> = DeclineReason::ALL
        .iter()
        .map(|reason| {
            let told = if limits::tells_on_the_card(*reason) { ", counts against the card" } else { "" };
            format!("{}: {:?}{told}", reason.as_str(), limits::retry(*reason))
        })
        .filter(|line| !line.ends_with(": Free"))
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    do_not_honour: Soft, counts against the card
    insufficient_funds: Soft, counts against the card
    expired_card: Soft, counts against the card
    lost_card: Never, counts against the card
    stolen_card: Never, counts against the card
    suspected_fraud: Soft, counts against the card
    not_permitted_to_cardholder: Never, counts against the card
    exceeds_withdrawal_limit: Soft, counts against the card
    exceeds_frequency_limit: Soft, counts against the card
    restricted_card: Soft, counts against the card
    security_violation: Soft, counts against the card
    pick_up_card: Never, counts against the card
    invalid_card_number: Never, counts against the card
    invalid_issuer: Never, counts against the card
    issuer_unavailable: Soft
    acquirer_error: Soft
    authentication_required: Soft
    wrong_cvc: Soft, counts against the card
    wrong_expiry: Soft, counts against the card
    authentication_failed: Free, counts against the card
    token_dead: Never, counts against the card
    ");
    assert_eq!(Retry::Free, limits::retry(DeclineReason::TimedOut), "what was undone was never declined");
}

#[test]
fn a_check_for_nothing_counts_double() {
    let money = |minor| Money::new(minor, Currency::parse("EUR").expect("a currency")).expect("not negative");
    assert_eq!((2, 1), (limits::weight(money(0)), limits::weight(money(1))));
}

#[test]
fn the_last_tries_are_remembered_and_no_more() {
    let mut last = LastTries::<50>::default();
    assert_eq!((None, false), (last.percent_failed(1), last.is_above(0)));
    (0..30).for_each(|_| last.push(true));
    assert_eq!((Some(100), false), (last.percent_failed(10), last.is_above(60)), "too few to judge");
    (0..20).for_each(|_| last.push(false));
    assert_eq!((Some(60), false), (last.percent_failed(50), last.is_above(60)), "not more than 60 %");
    last.push(true);
    assert_eq!((50, Some(60)), (last.seen(), last.percent_failed(50)), "one came, one was forgotten");
    (0..50).for_each(|_| last.push(false));
    assert_eq!(Some(0), last.percent_failed(50));
    let mut most = LastTries::<128>::default();
    (0..200).for_each(|_| most.push(true));
    assert_eq!((128, Some(100), true), (most.seen(), most.percent_failed(128), most.is_above(99)));
}

#[test]
fn what_is_usual_takes_twenty_payments_to_know() {
    let mut usual = Usual::default();
    (0..19).for_each(|_| usual.push(1_000));
    assert_eq!(0, usual.times(1_000_000));
    usual.push(1_000);
    assert_eq!([0, 1, 10, 0], [999, 1_999, 10_000, -5].map(|amount| usual.times(amount)));
    (0..200).for_each(|_| usual.push(9_000));
    assert!((8_000..=9_000).contains(&(90_000_i64 / i64::from(usual.times(90_000)))), "it follows");
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let count = || prop_oneof![0..200_u32, any::<u32>()];
    let limits = proptest::collection::vec((proptest::sample::select(Limit::ALL), any::<u32>()), 0..4);
    let listed = proptest::collection::vec(proptest::sample::select(ListKind::ALL), 0..3);
    let counts = (count(), count(), count(), count(), count(), count());
    (counts, any::<(bool, bool)>(), limits, listed).prop_map(|(counts, countries, limits, listed)| Facts {
        card_tries: counts.0,
        address_failures: counts.1,
        checkout_failures: counts.2,
        bin_declines: counts.3,
        merchant_failures: counts.4,
        amount: counts.5,
        card_country_differs: countries.0,
        shipping_country_differs: countries.1,
        limits,
        listed,
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let number = || prop_oneof![0..200_u32, any::<u32>()];
    let rules = proptest::collection::vec((number(), number(), number()), RuleName::ALL.len());
    (number(), 1..=u32::MAX, rules).prop_map(|(challenge_at, block_at, numbers)| {
        let mut policy = Policy::new(challenge_at, block_at);
        for (name, (limit, each, most)) in RuleName::ALL.iter().zip(numbers) {
            policy.set(Rule { name: *name, limit, each, most });
        }
        policy
    })
}

proptest! {
    /// Whatever the facts and the policy: nothing overflows, the same facts score the same, and the score is the sum of
    /// its reasons.
    #[test]
    fn the_same_facts_score_the_same(facts in any_facts(), policy in any_policy()) {
        let assessment = Assessment::of(&facts, &policy);
        prop_assert_eq!(&assessment, &Assessment::of(&facts, &policy));
        let sum: u64 = assessment.findings.iter().map(|finding| u64::from(finding.points)).sum();
        prop_assert_eq!(sum.min(u64::from(u32::MAX)), u64::from(assessment.score));
        let is_blocked = matches!(assessment.verdict(&policy), Verdict::Block(_));
        prop_assert_eq!(is_blocked, assessment.score >= policy.block_at);
        let must = facts.limits.iter().any(|(limit, _)| *limit != Limit::BinChallenged) || !facts.listed.is_empty();
        prop_assert!(is_blocked || !must, "a limit or a list blocks alone");
    }

    /// No fact that gets worse makes a score better, or a verdict milder.
    #[test]
    fn worse_facts_never_score_less(facts in any_facts(), worse in any_facts(), policy in any_policy()) {
        let worst = Facts {
            card_tries: facts.card_tries.max(worse.card_tries),
            address_failures: facts.address_failures.max(worse.address_failures),
            checkout_failures: facts.checkout_failures.max(worse.checkout_failures),
            bin_declines: facts.bin_declines.max(worse.bin_declines),
            merchant_failures: facts.merchant_failures.max(worse.merchant_failures),
            amount: facts.amount.max(worse.amount),
            card_country_differs: facts.card_country_differs || worse.card_country_differs,
            shipping_country_differs: facts.shipping_country_differs || worse.shipping_country_differs,
            limits: facts.limits.iter().chain(&worse.limits).copied().collect(),
            listed: facts.listed.iter().chain(&worse.listed).copied().collect(),
        };
        let (before, after) = (Assessment::of(&facts, &policy), Assessment::of(&worst, &policy));
        prop_assert!(before.score <= after.score);
        let rank = |verdict| match verdict {
            Verdict::Pass => 0,
            Verdict::Challenge => 1,
            Verdict::Block(_) => 2,
        };
        prop_assert!(rank(before.verdict(&policy)) <= rank(after.verdict(&policy)));
    }

    /// One more decline never frees a card; time alone does.
    #[test]
    fn more_declines_never_free_a_card(
        declines in proptest::collection::vec((0..40 * 24 * HOUR, 0..DeclineReason::ALL.len(), 1..3_u32, any::<bool>()), 0..40),
        now in 0..40 * 24 * HOUR,
        by_payer in any::<bool>(),
    ) {
        let mut record = CardRecord::default();
        let mut limits = 0;
        for (seconds, reason, weight, here) in declines {
            let merchant_id = if here { HERE } else { ELSEWHERE };
            record.declines.push(Decline { merchant_id, at: at(seconds), reason: DeclineReason::ALL[reason], weight });
            let reached = record.reached(HERE, by_payer, at(now)).len();
            prop_assert!(reached >= limits);
            limits = reached;
        }
        let later = at(80 * 24 * HOUR).plus(Duration::from_secs(1));
        prop_assert_eq!(Vec::<(Limit, u32)>::new(), record.reached(HERE, by_payer, later));
    }

    #[test]
    fn any_payments_have_a_usual_amount(amounts in proptest::collection::vec(any::<i64>(), 0..60), asked in any::<i64>()) {
        let mut usual = Usual::default();
        amounts.into_iter().for_each(|amount| usual.push(amount));
        let _ = usual.times(asked);
    }
}
