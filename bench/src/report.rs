//! Figures as tables: median, minimum and maximum over the rounds, and the ratios of rounds that ran side by side.

use std::fmt::Write as _;

use crate::Settings;

/// One measured window.
#[derive(Clone)]
pub(crate) struct Round {
    /// Right answers in a second of the server's CPU time, of all its processes.
    pub(crate) per_cpu_second: f64,
    /// Right answers in a second.
    pub(crate) per_second: f64,
    /// p50, p99 and p99.9, in microseconds.
    pub(crate) latencies: [f64; 3],
}

/// A case: the rounds of each subject.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) keyward: Vec<Round>,
    pub(crate) openbao: Option<Vec<Round>>,
    pub(crate) bare: Vec<Round>,
}

/// The tables, in Markdown.
pub(crate) fn tables(rows: &[Row], settings: &Settings) -> String {
    let mut text = format!(
        "{} rounds of {} s, {} connections; median (minimum to maximum)\n\n\
         Right answers per second of server CPU:\n\n\
         | Operation | Keyward | OpenBao | Keyward / OpenBao | bare HTTP | share of bare HTTP |\n|---|---|---|---|---|---|\n",
        settings.rounds, settings.seconds, settings.connections
    );
    for row in rows {
        let rate = |round: &Round| round.per_cpu_second;
        let peer = row.openbao.as_deref();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            row.name,
            Spread::of(&row.keyward, rate).text(0, ""),
            peer.map_or_else(none, |peer| Spread::of(peer, rate).text(0, "")),
            peer.map_or_else(none, |peer| Spread::ratios(&row.keyward, peer, rate).text(1, " ×")),
            Spread::of(&row.bare, rate).text(0, ""),
            Spread::ratios(&row.keyward, &row.bare, rate).percent(),
        );
    }
    text.push_str(
        "\nRight answers per second, and latencies (p50 / p99 / p99.9, µs, medians of the rounds):\n\n",
    );
    text.push_str("| Operation | Keyward | | OpenBao | | p99 / OpenBao's | bare HTTP | |\n|---|---|---|---|---|---|---|---|\n");
    for row in rows {
        let speed = |rounds: &[Round]| Spread::of(rounds, |round| round.per_second).text(0, "");
        let peer = row.openbao.as_deref();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.name,
            speed(&row.keyward),
            latencies(&row.keyward),
            peer.map_or_else(none, speed),
            peer.map_or_else(none, latencies),
            peer.map_or_else(none, |peer| {
                Spread::ratios(&row.keyward, peer, |round| round.latencies[1]).text(2, " ×")
            }),
            speed(&row.bare),
            latencies(&row.bare),
        );
    }
    text
}

/// How much is left of what aws-lc alone does, in Markdown.
pub(crate) fn shares_of_raw(rows: &[Row], raw: &[(&'static str, f64)]) -> String {
    let mut text =
        "\n| Operation | aws-lc alone, per second of CPU | share of that |\n|---|---|---|\n".to_owned();
    for row in rows {
        let Some((name, rate)) = raw.iter().find(|(name, _)| *name == row.name) else { continue };
        let share = Spread::of(&row.keyward, |round| round.per_cpu_second / rate);
        let _ = writeln!(text, "| {name} | {rate:.0} | {} |", share.percent());
    }
    text
}

fn none() -> String {
    "—".to_owned()
}

pub(crate) fn latencies(rounds: &[Round]) -> String {
    let median = |at: usize| Spread::of(rounds, |round| round.latencies[at]).median();
    format!("{:.0} / {:.0} / {:.0}", median(0), median(1), median(2))
}

/// The spread of one figure.
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn of(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> Self {
        Self::sorted(rounds.iter().map(figure).collect())
    }

    /// The ratio in each round: both ran right after one another.
    fn ratios(rounds: &[Round], others: &[Round], figure: impl Fn(&Round) -> f64) -> Self {
        Self::sorted(rounds.iter().zip(others).map(|(one, other)| figure(one) / figure(other)).collect())
    }

    pub(crate) fn sorted(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// `median (minimum to maximum)`.
    pub(crate) fn text(&self, decimals: usize, unit: &str) -> String {
        let first = self.0.first().copied().unwrap_or(f64::NAN);
        let last = self.0.last().copied().unwrap_or(f64::NAN);
        format!("{:.decimals$}{unit} ({first:.decimals$} to {last:.decimals$})", self.median())
    }

    fn percent(&self) -> String {
        Self(self.0.iter().map(|share| share * 100.0).collect()).text(0, " %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_rounds_that_ran_together() {
        let round = |rate: f64| Round { per_cpu_second: rate, per_second: 0.0, latencies: [0.0; 3] };
        let rate = |round: &Round| round.per_cpu_second;
        let ratios = Spread::ratios(
            &[round(10.0), round(40.0), round(90.0)],
            &[round(5.0), round(10.0), round(30.0)],
            rate,
        );
        assert_eq!(ratios.text(1, " ×"), "3.0 × (2.0 to 4.0)");
        assert_eq!(Spread::of(&[round(3.0), round(1.0)], rate).text(0, ""), "3 (1 to 3)");
    }
}
