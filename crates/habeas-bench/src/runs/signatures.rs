//! What does a signature alone cost? Measured while all cores sign, since that is how the server under load does it.

use std::{sync::Arc, thread, time::Duration};

use anyhow::{Result, anyhow};
use habeas_trust::signing::SigningKey;

use crate::{clock::now, proc, stats::float, world::Algorithm};

/// About as long as the answer that is signed.
const MESSAGE: [u8; 1100] = [b'x'; 1100];

/// The CPU time of one signature, in microseconds.
///
/// # Errors
/// When no key can be made or used.
pub(crate) fn raw_us(algorithm: Algorithm, lasting: Duration) -> Result<f64> {
    let key = Arc::new(algorithm.generate()?);
    let cores = thread::available_parallelism()?.get();
    let signers: Vec<_> = (0..cores)
        .map(|_| {
            let key = Arc::clone(&key);
            thread::spawn(move || sign(&key, lasting))
        })
        .collect();
    let (mut cpu_ns, mut count) = (0, 0);
    for signer in signers {
        let (ns, signed) = signer.join().map_err(|_| anyhow!("a signer panicked"))??;
        cpu_ns += ns;
        count += signed;
    }
    Ok(float(cpu_ns) / float(count) / 1000.0)
}

fn sign(key: &SigningKey, lasting: Duration) -> Result<(u64, u64)> {
    let (before, began) = (proc::thread_cpu_ns()?, now());
    let mut count = 0;
    while began.elapsed() < lasting {
        std::hint::black_box(key.sign(std::hint::black_box(&MESSAGE))?);
        count += 1;
    }
    Ok((proc::thread_cpu_ns()? - before, count))
}
