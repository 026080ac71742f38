//! The card schemes' directory and the payers' banks of the test world: what 3-D Secure asks and who answers. What
//! happens is written in the card's number (TT, checkout-ux 20).
//!
//! Who acts: the gateway asks ([`Directory::authenticate`]); the pages of the bank show what [`Directory::challenge`]
//! says and bring what the payer does ([`Directory::answer`]); the gateway learns the truth from
//! [`Directory::result`], never from the browser.
//!
//! Questions are kept in memory only: one that a restart forgets is never answered, and times out.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::{AttemptId, Authentication, AuthenticationIds, Brand, Challenge, Money, Pan, Timestamp, TransStatus};
use env::Env;
use uuid::Uuid;

use super::cards::{self, Script};
use crate::protocol::CardRules;
use crate::three_ds::{self, AuthenticationAnswer, AuthenticationRequest, CRes, MethodCompletion};

/// How long a directory may take (checkout-ux 9).
const DIRECTORY_TIME_MAX: Duration = Duration::from_secs(30);
/// How long the bank waits for the browser to come at all.
const CREQ_TIME_MAX: Duration = Duration::from_secs(30);
/// How long the bank waits for the payer.
const CHALLENGE_TIME_MAX: Duration = Duration::from_mins(10);
/// How long the bank's silent look at the browser may take.
const METHOD_TIME_MAX: Duration = Duration::from_secs(10);
/// What the payer must type.
const CODE: &str = "1234";
const TRIES: u8 = 3;
const RESENDS: u8 = 3;
/// Questions kept; the oldest are forgotten.
const QUESTIONS_MAX: usize = 10_000;
/// The bank's page, under the address it is given.
const PAGE: &str = "/acs/challenge";

/// Directory and banks. Clones are the same one.
#[derive(Clone)]
pub struct Directory {
    env: Env,
    questions: Arc<Mutex<Questions>>,
}

/// What the bank's page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcsView {
    /// Who takes the money.
    pub merchant: String,
    /// How much.
    pub amount: Money,
    /// The last four digits of the card.
    pub last4: String,
    /// Whose mark the page bears.
    pub scheme: Brand,
    /// When the bank was asked.
    pub date: Timestamp,
    /// Codes that may still be typed.
    pub tries_left: u8,
    /// Codes that may still be sent.
    pub resends_left: u8,
    /// What the page does.
    pub behaviour: AcsBehaviour,
    /// Whether there is nothing left to ask.
    pub ended: bool,
    /// Where the browser goes with the CRes.
    pub return_url: String,
    /// The ids of the authentication.
    pub ids: AuthenticationIds,
}

/// What the bank's page does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcsBehaviour {
    /// It asks the payer.
    Asks,
    /// It gives this answer as soon as it opens.
    AnswersByItself(AcsAnswer<'static>),
    /// It asks, and never sends the payer back.
    NeverReturns,
    /// It is an HTTP 500.
    Broken,
}

