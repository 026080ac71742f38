//! Merchants, brands and keys: what an operator makes, lists and revokes.

use std::sync::Arc;

use domain::{BrandId, Currency, Exchange, Fees, KeyId, Logo, LogoId, Look, MerchantId, Mode, Origin, Palette};
use env::Env;
use store::{AdminWrite, ApiKey, Brand, Changeset, Committed, Company, Merchant, OauthClient, Store};
use zeroize::Zeroizing;

use crate::cache::Cache;
use crate::credentials::{self, Credential};
use crate::signing::Owner;
use crate::vault::{Binding, HashKey, Vault};
use crate::{Engine, Error};

/// What an operator says of a new merchant.
#[derive(Debug, Clone, Default)]
pub struct NewMerchant {
    /// Legal details for invoices.
    pub company: Company,
    /// What it is charged.
    pub fees: Fees,
    /// Where it is written to when something of its own fails; may be empty.
    pub email: String,
}

/// What an operator says of a new brand.
#[derive(Debug, Clone)]
pub struct NewBrand {
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// The brand of the same merchant that it stands below.
    pub parent: Option<BrandId>,
    /// What payers know it by.
    pub name: String,
    /// Its site; may be empty.
    pub website: String,
    /// Where its payers' answers to mail go; may be empty.
    pub support_email: String,
    /// Used when a purchase names none.
    pub currency: Currency,
    /// The only currencies it takes; `None` is every currency.
    pub currencies: Option<Vec<Currency>>,
    /// What orders of other currencies are paid in, and at which rate.
    pub exchanges: Vec<Exchange>,
    /// ISO 639-1.
    pub language: String,
    /// IANA name.
    pub time_zone: String,
    /// Whether forms on the merchant's own pages may post cards to us.
    pub direct_post: bool,
    /// Whose pages may draw the card fields inside themselves.
    pub embed_origins: Vec<Origin>,
    /// Its colours; the gateway's own by default.
    pub palette: Option<Palette>,
    /// Its logo.
    pub logo: Option<Logo>,
}

/// What an operator or a merchant says of a brand that is there already; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct BrandChange {
    /// What payers know it by.
    pub name: Option<String>,
    /// Its site.
    pub website: Option<String>,
    /// Where its payers' answers to mail go.
    pub support_email: Option<String>,
    /// Used when a purchase names none.
    pub currency: Option<Currency>,
    /// The only currencies it takes; `Some(None)` is every currency.
    pub currencies: Option<Option<Vec<Currency>>>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// Its colours; `Some(None)` is the gateway's own.
    pub palette: Option<Option<Palette>>,
    /// Its logo; `Some(None)` is none.
    pub logo: Option<Option<Logo>>,
    /// Whose pages may draw the card fields inside themselves.
    pub embed_origins: Option<Vec<Origin>>,
}

/// Merchants, brands, keys and clients looked up lately. Emptied by every change of an operator.
#[derive(Default)]
pub(crate) struct Directory {
    merchants: Cache<MerchantId, Merchant>,
    brands: Cache<BrandId, Brand>,
    /// Brands by their public keys. Keys of no brand are not kept.
    pub(crate) brands_by_key: Cache<String, Brand>,
    /// By prefix. Prefixes of no key are not kept, so that guesses do not fill it.
    keys: Cache<String, Vec<ApiKey>>,
    pub(crate) clients: Cache<KeyId, OauthClient>,
}

impl Engine {
    /// Makes a merchant and its two pairs of signing keys.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Signing`].
    pub async fn create_merchant(&self, new: NewMerchant) -> Result<Merchant, Error> {
        let merchant = Merchant {
            id: MerchantId::new(self.0.env.ordered_id()),
            company: new.company,
            fees: new.fees,
            email: new.email,
            created_at: self.0.env.now(),
            revoked_at: None,
        };
        let mut writes = vec![AdminWrite::Merchant(merchant.clone())];
        for mode in [Mode::Test, Mode::Live] {
            writes.push(AdminWrite::SigningKey(self.make_key(merchant_owner(merchant.id, mode), 1).await?));
        }
        self.administer(writes).await?;
        Ok(merchant)
    }

