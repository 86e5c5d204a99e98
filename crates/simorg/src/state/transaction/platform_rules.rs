//! Rules that the platform itself lays on some standard objects, whatever the org's set-up.
//!
//! Each is told on the page of its object in the Object Reference.

use crate::errors::ApiError;
use crate::model::{Value, ids};
use crate::state::lookup;
use crate::state::row::Row;

use super::draft::Draft;
use super::{Transaction, derived};

/// Objects whose audit fields may be set on insert ("Set Audit Fields upon Record Creation", Salesforce Help).
pub(crate) const AUDITABLE: [&str; 11] = [
    "Account",
    "Attachment",
    "CampaignMember",
    "Case",
    "CaseComment",
    "Contact",
    "ContentVersion",
    "Event",
    "Lead",
    "Opportunity",
    "Task",
];

/// The fields that tell who made and changed a row, and when.
pub(crate) const AUDIT_FIELDS: [&str; 4] =
    ["CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"];

impl Transaction<'_> {
    pub(super) fn check_platform_rules(&self, draft: &mut Draft<'_>) -> Result<(), ApiError> {
        self.check_audit_fields(draft)?;
        date_conversion(draft, self.stamp_ms);
        match draft.def.name.as_str() {
            "Contract" => starts_as_draft(draft, "FAILED_ACTIVATION", CONTRACT_STATUS),
            "Order" => starts_as_draft(draft, "FAILED_ACTIVATION", ORDER_STATUS),
            "Pricebook2" => standard_book(draft),
            "PricebookEntry" => self.standard_price_first(draft),
            "OpportunityLineItem" => self.line_item(draft),
            "Asset" => needs_one(
                draft,
                ["AccountId", "ContactId"],
                "Every asset needs an account, a contact, or both.",
            ),
            "CampaignMember" => self.campaign_member(draft),
            "CaseComment" => self.case_comment(draft),
            "EmailMessage" => email_message(draft),
            "AccountContactRelation" => self.one_of_a_kind(draft, ["AccountId", "ContactId"]),
            "ContentDocumentLink" => self.file_link(draft),
            "ContentVersion" => self.file_version(draft),
            "Opportunity" => self.opportunity(draft),
            "Event" => derived::event::complete(draft),
            "User" => self.user(draft),
            _ => Ok(()),
        }
    }

    fn check_audit_fields(&self, draft: &Draft<'_>) -> Result<(), ApiError> {
        let given: Vec<&str> = AUDIT_FIELDS.into_iter().filter(|name| draft.given(name).is_some()).collect();
        if given.is_empty() {
            return Ok(());
        }
        if !self.org.rules().allows_audit_fields() {
            let message = format!(
                "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.",
                given.join(", ")
            );
            return Err(ApiError::record("INVALID_FIELD_FOR_INSERT_UPDATE", message, given));
        }
        let at = |name: &str| draft.given(name).and_then(Value::as_ms);
        let (created, modified) = (at("CreatedDate"), at("LastModifiedDate"));
        let in_future = [created, modified].into_iter().flatten().any(|ms| ms > self.stamp_ms);
        let turned = matches!((created, modified), (Some(created), Some(modified)) if created > modified);
        if in_future || turned {
            let message =
                "Created Date must not be after Last Modified Date, and neither may lie in the future";
            return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, given));
        }
        Ok(())
    }

    /// A price in any other book needs one in the standard book.
    fn standard_price_first(&self, draft: &Draft<'_>) -> Result<(), ApiError> {
        if !draft.is_new() {
            return Ok(());
        }
        self.one_of_a_kind(draft, ["Pricebook2Id", "Product2Id"])?;
        let (Value::Id(book), Value::Id(product)) = (draft.value("Pricebook2Id"), draft.value("Product2Id"))
        else {
            return Ok(());
        };
        let is_standard =
            |id: &str| self.found(id).is_some_and(|book| book.value_of("IsStandard") == Value::Bool(true));
        if is_standard(&book) {
            return Ok(());
        }
        let priced =
            self.referrers("PricebookEntry", "Product2Id", &product).into_iter().any(|(def, counter)| {
                let entry = self.found(&ids::record_id(&def.id_prefix, counter));
                entry.is_some_and(|entry| entry.value_of("Pricebook2Id").as_str().is_some_and(is_standard))
            });
        if priced {
            return Ok(());
        }
        let message = "Before creating a custom price, create a standard price.";
        Err(ApiError::record("STANDARD_PRICE_NOT_DEFINED", message, Vec::<String>::new()))
    }

    /// Either price is given, not both, and the entry is of the opportunity's own book.
    fn line_item(&self, draft: &Draft<'_>) -> Result<(), ApiError> {
        let gives = |name: &str| draft.given(name).is_some_and(|value| !value.is_null());
        if gives("UnitPrice") && gives("TotalPrice") {
            let message = "Specify either UnitPrice or TotalPrice, not both";
            return Err(ApiError::record(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                message,
                ["UnitPrice", "TotalPrice"],
            ));
        }
        let target = |name: &str| draft.value(name).as_str().and_then(|id| self.found(id));
        let (Some(deal), Some(entry)) = (target("OpportunityId"), target("PricebookEntryId")) else {
            return Ok(());
        };
        let (own, book) = (deal.value_of("Pricebook2Id"), entry.value_of("Pricebook2Id"));
        if !draft.is_new() || own.is_null() || own == book {
            return Ok(());
        }
        let message = "The pricebook entry is not in the pricebook of the opportunity";
        Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, ["PricebookEntryId"]))
    }

    /// One member for each person, with a status that the campaign knows, or else its default.
    fn campaign_member(&self, draft: &mut Draft<'_>) -> Result<(), ApiError> {
        if draft.is_new() {
            needs_one(draft, ["ContactId", "LeadId"], "A campaign member needs a lead or a contact")?;
            for person in ["ContactId", "LeadId"] {
                if self.one_of_a_kind(draft, ["CampaignId", person]).is_err() {
                    let message = "Already a campaign member.";
                    return Err(ApiError::record("DUPLICATE_VALUE", message, Vec::<String>::new()));
                }
            }
        }
        let Value::Id(campaign) = draft.value("CampaignId") else { return Ok(()) };
        let statuses: Vec<(String, bool)> = self
            .referrers("CampaignMemberStatus", "CampaignId", &campaign)
            .into_iter()
            .filter_map(|(def, counter)| self.found(&ids::record_id(&def.id_prefix, counter)))
            .map(|row| {
                (row.value_of("Label").to_plain_text(), row.value_of("IsDefault") == Value::Bool(true))
            })
            .collect();
        let given = draft.value("Status").to_plain_text();
        if !statuses.is_empty()
            && !statuses.iter().any(|(label, _)| *label == given)
            && let Some((label, _)) = statuses.iter().find(|(_, default)| *default).or(statuses.first())
            && let Some(field) = draft.def.field("Status").cloned()
        {
            draft.set(&field, Value::text(label));
        }
        Ok(())
    }

    fn case_comment(&self, draft: &Draft<'_>) -> Result<(), ApiError> {
        let own = &self.user.permissions;
        let may = own.modify_all_data || own.holds("EditCaseComments");
        if draft.is_new() || !draft.changes("CommentBody") || may {
            Ok(())
        } else {
            Err(super::guard::insufficient())
        }
    }

    /// While it has products, an opportunity's amount is their sum, and its book stays.
    fn opportunity(&self, draft: &mut Draft<'_>) -> Result<(), ApiError> {
        let Some(row) = draft.row else { return Ok(()) };
        if self.referrers("OpportunityLineItem", "OpportunityId", row.id()).is_empty() {
            return Ok(());
        }
        if draft.changes("Pricebook2Id") && !row.value_of("Pricebook2Id").is_null() {
            let message = "Cannot change the price book of an opportunity that has products";
            return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, ["Pricebook2Id"]));
        }
        if let Some(slot) = draft.def.field("Amount").map(|field| field.slot) {
            draft.values.retain(|(given, _)| *given != slot);
        }
        Ok(())
    }

    /// A username is taken once in all of Salesforce, a nickname once in an org.
    ///
    /// Who does not manage users changes no one but themselves, and not what decides who they are.
    fn user(&self, draft: &Draft<'_>) -> Result<(), ApiError> {
        const DECISIVE: [&str; 4] = ["Username", "ProfileId", "UserRoleId", "IsActive"];
        let own = &self.user.permissions;
        let is_own = draft.row.is_some_and(|row| row.id() == self.user.id);
        if !(own.modify_all_data || own.holds("ManageUsers"))
            && (!is_own || DECISIVE.iter().any(|name| draft.changes(name)))
        {
            return Err(super::guard::insufficient());
        }
        for (name, code, message) in [
            ("Username", "DUPLICATE_USERNAME", TAKEN_USERNAME),
            ("CommunityNickname", "DUPLICATE_COMM_NICKNAME", TAKEN_NICKNAME),
        ] {
            let (Some(field), Some(value)) = (draft.def.field(name), draft.given(name)) else { continue };
            let own = draft.row.map(Row::id);
            let holders = lookup::rows_with(&self.work, draft.def, field, value);
            if !value.is_null() && holders.iter().any(|row| own != Some(row.id())) {
                return Err(ApiError::record(code, message, [name]));
            }
        }
        Ok(())
    }

    /// No other live row holds the same pair of references.
    pub(super) fn one_of_a_kind(&self, draft: &Draft<'_>, names: [&str; 2]) -> Result<(), ApiError> {
        let (Value::Id(first), second) = (draft.value(names[0]), draft.value(names[1])) else {
            return Ok(());
        };
        if second.is_null() || !draft.is_new() {
            return Ok(());
        }
        for (def, counter) in self.referrers(&draft.def.name, names[0], &first) {
            let other = self.found(&ids::record_id(&def.id_prefix, counter));
            if other.is_some_and(|other| other.value_of(names[1]) == second) {
                let message =
                    "duplicate value found: <unknown> duplicates value on record with id: <unknown>";
                return Err(ApiError::record("DUPLICATE_VALUE", message, Vec::<String>::new()));
            }
        }
        Ok(())
    }
}

