//! Ways to pay a purchase that are no card: what its page offers, the way to the acquirer's page and back, and links that
//! lead there without a look at ours (purchases-api 6.2).
//!
//! Such a link is opened by a GET. It begins a try only for a payer who is really there: not for whoever asks for headers
//! only, or fetches ahead; and not while another try is under way.

use axum::extract::{Extension, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{ChallengeWindow, Checkout, Dialect, Flow, LocalMeans, LocalMethod, Refusal};
use engine::{Error, Shown, Visit};
use tollgate_http::caller::Caller;

use super::{Pages, Place, found, read_form};
use crate::details;
use crate::form::{self, FormErrors, OfferedMethod};
use crate::headers::Kind;
use crate::page::{self, Broken, MethodsOffered, Stage, Subject};

/// The wallets behind `preferred=razer`, by their codes.
const RAZER: [(&str, LocalMethod); 5] = [
    ("GrabPay", LocalMethod::RazerGrabpay),
    ("TNG-EWALLET", LocalMethod::RazerTng),
    ("ShopeePay", LocalMethod::RazerShopeepay),
    ("MB2U_QRPay-Push", LocalMethod::RazerMaybankqr),
    ("Atome", LocalMethod::RazerAtome),
];

/// What the address of a page says about how to pay.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Straight there, if that is possible.
    preferred: Option<String>,
    /// Chosen beforehand on our page.
    active: Option<String>,
    fpx_bank: Option<String>,
    razer_bank: Option<String>,
    /// Nobody looks at what is fetched, yet.
    is_ahead: bool,
}

impl Asked {
    pub(super) fn of(parts: &Parts) -> Self {
        let mut asked = Self { is_ahead: is_prefetch(&parts.headers), ..Self::default() };
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            let member = match &*name {
                "preferred" => &mut asked.preferred,
                "active" => &mut asked.active,
                "fpx_bank_code" => &mut asked.fpx_bank,
                "razer_bank_code" => &mut asked.razer_bank,
                _ => continue,
            };
            member.get_or_insert_with(|| value.into_owned());
        }
        asked
    }

    /// The method that is wished for, of those that may pay the checkout.
    fn method(&self, checkout: &Checkout) -> Option<LocalMethod> {
        let name = self.preferred.as_deref().or(self.active.as_deref())?;
        let named = match name {
            "razer" => {
                let code = self.razer_bank.as_deref()?;
                RAZER.into_iter().find(|(known, _)| *known == code).map(|(_, method)| method)
            }
            name => LocalMethod::parse(name),
        };
        // Two names of one thing: whichever is offered.
        let same = |method: LocalMethod| match method {
            LocalMethod::Dnqr => LocalMethod::DuitnowQr,
            LocalMethod::DuitnowQr => LocalMethod::Dnqr,
            method => method,
        };
        let is_offered = |method: &LocalMethod| checkout.methods.contains(method);
        named.filter(is_offered).or_else(|| named.map(same).filter(is_offered))
    }

    /// The bank that is wished for, of those of the method.
    fn bank(&self, method: LocalMethod) -> Option<&'static str> {
        method.bank(self.fpx_bank.as_deref()?).map(|bank| bank.code)
    }
}

/// Fetched for a page that may be opened later, or never.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|purpose| {
            let purpose = purpose.to_ascii_lowercase();
            purpose.contains("prefetch") || purpose.contains("preview") || purpose.contains("prerender")
        })
    })
}

impl Pages {
    /// What the page of this checkout offers beside cards; of two ways to the same wallet, the first.
    pub(super) async fn offered(&self, checkout: &Checkout) -> Vec<OfferedMethod> {
        let mut offered: Vec<OfferedMethod> = vec![];
        for method in checkout.methods.iter().copied() {
            if !offered.iter().any(|other| other.method.label() == method.label()) {
                let banks = if method.banks().is_empty() { vec![] } else { self.engine.banks(method).await };
                offered.push(OfferedMethod { method, banks });
            }
        }
        offered
    }

    /// The same for a page, with what its address asks for.
    pub(super) async fn methods(&self, checkout: &Checkout) -> MethodsOffered {
        let offered = self.offered(checkout).await;
        let wished = self.asked.method(checkout);
        let shown = |method: LocalMethod| {
            let same = offered.iter().find(|other| other.method.label() == method.label());
            same.map(|other| other.method)
        };
        let chosen = wished.and_then(shown);
        let bank = chosen.and_then(|method| self.asked.bank(method));
        MethodsOffered { offered, chosen, bank }
    }

