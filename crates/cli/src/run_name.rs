//! How a person names a Run: its id, the beginning or the end of one, or `latest`.
//!
//! Ids are UUIDs of version 7: Runs of one hour begin alike, so the end is often the shorter name.

use holdfast_domain::RunId;

use crate::failure::CommandError;

/// Fewer characters would name another Run tomorrow.
const SHORTEST: usize = 4;

/// The Run that `name` means among `known`, which is newest first.
pub(crate) fn resolve(name: &str, known: &[RunId]) -> Result<RunId, CommandError> {
    if let Ok(run) = RunId::parse(name) {
        return Ok(run);
    }
    let unknown = |suggestion: Option<String>| CommandError::Unknown {
        noun: "run",
        name: name.to_owned(),
        suggestion,
        list: "`holdfast run list` shows all runs".to_owned(),
    };
    if name == "latest" {
        return known.first().cloned().ok_or_else(|| unknown(None));
    }
    let wanted = name.to_lowercase();
    if wanted.len() < SHORTEST {
        return Err(unknown(None));
    }
    let fits = |run: &&RunId| run.as_str().starts_with(&wanted) || run.as_str().ends_with(&wanted);
    let mut fitting = known.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(run), None) => Ok(run.clone()),
        (Some(first), Some(_)) => Err(CommandError::usage_with_hint(
            format!("`{name}` is the beginning or end of several runs, such as `{first}`"),
            "give more of the id",
        )),
        (None, _) => Err(unknown(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<RunId> {
        ["01900000-0000-7000-8000-0000000000bb", "01900000-0000-7000-8000-0000000000aa"]
            .map(|text| RunId::parse(text).unwrap())
            .to_vec()
    }

    #[test]
    fn a_run_is_named_by_its_id_its_end_or_as_the_latest() {
        let known = known();
        assert_eq!(resolve("latest", &known).unwrap(), known[0]);
        assert_eq!(resolve("00aa", &known).unwrap(), known[1]);
        assert_eq!(resolve(known[1].as_str(), &[]).unwrap(), known[1]);
    }

    #[test]
    fn a_name_of_none_or_of_several_is_refused() {
        let known = known();
        assert!(resolve("01900000", &known).unwrap_err().to_string().contains("several"));
        assert!(resolve("yesterday", &known).is_err());
        assert!(resolve("aa", &known).is_err());
        assert!(resolve("latest", &[]).is_err());
    }
}
