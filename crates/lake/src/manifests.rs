//! Manifests: one document per Run, written last, so a Run is whole or is not there.

use holdfast_domain::RunId;
use holdfast_domain::manifest::{MANIFEST_FORMAT, Manifest};
use object_store::path::Path;

use crate::lake::{create_document, read_json, to_json};
use crate::org::OrgLake;
use crate::{Error, Result, Step, store};

impl OrgLake {
    /// Writes the Manifest of a Run that has ended; it is never changed afterwards.
    pub async fn put_manifest(&self, manifest: &Manifest) -> Result<()> {
        debug_assert_eq!(&manifest.org, self.id(), "invariant 3, manifest_is_whole");
        let bytes = to_json(manifest)?;
        self.before(Step::Manifest)?;
        create_document(self.store(), &self.manifest_path(&manifest.run), bytes).await
    }

    /// The Manifest of a Run; [`Error::NotFound`] if the Run is not there.
    pub async fn manifest(&self, run: &RunId) -> Result<Manifest> {
        let path = self.manifest_path(run);
        let manifest = read_json(self.store(), &path, MANIFEST_FORMAT).await?;
        manifest.ok_or_else(|| Error::NotFound { path: path.to_string() })
    }

    /// All Runs that have a Manifest, the newest last.
    pub async fn manifests(&self) -> Result<Vec<RunId>> {
        let files = store::files(self.store(), &self.runs_folder()).await?;
        Ok(files.iter().filter_map(|file| run_id(&file.location)).collect())
    }

    pub(crate) fn runs_folder(&self) -> Path {
        self.folder().clone().join("runs")
    }

    /// Where the Manifest of a Run lies.
    pub fn manifest_path(&self, run: &RunId) -> Path {
        self.runs_folder().join(format!("{run}.json"))
    }
}

/// The Run that a Manifest's file name says.
pub(crate) fn run_id(path: &Path) -> Option<RunId> {
    RunId::parse(path.filename()?.strip_suffix(".json")?).ok()
}
