//! The test cards: the number is the script (checkout-ux 20). `4000 0099 TTRR FFVC` says how 3-D Secure goes (TT),
//! what the issuer answers (RR), and what goes wrong on the way (FF), now or later; V tells cards of one case apart and
//! C is the check digit.
//!
//! Everything is a table. A new behaviour is a new row; a number without a row is declined, never approved.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::{Brand, DeclineReason, Expiry, Pan, Timestamp, TransStatus};
use serde::{Deserialize, Serialize};

use super::Kind;
use super::wire::{AuthenticationIn, InitiatorIn};
use crate::protocol::CardRules;

/// What a number asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Script {
    /// TT: how the payer's authentication goes; 0 is a card without 3-D Secure.
    pub(super) three_ds: u8,
    /// RR: the issuer's response code; 0 approves.
    pub(super) response: u8,
    /// FF: what goes wrong on the way; 0 is nothing.
    pub(super) fault: u8,
}

/// The beginnings of the grammar and the length of its numbers; TT, RR and FF follow the beginning.
const GRAMMAR: [(&str, usize); 12] = [
    ("40000099", 16), // Visa
    ("40000097", 19), // Visa with 19 digits
    ("40000098", 16), // CB and Visa
    ("52000099", 16), // Mastercard
    ("22230099", 16), // Mastercard, the younger range
    ("52000098", 16), // CB and Mastercard
    ("340099", 15),   // American Express
    ("360099", 14),   // Diners Club
    ("60110099", 16), // Discover
    ("35300099", 16), // JCB
    ("62000099", 16), // UnionPay
    ("67000099", 18), // Maestro
];

/// Numbers outside the grammar that existing integrations know (purchases-api 6.4), with every API.
const NAMED: [(&str, Script); 2] = [("4444333322221111", script(0, 0, 0)), ("5555555555554444", script(20, 0, 0))];

/// Numbers that only one API knows.
const ALIASES: [(CardRules, &str, Script); 25] = [
    // card-payments-api 6
    (CardRules::CardPayments, "4111111111111111", script(10, 0, 0)),
    (CardRules::CardPayments, "4000000000010001", script(20, 0, 0)),
    (CardRules::CardPayments, "5200000000010006", script(20, 0, 0)),
    (CardRules::CardPayments, "378282246310005", script(0, 0, 0)),
    (CardRules::CardPayments, "4000000000020000", script(0, 5, 0)),
    (CardRules::CardPayments, "4000000000020018", script(0, 51, 0)),
    (CardRules::CardPayments, "4000000000020026", script(0, 54, 0)),
    (CardRules::CardPayments, "4000000000020034", script(0, 41, 0)),
    (CardRules::CardPayments, "4000000000030009", script(12, 0, 0)),
    (CardRules::CardPayments, "4000000000030017", script(13, 0, 0)),
    (CardRules::CardPayments, "4000000000040008", script(20, 0, HELD_ANSWER)),
    (CardRules::CardPayments, "4000000000050007", script(0, 0, 13)),
    (CardRules::CardPayments, "4000000000050015", script(0, 0, 23)),
    (CardRules::CardPayments, "4000000000060006", script(0, 96, 0)),
    (CardRules::CardPayments, "4000000000070005", script(0, 0, LATER_AUTHENTICATION)),
    (CardRules::CardPayments, "5200000000070000", script(0, 0, LATER_AUTHENTICATION)),
    (CardRules::CardPayments, "4000000000070013", script(0, 0, 91)),
    // orchestration-api 8.4
    (CardRules::Orchestration, "4111111111111111", script(10, 0, 0)),
    (CardRules::Orchestration, "378282246310005", script(10, 0, 0)),
    (CardRules::Orchestration, "4916994064252017", script(20, 0, 0)),
    (CardRules::Orchestration, "4000000000003220", script(20, 0, 0)),
    (CardRules::Orchestration, "4000000000000002", script(0, 5, 0)),
    (CardRules::Orchestration, "4000000000009995", script(0, 51, 0)),
    (CardRules::Orchestration, "4000000000000069", script(0, 54, 0)),
    (CardRules::Orchestration, "4000000000000119", script(0, 96, 0)),
];

const fn script(three_ds: u8, response: u8, fault: u8) -> Script {
    Script { three_ds, response, fault }
}

/// The TT that mean something.
const THREE_DS: [u8; 18] = [0, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 31];

