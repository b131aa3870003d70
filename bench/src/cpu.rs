//! The CPU time that a process and its children have used, from `/proc`.

use std::fs;
use std::time::Duration;

use crate::Failure;

/// Linux reports in hundredths of a second on every architecture (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of a process and of all its living descendants.
pub(crate) fn used(root: u32) -> Result<Duration, Failure> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if id == root || parent(id) == Some(root) {
            ticks += fields(id).map_or(0, |fields| number(&fields, 11) + number(&fields, 12));
        }
    }
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
}

/// The children of a process whose command lines hold this.
pub(crate) fn children(root: u32, holding: &str) -> Result<Vec<u32>, Failure> {
    let ids =
        fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_it = |id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        parent(*id) == Some(root) && String::from_utf8_lossy(&line).contains(holding)
    };
    Ok(ids.filter(is_it).collect())
}

/// User and system time of one process.
pub(crate) fn of(id: u32) -> Result<Duration, Failure> {
    let fields = fields(id).ok_or("a process is gone")?;
    let ticks = number(&fields, 11) + number(&fields, 12);
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
}

/// Resident memory in bytes of a process, and of its children together.
pub(crate) fn resident(root: u32) -> Result<[u64; 2], Failure> {
    let mut bytes = [0, 0];
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if id == root {
            bytes[0] += resident_of(id);
        } else if parent(id) == Some(root) {
            bytes[1] += resident_of(id);
        }
    }
    Ok(bytes)
}

/// `VmRSS`, which `/proc` gives in KiB; 0 for a process that has gone.
fn resident_of(id: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) << 10
}

fn parent(id: u32) -> Option<u32> {
    u32::try_from(number(&fields(id)?, 1)).ok()
}

/// The fields of `/proc/ID/stat` behind the program's name (proc(5)): 0 is the state.
fn fields(id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    Some(text.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

fn number(fields: &[String], at: usize) -> u64 {
    fields.get(at).and_then(|field| field.parse().ok()).unwrap_or(0)
}
