//! A drive while the program works: what is saved on it for certain, and what may be there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::power_cut::content::{Fate, has_sectors, length_after, save};
use crate::power_cut::disk::{Content, Disk};
use crate::power_cut::events::{Change, Event};

/// Of a file that is never synchronised the system saves the older part by and by. Where it is
/// short, so many of its changes are uncertain at a time.
const UNCERTAIN: usize = 4;
const SHORT: usize = 4096;

/// A file, whatever its names.
#[derive(Clone)]
struct Inode {
    saved: Content,
    unsaved: Vec<Change>,
    is_ever_synced: bool,
}

/// A change of names that happens as a whole; `None` is no file.
#[derive(Clone, Debug)]
struct Naming {
    names: Vec<(PathBuf, Option<usize>)>,
}

/// Something that a cut may leave undone.
#[derive(Clone, Debug)]
pub(crate) struct Unsaved {
    place: Place,
    /// It was done last.
    pub(crate) is_newest: bool,
    /// It writes into more than one sector.
    pub(crate) has_sectors: bool,
    /// It makes its file longer.
    pub(crate) grows: bool,
    /// The names of its file.
    pub(crate) paths: Vec<PathBuf>,
    /// What it is, for people.
    pub(crate) told: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Content { inode: usize, change: usize },
    Name { naming: usize },
}

/// The drive at some moment.
#[derive(Clone)]
pub(crate) struct Drive {
    inodes: Vec<Inode>,
    /// Which of the inodes are synchronised at some time.
    synced: Vec<usize>,
    /// The number that the system knows a file by at this moment.
    numbers: HashMap<u64, usize>,
    saved_names: BTreeMap<PathBuf, usize>,
    names: BTreeMap<PathBuf, usize>,
    unsaved_names: Vec<Naming>,
    newest: Option<Place>,
}

impl Drive {
    /// Everything of this disk is saved. `numbers` are the inodes of its files, and these events
    /// are to come.
    pub(crate) fn before(disk: &Disk, numbers: &BTreeMap<PathBuf, u64>, events: &[Event]) -> Drive {
        let mut rehearsal = Drive::of(disk, numbers, Vec::new());
        let synced = events.iter().filter_map(|event| {
            rehearsal.apply(event);
            let Event::Sync { file } = event else { return None };
            Some(rehearsal.numbers[file])
        });
        let synced = synced.collect();
        Drive::of(disk, numbers, synced)
    }

    fn of(disk: &Disk, numbers: &BTreeMap<PathBuf, u64>, synced: Vec<usize>) -> Drive {
        let mut drive = Drive {
            inodes: Vec::new(),
            synced,
            numbers: HashMap::new(),
            saved_names: BTreeMap::new(),
            names: BTreeMap::new(),
            unsaved_names: Vec::new(),
            newest: None,
        };
        for (path, content) in &disk.files {
            let inode = drive.add(content.clone());
            drive.saved_names.insert(path.clone(), inode);
            drive.numbers.insert(numbers[path], inode);
        }
        drive.names = drive.saved_names.clone();
        drive
    }

    fn add(&mut self, saved: Content) -> usize {
        let inode = self.inodes.len();
        let is_ever_synced = self.synced.contains(&inode);
        self.inodes.push(Inode { saved, unsaved: Vec::new(), is_ever_synced });
        inode
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        self.newest = None;
        match event {
            Event::Create { file, path } => {
                let inode = self.add(Content { bytes: Arc::default(), mode: 0o600 });
                self.numbers.insert(*file, inode);
                self.rename([(path, Some(inode))]);
            }
            Event::Change { file, change } => self.change(*file, change),
            Event::Sync { file } => {
                let inode = &mut self.inodes[self.numbers[file]];
                let changes = std::mem::take(&mut inode.unsaved);
                for change in &changes {
                    save(&mut inode.saved, change, Fate::There);
                }
            }
            Event::SyncFolder { folder } => self.save_names(folder),
            Event::Rename { from, to } => {
                let inode = self.names.get(from).copied();
                self.rename([(from, None), (to, inode)]);
            }
            Event::Link { from, to } => self.rename([(to, self.names.get(from).copied())]),
            Event::Unlink { path } => self.rename([(path, None)]),
        }
    }

