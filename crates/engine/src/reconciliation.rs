//! Reconciliation: an acquirer's settlement file is matched line by line with what payments' journals say (security U9).
//!
//! Who acts: an operator who imports a file, owns a difference or settles it; and a worker that misses what no file names
//! in time. A file is read twice: the first reading refuses it as a whole or finds it good, the second takes its lines,
//! each with one changeset that also says that this line was taken. So an import that broke off is begun again and takes
//! what is left; importing a file twice changes nothing.
//!
//! What one line does, a look at its movement decides, which the store then guards. One lock keeps lines, misses and
//! settlements of this process from deciding beside each other, so that a line always sees the difference that it explains.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acquirer::settlement::{self, Header, Line, Reader, Refused};
use domain::{
    Command, Currency, Difference, DifferenceEvent, DifferenceId, DifferenceKind, Found, GRACE, Judgement, LineOf,
    Mode, Money, Paid, Payment, Refusal, Remedy, Timestamp, Whose,
};
use store::{
    Changeset, Committed, DifferenceWrite, KnownFile, MovementRecord, MovementState, SettlementFile, SettlementLine,
    SettlementWrite, StandingRow,
};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::checkouts::Asking;
use crate::{Engine, Error};

/// Lines that are taken at once, no two of them about the same movement.
const LINES_AT_ONCE: usize = 256;
/// Movements that are missed at once.
const MISSED_AT_ONCE: u32 = 256;

/// What the parts of reconciliation share.
#[derive(Default)]
pub(crate) struct State {
    /// Held for a whole file.
    importing: Mutex<()>,
    /// Held for one decision, or a few that cannot meet.
    deciding: Mutex<()>,
    /// Called when there is more to expect.
    pub(crate) began: Notify,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The file's id.
    pub file: String,
    /// Its world.
    pub mode: Mode,
    /// How many lines it has.
    pub lines: u32,
    /// How many of them are differences.
    pub differences: u32,
    /// Whether all of it had been imported before: nothing was changed.
    pub is_known: bool,
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be opened or read.
    #[error("the file cannot be read: {0}")]
    File(#[source] io::Error),
    /// It is not whole, or not for us. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Somebody wrote to it meanwhile.
    #[error("the file changed while it was imported: put it back as it was, and import it again")]
    Changed,
    /// It broke off; importing it again takes what is left.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl From<store::Error> for ImportError {
    fn from(error: store::Error) -> Self {
        Self::Engine(error.into())
    }
}

/// A file whose lines are taken.
struct Taking {
    header: Header,
    known: KnownFile,
}

/// What a line is found to be, when it is not what we say.
#[derive(Clone, Copy)]
struct Differs {
    kind: DifferenceKind,
    whose: Option<Whose>,
    ours: Option<Money>,
    claims: Option<Uuid>,
}

impl Engine {
    /// Imports a settlement file: all of it, or nothing when it is not whole.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn import_settlement(&self, path: &Path) -> Result<Imported, ImportError> {
        let _one_at_a_time = self.0.reconciling.importing.lock().await;
        let (header, file) = blocking({
            let path = path.to_owned();
            move || check(&path)
        })
        .await?;
        if header.acquirer != self.0.test_acquirer.name() {
            let what = format!("no payment goes by the acquirer {}", header.acquirer);
            return Err(Refused { line: 1, what, remedy: "give the file of an acquirer of this gateway" }.into());
        }
        let (known, begins) = self.begin(&header, &file).await?;
        let imported = |differences| Imported {
            file: header.id.clone(),
            mode: header.mode,
            lines: file.lines,
            differences,
            is_known: known.is_over,
        };
        if known.is_over {
            return Ok(imported(self.0.store.differing_lines(known.position).await?));
        }
        let taking = Arc::new(Taking { header: header.clone(), known });
        self.take_lines(path.to_owned(), &taking, begins).await?;
        let end = Some(Box::new(SettlementWrite::End(known.position, self.0.env.now())));
        self.0.store.commit(Changeset { settlement: end, ..Changeset::default() }).await?;
        let differences = self.0.store.differing_lines(known.position).await?;
        if differences > 0 {
            tracing::warn!(
                file = header.id,
                lines = file.lines,
                differences,
                "the acquirer's file differs from the books"
            );
        } else {
            tracing::info!(file = header.id, lines = file.lines, "the acquirer's file says what the books say");
        }
        self.reconciliation_step().await?;
        self.count_differences().await?;
        self.0.reconciling.began.notify_one();
        Ok(imported(differences))
    }

