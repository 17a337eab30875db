-- Version 1 (initial), checksum 1eb32502a9937cdfc9a198f3c99a1303438908c821f1b8f0357cfb5bb18a67bb

CREATE TABLE `_users` (`id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `username` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `username_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `display_name` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `email` VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL, `password_hash` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL, `must_change_password` TINYINT(1) DEFAULT 0 NOT NULL, `active` TINYINT(1) DEFAULT 1 NOT NULL, `version` BIGINT NOT NULL, `created_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `updated_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE UNIQUE INDEX `_users_username_key` ON `_users` (`username_key`);

CREATE TABLE `_groups` (`id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `name` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `name_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `builtin` TINYINT(1) DEFAULT 0 NOT NULL, `version` BIGINT NOT NULL, `created_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `updated_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE UNIQUE INDEX `_groups_name_key` ON `_groups` (`name_key`);

CREATE TABLE `_group_members` (`group_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `user_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, PRIMARY KEY (`group_id`, `user_id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_group_members_user` ON `_group_members` (`user_id`);

CREATE TABLE `_user_roles` (`user_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `role` VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, PRIMARY KEY (`user_id`, `role`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE `_sessions` (`token_hash` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `user_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `method` VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `client` VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `created_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `last_seen_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `expires_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`token_hash`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_sessions_user` ON `_sessions` (`user_id`);

CREATE INDEX `_sessions_expires` ON `_sessions` (`expires_at`);

CREATE TABLE `_api_tokens` (`token_hash` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `user_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `name` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `scope` VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `created_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `last_used_at` DATETIME(6) COMMENT 'UTC' NULL, `expires_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`token_hash`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_api_tokens_user` ON `_api_tokens` (`user_id`);

CREATE TABLE `_throttle` (`subject` VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `failures` BIGINT NOT NULL, `last_failure_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `blocked_until` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`subject`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE `_rls_entitlements` (`assignable_type` VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `assignable_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `property` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `value` VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_rls_entitlements_assignable` ON `_rls_entitlements` (`assignable_type`, `assignable_id`);

CREATE TABLE `_connections` (`id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `name` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `name_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `driver` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `options` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `secrets` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL, `marker` TINYINT(1) DEFAULT 1 NOT NULL, `version` BIGINT NOT NULL, `created_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `updated_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE UNIQUE INDEX `_connections_name_key` ON `_connections` (`name_key`);

CREATE TABLE `_connection_groups` (`connection_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `group_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, PRIMARY KEY (`connection_id`, `group_id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE `_schemas` (`id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `label` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `label_key` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `module` VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `connection_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `definition` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `revision` BIGINT NOT NULL, `created_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `updated_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE UNIQUE INDEX `_schemas_label_key` ON `_schemas` (`label_key`);

CREATE INDEX `_schemas_connection` ON `_schemas` (`connection_id`);

CREATE TABLE `_schema_permissions` (`schema_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `group_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `rights` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, PRIMARY KEY (`schema_id`, `group_id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_schema_permissions_group` ON `_schema_permissions` (`group_id`);

CREATE TABLE `_policies` (`id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `schema_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `name` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `rules` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `created_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_policies_schema` ON `_policies` (`schema_id`);

CREATE TABLE `_changes` (`id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `schema_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `connection_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `user_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `state` VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `digest` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `marked` TINYINT(1) DEFAULT 1 NOT NULL, `verified` TINYINT(1) DEFAULT 1 NOT NULL, `row_count` BIGINT NOT NULL, `plan` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `outcome` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL, `opened_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `closed_at` DATETIME(6) COMMENT 'UTC' NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_changes_state` ON `_changes` (`state`, `opened_at`);

CREATE INDEX `_changes_schema` ON `_changes` (`schema_id`, `opened_at`);

CREATE TABLE `_audit_rows` (`change_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `position` BIGINT NOT NULL, `schema_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `key_hash` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `row_key` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `action` VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `before` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL, `after` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL, `user_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`change_id`, `position`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_audit_rows_key` ON `_audit_rows` (`schema_id`, `key_hash`, `at`);

CREATE INDEX `_audit_rows_schema` ON `_audit_rows` (`schema_id`, `at`);

CREATE TABLE `_audit_events` (`id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `at` DATETIME(6) COMMENT 'UTC' NOT NULL, `user_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL, `action` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `subject_type` VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `subject_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL, `details` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_audit_events_at` ON `_audit_events` (`at`);

CREATE TABLE `_settings` (`name` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `value` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, PRIMARY KEY (`name`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
