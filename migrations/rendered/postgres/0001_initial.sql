-- Version 1 (initial), checksum 1eb32502a9937cdfc9a198f3c99a1303438908c821f1b8f0357cfb5bb18a67bb

CREATE TABLE "_users" ("id" varchar(36) COLLATE "C" NOT NULL, "username" varchar(255) NOT NULL, "username_key" varchar(255) COLLATE "C" NOT NULL, "display_name" varchar(255) NOT NULL, "email" varchar(320) NULL, "password_hash" varchar(255) COLLATE "C" NULL, "must_change_password" boolean DEFAULT FALSE NOT NULL, "active" boolean DEFAULT TRUE NOT NULL, "version" bigint NOT NULL, "created_at" timestamp(6) with time zone NOT NULL, "updated_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("id"));

CREATE UNIQUE INDEX "_users_username_key" ON "_users" ("username_key");

CREATE TABLE "_groups" ("id" varchar(36) COLLATE "C" NOT NULL, "name" varchar(255) NOT NULL, "name_key" varchar(255) COLLATE "C" NOT NULL, "builtin" boolean DEFAULT FALSE NOT NULL, "version" bigint NOT NULL, "created_at" timestamp(6) with time zone NOT NULL, "updated_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("id"));

CREATE UNIQUE INDEX "_groups_name_key" ON "_groups" ("name_key");

CREATE TABLE "_group_members" ("group_id" varchar(36) COLLATE "C" NOT NULL, "user_id" varchar(36) COLLATE "C" NOT NULL, PRIMARY KEY ("group_id", "user_id"));

CREATE INDEX "_group_members_user" ON "_group_members" ("user_id");

CREATE TABLE "_user_roles" ("user_id" varchar(36) COLLATE "C" NOT NULL, "role" varchar(32) COLLATE "C" NOT NULL, PRIMARY KEY ("user_id", "role"));

CREATE TABLE "_sessions" ("token_hash" varchar(64) COLLATE "C" NOT NULL, "id" varchar(36) COLLATE "C" NOT NULL, "user_id" varchar(36) COLLATE "C" NOT NULL, "method" varchar(32) COLLATE "C" NOT NULL, "client" varchar(32) COLLATE "C" NOT NULL, "created_at" timestamp(6) with time zone NOT NULL, "last_seen_at" timestamp(6) with time zone NOT NULL, "expires_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("token_hash"));

CREATE INDEX "_sessions_user" ON "_sessions" ("user_id");

CREATE INDEX "_sessions_expires" ON "_sessions" ("expires_at");

CREATE TABLE "_api_tokens" ("token_hash" varchar(64) COLLATE "C" NOT NULL, "id" varchar(36) COLLATE "C" NOT NULL, "user_id" varchar(36) COLLATE "C" NOT NULL, "name" varchar(255) NOT NULL, "scope" varchar(32) COLLATE "C" NOT NULL, "created_at" timestamp(6) with time zone NOT NULL, "last_used_at" timestamp(6) with time zone NULL, "expires_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("token_hash"));

CREATE INDEX "_api_tokens_user" ON "_api_tokens" ("user_id");

CREATE TABLE "_throttle" ("subject" varchar(128) COLLATE "C" NOT NULL, "failures" bigint NOT NULL, "last_failure_at" timestamp(6) with time zone NOT NULL, "blocked_until" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("subject"));

CREATE TABLE "_rls_entitlements" ("assignable_type" varchar(16) COLLATE "C" NOT NULL, "assignable_id" varchar(36) COLLATE "C" NOT NULL, "property" varchar(255) COLLATE "C" NOT NULL, "value" varchar(1000) COLLATE "C" NOT NULL);

CREATE INDEX "_rls_entitlements_assignable" ON "_rls_entitlements" ("assignable_type", "assignable_id");

CREATE TABLE "_connections" ("id" varchar(36) COLLATE "C" NOT NULL, "name" varchar(255) NOT NULL, "name_key" varchar(255) COLLATE "C" NOT NULL, "driver" varchar(64) COLLATE "C" NOT NULL, "options" text NOT NULL, "secrets" text NULL, "marker" boolean DEFAULT TRUE NOT NULL, "version" bigint NOT NULL, "created_at" timestamp(6) with time zone NOT NULL, "updated_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("id"));

CREATE UNIQUE INDEX "_connections_name_key" ON "_connections" ("name_key");

CREATE TABLE "_connection_groups" ("connection_id" varchar(36) COLLATE "C" NOT NULL, "group_id" varchar(36) COLLATE "C" NOT NULL, PRIMARY KEY ("connection_id", "group_id"));

CREATE TABLE "_schemas" ("id" varchar(36) COLLATE "C" NOT NULL, "label" varchar(255) NOT NULL, "label_key" varchar(255) COLLATE "C" NOT NULL, "module" varchar(32) COLLATE "C" NOT NULL, "connection_id" varchar(36) COLLATE "C" NOT NULL, "definition" text NOT NULL, "revision" bigint NOT NULL, "created_at" timestamp(6) with time zone NOT NULL, "updated_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("id"));

CREATE UNIQUE INDEX "_schemas_label_key" ON "_schemas" ("label_key");

CREATE INDEX "_schemas_connection" ON "_schemas" ("connection_id");

CREATE TABLE "_schema_permissions" ("schema_id" varchar(36) COLLATE "C" NOT NULL, "group_id" varchar(36) COLLATE "C" NOT NULL, "rights" text NOT NULL, PRIMARY KEY ("schema_id", "group_id"));

CREATE INDEX "_schema_permissions_group" ON "_schema_permissions" ("group_id");

CREATE TABLE "_policies" ("id" varchar(36) COLLATE "C" NOT NULL, "schema_id" varchar(36) COLLATE "C" NOT NULL, "name" varchar(255) NOT NULL, "rules" text NOT NULL, "created_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("id"));

CREATE INDEX "_policies_schema" ON "_policies" ("schema_id");

CREATE TABLE "_changes" ("id" varchar(36) COLLATE "C" NOT NULL, "schema_id" varchar(36) COLLATE "C" NOT NULL, "connection_id" varchar(36) COLLATE "C" NOT NULL, "user_id" varchar(36) COLLATE "C" NOT NULL, "state" varchar(16) COLLATE "C" NOT NULL, "digest" varchar(64) COLLATE "C" NOT NULL, "marked" boolean DEFAULT TRUE NOT NULL, "verified" boolean DEFAULT TRUE NOT NULL, "row_count" bigint NOT NULL, "plan" text NOT NULL, "outcome" text NULL, "opened_at" timestamp(6) with time zone NOT NULL, "closed_at" timestamp(6) with time zone NULL, PRIMARY KEY ("id"));

CREATE INDEX "_changes_state" ON "_changes" ("state", "opened_at");

CREATE INDEX "_changes_schema" ON "_changes" ("schema_id", "opened_at");

CREATE TABLE "_audit_rows" ("change_id" varchar(36) COLLATE "C" NOT NULL, "position" bigint NOT NULL, "schema_id" varchar(36) COLLATE "C" NOT NULL, "key_hash" varchar(64) COLLATE "C" NOT NULL, "row_key" text NOT NULL, "action" varchar(16) COLLATE "C" NOT NULL, "before" text NULL, "after" text NULL, "user_id" varchar(36) COLLATE "C" NOT NULL, "at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("change_id", "position"));

CREATE INDEX "_audit_rows_key" ON "_audit_rows" ("schema_id", "key_hash", "at");

CREATE INDEX "_audit_rows_schema" ON "_audit_rows" ("schema_id", "at");

CREATE TABLE "_audit_events" ("id" varchar(36) COLLATE "C" NOT NULL, "at" timestamp(6) with time zone NOT NULL, "user_id" varchar(36) COLLATE "C" NULL, "action" varchar(64) COLLATE "C" NOT NULL, "subject_type" varchar(32) COLLATE "C" NOT NULL, "subject_id" varchar(36) COLLATE "C" NULL, "details" text NOT NULL, PRIMARY KEY ("id"));

CREATE INDEX "_audit_events_at" ON "_audit_events" ("at");

CREATE TABLE "_settings" ("name" varchar(64) COLLATE "C" NOT NULL, "value" text NOT NULL, PRIMARY KEY ("name"));
