//! What this process remembers of the last minutes: tries by address and card, shares of declines, what is usual. It is
//! bounded, and a restart forgets it; what must hold is in the store.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use domain::risk::limits::{self, CardRecord};
use domain::risk::{CardKey, Facts, LastTries, Limit, Usual};
use domain::{AttemptId, Bin, Currency, DeclineReason, MerchantId, Mode, Money, Timestamp};

/// Entries of each kind; all kinds together are fewer than a million.
const ADDRESSES: usize = 250_000;
const CARDS: usize = 250_000;
const UNDER_WAY: usize = 100_000;
const BINS: usize = 100_000;
const MERCHANTS: usize = 50_000;

/// How long tries with a card are remembered.
const CARD_SPAN: Duration = Duration::from_hours(1);
/// A try whose outcome is not known after this is in doubt and waits for nothing that would come soon.
const UNDER_WAY_SPAN: Duration = Duration::from_mins(11);
/// Before so many tries a share of them says nothing.
const BIN_TRIES_LEAST: u32 = 10;
/// Tries of which a merchant's share of failures is taken.
const MERCHANT_TRIES: u32 = 100;
/// Above so many per cent of failures a merchant is under attack.
const ATTACK_PERCENT: u32 = 70;
/// An alert is raised again after this.
const ALERT_AGAIN: Duration = Duration::from_mins(10);
/// No more moments than these are remembered of anything.
const MOMENTS_MAX: usize = 64;

/// The latest of many things; those longest not asked for are forgotten. In two generations: what is asked for moves to
/// the young one, and when that is full, the old one is dropped whole.
struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation_max: usize,
}

impl<K: Eq + Hash + Copy, V: Default> Recent<K, V> {
    fn new(most: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), generation_max: (most / 2).max(1) }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    fn of(&mut self, key: K) -> &mut V {
        if !self.young.contains_key(&key) {
            let value = self.old.remove(&key).unwrap_or_default();
            if self.young.len() >= self.generation_max {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(key, value);
        }
        self.young.entry(key).or_default()
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        self.young.remove(key).or_else(|| self.old.remove(key))
    }
}

/// When something happened, and how much it counts; oldest first.
#[derive(Default)]
struct Moments(Vec<(Timestamp, u32)>);

impl Moments {
    fn push(&mut self, now: Timestamp, weight: u32) {
        if self.0.len() >= MOMENTS_MAX {
            self.0.remove(0);
        }
        self.0.push((now, weight));
    }

    fn count(&self, now: Timestamp, span: Duration) -> u32 {
        let within = self.0.iter().filter(|(at, _)| now.since(*at) < span);
        within.fold(0, |sum, (_, weight)| sum.saturating_add(*weight))
    }

    fn forget(&mut self, now: Timestamp, span: Duration) {
        self.0.retain(|(at, _)| now.since(*at) < span);
    }

    /// It did not happen after all.
    fn take_back(&mut self, at: Timestamp) {
        if let Some(found) = self.0.iter().rposition(|(known, _)| *known == at) {
            self.0.remove(found);
        }
    }
}

#[derive(Default)]
struct Address {
    tries: Moments,
    failures: Moments,
}

#[derive(Default)]
struct Card {
    tries: Moments,
    under_way: Vec<(AttemptId, Timestamp, MerchantId, u32)>,
    /// Declines that were written down since it is remembered.
    declined: u64,
}

#[derive(Default)]
struct BinWatch {
    last: LastTries<{ limits::BIN_TRIES }>,
    paused_until: Option<Timestamp>,
}

#[derive(Default)]
struct MerchantWatch {
    last: LastTries<MERCHANT_TRIES>,
    alerted_at: Option<Timestamp>,
}

/// Where a try comes from and where it goes.
#[derive(Clone, Copy)]
pub(super) struct Tried {
    pub(super) merchant_id: MerchantId,
    pub(super) mode: Mode,
    pub(super) card: CardKey,
    pub(super) bin: Bin,
    pub(super) payer_ip: Option<IpAddr>,
    /// A payer gave the card now; else it was kept.
    pub(super) is_typed: bool,
    /// A payer is there; else the merchant charges.
    pub(super) by_payer: bool,
    pub(super) weight: u32,
}

impl Tried {
    fn address(&self) -> Option<(Mode, IpAddr)> {
        self.payer_ip.map(|ip| (self.mode, network(ip)))
    }

    const fn merchant(&self) -> (MerchantId, Mode) {
        (self.merchant_id, self.mode)
    }
}

/// What an operator must hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alert {
    /// Cards of a BIN are not taken for a while.
    BinPaused { merchant_id: MerchantId, bin: Bin },
    /// Most tries at a merchant fail.
    Attack { merchant_id: MerchantId },
}

