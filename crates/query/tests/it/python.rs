//! Runs the scripts of `tests/readers`, in the Python environment that `scripts/setup.sh` makes of their
//! `requirements.txt`: at `HOLDFAST_READERS_VENV`, or else in the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the whole project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a script of `tests/readers`: what it printed, or all that it said when it failed.
#[expect(clippy::disallowed_methods, reason = "where the readers lie is a setting of the tests alone")]
pub(crate) fn python(script: &str, arguments: &[&Path]) -> Result<String, String> {
    let environment = std::env::var_os("HOLDFAST_READERS_VENV")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("../readers-venv"), PathBuf::from);
    let interpreter = environment.join("bin/python");
    assert!(interpreter.exists(), "`{}` is missing: run scripts/setup.sh", interpreter.display());
    let output = Command::new(interpreter)
        .arg("-B")
        .arg(root().join("tests/readers").join(script))
        .args(arguments)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(printed)
    } else {
        Err(printed + &String::from_utf8_lossy(&output.stderr))
    }
}
