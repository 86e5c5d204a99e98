-- What somebody asked for by name stays in the queue's table for a while after it ended, with what came of it.
ALTER TABLE work_items ADD COLUMN org_id TEXT REFERENCES orgs (id) ON DELETE CASCADE;
ALTER TABLE work_items ADD COLUMN asked_by TEXT;
ALTER TABLE work_items ADD COLUMN started_at BIGINT;
ALTER TABLE work_items ADD COLUMN progress TEXT;
ALTER TABLE work_items ADD COLUMN ended_at BIGINT;
ALTER TABLE work_items ADD COLUMN outcome TEXT;
CREATE INDEX work_items_asked ON work_items (org_id, id);
