//! The test acquirer's own page, at `/acs/pay/`.

use axum::extract::{Path, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::redirects::{RedirectChoice, RedirectView};
use uuid::Uuid;

use super::{Pages, add, answer, bank_headers, read_form};
use crate::form;
use crate::page::{AcquirerPage, Broken};

impl Pages {
    /// The test acquirer's page with this id.
    async fn acquirer_page(&self, id: &str) -> Result<(Uuid, RedirectView), Response> {
        let Ok(id) = Uuid::parse_str(id) else { return Err(self.unknown()) };
        match self.engine.acquirer_page(id).await {
            Ok(view) => view.map(|view| (id, view)).ok_or_else(|| self.unknown()),
            Err(error) => Err(self.failed(&error, Broken::Unsure)),
        }
    }
}

/// The test acquirer's own page: a wallet, a lender or a bank asks the payer (orchestration-api 8.4).
pub(super) async fn ask(pages: Pages, Path(id): Path<String>) -> Response {
    match pages.acquirer_page(&id).await {
        Ok((id, view)) => {
            let words = pages.wish.words();
            let page = AcquirerPage { words, action: &acquirer_page(id), view: &view };
            answer(StatusCode::OK, bank_headers(&pages, &view.return_url), words, page.render())
        }
        Err(answer) => answer,
    }
}

/// What the payer chose there. The page itself leads on: a redirect would be held against the form (checkout-ux 8).
pub(super) async fn decide(pages: Pages, Path(id): Path<String>, request: Request) -> Response {
    let (id, view) = match pages.acquirer_page(&id).await {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let posted = read_form(request).await.map(|bytes| form::fields(&bytes, ["action"]));
    let Ok([action]) = posted else { return pages.unknown() };
    let choice = match action.as_str() {
        "approve" => Some(RedirectChoice::Approve),
        "refuse" => Some(RedirectChoice::Refuse),
        "cancel" => Some(RedirectChoice::Cancel),
        "later" => Some(RedirectChoice::Later),
        _ => None,
    };
    if let Some(choice) = choice
        && let Err(error) = pages.engine.decide_at_acquirer(id, choice).await
    {
        return pages.failed(&error, Broken::Unsure);
    }
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::from_str(&acquirer_page(id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    add(&mut response, bank_headers(&pages, &view.return_url));
    response
}

fn acquirer_page(id: Uuid) -> String {
    format!("/acs/pay/{id}")
}