    fn change(&mut self, file: u64, change: &Change) {
        let number = self.numbers[&file];
        let inode = &mut self.inodes[number];
        inode.unsaved.push(change.clone());
        let is_short = inode.saved.bytes.len() < SHORT;
        if is_short && !inode.is_ever_synced && inode.unsaved.len() > UNCERTAIN {
            let oldest = inode.unsaved.remove(0);
            save(&mut inode.saved, &oldest, Fate::There);
        }
        self.newest = Some(Place::Content { inode: number, change: inode.unsaved.len() - 1 });
    }

    fn rename<const N: usize>(&mut self, names: [(&PathBuf, Option<usize>); N]) {
        let naming = Naming {
            names: names.map(|(path, inode)| (path.clone(), inode)).into_iter().collect(),
        };
        set_names(&mut self.names, &naming);
        self.newest = Some(Place::Name { naming: self.unsaved_names.len() });
        self.unsaved_names.push(naming);
    }

    fn save_names(&mut self, folder: &Path) {
        let all = std::mem::take(&mut self.unsaved_names);
        let is_here =
            |naming: &Naming| naming.names.iter().all(|(path, _)| path.parent() == Some(folder));
        for naming in all {
            if is_here(&naming) {
                set_names(&mut self.saved_names, &naming);
            } else {
                self.unsaved_names.push(naming);
            }
        }
    }

    /// What a cut at this moment may leave undone.
    pub(crate) fn unsaved(&self) -> Vec<Unsaved> {
        // Of a file that has no name any more, and can get none, nothing matters.
        let contents = (0..self.inodes.len()).filter(|inode| self.can_be_reached(*inode));
        let contents = contents.flat_map(|inode| self.unsaved_of(inode));
        let names = self.unsaved_names.iter().enumerate().map(|(number, naming)| {
            let place = Place::Name { naming: number };
            Unsaved {
                place,
                is_newest: self.newest == Some(place),
                has_sectors: false,
                grows: false,
                paths: naming.names.iter().map(|(path, _)| path.clone()).collect(),
                told: format!("{naming:?}"),
            }
        });
        contents.chain(names).collect()
    }

    fn unsaved_of(&self, inode: usize) -> Vec<Unsaved> {
        let file = &self.inodes[inode];
        let mut length = file.saved.bytes.len();
        let unsaved = file.unsaved.iter().enumerate().map(|(number, change)| {
            let place = Place::Content { inode, change: number };
            let before = length;
            length = length_after(before, change);
            Unsaved {
                place,
                is_newest: self.newest == Some(place),
                has_sectors: has_sectors(change),
                grows: matches!(change, Change::Write { .. }) && length > before,
                paths: self.names_of(inode),
                told: format!("file {inode} {change:?}"),
            }
        });
        unsaved.collect()
    }

    fn names_of(&self, inode: usize) -> Vec<PathBuf> {
        let all = self.names.iter().chain(&self.saved_names);
        let names: BTreeSet<&PathBuf> =
            all.filter(|(_, named)| **named == inode).map(|(path, _)| path).collect();
        names.into_iter().cloned().collect()
    }

    fn can_be_reached(&self, inode: usize) -> bool {
        let mut unsaved = self.unsaved_names.iter().flat_map(|naming| &naming.names);
        self.saved_names.values().any(|named| *named == inode)
            || unsaved.any(|(_, named)| *named == Some(inode))
    }

    /// What lies on the drive after a cut, when this became of what was not saved.
    pub(crate) fn after_cut(&self, unsaved: &[Unsaved], fate: impl Fn(usize) -> Fate) -> Disk {
        let mut names = self.saved_names.clone();
        let mut contents: Vec<Content> =
            self.inodes.iter().map(|inode| inode.saved.clone()).collect();
        for (number, Unsaved { place, .. }) in unsaved.iter().enumerate() {
            match place {
                Place::Content { inode, change } => {
                    let change = &self.inodes[*inode].unsaved[*change];
                    save(&mut contents[*inode], change, fate(number));
                }
                Place::Name { naming } if fate(number) != Fate::Absent => {
                    set_names(&mut names, &self.unsaved_names[*naming]);
                }
                Place::Name { .. } => {}
            }
        }
        let files = names.into_iter().map(|(path, inode)| (path, contents[inode].clone()));
        Disk { files: files.collect() }
    }

    /// What lies there when the power stays.
    pub(crate) fn intact(&self) -> Disk {
        self.after_cut(&self.unsaved(), |_| Fate::There)
    }
}

fn set_names(names: &mut BTreeMap<PathBuf, usize>, naming: &Naming) {
    for (path, inode) in &naming.names {
        match inode {
            Some(inode) => names.insert(path.clone(), *inode),
            None => names.remove(path),
        };
    }
}
