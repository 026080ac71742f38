//! Webhooks: signed JSON that says how everything stands after a change (orchestration-api 6.2 to 6.4), and the signed
//! words with which a payer goes back.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{CardId, Checkout, Event, Leg, Recorded};
use hyper::header::{HeaderName, HeaderValue};
use store::Delivery;

use crate::checkouts::Shown;
use crate::outgoing::{Answered, SendError};
use crate::sending::unreadable;
use crate::{Engine, Error, WayBack};

/// Seconds after the first scheduling at which each try happens; after the last it is given up: 10 s, 1 min, 5 min, 30
/// min, 2 h, 6 h, 12 h and 24 h after the one before (orchestration-api 6.4).
pub(crate) const TRIES: [u64; 9] = [0, 10, 70, 370, 2_170, 9_370, 30_970, 74_170, 160_570];

/// What a merchant may recognise the cards of a payment by: the same for the same number, and nothing to another merchant
/// (security V4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprints(HashMap<CardId, String>);

impl Fingerprints {
    /// That of one card, in base64.
    #[must_use]
    pub fn of(&self, card_id: CardId) -> Option<&str> {
        self.0.get(&card_id).map(String::as_str)
    }
}

/// Where a webhook is called, and with what beside the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(String, Vec<String>)],
    pub(crate) event_types: &'a [String],
}

impl FromIterator<(CardId, String)> for Fingerprints {
    fn from_iter<T: IntoIterator<Item = (CardId, String)>>(cards: T) -> Self {
        Self(cards.into_iter().collect())
    }
}

