//! `holdfast org add`: connects an org by any of the ways in which Salesforce lets a program sign in.

use anyhow::Result;
use clap::Args;
use holdfast_engine::NewOrg;
use holdfast_engine::orgs::check_org_name;
use holdfast_salesforce::oauth::parse_sfdx_auth_url;
use holdfast_salesforce::{Credentials, Secret};
use url::Url;

use crate::environment;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::invocation::Invocation;
use crate::secret_input::{self, Source, StandardInput, Stdin};
use crate::web_sign_in::{self, WebSignIn};

const LOGIN_URL: &str = "https://login.salesforce.com";

/// Connect an org, or connect a known one again
///
/// Give exactly one way to sign in: an access token, an sfdx auth URL, a connected app with its
/// client secret, a connected app with a private key (JWT), or a browser (--web).
///
/// A secret may be `-` (standard input), `@FILE`, or come from its variable, so that it does not
/// stand in the shell's history.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sf org display --verbose --json | jq -r .result.sfdxAuthUrl \\
    | holdfast org add acme --sfdx-auth-url -
  holdfast org add acme --client-id 3MVG9... --client-secret @secret.txt \\
    --login-url https://acme.my.salesforce.com
  holdfast org add acme --client-id 3MVG9... --jwt-key server.key \\
    --username backup@acme.example
  holdfast org add acme --web --client-id 3MVG9...
  holdfast org add acme --access-token - \\
    --instance-url https://acme.my.salesforce.com")]
pub(crate) struct OrgAddArgs {
    /// What the org is called in Holdfast
    name: String,

    /// Address of the org (My Domain), for an access token
    #[arg(long, value_name = "URL")]
    instance_url: Option<Url>,

    #[arg(
        help = "A session of the integration user; it ends, and then the org must be connected again [env: HOLDFAST_ACCESS_TOKEN]",
        long, value_name = "TOKEN", conflicts_with_all = ["sfdx_auth_url", "client_id", "web"], requires = "instance_url")]
    access_token: Option<String>,

    #[arg(help = "What `sf org display --verbose` shows, force://… [env: HOLDFAST_SFDX_AUTH_URL]", long, value_name = "URL", conflicts_with_all = ["client_id", "web"])]
    sfdx_auth_url: Option<String>,

    /// Consumer key of the connected app
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    #[arg(
        help = "Consumer secret of the connected app [env: HOLDFAST_CLIENT_SECRET]",
        long,
        value_name = "SECRET",
        requires = "client_id"
    )]
    client_secret: Option<String>,

    #[arg(
        help = "File of the private key whose certificate the connected app holds, or `-` [env: HOLDFAST_JWT_KEY, the key itself]",
        long, value_name = "FILE", requires = "client_id", conflicts_with_all = ["client_secret", "web"])]
    jwt_key: Option<String>,

    /// User to sign in with the private key
    #[arg(long, value_name = "USER", requires = "client_id", conflicts_with_all = ["client_secret", "web"])]
    username: Option<String>,

    #[arg(
        help = "Where to sign in: the My Domain address, or https://test.salesforce.com for a sandbox [default: https://login.salesforce.com]",
        long, value_name = "URL", conflicts_with_all = ["access_token", "sfdx_auth_url"])]
    login_url: Option<Url>,

    /// Sign in with a browser: prints the address to open and waits
    #[arg(long, requires = "client_id")]
    web: bool,

    /// Port of the callback http://localhost:PORT/OauthRedirect, as the connected app names it
    #[arg(long, value_name = "PORT", default_value_t = 1717, requires = "web")]
    callback_port: u16,
}

pub(super) async fn run(args: OrgAddArgs, invocation: Invocation) -> Result<Exit> {
    check_org_name(&args.name)?;
    let credentials = match sign_in_by(&args, &mut Stdin)? {
        SignIn::With(credentials) => credentials,
        SignIn::Web(web) => web_sign_in::sign_in(web).await?,
    };
    let OrgAddArgs { name, instance_url, .. } = args;
    let engine = invocation.engine_or_new().await?;
    let org = engine.add_org(NewOrg { name, instance_url, credentials }).await?;
    invocation.output.answer(&org, |org, _| {
        format!(
            "`{}` is connected: org {} at {}\nnext: `holdfast backup {name}` captures it once, `holdfast auto start {name}` for good\n",
            org.name,
            org.id,
            org.instance_url,
            name = org.name
        )
    })?;
    Ok(Exit::Done)
}

#[derive(Debug)]
enum SignIn {
    With(Credentials),
    Web(WebSignIn),
}

/// The one way to sign in that the flags, or else the variables, describe.
fn sign_in_by(args: &OrgAddArgs, stdin: &mut dyn StandardInput) -> Result<SignIn> {
    let login_url = match args.login_url.clone() {
        Some(url) => url,
        None => LOGIN_URL.parse().expect("a constant that is a URL"),
    };
    if let Some(client_id) = args.client_id.clone() {
        return connected_app(args, client_id, login_url, stdin);
    }
    let is_auth_url = args.sfdx_auth_url.is_some()
        || (args.access_token.is_none()
            && args.instance_url.is_none()
            && environment::get(environment::SFDX_AUTH_URL).is_some());
    if is_auth_url {
        let source = Source {
            flag: "--sfdx-auth-url",
            value: args.sfdx_auth_url.as_deref(),
            variable: environment::SFDX_AUTH_URL,
        };
        return Ok(SignIn::With(parse_sfdx_auth_url(&source.require(stdin)?)?));
    }
    let source = Source {
        flag: "--access-token",
        value: args.access_token.as_deref(),
        variable: environment::ACCESS_TOKEN,
    };
    if args.instance_url.is_none() {
        return Err(CommandError::usage_with_hint(
            "no way to sign in is given",
            "give --sfdx-auth-url, --client-id, --web, or --instance-url with --access-token; \
             `holdfast org add --help` shows an example of each",
        )
        .into());
    }
    let access_token = Secret::from(source.require(stdin)?);
    Ok(SignIn::With(Credentials::AccessToken { access_token }))
}

