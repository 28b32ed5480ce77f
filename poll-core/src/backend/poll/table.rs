//! What the poll(2) backend watches.

use std::collections::{HashMap, TryReserveError};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use poll_sys::poll::{Flags, PollFd};

use crate::backend::{Key, native};
use crate::error::{RegisterError, no_memory};
use crate::event::Event;
use crate::events::Events;
use crate::mode::Mode;
use crate::watch::Watch;

/// The sources, the list that is polled, and who leads.
#[derive(Debug, Default)]
pub(super) struct Table {
    sources: HashMap<Key, Entry>,
    by_number: HashMap<RawFd, Key>,
    last_key: Key,
    list: List,
    /// Where in the list the last batch ended, so that each source gets its turn.
    cursor: usize,
    /// What the last `ask` polled.
    asked: List,
    /// What the last leader polled; out while somebody leads.
    led: List,
    leading: bool,
    /// The version of the list that the leader polls, or the last one did.
    led_version: u64,
    /// How many threads wait for the lead.
    pub(super) followers: usize,
    /// The leader has been told that the list has changed.
    told: bool,
    /// Duplicates that the leader may be polling.
    retired: Vec<File>,
}

#[derive(Debug)]
struct Entry {
    /// OWNED-DUPLICATE. A `File` for its `metadata`; it is never read.
    duplicate: File,
    number: RawFd,
    watch: Watch,
    /// Where it stands in the list.
    position: usize,
    /// Whether oneshot has fired: its line is blank then.
    fired: bool,
    /// The version of the list that it came with.
    added: u64,
    /// The version of the list since which it is watched like this. What an older copy has found
    /// may have been dealt with.
    since: u64,
}

/// The sources as poll(2) takes them, and their keys, index by index. Polled as a copy, so that the
/// table can change meanwhile.
///
/// A oneshot that has fired keeps its place, so that the others keep theirs in the turn.
#[derive(Debug, Default)]
pub(super) struct List {
    lines: Vec<PollFd>,
    keys: Vec<Key>,
    /// Rises with every change. Keys are never used again, so that a copy with an old version is
    /// merely out of date.
    version: u64,
}

impl List {
    /// Makes this a copy of `current`, if it is not one already, with room for `more` lines.
    fn refresh(&mut self, current: &Self, more: usize) -> Result<(), TryReserveError> {
        make_room(&mut self.lines, current.lines.len() + more)?;
        make_room(&mut self.keys, current.keys.len())?;
        if self.version != current.version {
            self.lines.clone_from(&current.lines);
            self.keys.clone_from(&current.keys);
            self.version = current.version;
        }
        Ok(())
    }

    pub(super) fn lines(&mut self) -> &mut Vec<PollFd> {
        &mut self.lines
    }
}

/// Makes room for `length` entries in all.
fn make_room<T>(list: &mut Vec<T>, length: usize) -> Result<(), TryReserveError> {
    list.try_reserve(length.saturating_sub(list.len()))
}

/// A duplicate of `source` for the table to own.
pub(super) fn duplicate(source: BorrowedFd<'_>) -> Result<File, RegisterError> {
    let duplicate = File::from(source.try_clone_to_owned().map_err(RegisterError::from_os)?);
    // poll(2) calls these always ready; epoll refuses them.
    if poll_sys::stat::is_always_ready(duplicate.as_fd()).map_err(RegisterError::from_os)? {
        return Err(RegisterError::NotPollable);
    }
    Ok(duplicate)
}