    /// Every merchant, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn merchants(&self) -> Result<Vec<Merchant>, Error> {
        Ok(self.0.store.merchants().await?)
    }

    /// One merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn merchant(&self, id: MerchantId) -> Result<Arc<Merchant>, Error> {
        let cache = &self.0.directory.merchants;
        if let Some(merchant) = cache.get(&id) {
            return Ok(merchant);
        }
        let generation = cache.generation();
        let merchant = Arc::new(self.0.store.merchant(id).await?.ok_or(Error::NotFound)?);
        cache.keep(generation, id, Arc::clone(&merchant));
        Ok(merchant)
    }

    /// Stops all keys and clients of a merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn revoke_merchant(&self, id: MerchantId) -> Result<(), Error> {
        self.merchant(id).await?;
        self.administer(vec![AdminWrite::RevokeMerchant(id, self.0.env.now())]).await
    }

    /// Makes a brand and its public key.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a merchant, or such a brand of it to stand below; [`Error::Store`].
    pub async fn create_brand(&self, new: NewBrand) -> Result<Brand, Error> {
        self.merchant(new.merchant_id).await?;
        if let Some(parent) = new.parent {
            self.brand(new.merchant_id, parent).await?;
        }
        let brand = Brand {
            id: BrandId::new(self.0.env.random_id()),
            merchant_id: new.merchant_id,
            parent: new.parent,
            api_key: credentials::make_public(&self.0.env),
            name: new.name,
            website: new.website,
            support_email: new.support_email,
            currency: new.currency,
            currencies: new.currencies,
            exchanges: new.exchanges,
            language: new.language,
            time_zone: new.time_zone,
            direct_post: new.direct_post,
            embed_origins: new.embed_origins,
            look: Look { palette: new.palette, logo: new.logo.as_ref().and_then(logo_id) },
            created_at: self.0.env.now(),
            revoked_at: None,
        };
        let mut writes = vec![AdminWrite::Brand(brand.clone())];
        writes.extend(brand.look.logo.zip(new.logo).map(|(id, logo)| AdminWrite::Logo(id, logo)));
        self.administer(writes).await?;
        Ok(brand)
    }

    /// Changes what a brand is called, what its purchases are unless they say otherwise, how its pages look and who may draw
    /// the card fields. Checkouts that were made before keep its name.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a brand; [`Error::Store`].
    pub async fn update_brand(
        &self,
        merchant_id: MerchantId,
        id: BrandId,
        change: BrandChange,
    ) -> Result<Brand, Error> {
        let BrandChange {
            name,
            website,
            support_email,
            currency,
            currencies,
            language,
            time_zone,
            palette,
            logo,
            embed_origins,
        } = change;
        let before = self.brand(merchant_id, id).await?;
        let mut brand = Brand {
            name: name.unwrap_or_else(|| before.name.clone()),
            website: website.unwrap_or_else(|| before.website.clone()),
            support_email: support_email.unwrap_or_else(|| before.support_email.clone()),
            currency: currency.unwrap_or(before.currency),
            currencies: currencies.unwrap_or_else(|| before.currencies.clone()),
            language: language.unwrap_or_else(|| before.language.clone()),
            time_zone: time_zone.unwrap_or_else(|| before.time_zone.clone()),
            embed_origins: embed_origins.unwrap_or_else(|| before.embed_origins.clone()),
            ..Brand::clone(&before)
        };
        // What is used when a purchase names none is always taken.
        if let Some(taken) = &mut brand.currencies
            && !taken.contains(&brand.currency)
        {
            taken.insert(0, brand.currency);
        }
        brand.look.palette = palette.unwrap_or(brand.look.palette);
        let drawn = logo.as_ref().map(|logo| logo.as_ref().and_then(logo_id));
        brand.look.logo = drawn.unwrap_or(brand.look.logo);
        let mut writes = vec![AdminWrite::UpdateBrand(brand.clone())];
        writes.extend(brand.look.logo.zip(logo.flatten()).map(|(id, logo)| AdminWrite::Logo(id, logo)));
        self.administer(writes).await?;
        Ok(brand)
    }

    /// The brands of a merchant, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn brands(&self, merchant_id: MerchantId) -> Result<Vec<Brand>, Error> {
        Ok(self.0.store.brands(merchant_id).await?)
    }

    /// One brand of one merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's brand; [`Error::Store`].
    pub async fn brand(&self, merchant_id: MerchantId, id: BrandId) -> Result<Arc<Brand>, Error> {
        let cache = &self.0.directory.brands;
        if let Some(brand) = cache.get(&id) {
            return if brand.merchant_id == merchant_id { Ok(brand) } else { Err(Error::NotFound) };
        }
        let generation = cache.generation();
        let brand = Arc::new(self.0.store.brand(merchant_id, id).await?.ok_or(Error::NotFound)?);
        cache.keep(generation, id, Arc::clone(&brand));
        Ok(brand)
    }

    /// Lets a brand take no new purchases.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn revoke_brand(&self, merchant_id: MerchantId, id: BrandId) -> Result<(), Error> {
        self.brand(merchant_id, id).await?;
        self.administer(vec![AdminWrite::RevokeBrand(id, self.0.env.now())]).await
    }

    /// Makes an API key and answers its secret, which is nowhere else from then on.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a merchant; [`Error::Store`].
    pub async fn create_key(&self, merchant_id: MerchantId, mode: Mode) -> Result<(ApiKey, Zeroizing<String>), Error> {
        self.merchant(merchant_id).await?;
        let secret = credentials::make_secret(&self.0.env, mode);
        let parsed = credentials::parse(&secret).ok_or(Error::NotFound)?;
        let key = ApiKey {
            id: KeyId::new(self.0.env.ordered_id()),
            merchant_id,
            mode,
            prefix: parsed.prefix,
            hash: parsed.hash,
            created_at: self.0.env.now(),
            revoked_at: None,
        };
        self.administer(vec![AdminWrite::Key(key.clone())]).await?;
        Ok((key, secret))
    }

    /// The keys of a merchant, oldest first, without their secrets.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn keys(&self, merchant_id: MerchantId) -> Result<Vec<ApiKey>, Error> {
        Ok(self.0.store.api_keys(merchant_id).await?)
    }

    /// Lets a key not work any more, from the next call on.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn revoke_key(&self, merchant_id: MerchantId, id: KeyId) -> Result<(), Error> {
        if !self.keys(merchant_id).await?.iter().any(|key| key.id == id) {
            return Err(Error::NotFound);
        }
        self.administer(vec![AdminWrite::RevokeKey(id, self.0.env.now())]).await
    }

    /// Who calls with this secret.
    ///
    /// # Errors
    /// [`Error::Store`]; a secret that is none of ours is `Ok(None)`.
    pub async fn authenticate(&self, secret: &str) -> Result<Option<Credential>, Error> {
        let Some(parsed) = credentials::parse(secret) else { return Ok(None) };
        let cache = &self.0.directory.keys;
        if let Some(keys) = cache.get(&parsed.prefix) {
            return Ok(credentials::matching(&keys, &parsed));
        }
        let generation = cache.generation();
        let keys = self.0.store.api_keys_by_prefix(&parsed.prefix).await?;
        let Some(credential) = credentials::matching(&keys, &parsed) else { return Ok(None) };
        if self.merchant(credential.merchant_id).await?.revoked_at.is_some() {
            return Ok(None);
        }
        cache.keep(generation, parsed.prefix, Arc::new(keys));
        Ok(Some(credential))
    }

    /// The public key that verifies what a merchant is told, as PEM.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn public_key(&self, merchant_id: MerchantId, mode: Mode) -> Result<String, Error> {
        Ok(self.0.store.signing_key(merchant_id.uuid(), mode).await?.ok_or(Error::NotFound)?.public_pem)
    }

    pub(crate) async fn administer(&self, admin: Vec<AdminWrite>) -> Result<(), Error> {
        let committed = self.0.store.commit(Changeset { admin, ..Changeset::default() }).await?;
        let Directory { merchants, brands, brands_by_key, keys, clients } = &self.0.directory;
        keys.clear();
        clients.clear();
        brands.clear();
        brands_by_key.clear();
        merchants.clear();
        self.0.risk.decided();
        self.0.jws.clear();
        match committed {
            Committed::Done => Ok(()),
            Committed::Stale | Committed::KeyUsed | Committed::OrderPaid => Err(Error::Stale),
        }
    }
}

/// The owner of what signs a merchant's callbacks.
pub(crate) fn merchant_owner(merchant_id: MerchantId, mode: Mode) -> Owner {
    Owner { id: merchant_id.uuid(), merchant_id, mode }
}

fn logo_id(logo: &Logo) -> Option<LogoId> {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, logo.bytes());
    logo.id(*hash.as_ref().first_chunk()?)
}

/// One of the gateway's own keys: random, made at the first start, sealed in the store.
pub(crate) async fn own_secret(store: &Store, vault: &Vault, env: &Env, name: &'static str) -> Result<HashKey, Error> {
    let binding = Binding { purpose: "own secret", tenant: "", mode: "", object: name, field: "key" };
    loop {
        if let Some(sealed) = store.secret(name).await? {
            return Ok(HashKey::new(&vault.open(binding, &sealed)?));
        }
        let key = Zeroizing::new(env.bytes::<32>());
        let write = AdminWrite::Secret(name, vault.seal(binding, &key[..])?);
        // Another process may have been faster: then the next look finds its key.
        store.commit(Changeset { admin: vec![write], ..Changeset::default() }).await?;
    }
}