    /// Writes down that a file begins, or finds that it did; tells which.
    async fn begin(&self, header: &Header, file: &SettlementFile) -> Result<(KnownFile, bool), ImportError> {
        let begin = Some(Box::new(SettlementWrite::Begin(file.clone(), self.0.env.now())));
        let begun = self.0.store.commit(Changeset { settlement: begin, ..Changeset::default() }).await?;
        let known = self.0.store.settlement_file(header.mode, &header.acquirer, &header.id).await?;
        let known = known.ok_or(ImportError::Changed)?;
        if known.hash != file.hash {
            let what = format!("a file with the id {} and other lines was imported before", header.id);
            let remedy = "ask the acquirer which one holds, and for a new id if it is this one";
            return Err(Refused { line: 1, what, remedy }.into());
        }
        Ok((known, begun == Committed::Done))
    }

    async fn take_lines(&self, path: PathBuf, taking: &Arc<Taking>, begins: bool) -> Result<(), ImportError> {
        let (chunks, waiting) = mpsc::channel(2);
        let reading = blocking(move || read_lines(&path, &chunks));
        let take = async {
            // Dropped when a line cannot be taken: whoever reads then does not wait for room.
            let mut waiting = waiting;
            while let Some(chunk) = waiting.recv().await {
                self.take_chunk(chunk, taking, begins).await?;
            }
            Ok::<_, ImportError>(())
        };
        let (hash, taken) = tokio::join!(reading, take);
        taken?;
        if hash? == taking.known.hash { Ok(()) } else { Err(ImportError::Changed) }
    }

    async fn take_chunk(&self, chunk: Vec<Line>, taking: &Arc<Taking>, begins: bool) -> Result<(), ImportError> {
        let _deciding = self.0.reconciling.deciding.lock().await;
        let taken = match (chunk.first(), chunk.last()) {
            (Some(first), Some(last)) if !begins => {
                self.0.store.taken_lines(taking.known.position, first.number, last.number).await?
            }
            (Some(_) | None, Some(_) | None) => HashSet::new(),
        };
        let mut lines = JoinSet::new();
        for line in chunk.into_iter().filter(|line| !taken.contains(&line.number)) {
            let (engine, taking) = (self.clone(), Arc::clone(taking));
            lines.spawn(async move { engine.take_line(&taking, &line).await });
        }
        while let Some(line) = lines.join_next().await {
            line.map_err(|_| Error::Stopping)??;
        }
        Ok(())
    }

