//! What an operator reads and decides about tries: thresholds, rules, lists, and why a try was blocked.

use anyhow::{Context as _, bail};
use domain::risk::{CardKey, Finding, Ground, ListKind, Listed, Policy, Rule, RuleName};
use domain::{AttemptId, CheckoutId, MerchantId, Mode, RefusedTry, Timestamp};
use engine::Engine;
use ipnet::IpNet;
use serde_json::{Value, json};

use crate::admin::merchant_id;
use crate::cli::{ListedArgs, PolicyArgs};

const NO_MERCHANT: &str = "there is no such merchant";

pub(crate) async fn show(engine: &Engine, merchant: &str, mode: &str) -> anyhow::Result<Value> {
    let (merchant, mode) = whose(merchant, mode)?;
    Ok(describe_policy(&engine.risk_policy(merchant, mode).await.context(NO_MERCHANT)?))
}

pub(crate) async fn set(engine: &Engine, merchant: &str, mode: &str, args: &PolicyArgs) -> anyhow::Result<Value> {
    let (merchant, mode) = whose(merchant, mode)?;
    let known = engine.risk_policy(merchant, mode).await.context(NO_MERCHANT)?;
    let policy = changed(if args.reset { Policy::default() } else { known }, args)?;
    engine.set_risk_policy(merchant, mode, policy.clone()).await?;
    Ok(describe_policy(&policy))
}

pub(crate) async fn block(engine: &Engine, merchant: &str, mode: &str, args: &ListedArgs) -> anyhow::Result<Value> {
    let (merchant, mode) = whose(merchant, mode)?;
    let listed = listed(engine, merchant, mode, args).await?;
    let answer = json!({ "blocked": describe_listed(&listed) });
    if !engine.list(merchant, mode, listed).await.context(NO_MERCHANT)? {
        bail!("the list is full; name networks, countries or BINs in place of what they have in common");
    }
    Ok(answer)
}

pub(crate) async fn unblock(engine: &Engine, merchant: &str, mode: &str, args: &ListedArgs) -> anyhow::Result<Value> {
    let (merchant, mode) = whose(merchant, mode)?;
    let listed = listed(engine, merchant, mode, args).await?;
    let answer = json!({ "unblocked": describe_listed(&listed) });
    if !engine.unlist(merchant, mode, listed).await.context(NO_MERCHANT)? {
        bail!("that is not blocked; `tollgate risk list` shows what is");
    }
    Ok(answer)
}

pub(crate) async fn list(engine: &Engine, merchant: &str, mode: &str) -> anyhow::Result<Value> {
    let (merchant, mode) = whose(merchant, mode)?;
    let rows = engine.risk_list(merchant, mode).await.context(NO_MERCHANT)?;
    let described = rows.iter().map(
        |row| json!({ "kind": row.listed.kind.as_str(), "value": row.listed.value, "since": shown(row.created_at) }),
    );
    Ok(described.collect())
}

pub(crate) async fn tries(engine: &Engine, merchant: &str, mode: &str, checkout: &str) -> anyhow::Result<Value> {
    let (merchant, mode) = whose(merchant, mode)?;
    let id = checkout_id(checkout)?;
    let blocked =
        engine.blocked_tries(merchant, mode, id).await.context("this merchant has no such checkout in this mode")?;
    Ok(blocked.iter().map(|(at, refused)| describe_try(*at, refused)).collect())
}

fn whose(merchant: &str, mode: &str) -> anyhow::Result<(MerchantId, Mode)> {
    Ok((merchant_id(merchant)?, Mode::parse(mode).context("--mode: test or live")?))
}

fn checkout_id(text: &str) -> anyhow::Result<CheckoutId> {
    CheckoutId::parse(text).context("the checkout's id is not an id; it is the purchase's")
}

/// The policy with what an operator wants changed of it.
fn changed(mut policy: Policy, args: &PolicyArgs) -> anyhow::Result<Policy> {
    policy.challenge_at = args.challenge_at.unwrap_or(policy.challenge_at);
    policy.block_at = args.block_at.unwrap_or(policy.block_at);
    for text in &args.rule {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default();
        let Some(mut rule) = RuleName::parse(name).and_then(|name| rule(&policy, name)) else {
            let names: Vec<_> = RuleName::ALL.iter().map(|name| name.as_str()).collect();
            bail!("--rule: {name} is no rule; there are {}", names.join(", "));
        };
        for part in parts {
            let (field, number) = part.split_once('=').unwrap_or((part, ""));
            let number: Option<u32> = number.parse().ok().filter(|number| *number <= Rule::MAX);
            match (field, number) {
                ("limit", Some(number)) => rule.limit = number,
                ("each", Some(number)) => rule.each = number,
                ("most", Some(number)) => rule.most = number,
                _ => bail!("--rule: {part} is none of limit=N, each=N, most=N with N from 0 to {}", Rule::MAX),
            }
        }
        policy.set(rule);
    }
    if !(1..=Rule::MAX).contains(&policy.block_at) {
        bail!("--block-at: from 1 to {}", Rule::MAX);
    }
    if policy.challenge_at > policy.block_at {
        bail!("--challenge-at: at most --block-at, which is {}", policy.block_at);
    }
    Ok(policy)
}

fn rule(policy: &Policy, name: RuleName) -> Option<Rule> {
    policy.rules().iter().find(|rule| rule.name == name).copied()
}

