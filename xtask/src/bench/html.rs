//! The findings for a person: a table for the terminal and the README, and a page with plots.

use std::fmt::Write as _;

use svg::node::element::{Circle, Group, Line, Rectangle, Text, Title};
use svg::{Document, Node};

use super::counts::Count;
use super::{BAR, BASE, Figure, Findings, OURS, Sharing, machine};

/// A colour that can be told apart from the others, by people who see few colours too.
fn colour(peer: &str) -> &'static str {
    match peer {
        "poll-core" => "#d62f2f",
        "poll-core poll(2)" => "#f0a3a3",
        "mio" => "#2f6fd6",
        "polling 2.8" => "#d6a02f",
        "polling 2.8, level" => "#a87f2a",
        "polling 2.8, edge" => "#7a5d22",
        "calloop" => "#2fa35a",
        "tokio" => "#8a4fc9",
        "bare epoll" => "#888888",
        "raw epoll in C" => "#444444",
        "libev" => "#c95fa0",
        "libuv" => "#1fb5c9",
        _ => "#bbbbbb",
    }
}

const WIDTH: f64 = 1080.0;
const LEFT: f64 = 270.0;
const RIGHT: f64 = 130.0;
const ROW: f64 = 30.0;
const TOP: f64 = 46.0;
/// The axis is logarithmic, between these ratios; what lies outside stands at its edge.
const LOW: f64 = 0.03;
const HIGH: f64 = 8.0;

fn x(ratio: f64) -> f64 {
    let share = (ratio.clamp(LOW, HIGH) / LOW).ln() / (HIGH / LOW).ln();
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn text(at: (f64, f64), anchor: &str, size: u32, fill: &str, content: String) -> Text {
    Text::new(content)
        .set("x", at.0)
        .set("y", at.1)
        .set("text-anchor", anchor)
        .set("font-size", size)
        .set("fill", fill)
}

fn rule(from: (f64, f64), to: (f64, f64), stroke: &str, width: f64) -> Line {
    Line::new()
        .set("x1", from.0)
        .set("y1", from.1)
        .set("x2", to.0)
        .set("y2", to.1)
        .set("stroke", stroke)
        .set("stroke-width", width)
}

fn workloads(findings: &Findings) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for figure in &findings.figures {
        if names.last() != Some(&figure.workload.as_str()) {
            names.push(&figure.workload);
        }
    }
    names
}

fn peers(findings: &Findings) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for figure in &findings.figures {
        if !names.contains(&figure.peer.as_str()) {
            names.push(&figure.peer);
        }
    }
    names
}

fn of<'a>(findings: &'a Findings, workload: &str, peer: &str) -> Option<&'a Figure> {
    let mine = |figure: &&Figure| figure.workload == workload && figure.peer == peer;
    findings.figures.iter().find(mine)
}

fn count(counts: &[Count], workload: &str, peer: &str) -> Option<f64> {
    let mine = |count: &&Count| count.workload == workload && count.peer == peer;
    counts.iter().find(mine).map(|count| count.per_operation)
}

/// One row for each workload, one dot for each peer, time as a ratio to the hand-written loop.
fn ratios(findings: &Findings) -> Document {
    let names = workloads(findings);
    let height = TOP + ROW * names.len() as f64 + 16.0;
    let mut document = Document::new()
        .set("viewBox", (0.0, 0.0, WIDTH, height))
        .set("role", "img")
        .set("font-family", "system-ui, sans-serif");
    for tick in [0.03, 0.1, 0.3, 0.5, 1.0, 2.0, 4.0, 8.0] {
        let (stroke, width) = if tick == 1.0 { ("#333333", 1.5) } else { ("#dddddd", 1.0) };
        document.append(rule((x(tick), TOP - 8.0), (x(tick), height - 12.0), stroke, width));
        document.append(text((x(tick), TOP - 14.0), "middle", 12, "#555555", format!("{tick}×")));
    }
    let faster = "◀ faster than the hand-written loop".to_owned();
    document.append(text((x(0.97), 14.0), "end", 11, "#555555", faster));
    document.append(text((x(1.03), 14.0), "start", 11, "#555555", "slower ▶".to_owned()));
    for (index, name) in names.iter().enumerate() {
        let y = TOP + ROW * (index as f64 + 0.5);
        if index % 2 == 0 {
            document.append(
                Rectangle::new()
                    .set("x", 0)
                    .set("y", y - ROW / 2.0)
                    .set("width", WIDTH)
                    .set("height", ROW)
                    .set("fill", "#000000")
                    .set("fill-opacity", 0.035),
            );
        }
        document.append(text((LEFT - 14.0, y + 4.0), "end", 13, "#222222", (*name).to_owned()));
        let shown = |figure: &&Figure| {
            figure.workload == *name && figure.peer != BASE && figure.peer != OURS
        };
        findings.figures.iter().filter(shown).for_each(|figure| document.append(dot(figure, y)));
        if let Some(figure) = of(findings, name, OURS) {
            document.append(dot(figure, y));
            let label = format!("{:.3}", figure.ratio);
            document.append(text((WIDTH - 66.0, y + 4.0), "end", 13, colour(OURS), label));
        }
        if let Some(raw) = of(findings, name, BASE) {
            let label = nanoseconds(raw.nanoseconds);
            document.append(text((WIDTH - 6.0, y + 4.0), "end", 12, "#777777", label));
        }
    }
    document
}

