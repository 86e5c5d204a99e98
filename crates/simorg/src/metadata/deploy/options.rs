//! `DeployOptions`, from SOAP and from JSON.

use serde_json::{Value as Json, json};

use crate::xml::Element;

/// How to deploy. What is left out is false.
#[expect(clippy::struct_excessive_bools, reason = "the options of the API, one by one")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Options {
    pub allow_missing_files: bool,
    pub auto_update_package: bool,
    pub check_only: bool,
    pub ignore_warnings: bool,
    pub perform_retrieve: bool,
    pub purge_on_delete: bool,
    pub rollback_on_error: bool,
    pub single_package: bool,
    pub run_tests: Vec<String>,
    pub test_level: Option<String>,
}

impl Options {
    pub(in super::super) fn of_xml(xml: &Element) -> Options {
        let flag = |name: &str| {
            xml.text_of(name)
                .is_some_and(|text| text.trim().eq_ignore_ascii_case("true") || text.trim() == "1")
        };
        let tests = xml.all("runTests").map(|test| test.text.trim().to_owned());
        let level = xml.text_of("testLevel").map(str::trim).filter(|level| !level.is_empty());
        Options::of(&flag, tests.filter(|test| !test.is_empty()).collect(), level)
    }

    pub(in super::super) fn of_json(json: &Json) -> Options {
        let flag = |name: &str| json[name].as_bool().unwrap_or(false);
        let tests = json["runTests"].as_array().into_iter().flatten().filter_map(Json::as_str);
        Options::of(&flag, tests.map(str::to_owned).collect(), json["testLevel"].as_str())
    }

    fn of(flag: &dyn Fn(&str) -> bool, run_tests: Vec<String>, test_level: Option<&str>) -> Options {
        Options {
            allow_missing_files: flag("allowMissingFiles"),
            auto_update_package: flag("autoUpdatePackage"),
            check_only: flag("checkOnly"),
            ignore_warnings: flag("ignoreWarnings"),
            perform_retrieve: flag("performRetrieve"),
            purge_on_delete: flag("purgeOnDelete"),
            rollback_on_error: flag("rollbackOnError"),
            single_package: flag("singlePackage"),
            run_tests,
            test_level: test_level.map(str::to_owned),
        }
    }

    pub(in super::super) fn json(&self) -> Json {
        json!({
            "allowMissingFiles": self.allow_missing_files,
            "autoUpdatePackage": self.auto_update_package,
            "checkOnly": self.check_only,
            "ignoreWarnings": self.ignore_warnings,
            "performRetrieve": self.perform_retrieve,
            "purgeOnDelete": self.purge_on_delete,
            "rollbackOnError": self.rollback_on_error,
            "runTests": self.run_tests,
            "singlePackage": self.single_package,
            "testLevel": self.test_level,
        })
    }

    /// Whether tests run with the deploy.
    pub(super) fn runs_tests(&self) -> bool {
        match self.test_level.as_deref() {
            None => !self.run_tests.is_empty(),
            Some(level) => level != "NoTestRun",
        }
    }
}
