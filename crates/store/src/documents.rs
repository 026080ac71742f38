//! The JSON documents beside the columns: this crate's own, so that what is stored does not move when `domain` does.
//!
//! They are compact, because every payment has several: what is empty, zero or false is left out. Every version ever
//! written stays readable: a field may be added with a default, never renamed, never given another meaning. A field
//! or a word that is never written makes the row corrupt.

mod checkout;
mod event;
mod filter;
mod merchant;
mod reconciliation;
mod risk;
mod word;

use serde::Serialize;

use crate::error::Error;

pub(crate) use checkout::{CheckoutColumns, CheckoutDoc, CustomerDoc};
pub(crate) use event::{CardDoc, EventDoc, Owner};
pub(crate) use filter::StatementFilterDoc;
pub(crate) use merchant::{BrandDoc, EndpointDoc, MerchantDoc};
pub(crate) use reconciliation::DifferenceEventDoc;
pub(crate) use risk::PolicyDoc;
pub(crate) use word::Word;

/// A document as text.
pub(crate) fn text<D: Serialize>(document: &D) -> Result<String, Error> {
    serde_json::to_string(document).map_err(|error| std::io::Error::from(error).into())
}

/// Whether a field is left out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use domain::risk::{Assessment, Finding, Ground, Limit, ListKind, RuleName};
    use domain::{
        Adjusted, AttemptId, Authentication, AuthenticationFailure, AuthenticationIds, BlockedBy, Brand, CaptureMode,
        CardFacts, CardField, CardId, CardSummary, Challenge, ChallengeWindow, CheckoutId, Currency, Customer,
        DeclineReason, DifferenceEvent, DifferenceId, DifferenceKind, Due, Event, Expiry, Fees, FieldFault, Flow,
        Found, InDoubt, Leg, LineKind, LineOf, LocalMeans, LocalMethod, Matched, Means, MerchantId, Mode, Money,
        Operation, OperationId, OperationKind, OperationStatus, Paid, Part, Party, PaymentId, RedirectMethod,
        RefusedTry, Remedy, SaidByHand, Submission, Terms, Timestamp, TransStatus, Verdict, Whose,
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::records::TimerKind;

    const OWNER: Owner = Owner {
        payment_id: PaymentId::new(Uuid::from_u128(1)),
        merchant_id: MerchantId::new(Uuid::from_u128(2)),
        mode: Mode::Live,
    };
    const ATTEMPT: AttemptId = AttemptId::new(Uuid::from_u128(3));
    const OPERATION: OperationId = OperationId::new(Uuid::from_u128(6));

    fn findings() -> Vec<Finding> {
        vec![
            Finding { ground: Ground::Limit(Limit::CardDeclines), value: 5, points: 100 },
            Finding { ground: Ground::Listed(ListKind::Email), value: 1, points: 100 },
            Finding { ground: Ground::Rule(RuleName::CheckoutFailures), value: 1, points: 6 },
        ]
    }

    fn ids() -> AuthenticationIds {
        let [server, directory, acs] = [7, 8, 9].map(Uuid::from_u128);
        AuthenticationIds { server, directory, acs }
    }

    fn money(minor: i64) -> Money {
        Money::new(minor, Currency::parse("MYR").expect("a currency")).expect("not negative")
    }

    fn paid() -> Paid {
        let at = LineOf { file: "F-1".to_owned(), line: 3 };
        Paid { kind: LineKind::Capture, reference: OPERATION.uuid(), amount: money(954), fee: money(4), at }
    }

    fn terms() -> Terms {
        Terms {
            payment_id: OWNER.payment_id,
            merchant_id: OWNER.merchant_id,
            mode: OWNER.mode,
            checkout_id: CheckoutId::new(Uuid::from_u128(4)),
            amount: money(954),
            capture: CaptureMode::Automatic,
            due: None,
            single_attempt: false,
            save_card: false,
            hold_max: None,
            captured_after: None,
            fees: Fees::default(),
        }
    }

    fn card() -> CardSummary {
        CardSummary {
            brand: Brand::Visa,
            masked: "444433******1111".to_owned(),
            expiry: Expiry { year: 2028, month: 8 },
            holder: "Siti \"S\"".to_owned(),
        }
    }

    fn submission() -> Submission {
        Submission {
            attempt_id: ATTEMPT,
            acquirer: "test".to_owned(),
            means: Means::Card { card: card(), card_id: CardId::new(Uuid::from_u128(5)) },
            part: None,
            token: None,
            flow: Flow::HostedPage,
            payer_ip: Some("2001:db8::1".parse().expect("an address")),
            save_card: true,
            window: ChallengeWindow::Full,
            deadline: Timestamp::from_micros(30),
        }
    }

    /// Every event as it was ever written: lines are added here, never changed.
    fn written() -> Vec<(Event, String)> {
        let attempt = r#""attempt":"00000000-0000-0000-0000-000000000003""#;
        let sent = format!(
            r#"{{{attempt},"acquirer":"test","card":{{"brand":"visa","masked":"444433******1111","expiry":"2028-08","holder":"Siti \"S\""}},"card_id":"00000000-0000-0000-0000-000000000005","flow":"hosted_page","ip":"2001:db8::1","save_card":true,"deadline":30}}"#
        );
        let operation = r#""operation":"00000000-0000-0000-0000-000000000006""#;
        let all_ids = r#""server_id":"00000000-0000-0000-0000-000000000007","directory_id":"00000000-0000-0000-0000-000000000008","acs_id":"00000000-0000-0000-0000-000000000009""#;
        let checkout = r#""checkout":"00000000-0000-0000-0000-000000000004""#;
        let facts = CardFacts { kind: "credit".to_owned(), issuer: String::new(), country: "MY".to_owned() };
        vec![
            (Event::Opened(terms()), format!(r#"{{"opened":{{{checkout},"amount":"954 MYR"}}}}"#)),
            (
                Event::Opened(Terms {
                    capture: CaptureMode::Manual,
                    due: Some(Due { at: Timestamp::from_micros(7), strict: true }),
                    single_attempt: true,
                    save_card: true,
                    hold_max: Some(std::time::Duration::from_hours(168)),
                    fees: Fees { basis_points: 150, fixed: 20, ..Fees::default() },
                    ..terms()
                }),
                format!(
                    r#"{{"opened":{{{checkout},"amount":"954 MYR","capture":"manual","due":{{"at":7,"strict":true}},"single_attempt":true,"save_card":true,"hold_max":604800,"fees":{{"basis_points":150,"fixed":20}}}}}}"#
                ),
            ),
            (Event::Viewed, r#""viewed""#.to_owned()),
            (Event::Overdue, r#""overdue""#.to_owned()),
            (Event::Expired, r#""expired""#.to_owned()),
            (Event::Cancelled, r#""cancelled""#.to_owned()),
            (Event::AttemptSent(submission()), format!(r#"{{"attempt_sent":{sent}}}"#)),
            (
                Event::AttemptSent(Submission {
                    token: Some(CheckoutId::new(Uuid::from_u128(4))),
                    flow: Flow::Api,
                    payer_ip: None,
                    ..submission()
                }),
                format!(
                    r#"{{"attempt_sent":{{{attempt},"acquirer":"test","card":{{"brand":"visa","masked":"444433******1111","expiry":"2028-08","holder":"Siti \"S\""}},"card_id":"00000000-0000-0000-0000-000000000005","token":"00000000-0000-0000-0000-000000000004","flow":"api","save_card":true,"deadline":30}}}}"#
                ),
            ),
            (Event::AuthenticationStarted(submission()), format!(r#"{{"authentication_started":{sent}}}"#)),
            (
                Event::Challenged {
                    attempt_id: ATTEMPT,
                    challenge: Challenge { ids: ids(), acs_url: "https://acs.example.com/".to_owned() },
                },
                format!(r#"{{"challenged":{{{attempt},{all_ids},"acs_url":"https://acs.example.com/"}}}}"#),
            ),
            (
                Event::Authenticated {
                    attempt_id: ATTEMPT,
                    authentication: Authentication {
                        ids: ids(),
                        status: TransStatus::Attempted,
                        reason: String::new(),
                        cancel: String::new(),
                        eci: "06".to_owned(),
                        cavv: "AAA=".to_owned(),
                        challenged: true,
                    },
                    deadline: Timestamp::from_micros(9),
                },
                format!(
                    r#"{{"authenticated":{{{attempt},"authentication":{{{all_ids},"status":"A","eci":"06","cavv":"AAA=","challenged":true}},"deadline":9}}}}"#
                ),
            ),
            (
                Event::AuthenticationStarted(Submission { window: ChallengeWindow::Large, ..submission() }),
                format!(
                    r#"{{"authentication_started":{}}}"#,
                    sent.replace(r#""deadline""#, r#""window":"03","deadline""#)
                ),
            ),
            (
                Event::NotAuthenticated {
                    attempt_id: ATTEMPT,
                    failure: AuthenticationFailure::Bank(Authentication {
                        ids: ids(),
                        status: TransStatus::NotAuthenticated,
                        reason: "14".to_owned(),
                        cancel: "04".to_owned(),
                        eci: "07".to_owned(),
                        cavv: String::new(),
                        challenged: true,
                    }),
                },
                format!(
                    r#"{{"not_authenticated":{{{attempt},"why":{{"bank":{{{all_ids},"status":"N","reason":"14","cancel":"04","eci":"07","challenged":true}}}}}}}}"#
                ),
            ),
            (
                Event::NotAuthenticated { attempt_id: ATTEMPT, failure: AuthenticationFailure::NoAnswer },
                format!(r#"{{"not_authenticated":{{{attempt},"why":"no_answer"}}}}"#),
            ),
            (
                Event::NotAuthenticated { attempt_id: ATTEMPT, failure: AuthenticationFailure::Payer },
                format!(r#"{{"not_authenticated":{{{attempt},"why":"payer"}}}}"#),
            ),
            (
                Event::NotAuthenticated { attempt_id: ATTEMPT, failure: AuthenticationFailure::Abandoned },
                format!(r#"{{"not_authenticated":{{{attempt},"why":"abandoned"}}}}"#),
            ),
            (
                Event::AttemptRefused(RefusedTry {
                    attempt_id: ATTEMPT,
                    card: None,
                    flow: Flow::DirectPost,
                    payer_ip: None,
                    reason: DeclineReason::Field(CardField::Cvc, FieldFault::TooLong),
                    assessment: None,
                }),
                format!(r#"{{"attempt_refused":{{{attempt},"flow":"direct_post","reason":"cvc_too_long"}}}}"#),
            ),
            (
                Event::AttemptRefused(RefusedTry {
                    attempt_id: ATTEMPT,
                    card: None,
                    flow: Flow::HostedPage,
                    payer_ip: None,
                    reason: DeclineReason::Blocked(BlockedBy::Limits),
                    assessment: Some(Assessment { score: 206, findings: findings() }),
                }),
                format!(
                    r#"{{"attempt_refused":{{{attempt},"flow":"hosted_page","reason":"blocked_by_limits","assessment":{{"score":206,"findings":["limit card_declines 5 100","list email 1 100","rule checkout_failures 1 6"]}}}}}}"#
                ),
            ),
            (Event::TriesUsedUp, r#""tries_used_up""#.to_owned()),
            (
                Event::OperationSent(Operation {
                    id: OPERATION,
                    kind: OperationKind::Refund,
                    amount: money(54),
                    keeps_rest: false,
                    number: Some(146),
                    note: String::new(),
                    part: None,
                    status: OperationStatus::Sent,
                }),
                format!(r#"{{"operation_sent":{{{operation},"kind":"refund","amount":"54 MYR","number":146}}}}"#),
            ),
            (
                Event::OperationSent(Operation {
                    id: OPERATION,
                    kind: OperationKind::Capture,
                    amount: money(54),
                    keeps_rest: true,
                    number: None,
                    note: "first parcel".to_owned(),
                    part: None,
                    status: OperationStatus::Sent,
                }),
                format!(
                    r#"{{"operation_sent":{{{operation},"kind":"capture","amount":"54 MYR","keeps_rest":true,"note":"first parcel"}}}}"#
                ),
            ),
            (
                Event::OperationSent(Operation {
                    id: OPERATION,
                    kind: OperationKind::Capture,
                    amount: money(54),
                    keeps_rest: true,
                    number: None,
                    note: "CAP#1".to_owned(),
                    part: Some(Part { of: OPERATION, attempt_id: ATTEMPT, automatic: true, document: "{}".to_owned() }),
                    status: OperationStatus::Sent,
                }),
                format!(
                    r#"{{"operation_sent":{{{operation},"kind":"capture","amount":"54 MYR","keeps_rest":true,"note":"CAP#1","part":{{"of":"00000000-0000-0000-0000-000000000006",{attempt},"automatic":true,"document":"{{}}"}}}}}}"#
                ),
            ),
            (
                Event::TenderBegun(vec![
                    Leg {
                        submission: Submission { part: Some(money(900)), ..submission() },
                        partner: "dalenys".to_owned(),
                        method: "creditcard".to_owned(),
                        asks_bank: true,
                        asks_payer: true,
                    },
                    Leg {
                        submission: Submission {
                            means: Means::GiftCard { masked: "600000******2000".to_owned() },
                            part: Some(money(54)),
                            payer_ip: None,
                            save_card: false,
                            ..submission()
                        },
                        partner: "illicado".to_owned(),
                        method: "giftcard".to_owned(),
                        asks_bank: false,
                        asks_payer: false,
                    },
                    Leg {
                        submission: Submission {
                            means: Means::Redirect(RedirectMethod::PayLater),
                            payer_ip: None,
                            save_card: false,
                            ..submission()
                        },
                        partner: "oney".to_owned(),
                        method: "cb3x".to_owned(),
                        asks_bank: false,
                        asks_payer: false,
                    },
                ]),
                format!(
                    r#"{{"tender_begun":[{{"submission":{},"partner":"dalenys","method":"creditcard","asks_bank":true,"asks_payer":true}},{{"submission":{{{attempt},"acquirer":"test","gift_card":"600000******2000","part":"54 MYR","flow":"hosted_page","deadline":30}},"partner":"illicado","method":"giftcard"}},{{"submission":{{{attempt},"acquirer":"test","redirect":"pay_later","flow":"hosted_page","deadline":30}},"partner":"oney","method":"cb3x"}}]}}"#,
                    sent.replace(r#""flow""#, r#""part":"900 MYR","flow""#)
                ),
            ),
            (Event::TenderEnded(Party::Payer), r#"{"tender_ended":"payer"}"#.to_owned()),
            (
                Event::Redirected { attempt_id: ATTEMPT, url: "https://acquirer.example.com/".to_owned() },
                format!(r#"{{"redirected":{{{attempt},"url":"https://acquirer.example.com/"}}}}"#),
            ),
            (
                Event::Left { attempt_id: ATTEMPT, reason: DeclineReason::Abandoned },
                format!(r#"{{"left":{{{attempt},"reason":"abandoned"}}}}"#),
            ),
            (
                Event::AttemptSent(Submission {
                    means: Means::Local(LocalMeans::new(LocalMethod::Fpx, Some("MB2U0227")).expect("a bank")),
                    payer_ip: None,
                    save_card: false,
                    ..submission()
                }),
                format!(
                    r#"{{"attempt_sent":{{{attempt},"acquirer":"test","local":"fpx MB2U0227","flow":"hosted_page","deadline":30}}}}"#
                ),
            ),
            (
                Event::OperationUnknown { operation_id: OPERATION },
                format!(r#"{{"operation_unknown":{{{operation}}}}}"#),
            ),
            (
                Event::Released { attempt_id: ATTEMPT, amount: money(54) },
                format!(r#"{{"released":{{{attempt},"amount":"54 MYR"}}}}"#),
            ),
            (
                Event::OperationFailed { operation_id: OPERATION, reason: DeclineReason::AcquirerError },
                format!(r#"{{"operation_failed":{{{operation},"reason":"acquirer_error"}}}}"#),
            ),
            (
                Event::Captured {
                    attempt_id: ATTEMPT,
                    operation_id: Some(OPERATION),
                    amount: money(900),
                    fee: money(1),
                },
                format!(r#"{{"captured":{{{attempt},{operation},"amount":"900 MYR","fee":"1 MYR"}}}}"#),
            ),
            (
                Event::Voided { operation_id: Some(OPERATION), amount: money(54) },
                format!(r#"{{"voided":{{{operation},"amount":"54 MYR"}}}}"#),
            ),
            (Event::Voided { operation_id: None, amount: money(54) }, r#"{"voided":{"amount":"54 MYR"}}"#.to_owned()),
            (
                Event::Refunded { operation_id: OPERATION, amount: money(54) },
                format!(r#"{{"refunded":{{{operation},"amount":"54 MYR"}}}}"#),
            ),
            (
                Event::DetailsGiven(Box::new(Customer { email: "a@example.com".to_owned(), ..Customer::default() })),
                r#"{"details_given":{"email":"a@example.com"}}"#.to_owned(),
            ),
            (Event::InvoiceSent, r#""invoice_sent""#.to_owned()),
            (
                Event::MarkedPaid { paid_on: Timestamp::from_micros(3), amount: money(954) },
                r#"{"marked_paid":{"paid_on":3,"amount":"954 MYR"}}"#.to_owned(),
            ),
            (
                Event::SettledByHand(SaidByHand {
                    what: InDoubt::Operation(OperationKind::Refund, OPERATION),
                    verdict: Verdict::Done,
                    by: "Ada".to_owned(),
                    note: "by telephone".to_owned(),
                }),
                r#"{"settled_by_hand":{"what":"refund 00000000-0000-0000-0000-000000000006","verdict":"done","by":"Ada","note":"by telephone"}}"#.to_owned(),
            ),
            (Event::CardForgetting, r#""card_forgetting""#.to_owned()),
            (Event::CardForgotten, r#""card_forgotten""#.to_owned()),
            (Event::Cleared, r#""cleared""#.to_owned()),
            (Event::Settled { amount: money(954) }, r#"{"settled":{"amount":"954 MYR"}}"#.to_owned()),
            (Event::ChargedBack { amount: money(954) }, r#"{"charged_back":{"amount":"954 MYR"}}"#.to_owned()),
            (
                Event::ChargebackReversed { amount: money(954) },
                r#"{"chargeback_reversed":{"amount":"954 MYR"}}"#.to_owned(),
            ),
            (
                Event::Matched(Matched { paid: paid(), ahead: money(0) }),
                r#"{"matched":{"kind":"capture","reference":"00000000-0000-0000-0000-000000000006","amount":"954 MYR","fee":"4 MYR","ahead":"0 MYR","at":{"file":"F-1","line":3}}}"#
                    .to_owned(),
            ),
            (
                Event::Adjusted(Adjusted {
                    difference_id: DifferenceId::new(Uuid::from_u128(9)),
                    kind: LineKind::Refund,
                    reference: OPERATION.uuid(),
                    amount: money(954),
                    paid: -900,
                    ahead: money(0),
                    remedy: Remedy::WriteOff,
                }),
                r#"{"adjusted":{"difference":"00000000-0000-0000-0000-000000000009","kind":"refund","reference":"00000000-0000-0000-0000-000000000006","amount":"954 MYR","paid":-900,"ahead":"0 MYR","remedy":"write_off"}}"#
                    .to_owned(),
            ),
            (Event::AttemptUnknown { attempt_id: ATTEMPT }, format!(r#"{{"attempt_unknown":{{{attempt}}}}}"#)),
            (
                Event::Authorized {
                    attempt_id: ATTEMPT,
                    amount: money(954),
                    acquirer_reference: "A-1".to_owned(),
                    facts,
                },
                format!(
                    r#"{{"authorized":{{{attempt},"amount":"954 MYR","reference":"A-1","facts":{{"kind":"credit","country":"MY"}}}}}}"#
                ),
            ),
            (
                Event::Captured { attempt_id: ATTEMPT, operation_id: None, amount: money(954), fee: money(0) },
                format!(r#"{{"captured":{{{attempt},"amount":"954 MYR","fee":"0 MYR"}}}}"#),
            ),
            (
                Event::Declined { attempt_id: ATTEMPT, reason: DeclineReason::LostCard, facts: CardFacts::default() },
                format!(r#"{{"declined":{{{attempt},"reason":"lost_card"}}}}"#),
            ),
            (Event::ReversalSent { attempt_id: ATTEMPT }, format!(r#"{{"reversal_sent":{{{attempt}}}}}"#)),
            (Event::Reversed { attempt_id: ATTEMPT }, format!(r#"{{"reversed":{{{attempt}}}}}"#)),
        ]
    }

    fn read(document: &str) -> Option<Event> {
        serde_json::from_str::<EventDoc>(document).ok().map(|document| document.into_event(OWNER))
    }

    #[test]
    fn events_are_written_and_read_as_ever() {
        for (event, document) in written() {
            assert_eq!(document, text(&EventDoc::from(event.clone())).expect("it can be written"));
            assert_eq!(Some(event), read(&document), "{document}");
        }
        let names: std::collections::HashSet<_> = written().iter().map(|(event, _)| event.name()).collect();
        assert_eq!(40, names.len(), "every event is in the list");
    }

    #[test]
    fn what_was_never_written_is_not_read() {
        for document in [
            "",
            "{}",
            "null",
            r#""vanished""#,
            r#"{"viewed":{}}"#,
            r#"{"opened":{"amount":"954 MYR"}}"#,
            r#"{"reversed":{"attempt":"00000000-0000-0000-0000-000000000003","more":1}}"#,
            r#"{"reversed":{"attempt":"00000000000000000000000000000003"}}"#,
            r#"{"captured":{"attempt":"00000000-0000-0000-0000-000000000003","amount":"-1 MYR","fee":"0 MYR"}}"#,
            r#"{"captured":{"attempt":"00000000-0000-0000-0000-000000000003","amount":"1 XXX","fee":"0 MYR"}}"#,
            r#"{"declined":{"attempt":"00000000-0000-0000-0000-000000000003","reason":"bad_mood"}}"#,
        ] {
            assert_eq!(None, read(document), "{document}");
        }
    }

    /// Every event of a difference as it was ever written: lines are added here, never changed.
    #[test]
    fn what_happened_to_a_difference_is_read_back() {
        let whose = Whose {
            merchant_id: OWNER.merchant_id,
            payment_id: OWNER.payment_id,
            checkout_id: CheckoutId::new(Uuid::from_u128(4)),
        };
        let line = Some(paid().at);
        let found = Found {
            kind: DifferenceKind::WrongAmount,
            about: LineKind::Capture,
            reference: "R-1".to_owned(),
            payment: Some(whose),
            day: Timestamp::from_micros(7),
            currency: money(0).currency(),
            ours: Some(money(954)),
            theirs: Some(money(900)),
            paid: 890,
            suspended: true,
            line: line.clone(),
        };
        let missing = Found { payment: None, theirs: None, paid: 0, suspended: false, line: None, ..found.clone() };
        let (by, note) = ("ada".to_owned(), "asked".to_owned());
        for (event, text) in [
            (
                DifferenceEvent::Found(Box::new(found)),
                r#"{"difference_found":{"kind":"wrong_amount","about":"capture","reference":"R-1","payment":{"merchant":"00000000-0000-0000-0000-000000000002","payment":"00000000-0000-0000-0000-000000000001","checkout":"00000000-0000-0000-0000-000000000004"},"day":7,"currency":"MYR","ours":"954 MYR","theirs":"900 MYR","paid":890,"suspended":true,"line":{"file":"F-1","line":3}}}"#,
            ),
            (
                DifferenceEvent::Found(Box::new(missing)),
                r#"{"difference_found":{"kind":"wrong_amount","about":"capture","reference":"R-1","day":7,"currency":"MYR","ours":"954 MYR"}}"#,
            ),
            (DifferenceEvent::Owned { by: by.clone() }, r#"{"difference_owned":{"by":"ada"}}"#),
            (
                DifferenceEvent::Settled { remedy: Remedy::Receivable, by, note, moved: true },
                r#"{"difference_settled":{"remedy":"receivable","by":"ada","note":"asked","moved":true}}"#,
            ),
            (DifferenceEvent::Explained { line }, r#"{"difference_explained":{"line":{"file":"F-1","line":3}}}"#),
            (DifferenceEvent::Explained { line: None }, r#"{"difference_explained":{}}"#),
        ] {
            let read: DifferenceEventDoc = serde_json::from_str(text).expect(text);
            assert_eq!(event, DifferenceEvent::from(read));
            assert_eq!(text, super::text(&DifferenceEventDoc::from(event)).expect("text"));
        }
    }

    #[test]
    fn every_word_is_read_back() {
        fn check<T: Word + PartialEq + std::fmt::Debug>(values: impl IntoIterator<Item = T>) {
            for value in values {
                let word = value.to_word();
                assert_eq!(Some(value), T::from_word(&word), "{word}");
            }
        }
        check(DeclineReason::ALL);
        check(RuleName::ALL.iter().copied());
        check(findings());
        check(Brand::ALL.into_iter().chain([Brand::Unknown]));
        check([CaptureMode::Automatic, CaptureMode::Manual]);
        check([ChallengeWindow::Small, ChallengeWindow::Large, ChallengeWindow::Full]);
        check([Expiry { year: 1999, month: 12 }, Expiry { year: 2000, month: 1 }]);
        check([
            TimerKind::Due,
            TimerKind::Inquire { attempt_id: ATTEMPT, asked: 4, not_found: 2 },
            TimerKind::Reverse { attempt_id: ATTEMPT, asked: 0 },
            TimerKind::Lapse,
            TimerKind::Capture,
            TimerKind::ForgetCard,
            TimerKind::Release { asked: 3 },
        ]);
        for unread in ["", "due now", "inquire", "reverse x 1", "2028-13", "2028-00", "954", "954 myr"] {
            assert_eq!(
                (None, None, None),
                (TimerKind::from_word(unread), Expiry::from_word(unread), Money::from_word(unread))
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_and_any_amount_comes_back(holder in ".*", issuer in ".*", minor in 0..=i64::MAX, at in any::<i64>()) {
            let mut submission = submission();
            submission.means = Means::Card { card: CardSummary { holder: holder.clone(), ..card() }, card_id: CardId::new(Uuid::from_u128(5)) };
            submission.deadline = Timestamp::from_micros(at);
            let facts = CardFacts { issuer, ..CardFacts::default() };
            for event in [
                Event::AttemptSent(submission),
                Event::Authorized { attempt_id: ATTEMPT, amount: money(minor), acquirer_reference: holder.clone(), facts },
            ] {
                let document = text(&EventDoc::from(event.clone())).expect("it can be written");
                prop_assert_eq!(Some(event), read(&document));
            }
            let customer = Customer { full_name: holder.clone(), cc: vec![holder], ..Customer::default() };
            let document = text(&CustomerDoc(customer.clone())).expect("it can be written");
            let CustomerDoc(read) = serde_json::from_str(&document).expect("it can be read");
            prop_assert_eq!(customer, read);
        }
    }
}
