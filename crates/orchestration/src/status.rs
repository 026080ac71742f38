//! How a session stands, read from its journal (orchestration-api 4.1).

use domain::{Event, Party, Payment, Recorded, State};

use crate::authorization;
use crate::session_view::SessionStatus;

/// How the session stands. It has no status of its own once its payment has begun, unless somebody ends it.
#[must_use]
pub(crate) fn status(history: &[Recorded]) -> SessionStatus {
    let has = |wanted: fn(&Event) -> bool| history.iter().any(|recorded| wanted(&recorded.event));
    match authorization::ended_by(history) {
        Some(Party::Merchant) => SessionStatus::AbortedByMerchant,
        Some(Party::Payer) => SessionStatus::AbortedByCustomer,
        None if has(|event| matches!(event, Event::TenderBegun(_))) => SessionStatus::Submitted,
        None if has(|event| matches!(event, Event::Expired)) => SessionStatus::Expired,
        // The core's own word for a merchant who ends what nobody paid.
        None if has(|event| matches!(event, Event::Cancelled)) => SessionStatus::AbortedByMerchant,
        None => SessionStatus::Created,
    }
}

/// Whether it could be ended now: before anything was submitted, and while the authorization goes on.
#[must_use]
pub(crate) const fn may_abort(payment: &Payment) -> bool {
    match payment.state {
        State::Open => payment.legs.is_empty(),
        State::InFlight { .. } => true,
        State::Authorized
        | State::Verified
        | State::Captured
        | State::Voided
        | State::PaidElsewhere
        | State::ChargedBack
        | State::Cancelled
        | State::Expired => false,
    }
}

#[cfg(test)]
mod tests {
    use domain::{Command, DeclineReason};
    use serde_json::json;

    use super::*;
    use crate::testing::{Story, approved, attempt, card, declined, leg, settle};

    fn check(story: &Story, expected: SessionStatus, is_endable: bool) {
        assert_eq!((expected, is_endable), (status(&story.history), may_abort(&story.payment)));
    }

    #[test]
    fn a_session_is_submitted_for_ever_unless_somebody_ends_it() {
        let submitted = || Story::begun(vec![leg(0xa1, card(), 3_000)]);
        check(&submitted(), SessionStatus::Submitted, true);
        for outcome in [approved(3_000), declined(DeclineReason::DoNotHonour)] {
            let mut story = submitted();
            story.does(&settle(0xa1, outcome)).expect("ends");
            check(&story, SessionStatus::Submitted, false);
            assert!(story.does(&[Command::EndTender(Party::Merchant)]).is_err(), "as the core says");
        }
        let mut story = submitted();
        story.does(&[Command::EndTender(Party::Payer)]).expect("ends");
        check(&story, SessionStatus::AbortedByCustomer, false);
        story.does(&[Command::Reverse { attempt_id: attempt(0xa1) }]).expect("nothing");
        check(&story, SessionStatus::AbortedByCustomer, false);
    }

    #[test]
    fn a_session_ends_unsubmitted() {
        let created = || Story::of(3_000, None, &json!({}));
        check(&created(), SessionStatus::Created, true);
        for (command, expected) in [
            (Command::EndTender(Party::Merchant), SessionStatus::AbortedByMerchant),
            (Command::EndTender(Party::Payer), SessionStatus::AbortedByCustomer),
            (Command::Cancel, SessionStatus::AbortedByMerchant),
            (Command::PassDue, SessionStatus::Expired),
        ] {
            let mut story = created();
            story.does(&[Command::View, command]).expect("ends");
            check(&story, expected, false);
            assert!(story.does(&[Command::EndTender(Party::Merchant)]).is_err(), "as the core says");
        }
    }
}
