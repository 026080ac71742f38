//! Invoices and receipts, as pages and as PDF. Whoever holds the link may read them, paid or not, for good.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::OperationId;
use engine::{Error, Shown};
use tokio::sync::Semaphore;

use super::{Pages, Place, Site, add};
use crate::headers::Kind;
use crate::page::{self, Broken, Document, Issuer};

/// So many are set at one time: each takes a core for some hundredths of a second (security D4).
const AT_ONCE: usize = 2;

/// Makes PDFs, a few at a time.
pub(super) struct Printer {
    /// Where the pages lie, for links on paper.
    public_url: String,
    free: Semaphore,
}

impl Printer {
    pub(super) fn new(public_url: &str) -> Self {
        Self { public_url: public_url.to_owned(), free: Semaphore::new(AT_ONCE) }
    }

    /// Does work when its turn has come; `None` when the process ends first.
    async fn in_turn<T>(&self, work: impl Future<Output = Option<T>>) -> Option<T> {
        let _free = self.free.acquire().await.ok()?;
        work.await
    }

    /// The document as PDF; the file is called `name`.
    async fn print(&self, pages: &Pages, document: &Document, name: &str) -> Response {
        let (print, language) = (document.print(&self.public_url), document.words().language.code());
        let made = match self.in_turn(pages.engine.env().off_thread(move || paper::pdf(&print))).await {
            Some(Ok(made)) => made,
            Some(Err(error)) => {
                tracing::error!(error = %error, "a document could not be printed");
                return pages.broken(StatusCode::INTERNAL_SERVER_ERROR, Broken::Unsure);
            }
            None => return pages.broken(StatusCode::SERVICE_UNAVAILABLE, Broken::Busy),
        };
        let kind = [(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_LANGUAGE, language)];
        let mut response = (StatusCode::OK, kind, made).into_response();
        if let Ok(disposition) = HeaderValue::from_str(&format!("inline; filename=\"{name}\"")) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
        }
        add(&mut response, pages.headers(Kind::Print));
        response
    }
}

/// A refund of a checkout, as its address says.
#[derive(serde::Deserialize)]
pub(super) struct RefundPlace {
    id: String,
    refund: String,
}

impl RefundPlace {
    fn checkout(&self) -> Place {
        Place { entity_id: None, id: self.id.clone() }
    }
}

/// The invoice. Opening it is a view.
pub(super) async fn invoice(pages: Pages, Path(place): Path<Place>, method: Method) -> Response {
    let shown = match pages.open(&place, &method).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    match pages.invoice(&shown).await {
        Ok(document) => pages.document(&document),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// The same as PDF.
pub(super) async fn invoice_print(
    pages: Pages,
    State(site): State<Site>,
    Path(place): Path<Place>,
    method: Method,
) -> Response {
    let shown = match pages.open(&place, &method).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    match pages.invoice(&shown).await {
        Ok(document) => site.printer.print(&pages, &document, &name("invoice", &shown)).await,
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// The receipt; before there was a payment, its address leads to the way to make one.
pub(super) async fn receipt(pages: Pages, Path(place): Path<Place>) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    match pages.receipt(&shown).await {
        Ok(Some(document)) => pages.document(&document),
        Ok(None) => pages.see_other(&shown.record.checkout, ""),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// The same as PDF; before there was a payment, there is none.
pub(super) async fn receipt_print(pages: Pages, State(site): State<Site>, Path(place): Path<Place>) -> Response {
    let shown = match pages.find(&place).await {
        Ok(shown) => shown,
        Err(answer) => return answer,
    };
    match pages.receipt(&shown).await {
        Ok(Some(document)) => site.printer.print(&pages, &document, &name("receipt", &shown)).await,
        Ok(None) => pages.unknown(),
        Err(error) => pages.failed(&error, Broken::Unsure),
    }
}

/// The receipt of one refund.
pub(super) async fn refund(pages: Pages, Path(place): Path<RefundPlace>) -> Response {
    match pages.refund(&place).await {
        Ok((_, document)) => pages.document(&document),
        Err(answer) => answer,
    }
}

/// The same as PDF.
pub(super) async fn refund_print(pages: Pages, State(site): State<Site>, Path(place): Path<RefundPlace>) -> Response {
    match pages.refund(&place).await {
        Ok((shown, document)) => site.printer.print(&pages, &document, &name("refund", &shown)).await,
        Err(answer) => answer,
    }
}

/// What the file is called: without anything a merchant wrote.
fn name(what: &str, shown: &Shown) -> String {
    format!("{what}-{}.pdf", shown.record.checkout.id)
}

impl Pages {
    fn document(&self, document: &Document) -> Response {
        self.page(StatusCode::OK, document.words(), document.page())
    }

    async fn invoice(&self, shown: &Shown) -> Result<Document, Error> {
        let issuer = self.issuer(shown).await?;
        Ok(page::invoice(self.subject(shown).await, &issuer))
    }

    async fn receipt(&self, shown: &Shown) -> Result<Option<Document>, Error> {
        let issuer = self.issuer(shown).await?;
        Ok(page::receipt(self.subject(shown).await, &issuer))
    }

    /// A refund that this checkout does not have leads nowhere.
    async fn refund(&self, place: &RefundPlace) -> Result<(Shown, Document), Response> {
        let shown = self.find(&place.checkout()).await?;
        let Ok(refund) = OperationId::parse(&place.refund) else { return Err(self.unknown()) };
        let issuer = self.issuer(&shown).await.map_err(|error| self.failed(&error, Broken::Unsure))?;
        let document = page::refund_receipt(self.subject(&shown).await, &issuer, refund);
        document.map(|document| (shown, document)).ok_or_else(|| self.unknown())
    }

    /// Legal details as they are today; the checkout itself keeps the shop's name from the day of the order.
    async fn issuer(&self, shown: &Shown) -> Result<Issuer, Error> {
        let merchant = self.engine.merchant(shown.record.checkout.merchant_id).await?;
        let company = &merchant.company;
        let town = format!("{} {}", company.zip_code, company.city);
        let address = [company.street_address.as_str(), town.trim(), company.country.as_str()];
        Ok(Issuer {
            legal_name: company.legal_name.clone(),
            registration_number: company.registration_number.clone(),
            tax_number: company.tax_number.clone(),
            address: address.into_iter().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            country: company.country.clone(),
            accounts: company.bank_accounts.iter().map(|bank| (bank.account.clone(), bank.code.clone())).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn no_more_than_two_are_printed_at_a_time() {
        let printer = Printer::new("");
        let mut context = Context::from_waker(Waker::noop());
        let ready = || std::future::ready(Some(()));
        let mut first = pin!(printer.in_turn(std::future::pending::<Option<()>>()));
        assert!(first.as_mut().poll(&mut context).is_pending());
        let mut third = {
            let mut second = pin!(printer.in_turn(std::future::pending::<Option<()>>()));
            assert!(second.as_mut().poll(&mut context).is_pending());
            let mut third = Box::pin(printer.in_turn(ready()));
            assert!(third.as_mut().poll(&mut context).is_pending(), "it waits for its turn");
            third
        };
        // The second is gone, done or not.
        assert_eq!(Poll::Ready(Some(())), third.as_mut().poll(&mut context));
    }
}
