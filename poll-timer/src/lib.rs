//! A hierarchical timing wheel: exact, ordered, O(1).
//!
//! | for | there is |
//! |---|---|
//! | timers with a key and a payload | [`Wheel`] |
//! | one deadline per connection, in a loop that numbers its connections already | [`Deadlines`] |
//! | deadlines that are `Instant`s | [`Timers`], or [`Clock`] beside one of the others |
//! | a period without drift | [`Interval`] |
//! | fewer wake-ups for a little lateness | [`coalesce`], [`Timers::set_slack`] |
//! | a test of time-outs that does not sleep | [`Now`], [`ManualClock`] |
//!
//! Without the default feature `std` the first two and `coalesce` are left, and need `alloc` only.
//!
//! # What is promised
//!
//! - **Never early**: what is handed out at a time has a deadline at or before it.
//! - **Never late**: what has a deadline at or before a time is handed out by the first call that
//!   tells that time and goes to its end.
//! - **In order**: by deadline, and equal deadlines by when they were set, a change of deadline
//!   being a new setting.
//! - **Any deadline**: all of `u64` is legal, the past too, which is due at once. Time may jump as
//!   far as it likes; it costs what expires or moves, not what passes. It never goes back: a time
//!   before one that was told counts as that one.
//! - **The next deadline is exact**, not the beginning of the slot that it lies in, so that a loop
//!   that sleeps until then finds something due.
//!
//! # How it works
//!
//! Ten levels of slots. One of level 0 spans a tick, one of level 1 spans 256 ticks, one of level 2
//! 65,536, and so on, until the tenth level spans all of `u64`. Seen from the present, each level
//! is a ring that begins where the present is:
//!
//! ```text
//!            now = 1,000                                      deadline = 1,700: 700 ticks away
//!                v                                            │
//!  level 0   ────┤■│ │ │■│ │ … │ │ │                          │     512 slots of 1 tick
//!                1,001           1,511                        v
//!  level 1   ─────┤        │■■■■     │  …                ┤ [1,536, 1,792) ├    256 slots of 256
//!                 1,024    1,280                                ^
//!  level 2   ─────────────────────────────────┤ ■             │ │   64 slots of 65,536
//!                                             65,536            │
//!        a slot:  31 ids │ next ──> 31 ids │ next ──> 12 ids    │
//!                             │                                 │
//!        a node:  deadline │ order number, place ───────────────┘   16 bytes
//! ```
//!
//! A timer is filed in the lowest level that reaches its deadline. When a slot's time comes its
//! timers are filed again, now nearer, in a lower level; on level 0 they are due. Bitmaps say which
//! slots hold anything, so empty ones cost nothing however many pass.
//!
//! What differs from the textbook:
//!
//! - **Nothing is moved that need not be.** A timer that is pushed back stays in its slot; only the
//!   deadline in its node changes. When the slot comes due it is filed where it belongs by then. A
//!   cancelled timer's node stays filed, too, and the next timer that uses the node mostly finds it
//!   filed early enough. For a server, whose time-outs are pushed back with each request and hardly
//!   ever fire, a reset is two stores.
//! - **Slots are queues of numbers in blocks**, not lists through the nodes: emptying a slot is a
//!   run of independent loads. The blocks come from one pool, so a slot that was full once keeps
//!   nothing.
//! - **Levels begin at the present**, not at round numbers. In a wheel that places by the highest
//!   bit in which deadline and present differ, all that is past the next round tick sits in one
//!   slot, and the tick that crosses it moves everything.
//! - **A slot is emptied before its time comes.** Level 0 is twice as long as a slot of level 1, so the
//!   next of those can come down a block of 31 timers a tick, and no tick has all of it to move.
//! - **Order numbers** keep equal deadlines in order although timers are filed late: those that are
//!   due together are sorted if need be. When the numbers end, after 2^45 settings at least, all
//!   are given out anew.
//! - **The next deadline** is remembered. If it is cancelled, the first slots are searched, and
//!   what only was left there is cleared away. A crowded slot that must be searched again is sorted,
//!   once for all of its timers, and who cancels the first of them again and again has the next one
//!   at hand. (A second crowd meanwhile goes to a heap, and so does one of more than 65,536.)
//!
//! # What it costs
//!
//! | | time | memory |
//! |---|---|---|
//! | `Deadlines::set` to a later deadline | O(1), one cache line and a bit | none |
//! | `Deadlines::clear` | O(1), a bit; the line, too, if the deadline that it returns is used | none |
//! | `Deadlines::set` for the first time | O(1) | 16 bytes per id, 4 to 5 per timer |
//! | `Wheel::schedule` | O(1), three lines | 28 bytes with a word of payload, 4 to 5 for the slot |
//! | `Wheel::reschedule` to a later deadline, `cancel` | O(1), one line or two | none |
//! | an expiry | O(1) amortised: at most once per level down, twice with a tick of 1 ms and 65 s | none once the scratch of the busiest tick is there |
//! | `next_deadline` | a load; O(1) amortised after a cancellation of the first, O(log n) if such cancellations repeat in one slot | 24 bytes for each of a crowd that is sorted |
//! | one call, at worst | what is due, 31 timers a tick, and a slot of 65,536 ticks or more that comes due; with `pop_expired_within` what the caller allows | |
//!
//! The scratch is 16 bytes for each timer of the busiest tick; it is released when it was large, and
//! so is a crowd's.
//!
//! Instructions for each operation, counted over 100,000 timers up to 60 s, the loop around them
//! included: `Deadlines` set 117, clear 37, reset 56; `Wheel` 174, 86 and 65. An expiry among a
//! million, by ticks of 1 ms, the timer's way down the levels included: 254 and 312.
//!
//! Beside `BinaryHeap`s that delete lazily, by id and with a slab for the payload, in one interleaved
//! run: to reset one of 100,000 live timers took `Deadlines` 0.45 of the time of the heap by id, and
//! `Wheel` 0.43 of that of the heap with a slab; a million insertions and cancellations 0.35 and 0.78; a
//! million that expire in order 0.13 and 0.14. The longest tick with a million live took 14 and 12 µs,
//! and those of the heaps 29 and 55.
//!
//! What a reset is made of, with a tick each 23 of them and the loop around it: 94 instructions, 2.3
//! misses of a first cache of 48 KiB and none of a second of 2 MiB, where the heap by id has 149, 5.1 and
//! 1.2, and the empty loop 37, 0.5 and none. Nothing but a store of a deadline and a number for each id,
//! without any wheel, took 0.25 of that heap's time.
//!
//! # Where it loses
//!
//! - A heap's longest tick is shorter if many timers lie beyond 65 s (at 1 ms): these come down a slot
//!   of 65,536 ticks at a time. A budget bounds each call. With a million within a minute a `BTreeMap`'s
//!   was 14 µs, and the wheel's were 14 and 12.
//! - A heap that deletes lazily only marks what is cancelled. To cancel a million timers in random
//!   order takes a [`Wheel`] longer than that; the heap pays when they come to its top.
//! - To ask for the next deadline after each cancellation of the first costs some 20 ns a question:
//!   each of a crowd is looked at twice and sorted, and its id is filed anew when it is set again.
//!   nexus-timer, which may answer a tick early, takes less. Asking once a tick costs next to nothing.
//! - A handful of timers is as well kept in a sorted vector: an empty wheel is 400 to 600 bytes,
//!   and the first timer allocates 15 KiB of slots.
//! - [`Wheel`] checks a key and keeps a payload: who can use [`Deadlines`] should. Both grow with
//!   the most timers that there ever were, until `shrink_to_fit`.
//! - It is one wheel for one thread; there is nothing here for timers shared between threads.
//! - `advance` may allocate, when a tick is busier than any before. The `try_` forms cover what
//!   adds timers, not that.
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod cells;
mod deadlines;
mod due;
mod free;
mod levels;
mod near;
mod queue;
mod ring;
mod slack;
mod wheel;

#[cfg(feature = "std")]
mod clock;
#[cfg(feature = "std")]
mod interval;
#[cfg(feature = "std")]
mod now;
#[cfg(feature = "std")]
mod timers;

#[cfg(feature = "std")]
pub use clock::Clock;
pub use deadlines::Deadlines;
#[cfg(feature = "std")]
pub use interval::Interval;
#[cfg(feature = "std")]
pub use now::{ManualClock, Now};
pub use slack::coalesce;
#[cfg(feature = "std")]
pub use timers::Timers;
pub use wheel::{Advance, Expired, Key, Wheel};