fn is_same_file(one: &File, other: &File) -> Result<bool, RegisterError> {
    let one = one.metadata().map_err(RegisterError::from_os)?;
    let other = other.metadata().map_err(RegisterError::from_os)?;
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

impl Table {
    /// Watches `source` through `duplicate`. Also returns a duplicate to be dropped outside the
    /// lock: that of a registration whose descriptor was closed and whose number has come back.
    pub(super) fn add(
        &mut self,
        source: BorrowedFd<'_>,
        duplicate: File,
        watch: Watch,
    ) -> Result<(Key, Option<File>), RegisterError> {
        let number = source.as_raw_fd();
        let stale = self.find(source);
        if let Some(entry) = stale.and_then(|key| self.sources.get(&key)) {
            if is_same_file(&entry.duplicate, &duplicate)? {
                return Err(RegisterError::AlreadyRegistered);
            }
        }
        self.reserve_one()?;
        let stale = stale.map(|key| self.remove(key)).transpose()?.flatten();
        self.last_key += 1;
        let key = self.last_key;
        let position = self.list.lines.len();
        self.list.lines.push(PollFd::blank());
        self.list.keys.push(key);
        self.by_number.insert(number, key);
        let added = self.list.version + 1;
        let entry = Entry { duplicate, number, watch, position, fired: false, added, since: added };
        self.sources.insert(key, entry);
        self.modify(key, watch)?;
        Ok((key, stale))
    }

    /// Makes room for one more source.
    fn reserve_one(&mut self) -> Result<(), TryReserveError> {
        self.list.lines.try_reserve(1)?;
        self.list.keys.try_reserve(1)?;
        self.by_number.try_reserve(1)?;
        self.sources.try_reserve(1)
    }

    /// Watches a source in another way, and again if oneshot has fired.
    pub(super) fn modify(&mut self, key: Key, watch: Watch) -> Result<(), RegisterError> {
        let entry = self.sources.get_mut(&key).ok_or(RegisterError::NotRegistered)?;
        self.list.version += 1;
        self.list.lines[entry.position] =
            PollFd::new(entry.duplicate.as_fd(), super::asked(watch.how));
        (entry.watch, entry.fired, entry.since) = (watch, false, self.list.version);
        Ok(())
    }

    /// Forgets a source. Its duplicate is returned, to be closed outside the lock; it is not if a
    /// leader is polling it, who closes it when he comes out. One that came after he began is not in
    /// his list: so those that are kept are no more than that is long. Without memory to keep it, it
    /// is returned all the same: if the number comes back as another's while the leader polls it, he
    /// may come out once for nothing, since what he finds there has the key of nobody.
    pub(super) fn remove(&mut self, key: Key) -> Result<Option<File>, RegisterError> {
        let entry = self.sources.remove(&key).ok_or(RegisterError::NotRegistered)?;
        self.by_number.remove(&entry.number);
        self.unlist(entry.position);
        let is_led = self.leading && entry.added <= self.led_version;
        if is_led && self.retired.try_reserve(1).is_ok() {
            self.retired.push(entry.duplicate);
            return Ok(None);
        }
        Ok(Some(entry.duplicate))
    }

    pub(super) fn find(&self, source: BorrowedFd<'_>) -> Option<Key> {
        self.by_number.get(&source.as_raw_fd()).copied()
    }

    /// Takes a line out of the list; the last one moves to its place.
    fn unlist(&mut self, position: usize) {
        self.list.lines.swap_remove(position);
        self.list.keys.swap_remove(position);
        let moved = self.list.keys.get(position);
        if let Some(moved) = moved.and_then(|key| self.sources.get_mut(key)) {
            moved.position = position;
        }
        self.list.version += 1;
    }

    // ── asking and leading ─────────────────────────────────────────────────────────────────────

    /// Asks about the whole list without sleeping.
    pub(super) fn ask(&mut self, events: &mut Events) -> io::Result<()> {
        self.asked.refresh(&self.list, 0).map_err(no_memory)?;
        let mut list = std::mem::take(&mut self.asked);
        let polled = poll_sys::poll::wait(&mut list.lines, Some(Duration::ZERO));
        if polled.is_ok() {
            self.harvest(&list, events);
        }
        self.asked = list;
        polled.map(drop)
    }

    /// Takes the lead: a list to poll, or `None` if somebody has it. ENOMEM if there is no memory for
    /// the list; the lead is free then.
    pub(super) fn begin_lead(&mut self) -> io::Result<Option<List>> {
        if self.leading {
            return Ok(None);
        }
        // The doorbell has a line, too.
        self.led.refresh(&self.list, 1).map_err(no_memory)?;
        self.leading = true;
        self.led_version = self.list.version;
        self.told = false;
        Ok(Some(std::mem::take(&mut self.led)))
    }

    /// Gives the lead away. Returns what was retired meanwhile, to be closed outside the lock, and
    /// whether somebody waits for the lead.
    pub(super) fn end_lead(&mut self, list: List) -> (Vec<File>, bool) {
        self.led = list;
        self.leading = false;
        (std::mem::take(&mut self.retired), self.followers > 0)
    }

    /// Whether the leader has to be told of a change: once is enough.
    pub(super) fn must_tell_leader(&mut self) -> bool {
        self.leading && !std::mem::replace(&mut self.told, true)
    }

    /// Puts what was found into `events`, from where the last batch ended, as far as there is room.
    /// What does not fit is found again.
    pub(super) fn harvest(&mut self, list: &List, events: &mut Events) {
        let lines = list.lines.len().min(list.keys.len());
        let start = if self.cursor < lines { self.cursor } else { 0 };
        for index in (start..lines).chain(0..start) {
            let found = list.lines[index].found();
            if found.is_empty() {
                continue;
            }
            if events.is_full() {
                self.cursor = index;
                return;
            }
            self.deliver(list.keys[index], list.version, found, events);
        }
    }

    /// Reports one source, if it is still there and has not fired or been changed since that
    /// version of the list was polled.
    fn deliver(&mut self, key: Key, version: u64, found: Flags, events: &mut Events) {
        let Some(entry) = self.sources.get_mut(&key) else {
            return;
        };
        if entry.fired || entry.since > version {
            return;
        }
        // There is room: the caller has looked.
        let _room = events.push(Event::from_native(native::from_poll(entry.watch.token, found)));
        if entry.watch.how.mode() == Mode::Oneshot {
            entry.fired = true;
            self.list.lines[entry.position] = PollFd::blank();
            self.list.version += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::interest::Interest;
    use crate::token::Token;

    /// A table with one oneshot source that has something to read, and its peer.
    fn one_ready() -> (Table, Key, UnixStream, UnixStream) {
        let mut table = Table::default();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"x").unwrap();
        let (key, _) = table.add(ours.as_fd(), duplicate(ours.as_fd()).unwrap(), WATCH).unwrap();
        (table, key, ours, theirs)
    }

    const WATCH: Watch = Watch::new(Token(1), Interest::READABLE, Mode::Oneshot);

    /// The list of a leader who has found something and not reported it yet.
    fn polled(table: &mut Table) -> List {
        let mut list = table.begin_lead().unwrap().unwrap();
        assert_eq!(poll_sys::poll::wait(list.lines(), None).unwrap(), 1);
        list
    }

    #[test]
    fn only_what_the_leader_polls_stays_open_until_it_is_out() {
        let (mut table, old, ours, _theirs) = one_ready();
        let list = polled(&mut table);
        let other = ours.try_clone().unwrap();
        let (new, _) = table.add(other.as_fd(), duplicate(other.as_fd()).unwrap(), WATCH).unwrap();
        table.modify(old, WATCH).unwrap();
        assert!(table.remove(new).unwrap().is_some());
        assert!(table.remove(old).unwrap().is_none());
        assert_eq!(table.end_lead(list).0.len(), 1);
    }

    #[test]
    fn a_oneshot_that_has_fired_is_not_reported_from_an_older_list() {
        let (mut table, _, _ours, _theirs) = one_ready();
        let mut events = Events::with_capacity(4);
        let list = polled(&mut table);
        table.ask(&mut events).unwrap();
        assert_eq!(events.len(), 1);
        table.harvest(&list, &mut events);
        assert_eq!(events.len(), 1);
    }

    /// Another thread takes the event, deals with it and arms again while a leader, who has polled
    /// before all that, has yet to report.
    #[test]
    fn what_was_found_before_a_change_is_not_reported_after_it() {
        let (mut table, key, ours, mut theirs) = one_ready();
        let mut events = Events::with_capacity(4);
        let list = polled(&mut table);
        table.ask(&mut events).unwrap();
        assert_eq!(events.len(), 1);
        (&ours).read_exact(&mut [0]).unwrap();
        table.modify(key, WATCH).unwrap();

        events.clear();
        table.harvest(&list, &mut events);
        assert!(events.is_empty(), "{events:?}");
        theirs.write_all(b"y").unwrap();
        table.ask(&mut events).unwrap();
        assert_eq!(events.len(), 1);
    }

    #[test]
    fn a_copy_of_the_list_follows_each_change() {
        let (mut table, key, ours, _theirs) = one_ready();
        let mut events = Events::with_capacity(4);
        table.ask(&mut events).unwrap();
        assert_eq!((events.len(), table.asked.lines.len()), (1, 1));
        // The oneshot that has fired is a blank line now.
        table.ask(&mut events).unwrap();
        assert_eq!((events.len(), table.asked.lines[0].asked()), (1, Flags::empty()));
        table.modify(key, WATCH).unwrap();
        table.ask(&mut events).unwrap();
        assert_eq!(events.len(), 2);
        table.remove(key).unwrap();
        table.ask(&mut events).unwrap();
        assert_eq!((events.len(), table.asked.lines.len()), (2, 0));
        drop(ours);
    }

    /// A version of the list that did not rise would have it polled on and on.
    #[test]
    fn what_was_removed_is_polled_no_more() {
        let mut table = Table::default();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"x").unwrap();
        let watch = Watch::new(WATCH.token, WATCH.how.interest(), Mode::Level);
        let (key, _) = table.add(ours.as_fd(), duplicate(ours.as_fd()).unwrap(), watch).unwrap();
        let mut events = Events::with_capacity(4);
        table.ask(&mut events).unwrap();
        // Level changes nothing in the list when it is reported: only the removal can.
        assert_eq!((events.len(), table.asked.version), (1, table.list.version));
        table.remove(key).unwrap();
        table.ask(&mut events).unwrap();
        assert_eq!((events.len(), table.asked.lines.len()), (1, 0));
    }

    #[test]
    fn a_leader_is_told_once_and_nobody_else() {
        let mut table = Table::default();
        assert!(!table.must_tell_leader());
        let list = table.begin_lead().unwrap().unwrap();
        assert_eq!([table.must_tell_leader(), table.must_tell_leader()], [true, false]);
        let (_, followed) = table.end_lead(list);
        assert!(!followed && !table.must_tell_leader());
        let _list = table.begin_lead().unwrap().unwrap();
        assert!(table.must_tell_leader());
    }
}
