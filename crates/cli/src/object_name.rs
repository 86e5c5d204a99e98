//! Finds the Object that a person meant among those that the lake holds.

use anyhow::{Context as _, Result};
use holdfast_domain::{ObjectName, OrgId};
use holdfast_engine::Engine;

use crate::failure::{CommandError, closest};

/// The Object in the lake's own spelling, whatever the case.
pub(crate) async fn in_lake(engine: &Engine, org: &OrgId, name: &ObjectName) -> Result<ObjectName> {
    let known = engine.lake().org(org).objects().await.context("could not list the objects of the lake")?;
    Ok(among(name, known)?)
}

fn among(name: &ObjectName, known: Vec<ObjectName>) -> Result<ObjectName, CommandError> {
    let suggestion = closest(name.as_str(), known.iter().map(ObjectName::as_str));
    known.into_iter().find(|object| object.as_str().eq_ignore_ascii_case(name.as_str())).ok_or_else(|| {
        CommandError::Unknown {
            noun: "captured object",
            name: name.to_string(),
            suggestion,
            list: "`holdfast auto status` lists what was captured".to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_in_any_case_and_a_slip_is_answered() {
        let name = |text: &str| ObjectName::parse(text).unwrap();
        let known = || vec![name("Account"), name("Contact")];
        assert_eq!(among(&name("account"), known()).unwrap(), name("Account"));
        let failure = crate::failure::Failure::of(&among(&name("Acount"), known()).unwrap_err().into());
        insta::assert_snapshot!(failure.text(), @r"
        error: there is no captured object `Acount`
        hint: did you mean `Account`? `holdfast auto status` lists what was captured
        ");
    }
}
