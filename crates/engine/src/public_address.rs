//! Where browsers find the service: noted when it starts, for commands that print a link to the console.

use holdfast_catalog::settings;

use crate::engine::Engine;
use crate::error::{Doing, Result};

const NAME: &str = "public_address";

impl Engine {
    /// None if the service itself does not know, such as when it listens on every address of its machine.
    pub async fn note_public_address(&self, address: Option<&str>) -> Result<()> {
        let set =
            settings::set(self.catalog().db(), NAME, address.unwrap_or_default(), self.clock().now()).await;
        set.doing(|| "note where the service is found".to_owned())
    }

    /// As the service that started last noted it.
    pub async fn public_address(&self) -> Result<Option<String>> {
        let noted = settings::get(self.catalog().db(), NAME).await;
        let noted = noted.doing(|| "look where the service is found".to_owned())?;
        Ok(noted.filter(|address| !address.is_empty()))
    }
}