const TAKEN_USERNAME: &str = "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be unique across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the user's email address). ";
const TAKEN_NICKNAME: &str =
    "Duplicate Nickname.<br>Another user has already selected this nickname.<br>Please select another.";
const CONTRACT_STATUS: &str =
    "Choose a valid contract status and save your changes. Ask your admin for details.";
const ORDER_STATUS: &str = "Choose a valid order status and save your changes. Ask your admin for details.";

/// A new one is a draft; activating it changes nothing else; what is active does not go back to draft.
fn starts_as_draft(draft: &Draft<'_>, code: &str, message: &str) -> Result<(), ApiError> {
    let status = draft.value("Status").to_plain_text();
    let refused = |message: &str| Err(ApiError::record(code, message, ["Status"]));
    let Some(row) = draft.row else {
        return if status.is_empty() || status == "Draft" { Ok(()) } else { refused(message) };
    };
    if !draft.changes("Status") {
        return Ok(());
    }
    let was_active = row.value_of("Status").to_plain_text() == "Activated";
    let allowed = ["Status", "ActivatedDate", "ActivatedById"];
    let alone = draft.values.iter().all(|(slot, value)| {
        let field = draft.def.fields.iter().find(|field| field.slot == *slot);
        field.is_none_or(|field| allowed.contains(&field.name.as_str()) || row.value(field) == *value)
    });
    if was_active || (status == "Activated" && !alone) {
        return refused(message);
    }
    Ok(())
}

