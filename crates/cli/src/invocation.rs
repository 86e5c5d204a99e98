//! What a command needs of its surroundings: the configuration, where answers go, and the engine.

use anyhow::Result;
use holdfast_engine::Engine;
use indicatif::MultiProgress;

use crate::config::Config;
use crate::output::Output;

pub(crate) struct Invocation {
    pub(crate) config: Config,
    pub(crate) output: Output,
    pub(crate) screen: MultiProgress,
}

impl Invocation {
    /// The engine over data that must be there already.
    pub(crate) async fn engine(&self) -> Result<Engine> {
        Ok(Engine::open_existing(self.config.engine_options()?).await?)
    }

    /// The engine over data of which also what is damaged shall be opened.
    pub(crate) async fn engine_to_rebuild(&self) -> Result<Engine> {
        Ok(Engine::open_to_rebuild(self.config.engine_options()?).await?)
    }

    /// The engine over data that is created where there is none.
    pub(crate) async fn engine_or_new(&self) -> Result<Engine> {
        Ok(Engine::open(self.config.engine_options()?).await?)
    }
}
