-- condition that always holds
SELECT COUNT(*) FROM `shop`.`forecast`;

-- condition that never holds
SELECT COUNT(*) FROM `shop`.`forecast` WHERE 0;

-- number equals
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` = ?;

-- text equals, by its characters
SELECT COUNT(*) FROM `shop`.`forecast` WHERE (`note` = ? AND `note` COLLATE BINARY IN (?));

-- comparisons
SELECT COUNT(*) FROM `shop`.`forecast` WHERE (`amount` <> CAST(? AS REAL) AND `amount` < CAST(? AS REAL) AND `amount` <= CAST(? AS REAL) AND `amount` > CAST(? AS REAL));

-- number in a list
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` IN (?, ?);

-- text in a list
SELECT COUNT(*) FROM `shop`.`forecast` WHERE (`note` IN (?, ?) AND `note` COLLATE BINARY IN (?, ?));

-- in an empty list
SELECT COUNT(*) FROM `shop`.`forecast` WHERE 0;

-- same number
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` IS ?;

-- same text
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `note` COLLATE BINARY IS ?;

-- same as nothing
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `note` IS NULL;

-- is null
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `note` IS NULL;

-- text contains
SELECT COUNT(*) FROM `shop`.`forecast` WHERE instr(`note`, ?) > 0;

-- text contains, in any case
SELECT COUNT(*) FROM `shop`.`forecast` WHERE instr(lower(`note`), lower(?)) > 0;

-- text starts with
SELECT COUNT(*) FROM `shop`.`forecast` WHERE instr(`note`, ?) = 1;

-- text starts with, in any case
SELECT COUNT(*) FROM `shop`.`forecast` WHERE instr(lower(`note`), lower(?)) = 1;

-- or, and, not
SELECT COUNT(*) FROM `shop`.`forecast` WHERE ((`id` = ? AND `note` IS NULL) OR NOT (`amount` >= ?));

-- in a select
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` IN (SELECT `id` FROM `shop`.`forecast` WHERE `amount` = ?);

-- row of the last insert
SELECT COUNT(*) FROM `shop`.`forecast` WHERE `id` = last_insert_rowid();

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
SELECT `id`, `note` FROM `shop`.`forecast` WHERE `id` = ?;

-- insert of a row
INSERT INTO `shop`.`forecast` (`id`, `note`) VALUES (?, ?);

-- insert of two rows
INSERT INTO `shop`.`forecast` (`id`, `note`) VALUES (?, ?), (?, NULL);

-- insert that tells its key
INSERT INTO `shop`.`forecast` (`id`, `note`) VALUES (?, ?);

-- guarded update
UPDATE `shop`.`forecast` SET `note` = ?, `amount` = NULL, `revision` = `revision` + ? WHERE (`id` = ? AND `note` COLLATE BINARY IS ?);

-- guarded delete
DELETE FROM `shop`.`forecast` WHERE (`id` = ? AND `note` COLLATE BINARY IS ?);

-- create a table
-- refused: this database does not support columns for exact numbers of 12 digits with 2 after the point (through ODBC)

-- create a table unless it is there
-- refused: this database does not support columns for exact numbers of 12 digits with 2 after the point (through ODBC)

-- create a table with a numbered key
CREATE TABLE `shop`.`forecast` (`number` INTEGER  NOT NULL, PRIMARY KEY (`number`));

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
-- refused: this database does not support altering a column through this driver

