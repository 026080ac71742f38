//! Webhooks that a merchant registers: addresses that are told of what it picked, each signed with a key pair of its own
//! (purchases-api 2.6).

use std::time::Duration;

use domain::{DeliveryId, WebhookId};
use env::Stopwatch;
use store::{Beside, Changeset, Committed, Destination, Hurried, IdempotencyWrite, Webhook, WebhookWrite};

use tokio::sync::Semaphore;

use crate::credentials::Credential;
use crate::outgoing::{Answered, SendError};
use crate::signing::Owner;
use crate::{Engine, Error, admin};

/// How many webhooks a merchant may have in one mode: each event writes a row for each that is told of it.
pub const WEBHOOKS_MAX: u32 = 1_000;
/// Tests at once, of all merchants; each merchant has one at a time.
const TESTS_AT_ONCE: usize = 16;
/// How long a test waits for its answer: whoever asks for it waits as well.
const TEST_WAIT: Duration = Duration::from_secs(8);
/// What is hurried with one changeset.
const HURRIED_MAX: u32 = 500;

/// What a merchant says of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookFields {
    /// What the merchant calls it.
    pub title: String,
    /// Where it is.
    pub url: String,
    /// What it is told of, in its dialect's words; `None` is everything.
    pub topics: Option<Vec<String>>,
}

/// What became of a call that was only a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSend {
    /// What it was sent as; it is in no log.
    pub id: DeliveryId,
    /// The HTTP status, 0 when there was no answer.
    pub status: u16,
    /// Why there was none; empty when there was one.
    pub error: String,
    /// The first KiB of the answer.
    pub answer: String,
    /// How long it took.
    pub took: Duration,
}

/// Where tests are waited for.
pub(crate) fn tests() -> Semaphore {
    Semaphore::new(TESTS_AT_ONCE)
}

impl Engine {
    /// Registers a webhook and makes its key pair; `None` when the merchant has [`WEBHOOKS_MAX`]. `kept` is the answer that a
    /// repeat under the same idempotency key gets.
    ///
    /// # Errors
    /// [`Error::Used`] when the key was used meanwhile; [`Error::Signing`], [`Error::Store`].
    pub async fn create_webhook(
        &self,
        caller: Credential,
        fields: WebhookFields,
        kept: impl Fn(&Webhook) -> Option<IdempotencyWrite>,
    ) -> Result<Option<Webhook>, Error> {
        if self.0.store.webhook_count(caller.merchant_id, caller.mode).await? >= WEBHOOKS_MAX {
            return Ok(None);
        }
        let id = WebhookId::new(self.0.env.ordered_id());
        let key = self.make_key(owner(caller, id), 1).await?;
        let WebhookFields { title, url, topics } = fields;
        let (merchant_id, mode, now) = (caller.merchant_id, caller.mode, self.0.env.now());
        let public_pem = key.public_pem.clone();
        let webhook = Webhook {
            id,
            merchant_id,
            mode,
            version: 1,
            title,
            url,
            topics,
            public_pem,
            created_at: now,
            updated_at: now,
        };
        let write = WebhookWrite::Add { webhook: webhook.clone(), key, most: WEBHOOKS_MAX };
        let idempotency = kept(&webhook);
        match self.write_webhook(write, idempotency).await? {
            Committed::Done => Ok(Some(webhook)),
            Committed::KeyUsed => Err(Error::Used),
            Committed::Stale | Committed::OrderPaid => Ok(None),
        }
    }

