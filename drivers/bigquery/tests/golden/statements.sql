-- a read of its own
SELECT `id`, `t`, `d`, `b`, `at`, `j` FROM `shop`.`keyed` WHERE (`id` >= @p1 AND (NOT (`t` = @p2) OR `id` IN (@p3, NULL) OR `d` IS NOT DISTINCT FROM @p5 OR `d` IS NULL OR IF(`j` IS NULL, NULL, TO_JSON_STRING(`j`)) IN (TO_JSON_STRING(PARSE_JSON(@p6))) OR NOT (`b` IS NULL)) AND STRPOS(LOWER(`t`), LOWER(@p7)) > 0 AND STARTS_WITH(`t`, @p8) AND STARTS_WITH(`t`, @p9) AND `id` IN (SELECT `id` FROM `shop`.`plain`)) ORDER BY `at` DESC, `id` ASC LIMIT 20 OFFSET 40;

-- a batch
DECLARE quillback_n INT64 DEFAULT 0;
DECLARE quillback_found STRING DEFAULT '';
DECLARE quillback_r0 STRING;
BEGIN TRANSACTION;
SET quillback_r0 = (SELECT TO_JSON_STRING(ARRAY(SELECT TO_JSON_STRING([CAST(`id` AS STRING), `t`, CAST(`d` AS STRING), TO_BASE64(`b`), CAST(UNIX_MICROS(`at`) AS STRING), IF(`j` IS NULL, NULL, TO_JSON_STRING(`j`))]) FROM `shop`.`keyed` WHERE (`id` >= @p1 AND (NOT (`t` = @p2) OR `id` IN (@p3, NULL) OR `d` IS NOT DISTINCT FROM @p5 OR `d` IS NULL OR IF(`j` IS NULL, NULL, TO_JSON_STRING(`j`)) IN (TO_JSON_STRING(PARSE_JSON(@p6))) OR NOT (`b` IS NULL)) AND STRPOS(LOWER(`t`), LOWER(@p7)) > 0 AND STARTS_WITH(`t`, @p8) AND STARTS_WITH(`t`, @p9) AND `id` IN (SELECT `id` FROM `shop`.`plain`)) ORDER BY `at` DESC, `id` ASC LIMIT 20 OFFSET 40)));
SET quillback_n = ARRAY_LENGTH(JSON_QUERY_ARRAY(quillback_r0));
SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');
IF NOT (quillback_n = 1) THEN ROLLBACK TRANSACTION; SELECT 'refused' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
SET quillback_n = 0;
INSERT INTO `shop`.`plain` (`id`, `t`, `d`, `b`, `at`, `j`) VALUES (@p10, @p11, @p12, FROM_BASE64(@p13), @p14, PARSE_JSON(@p15)), (@p16, @p17, @p18, FROM_BASE64(@p19), @p20, PARSE_JSON(@p21));
SET quillback_n = quillback_n + @@row_count;
SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');
IF NOT (quillback_n = 2) THEN ROLLBACK TRANSACTION; SELECT 'refused' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
SET quillback_n = 0;
MERGE INTO `shop`.`keyed` AS present USING (SELECT @p22 AS c0, @p23 AS c1, @p24 AS c2, FROM_BASE64(@p25) AS c3, @p26 AS c4, PARSE_JSON(@p27) AS c5 UNION ALL SELECT @p28, @p29, @p30, FROM_BASE64(@p31), @p32, PARSE_JSON(@p33)) AS given ON present.`id` = given.c0 WHEN NOT MATCHED THEN INSERT (`id`, `t`, `d`, `b`, `at`, `j`) VALUES (given.c0, given.c1, given.c2, given.c3, given.c4, given.c5);
SET quillback_n = quillback_n + @@row_count;
SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');
IF NOT (quillback_n = 2) THEN ROLLBACK TRANSACTION; SELECT 'duplicate' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
IF NOT (quillback_n = 2) THEN ROLLBACK TRANSACTION; SELECT 'refused' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
SET quillback_n = 0;
UPDATE `shop`.`keyed` SET `t` = @p34, `at` = NULL, `id` = `id` + @p36 WHERE `id` = @p37;
SET quillback_n = quillback_n + @@row_count;
SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');
IF NOT (quillback_n = 1) THEN ROLLBACK TRANSACTION; SELECT 'refused' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
SET quillback_n = 0;
UPDATE `shop`.`keyed` SET `t` = @p38, `at` = NULL, `id` = `id` + @p40 WHERE TRUE;
SET quillback_n = quillback_n + @@row_count;
SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');
IF NOT (quillback_n = 1) THEN ROLLBACK TRANSACTION; SELECT 'refused' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
SET quillback_n = 0;
DELETE FROM `shop`.`plain` WHERE `t` = @p41;
SET quillback_n = quillback_n + @@row_count;
SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');
IF NOT (quillback_n <= 5) THEN ROLLBACK TRANSACTION; SELECT 'refused' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
SET quillback_n = 0;
DELETE FROM `shop`.`plain` WHERE TRUE;
SET quillback_n = quillback_n + @@row_count;
SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');
IF NOT (quillback_n <= 5) THEN ROLLBACK TRANSACTION; SELECT 'refused' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
SET quillback_n = (SELECT COUNT(*) FROM `shop`.`keyed` WHERE (`id` >= @p42 AND (NOT (`t` = @p43) OR `id` IN (@p44, NULL) OR `d` IS NOT DISTINCT FROM @p46 OR `d` IS NULL OR IF(`j` IS NULL, NULL, TO_JSON_STRING(`j`)) IN (TO_JSON_STRING(PARSE_JSON(@p47))) OR NOT (`b` IS NULL)) AND STRPOS(LOWER(`t`), LOWER(@p48)) > 0 AND STARTS_WITH(`t`, @p49) AND STARTS_WITH(`t`, @p50) AND `id` IN (SELECT `id` FROM `shop`.`plain`)));
SET quillback_found = CONCAT(quillback_found, CAST(quillback_n AS STRING), ',');
IF NOT (quillback_n = 3) THEN ROLLBACK TRANSACTION; SELECT 'refused' AS state, quillback_found AS found, quillback_r0 AS r0; RETURN; END IF;
COMMIT TRANSACTION;
SELECT 'committed' AS state, quillback_found AS found, quillback_r0 AS r0;

