-- condition that always holds
SELECT COUNT(*) FROM "shop"."forecast";

-- condition that never holds
SELECT COUNT(*) FROM "shop"."forecast" WHERE FALSE;

-- number equals
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" = CAST(? AS NUMBER(38, 0));

-- text equals, by its characters
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" = ?;

-- comparisons
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("amount" <> CAST(? AS NUMBER(38, 1)) AND "amount" < CAST(? AS NUMBER(38, 1)) AND "amount" <= CAST(? AS NUMBER(38, 1)) AND "amount" > CAST(? AS NUMBER(38, 1)));

-- number in a list
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" IN (CAST(? AS NUMBER(38, 0)), CAST(? AS NUMBER(38, 0)));

-- text in a list
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IN (?, ?);

-- in an empty list
SELECT COUNT(*) FROM "shop"."forecast" WHERE FALSE;

-- same number
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" IS NOT DISTINCT FROM CAST(? AS NUMBER(38, 0));

-- same text
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IS NOT DISTINCT FROM ?;

-- same as nothing
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IS NULL;

-- is null
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IS NULL;

-- text contains
SELECT COUNT(*) FROM "shop"."forecast" WHERE CONTAINS("note", ?);

-- text contains, in any case
SELECT COUNT(*) FROM "shop"."forecast" WHERE CONTAINS(LOWER("note"), LOWER(?));

-- text starts with
SELECT COUNT(*) FROM "shop"."forecast" WHERE STARTSWITH("note", ?);

-- text starts with, in any case
SELECT COUNT(*) FROM "shop"."forecast" WHERE STARTSWITH(LOWER("note"), LOWER(?));

-- or, and, not
SELECT COUNT(*) FROM "shop"."forecast" WHERE (("id" = CAST(? AS NUMBER(38, 0)) AND "note" IS NULL) OR NOT ("amount" >= CAST(? AS NUMBER(38, 0))));

-- in a select
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" IN (SELECT "id" FROM "shop"."forecast" WHERE "amount" = CAST(? AS NUMBER(38, 0)));

-- row of the last insert
-- refused: this database does not support the key of the last insert

-- count
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" = CAST(? AS NUMBER(38, 0));

-- least and greatest
SELECT MIN("amount"), MAX("amount") FROM "shop"."forecast";

-- distinct
SELECT DISTINCT "id", "note" FROM "shop"."forecast";

-- name with every quote
SELECT "select" FROM "or""der] `x`";

-- first rows
SELECT "id", "note" FROM "shop"."forecast" LIMIT 3;

-- page sorted by a column that may be null
SELECT "id", "note" FROM "shop"."forecast" ORDER BY "note" DESC NULLS LAST, "id" ASC LIMIT 20;

-- page with an offset
SELECT "id", "note" FROM "shop"."forecast" ORDER BY "note" DESC NULLS LAST, "id" ASC LIMIT 20 OFFSET 40;

-- page after a key
SELECT "id", "note" FROM "shop"."forecast" WHERE ("amount" > CAST(? AS NUMBER(38, 0)) OR ("amount" = CAST(? AS NUMBER(38, 0)) AND "id" > CAST(? AS NUMBER(38, 0)))) ORDER BY "amount" ASC, "id" ASC LIMIT 101;

-- row locked for a change
SELECT "id", "note" FROM "shop"."forecast" WHERE "id" = CAST(? AS NUMBER(38, 0));

-- insert of a row
INSERT INTO "shop"."forecast" ("id", "note") SELECT CAST(column1 AS NUMBER(38, 0)), column2 FROM VALUES (?, ?);

-- insert of two rows
INSERT INTO "shop"."forecast" ("id", "note") SELECT CAST(column1 AS NUMBER(38, 0)), column2 FROM VALUES (?, ?), (?, NULL);

-- insert that tells its key
-- refused: this database does not support keys that the database makes

-- guarded update
UPDATE "shop"."forecast" SET "note" = ?, "amount" = NULL, "revision" = "revision" + CAST(? AS NUMBER(38, 0)) WHERE ("id" = CAST(? AS NUMBER(38, 0)) AND "note" IS NOT DISTINCT FROM ?);

-- guarded delete
DELETE FROM "shop"."forecast" WHERE ("id" = CAST(? AS NUMBER(38, 0)) AND "note" IS NOT DISTINCT FROM ?);

-- create a table
CREATE TABLE "shop"."forecast" ("id" VARCHAR(36) NOT NULL, "region" VARCHAR(40) DEFAULT 'it''s' NOT NULL, "note" VARCHAR NULL, "amount" NUMBER(12, 2) NULL, "share" FLOAT NULL, "small" NUMBER(19, 0) NULL, "revision" NUMBER(19, 0) NULL, "approved" BOOLEAN NULL, "due" DATE NULL, "at" TIMESTAMP_NTZ(6) NULL, "updated_at" TIMESTAMP_LTZ(6) NULL, "picture" BINARY NULL, "more" VARIANT NULL, PRIMARY KEY ("id"));

-- create a table unless it is there
CREATE TABLE IF NOT EXISTS "shop"."forecast" ("id" VARCHAR(36) NOT NULL, "region" VARCHAR(40) DEFAULT 'it''s' NOT NULL, "note" VARCHAR NULL, "amount" NUMBER(12, 2) NULL, "share" FLOAT NULL, "small" NUMBER(19, 0) NULL, "revision" NUMBER(19, 0) NULL, "approved" BOOLEAN NULL, "due" DATE NULL, "at" TIMESTAMP_NTZ(6) NULL, "updated_at" TIMESTAMP_LTZ(6) NULL, "picture" BINARY NULL, "more" VARIANT NULL, PRIMARY KEY ("id"));

-- create a table with a numbered key
-- refused: this database does not support columns that the database numbers

-- drop a table
DROP TABLE "shop"."forecast";

-- index
-- refused: this database does not support indexes

-- unique index
-- refused: this database does not support indexes

-- add a column
ALTER TABLE "shop"."forecast" ADD COLUMN "region" VARCHAR(40) NULL;

-- drop a column
ALTER TABLE "shop"."forecast" DROP COLUMN "region";

-- rename a column
ALTER TABLE "shop"."forecast" RENAME COLUMN "region" TO "area";

-- widen a column
ALTER TABLE "shop"."forecast" ALTER COLUMN "region" SET DATA TYPE VARCHAR(80);

