-- condition that always holds
SELECT COUNT(*) FROM "shop"."forecast";

-- condition that never holds
SELECT COUNT(*) FROM "shop"."forecast" WHERE 0;

-- number equals
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" = ?1;

-- text equals, by its characters
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("note" = ?1 AND "note" COLLATE BINARY = ?1);

-- comparisons
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("amount" <> ?1 AND "amount" < ?2 AND "amount" <= ?3 AND "amount" > ?4);

-- number in a list
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" IN (?1, ?2);

-- text in a list
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("note" IN (?1, ?2) AND "note" COLLATE BINARY IN (?1, ?2));

-- in an empty list
SELECT COUNT(*) FROM "shop"."forecast" WHERE 0;

-- same number
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" IS ?1;

-- same text
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IS ?1 COLLATE BINARY;

-- same as nothing
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IS ?1;

-- is null
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IS NULL;

-- text contains
SELECT COUNT(*) FROM "shop"."forecast" WHERE instr("note", ?1) > 0;

-- text contains, in any case
SELECT COUNT(*) FROM "shop"."forecast" WHERE instr(quillback_fold("note"), quillback_fold(?1)) > 0;

-- text starts with
SELECT COUNT(*) FROM "shop"."forecast" WHERE instr("note", ?1) = 1;

-- text starts with, in any case
SELECT COUNT(*) FROM "shop"."forecast" WHERE instr(quillback_fold("note"), quillback_fold(?1)) = 1;

-- or, and, not
SELECT COUNT(*) FROM "shop"."forecast" WHERE (("id" = ?1 AND "note" IS NULL) OR NOT ("amount" >= ?2));

-- in a select
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" IN (SELECT "id" FROM "shop"."forecast" WHERE "amount" = ?1);

-- row of the last insert
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" = last_insert_rowid();

-- count
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" = ?1;

-- least and greatest
SELECT MIN("amount"), MAX("amount") FROM "shop"."forecast";

-- distinct
SELECT DISTINCT "id", "note" FROM "shop"."forecast";

-- name with every quote
SELECT "select" FROM "or""der] `x`";

-- first rows
SELECT "id", "note" FROM "shop"."forecast" LIMIT 3;

-- page sorted by a column that may be null
SELECT "id", "note" FROM "shop"."forecast" ORDER BY "note" DESC, "id" LIMIT 20;

-- page with an offset
SELECT "id", "note" FROM "shop"."forecast" ORDER BY "note" DESC, "id" LIMIT 20 OFFSET 40;

-- page after a key
SELECT "id", "note" FROM "shop"."forecast" WHERE ("amount" > ?1 OR ("amount" = ?2 AND "id" > ?3)) ORDER BY "amount", "id" LIMIT 101;

-- row locked for a change
SELECT "id", "note" FROM "shop"."forecast" WHERE "id" = ?1;

-- insert of a row
INSERT INTO "shop"."forecast" ("id", "note") VALUES (?1, ?2);

-- insert of two rows
INSERT INTO "shop"."forecast" ("id", "note") VALUES (?1, ?2), (?3, ?4);

-- insert that tells its key
INSERT INTO "shop"."forecast" ("id", "note") VALUES (?1, ?2) RETURNING "id";

-- guarded update
UPDATE "shop"."forecast" SET "note" = ?1, "amount" = ?2, "revision" = "revision" + ?3 WHERE ("id" = ?4 AND "note" IS ?5 COLLATE BINARY);

-- guarded delete
DELETE FROM "shop"."forecast" WHERE ("id" = ?1 AND "note" IS ?2 COLLATE BINARY);

-- create a table
CREATE TABLE "shop"."forecast" ("id" UUID_TEXT COLLATE NOCASE CHECK (typeof("id") = 'text' AND "id" GLOB '????????-????-????-????-????????????' AND length(replace("id", '-', '')) = 32 AND "id" NOT GLOB '*[^0-9a-fA-F-]*') NOT NULL, "region" VARCHAR(40) CHECK (typeof("region") = 'text' AND length("region") <= 40 AND length(CAST("region" AS BLOB)) <= 160) DEFAULT 'it''s' NOT NULL, "note" TEXT CHECK (typeof("note") IN ('text', 'null')) NULL, "amount" DECIMAL_TEXT(12,2) COLLATE quillback_decimal CHECK (typeof("amount") IN ('text', 'null') AND substr("amount", 1 + ("amount" GLOB '-*')) GLOB '[0-9]*' AND "amount" GLOB '*[0-9]' AND trim(substr("amount", 1 + ("amount" GLOB '-*')), '0123456789') IN ('', '.') AND instr(ltrim(substr("amount", 1 + ("amount" GLOB '-*')), '0') || '.', '.') <= 11 AND length(rtrim(substr(substr("amount", 1 + ("amount" GLOB '-*')) || '.', instr(substr("amount", 1 + ("amount" GLOB '-*')) || '.', '.') + 1), '0.')) <= 2) NULL, "share" DOUBLE CHECK (typeof("share") IN ('real', 'null')) NULL, "small" SMALLINT CHECK (typeof("small") IN ('integer', 'null') AND "small" BETWEEN -32768 AND 32767) NULL, "revision" BIGINT CHECK (typeof("revision") IN ('integer', 'null')) NULL, "approved" BOOLEAN CHECK (typeof("approved") IN ('integer', 'null') AND "approved" IN (0, 1)) NULL, "due" DATE CHECK (typeof("due") IN ('text', 'null') AND date("due") IS "due") NULL, "at" TIMESTAMP(6) CHECK (typeof("at") IN ('text', 'null') AND datetime(substr("at", 1, 19)) IS substr("at", 1, 19) AND (length("at") = 19 OR length("at") <= 26 AND substr("at", 20) GLOB '.*[1-9]' AND trim(substr("at", 21), '0123456789') = '')) NULL, "updated_at" TIMESTAMP_UTC(6) CHECK (typeof("updated_at") IN ('text', 'null') AND datetime(substr("updated_at", 1, 19)) IS substr("updated_at", 1, 19) AND (length("updated_at") = 19 OR length("updated_at") <= 26 AND substr("updated_at", 20) GLOB '.*[1-9]' AND trim(substr("updated_at", 21), '0123456789') = '')) NULL, "picture" BLOB CHECK (typeof("picture") IN ('blob', 'null')) NULL, "more" JSON_TEXT CHECK (typeof("more") IN ('text', 'null') AND json_valid("more")) NULL, PRIMARY KEY ("id"));

