-- Version 1 (initial), checksum 1eb32502a9937cdfc9a198f3c99a1303438908c821f1b8f0357cfb5bb18a67bb

CREATE TABLE [_users] ([id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [username] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [username_key] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [display_name] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [email] nvarchar(320) COLLATE Latin1_General_100_BIN2 NULL, [password_hash] nvarchar(255) COLLATE Latin1_General_100_BIN2 NULL, [must_change_password] bit DEFAULT 0 NOT NULL, [active] bit DEFAULT 1 NOT NULL, [version] bigint NOT NULL, [created_at] datetimeoffset(6) NOT NULL, [updated_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([id]));

CREATE UNIQUE INDEX [_users_username_key] ON [_users] ([username_key]);

CREATE TABLE [_groups] ([id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [name] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [name_key] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [builtin] bit DEFAULT 0 NOT NULL, [version] bigint NOT NULL, [created_at] datetimeoffset(6) NOT NULL, [updated_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([id]));

CREATE UNIQUE INDEX [_groups_name_key] ON [_groups] ([name_key]);

CREATE TABLE [_group_members] ([group_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [user_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, PRIMARY KEY ([group_id], [user_id]));

CREATE INDEX [_group_members_user] ON [_group_members] ([user_id]);

CREATE TABLE [_user_roles] ([user_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [role] nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL, PRIMARY KEY ([user_id], [role]));

CREATE TABLE [_sessions] ([token_hash] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL, [id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [user_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [method] nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL, [client] nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL, [created_at] datetimeoffset(6) NOT NULL, [last_seen_at] datetimeoffset(6) NOT NULL, [expires_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([token_hash]));

CREATE INDEX [_sessions_user] ON [_sessions] ([user_id]);

CREATE INDEX [_sessions_expires] ON [_sessions] ([expires_at]);

CREATE TABLE [_api_tokens] ([token_hash] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL, [id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [user_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [name] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [scope] nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL, [created_at] datetimeoffset(6) NOT NULL, [last_used_at] datetimeoffset(6) NULL, [expires_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([token_hash]));

CREATE INDEX [_api_tokens_user] ON [_api_tokens] ([user_id]);

CREATE TABLE [_throttle] ([subject] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL, [failures] bigint NOT NULL, [last_failure_at] datetimeoffset(6) NOT NULL, [blocked_until] datetimeoffset(6) NOT NULL, PRIMARY KEY ([subject]));

CREATE TABLE [_rls_entitlements] ([assignable_type] nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL, [assignable_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [property] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [value] nvarchar(1000) COLLATE Latin1_General_100_BIN2 NOT NULL);

CREATE INDEX [_rls_entitlements_assignable] ON [_rls_entitlements] ([assignable_type], [assignable_id]);

CREATE TABLE [_connections] ([id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [name] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [name_key] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [driver] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL, [options] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, [secrets] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [marker] bit DEFAULT 1 NOT NULL, [version] bigint NOT NULL, [created_at] datetimeoffset(6) NOT NULL, [updated_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([id]));

CREATE UNIQUE INDEX [_connections_name_key] ON [_connections] ([name_key]);

CREATE TABLE [_connection_groups] ([connection_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [group_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, PRIMARY KEY ([connection_id], [group_id]));

CREATE TABLE [_schemas] ([id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [label] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [label_key] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [module] nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL, [connection_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [definition] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, [revision] bigint NOT NULL, [created_at] datetimeoffset(6) NOT NULL, [updated_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([id]));

CREATE UNIQUE INDEX [_schemas_label_key] ON [_schemas] ([label_key]);

CREATE INDEX [_schemas_connection] ON [_schemas] ([connection_id]);

CREATE TABLE [_schema_permissions] ([schema_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [group_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [rights] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, PRIMARY KEY ([schema_id], [group_id]));

CREATE INDEX [_schema_permissions_group] ON [_schema_permissions] ([group_id]);

CREATE TABLE [_policies] ([id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [schema_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [name] nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL, [rules] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, [created_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([id]));

CREATE INDEX [_policies_schema] ON [_policies] ([schema_id]);

CREATE TABLE [_changes] ([id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [schema_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [connection_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [user_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [state] nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL, [digest] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL, [marked] bit DEFAULT 1 NOT NULL, [verified] bit DEFAULT 1 NOT NULL, [row_count] bigint NOT NULL, [plan] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, [outcome] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [opened_at] datetimeoffset(6) NOT NULL, [closed_at] datetimeoffset(6) NULL, PRIMARY KEY ([id]));

CREATE INDEX [_changes_state] ON [_changes] ([state], [opened_at]);

CREATE INDEX [_changes_schema] ON [_changes] ([schema_id], [opened_at]);

CREATE TABLE [_audit_rows] ([change_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [position] bigint NOT NULL, [schema_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [key_hash] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL, [row_key] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, [action] nvarchar(16) COLLATE Latin1_General_100_BIN2 NOT NULL, [before] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [after] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [user_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([change_id], [position]));

CREATE INDEX [_audit_rows_key] ON [_audit_rows] ([schema_id], [key_hash], [at]);

CREATE INDEX [_audit_rows_schema] ON [_audit_rows] ([schema_id], [at]);

CREATE TABLE [_audit_events] ([id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [at] datetimeoffset(6) NOT NULL, [user_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NULL, [action] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL, [subject_type] nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL, [subject_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NULL, [details] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, PRIMARY KEY ([id]));

CREATE INDEX [_audit_events_at] ON [_audit_events] ([at]);

CREATE TABLE [_settings] ([name] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL, [value] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, PRIMARY KEY ([name]));
