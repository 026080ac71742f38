//! Merchants, brands, and where notifications go.

use domain::{Currency, Exchange, Fees, LogoId, Look, Origin, Palette, Reserve, WebhookId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::word::AsWord;
use super::{is_default, word};
use crate::records::{BankAccount, Company, Endpoint};

/// What a merchant's row holds beside its columns.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MerchantDoc {
    #[serde(default, with = "CompanyDoc", skip_serializing_if = "is_default")]
    pub(crate) company: Company,
    #[serde(default, with = "FeesDoc", skip_serializing_if = "is_default")]
    pub(crate) fees: Fees,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) email: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Company", deny_unknown_fields)]
struct CompanyDoc {
    #[serde(default, skip_serializing_if = "is_default")]
    legal_name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    registration_number: String,
    #[serde(default, skip_serializing_if = "is_default")]
    tax_number: String,
    #[serde(default, skip_serializing_if = "is_default")]
    street_address: String,
    #[serde(default, skip_serializing_if = "is_default")]
    city: String,
    #[serde(default, skip_serializing_if = "is_default")]
    zip_code: String,
    #[serde(default, skip_serializing_if = "is_default")]
    country: String,
    #[serde(default, with = "bank_accounts", skip_serializing_if = "is_default")]
    bank_accounts: Vec<BankAccount>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BankAccount", deny_unknown_fields)]
struct BankAccountDoc {
    #[serde(default, skip_serializing_if = "is_default")]
    account: String,
    #[serde(default, skip_serializing_if = "is_default")]
    code: String,
}

/// A list of [`BankAccountDoc`].
mod bank_accounts {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{BankAccount, BankAccountDoc};

    #[derive(Serialize)]
    struct Written<'a>(#[serde(with = "BankAccountDoc")] &'a BankAccount);

    #[derive(Deserialize)]
    struct Read(#[serde(with = "BankAccountDoc")] BankAccount);

    pub(super) fn serialize<S: Serializer>(accounts: &[BankAccount], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(accounts.iter().map(Written))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BankAccount>, D::Error> {
        Ok(Vec::<Read>::deserialize(deserializer)?.into_iter().map(|Read(account)| account).collect())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Fees", deny_unknown_fields)]
pub(super) struct FeesDoc {
    #[serde(default, skip_serializing_if = "is_default")]
    basis_points: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    fixed: u32,
    #[serde(default, with = "ReserveDoc", skip_serializing_if = "is_default")]
    reserve: Reserve,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reserve", deny_unknown_fields)]
struct ReserveDoc {
    #[serde(default, skip_serializing_if = "is_default")]
    basis_points: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    days: u32,
}

/// What a brand's row holds beside its columns.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrandDoc {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) website: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) support_email: String,
    #[serde(with = "word")]
    pub(crate) currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currencies: Option<Vec<AsWord<Currency>>>,
    #[serde(default, skip_serializing_if = "is_default")]
    exchanges: Vec<AsWord<Exchange>>,
    pub(crate) language: String,
    pub(crate) time_zone: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) direct_post: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    embed_origins: Vec<AsWord<Origin>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    palette: Option<AsWord<Palette>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logo: Option<AsWord<LogoId>>,
}

impl BrandDoc {
    pub(crate) fn new(brand: &crate::records::Brand) -> Self {
        Self {
            name: brand.name.clone(),
            website: brand.website.clone(),
            support_email: brand.support_email.clone(),
            currency: brand.currency,
            currencies: brand.currencies.as_ref().map(|codes| codes.iter().copied().map(AsWord).collect()),
            exchanges: brand.exchanges.iter().copied().map(AsWord).collect(),
            language: brand.language.clone(),
            time_zone: brand.time_zone.clone(),
            direct_post: brand.direct_post,
            embed_origins: brand.embed_origins.iter().cloned().map(AsWord).collect(),
            palette: brand.look.palette.map(AsWord),
            logo: brand.look.logo.map(AsWord),
        }
    }

    pub(crate) fn look(&self) -> Look {
        let (palette, logo) = (self.palette.as_ref(), self.logo.as_ref());
        Look { palette: palette.map(|AsWord(palette)| *palette), logo: logo.map(|AsWord(logo)| *logo) }
    }

    pub(crate) fn embed_origins(&self) -> Vec<Origin> {
        self.embed_origins.iter().map(|AsWord(origin)| origin.clone()).collect()
    }

    pub(crate) fn currencies(&self) -> Option<Vec<Currency>> {
        self.currencies.as_ref().map(|codes| codes.iter().map(|AsWord(code)| *code).collect())
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.iter().map(|AsWord(exchange)| *exchange).collect()
    }
}

/// Where a notification goes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum EndpointDoc {
    Callback {
        url: String,
    },
    Status {
        url: String,
    },
    Subscription {
        topic: String,
        url: String,
    },
    Webhook {
        url: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, Vec<String>)>,
        event_types: Vec<String>,
    },
    Registered {
        webhook_id: Uuid,
    },
    Mail {
        to: String,
    },
}

impl From<Endpoint> for EndpointDoc {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Callback { url } => Self::Callback { url },
            Endpoint::Status { url } => Self::Status { url },
            Endpoint::Subscription { topic, url } => Self::Subscription { topic, url },
            Endpoint::Webhook { url, headers, event_types } => Self::Webhook { url, headers, event_types },
            Endpoint::Registered { webhook_id } => Self::Registered { webhook_id: webhook_id.uuid() },
            Endpoint::Mail { to } => Self::Mail { to },
        }
    }
}

impl From<EndpointDoc> for Endpoint {
    fn from(document: EndpointDoc) -> Self {
        match document {
            EndpointDoc::Callback { url } => Self::Callback { url },
            EndpointDoc::Status { url } => Self::Status { url },
            EndpointDoc::Subscription { topic, url } => Self::Subscription { topic, url },
            EndpointDoc::Webhook { url, headers, event_types } => Self::Webhook { url, headers, event_types },
            EndpointDoc::Registered { webhook_id } => Self::Registered { webhook_id: WebhookId::new(webhook_id) },
            EndpointDoc::Mail { to } => Self::Mail { to },
        }
    }
}