impl Script {
    /// Reads a number; `None` for one that is not in the tables.
    pub(super) fn of(pan: &Pan, rules: CardRules) -> Option<Self> {
        let number = pan.expose();
        if let Some((_, script)) = NAMED.iter().find(|(named, _)| *named == number) {
            return Some(*script);
        }
        if let Some((_, _, script)) = ALIASES.iter().find(|(whose, alias, _)| *whose == rules && *alias == number) {
            return Some(*script);
        }
        let (prefix, _) =
            GRAMMAR.iter().find(|(prefix, length)| number.starts_with(prefix) && number.len() == *length)?;
        let pair = |at: usize| -> Option<u8> { number.get(prefix.len() + at..prefix.len() + at + 2)?.parse().ok() };
        let script = Self { three_ds: pair(0)?, response: pair(2)?, fault: pair(4)? };
        THREE_DS.contains(&script.three_ds).then_some(script)
    }

    /// What goes wrong on the way; `None` for a fault that has no row yet.
    pub(super) fn fault(self) -> Option<&'static Fault> {
        FAULTS.iter().find(|(number, _)| *number == self.fault).map(|(_, fault)| fault)
    }

    /// Whether the bank wants to know of a payment before money may be taken.
    pub(super) fn authentication_due(self) -> bool {
        self.three_ds != 0
    }

    /// Whether asking the bank helps: it wants to know, or a payment that it does not know of may be declined for that.
    pub(super) fn authentication_helps(self) -> bool {
        self.authentication_due() || self.response == SOFT_DECLINE || self.fault == LATER_AUTHENTICATION
    }

    /// What the issuer says to a payment with the kept card, if not the same as to the card that is typed.
    fn kept_card_code(self, authenticated: bool) -> Option<&'static str> {
        let satisfied = self.fault == LATER_AUTHENTICATION && authenticated;
        KEPT_CARDS.iter().find(|(fault, _)| *fault == self.fault && !satisfied).map(|(_, code)| *code)
    }

    /// The issuer's response code. One that no row explains is the plain no.
    fn response_code(self, authenticated: bool) -> &'static str {
        if self.response == 0 || (self.response == SOFT_DECLINE && authenticated) {
            return APPROVED;
        }
        RESPONSES.iter().find(|(code, _)| code.parse() == Ok(self.response)).map_or(DO_NOT_HONOUR, |(code, _)| code)
    }
}

/// The issuer approves.
pub(super) const APPROVED: &str = "00";
/// The issuer approves a part.
pub(super) const PARTIALLY_APPROVED: &str = "10";
/// The issuer says no without a reason.
pub(super) const DO_NOT_HONOUR: &str = "05";
/// There is no such card.
pub(super) const INVALID_NUMBER: &str = "14";
/// There is not enough on it.
pub(super) const INSUFFICIENT_FUNDS: &str = "51";
/// This cannot be paid so.
pub(super) const NOT_PERMITTED: &str = "57";
/// The payer gave up.
pub(super) const CANCELLED: &str = "17";
/// The bank cannot be reached.
pub(super) const ISSUER_UNAVAILABLE: &str = "91";
/// The attempt was reversed before.
pub(super) const REVERSED_BEFORE: &str = "94";

/// The acquirer cannot do what was asked.
pub(super) const MALFUNCTION: &str = "96";

const AUTHENTICATION_DUE: &str = "1A";
const WRONG_EXPIRY: &str = "80";
const WRONG_CVC: &str = "82";
const EXPIRED: &str = "54";
const TOKEN_DEAD: &str = "46";

/// The RR of cards that are declined until the bank has authenticated the payer.
const SOFT_DECLINE: u8 = 70;
/// The FF of cards whose approval is held back for a while.
const HELD_ANSWER: u8 = 10;
/// The FF of cards whose later charges must be authenticated.
const LATER_AUTHENTICATION: u8 = 92;

/// By FF, what becomes of a payment with the kept card.
const KEPT_CARDS: [(u8, &str); 3] =
    [(91, INSUFFICIENT_FUNDS), (LATER_AUTHENTICATION, AUTHENTICATION_DUE), (93, TOKEN_DEAD)];

/// The ISO 8583 response codes a card's RR can ask for.
const RESPONSES: [(&str, DeclineReason); 18] = [
    ("04", DeclineReason::PickUpCard),
    (DO_NOT_HONOUR, DeclineReason::DoNotHonour),
    ("07", DeclineReason::PickUpCard),
    (INVALID_NUMBER, DeclineReason::InvalidCardNumber),
    ("15", DeclineReason::InvalidIssuer),
    ("41", DeclineReason::LostCard),
    ("43", DeclineReason::StolenCard),
    (INSUFFICIENT_FUNDS, DeclineReason::InsufficientFunds),
    (EXPIRED, DeclineReason::ExpiredCard),
    (NOT_PERMITTED, DeclineReason::NotPermittedToCardholder),
    ("59", DeclineReason::SuspectedFraud),
    ("61", DeclineReason::ExceedsWithdrawalLimit),
    ("62", DeclineReason::RestrictedCard),
    ("63", DeclineReason::SecurityViolation),
    ("65", DeclineReason::ExceedsFrequencyLimit),
    ("70", DeclineReason::AuthenticationRequired),
    (ISSUER_UNAVAILABLE, DeclineReason::IssuerUnavailable),
    (MALFUNCTION, DeclineReason::AcquirerError),
];

