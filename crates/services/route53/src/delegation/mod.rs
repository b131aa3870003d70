//! Delegation sets: which four name servers a new zone gets.
//!
//! Two zones of one name, or one above the other, never share a server, so that each server knows which
//! of them it answers for. Pure: whoever calls hands in the servers that related zones have.
//! Deliberately absent: reusable delegation sets.

use std::collections::BTreeSet;

use keyward_base::Random;

/// How name servers are named: stripes of numbered names, one server from each, or fixed names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServerScheme {
    stripes: Vec<String>,
    stripe_size: u32,
}

/// Why no delegation set could be had: too many related zones exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoneLeft;

/// Servers in a block that shares the second number of the name.
const BLOCK_SIZE: u32 = 8;

impl Default for NameServerScheme {
    /// AWS's: `ns-N.awsdns-K.tld` with N in 0–511 `com`, 512–1023 `net`, 1024–1535 `org`, 1536–2047 `co.uk`.
    fn default() -> Self {
        let stripes = ["com", "net", "org", "co.uk"];
        Self {
            stripes: stripes.iter().map(|tld| format!("ns-{{n}}.awsdns-{{k}}.{tld}")).collect(),
            stripe_size: 512,
        }
    }
}

impl NameServerScheme {
    /// One stripe a pattern; in a pattern `{n}` stands for the server's number and `{k}` for its block.
    /// A pattern without `{n}` is one fixed name, which every zone then gets.
    pub fn new(patterns: Vec<String>, stripe_size: u32) -> Self {
        Self { stripes: patterns, stripe_size: stripe_size.max(1) }
    }

    /// The name of server `index` of stripe `stripe`, without a trailing dot.
    fn server(&self, stripe: usize, pattern: &str, index: u32) -> String {
        let first = u32::try_from(stripe).unwrap_or(0).saturating_mul(self.stripe_size);
        pattern
            .replace("{n}", &first.saturating_add(index).to_string())
            .replace("{k}", &format!("{:02}", index / BLOCK_SIZE))
    }

    /// Every server name of the scheme with the number of its stripe, for whoever must give each an address.
    pub fn all_servers(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        self.stripes.iter().enumerate().flat_map(move |(stripe, pattern)| {
            let size = if pattern.contains("{n}") { self.stripe_size } else { 1 };
            (0..size).map(move |index| (stripe, self.server(stripe, pattern, index)))
        })
    }

    /// Chooses one server of each stripe at random, none of which is in `taken`.
    pub(crate) fn choose(
        &self,
        taken: &BTreeSet<String>,
        random: &dyn Random,
    ) -> Result<Vec<String>, NoneLeft> {
        let stripes = self.stripes.iter().enumerate();
        stripes.map(|(stripe, pattern)| self.choose_in(stripe, pattern, taken, random)).collect()
    }

    fn choose_in(
        &self,
        stripe: usize,
        pattern: &str,
        taken: &BTreeSet<String>,
        random: &dyn Random,
    ) -> Result<String, NoneLeft> {
        if !pattern.contains("{n}") {
            return Ok(pattern.to_owned());
        }
        let start = random.below(self.stripe_size);
        (0..self.stripe_size)
            .map(|step| self.server(stripe, pattern, (start + step) % self.stripe_size))
            .find(|server| !taken.contains(server))
            .ok_or(NoneLeft)
    }

    /// The servers that the records of a private zone name: the first of each stripe. Nobody asks them.
    pub(crate) fn private(&self) -> Vec<String> {
        let stripes = self.stripes.iter().enumerate();
        stripes.map(|(stripe, pattern)| self.server(stripe, pattern, 0)).collect()
    }
}

#[cfg(test)]
mod tests;
