//! How the legs of a payment stand, read from its journal, and what that makes of the whole (orchestration-api 4.2,
//! 5.3).

use domain::{
    Attempt, AttemptId, AttemptStatus, Authentication, AuthenticationFailure, CardFacts, DeclineReason, Event, Leg,
    Means, Party, Payment, Recorded, State, Timestamp,
};

use crate::outcomes::{self, AuthorizationStatus};

/// How far a tender got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Legs are under way.
    Going,
    /// All of them were approved.
    Authorized,
    /// One of them failed.
    Failed,
    /// Somebody ended it.
    Ended(Party),
}

/// A leg, and what the journal says of it.
pub(crate) struct LegStory<'a> {
    pub(crate) leg: &'a Leg,
    /// Its try, once it has begun.
    pub(crate) attempt: Option<&'a Attempt>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// The acquirer's number of what it approved.
    pub(crate) reference: Option<&'a str>,
    /// What the acquirer said of the card.
    pub(crate) facts: Option<&'a CardFacts>,
    /// What the bank said of the payer, when the leg went on with it.
    pub(crate) authentication: Option<&'a Authentication>,
    /// The page of the acquirer's on which the payer confirms.
    pub(crate) page: Option<&'a str>,
    /// Whether the bank asked the payer.
    pub(crate) is_asked: bool,
    declined: Option<DeclineReason>,
    failure: Option<&'a AuthenticationFailure>,
}

/// How a leg stands, in the words of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LegStatus {
    pub(crate) status: AuthorizationStatus,
    /// `partner_status`
    pub(crate) code: &'static str,
    /// `partner_status_description`
    pub(crate) description: &'static str,
}

/// How the authorization of a payment stands; `None` before its tender has begun.
pub(crate) fn status(payment: &Payment, history: &[Recorded]) -> Option<AuthorizationStatus> {
    let standing = standing(payment, history)?;
    Some(of_all(standing, &legs(payment, history)))
}

/// How far the tender got; `None` before it has begun.
pub(crate) fn standing(payment: &Payment, history: &[Recorded]) -> Option<Standing> {
    if payment.legs.is_empty() {
        return None;
    }
    Some(match payment.state {
        State::InFlight { .. } => Standing::Going,
        State::Authorized | State::Verified | State::Captured | State::Voided | State::ChargedBack => {
            Standing::Authorized
        }
        State::Open | State::PaidElsewhere | State::Cancelled | State::Expired => {
            ended_by(history).map_or(Standing::Failed, Standing::Ended)
        }
    })
}

/// Who ended the session, if somebody did.
pub(crate) fn ended_by(history: &[Recorded]) -> Option<Party> {
    history.iter().find_map(|recorded| match recorded.event {
        Event::TenderEnded(party) => Some(party),
        _ => None,
    })
}

/// The legs in split order.
pub(crate) fn legs<'a>(payment: &'a Payment, history: &'a [Recorded]) -> Vec<LegStory<'a>> {
    let begun = begun_at(history).unwrap_or(Timestamp::from_micros(0));
    payment.legs.iter().map(|leg| LegStory::of(leg, payment, history, begun)).collect()
}

/// When the tender began.
pub(crate) fn begun_at(history: &[Recorded]) -> Option<Timestamp> {
    let begun = history.iter().find(|recorded| matches!(recorded.event, Event::TenderBegun(_)));
    begun.map(|recorded| recorded.at)
}

