-- Version 2 (deliveries_and_seals), checksum 1ee436b0b2883af33252ee9a38d07652246b0e0ac3ebaceff096fe1b5ab476ae

CREATE TABLE [_outbox] ([id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [change_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [schema_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL, [topic] nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL, [payload] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, [ready_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([id]));

CREATE INDEX [_outbox_ready] ON [_outbox] ([topic], [ready_at]);

ALTER TABLE [_changes] ADD [purpose] nvarchar(16) COLLATE Latin1_General_100_BIN2 NULL;

ALTER TABLE [_changes] ADD [reverts] nvarchar(36) COLLATE Latin1_General_100_BIN2 NULL;

CREATE INDEX [_changes_opened] ON [_changes] ([opened_at], [id]);

CREATE INDEX [_changes_user] ON [_changes] ([user_id], [opened_at]);

ALTER TABLE [_audit_rows] ADD [mac] nvarchar(96) COLLATE Latin1_General_100_BIN2 NULL;

ALTER TABLE [_audit_events] ADD [mac] nvarchar(96) COLLATE Latin1_General_100_BIN2 NULL;

ALTER TABLE [_changes] ADD [mac] nvarchar(96) COLLATE Latin1_General_100_BIN2 NULL;

ALTER TABLE [_changes] ADD [audited] bigint NULL;

ALTER TABLE [_changes] ADD [seal] bigint NULL;

ALTER TABLE [_audit_events] ADD [seal] bigint NULL;

CREATE INDEX [_changes_seal] ON [_changes] ([seal]);

CREATE INDEX [_audit_events_seal] ON [_audit_events] ([seal]);

CREATE TABLE [_audit_seals] ([seq] bigint NOT NULL, [sealed_at] datetimeoffset(6) NOT NULL, [previous] nvarchar(96) COLLATE Latin1_General_100_BIN2 NOT NULL, [hash] nvarchar(96) COLLATE Latin1_General_100_BIN2 NOT NULL, [contents] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL, [retired_at] datetimeoffset(6) NULL, PRIMARY KEY ([seq]));

ALTER TABLE [_api_tokens] ADD [schemas] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL;
