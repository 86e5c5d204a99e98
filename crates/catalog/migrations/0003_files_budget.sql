-- The percentage of the org's daily API calls that file bodies may use; the column beside it bounds all calls.
ALTER TABLE orgs ADD COLUMN files_budget_percent BIGINT NOT NULL DEFAULT 40;