/// The response codes the acquirer gives by itself; an RR never asks for them.
const CHECKS: [(&str, DeclineReason); 6] = [
    (AUTHENTICATION_DUE, DeclineReason::AuthenticationRequired),
    (WRONG_EXPIRY, DeclineReason::WrongExpiry),
    (WRONG_CVC, DeclineReason::WrongCvc),
    (CANCELLED, DeclineReason::Cancelled),
    (REVERSED_BEFORE, DeclineReason::DoNotHonour),
    (TOKEN_DEAD, DeclineReason::TokenDead),
];

/// Why a response code other than an approval says no.
pub(super) fn reason(code: &str) -> DeclineReason {
    let row = RESPONSES.iter().chain(&CHECKS).find(|(known, _)| *known == code);
    row.map_or(DeclineReason::DoNotHonour, |(_, reason)| *reason)
}

/// A card and what came with it.
pub(super) struct Presented<'a> {
    pub(super) pan: &'a Pan,
    pub(super) cvc: Option<&'a str>,
    pub(super) expiry: Expiry,
    pub(super) authentication: Option<&'a AuthenticationIn<'a>>,
    /// A kept card comes without a code; of a merchant's charge, nobody can be asked.
    pub(super) initiated_by: InitiatorIn,
    pub(super) rules: CardRules,
}

/// What is judged of a card, in this order: the number, the expiry date, the authentication that is due, the
/// verification code, the script. The code comes after the authentication (checkout-ux 20).
pub(super) fn judge(card: &Presented<'_>, now: Timestamp) -> Judgement {
    let Some((script, fault)) = Script::of(card.pan, card.rules).and_then(|script| Some((script, script.fault()?)))
    else {
        return Judgement { code: INVALID_NUMBER, fault: &NOTHING, number: 0 };
    };
    let authenticated = card.authentication.is_some_and(|said| is_good(said, card.pan.brand()));
    let missing = if card.authentication.is_some() { !authenticated } else { script.authentication_due() };
    let past = card.expiry.is_past(now);
    let code = match card.initiated_by {
        InitiatorIn::Payer if past && card.rules == CardRules::Purchases => WRONG_EXPIRY,
        InitiatorIn::Payer | InitiatorIn::PayerWithKeptCard | InitiatorIn::Merchant if past => EXPIRED,
        InitiatorIn::Payer | InitiatorIn::PayerWithKeptCard if missing => AUTHENTICATION_DUE,
        InitiatorIn::Payer if !is_code_right(card) => WRONG_CVC,
        InitiatorIn::Payer => script.response_code(authenticated),
        InitiatorIn::PayerWithKeptCard | InitiatorIn::Merchant => {
            script.kept_card_code(authenticated).unwrap_or(script.response_code(authenticated))
        }
    };
    Judgement { code, fault, number: script.fault }
}

fn is_code_right(card: &Presented<'_>) -> bool {
    let length = card.pan.brand().cvc_len();
    match card.rules {
        CardRules::Purchases => card.cvc == Some(if length == 4 { "1234" } else { "123" }),
        CardRules::CardPayments | CardRules::Orchestration => card.cvc.is_some_and(|code| code.len() == length),
    }
}

/// The electronic commerce indicator of an answer (checkout-ux 9.1).
pub(super) fn eci(brand: Brand, status: TransStatus) -> &'static str {
    let mastercard = matches!(brand, Brand::Mastercard | Brand::Maestro);
    match (status, mastercard) {
        (TransStatus::Authenticated, true) => "02",
        (TransStatus::Authenticated, false) => "05",
        (TransStatus::Attempted, true) => "01",
        (TransStatus::Attempted, false) => "06",
        (TransStatus::Informational, true) => "06",
        (TransStatus::NotAuthenticated | TransStatus::Unavailable | TransStatus::Rejected, true) => "00",
        (
            TransStatus::Informational
            | TransStatus::NotAuthenticated
            | TransStatus::Unavailable
            | TransStatus::Rejected,
            false,
        ) => "07",
    }
}

