-- Version 2 (deliveries_and_seals), checksum 1ee436b0b2883af33252ee9a38d07652246b0e0ac3ebaceff096fe1b5ab476ae

CREATE TABLE "_outbox" ("id" VARCHAR(36) CHECK (typeof("id") = 'text' AND length("id") <= 36 AND length(CAST("id" AS BLOB)) <= 144) NOT NULL, "change_id" VARCHAR(36) CHECK (typeof("change_id") = 'text' AND length("change_id") <= 36 AND length(CAST("change_id" AS BLOB)) <= 144) NOT NULL, "schema_id" VARCHAR(36) CHECK (typeof("schema_id") = 'text' AND length("schema_id") <= 36 AND length(CAST("schema_id" AS BLOB)) <= 144) NOT NULL, "topic" VARCHAR(32) CHECK (typeof("topic") = 'text' AND length("topic") <= 32 AND length(CAST("topic" AS BLOB)) <= 128) NOT NULL, "payload" TEXT CHECK (typeof("payload") = 'text') NOT NULL, "ready_at" TIMESTAMP_UTC(6) CHECK (typeof("ready_at") = 'text' AND datetime(substr("ready_at", 1, 19)) IS substr("ready_at", 1, 19) AND (length("ready_at") = 19 OR length("ready_at") <= 26 AND substr("ready_at", 20) GLOB '.*[1-9]' AND trim(substr("ready_at", 21), '0123456789') = '')) NOT NULL, PRIMARY KEY ("id"));

CREATE INDEX "_outbox_ready" ON "_outbox" ("topic", "ready_at");

ALTER TABLE "_changes" ADD COLUMN "purpose" VARCHAR(16) CHECK (typeof("purpose") IN ('text', 'null') AND length("purpose") <= 16 AND length(CAST("purpose" AS BLOB)) <= 64) NULL;

ALTER TABLE "_changes" ADD COLUMN "reverts" VARCHAR(36) CHECK (typeof("reverts") IN ('text', 'null') AND length("reverts") <= 36 AND length(CAST("reverts" AS BLOB)) <= 144) NULL;

CREATE INDEX "_changes_opened" ON "_changes" ("opened_at", "id");

CREATE INDEX "_changes_user" ON "_changes" ("user_id", "opened_at");

ALTER TABLE "_audit_rows" ADD COLUMN "mac" VARCHAR(96) CHECK (typeof("mac") IN ('text', 'null') AND length("mac") <= 96 AND length(CAST("mac" AS BLOB)) <= 384) NULL;

ALTER TABLE "_audit_events" ADD COLUMN "mac" VARCHAR(96) CHECK (typeof("mac") IN ('text', 'null') AND length("mac") <= 96 AND length(CAST("mac" AS BLOB)) <= 384) NULL;

ALTER TABLE "_changes" ADD COLUMN "mac" VARCHAR(96) CHECK (typeof("mac") IN ('text', 'null') AND length("mac") <= 96 AND length(CAST("mac" AS BLOB)) <= 384) NULL;

ALTER TABLE "_changes" ADD COLUMN "audited" BIGINT CHECK (typeof("audited") IN ('integer', 'null')) NULL;

ALTER TABLE "_changes" ADD COLUMN "seal" BIGINT CHECK (typeof("seal") IN ('integer', 'null')) NULL;

ALTER TABLE "_audit_events" ADD COLUMN "seal" BIGINT CHECK (typeof("seal") IN ('integer', 'null')) NULL;

CREATE INDEX "_changes_seal" ON "_changes" ("seal");

CREATE INDEX "_audit_events_seal" ON "_audit_events" ("seal");

CREATE TABLE "_audit_seals" ("seq" BIGINT CHECK (typeof("seq") = 'integer') NOT NULL, "sealed_at" TIMESTAMP_UTC(6) CHECK (typeof("sealed_at") = 'text' AND datetime(substr("sealed_at", 1, 19)) IS substr("sealed_at", 1, 19) AND (length("sealed_at") = 19 OR length("sealed_at") <= 26 AND substr("sealed_at", 20) GLOB '.*[1-9]' AND trim(substr("sealed_at", 21), '0123456789') = '')) NOT NULL, "previous" VARCHAR(96) CHECK (typeof("previous") = 'text' AND length("previous") <= 96 AND length(CAST("previous" AS BLOB)) <= 384) NOT NULL, "hash" VARCHAR(96) CHECK (typeof("hash") = 'text' AND length("hash") <= 96 AND length(CAST("hash" AS BLOB)) <= 384) NOT NULL, "contents" TEXT CHECK (typeof("contents") = 'text') NOT NULL, "retired_at" TIMESTAMP_UTC(6) CHECK (typeof("retired_at") IN ('text', 'null') AND datetime(substr("retired_at", 1, 19)) IS substr("retired_at", 1, 19) AND (length("retired_at") = 19 OR length("retired_at") <= 26 AND substr("retired_at", 20) GLOB '.*[1-9]' AND trim(substr("retired_at", 21), '0123456789') = '')) NULL, PRIMARY KEY ("seq"));

ALTER TABLE "_api_tokens" ADD COLUMN "schemas" TEXT CHECK (typeof("schemas") IN ('text', 'null')) NULL;
