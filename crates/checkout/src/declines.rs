//! What a payer is told of a failed try (checkout-ux 6). The merchant sees the true reason; the payer never does.

use domain::{CardField, DeclineReason};

use crate::texts;
use crate::words::Message;

/// What a payer is told, and whether the same card may be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advice {
    /// Says that nothing was charged and what to do now. Stands on the page as it is.
    pub text: Message,
    /// For the server only: a page that showed it would tell a card tester what the text hides.
    pub same_card: SameCard,
}

/// Whether the same card may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SameCard {
    /// At once, after fixing what was typed.
    Yes,
    /// One more time.
    Once,
    /// After a pause: the bank or the line was down.
    AfterPause,
    /// Another day: a limit has to pass first.
    Later,
    /// Never for this payment; the server refuses it.
    No,
}

/// The advice for a reason. `proven` is whether the bank has just asked the payer and let them through.
#[must_use]
pub(crate) fn advice(reason: DeclineReason, proven: bool) -> Advice {
    let (text, same_card) = match reason {
        DeclineReason::InvalidCardNumber | DeclineReason::InvalidIssuer => (texts::DECLINED_NUMBER, SameCard::Yes),
        DeclineReason::WrongCvc => (texts::DECLINED_CVC, SameCard::Yes),
        DeclineReason::WrongExpiry => (texts::DECLINED_EXPIRY, SameCard::Yes),
        DeclineReason::ExpiredCard => (texts::DECLINED_EXPIRED, SameCard::No),

        // To name the balance tells a card tester that the card is live: only its holder may know.
        DeclineReason::InsufficientFunds
        | DeclineReason::ExceedsWithdrawalLimit
        | DeclineReason::ExceedsFrequencyLimit => {
            (if proven { texts::DECLINED_BY_LIMIT } else { texts::DECLINED_BY_BANK }, SameCard::Later)
        }
        DeclineReason::DoNotHonour | DeclineReason::NotPermittedToCardholder | DeclineReason::RestrictedCard => {
            (texts::DECLINED_BY_BANK, SameCard::Once)
        }
        // Never revealed: the same text, byte for byte.
        DeclineReason::LostCard
        | DeclineReason::StolenCard
        | DeclineReason::SuspectedFraud
        | DeclineReason::SecurityViolation
        | DeclineReason::PickUpCard
        | DeclineReason::Blocked(_) => (texts::DECLINED_BY_BANK, SameCard::No),

        DeclineReason::AuthenticationRequired
        | DeclineReason::AuthenticationFailed
        | DeclineReason::AuthenticationUnavailable
        | DeclineReason::AuthenticationTimedOut => (texts::DECLINED_UNCONFIRMED, SameCard::Yes),
        DeclineReason::TokenDead => (texts::DECLINED_SAVED, SameCard::No),
        DeclineReason::Field(field, _) => match field {
            CardField::Holder => (texts::DECLINED_HOLDER, SameCard::Yes),
            CardField::Number => (texts::DECLINED_NUMBER, SameCard::Yes),
            CardField::Expiry => (texts::DECLINED_EXPIRY, SameCard::Yes),
            CardField::Cvc => (texts::DECLINED_CVC, SameCard::Yes),
        },
        DeclineReason::IssuerUnavailable | DeclineReason::AcquirerError | DeclineReason::ConnectionFailed => {
            (texts::DECLINED_NO_ANSWER, SameCard::AfterPause)
        }
        DeclineReason::TimedOut => (texts::DECLINED_UNDONE, SameCard::AfterPause),
        DeclineReason::Abandoned => (texts::PARTNER_TIME_UP, SameCard::Yes),
        DeclineReason::NoAcquirer | DeclineReason::Cancelled => (texts::DECLINED_BY_SHOP, SameCard::No),
    };
    Advice { text, same_card }
}

/// What a payer is told who was to confirm at a bank, a wallet or a lender.
#[must_use]
pub(crate) fn advice_elsewhere(reason: DeclineReason) -> Message {
    match reason {
        DeclineReason::Cancelled => texts::LEFT_PARTNER,
        DeclineReason::Abandoned => texts::PARTNER_TIME_UP,
        DeclineReason::IssuerUnavailable | DeclineReason::AcquirerError | DeclineReason::ConnectionFailed => {
            texts::DECLINED_NO_ANSWER
        }
        DeclineReason::TimedOut => texts::DECLINED_UNDONE,
        // Of cards, and told by nobody else.
        _ => texts::DECLINED_ELSEWHERE,
    }
}

#[cfg(test)]
mod tests {
    use domain::BlockedBy;

    use super::*;
    use crate::language::Language;
    use crate::words::Words;

    fn said(advice: &Advice) -> String {
        Words::new(Language::English).say(&advice.text)
    }

    #[test]
    fn every_text_says_in_every_language_that_nothing_was_charged() {
        for words in Language::ALL.map(Words::new) {
            let not_charged = words.say(texts::NOT_CHARGED);
            for reason in DeclineReason::ALL {
                let texts = [advice(reason, true).text, advice(reason, false).text, advice_elsewhere(reason)];
                for text in texts {
                    let text = words.say(&text);
                    assert!(text.contains(&not_charged), "{words:?}: {text}");
                    assert!(text.len() > not_charged.len() + 10, "{words:?}: and what to do: {text}");
                }
            }
        }
    }

