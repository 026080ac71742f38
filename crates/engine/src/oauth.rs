//! OAuth2 client credentials (RFC 6749 4.4), the same for every dialect that speaks them: clients, and the opaque tokens
//! they ask for. Tokens are cheap and many: some clients ask for one before every call.

use std::sync::Arc;
use std::time::Duration;

use domain::{BrandId, Dialect, KeyId, MerchantId, Mode};
use store::{AccessToken, AdminWrite, Changeset, OauthClient};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::credentials::{self, Credential};
use crate::{Engine, Error};

/// How long a token works (security K2).
const TOKEN_LIFE: Duration = Duration::from_secs(3_600);
const TOKEN_SCHEME: &str = "at_";

const fn secret_scheme(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "cs_test_",
        Mode::Live => "cs_live_",
    }
}

/// A token just made.
pub struct IssuedToken {
    /// What the client calls with; it is nowhere else from now on.
    pub token: Zeroizing<String>,
    /// How long it works.
    pub life: Duration,
}

impl Engine {
    /// Makes a client and answers its secret, which is nowhere else from then on. It acts for `entity` and all below it,
    /// or else for every brand of the merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a merchant, or such a brand of it; [`Error::Store`].
    pub async fn create_client(
        &self,
        merchant_id: MerchantId,
        dialect: Dialect,
        mode: Mode,
        entity: Option<BrandId>,
    ) -> Result<(OauthClient, Zeroizing<String>), Error> {
        self.merchant(merchant_id).await?;
        if let Some(entity) = entity {
            self.brand(merchant_id, entity).await?;
        }
        let secret = credentials::make(&self.0.env, secret_scheme(mode));
        let hash = credentials::hash(&secret, secret_scheme(mode)).ok_or(Error::NotFound)?;
        let id = KeyId::new(self.0.env.random_id());
        let created_at = self.0.env.now();
        let client = OauthClient { id, merchant_id, mode, dialect, entity, hash, created_at, revoked_at: None };
        self.administer(vec![AdminWrite::Client(client.clone())]).await?;
        Ok((client, secret))
    }

    /// The clients of a merchant, oldest first, without their secrets.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn clients(&self, merchant_id: MerchantId) -> Result<Vec<OauthClient>, Error> {
        Ok(self.0.store.oauth_clients(merchant_id).await?)
    }

    /// Lets a client and its tokens not work any more, from the next call on.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn revoke_client(&self, merchant_id: MerchantId, id: KeyId) -> Result<(), Error> {
        if !self.clients(merchant_id).await?.iter().any(|client| client.id == id) {
            return Err(Error::NotFound);
        }
        self.administer(vec![AdminWrite::RevokeClient(id, self.0.env.now())]).await
    }

    /// The client of this dialect that has this id and this secret.
    ///
    /// # Errors
    /// [`Error::Store`]; anybody else is `Ok(None)`.
    pub async fn authenticate_client(
        &self,
        dialect: Dialect,
        id: &str,
        secret: &str,
    ) -> Result<Option<Credential>, Error> {
        let Ok(id) = KeyId::parse(id) else { return Ok(None) };
        let Some(client) = self.client(id).await? else { return Ok(None) };
        let hash = credentials::hash(secret, secret_scheme(client.mode)).unwrap_or_default();
        if !bool::from(client.hash.ct_eq(&hash)) {
            return Ok(None);
        }
        self.credential(&client, dialect).await
    }

    /// Makes a token for a client. Earlier ones go on working.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn issue_token(&self, client: Credential, scope: &str) -> Result<IssuedToken, Error> {
        let token = credentials::make(&self.0.env, TOKEN_SCHEME);
        let hash = credentials::hash(&token, TOKEN_SCHEME).ok_or(Error::NotFound)?;
        let issued_at = self.0.env.now();
        let expires_at = issued_at.plus(TOKEN_LIFE);
        let row = AccessToken { hash, client_id: client.key_id, scope: scope.to_owned(), issued_at, expires_at };
        self.0.store.commit(Changeset { access_token: Some(Box::new(row)), ..Changeset::default() }).await?;
        Ok(IssuedToken { token, life: TOKEN_LIFE })
    }

    /// Who calls this dialect with a token, and the scope it was given.
    ///
    /// # Errors
    /// [`Error::Store`]; a token that is none of this dialect's, or has expired, is `Ok(None)`.
    pub async fn authenticate_token(
        &self,
        dialect: Dialect,
        token: &str,
    ) -> Result<Option<(Credential, String)>, Error> {
        let Some(hash) = credentials::hash(token, TOKEN_SCHEME) else { return Ok(None) };
        let Some((id, scope)) = self.0.store.access_token(hash, self.0.env.now()).await? else { return Ok(None) };
        let Some(client) = self.client(id).await? else { return Ok(None) };
        Ok(self.credential(&client, dialect).await?.map(|credential| (credential, scope)))
    }

    /// What a client may do, unless it or its merchant was revoked or it speaks another dialect.
    async fn credential(&self, client: &OauthClient, dialect: Dialect) -> Result<Option<Credential>, Error> {
        let OauthClient { id, merchant_id, mode, entity, .. } = *client;
        let is_revoked = client.revoked_at.is_some() || self.merchant(merchant_id).await?.revoked_at.is_some();
        let works = client.dialect == dialect && !is_revoked;
        Ok(works.then_some(Credential { key_id: id, merchant_id, mode, entity }))
    }

    async fn client(&self, id: KeyId) -> Result<Option<Arc<OauthClient>>, Error> {
        let cache = &self.0.directory.clients;
        if let Some(client) = cache.get(&id) {
            return Ok(Some(client));
        }
        let generation = cache.generation();
        let Some(client) = self.0.store.oauth_client(id).await?.map(Arc::new) else { return Ok(None) };
        cache.keep(generation, id, Arc::clone(&client));
        Ok(Some(client))
    }
}