fn standard_book(draft: &Draft<'_>) -> Result<(), ApiError> {
    if draft.given("IsStandard") == Some(&Value::Bool(true)) && draft.changes("IsStandard") {
        let message = "the standard price book exists already and cannot be made";
        return Err(ApiError::record("INVALID_FIELD_FOR_INSERT_UPDATE", message, ["IsStandard"]));
    }
    Ok(())
}

fn needs_one(draft: &Draft<'_>, names: [&str; 2], message: &str) -> Result<(), ApiError> {
    if names.iter().any(|name| !draft.value(name).is_null()) {
        return Ok(());
    }
    Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, [names[0]]))
}

/// Only drafts of e-mails can be changed, apart from a new one that is read.
fn email_message(draft: &Draft<'_>) -> Result<(), ApiError> {
    let Some(row) = draft.row else { return Ok(()) };
    let was = row.value_of("Status").to_plain_text();
    let reads = was == "0" && draft.value("Status").to_plain_text() == "1" && draft.values.len() == 1;
    if was == "5" || reads { Ok(()) } else { Err(super::guard::insufficient()) }
}

/// A lead may be imported as converted; then it was converted at once.
fn date_conversion(draft: &mut Draft<'_>, now_ms: i64) {
    if draft.def.name == "Lead"
        && draft.is_new()
        && draft.given("IsConverted") == Some(&Value::Bool(true))
        && let Some(field) = draft.def.field("ConvertedDate").cloned()
    {
        draft.set(&field, Value::Date(super::convert::day_of(now_ms)));
    }
}