fn dot(figure: &Figure, y: f64) -> Group {
    let Figure { peer, ratio, ratio_low, ratio_high, nanoseconds: ns, rounds, .. } = figure;
    let fill = colour(peer);
    let radius = if peer == OURS { 6.5 } else { 4.5 };
    let told = format!(
        "{peer}: {ratio:.3} (quartiles {ratio_low:.3} to {ratio_high:.3}), {}, {rounds} rounds",
        nanoseconds(*ns)
    );
    Group::new()
        .add(rule((x(*ratio_low), y), (x(*ratio_high), y), fill, 2.0))
        .add(
            Circle::new()
                .set("cx", x(*ratio))
                .set("cy", y)
                .set("r", radius)
                .set("fill", fill)
                .set("fill-opacity", 0.9),
        )
        .add(Title::new(told))
}

fn nanoseconds(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// The table of the README: time beside the hand-written loop, and what poll-core costs in counts.
pub(super) fn text_table(findings: &Findings) -> String {
    let columns = ["poll-core", "mio", "polling 2.8, level", "calloop", "tokio", "libev", "libuv"];
    let mut table = String::from("| workload | raw epoll |");
    columns.iter().for_each(|peer| {
        let _infallible = write!(table, " {peer} |");
    });
    table += " syscalls, ours / raw |\n|---|---:|";
    table += &"---:|".repeat(columns.len() + 1);
    for name in workloads(findings) {
        let raw = of(findings, name, BASE).map_or(0.0, |figure| figure.nanoseconds);
        let _infallible = write!(table, "\n| {name} | {} |", nanoseconds(raw));
        for peer in columns {
            let cell = of(findings, name, peer).map_or_else(
                || "–".to_owned(),
                |figure| match peer {
                    "poll-core" => format!("**{:.2}**", figure.ratio),
                    _ => format!("{:.2}", figure.ratio),
                },
            );
            let _infallible = write!(table, " {cell} |");
        }
        let calls = |peer| {
            let found = count(&findings.syscalls, name, peer);
            found.map_or_else(|| "–".to_owned(), |n| format!("{}", (n * 100.0).round() / 100.0))
        };
        let _infallible = write!(table, " {} / {} |", calls(OURS), calls(BASE));
    }
    table
}

/// What the terminal shows beside the table of the report.
pub(super) fn summary(findings: &Findings) -> String {
    let over: Vec<String> = workloads(findings)
        .into_iter()
        .filter_map(|name| of(findings, name, OURS))
        .filter(|figure| figure.ratio > BAR)
        .map(|figure| format!("{} {:.3}", figure.workload, figure.ratio))
        .collect();
    let noise = of_noise(findings);
    let mut shown = text_table(findings);
    let _infallible = write!(
        shown,
        "\n\nNoise: the hand-written loop beside itself is {:.3} to {:.3}.\nOver {BAR}: {}\n\
         {} B of heap per registration; a guard is {} B larger than its source.",
        noise.0,
        noise.1,
        if over.is_empty() { "none".to_owned() } else { over.join("; ") },
        findings.bytes_per_registration,
        findings.bytes_of_guard,
    );
    let all = &findings.all_instructions;
    for Count { workload, per_operation: ours, .. } in all.iter().filter(|c| c.peer == OURS) {
        let raw = count(all, workload, BASE).unwrap_or(f64::NAN);
        let ratio = ours / raw;
        let _infallible =
            write!(shown, "\n{ratio:.4} of {raw:.0} instructions with the kernel's: {workload}");
    }
    for sharing in &findings.sharing {
        let Sharing { way, threads, wakeups_per_accept: wakeups, .. } = sharing;
        let _infallible =
            write!(shown, "\n{wakeups:.2} wake-ups per accept, {threads} threads: {way}");
    }
    shown
}

/// How threads may share a port, as a table.
fn sharing_table(findings: &Findings) -> String {
    if findings.sharing.is_empty() {
        return String::new();
    }
    let mut table = String::from(
        "<h2>Wake-ups per accepted connection</h2><p>Four threads share one port; connections come \
         one at a time.</p><table><tr><th></th><th>events</th><th>out of sleep</th></tr>",
    );
    for Sharing { way, events_per_accept, wakeups_per_accept, .. } in &findings.sharing {
        let _infallible = write!(
            table,
            "<tr><td>{}</td><td>{events_per_accept:.2}</td><td>{wakeups_per_accept:.2}</td></tr>",
            escaped(way)
        );
    }
    table + "</table>"
}

fn of_noise(findings: &Findings) -> (f64, f64) {
    let again = findings.figures.iter().filter(|figure| figure.peer == "raw again");
    again.fold((1.0, 1.0), |(low, high): (f64, f64), f| (low.min(f.ratio), high.max(f.ratio)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A table of counts, one column for each peer that has any.
fn counts_table(title: &str, about: &str, counts: &[Count], findings: &Findings) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let has = |peer: &&str| counts.iter().any(|count| count.peer == *peer);
    let peers: Vec<&str> = peers(findings).into_iter().filter(has).collect();
    let mut table = format!("<h2>{title}</h2><p>{about}</p><table><tr><th></th>");
    peers.iter().for_each(|peer| table += &format!("<th>{}</th>", escaped(peer)));
    table += "</tr>";
    for name in workloads(findings) {
        if !counts.iter().any(|count| count.workload == name) {
            continue;
        }
        let _infallible = write!(table, "<tr><td>{}</td>", escaped(name));
        for peer in &peers {
            let mine = counts.iter().find(|c| c.workload == name && c.peer == *peer);
            let cell = mine.map_or_else(
                || "<td>–</td>".to_owned(),
                |count| {
                    let calls: Vec<String> =
                        count.by_name.iter().map(|(call, n)| format!("{call} {n}")).collect();
                    let value = (count.per_operation * 100.0).round() / 100.0;
                    format!("<td title=\"{}\">{value}</td>", escaped(&calls.join(", ")))
                },
            );
            table += &cell;
        }
        table += "</tr>";
    }
    table + "</table>"
}

/// The whole page; it needs nothing from anywhere.
pub(super) fn page(findings: &Findings) -> String {
    let mut legend = String::new();
    for peer in peers(findings).into_iter().filter(|peer| *peer != BASE) {
        let fill = colour(peer);
        legend += &format!("<span><i style=\"background:{fill}\"></i>{}</span>", escaped(peer));
    }
    let noise = of_noise(findings);
    let counts = [
        ("Syscalls per operation", "By strace; which ones, under the pointer.", &findings.syscalls),
        ("Instructions per operation", "In user space, by callgrind.", &findings.instructions),
        (
            "Instructions per operation, with the kernel's",
            machine::ABOUT,
            &findings.all_instructions,
        ),
        ("Allocations per operation", "By a counting allocator.", &findings.allocations),
    ]
    .map(|(title, about, counts)| counts_table(title, about, counts, findings))
    .concat();
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>poll-core, measured</title>\
         <style>{STYLE}</style><main><h1>poll-core, measured</h1>\
         <p><code>{}</code> · Linux {} · {}</p>\
         <p>Time as a ratio to a hand-written epoll loop on libc: the median over rounds in which \
         all take turns, with quartiles, and that over all starts. The grey figure is that loop's own \
         time. Beside itself it \
         comes out at {:.3} to {:.3}: nearer than that, two figures are equal.</p>\
         <p class=legend>{legend}</p>{}\
         <p>A registration keeps {} B of heap; a guard is {} B larger than its source.</p>\
         {counts}{}</main></html>",
        escaped(&findings.command),
        escaped(&findings.kernel),
        escaped(&findings.cpu),
        noise.0,
        noise.1,
        ratios(findings),
        findings.bytes_per_registration,
        findings.bytes_of_guard,
        sharing_table(findings),
    )
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;color:#222;background:#fff;margin:0}\
    main{max-width:1100px;margin:2em auto;padding:0 1em}h1{margin-bottom:0}\
    .legend span{margin-right:1.2em;white-space:nowrap}.legend i{display:inline-block;width:.8em;\
    height:.8em;border-radius:50%;margin-right:.35em}svg{width:100%;height:auto}\
    table{border-collapse:collapse;font-size:14px}td,th{padding:.2em .8em;text-align:right}\
    td:first-child{text-align:left}tr:nth-child(even){background:#f6f6f6}th{font-weight:600}";