/// Whether the bank stands by an answer with an authentication value.
pub(super) const fn has_cavv(status: TransStatus) -> bool {
    matches!(status, TransStatus::Authenticated | TransStatus::Attempted)
}

/// Whether an authentication is one that a bank of this card could have made.
fn is_good(said: &AuthenticationIn<'_>, brand: Brand) -> bool {
    let Some(status) = TransStatus::parse(&said.status) else { return false };
    let value = BASE64_STANDARD.decode(said.cavv.as_bytes()).map(|value| value.len());
    let cavv_fits = if has_cavv(status) { value == Ok(20) } else { said.cavv.is_empty() };
    status.may_go_on() && eci(brand, status) == said.eci && cavv_fits
}

/// What the issuer says and what becomes of its words.
#[derive(Clone, Copy)]
pub(super) struct Judgement {
    /// The response code.
    pub(super) code: &'static str,
    /// What goes wrong on the way, whatever the issuer says.
    pub(super) fault: &'static Fault,
    /// FF: the same, for what comes later.
    pub(super) number: u8,
}

/// What goes wrong with one authorization. A repeat of the same reference gets a sound answer, if it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// What becomes of the request.
    pub(super) request: Travel,
    /// How long the issuer thinks.
    pub(super) thinks: Duration,
    /// What the issuer makes of an approval.
    pub(super) decision: Twist,
    /// What becomes of the answer.
    pub(super) answer: Answering,
    /// How long inquiries are not answered.
    pub(super) mute: Duration,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Travel {
    /// It arrives after this time.
    Arrives(Duration),
    /// It is sent and never arrives.
    Lost,
    /// There is no connection to send it on.
    Refused,
}

/// What the issuer makes of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twist {
    /// It stays one.
    None,
    /// It becomes a decline.
    Declined,
    /// It becomes a decline the first time this card is tried.
    FirstDeclined,
    /// Only half of the amount is approved, half up.
    Half,
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answering {
    /// It says at once what is known by then.
    AtOnce,
    /// It waits for the decision.
    WhenDecided,
    /// It comes once, and then once more.
    Twice,
    /// It is lost.
    Never,
    /// The connection breaks instead.
    Reset,
    /// It is an HTTP 500.
    ServerError,
    /// It is no JSON.
    Garbled,
    /// It names another payment.
    OtherPayment,
    /// It names another amount.
    WrongAmount,
    /// It names another currency.
    WrongCurrency,
}

const NOTHING: Fault = Fault {
    request: Travel::Arrives(Duration::ZERO),
    thinks: Duration::ZERO,
    decision: Twist::None,
    answer: Answering::AtOnce,
    mute: Duration::ZERO,
};

/// FF, row by row: what goes wrong with the authorization. Where that is nothing, something goes wrong later: with what is
/// asked after it ([`LATER_FAULTS`]), with charges of the kept card ([`KEPT_CARDS`]), or by itself
/// ([`charged_back_after`]).
const FAULTS: [(u8, Fault); 35] = [
    (0, NOTHING),
    (1, Fault { answer: Answering::Never, ..NOTHING }),
    (2, Fault { request: Travel::Lost, ..NOTHING }),
    (3, Fault { request: Travel::Arrives(Duration::from_secs(45)), answer: Answering::WhenDecided, ..NOTHING }),
    (4, Fault { answer: Answering::Reset, ..NOTHING }),
    (5, Fault { answer: Answering::Twice, ..NOTHING }),
    (6, Fault { answer: Answering::ServerError, ..NOTHING }),
    (7, Fault { thinks: Duration::from_secs(10), ..NOTHING }),
    (8, Fault { thinks: Duration::from_secs(10), decision: Twist::Declined, ..NOTHING }),
    (9, Fault { thinks: Duration::from_secs(8), answer: Answering::WhenDecided, ..NOTHING }),
    (HELD_ANSWER, Fault { thinks: Duration::from_secs(5), answer: Answering::WhenDecided, ..NOTHING }),
    (11, NOTHING),
    (12, NOTHING),
    (13, NOTHING),
    (14, NOTHING),
    (21, NOTHING),
    (22, NOTHING),
    (23, NOTHING),
    (24, NOTHING),
    (31, NOTHING),
    (32, NOTHING),
    (33, NOTHING),
    (41, Fault { answer: Answering::Never, mute: Duration::from_mins(5), ..NOTHING }),
    // Longer than a day: an operator has to ask by other means.
    (42, Fault { answer: Answering::Never, mute: Duration::from_hours(30), ..NOTHING }),
    (51, Fault { decision: Twist::Half, ..NOTHING }),
    (CHARGED_BACK, NOTHING),
    (71, Fault { answer: Answering::Garbled, ..NOTHING }),
    (72, Fault { answer: Answering::OtherPayment, ..NOTHING }),
    (73, Fault { answer: Answering::WrongAmount, ..NOTHING }),
    (74, Fault { answer: Answering::WrongCurrency, ..NOTHING }),
    (81, Fault { request: Travel::Refused, ..NOTHING }),
    (91, NOTHING),
    (LATER_AUTHENTICATION, NOTHING),
    (93, NOTHING),
    (94, Fault { decision: Twist::FirstDeclined, ..NOTHING }),
];

