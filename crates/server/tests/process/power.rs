//! Power cuts (security X4). A kill leaves what was written in the page cache, so it cannot find a missing sync. Here a
//! shim between the process and its disk (`power/shim.c`) writes down what is done to its files, and after a kill the
//! disk is put back to what a cut might have left of it:
//!
//! - what was written to a file before it was synced is there;
//! - of what was written later, any part may be: each write is kept, lost, or torn at the end of a sector; a new length
//!   is kept or lost;
//! - a name that was made, changed or taken away is so from the sync of its folder on; of later changes of names the first
//!   few may be kept, in their order, as file systems with a journal keep them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use env::Env;

use crate::gateway::{GOOD_CARD, Place};

/// What a disk writes whole or not at all.
const SECTOR: u64 = 512;
const HEAD_BYTES: usize = 32;

/// Files below a folder, by their paths in it.
type Files = BTreeMap<String, Vec<u8>>;

/// What watches over the disk of one process at a time.
pub(crate) struct Power {
    folder: PathBuf,
    log: PathBuf,
    /// The disk when the process was started.
    before: Files,
    /// Files with this in their names are never synced.
    forgets: Option<&'static str>,
}

/// The shim, built once for each test process.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process/power/shim.c");
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("power-shim-{}.so", std::process::id()));
        let output = Command::new("cc")
            .args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .args([&built, &source])
            .args(["-ldl", "-lpthread"])
            .output()
            .expect("a C compiler runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        built
    })
}

impl Power {
    /// Over the disk of the process that works in `folder` next; its log goes beside it.
    pub(crate) fn over(folder: &Path, forgets: Option<&'static str>) -> Self {
        let log = folder.with_extension("power");
        let mut before = Files::new();
        read(folder, folder, &mut before);
        let _ = std::fs::remove_file(&log);
        Self { folder: folder.to_owned(), log, before, forgets }
    }

    /// What the process is started with.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_str().expect("a path in plain letters").to_owned();
        let mut variables = vec![
            ("LD_PRELOAD".to_owned(), text(shim())),
            ("POWER_DIR".to_owned(), text(&self.folder)),
            ("POWER_LOG".to_owned(), text(&self.log)),
        ];
        variables.extend(self.forgets.map(|forgets| ("POWER_IGNORE".to_owned(), forgets.to_owned())));
        variables
    }

    /// The process was killed: its disk becomes what a power cut might have left. Answers how much was written and not
    /// synced: pieces of files and names.
    pub(crate) fn cut(self, chance: &Env) -> usize {
        let (unsynced, left) = self.left(chance);
        std::fs::remove_dir_all(&self.folder).expect("the folder");
        std::fs::create_dir_all(&self.folder).expect("the folder");
        for (name, bytes) in left {
            // Shared memory, which no disk keeps.
            if name.ends_with("-shm") {
                continue;
            }
            let path = self.folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        }
        unsynced
    }

    /// How much was not synced, and the files as a cut might leave them.
    fn left(&self, chance: &Env) -> (usize, Files) {
        let disk = self.disk();
        (disk.unsynced(), disk.cut(chance))
    }

    fn disk(&self) -> Disk {
        let log = std::fs::read(&self.log).expect("the shim writes its log");
        let mut disk = Disk::new(self.before.clone());
        for record in records(&log) {
            disk.follow(&record);
        }
        disk
    }
}

fn read(folder: &Path, root: &Path, files: &mut Files) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root).expect("below").to_str().expect("plain letters").to_owned();
        if path.is_dir() {
            read(&path, root, files);
        } else if path.is_file() {
            files.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
}

/// Something that was done, as the shim tells it.
struct Record<'l> {
    kind: u32,
    /// The file, until its number is used again.
    file: u64,
    offset: u64,
    name: &'l str,
    other: &'l str,
    bytes: &'l [u8],
}

fn records(log: &[u8]) -> Vec<Record<'_>> {
    let mut records = vec![];
    let mut rest = log;
    while let Some((head, behind)) = rest.split_at_checked(HEAD_BYTES) {
        let short = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("4 bytes"));
        let long = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("8 bytes"));
        let length = |at: usize| usize::try_from(short(at)).expect("it fits");
        let (name, behind) = behind.split_at(length(4));
        let (other, behind) = behind.split_at(length(8));
        let (bytes, behind) = behind.split_at(length(12));
        let text = |bytes| std::str::from_utf8(bytes).expect("plain letters");
        let (name, other) = (text(name), text(other));
        records.push(Record { kind: short(0), file: long(16), offset: long(24), name, other, bytes });
        rest = behind;
    }
    assert!(rest.is_empty(), "the log is cut off");
    records
}

/// What a file holds for certain, and what was done to it since.
#[derive(Default)]
struct File {
    synced: Vec<u8>,
    since: Vec<Piece>,
}

