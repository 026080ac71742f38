//! Who is told of a change. What is written down here is committed with the change itself, and sent by the workers.

use domain::{Checkout, DeliveryId, Event, Notice, Timestamp};
use store::{Announcement, Changeset, Delivery, Endpoint, Listeners, Told};

use crate::checkouts::Shown;
use crate::mail::{self, is_mail_address};
use crate::{Audience, Engine};

impl Engine {
    /// Tells everybody whom the dialect names of a notice.
    pub(crate) fn tell(
        &self,
        shown: &Shown,
        event: &Event,
        (version, notice): (u32, Notice),
        now: Timestamp,
        change: &mut Changeset,
    ) {
        let Checkout { id: checkout_id, merchant_id, mode, payment_id, .. } = shown.record.checkout;
        let Audience { mut endpoints, topics, webhooks, payer } = self.0.narrator.audience(shown, event, notice);
        if payer && self.0.post.is_open() {
            let all = mail::recipients(&shown.customer().email, &shown.record.checkout);
            endpoints.extend(all.into_iter().filter(|to| is_mail_address(to)).map(|to| Endpoint::Mail { to }));
        }
        for endpoint in endpoints {
            if joins(change, &endpoint, notice) {
                continue;
            }
            change.told.push(Told::To(Delivery {
                id: DeliveryId::new(self.0.env.ordered_id()),
                merchant_id,
                mode,
                checkout_id,
                payment_id,
                version,
                notice,
                endpoint,
                body: None,
                attempts: 0,
                due_at: now,
                created_at: now,
            }));
        }
        let subscribed = topics.iter().map(|topic| (Listeners::Subscribers, *topic));
        for (to, topic) in subscribed.chain(webhooks.map(|event_type| (Listeners::Webhooks, event_type))) {
            change.told.push(Told::Announced(Announcement {
                to,
                merchant_id,
                mode,
                topic,
                checkout_id,
                payment_id,
                version,
                notice,
                seed: self.0.env.bytes(),
                at: now,
            }));
        }
    }
}

/// Whether a webhook is called of the same change already: once for all that it tells (orchestration-api 6.1).
fn joins(change: &mut Changeset, endpoint: &Endpoint, told: Notice) -> bool {
    let Endpoint::Webhook { url, event_types, .. } = endpoint else { return false };
    for told_before in &mut change.told {
        if let Told::To(Delivery { endpoint, notice, .. }) = told_before
            && let Endpoint::Webhook { url: called, event_types: all, .. } = endpoint
            && called == url
        {
            let new: Vec<_> = event_types.iter().filter(|event_type| !all.contains(event_type)).cloned().collect();
            all.extend(new);
            *notice = told;
            return true;
        }
    }
    false
}

/// What a webhook is told is how everything stands after the whole change.
pub(crate) fn up_to(change: &mut Changeset, version: u32) {
    for told in &mut change.told {
        if let Told::To(delivery) = told
            && let Endpoint::Webhook { .. } = delivery.endpoint
        {
            delivery.version = version;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::tests::{delivery, webhook};

    #[test]
    fn a_webhook_is_called_once_of_a_change() {
        let first = delivery(1, webhook("https://shop.example/", &["CLIENT_SESSION"]));
        let mut change = Changeset { told: vec![Told::To(first)], ..Changeset::default() };
        for (url, event_types, is_joined) in [
            ("https://shop.example/", &["PAYMENT_AUTHORIZATION"][..], true),
            ("https://shop.example/", &["CLIENT_SESSION", "PAYMENT_VOID"], true),
            ("https://shop.example/other", &["PAYMENT_VOID"], false),
        ] {
            assert_eq!(is_joined, joins(&mut change, &webhook(url, event_types), Notice::Released), "{url}");
        }
        let status = Endpoint::Status { url: "https://shop.example/".to_owned() };
        assert!(!joins(&mut change, &status, Notice::Released), "other addresses are told of each notice");
        change.told.push(Told::To(delivery(2, status)));
        up_to(&mut change, 9);
        let Told::To(first) = &change.told[0] else { panic!("told to one") };
        let Told::To(second) = &change.told[1] else { panic!("told to one") };
        let told = |of: &Delivery| (of.version, of.notice);
        assert_eq!([(9, Notice::Released), (2, Notice::Held)], [told(first), told(second)]);
        let all = ["CLIENT_SESSION", "PAYMENT_AUTHORIZATION", "PAYMENT_VOID"];
        assert_eq!(webhook("https://shop.example/", &all), first.endpoint, "in the order of events");
    }
}
