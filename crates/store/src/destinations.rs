//! Destinations: who is called. Those that have something due take turns, so that the backlog of one costs the others
//! nothing, neither calls nor time.
//!
//! While little is due all of it is looked at. When more is, the walk goes from destination to destination by an index,
//! from where it ended last, and reads of each no more than it may start: what it costs grows with the number of
//! destinations that wait for something, never with the length of a backlog.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest;
use domain::{DeliveryId, MerchantId, Mode, Timestamp, WebhookId};
use rusqlite::{Connection, params};
use url::Url;
use uuid::Uuid;

use crate::error::Error;
use crate::records::Endpoint;
use crate::row::{Cells, Id, all, first};

/// With more than this due, destinations are walked.
const FEW: u32 = 512;

/// Who is called: a merchant in a mode, and the scheme, host and port of an address of theirs, or one of their webhooks,
/// wherever it is. Merchant by merchant in order of the bytes, and all mail together, as if the mail server were one more:
/// it never takes more calls than a merchant may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Destination([u8; 16]);

impl Destination {
    pub(crate) fn of(merchant_id: MerchantId, mode: Mode, endpoint: &Endpoint) -> Self {
        let of_owner = [&merchant_id.bytes()[..], mode.as_str().as_bytes()].concat();
        let (owner, origin) = match endpoint {
            Endpoint::Callback { url }
            | Endpoint::Status { url }
            | Endpoint::Subscription { url, .. }
            | Endpoint::Webhook { url, .. } => (of_owner, origin(url).into_bytes()),
            Endpoint::Registered { webhook_id } => (of_owner, webhook_id.to_string().into_bytes()),
            // One server takes all mail, and each merchant's has its turn there.
            Endpoint::Mail { .. } => (b"mail".to_vec(), of_owner),
        };
        let mut bytes = [0; 16];
        for (half, hashed) in bytes.chunks_exact_mut(8).zip([&owner[..], &origin[..]]) {
            half.copy_from_slice(&digest::digest(&digest::SHA256, hashed).as_ref()[..8]);
        }
        Self(bytes)
    }

    pub(crate) const fn bytes(self) -> [u8; 16] {
        self.0
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A webhook.
    #[must_use]
    pub fn of_webhook(merchant_id: MerchantId, mode: Mode, webhook_id: WebhookId) -> Self {
        Self::of(merchant_id, mode, &Endpoint::Registered { webhook_id })
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(|id| Self(id.into_bytes()))
    }

    /// The last place that a destination of the same merchant and mode can have.
    fn last_of_owner(self) -> Self {
        let mut last = self;
        last.0[8..].fill(0xff);
        last
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).fmt(formatter)
    }
}

/// Scheme, host and port of an address.
pub(crate) fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

/// Those whose last try failed, as far as this process knows. Each gets one call at a time until something arrives.
#[derive(Debug, Default)]
pub struct Failing(Mutex<HashSet<Destination>>);

/// More are forgotten, and found failing again.
const FAILING_MAX: usize = 100_000;

