//! What an operator says and reads of entities, and of the keys that the gateway signs with for them.

use anyhow::{Context as _, bail};
use domain::{BrandId, Dialect, Timestamp};
use engine::{Engine, JwkState, SigningJwk};
use serde_json::{Value, json};
use store::Brand;

use crate::admin::{merchant_id, new_brand};
use crate::cli::NewEntityArgs;

/// What is said where an entity is not the merchant's.
pub(crate) const NO_ENTITY: &str = "this merchant has no such entity; `tollgate entity list` shows them";

pub(crate) async fn create(engine: &Engine, args: NewEntityArgs) -> anyhow::Result<Value> {
    let NewEntityArgs { parent, brand } = args;
    let parent = parent.as_deref().map(entity_id).transpose().context("--parent")?;
    let new = new_brand(engine, brand, parent).await?;
    let merchant = new.merchant_id;
    engine.merchant(merchant).await.context("there is no such merchant")?;
    if let Some(parent) = parent {
        let parent = engine.brand(merchant, parent).await.context(NO_ENTITY).context("--parent")?;
        if parent.revoked_at.is_some() {
            bail!("--parent: that entity was revoked");
        }
    }
    let made = engine.create_brand(new).await?;
    let tree = tree(&engine.brands(merchant).await?);
    tree.into_iter().find(|entity| entity["entity"] == made.id.to_string()).context(NO_ENTITY)
}

pub(crate) async fn list(engine: &Engine, merchant: &str) -> anyhow::Result<Value> {
    Ok(tree(&engine.brands(merchant_id(merchant)?).await?).into())
}

pub(crate) async fn revoke(engine: &Engine, merchant: &str, entity: &str) -> anyhow::Result<Value> {
    engine.revoke_brand(merchant_id(merchant)?, entity_id(entity)?).await.context(NO_ENTITY)?;
    Ok(json!({ "revoked": entity }))
}

/// The entity that a client of this dialect acts for.
pub(crate) fn of_client(dialect: Dialect, entity: Option<&str>) -> anyhow::Result<Option<BrandId>> {
    match (dialect, entity) {
        (Dialect::Orchestration, Some(entity)) => entity_id(entity).context("--entity").map(Some),
        (Dialect::Orchestration, None) => bail!("--entity: a client of the orchestration API acts for an entity"),
        (Dialect::Purchases | Dialect::CardPayments, Some(_)) => {
            bail!("--entity: only a client of the orchestration API acts for an entity")
        }
        (Dialect::Purchases | Dialect::CardPayments, None) => Ok(None),
    }
}

pub(crate) fn describe_key(key: &SigningJwk) -> Value {
    let (state, until) = match key.state {
        JwkState::Current => ("current", None),
        JwkState::Published(until) => ("published", Some(until)),
        JwkState::Retired => ("retired", None),
    };
    json!({
        "kid": key.kid,
        "state": state,
        "created": moment(key.created_at),
        "until": until.map(moment),
    })
}

fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default().to_string()
}

fn entity_id(text: &str) -> anyhow::Result<BrandId> {
    BrandId::parse(text).context("the entity's id is not an id; `tollgate entity list` shows them")
}

/// Each after the one it stands below.
fn tree(brands: &[Brand]) -> Vec<Value> {
    let mut found = Vec::with_capacity(brands.len());
    push_below(brands, None, "", &mut found);
    found
}

fn push_below(brands: &[Brand], parent: Option<BrandId>, above: &str, found: &mut Vec<Value>) {
    for brand in brands.iter().filter(|brand| brand.parent == parent) {
        let path = if above.is_empty() { brand.name.clone() } else { format!("{above} / {}", brand.name) };
        found.push(json!({
            "entity": brand.id.to_string(),
            "parent": parent.map(|parent| parent.to_string()),
            "merchant": brand.merchant_id.to_string(),
            "name": brand.name,
            "path": path,
            "api_key": brand.api_key,
            "revoked": brand.revoked_at.is_some(),
        }));
        push_below(brands, Some(brand.id), &path, found);
    }
}