/// What is meant, in the form in which it is compared.
async fn listed(engine: &Engine, merchant: MerchantId, mode: Mode, args: &ListedArgs) -> anyhow::Result<Listed> {
    let ListedArgs { card, checkout, attempt, email, network, country, bin } = args;
    if let Some(checkout) = checkout {
        let attempt = attempt.as_deref().map(AttemptId::parse).transpose().context("--attempt: not an id")?;
        let key = engine.card_key(merchant, mode, checkout_id(checkout)?, attempt).await;
        let key = key.context("no card of such a try is kept for this merchant in this mode")?;
        return Ok(Listed { kind: ListKind::Card, value: key.to_string() });
    }
    let (kind, value) = match (card, email, network, country, bin) {
        (Some(card), ..) => {
            let key = CardKey::parse(card)
                .context("--card: 32 hexadecimal digits, never a card number; or name a --checkout")?;
            (ListKind::Card, key.to_string())
        }
        (_, Some(email), ..) => {
            let email = email.trim().to_lowercase();
            if !email.contains('@') || email.len() > 254 {
                bail!("--email: {email} is not a mail address");
            }
            (ListKind::Email, email)
        }
        (_, _, Some(network), ..) => (ListKind::Network, parse_network(network)?),
        (_, _, _, Some(country), _) => {
            let country = country.to_ascii_uppercase();
            if country.len() != 2 || !country.bytes().all(|letter| letter.is_ascii_uppercase()) {
                bail!("--country: {country} is not a country of two letters, such as MY");
            }
            (ListKind::Country, country)
        }
        (_, _, _, _, Some(bin)) => {
            if !(4..=8).contains(&bin.len()) || !bin.bytes().all(|digit| digit.is_ascii_digit()) {
                bail!("--bin: four to eight digits; a whole card number is never typed here");
            }
            (ListKind::Bin, bin.clone())
        }
        (None, None, None, None, None) => {
            bail!("say what is meant: --card, --checkout, --email, --network, --country or --bin")
        }
    };
    Ok(Listed { kind, value })
}

fn parse_network(text: &str) -> anyhow::Result<String> {
    let network = match text.parse::<std::net::IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse::<IpNet>().with_context(|| format!("--network: {text} is not an address or a network"))?,
    };
    Ok(network.trunc().to_string())
}

fn describe_policy(policy: &Policy) -> Value {
    let mut described = json!({ "challenge_at": policy.challenge_at, "block_at": policy.block_at });
    for Rule { name, limit, each, most } in policy.rules() {
        described[name.as_str()] = Value::from(format!("limit={limit},each={each},most={most}"));
    }
    described
}

fn describe_listed(listed: &Listed) -> String {
    format!("{} {}", listed.kind.as_str(), listed.value)
}

fn describe_try(at: Timestamp, refused: &RefusedTry) -> Value {
    let assessment = refused.assessment.clone().unwrap_or_default();
    let reasons: Vec<_> = assessment.findings.iter().map(describe_finding).collect();
    json!({
        "attempt": refused.attempt_id.to_string(),
        "at": shown(at),
        "card": refused.card.as_ref().map(|card| card.masked.clone()),
        "address": refused.payer_ip.map(|ip| ip.to_string()),
        "blocked": refused.reason.as_str(),
        "score": assessment.score,
        "reasons": reasons.join(", "),
    })
}

fn describe_finding(finding: &Finding) -> String {
    let name = match finding.ground {
        Ground::Limit(limit) => format!("limit {}", limit.as_str()),
        Ground::Listed(kind) => format!("list {}", kind.as_str()),
        Ground::Rule(name) => format!("rule {}", name.as_str()),
    };
    format!("{name}: {} ({} points)", finding.value, finding.points)
}

/// A moment as operators read it.
pub(crate) fn shown(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).map_or_else(|_| at.micros().to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(rules: &[&str]) -> PolicyArgs {
        let rule = rules.iter().map(|rule| (*rule).to_owned()).collect();
        PolicyArgs { challenge_at: None, block_at: None, rule, reset: false }
    }

    #[test]
    fn what_is_not_said_stays() {
        let set = |policy, rules: &[&str]| changed(policy, &args(rules)).expect("a policy");
        let policy = set(Policy::default(), &["amount,limit=3,most=40"]);
        let policy = set(policy, &["amount,each=7", "card_country,most=0"]);
        let described = describe_policy(&policy);
        assert_eq!("limit=3,each=7,most=40", described["amount"]);
        assert_eq!("limit=0,each=8,most=0", described["card_country"]);
        assert_eq!((json!(60), json!(100)), (described["challenge_at"].clone(), described["block_at"].clone()));
    }

    #[test]
    fn what_cannot_be_set_says_why() {
        let refused = |args: &PolicyArgs| changed(Policy::default(), args).expect_err("refused").to_string();
        assert!(refused(&args(&["mood"])).contains("card_tries, address_failures"));
        for rule in ["amount,limit", "amount,limit=-1", "amount,limit=1000001", "amount,often=1", "amount,"] {
            assert!(refused(&args(&[rule])).contains("limit=N, each=N, most=N"), "{rule}");
        }
        assert!(refused(&PolicyArgs { block_at: Some(0), ..args(&[]) }).contains("--block-at"));
        assert!(refused(&PolicyArgs { challenge_at: Some(101), ..args(&[]) }).contains("--challenge-at"));
    }

    #[test]
    fn networks_have_one_form() {
        for (text, form) in [
            ("203.0.113.9", "203.0.113.9/32"),
            ("203.0.113.9/24", "203.0.113.0/24"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::ffff:203.0.113.9", "203.0.113.9/32"),
        ] {
            assert_eq!(form, parse_network(text).expect("a network"));
        }
        assert!(parse_network("203.0.113").is_err());
    }
}