pub(super) struct Memory {
    addresses: Recent<(Mode, IpAddr), Address>,
    cards: Recent<CardKey, Card>,
    under_way: Recent<AttemptId, Option<(Timestamp, Tried)>>,
    bins: Recent<(MerchantId, Mode, Bin), BinWatch>,
    merchants: Recent<(MerchantId, Mode), MerchantWatch>,
    usual: Recent<(MerchantId, Mode, Currency), Usual>,
    countries: Recent<Bin, String>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            addresses: Recent::new(ADDRESSES),
            cards: Recent::new(CARDS),
            under_way: Recent::new(UNDER_WAY),
            bins: Recent::new(BINS),
            merchants: Recent::new(MERCHANTS),
            usual: Recent::new(MERCHANTS),
            countries: Recent::new(BINS),
        }
    }
}

impl Memory {
    /// Changes whenever a decline of the card was written down: what was read before then is out of date.
    pub(super) fn declines_of(&self, card: CardKey) -> u64 {
        self.cards.get(&card).map_or(0, |known| known.declined)
    }

    /// ISO 3166-1 alpha-2, as banks said of cards of this BIN; empty when none did.
    pub(super) fn country_of(&self, bin: Bin) -> &str {
        self.countries.get(&bin).map_or("", String::as_str)
    }

    /// Adds what is remembered to the facts of a try. `record` is what the store knows of the card.
    pub(super) fn recall(&mut self, tried: &Tried, mut record: CardRecord, amount: Money, now: Timestamp) -> Facts {
        let mut facts = Facts::default();
        let card = self.cards.of(tried.card);
        card.tries.forget(now, CARD_SPAN);
        card.under_way.retain(|(_, at, _, _)| now.since(*at) < UNDER_WAY_SPAN);
        facts.card_tries = card.tries.count(now, CARD_SPAN).saturating_add(tried.weight);
        record.under_way = card.under_way.iter().map(|(_, _, merchant_id, weight)| (*merchant_id, *weight)).collect();
        facts.limits = record.reached(tried.merchant_id, tried.by_payer, now);
        if let Some(address) = tried.address().map(|key| self.addresses.of(key)) {
            address.tries.forget(now, limits::ADDRESS_SPAN);
            address.failures.forget(now, limits::ADDRESS_SPAN);
            facts.address_failures = address.failures.count(now, limits::ADDRESS_SPAN);
            let tries = address.tries.count(now, limits::ADDRESS_SPAN).saturating_add(tried.weight);
            if tries > limits::ADDRESS_TRIES {
                facts.limits.push((Limit::AddressTries, tries));
            }
        }
        if tried.is_typed {
            let watch = self.bins.of((tried.merchant_id, tried.mode, tried.bin));
            facts.bin_declines = watch.last.percent_failed(BIN_TRIES_LEAST).unwrap_or(0);
            if watch.paused_until.is_some_and(|until| now < until) {
                facts.limits.push((Limit::BinPaused, facts.bin_declines));
            } else if watch.last.is_above(limits::BIN_CHALLENGE_PERCENT) {
                facts.limits.push((Limit::BinChallenged, facts.bin_declines));
            }
        }
        if tried.by_payer {
            let watch = self.merchants.get(&tried.merchant());
            facts.merchant_failures = watch.and_then(|watch| watch.last.percent_failed(MERCHANT_TRIES)).unwrap_or(0);
        }
        let usual = self.usual.get(&(tried.merchant_id, tried.mode, amount.currency()));
        facts.amount = usual.map_or(0, |usual| usual.times(amount.minor()));
        facts
    }

    /// A try was made; who was over the limit of tries by address is not held there longer for it.
    pub(super) fn count(&mut self, tried: &Tried, facts: &Facts, now: Timestamp) {
        self.cards.of(tried.card).tries.push(now, tried.weight);
        let over = facts.limits.iter().any(|(limit, _)| *limit == Limit::AddressTries);
        if let Some(key) = tried.address().filter(|_| !over) {
            self.addresses.of(key).tries.push(now, tried.weight);
        }
    }

    /// A try goes on its way.
    pub(super) fn start(&mut self, attempt_id: AttemptId, tried: Tried, now: Timestamp) {
        self.cards.of(tried.card).under_way.push((attempt_id, now, tried.merchant_id, tried.weight));
        *self.under_way.of(attempt_id) = Some((now, tried));
    }

    fn end(&mut self, attempt_id: AttemptId) -> Option<(Timestamp, Tried)> {
        let (at, tried) = self.under_way.remove(&attempt_id)??;
        self.cards.of(tried.card).under_way.retain(|(known, ..)| *known != attempt_id);
        Some((at, tried))
    }

    /// A try goes on as another one.
    pub(super) fn goes_on(&mut self, attempt_id: AttemptId, as_another: AttemptId, now: Timestamp) {
        if let Some((_, tried)) = self.end(attempt_id) {
            self.cards.of(tried.card).declined += 1;
            self.start(as_another, tried, now);
        }
    }