enum Piece {
    Written(u64, Vec<u8>),
    Length(u64),
}

/// A change of names; files by their places in [`Disk::files`].
enum Naming {
    Made(String, usize),
    Folder(String),
    Renamed(String, String),
    Gone(String),
}

#[derive(Default, Clone)]
struct Names {
    files: BTreeMap<String, usize>,
    folders: Vec<String>,
}

#[derive(Default)]
struct Disk {
    files: Vec<File>,
    synced: Names,
    since: Vec<Naming>,
    now: Names,
    /// By the number that the process knows them by.
    numbers: HashMap<u64, usize>,
    folders: HashMap<u64, String>,
}

impl Disk {
    fn new(before: Files) -> Self {
        let mut disk = Self::default();
        for (name, synced) in before {
            let folders = name.match_indices('/').map(|(at, _)| name[..at].to_owned());
            disk.synced.folders.extend(folders);
            disk.synced.files.insert(name, disk.files.len());
            disk.files.push(File { synced, since: vec![] });
        }
        disk.now = disk.synced.clone();
        disk
    }

    fn follow(&mut self, record: &Record<'_>) {
        let Record { kind, file, offset, name, other, bytes } = record;
        match kind {
            1 if *offset == 1 => drop(self.folders.insert(*file, (*name).to_owned())),
            1 => drop(self.now.files.get(*name).map(|place| self.numbers.insert(*file, *place))),
            2 => {
                self.numbers.insert(*file, self.files.len());
                self.name(Naming::Made((*name).to_owned(), self.files.len()));
                self.files.push(File::default());
            }
            3 => self.piece(*file, Piece::Written(*offset, bytes.to_vec())),
            4 => self.piece(*file, Piece::Length(*offset)),
            5 => self.name(Naming::Renamed((*name).to_owned(), (*other).to_owned())),
            6 => self.name(Naming::Gone((*name).to_owned())),
            7 => {
                if let Some(place) = self.numbers.get(file) {
                    let File { synced, since } = &mut self.files[*place];
                    since.drain(..).for_each(|piece| apply(synced, &piece));
                }
            }
            8 => self.sync_names(*file),
            9 => self.name(Naming::Folder((*name).to_owned())),
            other => panic!("the shim writes nothing like {other}"),
        }
    }

    fn piece(&mut self, file: u64, piece: Piece) {
        if let Some(place) = self.numbers.get(&file) {
            self.files[*place].since.push(piece);
        }
    }

    fn name(&mut self, naming: Naming) {
        self.now.apply(&naming);
        self.since.push(naming);
    }

    fn sync_names(&mut self, folder: u64) {
        let Some(folder) = self.folders.get(&folder) else { return };
        let (synced, since) = std::mem::take(&mut self.since).into_iter().partition(|naming| naming.folder() == folder);
        self.since = since;
        let synced: Vec<Naming> = synced;
        synced.iter().for_each(|naming| self.synced.apply(naming));
    }

    fn unsynced(&self) -> usize {
        self.since.len() + self.files.iter().map(|file| file.since.len()).sum::<usize>()
    }

    /// Everything that was done.
    fn whole(&self) -> Files {
        let whole = |place: &usize| {
            let File { synced, since } = &self.files[*place];
            let mut bytes = synced.clone();
            since.iter().for_each(|piece| apply(&mut bytes, piece));
            bytes
        };
        self.now.files.iter().map(|(name, place)| (name.clone(), whole(place))).collect()
    }

    /// What is left.
    fn cut(self, chance: &Env) -> Files {
        let Self { files, mut synced, since, .. } = self;
        let kept = below(chance, since.len() + 1);
        since.iter().take(kept).for_each(|naming| synced.apply(naming));
        let named = synced.files.iter().filter(|(name, _)| {
            name.match_indices('/').all(|(at, _)| synced.folders.iter().any(|folder| *folder == name[..at]))
        });
        named.map(|(name, place)| (name.clone(), files[*place].cut(chance))).collect()
    }
}

impl File {
    fn cut(&self, chance: &Env) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        // Often all of it is lost, or nothing: the disk had not begun, or was about to tell.
        let manner = below(chance, 4);
        for piece in &self.since {
            let luck = match manner {
                0 => 0,
                1 => 2,
                _ => below(chance, 4),
            };
            match (luck, piece) {
                (0, _) => {}
                (1, Piece::Written(offset, written)) => apply(&mut bytes, &torn(*offset, written, chance)),
                (_, piece) => apply(&mut bytes, piece),
            }
        }
        bytes
    }
}

/// The first sectors of what was written.
fn torn(offset: u64, written: &[u8], chance: &Env) -> Piece {
    let end = offset + u64::try_from(written.len()).expect("it fits");
    let sectors = usize::try_from(end / SECTOR - offset / SECTOR).expect("it fits");
    let until = (offset / SECTOR + u64::try_from(below(chance, sectors + 1)).expect("it fits")) * SECTOR;
    let kept = usize::try_from(until.saturating_sub(offset)).expect("it fits");
    Piece::Written(offset, written[..kept.min(written.len())].to_vec())
}