impl Engine {
    /// The fingerprints of the cards that a tender is paid with.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn fingerprints(&self, checkout: &Checkout, history: &[Recorded]) -> Result<Fingerprints, Error> {
        let legs = history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::TenderBegun(legs) => Some(legs.as_slice()),
            _ => None,
        });
        let mut found = vec![];
        for card_id in legs.unwrap_or_default().iter().filter_map(|Leg { submission, .. }| submission.card_id()) {
            if let Some(card) = self.0.store.card(checkout.merchant_id, checkout.mode, card_id).await? {
                found.push((card_id, STANDARD.encode(card.fingerprint)));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// The whole address at which a payer goes back to the merchant, with the gateway's signed word on how the payment
    /// stands now; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the checkout's document cannot be read; [`Error::Store`], [`Error::Signing`],
    /// [`Error::Stopping`].
    pub async fn way_back(&self, shown: &Shown) -> Result<Option<String>, Error> {
        let way_back = self.0.narrator.way_back(&shown.record, &shown.history, self.0.env.now());
        let way_back = way_back.map_err(|reason| unreadable(&shown.record, &reason))?;
        let Some(WayBack { before, claims, after }) = way_back else { return Ok(None) };
        let token = self.sign_jws(claims.as_bytes()).await?;
        Ok(Some(format!("{before}{token}{after}")))
    }

    /// One call of a webhook. The signature is made anew for each: a key may have taken another one's place.
    pub(crate) async fn call_webhook(
        &self,
        delivery: &Delivery,
        to: Call<'_>,
        attempts: u32,
        body: &str,
    ) -> Result<Result<Answered, SendError>, Error> {
        let signature = self.sign_detached_jws(body.as_bytes()).await?;
        let owner = (delivery.merchant_id.uuid(), delivery.mode);
        let timed = self.signatures(owner, delivery.id, body, false).await?;
        match to.headers(delivery, attempts, signature) {
            Ok(mut all) => {
                all.extend(timed);
                Ok(self.0.outgoing.post_with(delivery.destination(), delivery.mode, to.url, all, body).await)
            }
            Err(error) => Ok(Err(error)),
        }
    }
}

impl Call<'_> {
    /// The merchant's headers and ours. What cannot be a header was refused when it was named.
    fn headers(
        &self,
        delivery: &Delivery,
        attempts: u32,
        signature: String,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, SendError> {
        let ours = [
            ("x-purse-event-type", self.event_types.join(", ")),
            ("x-purse-delivery-id", delivery.id.to_string()),
            ("x-purse-attempt", attempts.to_string()),
            ("x-purse-signature", signature),
        ];
        let theirs =
            self.headers.iter().flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value)));
        let ours = ours.iter().map(|(name, value)| (*name, value));
        let all = theirs.chain(ours).map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| SendError::Address)?;
            Ok((name, HeaderValue::from_str(value).map_err(|_| SendError::Address)?))
        });
        all.collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use domain::{CheckoutId, DeliveryId, MerchantId, Mode, Notice, PaymentId};
    use store::{Changeset, Endpoint, Told};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use uuid::Uuid;

    use super::*;
    use crate::Reach;
    use crate::jws::tests::verify;
    use crate::workers::tests::{START, merchant, reaching};

    pub(crate) fn webhook(url: &str, event_types: &[&str]) -> Endpoint {
        let headers = vec![("x-shop".to_owned(), vec!["1".to_owned(), "a b".to_owned()])];
        let event_types = event_types.iter().map(|name| (*name).to_owned()).collect();
        Endpoint::Webhook { url: url.to_owned(), headers, event_types }
    }

    pub(crate) fn delivery(number: u128, endpoint: Endpoint) -> Delivery {
        let id = Uuid::from_u128;
        Delivery {
            id: DeliveryId::new(id(number)),
            merchant_id: MerchantId::new(id(2)),
            mode: Mode::Test,
            checkout_id: CheckoutId::new(id(3)),
            payment_id: PaymentId::new(id(4)),
            version: u32::try_from(number).expect("small"),
            notice: Notice::Held,
            endpoint,
            body: Some(format!("{{\"caf\u{e9}\":{number}}}")),
            attempts: 0,
            due_at: START,
            created_at: START,
        }
    }

    /// One call, answered with a status: its head, and its body.
    async fn answer(shop: &TcpListener, status: &str) -> (String, String) {
        let (mut stream, _) = shop.accept().await.expect("a call");
        let mut read = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && header(head, "content-length") == [body.len().to_string()]
            {
                let answer = format!("HTTP/1.1 {status}\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.expect("answered");
                return (head.to_owned(), body.to_owned());
            }
            assert_ne!(0, stream.read_buf(&mut read).await.expect("readable"), "{text}");
        }
    }

    fn header<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
        let named = head.lines().filter_map(|line| line.split_once(": "));
        named.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    #[tokio::test]
    async fn a_call_is_signed_repeated_alike_and_goes_before_the_next_one() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = reaching(dir.path(), Reach::PublicAndLoopback).await;
        merchant(&engine, 2).await;
        let shop = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook?order=1", shop.local_addr().expect("an address"));
        let types = ["CLIENT_SESSION", "PAYMENT_AUTHORIZATION"];
        let deliveries = vec![delivery(1, webhook(&url, &types)), delivery(2, webhook(&url, &types[..1]))];
        let told = deliveries.into_iter().map(Told::To).collect();
        engine.0.store.commit(Changeset { told, ..Changeset::default() }).await.expect("written");
        // A redirect is no success, and is not followed.
        let heard = tokio::spawn(async move {
            let mut calls = vec![];
            for status in ["302 Found", "500 No", "204 No Content", "200 OK"] {
                calls.push(answer(&shop, status).await);
            }
            calls
        });
        assert_eq!(1, engine.deliveries_step().await.expect("started"), "the second waits for the first");
        engine.0.env.clock().quiet().await;
        for (seconds, next) in [(9, Some(START.plus(Duration::from_secs(10)))), (61, None)] {
            engine.advance(Duration::from_secs(seconds)).await.expect("advanced");
            assert_eq!(next, engine.0.store.next_delivery(engine.0.env.now()).await.expect("readable"));
        }
        let calls = heard.await.expect("four calls");
        let jwks = engine.jwks().await.expect("published");
        for ((head, body), (number, attempt)) in calls.iter().zip([(1, "1"), (1, "2"), (1, "3"), (2, "1")]) {
            assert!(head.starts_with("POST /hook?order=1 HTTP/1.1"), "{head}");
            assert_eq!(format!("{{\"caf\u{e9}\":{number}}}"), *body, "the same bytes");
            assert_eq!(vec!["1", "a b"], header(head, "x-shop"));
            assert_eq!(vec!["application/json"], header(head, "content-type"));
            assert_eq!(vec![types[..3 - number].join(", ")], header(head, "x-purse-event-type"));
            assert_eq!(vec![Uuid::from_u128(number as u128).to_string()], header(head, "x-purse-delivery-id"));
            assert_eq!(vec![attempt], header(head, "x-purse-attempt"));
            assert_eq!(1, header(head, "user-agent").len());
            let detached = header(head, "x-purse-signature").concat();
            let whole = detached.replace("..", &format!(".{}.", URL_SAFE_NO_PAD.encode(body)));
            assert!(verify(&jwks, &whole).is_some(), "{detached}");
        }
    }

    #[tokio::test]
    async fn no_webhook_leads_inside() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = reaching(dir.path(), Reach::Public).await;
        merchant(&engine, 2).await;
        let shop = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", shop.local_addr().expect("an address"));
        let told = delivery(1, webhook(&url, &["PAYMENT_VOID"]));
        let answer = engine
            .call_webhook(&told, Call { url: &url, headers: &[], event_types: &[] }, 1, "{}")
            .await
            .expect("signed");
        assert!(matches!(answer, Err(SendError::NotPublic)), "{answer:?}");
    }

    #[test]
    fn tries_are_as_far_apart_as_published() {
        let gaps: Vec<u64> = TRIES.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(vec![10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400], gaps);
    }
}
