//! Prints the table: every workload, every peer, medians and minima of interleaved rounds.
#![forbid(unsafe_code)]

use poll_timer_benches::peers::{
    BTree, Delay, Dense, Heap, IndexedHeap, Keyed, KeyedHeap, Nexus, Quad, Sleeps, runtime,
};

use poll_timer_benches::table;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let only: Vec<String> = arguments.collect();
    let (_, _guard) = runtime();
    let mut table = table::Table::new(only);
    for _ in 0..rounds {
        table.row::<Dense>();
        table.row::<Keyed>();
        table.row::<Heap>();
        table.row::<KeyedHeap>();
        table.row::<IndexedHeap>();
        table.row::<BTree>();
        table.row::<Nexus>();
        table.row::<Quad>();
        table.row::<Delay>();
        table.row::<Sleeps>();
    }
    table.print();
}
