//! Orders: what the payer wants, and what the shop knows of it. They live in memory, and the oldest is forgotten when
//! there are too many.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalogue::{Currency, Thing};
use crate::plan::Plan;
use crate::story::Story;

const ORDERS_MAX: usize = 200;

/// One order.
pub(crate) struct Order {
    /// Nobody can guess it.
    pub(crate) id: String,
    /// Microseconds since 1970.
    pub(crate) made_at: i64,
    pub(crate) thing: &'static Thing,
    pub(crate) plan: Plan,
    pub(crate) story: Story,
    /// Whoever asks or changes something at the gateway has it: what was learned is learned in order.
    pub(crate) turn: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

/// What the shop knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// The purchase, the payment's number, or the payment of a session.
    pub(crate) payment: Option<String>,
    /// The session that a payment comes from, or the token of a card that is to be kept.
    pub(crate) before: Option<String>,
    /// Where the payer pays.
    pub(crate) pay_url: Option<String>,
    /// Opens the gateway for this order, and until when, in microseconds since 1970.
    pub(crate) token: Option<(String, i64)>,
    pub(crate) facts: Facts,
    /// What went wrong last, in words for the page.
    pub(crate) trouble: Option<String>,
}

/// How the payment stands. Amounts are minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) standing: Standing,
    /// The dialect's own word for it.
    pub(crate) word: String,
    /// What can be taken of what is reserved, and given back in its place.
    pub(crate) held: i64,
    pub(crate) refundable: i64,
    /// What the kept card is charged again by.
    pub(crate) kept: Option<String>,
    /// How many changes it tells of, where the dialect counts them.
    pub(crate) version: u64,
}

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Standing {
    /// The payer has not paid yet.
    #[default]
    Waiting,
    /// The last try failed; another one may be made.
    Declined,
    /// Nobody knows yet.
    Checking,
    /// Reserved.
    Held,
    /// Taken.
    Paid,
    /// A part went back.
    PartlyRefunded,
    /// All went back.
    Refunded,
    /// What was reserved went back.
    Released,
    /// It cannot be paid any more.
    Ended,
}

impl Standing {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for the payer",
            Self::Declined => "Declined",
            Self::Checking => "Being checked",
            Self::Held => "Reserved",
            Self::Paid => "Paid",
            Self::PartlyRefunded => "Partly refunded",
            Self::Refunded => "Refunded",
            Self::Released => "Released",
            Self::Ended => "Not paid",
        }
    }

    /// In class names.
    pub(crate) const fn look(self) -> &'static str {
        match self {
            Self::Waiting | Self::Checking => "waits",
            Self::Declined | Self::Ended => "bad",
            Self::Held => "held",
            Self::Paid => "good",
            Self::PartlyRefunded | Self::Refunded | Self::Released => "back",
        }
    }

    /// Whether it changes without the shop.
    pub(crate) const fn is_open(self) -> bool {
        match self {
            Self::Waiting | Self::Declined | Self::Checking => true,
            Self::Held | Self::Paid | Self::PartlyRefunded | Self::Refunded | Self::Released | Self::Ended => false,
        }
    }

    /// Whether the payer may try (again).
    pub(crate) const fn is_payable(self) -> bool {
        match self {
            Self::Waiting | Self::Declined => true,
            Self::Checking
            | Self::Held
            | Self::Paid
            | Self::PartlyRefunded
            | Self::Refunded
            | Self::Released
            | Self::Ended => false,
        }
    }
}

impl Order {
    pub(crate) fn new(id: String, made_at: i64, thing: &'static Thing, plan: Plan) -> Self {
        let (story, turn, known) = (Story::default(), tokio::sync::Mutex::default(), Mutex::default());
        Self { id, made_at, thing, plan, story, turn, known }
    }

    /// What the shop knows now.
    pub(crate) fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Learns something.
    pub(crate) fn learn(&self, learning: impl FnOnce(&mut Known)) {
        learning(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Learns that it cannot be paid any more.
    pub(crate) fn end(&self) {
        self.learn(|known| known.facts.standing = Standing::Ended);
    }

    /// What people call it.
    pub(crate) fn reference(&self) -> String {
        format!("SHOP-{}", self.id.get(..8).unwrap_or(&self.id).to_uppercase())
    }

    pub(crate) fn currency(&self) -> Currency {
        self.plan.integration.dialect().currency()
    }

    /// Minor units.
    pub(crate) fn price(&self) -> i64 {
        self.thing.price(self.currency())
    }
}

/// The orders that are remembered.
#[derive(Default)]
pub(crate) struct Orders(Mutex<VecDeque<Arc<Order>>>);

impl Orders {
    /// Remembers one more, and forgets the oldest when there are too many.
    pub(crate) fn add(&self, order: Arc<Order>) {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.len() == ORDERS_MAX {
            orders.pop_front();
        }
        orders.push_back(order);
    }

    /// The first for which this holds, the newest first.
    pub(crate) fn find(&self, holds: impl Fn(&Order) -> bool) -> Option<Arc<Order>> {
        let orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        orders.iter().rev().find(|order| holds(order)).cloned()
    }

    /// The newest, the newest first.
    pub(crate) fn newest(&self, count: usize) -> Vec<Arc<Order>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().take(count).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::SHELF;
    use crate::plan::Integration;

    #[test]
    fn the_oldest_order_is_forgotten() {
        let orders = Orders::default();
        let plan = Plan { integration: Integration::PurchaseRedirect, hold: false, keep: false };
        for number in 0..=ORDERS_MAX {
            orders.add(Arc::new(Order::new(format!("order-{number}"), 0, &SHELF[0], plan)));
        }
        assert!(orders.find(|order| order.id == "order-0").is_none());
        assert!(orders.find(|order| order.id == "order-1").is_some());
        let newest: Vec<String> = orders.newest(2).iter().map(|order| order.id.clone()).collect();
        assert_eq!(vec![format!("order-{ORDERS_MAX}"), format!("order-{}", ORDERS_MAX - 1)], newest);
    }
}