    /// A webhook of this merchant in this mode.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn webhook(&self, caller: Credential, id: WebhookId) -> Result<Webhook, Error> {
        self.0.store.webhook(caller.merchant_id, caller.mode, id).await?.ok_or(Error::NotFound)
    }

    /// The webhooks of this merchant in this mode, newest first: at most `most`, and those beside another one if said.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn webhooks(&self, caller: Credential, beside: Option<Beside>, most: u32) -> Result<Vec<Webhook>, Error> {
        Ok(self.0.store.webhooks(caller.merchant_id, caller.mode, beside, most).await?)
    }

    /// Changes a webhook; what is still to be told to it goes to where it is then. `None` when it is not as it was before
    /// any more: look again.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn change_webhook(&self, before: &Webhook, fields: WebhookFields) -> Result<Option<Webhook>, Error> {
        let WebhookFields { title, url, topics } = fields;
        let (version, updated_at) = (before.version + 1, self.0.env.now());
        let webhook = Webhook { version, title, url, topics, updated_at, ..before.clone() };
        let written = self.write_webhook(WebhookWrite::Change(webhook.clone()), None).await?;
        if written == Committed::Done && webhook.url != before.url {
            self.hurry(&webhook).await?;
        }
        Ok((written == Committed::Done).then_some(webhook))
    }

    /// Ends a webhook: it is told nothing more, not even what happened before, and what waited behind that goes on.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn remove_webhook(&self, caller: Credential, id: WebhookId) -> Result<(), Error> {
        let webhook = self.webhook(caller, id).await?;
        self.write_webhook(WebhookWrite::Remove(caller.merchant_id, caller.mode, id), None).await?;
        self.forget_signer(owner(caller, id));
        self.hurry(&webhook).await
    }

    /// What waits for its next try at a webhook that is gone, or somewhere else, goes now.
    async fn hurry(&self, webhook: &Webhook) -> Result<(), Error> {
        let to = Destination::of_webhook(webhook.merchant_id, webhook.mode, webhook.id);
        self.0.workers.failing.note(to, true);
        loop {
            let at = self.0.env.now();
            let ids = self.0.store.waiting_at(to, at, HURRIED_MAX).await?;
            if ids.is_empty() {
                return Ok(());
            }
            let hurried = Some(Hurried { ids, at });
            self.0.store.commit(Changeset { hurried, ..Changeset::default() }).await?;
        }
    }

    async fn write_webhook(&self, write: WebhookWrite, key: Option<IdempotencyWrite>) -> Result<Committed, Error> {
        let change = Changeset { webhook: Some(Box::new(write)), idempotency: key, ..Changeset::default() };
        Ok(self.0.store.commit(change).await?)
    }

    /// A new key pair, and a new secret, for a webhook, or for the merchant's callbacks without one; answers the public
    /// key. All that is signed from then on is signed with it. `kept` as in [`Engine::create_webhook`].
    ///
    /// # Errors
    /// [`Error::Used`] when the key was used meanwhile; [`Error::NotFound`], [`Error::Signing`], [`Error::Store`].
    pub async fn rotate_key(
        &self,
        caller: Credential,
        id: Option<WebhookId>,
        kept: impl Fn(&str) -> Option<IdempotencyWrite>,
    ) -> Result<String, Error> {
        self.rotate(self.owner_of(caller, id).await?, kept).await
    }

    /// The secret that verifies `webhook-signature` of a webhook, or of the merchant's callbacks without one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn webhook_secret(&self, caller: Credential, id: Option<WebhookId>) -> Result<String, Error> {
        let Owner { id, mode, .. } = self.owner_of(caller, id).await?;
        self.secret_of(id, mode).await
    }

    async fn owner_of(&self, caller: Credential, id: Option<WebhookId>) -> Result<Owner, Error> {
        match id {
            Some(id) => self.webhook(caller, id).await.map(|webhook| owner(caller, webhook.id)),
            None => Ok(admin::merchant_owner(caller.merchant_id, caller.mode)),
        }
    }

    /// Calls a webhook once, now, with a body that is signed as every other. It tells of nothing that happened.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Signing`], [`Error::Store`].
    pub async fn test_webhook(&self, webhook: &Webhook, body: &str) -> Result<TestSend, Error> {
        let id = DeliveryId::new(self.0.env.ordered_id());
        let headers = self.signatures((webhook.id.uuid(), webhook.mode), id, body, true).await?;
        let to = Destination::of_webhook(webhook.merchant_id, webhook.mode, webhook.id);
        let _turn = self.0.turns.wait(format!("test {} {}", webhook.merchant_id, webhook.mode.as_str())).await;
        let _permit = self.0.tests.acquire().await.map_err(|_| Error::Stopping)?;
        let watch = Stopwatch::start();
        let call = self.0.outgoing.post_signed(to, webhook.mode, &webhook.url, headers, body);
        let answer = tokio::time::timeout(TEST_WAIT, call).await.unwrap_or(Err(SendError::TimedOut));
        let took = watch.elapsed();
        Ok(match answer {
            Ok(Answered { status, excerpt }) => {
                TestSend { id, status: status.as_u16(), error: String::new(), answer: excerpt, took }
            }
            Err(error) => TestSend { id, status: 0, error: error.to_string(), answer: String::new(), took },
        })
    }
}

fn owner(caller: Credential, id: WebhookId) -> Owner {
    Owner { id: id.uuid(), merchant_id: caller.merchant_id, mode: caller.mode }
}
