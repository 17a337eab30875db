-- condition that always holds
SELECT COUNT(*) FROM `shop`.`forecast`;

-- condition that never holds
SELECT COUNT(*) FROM `shop`.`forecast` WHERE FALSE;

-- number equals
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` = ?;

-- text equals, by its characters
SELECT COUNT(*) FROM `shop`.`forecast` WHERE (`note` = ? AND CAST(CONVERT(`note` USING utf8mb4) AS BINARY) IN (CAST(CONVERT(? USING utf8mb4) AS BINARY)));

-- comparisons
SELECT COUNT(*) FROM `shop`.`forecast` WHERE (`amount` <> CAST(? AS DECIMAL(65,2)) AND `amount` < CAST(? AS DECIMAL(65,2)) AND `amount` <= CAST(? AS DECIMAL(65,2)) AND `amount` > CAST(? AS DECIMAL(65,2)));

-- number in a list
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` IN (?, ?);

-- text in a list
SELECT COUNT(*) FROM `shop`.`forecast` WHERE (`note` IN (?, ?) AND CAST(CONVERT(`note` USING utf8mb4) AS BINARY) IN (CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(CONVERT(? USING utf8mb4) AS BINARY)));

-- in an empty list
SELECT COUNT(*) FROM `shop`.`forecast` WHERE FALSE;

-- same number
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` <=> ?;

-- same text
SELECT COUNT(*) FROM `shop`.`forecast` WHERE CAST(CONVERT(`note` USING utf8mb4) AS BINARY) <=> CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- same as nothing
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `note` <=> NULL;

-- is null
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `note` IS NULL;

-- text contains
SELECT COUNT(*) FROM `shop`.`forecast` WHERE LOCATE(?, CONVERT(`note` USING utf8mb4) COLLATE utf8mb4_bin) > 0;

-- text contains, in any case
SELECT COUNT(*) FROM `shop`.`forecast` WHERE LOCATE(LOWER(?), LOWER(CONVERT(`note` USING utf8mb4) COLLATE utf8mb4_bin)) > 0;

-- text starts with
SELECT COUNT(*) FROM `shop`.`forecast` WHERE LOCATE(?, CONVERT(`note` USING utf8mb4) COLLATE utf8mb4_bin) = 1;

-- text starts with, in any case
SELECT COUNT(*) FROM `shop`.`forecast` WHERE LOCATE(LOWER(?), LOWER(CONVERT(`note` USING utf8mb4) COLLATE utf8mb4_bin)) = 1;

-- or, and, not
SELECT COUNT(*) FROM `shop`.`forecast` WHERE ((`id` = ? AND `note` IS NULL) OR NOT (`amount` >= ?));

-- in a select
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` IN (SELECT `id` FROM `shop`.`forecast` WHERE `amount` = ?);

-- row of the last insert
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` = LAST_INSERT_ID();

-- count
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` = ?;

-- least and greatest
SELECT MIN(`amount`), MAX(`amount`) FROM `shop`.`forecast`;

-- distinct
SELECT DISTINCT `id`, `note` FROM `shop`.`forecast`;

-- name with every quote
SELECT `select` FROM `or"der] ``x```;

-- first rows
SELECT `id`, `note` FROM `shop`.`forecast` LIMIT 3;

-- page sorted by a column that may be null
SELECT `id`, `note` FROM `shop`.`forecast` ORDER BY `note` DESC, `id` ASC LIMIT 20;

-- page with an offset
SELECT `id`, `note` FROM `shop`.`forecast` ORDER BY `note` DESC, `id` ASC LIMIT 20 OFFSET 40;

-- page after a key
SELECT `id`, `note` FROM `shop`.`forecast` WHERE (`amount` > ? OR (`amount` = ? AND `id` > ?)) ORDER BY `amount` ASC, `id` ASC LIMIT 101;

-- row locked for a change
SELECT `id`, `note` FROM `shop`.`forecast` WHERE `id` = ? FOR UPDATE;

-- insert of a row
INSERT INTO `shop`.`forecast` (`id`, `note`) VALUES (?, ?);

-- insert of two rows
INSERT INTO `shop`.`forecast` (`id`, `note`) VALUES (?, ?), (?, NULL);

-- insert that tells its key
INSERT INTO `shop`.`forecast` (`id`, `note`) VALUES (?, ?);

-- guarded update
UPDATE `shop`.`forecast` SET `note` = ?, `amount` = NULL, `revision` = `revision` + ? WHERE (`id` = ? AND CAST(CONVERT(`note` USING utf8mb4) AS BINARY) <=> CAST(CONVERT(? USING utf8mb4) AS BINARY));

-- guarded delete
DELETE FROM `shop`.`forecast` WHERE (`id` = ? AND CAST(CONVERT(`note` USING utf8mb4) AS BINARY) <=> CAST(CONVERT(? USING utf8mb4) AS BINARY));

-- create a table
CREATE TABLE `shop`.`forecast` (`id` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `region` VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'it''s' NOT NULL, `note` LONGTEXT NULL, `amount` DECIMAL(12,2) NULL, `share` DOUBLE NULL, `small` SMALLINT NULL, `revision` BIGINT NULL, `approved` TINYINT(1) COMMENT 'boolean' NULL, `due` DATE NULL, `at` DATETIME(6) NULL, `updated_at` DATETIME(6) COMMENT 'UTC' NULL, `picture` LONGBLOB NULL, `more` JSON NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

-- create a table unless it is there
CREATE TABLE IF NOT EXISTS `shop`.`forecast` (`id` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `region` VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin DEFAULT 'it''s' NOT NULL, `note` LONGTEXT NULL, `amount` DECIMAL(12,2) NULL, `share` DOUBLE NULL, `small` SMALLINT NULL, `revision` BIGINT NULL, `approved` TINYINT(1) COMMENT 'boolean' NULL, `due` DATE NULL, `at` DATETIME(6) NULL, `updated_at` DATETIME(6) COMMENT 'UTC' NULL, `picture` LONGBLOB NULL, `more` JSON NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

-- create a table with a numbered key
CREATE TABLE `shop`.`forecast` (`number` BIGINT AUTO_INCREMENT NOT NULL, PRIMARY KEY (`number`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

-- drop a table
DROP TABLE `shop`.`forecast`;

-- index
CREATE INDEX `by_region` ON `shop`.`forecast` (`region`, `due`);

-- unique index
CREATE UNIQUE INDEX `by_region` ON `shop`.`forecast` (`region`, `due`);

-- add a column
ALTER TABLE `shop`.`forecast` ADD COLUMN `region` VARCHAR(40) NULL;

-- drop a column
ALTER TABLE `shop`.`forecast` DROP COLUMN `region`;

-- rename a column
ALTER TABLE `shop`.`forecast` RENAME COLUMN `region` TO `area`;

-- widen a column
ALTER TABLE `shop`.`forecast` MODIFY COLUMN `region` VARCHAR(80) NULL;

