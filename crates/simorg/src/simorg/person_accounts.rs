//! What the feature of person accounts adds to an org: fields of Account and Contact, and a record type.

use std::sync::Arc;

use crate::errors::ApiError;
use crate::model::{FieldDef, Value};
use crate::schema::notation;
use crate::state::Org;

/// The fields of a person on its account ("Person Accounts", as a real org with the feature describes them).
const ACCOUNT: &str = "LastName:string(80); FirstName:string(40); Salutation:picklist(40) {Mr.,Ms.,Mrs.,Dr.,Prof.,Mx.}; \
    PersonContactId > Contact r; IsPersonAccount:boolean r; Addr(PersonMailing); Addr(PersonOther); \
    PersonMobilePhone:phone(40); PersonHomePhone:phone(40); PersonOtherPhone:phone(40); PersonAssistantPhone:phone(40); \
    PersonEmail:email(80); PersonTitle:string(80); PersonDepartment:string(80); PersonAssistantName:string(40); \
    PersonLeadSource:picklist(255) {Web,Phone Inquiry,Partner Referral,Purchased List,Other}; PersonBirthdate:date; \
    PersonHasOptedOutOfEmail:boolean; PersonHasOptedOutOfFax:boolean; PersonDoNotCall:boolean; \
    PersonLastCURequestDate:datetime r; PersonLastCUUpdateDate:datetime r; PersonEmailBouncedReason:string(255); \
    PersonEmailBouncedDate:datetime; PersonIndividualId > Individual; PersonPronouns:picklist(255) {He/Him,She/Her,They/Them}; \
    PersonGenderIdentity:picklist(255) {Male,Female,Nonbinary,Not Listed}";

/// Its mark on the contact.
const CONTACT: &str = "IsPersonAccount:boolean r";

/// Turns the feature on.
pub(super) fn add(org: &Arc<Org>) -> Result<(), ApiError> {
    for (object, text) in [("Account", ACCOUNT), ("Contact", CONTACT)] {
        org.add_fields(object, fields(text))?;
    }
    org.write(&org.admin(), |transaction| {
        let values = vec![
            ("Name", Value::text("Person Account")),
            ("DeveloperName", Value::text("PersonAccount")),
            ("SobjectType", Value::text("Account")),
            ("IsActive", Value::Bool(true)),
            ("IsPersonType", Value::Bool(true)),
        ];
        transaction.system_row("RecordType", values).map(|_| ())
    })
}

fn fields(text: &str) -> Vec<FieldDef> {
    notation::fields(text).expect("a test makes an org with person accounts")
}