/// The status of the whole: when it failed, that of the leg that failed first in the order of authorization. Those before
/// it were approved, those behind it never begun.
pub(crate) fn of_all(standing: Standing, legs: &[LegStory<'_>]) -> AuthorizationStatus {
    match standing {
        Standing::Going => AuthorizationStatus::Pending,
        Standing::Authorized => AuthorizationStatus::Authorized,
        Standing::Ended(_) => AuthorizationStatus::Aborted,
        Standing::Failed => {
            let mut in_turn: Vec<&LegStory<'_>> = legs.iter().collect();
            in_turn.sort_by_key(|story| !story.leg.submission.means.is_secondary());
            let cause = in_turn.into_iter().find(|story| story.attempt.is_some() && story.reference.is_none());
            cause.map_or(AuthorizationStatus::Aborted, |story| story.status(standing).status)
        }
    }
}

impl<'a> LegStory<'a> {
    fn of(leg: &'a Leg, payment: &'a Payment, history: &'a [Recorded], begun: Timestamp) -> Self {
        let own = leg.submission.attempt_id;
        let mut story = Self {
            leg,
            attempt: payment.attempt(own).ok(),
            created_at: begun,
            updated_at: begun,
            reference: None,
            facts: None,
            authentication: None,
            page: None,
            is_asked: false,
            declined: None,
            failure: None,
        };
        for recorded in history {
            if story.hear(own, &recorded.event) {
                story.updated_at = recorded.at;
            }
        }
        // One that never began ended with the others.
        let end =
            history.iter().rev().find(|recorded| matches!(recorded.event, Event::TenderEnded(_) | Event::Cancelled));
        if let (None, Some(end)) = (story.attempt, end) {
            story.updated_at = end.at;
        }
        story
    }

    /// Takes an event in; answers whether it shows.
    fn hear(&mut self, own: AttemptId, event: &'a Event) -> bool {
        match event {
            Event::Challenged { attempt_id, .. } if *attempt_id == own => self.is_asked = true,
            Event::Authenticated { attempt_id, authentication, .. } if *attempt_id == own => {
                self.authentication = Some(authentication);
            }
            Event::NotAuthenticated { attempt_id, failure } if *attempt_id == own => self.failure = Some(failure),
            Event::Redirected { attempt_id, url } if *attempt_id == own => self.page = Some(url),
            Event::Authorized { attempt_id, acquirer_reference, facts, .. } if *attempt_id == own => {
                (self.reference, self.facts) = (Some(acquirer_reference.as_str()), Some(facts));
            }
            Event::Declined { attempt_id, reason, facts } if *attempt_id == own => {
                (self.declined, self.facts) = (Some(*reason), Some(facts));
            }
            Event::AttemptRefused(refused) if refused.attempt_id == own => self.declined = Some(refused.reason),
            Event::AttemptUnknown { attempt_id }
            | Event::ReversalSent { attempt_id }
            | Event::Reversed { attempt_id }
            | Event::Released { attempt_id, .. }
                if *attempt_id == own => {}
            _ => return false,
        }
        true
    }

    /// How it stands, by how far its tender got.
    pub(crate) fn status(&self, standing: Standing) -> LegStatus {
        let of = |status, code, description| LegStatus { status, code, description };
        let aborted = |code, party| match party {
            Party::Merchant => of(AuthorizationStatus::Aborted, code, outcomes::BY_MERCHANT),
            Party::Payer => of(AuthorizationStatus::Aborted, code, outcomes::BY_CUSTOMER),
        };
        let Some(attempt) = self.attempt else {
            return match standing {
                Standing::Going | Standing::Authorized => {
                    of(AuthorizationStatus::Pending, "pending", outcomes::WAITING)
                }
                Standing::Failed | Standing::Ended(_) => {
                    of(AuthorizationStatus::Aborted, "not_started", outcomes::NOT_STARTED)
                }
            };
        };
        // A word of theirs stays, whatever is undone after it.
        if let Some(reason) = self.declined {
            if let Standing::Ended(party) = standing {
                return aborted(reason.as_str(), party);
            }
            let (status, description) = outcomes::failed(reason, self.failure);
            return of(status, reason.as_str(), description);
        }
        match (attempt.status, self.reference.is_some(), standing) {
            (AttemptStatus::Approved, ..) => of(AuthorizationStatus::Authorized, self.fine(), outcomes::SUCCEEDED),
            (AttemptStatus::Reversing, true, _) => {
                of(AuthorizationStatus::Authorized, self.fine(), outcomes::RELEASE_PENDING)
            }
            (AttemptStatus::Reversed, true, _) => of(AuthorizationStatus::Aborted, "reversed", outcomes::RELEASED),
            (AttemptStatus::Reversing, false, Standing::Ended(party)) => aborted("reversing", party),
            (AttemptStatus::Reversed, false, Standing::Ended(party)) => aborted("reversed", party),
            (AttemptStatus::Reversing, false, Standing::Going | Standing::Authorized) => {
                of(AuthorizationStatus::Pending, "reversing", outcomes::UNCERTAIN)
            }
            // Nobody confirmed it in time. What is approved after the end is undone once more, and shown as it was.
            (AttemptStatus::Reversing | AttemptStatus::Reversed, false, _) if self.page.is_some() => {
                of(AuthorizationStatus::Aborted, "reversed", outcomes::BY_CUSTOMER)
            }
            (AttemptStatus::Reversing | AttemptStatus::Reversed | AttemptStatus::Declined, false, _)
            | (AttemptStatus::Declined, true, _) => of(AuthorizationStatus::Error, "reversed", outcomes::TECHNICAL),
            (AttemptStatus::Unknown, ..) => of(AuthorizationStatus::Pending, "unknown", outcomes::UNCERTAIN),
            (AttemptStatus::Sent | AttemptStatus::Authenticating | AttemptStatus::Redirected, ..) => {
                of(AuthorizationStatus::Pending, "pending", outcomes::WAITING)
            }
        }
    }

    fn fine(&self) -> &'static str {
        fine(&self.leg.submission.means)
    }
}

/// The partner's own code for what went well.
pub(crate) const fn fine(means: &Means) -> &'static str {
    match means {
        Means::GiftCard { .. } => "1",
        Means::Card { .. } | Means::Redirect(_) | Means::Local(_) => "0000",
    }
}
