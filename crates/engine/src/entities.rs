//! Entities: what the orchestration dialect calls brands. They form a tree, and a client acts for one of them with all
//! below it (orchestration-api 1.5).

use std::sync::Arc;

use domain::BrandId;
use store::Brand;

use crate::credentials::Credential;
use crate::{Engine, Error};

impl Engine {
    /// The entity, if this caller may begin payments for it: it was not revoked, and is the one the caller acts for or
    /// lies below it.
    ///
    /// # Errors
    /// [`Error::Store`]; anything else is `Ok(None)`.
    pub async fn covers(&self, caller: Credential, entity: BrandId) -> Result<Option<Arc<Brand>>, Error> {
        Ok(self.reaches(caller, entity).await?.filter(|brand| brand.revoked_at.is_none()))
    }

    /// The entity, if this caller acts for it or for one above it, even after it was revoked: what was paid there can
    /// still be read, captured and given back.
    ///
    /// # Errors
    /// [`Error::Store`]; anything else is `Ok(None)`.
    pub async fn reaches(&self, caller: Credential, entity: BrandId) -> Result<Option<Arc<Brand>>, Error> {
        let brand = match self.brand(caller.merchant_id, entity).await {
            Err(Error::NotFound) => return Ok(None),
            found => found?,
        };
        let Some(top) = caller.entity else { return Ok(Some(brand)) };
        let mut at = Arc::clone(&brand);
        // A parent was there before its child, so this comes to an end.
        while at.id != top {
            let Some(parent) = at.parent else { return Ok(None) };
            at = self.brand(caller.merchant_id, parent).await?;
        }
        Ok(Some(brand))
    }

    /// An entity that takes payments, whoever's it is; its id is public.
    ///
    /// # Errors
    /// [`Error::Store`]; one that is not there or was revoked is `Ok(None)`.
    pub async fn entity(&self, id: BrandId) -> Result<Option<Arc<Brand>>, Error> {
        let brand = self.0.store.brand_of_anybody(id).await?;
        Ok(brand.filter(|brand| brand.revoked_at.is_none()).map(Arc::new))
    }