-- create a table unless it is there
CREATE TABLE IF NOT EXISTS "shop"."forecast" ("id" UUID_TEXT COLLATE NOCASE CHECK (typeof("id") = 'text' AND "id" GLOB '????????-????-????-????-????????????' AND length(replace("id", '-', '')) = 32 AND "id" NOT GLOB '*[^0-9a-fA-F-]*') NOT NULL, "region" VARCHAR(40) CHECK (typeof("region") = 'text' AND length("region") <= 40 AND length(CAST("region" AS BLOB)) <= 160) DEFAULT 'it''s' NOT NULL, "note" TEXT CHECK (typeof("note") IN ('text', 'null')) NULL, "amount" DECIMAL_TEXT(12,2) COLLATE quillback_decimal CHECK (typeof("amount") IN ('text', 'null') AND substr("amount", 1 + ("amount" GLOB '-*')) GLOB '[0-9]*' AND "amount" GLOB '*[0-9]' AND trim(substr("amount", 1 + ("amount" GLOB '-*')), '0123456789') IN ('', '.') AND instr(ltrim(substr("amount", 1 + ("amount" GLOB '-*')), '0') || '.', '.') <= 11 AND length(rtrim(substr(substr("amount", 1 + ("amount" GLOB '-*')) || '.', instr(substr("amount", 1 + ("amount" GLOB '-*')) || '.', '.') + 1), '0.')) <= 2) NULL, "share" DOUBLE CHECK (typeof("share") IN ('real', 'null')) NULL, "small" SMALLINT CHECK (typeof("small") IN ('integer', 'null') AND "small" BETWEEN -32768 AND 32767) NULL, "revision" BIGINT CHECK (typeof("revision") IN ('integer', 'null')) NULL, "approved" BOOLEAN CHECK (typeof("approved") IN ('integer', 'null') AND "approved" IN (0, 1)) NULL, "due" DATE CHECK (typeof("due") IN ('text', 'null') AND date("due") IS "due") NULL, "at" TIMESTAMP(6) CHECK (typeof("at") IN ('text', 'null') AND datetime(substr("at", 1, 19)) IS substr("at", 1, 19) AND (length("at") = 19 OR length("at") <= 26 AND substr("at", 20) GLOB '.*[1-9]' AND trim(substr("at", 21), '0123456789') = '')) NULL, "updated_at" TIMESTAMP_UTC(6) CHECK (typeof("updated_at") IN ('text', 'null') AND datetime(substr("updated_at", 1, 19)) IS substr("updated_at", 1, 19) AND (length("updated_at") = 19 OR length("updated_at") <= 26 AND substr("updated_at", 20) GLOB '.*[1-9]' AND trim(substr("updated_at", 21), '0123456789') = '')) NULL, "picture" BLOB CHECK (typeof("picture") IN ('blob', 'null')) NULL, "more" JSON_TEXT CHECK (typeof("more") IN ('text', 'null') AND json_valid("more")) NULL, PRIMARY KEY ("id"));

-- create a table with a numbered key
CREATE TABLE "shop"."forecast" ("number" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL);

-- drop a table
DROP TABLE "shop"."forecast";

-- index
CREATE INDEX "by_region" ON "forecast" ("region", "due");

-- unique index
CREATE UNIQUE INDEX "by_region" ON "forecast" ("region", "due");

-- add a column
ALTER TABLE "shop"."forecast" ADD COLUMN "region" VARCHAR(40) CHECK (typeof("region") IN ('text', 'null') AND length("region") <= 40 AND length(CAST("region" AS BLOB)) <= 160) NULL;

-- drop a column
ALTER TABLE "shop"."forecast" DROP COLUMN "region";

-- rename a column
ALTER TABLE "shop"."forecast" RENAME COLUMN "region" TO "area";

-- widen a column
-- makes "shop"."forecast" anew with the column "region" VARCHAR(80) CHECK (typeof("region") IN ('text', 'null') AND length("region") <= 80 AND length(CAST("region" AS BLOB)) <= 320) NULL;

