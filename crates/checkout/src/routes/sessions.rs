//! The hosted page of a client session: `/entities/{entity_id}/sessions/{id}/` and what belongs to it (orchestration-api
//! 7.5). It takes gift cards and one more means of payment, and whatever becomes of that, the payer goes back to the
//! merchant with the gateway's signed word on it.
//!
//! Nothing is written down before the payer pays: gift cards stand sealed in the page's own forms. A session takes one
//! submission; a GET of a page whose session had it goes on from where that stands.

use axum::extract::{Extension, Path, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Flow, LEGS_MAX, Offer, OfferKind, Refusal, TenderTerms};
use engine::{Balance, CardEntry, Error, LegSource, NewLeg, ReadGiftCard, Shown, Visit};
use tollgate_http::caller::Caller;

use super::{Pages, Place, entry, read_form};
use crate::form::{self, Asked, Entry, Field, FieldError, FormErrors};
use crate::headers::Kind;
use crate::page::{self, Broken, Stage, TenderPage};
use crate::tender::{self, GiftCard, GiftCards, TypedGiftCard};
use crate::texts;
use crate::words::Message;

/// Opens the page.
pub(super) async fn show(pages: Pages, Path(place): Path<Place>, method: Method) -> Response {
    let shown = match pages.open(&place, &method).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    if pages.subject(&shown).await.is_untouched() {
        return pages.tender_page(&shown, &GiftCards::default(), Again::default()).await;
    }
    if engine::question(&shown).is_some() {
        return pages.challenge(&shown).await;
    }
    let subject = pages.subject(&shown).await;
    match subject.stage() {
        Stage::AtPartner => {
            let token = pages.engine.form_token(shown.record.checkout.id);
            let html = page::at_partner(subject, &token);
            super::answer(StatusCode::OK, pages.headers(Kind::Card), subject.words, html)
        }
        Stage::Processing => pages.page(StatusCode::OK, subject.words, page::after_session(subject, None)),
        Stage::Payable
        | Stage::Challenged
        | Stage::Paid
        | Stage::PaidElsewhere
        | Stage::Reserved
        | Stage::CardSaved
        | Stage::Cancelled
        | Stage::Failed
        | Stage::Expired
        | Stage::Closed => pages.back(&shown).await,
    }
}