/// What a payer, or a tester, does on the bank's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcsAnswer<'a> {
    /// Comes, and has done nothing yet.
    Open,
    /// Types a code.
    Otp(&'a str),
    /// Wants another code.
    Resend,
    /// Gives up.
    Cancel,
    /// Chooses how it ends.
    Choose(TransStatus),
    /// Waits too long.
    Timeout,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcsOutcome {
    /// Not the code.
    WrongOtp {
        /// Codes that may still be typed.
        tries_left: u8,
    },
    /// Another code is on its way, if one was left.
    Resent {
        /// Codes that may still be sent.
        left: u8,
    },
    /// It has ended; a repeat says the same.
    Done {
        /// The form field that the browser carries to the return address.
        cres: String,
        /// How often it does.
        times: u8,
    },
    /// Nothing comes: the page stays as it is.
    Nothing,
}

#[derive(Default)]
struct Questions {
    by_acs: HashMap<Uuid, Question>,
    by_server: HashMap<Uuid, Uuid>,
    by_attempt: HashMap<AttemptId, Uuid>,
    oldest_first: VecDeque<Uuid>,
}

struct Question {
    attempt_id: AttemptId,
    three_ds: u8,
    /// Whether the browser came in time.
    opened: bool,
    view: AcsView,
    challenge: Challenge,
    end: Option<End>,
}

#[derive(Clone)]
struct End {
    cres: String,
    times: u8,
    truth: Authentication,
}

/// What a bank makes of a payer: `transStatus`, `transStatusReason` and `challengeCancel` (EMV 3DS 2.2, table A.1).
#[derive(Clone, Copy)]
struct Said {
    status: TransStatus,
    reason: &'static str,
    cancel: &'static str,
}

impl Said {
    const YES: Self = Self { status: TransStatus::Authenticated, reason: "", cancel: "" };
    const WRONG_CODES: Self = Self::no("01", "");
    const EXPIRED_CARD: Self = Self::no("05", "");
    const CANCELLED: Self = Self::no("01", "01");
    const TIMED_OUT: Self = Self::no("14", "04");
    const NEVER_CAME: Self = Self::no("14", "05");

    const fn no(reason: &'static str, cancel: &'static str) -> Self {
        Self { status: TransStatus::NotAuthenticated, reason, cancel }
    }

    /// Without a word of the payer's.
    const fn at_once(status: TransStatus) -> Self {
        let reason = match status {
            TransStatus::Authenticated | TransStatus::Attempted | TransStatus::Informational => "",
            // Low confidence, not enrolled, suspected fraud.
            TransStatus::NotAuthenticated => "15",
            TransStatus::Unavailable => "13",
            TransStatus::Rejected => "11",
        };
        Self { status, reason, cancel: "" }
    }

    /// As a tester chooses on the bank's page.
    const fn chosen(status: TransStatus) -> Self {
        match status {
            TransStatus::NotAuthenticated => Self::WRONG_CODES,
            TransStatus::Unavailable => Self { reason: "14", ..Self::at_once(status) },
            TransStatus::Authenticated
            | TransStatus::Attempted
            | TransStatus::Informational
            | TransStatus::Rejected => Self::at_once(status),
        }
    }
}

impl Directory {
    /// One that was asked nothing yet.
    #[must_use]
    pub fn new(env: Env) -> Self {
        Self { env, questions: Arc::default() }
    }

    /// Whether the card's bank wants to be asked. A look at the number; ordinary cards pay nothing for it.
    #[must_use]
    pub fn participates(&self, pan: &Pan, rules: CardRules) -> bool {
        Script::of(pan, rules).is_some_and(Script::authentication_due)
    }

    /// Lets the bank look at the browser first (3DS Method): over in 10 seconds by the clock, one way or the other.
    ///
    /// As with [`crate::Acquirer::ask`], do not race this against another sleep of the same activity.
    pub async fn look_at_browser(&self, pan: &Pan, rules: CardRules) -> MethodCompletion {
        match Script::of(pan, rules) {
            Some(Script { three_ds: METHOD_HANGS, .. }) => {
                self.env.sleep(METHOD_TIME_MAX).await;
                MethodCompletion::NotCompleted
            }
            Some(script) if script.authentication_due() => MethodCompletion::Completed,
            Some(_) | None => MethodCompletion::Unavailable,
        }
    }

    /// Asks the bank. Most answers come at once, and all within 30 seconds by the clock.
    ///
    /// As with [`crate::Acquirer::ask`], do not race this against another sleep of the same activity.
    pub async fn authenticate(&self, request: AuthenticationRequest<'_>) -> AuthenticationAnswer {
        let asked = |script: &Script| script.authentication_due() || request.force;
        let Some(script) = Script::of(request.pan, request.rules).filter(asked) else {
            return AuthenticationAnswer::NoAnswer;
        };
        let frictionless = |said| AuthenticationAnswer::Said(self.says(self.ids(), request.pan.brand(), said, false));
        if request.expiry.is_past(self.env.now()) {
            return frictionless(Said::EXPIRED_CARD);
        }
        // With these rules, whoever wants the bank to be asked wants the payer to be asked (orchestration-api 8.4).
        let ask_payer = request.ask_payer || (request.force && request.rules == CardRules::Orchestration);
        match script.three_ds {
            // Who would pass without a question is asked one.
            0 | 10 | 11 | 15 | 31 if ask_payer => {
                AuthenticationAnswer::Challenge(self.ask_payer(&request, script.three_ds))
            }
            // No bank takes part: the scheme stands in for it.
            0 if !script.authentication_helps() => frictionless(Said::at_once(TransStatus::Attempted)),
            10 => frictionless(Said::at_once(TransStatus::Authenticated)),
            11 => frictionless(Said::at_once(TransStatus::Attempted)),
            12 => frictionless(Said::at_once(TransStatus::NotAuthenticated)),
            13 => frictionless(Said::at_once(TransStatus::Unavailable)),
            14 => frictionless(Said::at_once(TransStatus::Rejected)),
            15 => frictionless(Said::at_once(TransStatus::Informational)),
            // A bank that was not to be asked, and is, asks the payer.
            0 | 20..=28 => AuthenticationAnswer::Challenge(self.ask_payer(&request, script.three_ds)),
            30 => {
                self.env.sleep(DIRECTORY_TIME_MAX).await;
                AuthenticationAnswer::NoAnswer
            }
            // This bank never got to see the browser, and minds being told otherwise.
            METHOD_HANGS if request.method == MethodCompletion::NotCompleted => {
                frictionless(Said::at_once(TransStatus::Authenticated))
            }
            METHOD_HANGS => frictionless(Said::at_once(TransStatus::Rejected)),
            _ => AuthenticationAnswer::NoAnswer,
        }
    }

    /// What the bank's page shows; `None` for a question that nobody asked, or that is forgotten.
    #[must_use]
    pub fn challenge(&self, acs_trans_id: Uuid) -> Option<AcsView> {
        let questions = self.questions();
        let question = questions.by_acs.get(&acs_trans_id)?;
        let ended = question.end.is_some() || self.is_over(question);
        Some(AcsView { ended, ..question.view.clone() })
    }

    /// What the payer does on the bank's page; `None` for a question that nobody asked, or that is forgotten.
    pub fn answer(&self, acs_trans_id: Uuid, answer: AcsAnswer<'_>) -> Option<AcsOutcome> {
        let mut questions = self.questions();
        let question = questions.by_acs.get_mut(&acs_trans_id)?;
        if let Some(End { cres, times, .. }) = question.end.clone() {
            return Some(AcsOutcome::Done { cres, times });
        }
        let never_came = !question.opened && self.env.now() >= question.view.date.plus(CREQ_TIME_MAX);
        question.opened |= !never_came;
        let said = match (question.view.behaviour, answer) {
            (AcsBehaviour::NeverReturns | AcsBehaviour::Broken, _) => return Some(AcsOutcome::Nothing),
            _ if self.is_over(question) => Said::TIMED_OUT,
            _ if never_came => Said::NEVER_CAME,
            // It does what it does, whoever opened it.
            (AcsBehaviour::AnswersByItself(AcsAnswer::Choose(status)), _) => Said::chosen(status),
            (AcsBehaviour::AnswersByItself(_), _) => Said::CANCELLED,
            (AcsBehaviour::Asks, AcsAnswer::Open) => return Some(AcsOutcome::Nothing),
            (_, AcsAnswer::Resend) => {
                question.view.resends_left = question.view.resends_left.saturating_sub(1);
                return Some(AcsOutcome::Resent { left: question.view.resends_left });
            }
            (_, AcsAnswer::Choose(status)) => Said::chosen(status),
            (_, AcsAnswer::Cancel) => Said::CANCELLED,
            (_, AcsAnswer::Timeout) => Said::TIMED_OUT,
            (AcsBehaviour::Asks, AcsAnswer::Otp(CODE)) => Said::YES,
            (AcsBehaviour::Asks, AcsAnswer::Otp(_)) => {
                question.view.tries_left = question.view.tries_left.saturating_sub(1);
                match question.view.tries_left {
                    0 => Said::WRONG_CODES,
                    tries_left => return Some(AcsOutcome::WrongOtp { tries_left }),
                }
            }
        };
        let end = self.end(question, said);
        let done = AcsOutcome::Done { cres: end.cres.clone(), times: end.times };
        question.end = Some(end);
        Some(done)
    }

    /// What came of a question, as the bank tells the gateway itself (RReq); `None` until it has ended.
    #[must_use]
    pub fn result(&self, server_trans_id: Uuid) -> Option<Authentication> {
        let questions = self.questions();
        let question = questions.by_acs.get(questions.by_server.get(&server_trans_id)?)?;
        Some(question.end.as_ref()?.truth.clone())
    }

    fn ids(&self) -> AuthenticationIds {
        let [server, directory, acs] = [(); 3].map(|()| self.env.random_id());
        AuthenticationIds { server, directory, acs }
    }

    fn says(&self, ids: AuthenticationIds, brand: Brand, said: Said, challenged: bool) -> Authentication {
        let Said { status, reason, cancel } = said;
        let has_value = cards::has_cavv(status);
        Authentication {
            ids,
            status,
            reason: reason.to_owned(),
            cancel: cancel.to_owned(),
            eci: cards::eci(brand, status).to_owned(),
            cavv: if has_value { BASE64_STANDARD.encode(self.env.bytes::<20>()) } else { String::new() },
            challenged,
        }
    }

    fn ask_payer(&self, request: &AuthenticationRequest<'_>, three_ds: u8) -> Challenge {
        let mut questions = self.questions();
        if let Some(asked) = questions.by_attempt.get(&request.attempt_id).and_then(|acs| questions.by_acs.get(acs)) {
            return asked.challenge.clone();
        }
        let ids = self.ids();
        let challenge = Challenge { ids, acs_url: format!("{}{PAGE}", request.acs_base.trim_end_matches('/')) };
        let masked = request.pan.masked();
        let view = AcsView {
            merchant: request.merchant.to_owned(),
            amount: request.amount,
            last4: masked[masked.len() - 4..].to_owned(),
            scheme: request.pan.brand(),
            date: self.env.now(),
            tries_left: TRIES,
            resends_left: RESENDS,
            behaviour: behaviour(three_ds),
            ended: false,
            return_url: request.return_url.to_owned(),
            ids,
        };
        let attempt_id = request.attempt_id;
        let asked = challenge.clone();
        questions.keep(Question { attempt_id, three_ds, opened: false, view, challenge: asked, end: None });
        challenge
    }

    fn end(&self, question: &Question, said: Said) -> End {
        let ids = question.view.ids;
        // The page shows success, and the bank means the opposite.
        let (meant, shown) = if question.three_ds == 27 { (Said::WRONG_CODES, Said::YES) } else { (said, said) };
        let truth = self.says(ids, question.view.scheme, meant, true);
        let acs = if question.three_ds == 26 { self.env.random_id() } else { ids.acs };
        let cres = three_ds::cres(&CRes { server: ids.server, acs, status: shown.status }, shown.cancel);
        End { cres, times: if question.three_ds == 25 { 2 } else { 1 }, truth }
    }

    /// Whether the bank does not wait any more.
    fn is_over(&self, question: &Question) -> bool {
        self.env.now() >= question.view.date.plus(CHALLENGE_TIME_MAX)
    }

    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Questions {
    fn keep(&mut self, question: Question) {
        while self.oldest_first.len() >= QUESTIONS_MAX {
            let forgotten = self.oldest_first.pop_front().and_then(|acs| self.by_acs.remove(&acs));
            if let Some(question) = forgotten {
                self.by_server.remove(&question.view.ids.server);
                self.by_attempt.remove(&question.attempt_id);
            }
        }
        let ids = question.view.ids;
        self.oldest_first.push_back(ids.acs);
        self.by_server.insert(ids.server, ids.acs);
        self.by_attempt.insert(question.attempt_id, ids.acs);
        self.by_acs.insert(ids.acs, question);
    }
}

/// The TT of cards whose bank never gets to see the browser.
const METHOD_HANGS: u8 = 31;

/// TT, as far as the bank's page knows it.
fn behaviour(three_ds: u8) -> AcsBehaviour {
    match three_ds {
        21 => AcsBehaviour::AnswersByItself(AcsAnswer::Choose(TransStatus::Authenticated)),
        22 => AcsBehaviour::AnswersByItself(AcsAnswer::Choose(TransStatus::NotAuthenticated)),
        23 => AcsBehaviour::NeverReturns,
        24 => AcsBehaviour::AnswersByItself(AcsAnswer::Cancel),
        28 => AcsBehaviour::Broken,
        _ => AcsBehaviour::Asks,
    }
}

#[cfg(test)]
mod tests {
    use domain::{Currency, Expiry};

    use super::*;

    #[tokio::test]
    async fn only_so_many_questions_are_kept() {
        let env = Env::still(Timestamp::from_seconds(1_795_132_800), 7);
        let directory = Directory::new(env.clone());
        let pan = Pan::parse("4000 0099 2000 0000").expect("a card");
        let mut asked = Vec::new();
        for _ in 0..QUESTIONS_MAX + 5 {
            let request = AuthenticationRequest {
                attempt_id: AttemptId::new(env.ordered_id()),
                pan: &pan,
                expiry: Expiry { year: 2030, month: 1 },
                amount: Money::zero(Currency::parse("MYR").expect("a currency")),
                merchant: "",
                return_url: "",
                acs_base: "",
                window: domain::ChallengeWindow::Full,
                method: MethodCompletion::Completed,
                force: false,
                ask_payer: false,
                rules: CardRules::Purchases,
            };
            match directory.authenticate(request).await {
                AuthenticationAnswer::Challenge(challenge) => asked.push(challenge.ids),
                answer => panic!("{answer:?}"),
            }
        }
        assert_eq!(None, directory.challenge(asked[4].acs));
        assert!(directory.challenge(asked[5].acs).is_some());
        let questions = directory.questions();
        let sizes = [questions.by_acs.len(), questions.by_server.len(), questions.by_attempt.len()];
        assert_eq!([QUESTIONS_MAX; 3], sizes, "nothing is left behind");
    }
}
