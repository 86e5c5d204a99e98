//! The reference page says what the commands say.

use crate::stage::run_in;

#[tokio::test]
async fn the_reference_page_is_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let made = run_in(folder.path(), &["reference"]).await.done();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(made == kept, "docs/cli.md is out of date: `cargo run -p holdfast -- reference > docs/cli.md`");
}
