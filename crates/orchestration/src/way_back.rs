//! How the payer goes back to the merchant: the address that the merchant named, and what the gateway says there of the
//! payment, signed (orchestration-api 7.6).

use domain::{Checkout, Payment, Recorded, Timestamp};
use engine::WayBack;
use serde::Serialize;

use crate::authorization;
use crate::document::SessionDocument;
use crate::outcomes::AuthorizationStatus;
use crate::session_view::SessionStatus;
use crate::status;

/// What carries the token in the query.
const PARAMETER: &str = "purse-redirection-data";

/// What the token says.
#[derive(Serialize)]
struct Claims {
    client_session_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_status: Option<AuthorizationStatus>,
    client_session_status: SessionStatus,
    /// Seconds since 1970.
    iat: i64,
}

/// The claims as JSON; of a payment only when there is one.
///
/// # Errors
/// Never; they are plain words.
pub(crate) fn claims(checkout: &Checkout, history: &[Recorded], now: Timestamp) -> Result<String, serde_json::Error> {
    let payment = Payment::fold(history.iter().map(|recorded| &recorded.event));
    let authorization_status = payment.and_then(|payment| authorization::status(&payment, history));
    serde_json::to_string(&Claims {
        client_session_id: checkout.id.to_string(),
        payment_id: authorization_status.map(|_| checkout.payment_id.to_string()),
        authorization_status,
        client_session_status: status::status(history),
        iat: now.seconds(),
    })
}

/// The merchant's own address with a place for the token behind whatever query it has, before its fragment.
pub(crate) fn to(url: &str, claims: String) -> WayBack {
    let (address, fragment) = match url.split_once('#') {
        Some((address, fragment)) => (address, format!("#{fragment}")),
        None => (url, String::new()),
    };
    let joint = match address.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    WayBack { before: format!("{address}{joint}{PARAMETER}="), claims, after: fragment }
}

/// Where the payer goes now; `None` when the merchant named no address.
///
/// # Errors
/// See [`claims`].
pub(crate) fn way_back(
    checkout: &Checkout,
    document: &SessionDocument,
    history: &[Recorded],
    now: Timestamp,
) -> Result<Option<WayBack>, serde_json::Error> {
    let Some(url) = document.shopper_redirection_url.as_deref() else { return Ok(None) };
    Ok(Some(to(url, claims(checkout, history, now)?)))
}

#[cfg(test)]
mod tests {
    use domain::{Command, Party};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{START, Story, card, id, leg};

    fn said(story: &Story) -> Value {
        let claims = claims(&story.checkout, &story.history, START).expect("claims");
        serde_json::from_str(&claims).expect("JSON")
    }

    #[test]
    fn of_a_payment_is_said_how_it_stands() {
        assert_eq!(
            json!({
                "client_session_id": id(0xc1), "payment_id": id(1), "authorization_status": "AUTHORIZED",
                "client_session_status": "SUBMITTED", "iat": START.seconds(),
            }),
            said(&Story::authorized())
        );
        let pending = said(&Story::begun(vec![leg(0xa1, card(), 3_000)]));
        assert_eq!("PENDING", pending["authorization_status"]);
        let mut ended = Story::of(3_000, None, &json!({}));
        ended.does(&[Command::EndTender(Party::Payer)]).expect("ends");
        assert_eq!(
            json!({
                "client_session_id": id(0xc1), "client_session_status": "ABORTED_BY_CUSTOMER", "iat": START.seconds(),
            }),
            said(&ended)
        );
    }

    #[test]
    fn the_merchants_own_query_stays() {
        for (url, expected) in [
            ("https://shop.example", "https://shop.example?purse-redirection-data=T"),
            (
                "https://shop.example/back?order_id=1%202",
                "https://shop.example/back?order_id=1%202&purse-redirection-data=T",
            ),
            ("https://shop.example/back?", "https://shop.example/back?purse-redirection-data=T"),
            ("https://shop.example/back?a=b&", "https://shop.example/back?a=b&purse-redirection-data=T"),
            ("https://shop.example/back?a=b#c?d", "https://shop.example/back?a=b&purse-redirection-data=T#c?d"),
            ("https://shop.example/#top", "https://shop.example/?purse-redirection-data=T#top"),
        ] {
            let WayBack { before, claims, after } = to(url, "T".to_owned());
            assert_eq!(expected, format!("{before}{claims}{after}"), "{url}");
        }
    }

    #[test]
    fn without_an_address_there_is_no_way_back() {
        let mut story = Story::authorized();
        let way = |story: &Story| way_back(&story.checkout, &story.document, &story.history, START).expect("claims");
        assert!(way(&story).is_some());
        story.document.shopper_redirection_url = None;
        assert_eq!(None, way(&story));
    }
}