/// What became of it, and on the way back to the merchant.
pub(super) async fn result(pages: Pages, Path(place): Path<Place>) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    let checkout = &shown.record.checkout;
    if engine::question(&shown).is_some() {
        return pages.see_other(checkout, "challenge/");
    }
    let subject = pages.subject(&shown).await;
    if subject.is_untouched() {
        return pages.see_other(checkout, "");
    }
    match pages.engine.way_back(&shown).await {
        Ok(way_back) => pages.page(StatusCode::OK, subject.words, page::after_session(subject, way_back.as_ref())),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// The partner's page leads the payer here. What came of it, the partner says and not the browser.
pub(super) async fn back_from_partner(pages: Pages, Path(place): Path<Place>) -> Response {
    let id = match pages.find(&place).await {
        Ok(shown) => shown.record.checkout.id,
        Err(answer) => return answer,
    };
    let shown = match pages.engine.return_from_acquirer(id).await {
        Ok(shown) => shown,
        Err(error) => return pages.failed(&error, Broken::Unsure),
    };
    let subject = pages.subject(&shown).await;
    if subject.stage() != Stage::AtPartner {
        return pages.see_other(&shown.record.checkout, "result/");
    }
    match pages.engine.way_back(&shown).await {
        Ok(way_back) => pages.page(StatusCode::OK, subject.words, page::pending(subject, way_back.as_ref())),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// The payer wants none of it.
pub(super) async fn cancel(pages: Pages, Path(place): Path<Place>, request: Request) -> Response {
    let checkout = match pages.find(&place).await {
        Ok(shown) => shown.record.checkout,
        Err(answer) => return answer,
    };
    let posted = read_form(request).await.map(|bytes| form::fields(&bytes, ["attempt"]));
    let Ok([token]) = posted else { return pages.see_other(&checkout, "") };
    match pages.engine.leave_tender(checkout.id, &token).await {
        Err(Error::Used) => pages.see_other(&checkout, ""),
        // Paid or ended before: the page says how.
        Ok(_) | Err(Error::Refused(_)) => pages.see_other(&checkout, "result/"),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// Adds a gift card to the page, or takes one off it.
pub(super) async fn change_gift_cards(pages: Pages, Path(place): Path<Place>, request: Request) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    let body = match read_form(request).await {
        Ok(body) => body,
        Err(status) => return pages.unread(&shown, status).await,
    };
    let checkout = &shown.record.checkout;
    let Some(terms) = &checkout.tender else { return pages.unknown() };
    if !pages.subject(&shown).await.is_untouched() {
        return pages.see_other(checkout, "result/");
    }
    let (mut gifts, lost) = pages.gift_cards(&shown, &body);
    let [removed, chosen] = form::fields(&body, ["remove", "gift_kind"]);
    let mut again = Again { notice: lost.then_some(texts::VERIFY_AGAIN), ..Again::default() };
    if let Ok(removed) = removed.parse::<usize>() {
        if removed < gifts.0.len() {
            gifts.0.remove(removed);
        }
        return pages.tender_page(&shown, &gifts, again).await;
    }
    chosen.as_str().clone_into(&mut again.chosen);
    match pages.add_gift_card(&shown, terms, &body, &mut gifts).await {
        Ok(()) => {}
        Err(errors) if errors.is_empty() => again.notice = Some(texts::VERIFY_AGAIN),
        Err(errors) => again.errors = FormErrors { errors, ..FormErrors::default() },
    }
    pages.tender_page(&shown, &gifts, again).await
}

/// Somebody opened the address of that form by hand, or chose another language after it.
pub(super) async fn to_page(pages: Pages, Path(place): Path<Place>) -> Response {
    match pages.find(&place).await {
        Ok(shown) => pages.see_other(&shown.record.checkout, ""),
        Err(answer) => answer,
    }
}

/// Takes the gift cards of the page and what pays the rest. Amounts are ours (security B5).
pub(super) async fn pay(
    pages: Pages,
    Path(place): Path<Place>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    let body = match read_form(request).await {
        Ok(body) => body,
        Err(status) => return pages.unread(&shown, status).await,
    };
    let checkout = &shown.record.checkout;
    let Some(terms) = &checkout.tender else { return pages.unknown() };
    let (gifts, lost) = pages.gift_cards(&shown, &body);
    let [token, width, chosen] = form::fields(&body, ["attempt", "window_width", "method"]);
    let mut again = Again { chosen: chosen.to_string(), ..Again::default() };
    if lost || gifts.is_overfull(shown.payment.terms.amount) {
        again.notice = lost.then_some(texts::VERIFY_AGAIN);
        return pages.tender_page(&shown, &gifts, again).await;
    }
    let primary = match pages.primary(&shown, terms, &gifts, &chosen, &body).await {
        Ok(primary) => primary,
        Err(wrong) => return pages.tender_page(&shown, &gifts, Again { chosen: again.chosen, ..wrong }).await,
    };
    let gifts = match pages.still_good(&shown, gifts).await {
        Ok(gifts) => gifts,
        Err(changed) => {
            again.notice = Some(texts::GIFT_CHANGED);
            // It may be this very form, posted twice, that used them.
            return match pages.engine.show(checkout.id).await {
                Ok(now) => pages.tender_page(&now, &changed, again).await,
                Err(error) => pages.failed(&error, Broken::Unsure),
            };
        }
    };
    let visit = Visit {
        flow: Flow::HostedPage,
        payer_ip: caller.map(|Extension(caller)| caller.0),
        form_token: Some(token.to_string()),
        details: None,
        window: form::window(&width),
    };
    let mut legs = gifts.into_legs(shown.payment.terms.amount);
    legs.extend(primary);
    let none = GiftCards::default();
    match pages.engine.pay_by_tender(&shown, legs, visit).await {
        Ok(shown) => pages.after_card(&shown),
        // Not a form of this session, or too old: shown anew, and nothing was sent.
        Err(Error::Used) => {
            pages.tender_page(&shown, &none, Again { notice: Some(texts::VERIFY_AGAIN), ..again }).await
        }
        Err(Error::OrderPaid) => {
            pages.tender_page(&shown, &none, Again { notice: Some(texts::ORDER_PAID), ..again }).await
        }
        Err(Error::Refused(Refusal::InFlight)) => pages.not_paid(checkout.id, &Refusal::InFlight.into()).await,
        // Paid, ended or expired meanwhile: the page says which.
        Err(Error::Refused(_)) => pages.see_other(checkout, "result/"),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// What a page says once more, after a post that was not enough.
#[derive(Default)]
struct Again {
    errors: FormErrors,
    notice: Option<Message>,
    chosen: String,
}

impl Pages {
    /// The page with these gift cards, or what stands there instead.
    async fn tender_page(&self, shown: &Shown, gifts: &GiftCards, again: Again) -> Response {
        let Some(terms) = &shown.record.checkout.tender else { return self.unknown() };
        let subject = self.subject(shown).await;
        if !subject.is_untouched() {
            return self.see_other(&shown.record.checkout, "result/");
        }
        let token = self.engine.form_token(shown.record.checkout.id);
        let Again { errors, notice, chosen } = again;
        let is_good = errors.errors.is_empty() && notice.is_none();
        let mut page = TenderPage::new(subject, terms, gifts, &token).after(errors).chosen(&chosen);
        if let Some(notice) = notice {
            page = page.notice(notice);
        }
        let status = if is_good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        super::answer(status, self.headers(Kind::Card), subject.words, page.render())
    }

    /// To the merchant, from a page that nobody posted to.
    async fn back(&self, shown: &Shown) -> Response {
        let way_back = match self.engine.way_back(shown).await {
            Ok(way_back) => way_back,
            Err(error) => return self.failed(&error, Broken::Unsure),
        };
        let location = way_back.and_then(|url| HeaderValue::from_bytes(url.as_bytes()).ok());
        let Some(location) = location else {
            let subject = self.subject(shown).await;
            return self.page(StatusCode::OK, subject.words, page::after_session(subject, None));
        };
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, location);
        super::add(&mut response, self.headers(Kind::Status));
        response
    }

    /// The gift cards of a posted form, and whether one of them is none of this session's.
    fn gift_cards(&self, shown: &Shown, body: &[u8]) -> (GiftCards, bool) {
        let tokens = tender::tokens(body);
        let open = |token: &zeroize::Zeroizing<String>| {
            Some(GiftCard { read: self.engine.open_gift_card(shown, token)?, token: token.to_string() })
        };
        let gifts = GiftCards(tokens.iter().filter_map(open).collect());
        let lost = gifts.0.len() < tokens.len();
        (gifts, lost)
    }

    /// Reads one more gift card and asks what is on it. An error without fields is no form of ours.
    async fn add_gift_card(
        &self,
        shown: &Shown,
        terms: &TenderTerms,
        body: &[u8],
        gifts: &mut GiftCards,
    ) -> Result<(), Vec<FieldError>> {
        let wrong = |message| vec![FieldError { field: Field::GiftNumber, message }];
        let TypedGiftCard { offer, number, code } = tender::read_gift_card(body, &terms.offers)?;
        if let Some(refused) = gifts.refuse(&number, offer, shown.payment.terms.amount) {
            return Err(wrong(refused));
        }
        let balance = match self.engine.gift_card_balance(shown, &number, Some(&code)).await {
            Balance::Known(balance) if balance.is_zero() => return Err(wrong(texts::GIFT_EMPTY)),
            Balance::Known(balance) => balance,
            Balance::Refused => return Err(wrong(texts::GIFT_REFUSED)),
            Balance::NoAnswer => return Err(wrong(texts::GIFT_NO_ANSWER)),
        };
        let read = ReadGiftCard { partner: offer.partner.clone(), method: offer.method.clone(), number, balance };
        gifts.0.push(self.seal(shown, read).ok_or_else(Vec::new)?);
        // The last of them must cover what is left: there is no place for anything else.
        if gifts.0.len() == LEGS_MAX && gifts.is_overfull(shown.payment.terms.amount) {
            gifts.0.pop();
            return Err(wrong(texts::GIFT_FULL));
        }
        Ok(())
    }

    fn seal(&self, shown: &Shown, read: ReadGiftCard) -> Option<GiftCard> {
        match self.engine.seal_gift_card(shown, &read) {
            Ok(token) => Some(GiftCard { read, token }),
            Err(error) => {
                tracing::error!(error = %engine::Causes(&error), "a gift card could not be sealed");
                None
            }
        }
    }

    /// What takes the rest, as it was posted; nothing when gift cards pay all of it.
    async fn primary(
        &self,
        shown: &Shown,
        terms: &TenderTerms,
        gifts: &GiftCards,
        chosen: &str,
        body: &[u8],
    ) -> Result<Option<NewLeg>, Again> {
        let (total, checkout) = (shown.payment.terms.amount, &shown.record.checkout);
        let amount = gifts.left(total);
        if amount == 0 && !total.is_zero() {
            return Ok(None);
        }
        let unreadable = || Again { notice: Some(texts::VERIFY_AGAIN), ..Again::default() };
        let offer = tender::primaries(&terms.offers, amount).find(|offer| tender::name_of(offer) == chosen);
        let Offer { partner, method, kind, .. } = offer.ok_or_else(unreadable)?;
        let source = match kind {
            OfferKind::Redirect(method) => LegSource::Redirect(*method),
            OfferKind::GiftCard => return Err(unreadable()),
            OfferKind::Card => {
                let asked = Asked {
                    accepted: checkout.brands.as_deref(),
                    details: &[],
                    customer: self.subject(shown).await.customer(),
                    saved: &[],
                    takes_cards: true,
                    methods: None,
                };
                let read = form::read(body, self.engine.env().now(), &asked);
                let posted = read.map_err(|errors| Again { errors, ..Again::default() })?;
                let Entry::Card(card) = posted.entry else { return Err(unreadable()) };
                let entry = CardEntry { save: terms.reusable, ..entry(checkout, card) };
                LegSource::Card { entry: Box::new(entry), asks_payer: terms.asks_payer }
            }
        };
        Ok(Some(NewLeg { partner: partner.clone(), method: method.clone(), amount, source }))
    }

    /// Asks once more what is on the gift cards: they may have been used elsewhere since (orchestration-api 5.2). A repeat of a
    /// form that was posted is left to whoever knows it.
    async fn still_good(&self, shown: &Shown, gifts: GiftCards) -> Result<GiftCards, GiftCards> {
        let (mut now, mut changed) = (vec![], false);
        for gift in gifts.0 {
            let less = match self.engine.gift_card_balance(shown, &gift.read.number, None).await {
                Balance::Known(balance) if balance.minor() < gift.read.balance.minor() => Some(balance),
                // The authorization will tell.
                Balance::Known(_) | Balance::Refused | Balance::NoAnswer => None,
            };
            match less {
                None => now.push(gift),
                Some(balance) => {
                    changed = true;
                    let read = ReadGiftCard { balance, ..gift.read };
                    now.extend(if balance.is_zero() { None } else { self.seal(shown, read) });
                }
            }
        }
        let gifts = GiftCards(now);
        if changed { Err(gifts) } else { Ok(gifts) }
    }
}
