//! Calls about the caller: login and logout, who it is, the org's clock, passwords.

use crate::model::value::datetime_text;
use crate::oauth;
use crate::server::ApiVersion;
use crate::state::{Row, User};
use crate::xml::Element;

use super::{Call, Contents, SoapFault, leaf_or_nil};

/// The first version without `login` (SOAP API Developer Guide, on the call).
const FIRST_WITHOUT_LOGIN: ApiVersion = ApiVersion(65);
pub(super) fn login(call: &Call) -> Contents {
    if call.version >= FIRST_WITHOUT_LOGIN {
        let message = format!(
            "The SOAP Login operation is not available in the API version specified ({}). Refer to the documentation for supported versions.",
            call.version.text()
        );
        return Err(SoapFault::new("INVALID_OPERATION", message));
    }
    if call.state.oauth.policy().soap_login_blocked {
        let message = "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login().";
        return Err(SoapFault::new("INVALID_OPERATION", message));
    }
    let argument = |name: &str| call.arguments().text_of(name).unwrap_or_default();
    let opened = oauth::password_session(&call.state, argument("username").trim(), argument("password"));
    let Some((token, user)) = opened else {
        let message = "Invalid username, password, security token; or user locked out.";
        return Err(SoapFault::new("INVALID_LOGIN", message));
    };
    let address = |letter: &str| {
        let org = call.state.org.id();
        let org = org.get(..15).unwrap_or(org);
        format!("{}/services/Soap/{letter}/{}/{org}", call.instance_url, call.version.text())
    };
    let is_sandbox = row_of(call, "Organization", call.state.org.id())
        .is_some_and(|org| org.value_of("IsSandbox").as_bool() == Some(true));
    Ok(vec![
        Element::new("result")
            .with(Element::leaf("metadataServerUrl", address("m")))
            .with(Element::leaf("passwordExpired", false))
            .with(Element::leaf("sandbox", is_sandbox))
            .with(Element::leaf("serverUrl", address(call.api.letter)))
            .with(Element::leaf("sessionId", token))
            .with(Element::leaf("userId", &user.id))
            .with(Element::new("userInfo").with_all(facts(call, &user))),
    ])
}

pub(super) fn logout(call: &Call) -> Vec<Element> {
    if let Some(token) = call.envelope.session_id() {
        call.state.oauth.end_session(token);
    }
    Vec::new()
}

/// Ends sessions by their ids; one that is not there counts as ended.
pub(super) fn invalidate(call: &Call) -> Vec<Element> {
    let ended = call.arguments().all("sessionIds").map(|id| {
        call.state.oauth.end_session(id.text.trim());
        Element::new("result").with(Element::leaf("success", true))
    });
    ended.collect()
}

pub(super) fn user_info(call: &Call) -> Contents {
    Ok(vec![Element::new("result").with_all(facts(call, call.user()?))])
}

pub(super) fn server_timestamp(call: &Call) -> Vec<Element> {
    let now = datetime_text(call.state.org.now().timestamp_millis(), "Z");
    vec![Element::new("result").with(Element::leaf("timestamp", now))]
}

pub(super) fn set_password(call: &Call) -> Contents {
    let user = user_named(call)?;
    let password = call.arguments().text_of("password").unwrap_or_default();
    oauth::change_password(&call.state, &user, password)?;
    Ok(vec![Element::new("result")])
}

pub(super) fn reset_password(call: &Call) -> Contents {
    let user = user_named(call)?;
    let password = oauth::random_password();
    oauth::change_password(&call.state, &user, &password)?;
    Ok(vec![Element::new("result").with(Element::leaf("password", password))])
}

pub(super) fn change_own_password(call: &Call) -> Contents {
    let user = call.user()?.clone();
    let argument = |name: &str| call.arguments().text_of(name).unwrap_or_default();
    if !oauth::is_password_of(&call.state, &user, argument("oldPassword")) {
        return Err(SoapFault::new("INVALID_OLD_PASSWORD", "invalid old password"));
    }
    oauth::change_password(&call.state, &user, argument("newPassword"))?;
    Ok(vec![Element::new("result")])
}

fn user_named(call: &Call) -> Result<User, SoapFault> {
    let asked = call.arguments().text_of("userId").unwrap_or_default().trim();
    let caller = call.user()?;
    let known = crate::model::ids::canonical(asked).and_then(|id| call.state.org.user(&id));
    match known {
        Some(user) if oauth::may_set_password(caller, &user) => Ok((*user).clone()),
        Some(_) => Err(SoapFault::new("INSUFFICIENT_ACCESS", "insufficient access rights on object id")),
        None => Err(SoapFault::new("INVALID_ID_FIELD", format!("invalid user id: {asked}"))),
    }
}

fn row_of(call: &Call, object: &str, id: &str) -> Option<Row> {
    let view = call.state.org.admin_view();
    view.object(object).and_then(|def| view.row(&def, id))
}

/// `GetUserInfoResult`, in the order of the WSDL.
fn facts(call: &Call, user: &User) -> Vec<Element> {
    let org = row_of(call, "Organization", call.state.org.id());
    let person = row_of(call, "User", &user.id);
    let of = |row: &Option<Row>, field: &str| {
        row.as_ref().map(|row| row.value_of(field).to_plain_text()).filter(|text| !text.is_empty())
    };
    let or = |text: Option<String>, default: &str| text.unwrap_or_else(|| default.to_owned());
    let leaf = |name: &str, text: &str| Element::leaf(name, text);
    let valid = call.state.oauth.policy().session_timeout_s;
    let person_accounts = call
        .state
        .org
        .admin_view()
        .object("Account")
        .is_some_and(|account| account.field("IsPersonAccount").is_some());
    vec![
        leaf("accessibilityMode", "false"),
        leaf("chatterExternal", "false"),
        leaf("currencySymbol", "$"),
        leaf("orgAttachmentFileSizeLimit", "5242880"),
        leaf("orgDefaultCurrencyIsoCode", "USD"),
        leaf("orgDefaultCurrencyLocale", "en_US"),
        leaf("orgDisallowHtmlAttachments", "false"),
        Element::leaf("orgHasPersonAccounts", person_accounts),
        leaf("organizationId", call.state.org.id()),
        leaf("organizationMultiCurrency", "false"),
        leaf("organizationName", &or(of(&org, "Name"), "Simulated Org")),
        leaf("profileId", &of(&person, "ProfileId").unwrap_or_default()),
        leaf_or_nil("roleId", of(&person, "UserRoleId").as_deref()),
        Element::leaf("sessionSecondsValid", valid),
        super::nil("userDefaultCurrencyIsoCode"),
        leaf("userEmail", &user.email),
        leaf("userFullName", &user.name()),
        leaf("userId", &user.id),
        leaf("userLanguage", &or(of(&person, "LanguageLocaleKey"), "en_US")),
        leaf("userLocale", &or(of(&person, "LocaleSidKey"), "en_US")),
        leaf("userName", &user.username),
        leaf("userTimeZone", &or(of(&person, "TimeZoneSidKey"), "GMT")),
        leaf("userType", &or(of(&person, "UserType"), "Standard")),
        leaf("userUiSkin", "Theme3"),
    ]
}
