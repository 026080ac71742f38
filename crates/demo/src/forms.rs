//! The forms of the shop. Each carries a token that only its own pages know, so that no other site can post them.

use axum::body::Body;
use tollgate_http::body;
use url::form_urlencoded;

use crate::shop::Shop;

/// No form of the shop is longer, in bytes.
const FORM_MAX: usize = 4 * 1024;

/// The fields of a form.
pub(crate) struct Form(Vec<(String, String)>);

/// Why a form is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadForm {
    /// It could not be read.
    Unreadable,
    /// No page of this run of the shop made it.
    NotOurs,
}

impl Form {
    /// Reads a form of the shop's own.
    pub(crate) async fn read(shop: &Shop, body: Body) -> Result<Self, BadForm> {
        let bytes = body::read(body, FORM_MAX).await.map_err(|_| BadForm::Unreadable)?;
        let form = Self(form_urlencoded::parse(&bytes).into_owned().collect());
        if form.field("token") == Some(&shop.form_token) { Ok(form) } else { Err(BadForm::NotOurs) }
    }

    /// A field, the first of its name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
