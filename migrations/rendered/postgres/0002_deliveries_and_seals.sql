-- Version 2 (deliveries_and_seals), checksum 2854bbe486cc747d7db4c75aacd9d2a549857205f07aea301bd26ed73cfe206b

CREATE TABLE "_outbox" ("id" varchar(36) COLLATE "C" NOT NULL, "change_id" varchar(36) COLLATE "C" NOT NULL, "schema_id" varchar(36) COLLATE "C" NOT NULL, "topic" varchar(32) COLLATE "C" NOT NULL, "state" varchar(16) COLLATE "C" NOT NULL, "payload" text NOT NULL, "created_at" timestamp(6) with time zone NOT NULL, "ready_at" timestamp(6) with time zone NULL, PRIMARY KEY ("id"));

CREATE INDEX "_outbox_change" ON "_outbox" ("change_id");

CREATE INDEX "_outbox_state" ON "_outbox" ("state", "ready_at");

ALTER TABLE "_changes" ADD COLUMN "purpose" varchar(16) COLLATE "C" NULL;

ALTER TABLE "_changes" ADD COLUMN "reverts" varchar(36) COLLATE "C" NULL;

ALTER TABLE "_audit_rows" ADD COLUMN "mac" varchar(64) COLLATE "C" NULL;

ALTER TABLE "_audit_events" ADD COLUMN "mac" varchar(64) COLLATE "C" NULL;

ALTER TABLE "_changes" ADD COLUMN "seal" bigint NULL;

ALTER TABLE "_audit_events" ADD COLUMN "seal" bigint NULL;

CREATE INDEX "_changes_seal" ON "_changes" ("seal");

CREATE INDEX "_audit_events_seal" ON "_audit_events" ("seal");

CREATE TABLE "_audit_seals" ("seq" bigint NOT NULL, "sealed_at" timestamp(6) with time zone NOT NULL, "previous" varchar(64) COLLATE "C" NOT NULL, "hash" varchar(64) COLLATE "C" NOT NULL, "contents" text NOT NULL, PRIMARY KEY ("seq"));
