//! Figures in words: minimum, median and maximum over the rounds.

/// The spread of one figure.
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// `median (minimum to maximum)`.
    pub(crate) fn text(&self) -> String {
        let first = self.0.first().copied().unwrap_or(f64::NAN);
        let last = self.0.last().copied().unwrap_or(f64::NAN);
        format!("{:.0} ({first:.0} to {last:.0})", self.median())
    }
}
