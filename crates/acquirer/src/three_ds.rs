//! 3-D Secure 2 as the gateway speaks it (EMV 3DS 2.2, checkout-ux 9): what is asked of a scheme's directory, and the
//! two messages that the payer's browser carries to the bank and back.
//!
//! The browser is not to be trusted: [`CRes`] only says that something happened. What happened, the bank tells the
//! gateway itself ([`AuthenticationResult`], security B8).

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use domain::{
    AttemptId, Authentication, AuthenticationIds, Challenge, ChallengeWindow, Expiry, Money, Pan, TransStatus,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::protocol::CardRules;

/// The version of every message.
pub const MESSAGE_VERSION: &str = "2.2.0";

/// Longer messages than this are not read.
const MESSAGE_CHARS_MAX: usize = 8 * 1_024;

/// Base64url as EMV wants it, and with the padding that some banks add.
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bank is asked whether it knows the payer (AReq).
#[derive(Clone, Copy)]
pub struct AuthenticationRequest<'a> {
    /// The try. Asked twice, the bank asks the payer once.
    pub attempt_id: AttemptId,
    /// The card.
    pub pan: &'a Pan,
    /// As typed. The bank does not know the payer of a card that is past it.
    pub expiry: Expiry,
    /// What is to be paid.
    pub amount: Money,
    /// Who takes the money, in words for the payer.
    pub merchant: &'a str,
    /// Where the bank's page sends the browser back to (`notificationURL`).
    pub return_url: &'a str,
    /// Our own public address, under which the bank's page of the test world lies too.
    pub acs_base: &'a str,
    /// How large the bank's page may be.
    pub window: ChallengeWindow,
    /// What came of the bank's look at the browser.
    pub method: MethodCompletion,
    /// Ask also for a card that would pass without: the acquirer wants it so.
    pub force: bool,
    /// The payer must be asked, whatever the bank thinks of it.
    pub ask_payer: bool,
    /// Which rules for test cards hold.
    pub rules: CardRules,
}

/// What came of the bank's silent look at the browser (3DS Method), `threeDSCompInd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodCompletion {
    /// `Y`: the bank has seen it.
    Completed,
    /// `N`: it did not end in time.
    NotCompleted,
    /// `U`: the bank has no such thing.
    Unavailable,
}

/// What the bank says (ARes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthenticationAnswer {
    /// The bank has made up its mind.
    Said(Authentication),
    /// The bank wants to ask the payer.
    Challenge(Challenge),
    /// No answer came, or none could be had for this card.
    NoAnswer,
}

/// What the browser carries to the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CReq {
    /// `threeDSServerTransID`.
    pub server: Uuid,
    /// `acsTransID`.
    pub acs: Uuid,
}

/// What the browser carries back. It proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CRes {
    /// `threeDSServerTransID`.
    pub server: Uuid,
    /// `acsTransID`.
    pub acs: Uuid,
    /// `transStatus`, which decides nothing.
    pub status: TransStatus,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CReqWire {
    #[serde(rename = "threeDSServerTransID")]
    server: String,
    #[serde(rename = "acsTransID")]
    acs: String,
    challenge_window_size: String,
    message_type: String,
    message_version: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CResWire {
    #[serde(rename = "threeDSServerTransID")]
    server: String,
    #[serde(rename = "acsTransID")]
    acs: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    challenge_cancel: String,
    challenge_completion_ind: String,
    message_type: String,
    message_version: String,
    trans_status: String,
}

/// The form field `creq`: base64url without padding.
#[must_use]
pub fn creq(ids: &AuthenticationIds, window: ChallengeWindow) -> String {
    encode(&CReqWire {
        server: ids.server.to_string(),
        acs: ids.acs.to_string(),
        challenge_window_size: window.code().to_owned(),
        message_type: "CReq".to_owned(),
        message_version: MESSAGE_VERSION.to_owned(),
    })
}

/// Reads a form field `creq`; `None` for anything else.
#[must_use]
pub fn parse_creq(text: &str) -> Option<CReq> {
    let wire: CReqWire = decode(text)?;
    let fits = wire.message_type == "CReq" && wire.message_version == MESSAGE_VERSION;
    fits.then_some(CReq { server: id(&wire.server)?, acs: id(&wire.acs)? })
}

/// The form field `cres`; `cancel` is a `challengeCancel`, or empty.
pub(crate) fn cres(cres: &CRes, cancel: &str) -> String {
    encode(&CResWire {
        server: cres.server.to_string(),
        acs: cres.acs.to_string(),
        challenge_cancel: cancel.to_owned(),
        challenge_completion_ind: "Y".to_owned(),
        message_type: "CRes".to_owned(),
        message_version: MESSAGE_VERSION.to_owned(),
        trans_status: cres.status.letter().to_string(),
    })
}

/// Reads a form field `cres`; `None` for anything else.
#[must_use]
pub fn parse_cres(text: &str) -> Option<CRes> {
    let wire: CResWire = decode(text)?;
    let fits = wire.message_type == "CRes" && wire.challenge_completion_ind == "Y";
    let status = match wire.trans_status.as_str() {
        // To ask the payer later and elsewhere (decoupled) is not to ask now.
        "D" => TransStatus::Unavailable,
        letter => TransStatus::parse(letter)?,
    };
    fits.then_some(CRes { server: id(&wire.server)?, acs: id(&wire.acs)?, status })
}

fn encode(message: &impl Serialize) -> String {
    // These types are always written.
    BASE64_URL.encode(serde_json::to_vec(message).unwrap_or_default())
}

fn decode<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    if text.len() > MESSAGE_CHARS_MAX {
        return None;
    }
    serde_json::from_slice(&BASE64_URL.decode(text).ok()?).ok()
}

