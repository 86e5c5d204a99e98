-- What the lake holds of an Object, as its table last said: an erasure takes from it, which no sum over runs can tell.
ALTER TABLE objects ADD COLUMN versions BIGINT NOT NULL DEFAULT 0;
ALTER TABLE objects ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
UPDATE objects SET
    versions = (SELECT CAST(COALESCE(SUM(new_versions + changed_versions + deleted_versions + undeleted_versions), 0) AS BIGINT)
                FROM blocks WHERE blocks.org_id = objects.org_id AND blocks.object = objects.name),
    bytes = (SELECT CAST(COALESCE(SUM(blocks.bytes), 0) AS BIGINT)
             FROM blocks WHERE blocks.org_id = objects.org_id AND blocks.object = objects.name);

-- Fields that were captured and are no longer visible; their names with a blank between them.
ALTER TABLE objects ADD COLUMN gone_fields TEXT;

-- The same of file bodies.
ALTER TABLE orgs ADD COLUMN files_held BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orgs ADD COLUMN file_bytes_held BIGINT NOT NULL DEFAULT 0;
UPDATE orgs SET
    files_held = (SELECT CAST(COALESCE(SUM(files_stored), 0) AS BIGINT) FROM runs WHERE runs.org_id = orgs.id),
    file_bytes_held = (SELECT CAST(COALESCE(SUM(files_bytes), 0) AS BIGINT) FROM runs WHERE runs.org_id = orgs.id);

-- Every API call that Holdfast made, by quarters of an hour: also those of rounds that left no run.
CREATE TABLE api_calls (
    org_id   TEXT   NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    began_at BIGINT NOT NULL,
    calls    BIGINT NOT NULL,
    PRIMARY KEY (org_id, began_at)
);
INSERT INTO api_calls (org_id, began_at, calls)
    SELECT org_id, started_at / 900000000 * 900000000, CAST(SUM(api_calls) AS BIGINT) FROM runs
    GROUP BY org_id, started_at / 900000000 * 900000000;
