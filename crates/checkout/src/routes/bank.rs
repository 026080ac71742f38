//! The page of the test bank, which asks the payer for a code (checkout-ux 9.2).

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{CheckoutId, TransStatus};
use engine::three_ds::{self, AcsAnswer, AcsBehaviour, AcsOutcome};
use uuid::Uuid;

use super::{Pages, answer, bank_headers, is_embedded, read_form};
use crate::form;
use crate::page::{self, AcsNotice, AcsPage, AcsReturn, Broken};

/// The test bank's own page: it asks for a code and carries the answer back (checkout-ux 9.2). It is framed wherever the
/// page leading to it may be (security B3).
pub(super) async fn ask(mut pages: Pages, request: Request) -> Response {
    let names = ["creq", "threeDSSessionData", "otp", "action"];
    let posted = read_form(request).await.map(|bytes| form::fields(&bytes, names));
    let Ok([creq, session_data, otp, action]) = posted else { return pages.unknown() };
    pages.embedded = is_embedded(&session_data);
    let asked = three_ds::parse_creq(&creq).and_then(|creq| pages.engine.test_bank().challenge(creq.acs));
    let answered = answer_as_bank(&pages, &creq, &session_data, &otp, &action).await;
    match asked.and_then(|view| checkout_of(&view.return_url)) {
        Some(id) if pages.embedded => match pages.engine.show(id).await {
            Ok(shown) => pages.let_shop_in(answered, &shown.record.checkout).await,
            Err(_) => answered,
        },
        Some(_) | None => answered,
    }
}

async fn answer_as_bank(pages: &Pages, creq: &str, session_data: &str, otp: &str, action: &str) -> Response {
    let bank = pages.engine.test_bank();
    let Some(acs) = three_ds::parse_creq(creq).map(|creq| creq.acs) else { return pages.unknown() };
    let Some(view) = bank.challenge(acs) else { return pages.unknown() };
    if view.behaviour == AcsBehaviour::Broken {
        let words = pages.wish.words();
        let html = page::broken(words, Broken::Unsure);
        return answer(StatusCode::INTERNAL_SERVER_ERROR, bank_headers(pages, &view.return_url), words, html);
    }
    let choice = match action {
        "verify" if otp.trim().is_empty() => {
            return bank_page(pages, acs, creq, session_data, Some(AcsNotice::Empty));
        }
        "verify" => AcsAnswer::Otp(otp.trim()),
        "resend" => AcsAnswer::Resend,
        "cancel" => AcsAnswer::Cancel,
        "timeout" => AcsAnswer::Timeout,
        letter => TransStatus::parse(letter).map_or(AcsAnswer::Open, AcsAnswer::Choose),
    };
    let outcome = pages.engine.act_at_test_bank(acs, choice).await;
    match outcome {
        Some(AcsOutcome::Done { cres, times }) => {
            if times > 1 {
                // The first of two copies; the browser brings the other.
                if let Some(id) = checkout_of(&view.return_url) {
                    let _ = pages.engine.return_from_bank(id, &cres).await;
                }
            }
            let words = pages.wish.words();
            let page = AcsReturn { words, notification_url: &view.return_url, cres: &cres, session_data };
            answer(StatusCode::OK, bank_headers(pages, &view.return_url), words, page.render())
        }
        Some(AcsOutcome::WrongOtp { .. }) => bank_page(pages, acs, creq, session_data, Some(AcsNotice::Wrong)),
        Some(AcsOutcome::Resent { .. }) => bank_page(pages, acs, creq, session_data, Some(AcsNotice::Resent)),
        Some(AcsOutcome::Nothing) | None => bank_page(pages, acs, creq, session_data, None),
    }
}

/// The bank's question as it stands now.
fn bank_page(pages: &Pages, acs: Uuid, creq: &str, session_data: &str, notice: Option<AcsNotice>) -> Response {
    let Some(view) = pages.engine.test_bank().challenge(acs) else { return pages.unknown() };
    let words = pages.wish.words();
    let page = AcsPage {
        words,
        action: "/acs/challenge",
        merchant: &view.merchant,
        amount: view.amount,
        at: view.date,
        brand: view.scheme,
        last4: &view.last4,
        tries_left: view.tries_left.into(),
        resends_left: view.resends_left.into(),
        notice,
        creq,
        session_data,
    };
    answer(StatusCode::OK, bank_headers(pages, &view.return_url), words, page.render())
}

/// The checkout in `.../p/{id}/3ds/`.
fn checkout_of(return_url: &str) -> Option<CheckoutId> {
    CheckoutId::parse(return_url.trim_end_matches('/').rsplit('/').nth(1)?).ok()
}