/// Hyphenated only.
fn id(text: &str) -> Option<Uuid> {
    AttemptId::parse(text).ok().map(AttemptId::uuid)
}

#[cfg(test)]
mod tests {
    use env::Env;

    use super::*;

    fn ids() -> AuthenticationIds {
        let id = |last: u128| Uuid::from_u128(0x01938a1b_0000_4000_8000_000000000000 + last);
        AuthenticationIds { server: id(1), directory: id(2), acs: id(3) }
    }

    #[test]
    fn a_creq_is_what_banks_read() {
        let text = creq(&ids(), ChallengeWindow::Full);
        assert!(!text.contains(['=', '+', '/']), "{text}");
        assert_eq!(
            r#"{"threeDSServerTransID":"01938a1b-0000-4000-8000-000000000001","acsTransID":"01938a1b-0000-4000-8000-000000000003","challengeWindowSize":"05","messageType":"CReq","messageVersion":"2.2.0"}"#,
            String::from_utf8(BASE64_URL.decode(&text).expect("base64")).expect("text")
        );
        assert_eq!(Some(CReq { server: ids().server, acs: ids().acs }), parse_creq(&text));
    }

    #[test]
    fn a_cres_is_read_back_with_or_without_padding() {
        for status in [TransStatus::Authenticated, TransStatus::NotAuthenticated, TransStatus::Unavailable] {
            let sent = CRes { server: ids().server, acs: ids().acs, status };
            let mut text = cres(&sent, "");
            assert_eq!(Some(sent), parse_cres(&text));
            while !text.len().is_multiple_of(4) {
                text.push('=');
            }
            assert_eq!(Some(sent), parse_cres(&text));
        }
    }

    #[test]
    fn a_cres_says_who_ended_the_question_early() {
        let sent = CRes { server: ids().server, acs: ids().acs, status: TransStatus::NotAuthenticated };
        let text = cres(&sent, "01");
        assert_eq!(Some(sent), parse_cres(&text));
        let json = String::from_utf8(BASE64_URL.decode(&text).expect("base64")).expect("text");
        assert!(json.contains(r#""challengeCancel":"01","challengeCompletionInd":"Y""#), "{json}");
        let later = BASE64_URL.encode(json.replace(r#""transStatus":"N""#, r#""transStatus":"D""#));
        assert_eq!(Some(TransStatus::Unavailable), parse_cres(&later).map(|said| said.status));
    }

    #[test]
    fn what_is_no_message_is_none() {
        let good = cres(&CRes { server: ids().server, acs: ids().acs, status: TransStatus::Authenticated }, "");
        assert!(parse_cres(&good).is_some());
        let json = String::from_utf8(BASE64_URL.decode(&good).expect("base64")).expect("text");
        for (from, to) in [
            ("\"Y\",\"messageType", "\"N\",\"messageType"),
            ("CRes", "CReq"),
            ("\"transStatus\":\"Y\"", "\"transStatus\":\"YY\""),
            ("\"transStatus\":\"Y\"", "\"transStatus\":true"),
            ("acsTransID", "acsTransId"),
            ("000000000003", "00000000000"),
            ("01938a1b-0000-4000-8000-000000000003", "01938a1b000040008000000000000003"),
        ] {
            assert!(json.contains(from), "{from}");
            assert_eq!(None, parse_cres(&BASE64_URL.encode(json.replace(from, to))), "{to}");
        }
        for end in 0..good.len() {
            assert_eq!(None, parse_cres(&good[..end]), "cut at {end}");
            assert_eq!(None, parse_creq(&good[..end]), "cut at {end}");
        }
        assert_eq!(None, parse_creq(&good), "a CRes is no CReq");
        assert_eq!(None, parse_cres(&creq(&ids(), ChallengeWindow::Full)), "a CReq is no CRes");
        let huge = json.replace("}", &format!(",\"x\":\"{}\"}}", "x".repeat(MESSAGE_CHARS_MAX)));
        assert_eq!(None, parse_cres(&BASE64_URL.encode(huge)));
    }

    #[test]
    fn noise_is_none() {
        let env = Env::still(domain::Timestamp::from_seconds(0), 3);
        for _ in 0..2_000 {
            let noise = env.bytes::<90>();
            assert_eq!(None, parse_cres(&String::from_utf8_lossy(&noise)));
            assert_eq!(None, parse_cres(&BASE64_URL.encode(noise)));
            assert_eq!(None, parse_creq(&BASE64_URL.encode(noise)));
        }
    }
}
