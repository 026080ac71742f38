//! Whose pages may draw the gateway's card fields inside themselves (checkout-ux 15).

use domain::Origin;
use store::Brand;

use crate::{Engine, Reach};

impl Engine {
    /// Whether a page of this origin may draw the card fields of this brand.
    #[must_use]
    pub fn may_embed(&self, brand: &Brand, origin: &Origin) -> bool {
        brand.embed_origins.contains(origin) || (self.embeds_loopback() && origin.is_loopback())
    }

    /// The gateway's own address, as every link begins.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// Whether every page of the payer's own machine may: in a sandbox, where merchants try things out.
    #[must_use]
    pub fn embeds_loopback(&self) -> bool {
        match self.0.outgoing.reach() {
            Reach::Public => false,
            Reach::PublicAndLoopback => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use store::Brand;

    use super::*;
    use crate::workers::tests::reaching;
    use crate::{BrandChange, NewMerchant};

    /// A brand with these origins, and the engine that knows it.
    async fn shop(dir: &std::path::Path, reach: Reach, origins: &[&str]) -> (Engine, Brand) {
        let engine = reaching(dir, reach).await;
        let merchant_id = engine.create_merchant(NewMerchant::default()).await.expect("made").id;
        let brand = crate::entities::tests::entity(&engine, merchant_id, None).await;
        let embed_origins = Some(origins.iter().map(|text| Origin::parse(text).expect("an origin")).collect());
        let change = BrandChange { embed_origins, ..BrandChange::default() };
        let brand = engine.update_brand(merchant_id, brand.id, change).await.expect("changed");
        (engine, brand)
    }

    async fn admitted(reach: Reach, origins: &[&str]) -> Vec<&'static str> {
        let dir = tempfile::tempdir().expect("a directory");
        let (engine, brand) = shop(dir.path(), reach, origins).await;
        let pages =
            ["https://shop.example", "https://shop.example:8443", "https://other.example", "http://localhost:3000"];
        let may = |page: &&str| engine.may_embed(&brand, &Origin::parse(page).expect("an origin"));
        pages.into_iter().filter(may).collect()
    }

    #[tokio::test]
    async fn nobody_may_who_is_not_registered() {
        assert!(admitted(Reach::Public, &[]).await.is_empty());
        assert_eq!(vec!["https://shop.example"], admitted(Reach::Public, &["https://shop.example"]).await);
        let own = ["https://shop.example:8443", "http://localhost:3000"];
        assert_eq!(own.to_vec(), admitted(Reach::Public, &own).await, "exactly, port and all");
    }

    #[tokio::test]
    async fn in_a_sandbox_the_payers_own_machine_may() {
        assert_eq!(vec!["http://localhost:3000"], admitted(Reach::PublicAndLoopback, &[]).await);
    }
}