    /// Whether this `x-api-key` names an entity of the caller's merchant; which one does not matter, for it opens nothing
    /// that the caller's token does not.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn owns_api_key(&self, caller: Credential, api_key: &str) -> Result<bool, Error> {
        let named = self.entity_of_api_key(api_key).await?;
        Ok(named.is_some_and(|brand| brand.merchant_id == caller.merchant_id))
    }

    /// The entity that this `x-api-key` names, of any merchant, revoked or not. The key is public and opens nothing by
    /// itself.
    ///
    /// # Errors
    /// [`Error::Store`]; a key of nobody is `Ok(None)`.
    pub async fn entity_of_api_key(&self, api_key: &str) -> Result<Option<Arc<Brand>>, Error> {
        let (cache, api_key) = (&self.0.directory.brands_by_key, api_key.to_owned());
        if let Some(brand) = cache.get(&api_key) {
            return Ok(Some(brand));
        }
        let generation = cache.generation();
        let Some(brand) = self.0.store.brand_by_api_key(&api_key).await?.map(Arc::new) else { return Ok(None) };
        cache.keep(generation, api_key, Arc::clone(&brand));
        Ok(Some(brand))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::{Currency, Dialect, MerchantId, Mode};

    use super::*;
    use crate::workers::tests::engine;
    use crate::{NewBrand, NewMerchant};

    pub(crate) async fn entity(engine: &Engine, merchant_id: MerchantId, parent: Option<&Brand>) -> Brand {
        let new = NewBrand {
            merchant_id,
            parent: parent.map(|parent| parent.id),
            name: "Tea".to_owned(),
            website: String::new(),
            support_email: String::new(),
            currency: Currency::parse("EUR").expect("a currency"),
            currencies: None,
            exchanges: vec![],
            language: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            direct_post: false,
            embed_origins: vec![],
            palette: None,
            logo: None,
        };
        engine.create_brand(new).await.expect("made")
    }

    async fn caller(engine: &Engine, merchant_id: MerchantId, entity: &Brand) -> Credential {
        let dialect = Dialect::Orchestration;
        let made = engine.create_client(merchant_id, dialect, Mode::Test, Some(entity.id)).await;
        let (client, secret) = made.expect("made");
        let id = client.id.to_string();
        let known = engine.authenticate_client(dialect, &id, &secret).await.expect("readable");
        assert_eq!(None, engine.authenticate_client(Dialect::CardPayments, &id, &secret).await.expect("readable"));
        known.expect("a client")
    }

    #[tokio::test]
    async fn a_client_acts_for_its_entity_and_all_below() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let merchant = engine.create_merchant(NewMerchant::default()).await.expect("made").id;
        let other = engine.create_merchant(NewMerchant::default()).await.expect("made").id;
        let group = entity(&engine, merchant, None).await;
        let shop = entity(&engine, merchant, Some(&group)).await;
        let stall = entity(&engine, merchant, Some(&shop)).await;
        let sister = entity(&engine, merchant, Some(&group)).await;
        let foreign = entity(&engine, other, None).await;
        let all = [&group, &shop, &stall, &sister, &foreign];
        let covered = async |caller: Credential| {
            let mut covered = vec![];
            for one in all {
                covered.push(engine.covers(caller, one.id).await.expect("readable").is_some());
            }
            covered
        };
        let of_group = caller(&engine, merchant, &group).await;
        let of_shop = caller(&engine, merchant, &shop).await;
        assert_eq!(vec![true, true, true, true, false], covered(of_group).await);
        assert_eq!(vec![false, true, true, false, false], covered(of_shop).await);
        assert_eq!(vec![false, false, false, false, true], covered(caller(&engine, other, &foreign).await).await);
        assert_eq!(
            vec![true, true, true, true, false],
            covered(Credential { entity: None, ..of_group }).await,
            "a client of no entity acts for all of its merchant's"
        );

        engine.revoke_brand(merchant, shop.id).await.expect("revoked");
        assert_eq!(vec![true, false, true, true, false], covered(of_group).await, "it and no other");
        let past = engine.reaches(of_group, shop.id).await.expect("readable");
        assert!(past.is_some_and(|shop| shop.revoked_at.is_some()), "what it took is still the client's");
        assert!(engine.reaches(of_shop, sister.id).await.expect("readable").is_none());

        let parent = Some(foreign.id);
        let foreign_client = engine.create_client(merchant, Dialect::Orchestration, Mode::Test, parent).await;
        assert!(matches!(foreign_client, Err(Error::NotFound)));
    }

    #[tokio::test]
    async fn a_public_key_names_one_entity() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = engine(dir.path()).await;
        let merchant = engine.create_merchant(NewMerchant::default()).await.expect("made").id;
        let other = engine.create_merchant(NewMerchant::default()).await.expect("made").id;
        let (one, two) = (entity(&engine, merchant, None).await, entity(&engine, merchant, None).await);
        let foreign = entity(&engine, other, None).await;
        let caller = caller(&engine, merchant, &one).await;
        for (api_key, owned) in [(&one.api_key, true), (&two.api_key, true), (&foreign.api_key, false)] {
            assert_eq!(owned, engine.owns_api_key(caller, api_key).await.expect("readable"));
        }
        assert!(!engine.owns_api_key(caller, "").await.expect("readable"));
        for brand in [&one, &two, &one] {
            assert_eq!(36, brand.api_key.len());
            let named = engine.entity_of_api_key(&brand.api_key).await.expect("readable");
            assert_eq!(Some(brand.id), named.map(|named| named.id));
        }
        for bad in ["", "ak_", &one.api_key[..35], &one.api_key.to_uppercase()] {
            assert!(engine.entity_of_api_key(bad).await.expect("readable").is_none(), "{bad}");
        }
        engine.revoke_brand(merchant, one.id).await.expect("revoked");
        let named = engine.entity_of_api_key(&one.api_key).await.expect("readable").expect("still known");
        assert!(named.revoked_at.is_some(), "as it is now");
    }
}
