//! Prints the table: every workload, every peer, medians and minima of interleaved rounds.
#![forbid(unsafe_code)]

use poll_timer_benches::peers::{
    BTree, Calloop, Delay, Dense, Heap, IndexedHeap, Keyed, KeyedHeap, MioExtras, Nexus, Nothing,
    Quad, Sleeps, runtime,
};
use poll_timer_benches::table::Table;
use poll_timer_benches::workloads::{COLUMNS, REAL_CLOCK, measure, real_clock};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(5);
    let only: Vec<String> = arguments.collect();
    let (_, _guard) = runtime();
    let mut table = Table::new(&COLUMNS, only.clone());
    for _ in 0..rounds {
        table.row::<Nothing>(measure::<Nothing>);
        table.row::<Dense>(measure::<Dense>);
        table.row::<Keyed>(measure::<Keyed>);
        table.row::<Heap>(measure::<Heap>);
        table.row::<KeyedHeap>(measure::<KeyedHeap>);
        table.row::<IndexedHeap>(measure::<IndexedHeap>);
        table.row::<BTree>(measure::<BTree>);
        table.row::<Nexus>(measure::<Nexus>);
        table.row::<Quad>(measure::<Quad>);
        table.row::<Delay>(measure::<Delay>);
        table.row::<Sleeps>(measure::<Sleeps>);
    }
    table.print();
    let mut table = Table::new(&REAL_CLOCK, only);
    for _ in 0..rounds {
        table.row::<Dense>(real_clock::<Dense>);
        table.row::<Keyed>(real_clock::<Keyed>);
        table.row::<Calloop>(real_clock::<Calloop>);
        table.row::<MioExtras>(real_clock::<MioExtras>);
    }
    table.print();
}
