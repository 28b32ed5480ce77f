//! A judge for the ring that believes nothing: it looks at every node and every entry.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{NEAR, NO_SLOT, NOBODY, NOWHERE, Nodes, Ring};
use crate::levels::{self, SLOTS};
use crate::queue::BLOCK;

impl Ring {
    pub(crate) fn check_invariants(&self, nodes: &impl Nodes) {
        let filed = self.check_queues();
        let (mut current, mut entries) = (BTreeSet::new(), 0);
        for entry in self.due.iter() {
            entries += 1;
            let node = nodes.node(entry.id);
            if node.live && node.place == NEAR && nodes.order(entry.id) == entry.order {
                assert_eq!(node.deadline, entry.deadline, "a current entry tells the deadline");
                assert!(current.insert(entry.id), "one current entry for a node");
            }
        }
        assert_eq!(entries - current.len(), self.due.stale(), "the count of stale entries");
        let (mut live, mut earliest, mut orders) = (0, None, Vec::new());
        for id in 0..nodes.node_count() {
            let node = nodes.node(id);
            match node.place {
                NOWHERE => assert!(!node.live, "NEAR: the live node {id} is nowhere"),
                NEAR => assert!(current.contains(&id), "NEAR: {id} has no current entry"),
                slot => {
                    assert!(usize::from(slot) < SLOTS, "the place {slot} of {id}");
                    assert!(
                        filed.binary_search(&(slot, id)).is_ok(),
                        "NAMED: {id} is not in {slot}"
                    );
                    let start = levels::start(self.cur, slot);
                    assert!(start <= node.deadline, "FILED-EARLY: {id} in {slot}");
                }
            }
            if node.live {
                live += 1;
                earliest = Some(earliest.map_or(node.deadline, |e: u64| e.min(node.deadline)));
                orders.push(nodes.order(id));
                assert!(nodes.order(id) <= self.order, "an order number from the future");
            }
        }
        assert_eq!(live, self.len(), "the count of live nodes");
        orders.sort_unstable();
        assert!(orders.windows(2).all(|pair| pair[0] < pair[1]), "order numbers are distinct");
        if self.next_id != NOBODY {
            assert_eq!(Some(self.next_deadline), earliest, "NEXT");
            let node = nodes.node(self.next_id);
            assert!(node.live && node.deadline == self.next_deadline, "NEXT names a node");
        }
        assert!(self.wake().is_none() == earliest.is_none(), "WAKE is there when a timer is");
        assert!(self.wake() <= earliest || earliest.is_none(), "WAKE is not late");
    }

    /// Checks the slots, and returns which slot holds which id, in order.
    fn check_queues(&self) -> Vec<(u16, u32)> {
        let mut filed = Vec::new();
        let mut blocks = 0;
        let mut first = None;
        for (slot, queue) in (0u16..).zip(&self.queues) {
            assert_eq!(!queue.is_empty(), self.occupancy.contains(slot), "the bit of {slot}");
            blocks += self.pool.blocks_of(queue);
            if queue.is_empty() {
                continue;
            }
            let start = levels::start(self.cur, slot);
            assert!(
                start > self.cur || (start == self.cur && self.wake == start),
                "AHEAD: {slot} begins at {start}, and the time is {}",
                self.cur
            );
            first = Some(first.map_or(start, |first: u64| first.min(start)));
            if slot == self.wake_slot {
                assert_eq!(start, self.wake, "WAKE");
            }
            for id in self.pool.iter(queue) {
                filed.push((slot, id));
            }
        }
        let (free, in_use) = (self.pool.free_blocks(), self.pool.capacity_in_use());
        assert_eq!(blocks + free, self.pool.len(), "every block is in a queue or free");
        assert_eq!(blocks * BLOCK, in_use, "the count of blocks in queues");
        assert_eq!(first.is_some(), self.wake_slot != NO_SLOT, "WAKE");
        assert_eq!(first.unwrap_or(u64::MAX), self.wake, "WAKE");
        filed.sort_unstable();
        filed
    }
}
