//! What the ring needs of those who store its nodes.

use crate::levels::SLOTS;

/// The node's place: in `due`.
pub(crate) const NEAR: u16 = SLOTS as u16;
/// The node's place: nowhere.
pub(crate) const NOWHERE: u16 = NEAR + 1;
/// How many bits a place takes.
pub(crate) const PLACE_BITS: u32 = 11;

/// What the ring reads of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) deadline: u64,
    pub(crate) place: u16,
    pub(crate) live: bool,
}

/// The storage of nodes.
pub(crate) trait Nodes {
    /// The greatest order number that a node can hold.
    const LAST_ORDER: u64;

    fn node_count(&self) -> u32;
    fn node(&self, id: u32) -> Node;
    /// The order number that the node was given last.
    fn order(&self, id: u32) -> u64;
    /// Stores all but whether the node is live.
    fn put(&mut self, id: u32, deadline: u64, order: u64, place: u16);
    fn set_place(&mut self, id: u32, place: u16);
    fn set_order(&mut self, id: u32, order: u64);
}

/// Whether the entry with this order number is the node's current one.
#[inline]
pub(super) fn is_current(nodes: &impl Nodes, id: u32, order: u64) -> bool {
    let node = nodes.node(id);
    node.live && node.place == NEAR && nodes.order(id) == order
}
