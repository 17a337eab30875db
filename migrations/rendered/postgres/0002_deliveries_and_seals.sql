-- Version 2 (deliveries_and_seals), checksum 1ee436b0b2883af33252ee9a38d07652246b0e0ac3ebaceff096fe1b5ab476ae

CREATE TABLE "_outbox" ("id" varchar(36) COLLATE "C" NOT NULL, "change_id" varchar(36) COLLATE "C" NOT NULL, "schema_id" varchar(36) COLLATE "C" NOT NULL, "topic" varchar(32) COLLATE "C" NOT NULL, "payload" text NOT NULL, "ready_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("id"));

CREATE INDEX "_outbox_ready" ON "_outbox" ("topic", "ready_at");

ALTER TABLE "_changes" ADD COLUMN "purpose" varchar(16) COLLATE "C" NULL;

ALTER TABLE "_changes" ADD COLUMN "reverts" varchar(36) COLLATE "C" NULL;

CREATE INDEX "_changes_opened" ON "_changes" ("opened_at", "id");

CREATE INDEX "_changes_user" ON "_changes" ("user_id", "opened_at");

ALTER TABLE "_audit_rows" ADD COLUMN "mac" varchar(96) COLLATE "C" NULL;

ALTER TABLE "_audit_events" ADD COLUMN "mac" varchar(96) COLLATE "C" NULL;

ALTER TABLE "_changes" ADD COLUMN "mac" varchar(96) COLLATE "C" NULL;

ALTER TABLE "_changes" ADD COLUMN "audited" bigint NULL;

ALTER TABLE "_changes" ADD COLUMN "seal" bigint NULL;

ALTER TABLE "_audit_events" ADD COLUMN "seal" bigint NULL;

CREATE INDEX "_changes_seal" ON "_changes" ("seal");

CREATE INDEX "_audit_events_seal" ON "_audit_events" ("seal");

CREATE TABLE "_audit_seals" ("seq" bigint NOT NULL, "sealed_at" timestamp(6) with time zone NOT NULL, "previous" varchar(96) COLLATE "C" NOT NULL, "hash" varchar(96) COLLATE "C" NOT NULL, "contents" text NOT NULL, "retired_at" timestamp(6) with time zone NULL, PRIMARY KEY ("seq"));

ALTER TABLE "_api_tokens" ADD COLUMN "schemas" text NULL;
