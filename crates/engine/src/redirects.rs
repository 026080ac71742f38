//! The page of the test acquirer's where a payer confirms: a wallet's, a lender's or a bank's. What is chosen there the
//! acquirer reports; the payer's browser proves nothing.

use uuid::Uuid;

pub use acquirer::{RedirectChoice, RedirectView};

use crate::{Engine, Error};

impl Engine {
    /// What the page with this id shows; `None` for a page that is not there.
    ///
    /// # Errors
    /// [`Error::Acquirer`].
    pub async fn acquirer_page(&self, id: Uuid) -> Result<Option<RedirectView>, Error> {
        Ok(self.0.test_book.redirect_view(id).await?)
    }

    /// What the payer chooses on it. The first choice counts. Where the payer is led then; `None` for a page that is not
    /// there, or a choice that it does not offer.
    ///
    /// # Errors
    /// [`Error::Acquirer`].
    pub async fn decide_at_acquirer(&self, id: Uuid, choice: RedirectChoice) -> Result<Option<String>, Error> {
        Ok(self.0.test_book.decide_redirect(id, choice).await?)
    }
}
