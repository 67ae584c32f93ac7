//! Small bar charts as SVG.

use super::html;

const WIDTH: usize = 300;
const HEIGHT: usize = 72;
/// Of each bar's place, the part that stays empty.
const GAP: f64 = 0.22;

/// A bar of some layers, the lowest first.
pub(super) struct Column {
    /// The text below it; empty for none.
    pub(super) label: String,
    /// What a pointer on it shows.
    pub(super) hint: String,
    pub(super) layers: Vec<Layer>,
}

/// A part of a bar.
pub(super) struct Layer {
    /// The class that gives it its colour.
    pub(super) class: &'static str,
    pub(super) height: u64,
}

impl Column {
    fn height(&self) -> u64 {
        self.layers.iter().map(|layer| layer.height).sum()
    }
}

/// The chart, with what it says in words for those who cannot see it.
pub(super) fn chart(title: &str, total: &str, columns: &[Column]) -> String {
    let highest = columns.iter().map(Column::height).max().unwrap_or(0).max(1);
    let place = WIDTH as f64 / columns.len().max(1) as f64;
    let mut bars = String::new();
    for (at, column) in columns.iter().enumerate() {
        bars += &bar(column, at as f64 * place, place, highest);
    }
    let labels: String = columns.iter().map(label).collect();
    format!(
        "<figure><figcaption><span>{title}</span><b>{total}</b></figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"{title}: {total}\">\n\
         {bars}</svg><div class=\"axis\">{labels}</div></figure>\n",
        title = html::text(title),
        total = html::text(total),
    )
}

fn bar(column: &Column, left: f64, place: f64, highest: u64) -> String {
    let mut layers = String::new();
    let mut below = 0;
    for Layer { class, height } in &column.layers {
        let top = scaled(below + height, highest);
        let bottom = scaled(below, highest);
        below += height;
        if *height > 0 {
            layers += &layer(class, left + place * GAP / 2.0, place * (1.0 - GAP), top, bottom);
        }
    }
    // The whole place shows the hint, also where the bar is low.
    format!(
        "<g><rect class=\"place\" x=\"{left:.1}\" y=\"0\" width=\"{place:.1}\" \
         height=\"{HEIGHT}\"/>{layers}<title>{}</title></g>\n",
        html::text(&column.hint)
    )
}

/// A single failure among hundreds is still to be seen.
fn layer(class: &str, x: f64, width: f64, top: f64, bottom: f64) -> String {
    let y = HEIGHT as f64 - top;
    let height = (top - bottom).max(1.5);
    format!(
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" \
         width=\"{width:.1}\" height=\"{height:.1}\"/>"
    )
}

fn scaled(value: u64, highest: u64) -> f64 {
    value as f64 / highest as f64 * (HEIGHT - 2) as f64
}

fn label(column: &Column) -> String {
    format!("<span>{}</span>", html::text(&column.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(layers: &[(&'static str, u64)]) -> Column {
        let layers =
            layers.iter().map(|(class, height)| Layer { class, height: *height }).collect();
        Column { label: "12".to_owned(), hint: "<b>".to_owned(), layers }
    }

    #[test]
    fn the_highest_bar_fills_the_chart_and_layers_stand_on_each_other() {
        let drawn =
            chart("Runs", "6", &[column(&[("good", 3), ("bad", 1)]), column(&[("good", 2)])]);
        let heights: Vec<&str> =
            drawn.split(" height=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(heights, ["72", "52.5", "17.5", "72", "35.0"]);
        assert!(drawn.contains("y=\"19.5\"") && drawn.contains("y=\"2.0\""), "{drawn}");
        assert!(drawn.contains("<title>&lt;b&gt;</title>"), "{drawn}");
    }

    #[test]
    fn a_chart_of_nothing_has_no_bar_and_one_failure_among_many_is_seen() {
        assert!(!chart("Runs", "0", &[column(&[("good", 0)])]).contains("class=\"good\""));
        let drawn = chart("Runs", "481", &[column(&[("good", 4_800), ("bad", 1)])]);
        assert!(drawn.contains("height=\"1.5\""), "{drawn}");
    }
}
