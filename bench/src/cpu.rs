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

/// User and system time of one process.
pub(crate) fn of(id: u32) -> Result<Duration, Failure> {
    let fields = fields(id).ok_or("a process is gone")?;
    let ticks = number(&fields, 11) + number(&fields, 12);
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
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
