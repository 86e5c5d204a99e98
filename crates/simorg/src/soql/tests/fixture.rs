//! The fixed org of the statement tests: its clock stands at 2026-03-11 10:00 UTC, a Wednesday, and moves a minute per record.

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value as Json, json};

use crate::SimOrg;
use crate::model::Value;
use crate::state::table::StoredRow;
use crate::state::{Org, Scan, View};

pub(super) struct Fixture {
    pub org: Arc<Org>,
    pub view: View,
    /// As a user without View All Data sees it.
    pub own_view: View,
    names: Vec<(String, String)>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let org = SimOrg::new().bare().build().unwrap();
        org.clock().stop_at("2026-03-11T10:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let view = org.admin_view();
        let admin = view.user().id.clone();
        let own_view = view.clone();
        let mut fixture = Self { org, view, own_view, names: vec![("ADMIN".to_owned(), admin)] };
        fixture.accounts();
        fixture.people();
        fixture.projects();
        let gone = fixture.id("A5");
        fixture.org.write(&fixture.org.admin(), |transaction| transaction.delete(&gone)).unwrap();
        fixture.cases();
        fixture.leads();
        fixture.readings();
        fixture.view = fixture.org.admin_view();
        let own = fixture.org.user_by_name("standard@simorg.example").unwrap();
        fixture.own_view = fixture.org.view(&own);
        fixture
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.org.now().date_naive()
    }

    /// The statement with ids for names.
    pub(super) fn named(&self, statement: &str) -> String {
        self.names.iter().fold(statement.to_owned(), |text, (name, id)| {
            text.replace(&format!("{{{name}}}"), id).replace(&format!("{{{name}:15}}"), &id[..15])
        })
    }

    /// The answer with names for ids.
    pub(super) fn unnamed(&self, answer: &str) -> String {
        self.names.iter().fold(answer.to_owned(), |text, (name, id)| text.replace(id, &format!("{{{name}}}")))
    }

    fn id(&self, name: &str) -> String {
        self.names.iter().find(|(held, _)| held == name).map(|(_, id)| id.clone()).unwrap()
    }

    fn add(&mut self, name: &str, object: &str, record: &Json) {
        let admin = self.org.admin();
        let fields = record.as_object().unwrap();
        let id = self.org.write(&admin, |transaction| transaction.insert(object, fields)).unwrap();
        self.names.push((name.to_owned(), id));
        self.org.clock().advance(Duration::minutes(1));
    }

    fn accounts(&mut self) {
        self.add("A1", "Account", &json!({"Name": "Acme", "Industry": "Technology", "AnnualRevenue": 14_412_092.8, "NumberOfEmployees": 50, "BillingCity": "Paris", "BillingLatitude": 48.8566, "BillingLongitude": 2.3522, "Description": "long text"}));
        let parent = self.id("A1");
        self.add("A2", "Account", &json!({"Name": "Beta & Söhne", "Industry": "Banking", "AnnualRevenue": 100, "NumberOfEmployees": 5, "BillingCity": "Köln", "BillingLatitude": 50.9375, "BillingLongitude": 6.9603, "ParentId": parent}));
        self.add("A3", "Account", &json!({"Name": "acme east", "ParentId": parent}));
        self.add("A4", "Account", &json!({"Name": "O'Brien 100%", "Industry": "Technology", "NumberOfEmployees": 7, "BillingCity": "paris"}));
        self.add("A5", "Account", &json!({"Name": "Gone", "Industry": "Banking"}));
    }

    fn people(&mut self) {
        let (acme, beta) = (self.id("A1"), self.id("A2"));
        self.add(
            "C1",
            "Contact",
            &json!({"FirstName": "Ann", "LastName": "Lee", "AccountId": acme, "Email": "ann@acme.example"}),
        );
        let ann = self.id("C1");
        self.add(
            "C2",
            "Contact",
            &json!({"FirstName": "Bob", "LastName": "Zed", "AccountId": acme, "ReportsToId": ann}),
        );
        self.add("C3", "Contact", &json!({"LastName": "Cy"}));
        self.add("C4", "Contact", &json!({"LastName": "Dee", "AccountId": beta}));
        self.add("O1", "Opportunity", &json!({"Name": "First", "AccountId": acme, "StageName": "Prospecting", "CloseDate": "2026-01-15", "Amount": 1000.5}));
        self.add("O2", "Opportunity", &json!({"Name": "Second", "AccountId": acme, "StageName": "Closed Won", "CloseDate": "2026-03-11", "Amount": 2500}));
        self.add("O3", "Opportunity", &json!({"Name": "Third", "AccountId": beta, "StageName": "Prospecting", "CloseDate": "2025-12-31"}));
        self.add("T1", "Task", &json!({"Subject": "Call", "Status": "Not Started", "Priority": "Normal", "WhatId": acme, "WhoId": ann}));
        let first = self.id("O1");
        self.add(
            "T2",
            "Task",
            &json!({"Subject": "Mail", "Status": "Not Started", "Priority": "High", "WhatId": first}),
        );
    }

