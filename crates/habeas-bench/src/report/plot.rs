//! How does it look at a glance? One plot for each database, one bar for each gate: how many
//! times better than asked.

use std::{fmt::Write as _, fs};

use anyhow::Result;

use super::{Results, document::folder, gate_line::spread};

const WIDTH: f64 = 860.0;
/// Where bars begin and end.
const LEFT: f64 = 400.0;
const RIGHT: f64 = 830.0;
const ROW: f64 = 24.0;
const TOP: f64 = 56.0;
/// The ends of the scale, which doubles from mark to mark.
const LEAST: f64 = 0.25;
const MOST: f64 = 16.0;

/// Its colours are read on light and on dark ground.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#444}.head{font-weight:600}.mark{stroke:#8886}\
.gate{stroke:#c60;stroke-width:2}.met{fill:#2a9d6f}.missed{fill:#d1495b}.span{stroke:#777;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#ccc}.span{stroke:#bbb}}";

pub(super) fn write(all: &[Results]) -> Result<()> {
    for results in all {
        let name = results.plan.database().name();
        let file = format!("benchmarks-{}.svg", name.to_lowercase());
        fs::write(folder().join(file), drawn(name, &bars(results)))?;
    }
    Ok(())
}

struct Bar {
    label: String,
    /// Median, and the ends of the spread.
    margins: [f64; 3],
}

fn bars(results: &Results) -> Vec<Bar> {
    let bar = |gate: &crate::gates::Gate| {
        let (bound, spread) = gate.bound.zip(spread(gate, results))?;
        let margins = [spread.median, spread.min, spread.max].map(|value| bound.margin(value));
        Some(Bar { label: format!("{} {}", gate.number, gate.what), margins })
    };
    results.gates().filter_map(bar).collect()
}

fn drawn(name: &str, bars: &[Bar]) -> String {
    let height = TOP + ROW * f64::from(u16::try_from(bars.len()).unwrap_or(u16::MAX)) + 12.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>habeas with {name}: how many times \
         better than its gates ask</title>\n<style>{STYLE}</style>\n<text class=\"head\" x=\"12\" y=\"22\">{name}: how many times \
         better than the gate asks (median; line: least to most of the rounds)</text>\n"
    );
    // Writing to a string cannot fail.
    let _ = marks(&mut svg, height).and_then(|()| {
        let rows = bars.iter().zip(0u16..);
        rows.map(|(bar, row)| (bar, TOP + ROW * f64::from(row))).try_for_each(|(bar, y)| draw(&mut svg, bar, y))
    });
    svg.push_str("</svg>\n");
    svg
}

fn marks(svg: &mut String, height: f64) -> std::fmt::Result {
    for (times, label) in [(0.25, "¼"), (0.5, "½"), (1.0, "gate"), (2.0, "2×"), (4.0, "4×"), (8.0, "8×"), (16.0, "16×")]
    {
        let (x, class) = (place(times), if label == "gate" { "gate" } else { "mark" });
        writeln!(
            svg,
            "<text x=\"{x:.0}\" y=\"46\" text-anchor=\"middle\">{label}</text><line class=\"{class}\" x1=\"{x:.0}\" x2=\"{x:.0}\" \
             y1=\"{TOP}\" y2=\"{:.0}\"/>",
            height - 8.0
        )?;
    }
    Ok(())
}

fn draw(svg: &mut String, bar: &Bar, y: f64) -> std::fmt::Result {
    let [median, one, other] = bar.margins;
    let (gate, end) = (place(1.0), place(median));
    let class = if median >= 1.0 { "met" } else { "missed" };
    let label = bar.label.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{label}</text><rect class=\"{class}\" x=\"{:.1}\" y=\"{:.0}\" \
         width=\"{:.1}\" height=\"14\"/><line class=\"span\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{:.0}\" y2=\"{:.0}\"/>",
        LEFT - 12.0,
        y + 16.0,
        gate.min(end),
        y + 5.0,
        (gate - end).abs().max(1.0),
        place(one.min(other)),
        place(one.max(other)),
        y + 12.0,
        y + 12.0
    )
}

/// Where on the scale a margin lies.
fn place(times: f64) -> f64 {
    let share = (times.clamp(LEAST, MOST) / LEAST).log2() / (MOST / LEAST).log2();
    LEFT + share * (RIGHT - LEFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_leave_the_gate_to_the_right_where_it_is_met() {
        let bar = |median| Bar { label: "1 a < b".to_owned(), margins: [median, median, median] };
        let svg = drawn("SQLite", &[bar(2.0), bar(0.5)]);
        assert_eq!((svg.matches("class=\"met\"").count(), svg.matches("class=\"missed\"").count()), (1, 1));
        assert!(svg.contains("<title>") && svg.contains("1 a &lt; b"));
        assert!(place(0.5) < place(1.0) && place(1.0) < place(2.0));
        assert_eq!((place(0.0), place(1e9)), (LEFT, RIGHT));
    }
}
