//! Running numbers: unique and growing per merchant and mode, gaps allowed. Taken from the store in blocks, so that a
//! create does not wait for a counter (purchases-api 10.2 #42).

use std::collections::HashMap;

use domain::{MerchantId, Mode};
use store::{Changeset, Committed, CounterWrite};

use crate::{Engine, Error};

const BLOCK: u64 = 100;

/// What is numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Numbered {
    /// Purchases.
    Purchase,
    /// Refunds.
    Refund,
}

impl Numbered {
    const fn name(self) -> &'static str {
        match self {
            Self::Purchase => "references",
            Self::Refund => "refunds",
        }
    }
}

/// The rest of each block that was taken.
type Blocks = HashMap<(MerchantId, Mode, Numbered), std::ops::Range<u64>>;

#[derive(Default)]
pub(crate) struct Numbers(tokio::sync::Mutex<Blocks>);

impl Engine {
    /// The next number of a kind.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn next_number(&self, merchant_id: MerchantId, mode: Mode, of: Numbered) -> Result<u64, Error> {
        let mut blocks = self.0.numbers.0.lock().await;
        let block = blocks.entry((merchant_id, mode, of)).or_insert(0..0);
        if let Some(number) = block.next() {
            return Ok(number + 1);
        }
        loop {
            let taken = self.0.store.counter(merchant_id, mode, of.name()).await?;
            let counter = CounterWrite { merchant_id, mode, name: of.name(), expected: taken, next: taken + BLOCK };
            let change = Changeset { counter: Some(counter), ..Changeset::default() };
            if self.0.store.commit(change).await? == Committed::Done {
                *block = taken + 1..taken + BLOCK;
                return Ok(taken + 1);
            }
        }
    }
}