-- many rows
INSERT INTO `shop`.`plain` (`id`, `t`, `d`, `b`, `at`, `j`) SELECT CAST(JSON_VALUE(r, '$[0]') AS INT64) AS c0, JSON_VALUE(r, '$[1]') AS c1, CAST(JSON_VALUE(r, '$[2]') AS NUMERIC) AS c2, FROM_BASE64(JSON_VALUE(r, '$[3]')) AS c3, CAST(JSON_VALUE(r, '$[4]') AS TIMESTAMP) AS c4, PARSE_JSON(JSON_VALUE(r, '$[5]')) AS c5 FROM UNNEST(JSON_QUERY_ARRAY(@p1)) AS r;

-- many rows
MERGE INTO `shop`.`keyed` AS present USING (SELECT CAST(JSON_VALUE(r, '$[0]') AS INT64) AS c0, JSON_VALUE(r, '$[1]') AS c1, CAST(JSON_VALUE(r, '$[2]') AS NUMERIC) AS c2, FROM_BASE64(JSON_VALUE(r, '$[3]')) AS c3, CAST(JSON_VALUE(r, '$[4]') AS TIMESTAMP) AS c4, PARSE_JSON(JSON_VALUE(r, '$[5]')) AS c5 FROM UNNEST(JSON_QUERY_ARRAY(@p1)) AS r) AS given ON present.`id` = given.c0 WHEN NOT MATCHED THEN INSERT (`id`, `t`, `d`, `b`, `at`, `j`) VALUES (given.c0, given.c1, given.c2, given.c3, given.c4, given.c5);

-- changes of tables
CREATE TABLE IF NOT EXISTS `shop`.`made` (`id` INT64 NOT NULL, `t` STRING(40) DEFAULT 'it\'s', `d` BIGNUMERIC(38, 20), `u` STRING(36), `at` TIMESTAMP, PRIMARY KEY (`id`) NOT ENFORCED);
ALTER TABLE `shop`.`made` ADD COLUMN `more` JSON;
ALTER TABLE `shop`.`made` ADD COLUMN `t2` STRING(40);
ALTER TABLE `shop`.`made` ALTER COLUMN `t2` SET DEFAULT 'it\'s';
UPDATE `shop`.`made` SET `t2` = 'it\'s' WHERE TRUE;
ALTER TABLE `shop`.`made` RENAME COLUMN `more` TO `less`;
ALTER TABLE `shop`.`made` ALTER COLUMN `t` SET DATA TYPE STRING(80);
ALTER TABLE `shop`.`made` ALTER COLUMN `u` DROP NOT NULL;
ALTER TABLE `shop`.`made` DROP COLUMN `less`;
DROP TABLE `shop`.`made`;
