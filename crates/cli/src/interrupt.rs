//! Ctrl-C and SIGTERM: the first stops in good order, the second at once.

use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::progress::write_line;

/// What a command watches to stop in good order. From here on Ctrl-C no longer ends the process by
/// itself; `told` is said at the first one.
pub(crate) fn watch(told: &'static str) -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        signal().await;
        write_line(told);
        cancel.cancel();
        signal().await;
        end_at_once();
    });
    token
}

/// Waits for the next signal to stop; where signals cannot be watched, for ever.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a second Ctrl-C must end the process whatever it is doing; stores survive it"
)]
fn end_at_once() -> ! {
    std::process::exit(Exit::Interrupted as i32)
}
