//! Computes until its standard input ends.

use std::hint::black_box;
use std::io::Read;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The test puts the snippet of the documentation here.
    std::thread::spawn(|| loop {
        spin();
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

#[inline(never)]
fn spin() {
    for i in 0..1_000_000 {
        black_box(i);
    }
}
