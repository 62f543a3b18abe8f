//! What does the kernel say of a process and of this machine?

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// The kernel counts in hundredths of a second for user space, whatever its own tick is.
const TICK_US: u64 = 10_000;

/// The CPU time that a process has used so far with all its threads, in microseconds.
pub(crate) fn cpu_us(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the name in parentheses and may hold anything; utime and stime are fields 14 and 15.
    let (_, rest) = stat.rsplit_once(')').context("/proc/PID/stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |index: usize| -> Result<u64> { Ok(fields.get(index).context("/proc/PID/stat")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) * TICK_US)
}

/// The same of several processes together, with what their children used that have ended.
pub(crate) fn family_cpu_us(pids: &[u32]) -> u64 {
    let of = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(4);
        Some(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>())
    };
    // One that has ended meanwhile counts among the children of another.
    pids.iter().filter_map(of).sum::<u64>() * TICK_US
}

/// The CPU time that all processes have used so far, and what other virtual machines took, in microseconds.
pub(crate) fn machine_cpu_us() -> Result<u64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let fields = stat.lines().next().context("/proc/stat")?.split_whitespace().skip(1);
    let ticks: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>()?;
    // Fields 3 and 4 are idle, the last two are counted among the first two already.
    let busy: u64 = ticks.iter().enumerate().filter(|(at, _)| !matches!(at, 3 | 4 | 8 | 9)).map(|(_, n)| n).sum();
    Ok(busy * TICK_US)
}

/// The CPU time that this thread has used so far, in nanoseconds.
pub(crate) fn thread_cpu_ns() -> Result<u64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(stat.split_whitespace().next().context("/proc/thread-self/schedstat")?.parse()?)
}

/// The resident memory of a process, in MiB: now, and at its peak since [`forget_peak`].
pub(crate) fn memory_mib(pid: u32) -> Result<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let mib = |name: &'static str| -> Result<f64> {
        let kib = status.lines().find_map(|line| line.strip_prefix(name)).context(name)?;
        Ok(kib.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1024.0)
    };
    Ok((mib("VmRSS:")?, mib("VmHWM:")?))
}

/// Has the kernel watch the peak of a process's memory from now on.
pub(crate) fn forget_peak(pid: u32) -> Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").context("the peak of the memory cannot be watched")
}

/// What was measured on.
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) cpu: String,
    pub(crate) kernel: String,
    /// The load average of the last minute before the benchmark began.
    pub(crate) load_before: String,
}

impl Machine {
    pub(crate) fn read() -> Self {
        let first_line = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            cpu: model.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned()),
            kernel: first_line("/proc/sys/kernel/osrelease"),
            load_before: first_line("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}

/// The type of the file system that a folder is on.
pub(crate) fn file_system(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let rows = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((PathBuf::from(fields.next()?), fields.next()?.to_owned()))
    });
    let nearest = rows.filter(|(at, _)| folder.starts_with(at)).max_by_key(|(at, _)| at.components().count());
    nearest.map_or_else(|| "unknown".to_owned(), |(_, kind)| kind)
}

/// The size of a database with its log, in bytes.
pub(crate) fn database_bytes(database: &Path) -> u64 {
    let size = |suffix: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        fs::metadata(name).map_or(0, |metadata| metadata.len())
    };
    size("") + size("-wal")
}
