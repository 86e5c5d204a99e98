//! SOSL over HTTP: what each search finds, the shape of answers, and what is refused.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::caller::{Answer, Caller, read};

/// An org with known accounts, people and cases.
async fn fixture() -> Result<Caller> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let acme = caller
        .insert("Account", &json!({"Name": "Acme Corporation", "Industry": "Technology", "Phone": "030 555 17", "Description": "makes rockets"}))
        .await?;
    caller
        .insert("Account", &json!({"Name": "Beta Söhne", "Industry": "Banking", "Site": "acme street"}))
        .await?;
    caller.insert("Account", &json!({"Name": "Acmeville", "Industry": "Banking"})).await?;
    caller
        .insert(
            "Contact",
            &json!({"FirstName": "Ann", "LastName": "Lee", "AccountId": acme, "Email": "ann@acme.example"}),
        )
        .await?;
    caller.insert("Contact", &json!({"FirstName": "Bob", "LastName": "Rocket", "Phone": "555 99"})).await?;
    caller.insert("Lead", &json!({"LastName": "Lee", "Company": "Gamma"})).await?;
    let gone = caller.insert("Account", &json!({"Name": "Acme Gone"})).await?;
    read(caller.request(Method::DELETE, &format!("/sobjects/Account/{gone}"))).await?;
    Ok(caller)
}

async fn search(caller: &Caller, sosl: &str) -> Result<Answer> {
    read(caller.request(Method::GET, "/search").query(&[("q", sosl)])).await
}

