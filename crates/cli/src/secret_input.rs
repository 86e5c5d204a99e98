//! Secrets that need not stand in the shell's history: by flag, by variable, from a file or standard input.
//!
//! A flag's value `-` means standard input (asked for without echo on a terminal) and `@FILE` means the
//! file's text. No secret is ever part of a message.

use std::io::{self, IsTerminal, Read};

use crate::environment;
use crate::failure::CommandError;

/// Where standard input comes from; a test gives its own.
pub(crate) trait StandardInput {
    fn secret(&mut self, what: &str) -> io::Result<String>;
}

/// The process's own standard input.
pub(crate) struct Stdin;

impl StandardInput for Stdin {
    fn secret(&mut self, what: &str) -> io::Result<String> {
        if io::stdin().is_terminal() {
            return rpassword::prompt_password(format!("{what}: "));
        }
        let mut text = String::new();
        // Longer than any token or key; a wrong file must not fill the memory.
        io::stdin().lock().take(1 << 20).read_to_string(&mut text)?;
        Ok(text)
    }
}

/// A secret's flag, and the variable that stands in for it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) flag: &'static str,
    pub(crate) value: Option<&'a str>,
    pub(crate) variable: &'static str,
}

impl Source<'_> {
    /// The secret, if it is given in any way.
    pub(crate) fn read(self, stdin: &mut dyn StandardInput) -> Result<Option<String>, CommandError> {
        let text = match self.value {
            Some("-") => stdin
                .secret(self.flag)
                .map_err(|source| CommandError::Unreadable { what: "standard input".to_owned(), source })?,
            Some(value) => match value.strip_prefix('@') {
                Some(path) => read_file(path)?,
                None => value.to_owned(),
            },
            None => match environment::get(self.variable) {
                Some(value) => value,
                None => return Ok(None),
            },
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(CommandError::usage(format!("the secret of {} is empty", self.flag)));
        }
        Ok(Some(text.to_owned()))
    }

    pub(crate) fn require(self, stdin: &mut dyn StandardInput) -> Result<String, CommandError> {
        self.read(stdin)?.ok_or_else(|| {
            CommandError::usage_with_hint(
                format!("{} is missing", self.flag),
                format!(
                    "give it as `{flag} -` (standard input), `{flag} @FILE` or in {}",
                    self.variable,
                    flag = self.flag
                ),
            )
        })
    }
}

/// A secret that is usually a file: the flag's value is a path, or `-`.
pub(crate) fn read_file(path: &str) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|source| CommandError::Unreadable { what: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Typed(&'static str);

    impl StandardInput for Typed {
        fn secret(&mut self, _what: &str) -> io::Result<String> {
            Ok(self.0.to_owned())
        }
    }

    fn source(value: Option<&str>) -> Source<'_> {
        Source { flag: "--client-secret", value, variable: environment::CLIENT_SECRET }
    }

    #[test]
    fn a_secret_comes_from_the_flag_a_file_or_standard_input() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from a file\n").unwrap();
        let at_file = format!("@{}", file.path().display());
        let mut typed = Typed("typed\n");
        assert_eq!(source(Some("plain")).require(&mut typed).unwrap(), "plain");
        assert_eq!(source(Some(&at_file)).require(&mut typed).unwrap(), "from a file");
        assert_eq!(source(Some("-")).require(&mut typed).unwrap(), "typed");
    }

    #[test]
    fn an_empty_or_missing_secret_is_a_misuse_that_says_how_to_give_it() {
        assert!(source(Some("-")).read(&mut Typed("\n")).is_err());
        let missing = source(None).require(&mut Typed("")).unwrap_err();
        let failure = crate::failure::Failure::of(&missing.into());
        insta::assert_snapshot!(failure.text(), @r"
        error: --client-secret is missing
        hint: give it as `--client-secret -` (standard input), `--client-secret @FILE` or in HOLDFAST_CLIENT_SECRET
        ");
    }
}