/// How long inquiries about an authorization with this FF are not answered.
pub(super) fn mute(number: u8) -> Duration {
    FAULTS.iter().find(|(known, _)| *known == number).map_or(Duration::ZERO, |(_, fault)| fault.mute)
}

/// The FF of cards whose payer takes the money back.
const CHARGED_BACK: u8 = 61;

/// How long after taking it the money of a card with this FF is charged back.
pub(super) fn charged_back_after(number: u8) -> Option<Duration> {
    (number == CHARGED_BACK).then_some(Duration::from_mins(1))
}

/// What goes wrong with something that is asked after the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LaterFault {
    /// How many requests with the same reference never arrive.
    pub(super) lost: u64,
    /// How long the acquirer thinks.
    pub(super) thinks: Duration,
    /// It says no.
    pub(super) declined: bool,
    /// What becomes of the first answer.
    pub(super) answer: FirstAnswer,
    /// How long inquiries are not answered.
    pub(super) mute: Duration,
}

/// What becomes of the first answer to something that is asked after the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstAnswer {
    /// It says what is known.
    Sound,
    /// It is lost.
    Lost,
    /// It is no JSON.
    Garbled,
}

const NOTHING_LATER: LaterFault =
    LaterFault { lost: 0, thinks: Duration::ZERO, declined: false, answer: FirstAnswer::Sound, mute: Duration::ZERO };
const SILENT: LaterFault = LaterFault { answer: FirstAnswer::Lost, ..NOTHING_LATER };
const LOST_ONCE: LaterFault = LaterFault { lost: 1, ..NOTHING_LATER };
const DECLINED: LaterFault = LaterFault { declined: true, ..NOTHING_LATER };
const PENDING: LaterFault = LaterFault { thinks: Duration::from_secs(10), ..NOTHING_LATER };
const LOST_THRICE: LaterFault = LaterFault { lost: 3, ..NOTHING_LATER };
const LOST_ALWAYS: LaterFault = LaterFault { lost: u64::MAX, ..NOTHING_LATER };

/// FF, row by row: what goes wrong with what is asked after the authorization. A void is the reversal of a reservation.
const LATER_FAULTS: [(u8, Kind, LaterFault); 13] = [
    (11, Kind::Capture, SILENT),
    (12, Kind::Capture, LOST_ONCE),
    (13, Kind::Capture, DECLINED),
    (14, Kind::Capture, PENDING),
    (21, Kind::Refund, SILENT),
    (22, Kind::Refund, LOST_ONCE),
    (23, Kind::Refund, DECLINED),
    (24, Kind::Refund, PENDING),
    (31, Kind::Reversal, LOST_THRICE),
    (31, Kind::Void, LOST_THRICE),
    (32, Kind::Reversal, LOST_ALWAYS),
    (32, Kind::Void, LOST_ALWAYS),
    (33, Kind::Void, DECLINED),
];

/// What goes wrong with `kind` when the card of the authorization has this FF.
pub(super) fn later(number: u8, kind: Kind) -> LaterFault {
    let row = LATER_FAULTS.iter().find(|(known, what, _)| *known == number && *what == kind);
    row.map_or(NOTHING_LATER, |(_, _, fault)| *fault)
}

/// What a merchant's note can ask for, whatever the card (orchestration-api 8.4).
const WORDS: [(&str, LaterFault); 3] = [
    ("SIM_PENDING", LaterFault { thinks: Duration::from_secs(5), ..NOTHING_LATER }),
    ("SIM_FAILURE", DECLINED),
    ("SIM_UNCERTAIN", LaterFault { answer: FirstAnswer::Garbled, mute: Duration::from_mins(5), ..NOTHING_LATER }),
];

/// What a merchant's note asks for, if it does.
pub(super) fn asked_for(note: &str) -> Option<LaterFault> {
    WORDS.iter().find(|(word, _)| note.contains(word)).map(|(_, fault)| *fault)
}