    fn projects(&mut self) {
        let acme = self.id("A1");
        self.add("P1", "Project__c", &json!({"Name": "Apollo", "Account__c": acme, "Skills__c": "Rust;SQL", "Daily_Call__c": "10:30:00.000Z", "Is_Billable__c": true, "Budget__c": 20_000, "Serial__c": 123_456_789_012_345_678_i64, "Strict_Id__c": "aB", "External_Id__c": "X1", "Kick_Off__c": "2026-02-03T04:05:06.000Z", "Start__c": "2026-02-03", "Place__Latitude__s": 37.775, "Place__Longitude__s": -122.418}));
        self.add("P2", "Project__c", &json!({"Name": "Borealis", "Skills__c": "Java", "Budget__c": 10.25, "Serial__c": 123_456_789_012_345_679_i64, "Strict_Id__c": "AB", "Start__c": "2026-03-08"}));
    }

    fn cases(&mut self) {
        let (acme, ann, apollo) = (self.id("A1"), self.id("C1"), self.id("P1"));
        let queue = self.only("Group");
        self.names.push(("QUEUE".to_owned(), queue.clone()));
        self.add("K1", "Case", &json!({"Subject": "Printer broken", "Status": "New", "Origin": "Phone", "Priority": "High", "AccountId": acme, "ContactId": ann, "OwnerId": queue}));
        self.add("K2", "Case", &json!({"Subject": "Printer slow", "Status": "Closed", "Origin": "Email", "Priority": "Low", "AccountId": acme}));
        let parent = self.id("K1");
        self.add("K3", "Case", &json!({"Subject": "No paper", "Status": "New", "Origin": "Email", "Priority": "Low", "ParentId": parent}));
        self.add("E1", "Event", &json!({"Subject": "Trip", "StartDateTime": "2026-03-10T08:30:00.000Z", "DurationInMinutes": 60, "ShowAs": "OutOfOffice", "WhoId": ann}));
        self.add("I1", "Invoice__c", &json!({"Project__c": apollo, "Net__c": 100.5, "Due__c": "2026-04-01"}));
        self.add(
            "I2",
            "Invoice__c",
            &json!({"Project__c": apollo, "Net__c": 200, "Due__c": "2026-03-15", "Is_Paid__c": true}),
        );
    }

    fn leads(&mut self) {
        for (name, lead) in [
            (
                "L1",
                json!({"LastName": "Able", "Company": "One", "LeadSource": "Web", "Rating": "Hot", "AnnualRevenue": 100}),
            ),
            (
                "L2",
                json!({"LastName": "Baker", "Company": "Two", "LeadSource": "Web", "Rating": "Cold", "AnnualRevenue": 50}),
            ),
            ("L3", json!({"LastName": "Char", "Company": "Three", "LeadSource": "Web", "Rating": "Hot"})),
            (
                "L4",
                json!({"LastName": "Dog", "Company": "Four", "LeadSource": "Other", "Rating": "Cold", "AnnualRevenue": 25}),
            ),
            ("L5", json!({"LastName": "Easy", "Company": "Five", "Rating": "Hot", "AnnualRevenue": 10})),
        ] {
            self.add(name, "Lead", &lead);
        }
    }

    /// Rows of a big object, which no transaction writes.
    fn readings(&self) {
        let mut snapshot = (*self.org.snapshot()).clone();
        let table = snapshot.table_mut("Reading__b").unwrap();
        let def = table.def.clone();
        for (device, day, digits) in [("D1", 1, "1.5"), ("D1", 2, "2.5"), ("D2", 1, "3")] {
            let taken =
                NaiveDate::from_ymd_opt(2026, 1, day).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
            let mut row = StoredRow::default();
            for (name, value) in [
                ("Device__c", Value::text(device)),
                ("Taken__c", Value::DateTime(taken.timestamp_millis())),
                ("Value__c", Value::Number(digits.to_owned())),
            ] {
                row.set(def.field(name).unwrap().slot, &value);
            }
            let counter = table.reserve();
            table.put(counter, row);
        }
        self.org.publish(Arc::new(snapshot));
    }

    /// The id of the only row of an object.
    fn only(&self, object: &str) -> String {
        let view = self.org.admin_view();
        let def = view.object(object).unwrap();
        let mut ids = Vec::new();
        view.scan(&def, Scan::default(), &mut |row| {
            ids.push(row.id().to_owned());
            ControlFlow::Continue(())
        });
        assert_eq!(ids.len(), 1);
        ids.remove(0)
    }
}