    #[test]
    fn every_text_says_that_nothing_was_charged_and_what_to_do() {
        for reason in DeclineReason::ALL {
            for text in [said(&advice(reason, true)), said(&advice(reason, false))] {
                assert!(text.contains("You have not been charged."), "{reason:?}: {text}");
                assert!(text.contains("card") || text.contains("Try again"), "{reason:?}: {text}");
            }
        }
    }

    #[test]
    fn what_must_not_be_revealed_reads_like_any_refusal_of_the_bank() {
        let plain = advice(DeclineReason::DoNotHonour, true).text;
        for reason in [
            DeclineReason::LostCard,
            DeclineReason::StolenCard,
            DeclineReason::SuspectedFraud,
            DeclineReason::SecurityViolation,
            DeclineReason::PickUpCard,
            DeclineReason::Blocked(BlockedBy::ListedCountry),
            DeclineReason::Blocked(BlockedBy::Listed),
            DeclineReason::Blocked(BlockedBy::Retries),
            DeclineReason::Blocked(BlockedBy::Limits),
            DeclineReason::Blocked(BlockedBy::Score),
        ] {
            assert_eq!(plain, advice(reason, true).text);
            assert_eq!(SameCard::No, advice(reason, true).same_card);
        }
        assert_eq!(plain, advice(DeclineReason::InsufficientFunds, false).text, "a live card is not confirmed");
        let limit = said(&advice(DeclineReason::InsufficientFunds, true));
        assert!(limit.contains("available balance or a limit"), "its holder may know: {limit}");
    }

    #[test]
    fn every_reason_has_its_advice() {
        let table: Vec<String> = DeclineReason::ALL
            .iter()
            .map(|reason| {
                let advice = advice(*reason, false);
                format!("{}: {:?}: {}", reason.as_str(), advice.same_card, said(&advice))
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        do_not_honour: Once: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        insufficient_funds: Later: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        expired_card: No: This card has expired. You have not been charged. Use another card.
        lost_card: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        stolen_card: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        suspected_fraud: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        not_permitted_to_cardholder: Once: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        exceeds_withdrawal_limit: Later: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        exceeds_frequency_limit: Later: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        restricted_card: Once: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        security_violation: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        pick_up_card: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        invalid_card_number: Yes: Check the card number. You have not been charged. Try again, or use another card.
        invalid_issuer: Yes: Check the card number. You have not been charged. Try again, or use another card.
        issuer_unavailable: AfterPause: The bank is not answering. You have not been charged. Try again in a few minutes.
        acquirer_error: AfterPause: The bank is not answering. You have not been charged. Try again in a few minutes.
        authentication_required: Yes: We could not confirm this payment with your bank. You have not been charged. Try again, or use another card.
        wrong_cvc: Yes: Check the security code. You have not been charged. Try again, or use another card.
        wrong_expiry: Yes: Check the expiry date. You have not been charged. Try again, or use another card.
        no_acquirer: No: This shop cannot take this card right now. You have not been charged. Choose another way to pay, or another card.
        connection_failed: AfterPause: The bank is not answering. You have not been charged. Try again in a few minutes.
        timed_out: AfterPause: The bank did not answer in time, so we cancelled this try. You have not been charged. Try again in a few minutes.
        authentication_failed: Yes: We could not confirm this payment with your bank. You have not been charged. Try again, or use another card.
        authentication_unavailable: Yes: We could not confirm this payment with your bank. You have not been charged. Try again, or use another card.
        authentication_timed_out: Yes: We could not confirm this payment with your bank. You have not been charged. Try again, or use another card.
        cancelled: No: This shop cannot take this card right now. You have not been charged. Choose another way to pay, or another card.
        abandoned: Yes: The payment was not confirmed in time, so we cancelled this try. You have not been charged. Try again, or choose another way to pay.
        token_dead: No: This saved card can no longer be used. You have not been charged. Use another card.
        blocked_by_country: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        blocked_by_list: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        blocked_by_retries: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        blocked_by_limits: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        blocked_by_score: No: Your bank did not approve this payment. You have not been charged. Use another card or contact your bank.
        holder_missing: Yes: Check the name on the card. You have not been charged. Try again, or use another card.
        holder_too_long: Yes: Check the name on the card. You have not been charged. Try again, or use another card.
        holder_invalid: Yes: Check the name on the card. You have not been charged. Try again, or use another card.
        number_missing: Yes: Check the card number. You have not been charged. Try again, or use another card.
        number_too_long: Yes: Check the card number. You have not been charged. Try again, or use another card.
        number_invalid: Yes: Check the card number. You have not been charged. Try again, or use another card.
        expiry_missing: Yes: Check the expiry date. You have not been charged. Try again, or use another card.
        expiry_too_long: Yes: Check the expiry date. You have not been charged. Try again, or use another card.
        expiry_invalid: Yes: Check the expiry date. You have not been charged. Try again, or use another card.
        cvc_missing: Yes: Check the security code. You have not been charged. Try again, or use another card.
        cvc_too_long: Yes: Check the security code. You have not been charged. Try again, or use another card.
        cvc_invalid: Yes: Check the security code. You have not been charged. Try again, or use another card.
        ");
    }
}