/// `Account: Acme Corporation / Contact: Lee`: of each record its type and its fields but the attributes.
fn shown(answer: &Answer) -> Result<String> {
    if answer.status != 200 {
        let error = &answer.json()[0];
        return Ok(format!(
            "{} {}",
            error["errorCode"].as_str().unwrap_or(""),
            error["message"].as_str().unwrap_or("")
        ));
    }
    let body = answer.json();
    let records = body["searchRecords"].as_array().context("searchRecords")?;
    let one = |record: &Json| {
        let kind = record["attributes"]["type"].as_str().unwrap_or_default().to_owned();
        let fields = record.as_object().into_iter().flatten().skip(1);
        let values = fields.map(|(name, value)| match value {
            Json::String(_) if name == "Id" => "id".to_owned(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        });
        format!("{kind}: {}", values.collect::<Vec<_>>().join("|"))
    };
    Ok(records.iter().map(one).collect::<Vec<_>>().join(" / "))
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table of statements")]
async fn searches_find_records_by_their_words() -> Result<()> {
    let caller = fixture().await?;
    let cases = [
        ("FIND {acme} RETURNING Account(Name)", "Account: Acme Corporation / Account: Beta Söhne"),
        ("FIND {acme} IN NAME FIELDS RETURNING Account(Name)", "Account: Acme Corporation"),
        (
            "FIND {acme*} IN NAME FIELDS RETURNING Account(Name)",
            "Account: Acme Corporation / Account: Acmeville",
        ),
        ("find {ACME} in name fields returning account(name)", "Account: Acme Corporation"),
        ("FIND {acm?} IN NAME FIELDS RETURNING Account(Name)", "Account: Acme Corporation"),
        ("FIND {corporation acme} RETURNING Account(Name)", "Account: Acme Corporation"),
        ("FIND {\"corporation acme\"} RETURNING Account(Name)", ""),
        ("FIND {\"acme corporation\"} RETURNING Account(Name)", "Account: Acme Corporation"),
        ("FIND {acme AND rockets} RETURNING Account(Name)", "Account: Acme Corporation"),
        ("FIND {beta OR acmeville} RETURNING Account(Name)", "Account: Beta Söhne / Account: Acmeville"),
        ("FIND {acme AND NOT corporation} RETURNING Account(Name)", "Account: Beta Söhne"),
        ("FIND {(beta OR acme) AND corporation} RETURNING Account(Name)", "Account: Acme Corporation"),
        ("FIND {söhne} RETURNING Account(Name)", "Account: Beta Söhne"),
        (
            "FIND {555} IN PHONE FIELDS RETURNING Account(Name), Contact(LastName)",
            "Account: Acme Corporation / Contact: Rocket",
        ),
        (
            "FIND {ann@acme.example} IN EMAIL FIELDS RETURNING Contact(LastName, Email)",
            "Contact: Lee|ann@acme.example",
        ),
        ("FIND {lee} RETURNING Contact(Id), Lead(Id, Company)", "Contact: id / Lead: id|Gamma"),
        ("FIND {lee}", "Contact: id / Lead: id"),
        ("FIND {lee} RETURNING Contact, Lead", "Contact: id / Lead: id"),
        (
            "FIND {rocket*} RETURNING Account(Name), Contact(Name)",
            "Account: Acme Corporation / Contact: Bob Rocket",
        ),
        (
            "FIND {acme*} IN NAME FIELDS RETURNING Account(Name WHERE Industry = 'Banking')",
            "Account: Acmeville",
        ),
        (
            "FIND {acme*} RETURNING Account(Name ORDER BY Name DESC)",
            "Account: Beta Söhne / Account: Acmeville / Account: Acme Corporation",
        ),
        ("FIND {acme*} RETURNING Account(Name ORDER BY Name LIMIT 1)", "Account: Acme Corporation"),
        ("FIND {acme*} RETURNING Account(Name ORDER BY Name LIMIT 1 OFFSET 1)", "Account: Acmeville"),
        (
            "FIND {acme* OR lee} RETURNING Account(Name), Contact(LastName) LIMIT 2",
            "Account: Acme Corporation / Account: Beta Söhne",
        ),
        (
            "FIND {lee} RETURNING Contact(LastName, Account.Name)",
            "Contact: Lee|{\"attributes\":{\"type\":\"Account\"},\"Name\":\"Acme Corporation\"}",
        ),
        ("FIND {acme\\*} RETURNING Account(Name)", "Account: Acme Corporation / Account: Beta Söhne"),
        ("FIND {lee} WITH SPELL_CORRECTION = false", "Contact: id / Lead: id"),
        ("FIND {lee} RETURNING Lead(Company) WITH SPELL_CORRECTION = false LIMIT 1", "Lead: Gamma"),
        ("FIND {nobody} RETURNING Account", ""),
        ("FIND {a} RETURNING Account", "INVALID_SEARCH search term must be longer than one character: a"),
        ("FIND {*} RETURNING Account", "INVALID_SEARCH search term must be longer than one character: *"),
        (
            "FIND acme RETURNING Account",
            "MALFORMED_SEARCH No search term found. The search term must be enclosed in braces.",
        ),
        (
            "FIND {acme RETURNING Account",
            "MALFORMED_SEARCH No search term found. The search term must be enclosed in braces.",
        ),
        ("SELECT Id FROM Account", "MALFORMED_SEARCH unexpected token: 'SELECT'"),
        ("FIND {(acme} RETURNING Account", "MALFORMED_SEARCH unexpected token in search term: (acme"),
        ("FIND {acme} IN SOME FIELDS", "INVALID_SEARCH Invalid IN fields group: SOME"),
        ("FIND {acme} RETURNING Account(Name", "MALFORMED_SEARCH unexpected token: '<EOF>'"),
        (
            "FIND {acme} RETURNING UserRole",
            "INVALID_TYPE_FOR_OPERATION entity type UserRole does not support search",
        ),
        ("FIND {acme} LIMIT x", "MALFORMED_SEARCH unexpected token: 'x'"),
        (
            "FIND {acme} UPDATE VIEWSTAT",
            "MALFORMED_SEARCH Only KnowledgeArticle and KnowledgeArticleVersion support UPDATE VIEWSTAT.",
        ),
        ("FIND {acme} WITH HIGHLIGHT", "NOT_SIMULATED simorg does not simulate SOSL: WITH HIGHLIGHT"),
    ];
    let mut wrong = Vec::new();
    for (sosl, expected) in cases {
        let found = shown(&search(&caller, sosl).await?)?;
        // Urls of parents hold ids.
        let found = found.split(",\"url\"").enumerate().map(|(at, part)| {
            if at == 0 { part.to_owned() } else { part[part.find('}').unwrap_or(0)..].to_owned() }
        });
        let found = found.collect::<String>();
        if found != expected {
            wrong.push(format!("\n{sosl}\n    {expected}\n    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[tokio::test]
async fn refused_fields_and_objects_are_named_as_in_soql() -> Result<()> {
    let caller = fixture().await?;
    for (sosl, refusal) in [
        ("FIND {acme} RETURNING Account(Foo)", "400 INVALID_FIELD"),
        ("FIND {acme} RETURNING Nope(Id)", "400 INVALID_TYPE"),
        ("FIND {acme} RETURNING Account(Id WHERE Foo = 1)", "400 INVALID_FIELD"),
        ("FIND {acme} RETURNING Account(Id WHERE)", "400 MALFORMED_SEARCH"),
    ] {
        assert_eq!(search(&caller, sosl).await?.refusal(), refusal, "{sosl}");
    }
    assert_eq!(caller.get("/search").await?.refusal(), "400 MALFORMED_SEARCH");
    assert_eq!(caller.post("/search", &json!({})).await?.refusal(), "405 METHOD_NOT_ALLOWED");
    assert_eq!(caller.get("/search/scopeOrder").await?.status, 501);
    Ok(())
}

#[tokio::test]
async fn before_version_37_the_answer_was_a_bare_list() -> Result<()> {
    let caller = fixture().await?;
    let path = "/services/data/v36.0/search?q=FIND+%7Blee%7D+RETURNING+Lead(Company)";
    let list = caller.get(path).await?.json();
    assert_eq!(list[0]["Company"], "Gamma");
    assert!(
        list[0]["attributes"]["url"]
            .as_str()
            .context("a url")?
            .starts_with("/services/data/v36.0/sobjects/Lead/")
    );
    Ok(())
}

#[tokio::test]
async fn a_parameterized_search_answers_as_its_statement_would() -> Result<()> {
    let caller = fixture().await?;
    let by_get = read(caller.request(Method::GET, "/parameterizedSearch").query(&[
        ("q", "acme*"),
        ("in", "NAME"),
        ("sobject", "Account"),
        ("Account.fields", "Name,Industry"),
        ("Account.where", "Industry = 'Banking'"),
        ("Account.limit", "5"),
    ]))
    .await?;
    assert_eq!(shown(&by_get)?, "Account: Acmeville|Banking");

    let by_post = caller
        .post(
            "/parameterizedSearch",
            &json!({
                "q": "lee OR acme",
                "fields": ["Id"],
                "sobjects": [
                    {"name": "Contact", "fields": ["LastName"]},
                    {"name": "Account", "fields": ["Name"], "orderBy": "Name DESC", "limit": 1},
                    {"name": "Lead"},
                ],
                "in": "ALL",
                "overallLimit": 10,
                "defaultLimit": 5,
            }),
        )
        .await?;
    assert_eq!(shown(&by_post)?, "Contact: Lee / Account: Beta Söhne / Lead: id");

    assert_eq!(shown(&caller.get("/parameterizedSearch?q=lee").await?)?, "Contact: id / Lead: id");
    assert_eq!(caller.get("/parameterizedSearch").await?.refusal(), "400 MISSING_ARGUMENT");
    assert_eq!(
        caller.post("/parameterizedSearch", &json!({"q": "x"})).await?.refusal(),
        "400 INVALID_SEARCH"
    );
    assert_eq!(caller.post("/parameterizedSearch", &json!([])).await?.refusal(), "400 JSON_PARSER_ERROR");
    let unknown = caller.post("/parameterizedSearch", &json!({"q": "lee", "netWorkIds": ["a"]})).await?;
    assert_eq!(unknown.status, 501);
    Ok(())
}

#[tokio::test]
async fn a_search_shows_no_more_than_the_user_may_see() -> Result<()> {
    let caller = fixture().await?;
    let admin = caller.org.org().admin().id.clone();
    caller.org.org().set_permissions(&admin, |permissions| {
        permissions.hidden_fields.insert(("account".to_owned(), "site".to_owned()));
        permissions.hidden_objects.insert("lead".to_owned());
    });
    let found = search(&caller, "FIND {acme} RETURNING Account(Name)").await?;
    assert_eq!(shown(&found)?, "Account: Acme Corporation", "the hidden field is not searched");
    assert_eq!(shown(&search(&caller, "FIND {lee}").await?)?, "Contact: id");
    Ok(())
}