fn apply(bytes: &mut Vec<u8>, piece: &Piece) {
    let place = |offset: u64| usize::try_from(offset).expect("it fits");
    match piece {
        Piece::Written(_, written) if written.is_empty() => {}
        Piece::Written(offset, written) => {
            let (from, until) = (place(*offset), place(*offset) + written.len());
            bytes.resize(bytes.len().max(until), 0);
            bytes[from..until].copy_from_slice(written);
        }
        Piece::Length(length) => bytes.resize(place(*length), 0),
    }
}

impl Naming {
    /// The folder that it is a change of.
    fn folder(&self) -> &str {
        let (Self::Made(name, _) | Self::Folder(name) | Self::Renamed(_, name) | Self::Gone(name)) = self;
        name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl Names {
    fn apply(&mut self, naming: &Naming) {
        match naming {
            Naming::Made(name, place) => drop(self.files.insert(name.clone(), *place)),
            Naming::Folder(name) => self.folders.push(name.clone()),
            Naming::Renamed(from, to) => {
                if let Some(place) = self.files.remove(from) {
                    self.files.insert(to.clone(), place);
                }
            }
            Naming::Gone(name) => drop(self.files.remove(name)),
        }
    }
}

/// A number below `end`.
pub(crate) fn below(chance: &Env, end: usize) -> usize {
    let drawn = u64::from_le_bytes(chance.bytes());
    usize::try_from(drawn % u64::try_from(end).expect("it fits")).expect("it fits")
}

/// What the gateway does to its files goes by calls that the shim knows.
#[test]
fn the_shim_sees_all_that_is_done() {
    let place = Place::new();
    std::fs::create_dir(place.data()).unwrap();
    let power = Power::over(&place.data(), None);
    let variables = power.variables();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let gateway = place.start_with(&variables);
    let id = gateway.purchase(&gateway.order());
    assert_eq!(303, gateway.pay(&id, GOOD_CARD).status);
    gateway.stop();
    let (mut seen, mut there) = (power.disk().whole(), Files::new());
    read(&place.data(), &place.data(), &mut there);
    for files in [&mut seen, &mut there] {
        files.retain(|name, _| !name.ends_with("-shm"));
    }
    assert!(seen.keys().eq(there.keys()), "{:?} {:?}", seen.keys(), there.keys());
    for name in ["tollgate.db", "acquirer.db", "keys/root.key"] {
        assert!(!seen[name].is_empty(), "{name} was not seen");
    }
    for (name, bytes) in &seen {
        assert!(*bytes == there[name], "{name} is not as it was seen to be");
    }
}

#[test]
fn a_cut_keeps_what_was_synced_and_any_part_of_what_was_not() {
    use domain::Timestamp;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data");
    let script = "import os, sys\n\
                  os.chdir(sys.argv[1])\n\
                  def write(name, *pieces):\n\
                  \x20   fd = os.open(name, os.O_RDWR | os.O_CREAT)\n\
                  \x20   for sync, at, piece in pieces:\n\
                  \x20       os.pwrite(fd, piece, at)\n\
                  \x20       if sync: os.fsync(fd)\n\
                  def sync_names(): os.fsync(os.open(sys.argv[1], os.O_RDONLY))\n\
                  write('kept', (True, 0, b'a' * 2048), (False, 1024, b'b' * 2048))\n\
                  write('old', (True, 0, b'x'))\n\
                  sync_names()\n\
                  write('unnamed', (True, 0, b'c'))\n\
                  os.rename('old', 'new')\n\
                  print('done', flush=True)\n\
                  os.kill(os.getpid(), 9)\n";
    std::fs::create_dir(&folder).unwrap();
    let power = Power::over(&folder, None);
    let mut python = Command::new("python3");
    let output = python.args(["-c", script]).arg(&folder).envs(power.variables()).output().expect("python3 runs");
    assert_eq!("done\n", String::from_utf8_lossy(&output.stdout), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut names, mut lengths) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for seed in 0..300 {
        let (unsynced, left) = power.left(&Env::still(Timestamp::from_seconds(0), seed));
        assert_eq!(3, unsynced);
        let kept = &left["kept"];
        assert!(kept.len() >= 2048 && kept[..1024].iter().all(|byte| *byte == b'a'), "what was synced is there");
        lengths.insert(kept.len());
        names.insert(left.into_keys().collect::<Vec<_>>().join(" "));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(vec!["kept new unnamed", "kept old", "kept old unnamed"], names, "names go in their order");
    assert_eq!(vec![2048, 2560, 3072], lengths.into_iter().collect::<Vec<_>>(), "nothing, some sectors, or all");
}
