-- Version 2 (deliveries_and_seals), checksum 1ee436b0b2883af33252ee9a38d07652246b0e0ac3ebaceff096fe1b5ab476ae

CREATE TABLE `_outbox` (`id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `change_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `schema_id` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `topic` VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `payload` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `ready_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX `_outbox_ready` ON `_outbox` (`topic`, `ready_at`);

ALTER TABLE `_changes` ADD COLUMN `purpose` VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL;

ALTER TABLE `_changes` ADD COLUMN `reverts` VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL;

CREATE INDEX `_changes_opened` ON `_changes` (`opened_at`, `id`);

CREATE INDEX `_changes_user` ON `_changes` (`user_id`, `opened_at`);

ALTER TABLE `_audit_rows` ADD COLUMN `mac` VARCHAR(96) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL;

ALTER TABLE `_audit_events` ADD COLUMN `mac` VARCHAR(96) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL;

ALTER TABLE `_changes` ADD COLUMN `mac` VARCHAR(96) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL;

ALTER TABLE `_changes` ADD COLUMN `audited` BIGINT NULL;

ALTER TABLE `_changes` ADD COLUMN `seal` BIGINT NULL;

ALTER TABLE `_audit_events` ADD COLUMN `seal` BIGINT NULL;

CREATE INDEX `_changes_seal` ON `_changes` (`seal`);

CREATE INDEX `_audit_events_seal` ON `_audit_events` (`seal`);

CREATE TABLE `_audit_seals` (`seq` BIGINT NOT NULL, `sealed_at` DATETIME(6) COMMENT 'UTC' NOT NULL, `previous` VARCHAR(96) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `hash` VARCHAR(96) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `contents` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `retired_at` DATETIME(6) COMMENT 'UTC' NULL, PRIMARY KEY (`seq`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

ALTER TABLE `_api_tokens` ADD COLUMN `schemas` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL;