    /// Straight to the acquirer's page, when the address asks for that and nothing is left to ask the payer.
    pub(super) async fn jump(
        &self,
        shown: &Shown,
        method: &Method,
        caller: Option<Extension<Caller>>,
    ) -> Option<Response> {
        let checkout = &shown.record.checkout;
        let is_asked = self.asked.preferred.is_some() && checkout.dialect == Dialect::Purchases;
        if !is_asked || method != Method::GET || self.asked.is_ahead {
            return None;
        }
        let wished = self.asked.method(checkout)?;
        let bank = self.asked.bank(wished);
        let subject = self.subject(shown).await;
        if subject.stage() == Stage::AtPartner {
            return to_acquirer(subject, wished, bank);
        }
        if subject.stage() != Stage::Payable || !says_all(subject) {
            return None;
        }
        let means = LocalMeans::new(wished, bank)?;
        if self.engine.banks(wished).await.iter().any(|state| !state.is_up && Some(state.bank) == means.bank()) {
            return None;
        }
        let visit = Visit {
            flow: Flow::HostedPage,
            payer_ip: caller.map(|Extension(caller)| caller.0),
            form_token: None,
            details: None,
            window: ChallengeWindow::Full,
        };
        let begun = match self.engine.pay_by_method(shown, means, visit).await {
            Err(Error::Refused(Refusal::InFlight)) => self.engine.tendered_by_payer(checkout.id).await,
            begun => begun,
        };
        Some(match begun {
            Ok(begun) => match to_acquirer(self.subject(&begun).await, wished, bank) {
                Some(answer) => answer,
                None => self.see_other(checkout, "result/"),
            },
            Err(Error::Refused(_)) => self.see_other(checkout, ""),
            Err(error) => self.failed(&error, Broken::Unsure),
        })
    }

    /// Where a payer goes whose choice was taken: to the acquirer's page, which lies under our own address, so that the
    /// form's `form-action` lets them.
    pub(super) async fn after_method(&self, shown: &Shown) -> Response {
        let url = self.subject(shown).await.redirected_to();
        let location = url.and_then(|url| HeaderValue::from_str(url).ok());
        let Some(location) = location else { return self.see_other(&shown.record.checkout, "result/") };
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, location);
        super::add(&mut response, self.headers(Kind::Status));
        response
    }

    /// The payer is away, and opens our page.
    pub(super) async fn away(&self, shown: &Shown) -> Response {
        let token = self.engine.form_token(shown.record.checkout.id);
        let subject = self.subject(shown).await;
        super::answer(StatusCode::OK, self.headers(Kind::Card), subject.words, page::away(subject, &token))
    }
}

/// The page where the payer is expected, if that is what was asked for.
fn to_acquirer(subject: Subject<'_>, method: LocalMethod, bank: Option<&'static str>) -> Option<Response> {
    let url = subject.redirected_to()?;
    let means = subject.payment.attempts.last().and_then(|attempt| subject.local(attempt.id))?;
    let is_same = means.method() == method && (bank.is_none() || means.bank().map(|bank| bank.code) == bank);
    is_same.then(|| found(url))
}

/// Whether the merchant knows all of the payer that it wants to.
fn says_all(subject: Subject<'_>) -> bool {
    let asked = details::fields(&subject.checkout.asks_details, subject.customer());
    asked.iter().all(|field| !field.required || !field.value.is_empty())
}

/// The acquirer's page leads the payer here. What came of it, the acquirer says and not the browser.
pub(super) async fn back_from_acquirer(pages: Pages, Path(place): Path<Place>) -> Response {
    let id = match pages.find(&place).await {
        Ok(shown) => shown.record.checkout.id,
        Err(answer) => return answer,
    };
    let shown = match pages.engine.return_from_acquirer(id).await {
        Ok(shown) => shown,
        Err(error) => return pages.failed(&error, Broken::Unsure),
    };
    let subject = pages.subject(&shown).await;
    if subject.stage() == Stage::AtPartner {
        return pages.page(StatusCode::OK, subject.words, page::deciding(subject));
    }
    pages.see_other(&shown.record.checkout, "result/")
}

/// The payer wants to pay in another way: what was begun is undone first.
pub(super) async fn leave(pages: Pages, Path(place): Path<Place>, request: Request) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    let checkout = &shown.record.checkout;
    let posted = read_form(request).await.map(|bytes| form::fields(&bytes, ["attempt"]));
    let Ok([token]) = posted else { return pages.see_other(checkout, "") };
    match pages.engine.leave_acquirer(checkout.id, &token).await {
        Ok(_) | Err(Error::Used) => pages.see_other(checkout, ""),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// Somebody opened the address of that form by hand.
pub(super) async fn to_page(pages: Pages, Path(place): Path<Place>) -> Response {
    match pages.find(&place).await {
        Ok(shown) => pages.see_other(&shown.record.checkout, ""),
        Err(answer) => answer,
    }
}

/// What was posted that is no card.
pub(super) async fn pay(pages: &Pages, shown: &Shown, means: LocalMeans, visit: Visit) -> Response {
    let id = shown.record.checkout.id;
    match pages.engine.pay_by_method(shown, means, visit).await {
        Ok(shown) => pages.after_method(&shown).await,
        // Not a form of this checkout: shown anew, and nothing was sent.
        Err(Error::Used) => pages.form_or_state(shown, Some(FormErrors::unreadable())).await,
        Err(error) => pages.not_paid(id, &error).await,
    }
}