fn connected_app(
    args: &OrgAddArgs,
    client_id: String,
    login_url: Url,
    stdin: &mut dyn StandardInput,
) -> Result<SignIn> {
    let secret = Source {
        flag: "--client-secret",
        value: args.client_secret.as_deref(),
        variable: environment::CLIENT_SECRET,
    };
    if args.web {
        let client_secret = secret.read(stdin)?.map(Secret::from);
        return Ok(SignIn::Web(WebSignIn { login_url, client_id, client_secret, port: args.callback_port }));
    }
    if args.username.is_some() || args.jwt_key.is_some() {
        let Some(username) = args.username.clone() else {
            return Err(CommandError::usage_with_hint(
                "--username is missing",
                "a private key signs in the user that --username names",
            )
            .into());
        };
        let key_pem = Secret::from(private_key(args.jwt_key.as_deref(), stdin)?);
        return Ok(SignIn::With(Credentials::Jwt {
            login_url,
            audience: None,
            client_id,
            username,
            key_pem,
        }));
    }
    if args.login_url.is_none() && args.instance_url.is_none() {
        return Err(CommandError::usage_with_hint(
            "--login-url is missing",
            "an app signs in by itself only at the org's My Domain address, such as https://acme.my.salesforce.com",
        )
        .into());
    }
    let login_url = args.login_url.clone().or_else(|| args.instance_url.clone()).unwrap_or(login_url);
    let client_secret = Secret::from(secret.require(stdin)?);
    Ok(SignIn::With(Credentials::ClientCredentials { login_url, client_id, client_secret }))
}

fn private_key(flag: Option<&str>, stdin: &mut dyn StandardInput) -> Result<String, CommandError> {
    let text = match flag {
        Some(path) if path != "-" => secret_input::read_file(path)?,
        value => Source { flag: "--jwt-key", value, variable: environment::JWT_KEY }.require(stdin)?,
    };
    if !text.contains("-----BEGIN") {
        return Err(CommandError::usage_with_hint(
            "the private key is not in PEM form",
            "it is a text that begins with `-----BEGIN PRIVATE KEY-----`, such as server.key of the connected app",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: OrgAddArgs,
    }

    struct Typed;

    impl StandardInput for Typed {
        fn secret(&mut self, _: &str) -> std::io::Result<String> {
            Ok("force://app::typed@acme.my.salesforce.com\n".to_owned())
        }
    }

    fn signed_in(flags: &str) -> Result<SignIn> {
        let line = Line::try_parse_from(["add", "acme"].into_iter().chain(flags.split_whitespace()))?;
        sign_in_by(&line.args, &mut Typed)
    }

    #[test]
    fn each_way_to_sign_in_is_told_by_its_flags() {
        let kind = |flags: &str| match signed_in(flags).unwrap() {
            SignIn::With(Credentials::AccessToken { .. }) => "token",
            SignIn::With(Credentials::RefreshToken { .. }) => "refresh",
            SignIn::With(Credentials::Jwt { .. }) => "jwt",
            SignIn::With(Credentials::ClientCredentials { .. }) => "client",
            SignIn::Web(_) => "web",
        };
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), "-----BEGIN PRIVATE KEY-----\n").unwrap();
        assert_eq!(kind("--instance-url https://a.my.salesforce.com --access-token T"), "token");
        assert_eq!(kind("--sfdx-auth-url -"), "refresh");
        assert_eq!(kind("--client-id C --client-secret S --login-url https://a.my.salesforce.com"), "client");
        assert_eq!(kind(&format!("--client-id C --jwt-key {} --username U", key.path().display())), "jwt");
        assert_eq!(kind("--web --client-id C"), "web");
    }

    #[test]
    fn ways_to_sign_in_do_not_mix_and_none_is_half() {
        for flags in [
            "",
            "--instance-url https://a.my.salesforce.com",
            "--access-token T",
            "--access-token T --sfdx-auth-url U --instance-url https://a.my.salesforce.com",
            "--web",
            "--client-secret S",
            "--client-id C --client-secret S",
            "--client-id C --jwt-key /nowhere/at/all --username U",
            "--client-id C --username U --web",
            "--instance-url nonsense --access-token T",
            "--web --client-id C --callback-port 99999",
        ] {
            assert!(signed_in(flags).is_err(), "{flags}");
        }
    }

    #[test]
    fn a_name_that_would_be_trouble_is_refused() {
        for name in ["", " acme", "../acme", "a/b", "-x", "a\nb"] {
            assert!(check_org_name(name).is_err(), "{name:?}");
        }
        assert!(check_org_name("Acme Production").is_ok());
        let of_length = |length: usize| check_org_name(&"ä".repeat(length)).is_ok();
        assert!(of_length(80) && !of_length(81), "as many characters as the console takes");
    }
}
