//! What a merchant is told of 3-D Secure.

use domain::{Authentication, AuthenticationIds, Challenge, TransStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// What came of 3-D Secure 2: for the merchant's records and disputes; the reference names `three_d_secure` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ThreeDSecure {
    /// `transStatus`: `Y`, `A`, `I`, `N`, `U`, `R`; `U` too when no answer came.
    #[schema(value_type = String, example = "Y")]
    pub trans_status: char,
    /// `transStatusReason`, two digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trans_status_reason: String,
    /// `challengeCancel`, two digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub challenge_cancel: String,
    /// Whether the bank asked the payer.
    pub challenged: bool,
    /// Electronic commerce indicator.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub eci: String,
    /// Authentication value, base64 of 20 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cavv: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub three_ds_server_trans_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ds_trans_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub acs_trans_id: Option<String>,
}

impl ThreeDSecure {
    /// The bank asks, and has not answered.
    pub(super) fn asked(challenge: &Challenge) -> Self {
        Self { challenged: true, ..Self::default() }.with_ids(&challenge.ids)
    }

    pub(super) fn said(authentication: &Authentication) -> Self {
        let Authentication { ids, status, reason, cancel, eci, cavv, challenged } = authentication;
        let said = Self {
            trans_status: status.letter(),
            trans_status_reason: reason.clone(),
            challenge_cancel: cancel.clone(),
            challenged: *challenged,
            eci: eci.clone(),
            cavv: cavv.clone(),
            ..Self::default()
        };
        said.with_ids(ids)
    }

    fn with_ids(self, AuthenticationIds { server, directory, acs }: &AuthenticationIds) -> Self {
        let [server, directory, acs] = [server, directory, acs].map(|id| Some(id.to_string()));
        Self { three_ds_server_trans_id: server, ds_trans_id: directory, acs_trans_id: acs, ..self }
    }

    /// Whether the bank vouches for the payer.
    pub(super) fn vouches(&self) -> bool {
        TransStatus::parse(self.trans_status.encode_utf8(&mut [0; 4])).is_some_and(TransStatus::vouches)
    }
}

/// Nothing was heard.
impl Default for ThreeDSecure {
    fn default() -> Self {
        Self {
            trans_status: TransStatus::Unavailable.letter(),
            trans_status_reason: String::new(),
            challenge_cancel: String::new(),
            challenged: false,
            eci: String::new(),
            cavv: String::new(),
            three_ds_server_trans_id: None,
            ds_trans_id: None,
            acs_trans_id: None,
        }
    }
}