    /// Takes one line; one that was taken before stays so.
    async fn take_line(&self, taking: &Taking, line: &Line) -> Result<(), Error> {
        loop {
            let movement = match reference(&line.reference) {
                Some(reference) => self.0.store.movement(taking.header.mode, reference).await?,
                None => None,
            };
            let taken = match movement {
                Some(movement) => self.compare(taking, line, &movement).await,
                None => self.differ(taking, line, Differs::extra(None)).await,
            };
            match taken {
                // Its payment changed meanwhile: look again, decide again.
                Err(Error::Stale | Error::Refused(Refusal::WrongState { .. })) => {}
                Err(Error::Used) | Ok(()) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn compare(&self, taking: &Taking, line: &Line, movement: &MovementRecord) -> Result<(), Error> {
        let Taking { header, .. } = taking;
        let whose = movement.whose;
        let asking = Asking::Merchant(whose.merchant_id, header.mode, whose.checkout_id);
        let paid = Paid {
            kind: line.kind,
            reference: movement.reference,
            amount: line.amount,
            fee: line.fee,
            at: line_of(header, line),
        };
        let is_late = line.kind == movement.kind && header.last.begins() >= movement.at.plus(GRACE);
        let claims =
            (line.kind == movement.kind && movement.state == MovementState::Open).then_some(movement.reference);
        let differs =
            |kind, ours| Differs { kind, whose: Some(whose), ours, claims: claims.filter(|_| ours.is_some()) };
        match self.load(asking).await?.payment.judge(&paid) {
            Judgement::Fits => match self.match_line(taking, line, (movement, paid, is_late)).await {
                Err(Error::Refused(Refusal::OperationInFlight)) => {
                    self.differ(taking, line, Differs::extra(Some(whose))).await
                }
                matched => matched,
            },
            Judgement::Unknown => self.differ(taking, line, Differs::extra(Some(whose))).await,
            Judgement::Adjusted if is_late => self.differ(taking, line, differs(DifferenceKind::Late, None)).await,
            Judgement::Doubled | Judgement::Adjusted => {
                self.differ(taking, line, differs(DifferenceKind::Doubled, None)).await
            }
            Judgement::OtherAmount(ours) => {
                self.differ(taking, line, differs(DifferenceKind::WrongAmount, Some(ours))).await
            }
            Judgement::OtherCurrency(ours) => {
                self.differ(taking, line, differs(DifferenceKind::WrongCurrency, Some(ours))).await
            }
        }
    }

    /// The line says what we say: with that the difference is over that missed it. A late one is worth a row of its own.
    async fn match_line(
        &self,
        taking: &Taking,
        line: &Line,
        (movement, paid, is_late): (&MovementRecord, Paid, bool),
    ) -> Result<(), Error> {
        let Taking { header, known } = taking;
        let (now, explained) = (self.0.env.now(), || DifferenceEvent::Explained { line: Some(paid.at.clone()) });
        let mut differences = vec![];
        if movement.state == MovementState::Differs {
            let missed = self.0.store.unsettled_about(header.mode, line.reference.clone()).await?;
            let missed = missed.into_iter().filter(|difference| difference.found.kind == DifferenceKind::Missing);
            differences.extend(missed.map(|difference| written(difference, vec![explained()], now)));
        }
        let mut late = None;
        if is_late {
            let id = DifferenceId::new(self.0.env.ordered_id());
            let differs = Differs {
                kind: DifferenceKind::Late,
                whose: Some(movement.whose),
                ours: Some(movement.amount),
                claims: None,
            };
            let mut write =
                new_difference(id, header.mode, Found { suspended: false, ..found(header, line, differs) }, now);
            write.difference.apply(&explained());
            write.events.push(explained());
            differences.push(write);
            late = Some(id);
        }
        let line = taken(known, line, late);
        let whose = movement.whose;
        let asking = Asking::Merchant(whose.merchant_id, header.mode, whose.checkout_id);
        self.run(asking, &Command::Match(paid.clone()), |_, change| {
            change.settlement = Some(Box::new(SettlementWrite::Line(line.clone())));
            change.differences.clone_from(&differences);
        })
        .await?;
        Ok(())
    }

    /// The line does not say what we say: what the bank got with it stands in suspense until somebody settles it.
    async fn differ(&self, taking: &Taking, line: &Line, differs: Differs) -> Result<(), Error> {
        let Taking { header, known } = taking;
        let id = DifferenceId::new(self.0.env.ordered_id());
        let claims = differs.claims;
        let write = new_difference(id, header.mode, found(header, line, differs), self.0.env.now());
        let settlement = Some(Box::new(SettlementWrite::Line(taken(known, line, Some(id)))));
        let differences = vec![DifferenceWrite { claims, ..write }];
        self.commit_differences(Changeset { settlement, differences, ..Changeset::default() }).await
    }

    async fn commit_differences(&self, change: Changeset) -> Result<(), Error> {
        match self.0.store.commit(change).await? {
            Committed::Done => Ok(()),
            Committed::Stale => Err(Error::Stale),
            Committed::KeyUsed => Err(Error::Used),
            Committed::OrderPaid => Err(Error::OrderPaid),
        }
    }

    /// Misses what no file has named within the grace, and answers how much. Nothing is missed before the first file.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn reconciliation_step(&self) -> Result<usize, Error> {
        let mut missed = 0;
        for (mode, since) in self.0.store.reconciled_since().await? {
            loop {
                let _deciding = self.0.reconciling.deciding.lock().await;
                let now = self.0.env.now();
                let overdue = self.0.store.overdue_movements(mode, since, now, MISSED_AT_ONCE).await?;
                if overdue.is_empty() {
                    break;
                }
                missed += overdue.len();
                let mut misses = JoinSet::new();
                for movement in overdue {
                    let engine = self.clone();
                    misses.spawn(async move { engine.miss(&movement).await });
                }
                while let Some(miss) = misses.join_next().await {
                    match miss.map_err(|_| Error::Stopping)? {
                        // What changed meanwhile is looked at again, if it is still overdue.
                        Ok(()) | Err(Error::Stale | Error::Refused(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        if missed > 0 {
            tracing::warn!(movements = missed, "captures and refunds that no file of the acquirer names in time");
            self.count_differences().await?;
        }
        Ok(missed)
    }

    /// What the worker rests until: the next movement that may be missed. What happens from now on has the whole grace.
    pub(crate) async fn next_miss(&self) -> Result<Option<Timestamp>, Error> {
        let next = self.next_overdue().await?;
        let expects = !self.0.store.reconciled_since().await?.is_empty();
        Ok(next.or_else(|| expects.then(|| self.0.env.now().plus(GRACE))))
    }

    /// When the next movement will be missed, unless a file names it by then.
    pub(crate) async fn next_overdue(&self) -> Result<Option<Timestamp>, Error> {
        let mut next = None;
        for (mode, since) in self.0.store.reconciled_since().await? {
            next = next.into_iter().chain(self.0.store.next_overdue(mode, since).await?).min();
        }
        Ok(next)
    }

    /// A line that came before we knew what it is about explains the movement, and is explained by it. Otherwise a line is
    /// missing.
    async fn miss(&self, movement: &MovementRecord) -> Result<(), Error> {
        let MovementRecord { reference, kind, mode, whose, amount, at, state: _ } = *movement;
        let now = self.0.env.now();
        let about = self.0.store.unsettled_about(mode, reference.to_string()).await?;
        let came_early = about.into_iter().find_map(|difference| {
            let Found { kind: DifferenceKind::Extra, about, theirs, paid, line, .. } = &difference.found else {
                return None;
            };
            let fee = Money::new(kind.signed(amount).checked_sub(*paid)?, amount.currency())?;
            let fits = (*about, *theirs) == (kind, Some(amount));
            let at = line.clone().filter(|_| fits)?;
            Some((Paid { kind, reference, amount, fee, at }, difference))
        });
        if let Some((paid, difference)) = came_early {
            let explained = written(difference, vec![DifferenceEvent::Explained { line: None }], now);
            let asking = Asking::Merchant(whose.merchant_id, mode, whose.checkout_id);
            self.run(asking, &Command::Match(paid), |_, change| change.differences = vec![explained.clone()]).await?;
            return Ok(());
        }
        let found = Found {
            kind: DifferenceKind::Missing,
            about: kind,
            reference: reference.to_string(),
            payment: Some(whose),
            day: settlement::Day::of(at).begins(),
            currency: amount.currency(),
            ours: Some(amount),
            theirs: None,
            paid: 0,
            suspended: false,
            line: None,
        };
        let write = new_difference(DifferenceId::new(self.0.env.ordered_id()), mode, found, now);
        let differences = vec![DifferenceWrite { claims: Some(reference), ..write }];
        self.commit_differences(Changeset { differences, ..Changeset::default() }).await
    }

    /// At most `limit` differences, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn differences(&self, only_unsettled: bool, limit: u32) -> Result<Vec<Difference>, Error> {
        Ok(self.0.store.differences(only_unsettled, limit).await?)
    }

    /// How both sides stand, by mode, day and currency.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn standings(&self) -> Result<Vec<StandingRow>, Error> {
        Ok(self.0.store.standings().await?)
    }

    /// Somebody looks after a difference from now on; `None` when it is over.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub async fn own_difference(&self, id: DifferenceId, by: &str) -> Result<Option<Difference>, Error> {
        let _deciding = self.0.reconciling.deciding.lock().await;
        let difference = self.0.store.difference(id).await?.ok_or(Error::NotFound)?;
        let Some(events) = difference.own(by) else { return Ok(None) };
        let write = written(difference, events, self.0.env.now());
        let owned = write.difference.clone();
        self.commit_differences(Changeset { differences: vec![write], ..Changeset::default() }).await?;
        Ok(Some(owned))
    }

    /// A difference is settled by postings: where it is about a movement that nothing else is known of, in the books of its
    /// payment, else in the house's. `None` when it is over.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]; [`Error::Stale`] or [`Error::Refused`] when the payment changed meanwhile.
    pub async fn settle_difference(
        &self,
        id: DifferenceId,
        remedy: Remedy,
        by: &str,
        note: &str,
    ) -> Result<Option<Difference>, Error> {
        let _deciding = self.0.reconciling.deciding.lock().await;
        let difference = self.0.store.difference(id).await?.ok_or(Error::NotFound)?;
        let found = difference.found.clone();
        let adjusts = match (found.payment, reference(&found.reference)) {
            (Some(whose), Some(reference)) => {
                let asking = Asking::Merchant(whose.merchant_id, difference.mode, whose.checkout_id);
                let payment = self.load(asking).await?.payment;
                adjusts(&found, &payment, reference).then_some((asking, reference))
            }
            (Some(_) | None, Some(_) | None) => None,
        };
        let moved = adjusts.is_some() && found.kind == DifferenceKind::WrongAmount;
        let Some(events) = difference.settle(remedy, by, note, moved) else { return Ok(None) };
        let write = written(difference, events, self.0.env.now());
        let settled = write.difference.clone();
        match adjusts {
            Some((asking, reference)) => {
                let paid = if moved { found.paid } else { 0 };
                let command = Command::Adjust { difference_id: id, reference, paid, remedy };
                self.run(asking, &command, |_, change| change.differences = vec![write.clone()]).await?;
            }
            None => {
                let change = Changeset { differences: vec![write], ..Changeset::default() };
                self.commit_differences(change).await?;
            }
        }
        self.count_differences().await?;
        Ok(Some(settled))
    }

    /// Shows how many differences are not settled.
    pub(crate) async fn count_differences(&self) -> Result<(), Error> {
        self.0.workers.metrics.differences.set(self.0.store.count_unsettled().await?);
        Ok(())
    }
}

impl Differs {
    const fn extra(whose: Option<Whose>) -> Self {
        Self { kind: DifferenceKind::Extra, whose, ours: None, claims: None }
    }
}

/// Whether settling this closes a movement of the payment.
fn adjusts(found: &Found, payment: &Payment, reference: Uuid) -> bool {
    match found.kind {
        DifferenceKind::Missing | DifferenceKind::WrongAmount | DifferenceKind::WrongCurrency => {
            payment.open_movement(reference).is_some_and(|movement| movement.kind == found.about)
        }
        DifferenceKind::Extra | DifferenceKind::Doubled | DifferenceKind::Late => false,
    }
}

/// Only what we made can be ours.
fn reference(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|uuid| uuid.to_string() == text)
}

fn line_of(header: &Header, line: &Line) -> LineOf {
    LineOf { file: header.id.clone(), line: line.number }
}

fn found(header: &Header, line: &Line, differs: Differs) -> Found {
    let Differs { kind, whose, ours, claims: _ } = differs;
    Found {
        kind,
        about: line.kind,
        reference: line.reference.clone(),
        payment: whose,
        day: header.last.begins(),
        currency: line.amount.currency(),
        ours,
        theirs: Some(line.amount),
        paid: line.net(),
        suspended: true,
        line: Some(line_of(header, line)),
    }
}

fn taken(known: &KnownFile, line: &Line, difference: Option<DifferenceId>) -> SettlementLine {
    SettlementLine {
        file: known.position,
        line: line.number,
        kind: line.kind,
        reference: line.reference.clone(),
        amount: line.amount,
        net: line.net(),
        difference,
    }
}

fn new_difference(id: DifferenceId, mode: Mode, found: Found, at: Timestamp) -> DifferenceWrite {
    let events = vec![DifferenceEvent::Found(Box::new(found.clone()))];
    let difference = Difference::new(id, mode, found, at);
    DifferenceWrite { expected_version: 0, difference, events, at, claims: None }
}

fn written(mut difference: Difference, events: Vec<DifferenceEvent>, at: Timestamp) -> DifferenceWrite {
    let expected_version = difference.version;
    events.iter().for_each(|event| difference.apply(event));
    DifferenceWrite { expected_version, difference, events, at, claims: None }
}

/// Reads a file to its end: good as a whole, or refused as a whole.
fn check(path: &Path) -> Result<(Header, SettlementFile), ImportError> {
    let mut reader = Reader::open(open(path)?)?;
    while reader.line()?.is_some() {}
    let header = reader.header().clone();
    let totals: Vec<(Currency, u32, i64)> =
        reader.totals().iter().map(|(currency, total)| (*currency, total.lines, total.net)).collect();
    let file = SettlementFile {
        id: header.id.clone(),
        acquirer: header.acquirer.clone(),
        mode: header.mode,
        first_day: header.first.begins(),
        last_day: header.last.begins(),
        lines: reader.lines(),
        totals,
        hash: reader.hash(),
    };
    Ok((header, file))
}

/// Hands out the lines of a file that was found good, and answers its hash.
fn read_lines(path: &Path, chunks: &mpsc::Sender<Vec<Line>>) -> Result<[u8; 32], ImportError> {
    let mut reader = Reader::open(open(path)?).map_err(|_| ImportError::Changed)?;
    let (mut chunk, mut references) = (Vec::with_capacity(LINES_AT_ONCE), HashSet::new());
    while let Some(line) = reader.line().map_err(|_| ImportError::Changed)? {
        if chunk.len() == LINES_AT_ONCE || !references.insert(line.reference.clone()) {
            references.clear();
            references.insert(line.reference.clone());
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(LINES_AT_ONCE));
            chunks.blocking_send(full).map_err(|_| Error::Stopping)?;
        }
        chunk.push(line);
    }
    chunks.blocking_send(chunk).map_err(|_| Error::Stopping)?;
    Ok(reader.hash())
}

fn open(path: &Path) -> Result<BufReader<File>, ImportError> {
    Ok(BufReader::new(File::open(path).map_err(ImportError::File)?))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImportError> + Send + 'static,
) -> Result<T, ImportError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopping)?
}