impl Failing {
    /// A try ended.
    pub fn note(&self, destination: Destination, has_arrived: bool) {
        let mut failing = self.lock();
        if has_arrived {
            failing.remove(&destination);
        } else {
            if failing.len() >= FAILING_MAX {
                failing.clear();
            }
            failing.insert(destination);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Destination>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What may start beside the calls under way.
#[derive(Debug, Clone)]
pub struct Openings {
    /// Calls at once, those under way included.
    pub calls: usize,
    /// Of these to all that are failing together, one each.
    pub calls_of_failing: usize,
    /// Who is.
    pub failing: Arc<Failing>,
    /// Of these to one merchant in one mode.
    pub calls_of_owner: usize,
    /// Of these to one destination.
    pub calls_of_destination: usize,
    /// The calls under way.
    pub underway: HashSet<(DeliveryId, Destination)>,
    /// Who had the last turn.
    pub last: Option<Destination>,
}

/// The deliveries that may start, in the order of their turns.
pub(crate) fn choose(connection: &Connection, now: Timestamp, openings: &Openings) -> Result<Vec<DeliveryId>, Error> {
    let mut turns = Turns::new(openings);
    if turns.is_over() {
        return Ok(vec![]);
    }
    if is_much(connection, now)? {
        turns.walk(connection, now)?;
    } else {
        turns.look(connection, now)?;
    }
    turns.go_round_again();
    Ok(turns.chosen)
}

/// One distribution of turns.
struct Turns<'a> {
    openings: &'a Openings,
    underway: HashSet<DeliveryId>,
    of_destination: HashMap<Destination, usize>,
    /// To those that are failing.
    of_failing: usize,
    /// By the last place of its destinations.
    of_owner: HashMap<Destination, usize>,
    chosen: Vec<DeliveryId>,
    /// What is left of those who had a turn, in the order in which they had it.
    left: VecDeque<(Destination, VecDeque<DeliveryId>)>,
}

impl<'a> Turns<'a> {
    fn new(openings: &'a Openings) -> Self {
        let mut turns = Self {
            openings,
            underway: HashSet::new(),
            of_destination: HashMap::new(),
            of_failing: 0,
            of_owner: HashMap::new(),
            chosen: vec![],
            left: VecDeque::new(),
        };
        for (id, destination) in &openings.underway {
            turns.underway.insert(*id);
            turns.count(*destination);
        }
        turns
    }

    fn count(&mut self, destination: Destination) {
        *self.of_destination.entry(destination).or_default() += 1;
        self.of_failing += usize::from(self.is_failing(destination));
        *self.of_owner.entry(destination.last_of_owner()).or_default() += 1;
    }

    /// Whether nothing more may start.
    fn is_over(&self) -> bool {
        self.underway.len() + self.chosen.len() >= self.openings.calls
    }

    fn is_owner_full(&self, destination: Destination) -> bool {
        self.of_owner.get(&destination.last_of_owner()).is_some_and(|calls| *calls >= self.openings.calls_of_owner)
    }

    fn is_failing(&self, destination: Destination) -> bool {
        self.openings.failing.lock().contains(&destination)
    }

    fn is_full(&self, destination: Destination) -> bool {
        let calls = self.of_destination.get(&destination).copied().unwrap_or(0);
        let has_room = if self.is_failing(destination) {
            calls == 0 && self.of_failing < self.openings.calls_of_failing
        } else {
            calls < self.openings.calls_of_destination
        };
        !has_room || self.is_owner_full(destination)
    }

    /// One turn for a destination that has these due; it waits for another if something is left.
    fn give(&mut self, destination: Destination, mut due: VecDeque<DeliveryId>) {
        if self.is_over() || self.is_full(destination) {
            return;
        }
        let Some(id) = due.pop_front() else { return };
        self.chosen.push(id);
        self.count(destination);
        self.left.push_back((destination, due));
    }

    /// Turns until nothing more may start or nothing is left.
    fn go_round_again(&mut self) {
        while let Some((destination, due)) = self.left.pop_front() {
            self.give(destination, due);
        }
    }

    /// The first round, when little is due: all of it is read.
    fn look(&mut self, connection: &Connection, now: Timestamp) -> Result<(), Error> {
        let due = all(connection, ALL_DUE, params![now.micros(), FEW], |row| {
            let cells = Cells::new("deliveries", row);
            Ok((cells.id(0, "id")?, Destination(cells.get(1, "destination")?)))
        })?;
        let mut waiting: BTreeMap<Destination, VecDeque<DeliveryId>> = BTreeMap::new();
        for (id, destination) in due {
            if !self.underway.contains(&id) {
                waiting.entry(destination).or_default().push_back(id);
            }
        }
        let mut waiting: Vec<_> = waiting.into_iter().collect();
        waiting.sort_by_key(|(destination, _)| self.openings.last.is_some_and(|last| *destination <= last));
        for (destination, due) in waiting {
            self.give(destination, due);
        }
        Ok(())
    }

    /// The first round, when much is due: once around all destinations at most.
    fn walk(&mut self, connection: &Connection, now: Timestamp) -> Result<(), Error> {
        let (last, mut at) = (self.openings.last, self.openings.last);
        let mut is_past_end = at.is_none();
        while !self.is_over() {
            let next = next_destination(connection, at)?;
            let Some(next) = next.filter(|next| !is_past_end || last.is_none_or(|last| *next <= last)) else {
                if is_past_end {
                    break;
                }
                (at, is_past_end) = (None, true);
                continue;
            };
            if self.is_owner_full(next) {
                at = Some(next.last_of_owner());
                continue;
            }
            at = Some(next);
            if !self.is_full(next) {
                let due = self.due_of(connection, now, next)?;
                self.give(next, due);
            }
        }
        Ok(())
    }

    /// The earliest that a destination has due, no more than it may start.
    fn due_of(&self, connection: &Connection, now: Timestamp, of: Destination) -> Result<VecDeque<DeliveryId>, Error> {
        // Those under way may be among them.
        let limit = i64::try_from(self.openings.calls_of_destination).unwrap_or(i64::MAX);
        let due = all(connection, DUE_OF_ONE, params![of.bytes(), now.micros(), limit], |row| {
            Cells::new("deliveries", row).id(0, "id")
        })?;
        Ok(due.into_iter().filter(|id| !self.underway.contains(id)).collect())
    }
}

const IS_MUCH: &str = "select due_at from deliveries where state = 'waiting' and due_at <= $1
     order by due_at limit 1 offset $2";
const ALL_DUE: &str = "select id, destination from deliveries where state = 'waiting' and due_at <= $1
     order by due_at, position limit $2";
const NEXT_DESTINATION: &str = "select destination from deliveries where state = 'waiting' and destination > $1
     order by destination limit 1";
const DUE_OF_ONE: &str = "select id from deliveries
     where state = 'waiting' and destination = $1 and due_at <= $2 order by due_at, position limit $3";

fn is_much(connection: &Connection, now: Timestamp) -> Result<bool, Error> {
    Ok(first(connection, IS_MUCH, params![now.micros(), FEW], |_| Ok(()))?.is_some())
}

/// The first destination after this one that waits for anything, due or not.
fn next_destination(connection: &Connection, after: Option<Destination>) -> Result<Option<Destination>, Error> {
    let after = after.as_ref().map_or(&[][..], |after| &after.0);
    first(connection, NEXT_DESTINATION, [after], |row| {
        Cells::new("deliveries", row).get(0, "destination").map(Destination)
    })
}

#[cfg(test)]
mod tests {
    use domain::{CheckoutId, Notice, PaymentId};
    use rusqlite::StatementStatus;
    use uuid::Uuid;

    use super::*;
    use crate::records::Delivery;
    use crate::{deliveries, schema};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn empty() -> Connection {
        let mut connection = Connection::open_in_memory().expect("a database");
        schema::migrate(&mut connection).expect("a schema");
        connection
    }

    fn delivery(number: u128, merchant: u128, url: &str, seconds: i64) -> Delivery {
        let id = Uuid::from_u128;
        Delivery {
            id: DeliveryId::new(id(number)),
            merchant_id: MerchantId::new(id(merchant)),
            mode: Mode::Test,
            checkout_id: CheckoutId::new(id(number)),
            payment_id: PaymentId::new(id(number)),
            version: 1,
            notice: Notice::Paid,
            endpoint: Endpoint::Callback { url: url.to_owned() },
            body: None,
            attempts: 0,
            due_at: Timestamp::from_seconds(NOW.seconds() + seconds),
            created_at: NOW,
        }
    }

    /// Numbers `from` to `to`, all due.
    fn pile(connection: &Connection, from: u128, to: u128, merchant: u128, url: &str) {
        connection.execute_batch("begin").expect("begun");
        for number in from..to {
            deliveries::insert(connection, &delivery(number, merchant, url, -1)).expect("written");
        }
        connection.execute_batch("commit").expect("committed");
    }

    fn openings(calls: usize, last: Option<Destination>) -> Openings {
        Openings {
            calls,
            calls_of_failing: 3,
            failing: Arc::default(),
            calls_of_owner: 6,
            calls_of_destination: 4,
            underway: HashSet::new(),
            last,
        }
    }

    fn destinations(connection: &Connection, ids: &[DeliveryId]) -> Vec<Destination> {
        let one = |id: &DeliveryId| {
            let sql = "select destination from deliveries where id = $1";
            connection.query_row(sql, [id.bytes()], |row| row.get(0)).map(Destination).expect("there")
        };
        ids.iter().map(one).collect()
    }

    #[test]
    fn a_destination_is_a_merchants_origin() {
        let of = |merchant, mode, url: &str| {
            Destination::of(MerchantId::new(Uuid::from_u128(merchant)), mode, &Endpoint::Status { url: url.to_owned() })
        };
        let shop = of(1, Mode::Test, "https://shop.example/hook");
        for same in ["https://shop.example:443/other?a=b", "https://SHOP.example", "https://a:b@shop.example/"] {
            assert_eq!(shop, of(1, Mode::Test, same), "{same}");
        }
        for other in
            ["http://shop.example/hook", "https://shop.example:444/", "https://www.shop.example/", "no address"]
        {
            assert_ne!(shop, of(1, Mode::Test, other), "{other}");
            assert_eq!(shop.last_of_owner(), of(1, Mode::Test, other).last_of_owner(), "{other}");
        }
        for other in [of(2, Mode::Test, "https://shop.example/hook"), of(1, Mode::Live, "https://shop.example/hook")] {
            assert_ne!(shop.last_of_owner(), other.last_of_owner());
            assert_eq!(shop.0[8..], other.0[8..]);
        }
    }

    /// The same turns whether little is due or much.
    #[test]
    fn destinations_take_turns() {
        for pile_of in [20, 20_000] {
            let connection = empty();
            pile(&connection, 1_000, 1_000 + pile_of, 1, "https://loud.example/");
            for merchant in 2..8 {
                pile(&connection, merchant * 10, merchant * 10 + 2, merchant, "https://shop.example/");
            }
            let loud = delivery(1, 1, "https://loud.example/", 0).destination();
            let mut last = None;
            let mut calls = HashMap::<Destination, usize>::new();
            for _ in 0..7 {
                let chosen = choose(&connection, NOW, &openings(2, last)).expect("chosen");
                assert_eq!(2, chosen.len());
                let chosen = destinations(&connection, &chosen);
                chosen.iter().for_each(|destination| *calls.entry(*destination).or_default() += 1);
                last = chosen.last().copied();
            }
            assert_eq!(vec![2; 7], calls.values().copied().collect::<Vec<_>>(), "seven destinations, fourteen turns");

            // Everybody else has everything before the loud one has more than it may.
            let chosen = choose(&connection, NOW, &openings(100, last)).expect("chosen");
            let chosen = destinations(&connection, &chosen);
            assert_eq!((4, 16), (chosen.iter().filter(|one| **one == loud).count(), chosen.len()));
            assert_eq!(7, chosen[..7].iter().collect::<HashSet<_>>().len(), "one turn each comes first");
        }
    }

    #[test]
    fn what_is_under_way_counts_and_is_not_chosen() {
        for pile_of in [20, 2_000] {
            let connection = empty();
            pile(&connection, 1_000, 1_000 + pile_of, 1, "https://one.example/");
            pile(&connection, 100, 110, 1, "https://two.example/");
            pile(&connection, 10, 20, 2, "https://shop.example/");
            // Due later: none of anybody's turns.
            let later = delivery(1, 3, "https://shop.example/", 1);
            deliveries::insert(&connection, &later).expect("written");
            let started = |number, merchant, url| {
                let delivery = delivery(number, merchant, url, 0);
                (delivery.id, delivery.destination())
            };
            let underway = HashSet::from([
                started(1_000, 1, "https://one.example/"),
                started(1_001, 1, "https://one.example/"),
                started(1_002, 1, "https://one.example/"),
            ]);
            let openings = Openings { underway: underway.clone(), ..openings(100, None) };
            let chosen = choose(&connection, NOW, &openings).expect("chosen");
            let found = destinations(&connection, &chosen);
            let count = |(_, destination)| found.iter().filter(|one| **one == destination).count();
            assert_eq!(1, count(started(1, 1, "https://one.example/")), "4 at once to one destination");
            assert_eq!(2, count(started(1, 1, "https://two.example/")), "6 at once to one merchant");
            assert_eq!(4, count(started(1, 2, "https://shop.example/")));
            assert_eq!(7, found.len());
            assert!(chosen.iter().all(|id| underway.iter().all(|(started, _)| started != id)));

            let full = Openings { calls: 3, ..openings };
            assert_eq!(Vec::<DeliveryId>::new(), choose(&connection, NOW, &full).expect("chosen"));
        }
    }

    #[test]
    fn those_that_fail_get_one_call_each_and_leave_room_for_all_others() {
        for pile_of in [20, 2_000] {
            let connection = empty();
            let failing = Arc::<Failing>::default();
            for merchant in 1..9 {
                let url = if merchant < 7 { "https://dead.example/" } else { "https://shop.example/" };
                let numbers = merchant * 100_000..merchant * 100_000 + pile_of;
                pile(&connection, numbers.start, numbers.end, merchant, url);
                if merchant < 7 {
                    failing.note(delivery(1, merchant, url, 0).destination(), false);
                }
            }
            let openings = Openings { failing: Arc::clone(&failing), ..openings(100, None) };
            let calls = |openings: &Openings| {
                let chosen = choose(&connection, NOW, openings).expect("chosen");
                let mut calls = HashMap::<Destination, usize>::new();
                for one in destinations(&connection, &chosen) {
                    *calls.entry(one).or_default() += 1;
                }
                let mut calls: Vec<_> = calls.into_values().collect();
                calls.sort_unstable();
                calls
            };
            assert_eq!(vec![1, 1, 1, 4, 4], calls(&openings), "three of the six, one each");
            failing.note(delivery(1, 1, "https://dead.example/", 0).destination(), true);
            assert_eq!(vec![1, 1, 1, 4, 4, 4], calls(&openings), "one of them works again");
        }
    }

    /// What the database did to choose, in steps of its machine.
    fn steps(pile_of: u128) -> i32 {
        let connection = empty();
        pile(&connection, 1_000, 1_000 + pile_of, 1, "https://loud.example/");
        for merchant in 2..50 {
            pile(&connection, merchant * 10, merchant * 10 + 1, merchant, "https://shop.example/");
        }
        let chosen = choose(&connection, NOW, &openings(100, None)).expect("chosen");
        assert_eq!(4 + 48, chosen.len());
        let steps = |sql| connection.prepare_cached(sql).expect("a statement").get_status(StatementStatus::VmStep);
        [IS_MUCH, ALL_DUE, NEXT_DESTINATION, DUE_OF_ONE].map(steps).into_iter().sum()
    }

    #[test]
    fn a_long_backlog_costs_the_choice_no_more_than_a_short_one() {
        assert_eq!(steps(600), steps(20_000));
    }

    #[test]
    fn every_look_goes_by_an_index_and_sorts_nothing() {
        let connection = empty();
        for (sql, index) in [
            (IS_MUCH, "USING COVERING INDEX deliveries_due (due_at<?)"),
            (ALL_DUE, "USING INDEX deliveries_due (due_at<?)"),
            (NEXT_DESTINATION, "USING COVERING INDEX deliveries_turns (destination>?)"),
            (DUE_OF_ONE, "USING INDEX deliveries_turns (destination=? AND due_at<?)"),
        ] {
            let mut statement = connection.prepare(&format!("explain query plan {sql}")).expect("a plan");
            let rows = statement.raw_query().mapped(|row| row.get::<_, String>(3));
            let plan: Vec<String> = rows.collect::<Result<_, _>>().expect("a plan");
            assert_eq!(vec![format!("SEARCH deliveries {index}")], plan, "{sql}");
        }
    }
}