    /// A try came to nothing before anything of it was written down.
    pub(super) fn withdraw(&mut self, attempt_id: AttemptId) {
        let Some((at, tried)) = self.end(attempt_id) else { return };
        self.cards.of(tried.card).tries.take_back(at);
        if let Some(key) = tried.address() {
            self.addresses.of(key).tries.take_back(at);
        }
    }

    /// A try was undone, and nobody knows what its bank would have said.
    pub(super) fn undone(&mut self, attempt_id: AttemptId) {
        let _ = self.end(attempt_id);
    }

    /// A try was approved.
    pub(super) fn approved(&mut self, attempt_id: AttemptId, amount: Money, country: &str) {
        let Some((_, tried)) = self.end(attempt_id) else { return };
        self.learn_country(tried.bin, country);
        if !amount.is_zero() {
            self.usual.of((tried.merchant_id, tried.mode, amount.currency())).push(amount.minor());
        }
        if tried.by_payer {
            self.merchants.of(tried.merchant()).last.push(false);
        }
        if tried.is_typed {
            self.bins.of((tried.merchant_id, tried.mode, tried.bin)).last.push(false);
        }
    }

    /// A try was declined.
    pub(super) fn declined(
        &mut self,
        attempt_id: AttemptId,
        reason: DeclineReason,
        country: &str,
        now: Timestamp,
    ) -> Vec<Alert> {
        let Some((_, tried)) = self.end(attempt_id) else { return vec![] };
        self.cards.of(tried.card).declined += 1;
        self.learn_country(tried.bin, country);
        if !limits::tells_on_the_card(reason) || !tried.by_payer {
            return vec![];
        }
        let mut alerts = self.failed(tried.merchant(), tried.address(), now);
        if tried.is_typed {
            let watch = self.bins.of((tried.merchant_id, tried.mode, tried.bin));
            (0..tried.weight).for_each(|_| watch.last.push(true));
            let is_paused = watch.paused_until.is_some_and(|until| now < until);
            if !is_paused && watch.last.is_above(limits::BIN_PAUSE_PERCENT) {
                watch.paused_until = Some(now.plus(limits::BIN_PAUSE));
                alerts.push(Alert::BinPaused { merchant_id: tried.merchant_id, bin: tried.bin });
            }
        }
        alerts
    }

    /// A payer's try was blocked.
    pub(super) fn blocked(
        &mut self,
        merchant: (MerchantId, Mode),
        payer_ip: Option<IpAddr>,
        now: Timestamp,
    ) -> Vec<Alert> {
        self.failed(merchant, payer_ip.map(|ip| (merchant.1, network(ip))), now)
    }

    fn failed(&mut self, merchant: (MerchantId, Mode), address: Option<(Mode, IpAddr)>, now: Timestamp) -> Vec<Alert> {
        if let Some(key) = address {
            self.addresses.of(key).failures.push(now, 1);
        }
        let watch = self.merchants.of(merchant);
        watch.last.push(true);
        let was_told = watch.alerted_at.is_some_and(|at| now.since(at) < ALERT_AGAIN);
        if was_told || !watch.last.is_above(ATTACK_PERCENT) {
            return vec![];
        }
        watch.alerted_at = Some(now);
        vec![Alert::Attack { merchant_id: merchant.0 }]
    }

    fn learn_country(&mut self, bin: Bin, country: &str) {
        if country.len() == 2 {
            country.clone_into(self.countries.of(bin));
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 that a subscriber has of IPv6.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_ipv4_address_or_a_64() {
        let same = |a: &str, b: &str| {
            let parse = |text: &str| network(text.parse().expect("an address"));
            parse(a) == parse(b)
        };
        assert!(same("203.0.113.9", "203.0.113.9"));
        assert!(!same("203.0.113.9", "203.0.113.8"));
        assert!(same("::ffff:203.0.113.9", "203.0.113.9"));
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    }

    #[test]
    fn memory_has_an_end_and_forgets_what_is_not_asked_for() {
        let mut recent: Recent<u32, u32> = Recent::new(1_000);
        for number in 0..100_000 {
            *recent.of(number) = number;
            *recent.of(7) += 1;
            assert!(recent.young.len() + recent.old.len() <= 1_000);
        }
        assert_eq!((None, Some(&99_999)), (recent.get(&0), recent.get(&99_999)));
        assert!(recent.get(&7).is_some_and(|seen| *seen > 99_000), "what is asked for stays");
        let mut moments = Moments::default();
        (0..1_000).for_each(|second| moments.push(Timestamp::from_seconds(second), 1));
        assert_eq!(MOMENTS_MAX, moments.0.len());
    }
}
