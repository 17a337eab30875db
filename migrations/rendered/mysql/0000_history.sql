-- Version 0 (history), checksum 6df468ed92cdf90a5c04762b2927722e1353057752ede48e17c1b597a6c92633

CREATE TABLE IF NOT EXISTS `_migrations` (`version` BIGINT NOT NULL, `name` VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `checksum` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, `applied_at` DATETIME(6) COMMENT 'UTC' NOT NULL, PRIMARY KEY (`version`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
