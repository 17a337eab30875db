-- condition that always holds
SELECT COUNT(*) FROM "shop"."forecast";

-- condition that never holds
SELECT COUNT(*) FROM "shop"."forecast" WHERE FALSE;

-- number equals
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" = $1;

-- text equals, by its characters
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("note" = $1 AND TO_VARBYTE("note", 'utf8') IN (TO_VARBYTE(CAST($2 AS VARCHAR(65535)), 'utf8')));

-- comparisons
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("amount" <> CAST($1 AS DECIMAL(3,2)) AND "amount" < CAST($2 AS DECIMAL(3,2)) AND "amount" <= CAST($3 AS DECIMAL(3,2)) AND "amount" > CAST($4 AS DECIMAL(3,2)));

-- number in a list
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" IN ($1, $2);

-- text in a list
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("note" IN ($1, $2) AND TO_VARBYTE("note", 'utf8') IN (TO_VARBYTE(CAST($3 AS VARCHAR(65535)), 'utf8'), TO_VARBYTE(CAST($4 AS VARCHAR(65535)), 'utf8')));

-- in an empty list
SELECT COUNT(*) FROM "shop"."forecast" WHERE FALSE;

-- same number
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("id" IS NOT NULL AND "id" = $1);

-- same text
SELECT COUNT(*) FROM "shop"."forecast" WHERE ("note" IS NOT NULL AND ("note" = $1 AND TO_VARBYTE("note", 'utf8') IN (TO_VARBYTE(CAST($2 AS VARCHAR(65535)), 'utf8'))));

-- same as nothing
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IS NULL;

-- is null
SELECT COUNT(*) FROM "shop"."forecast" WHERE "note" IS NULL;

-- text contains
SELECT COUNT(*) FROM "shop"."forecast" WHERE STRPOS(CAST("note" AS VARCHAR(65535)), CAST($1 AS VARCHAR(65535))) > 0;

-- text contains, in any case
SELECT COUNT(*) FROM "shop"."forecast" WHERE STRPOS(LOWER(CAST("note" AS VARCHAR(65535))), LOWER(CAST($1 AS VARCHAR(65535)))) > 0;

-- text starts with
SELECT COUNT(*) FROM "shop"."forecast" WHERE STRPOS(CAST("note" AS VARCHAR(65535)), CAST($1 AS VARCHAR(65535))) = 1;

-- text starts with, in any case
SELECT COUNT(*) FROM "shop"."forecast" WHERE STRPOS(LOWER(CAST("note" AS VARCHAR(65535))), LOWER(CAST($1 AS VARCHAR(65535)))) = 1;

-- or, and, not
SELECT COUNT(*) FROM "shop"."forecast" WHERE (("id" = $1 AND "note" IS NULL) OR NOT ("amount" >= $2));

-- in a select
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" IN (SELECT "id" FROM "shop"."forecast" WHERE "amount" = $1);

-- row of the last insert
-- refused: this database does not support the key of the last insert

-- count
SELECT COUNT(*) FROM "shop"."forecast" WHERE "id" = $1;

-- least and greatest
SELECT MIN("amount"), MAX("amount") FROM "shop"."forecast";

-- distinct
SELECT DISTINCT "id", "note" FROM "shop"."forecast";

-- name with every quote
SELECT "select" FROM "or""der] `x`";

-- first rows
SELECT "id", "note" FROM "shop"."forecast" LIMIT 3;

-- page sorted by a column that may be null
SELECT "id", "note" FROM "shop"."forecast" ORDER BY "note" DESC NULLS LAST, "id" LIMIT 20;

-- page with an offset
SELECT "id", "note" FROM "shop"."forecast" ORDER BY "note" DESC NULLS LAST, "id" LIMIT 20 OFFSET 40;

-- page after a key
SELECT "id", "note" FROM "shop"."forecast" WHERE ("amount" > $1 OR ("amount" = $2 AND "id" > $3)) ORDER BY "amount", "id" LIMIT 101;

-- row locked for a change
SELECT "id", "note" FROM "shop"."forecast" WHERE "id" = $1;

-- insert of a row
INSERT INTO "shop"."forecast" ("id", "note") VALUES ($1, $2);

-- insert of two rows
INSERT INTO "shop"."forecast" ("id", "note") VALUES ($1, $2), ($3, $4);

-- insert that tells its key
-- refused: this database does not support telling the keys that it makes (there is no RETURNING)

-- guarded update
UPDATE "shop"."forecast" SET "note" = $1, "amount" = $2, "revision" = "revision" + $3 WHERE ("id" = $4 AND ("note" IS NOT NULL AND ("note" = $5 AND TO_VARBYTE("note", 'utf8') IN (TO_VARBYTE(CAST($6 AS VARCHAR(65535)), 'utf8')))));

-- guarded delete
DELETE FROM "shop"."forecast" WHERE ("id" = $1 AND ("note" IS NOT NULL AND ("note" = $2 AND TO_VARBYTE("note", 'utf8') IN (TO_VARBYTE(CAST($3 AS VARCHAR(65535)), 'utf8')))));

-- create a table
CREATE TABLE "shop"."forecast" ("id" VARCHAR(36) NOT NULL, "region" VARCHAR(160) COLLATE CASE_SENSITIVE DEFAULT 'it''s' NOT NULL, "note" VARCHAR(65535) NULL, "amount" DECIMAL(12,2) NULL, "share" DOUBLE PRECISION NULL, "small" SMALLINT NULL, "revision" BIGINT NULL, "approved" BOOLEAN NULL, "due" DATE NULL, "at" TIMESTAMP NULL, "updated_at" TIMESTAMPTZ NULL, "picture" VARBYTE(16777216) NULL, "more" SUPER NULL, PRIMARY KEY ("id"));

-- create a table unless it is there
CREATE TABLE IF NOT EXISTS "shop"."forecast" ("id" VARCHAR(36) NOT NULL, "region" VARCHAR(160) COLLATE CASE_SENSITIVE DEFAULT 'it''s' NOT NULL, "note" VARCHAR(65535) NULL, "amount" DECIMAL(12,2) NULL, "share" DOUBLE PRECISION NULL, "small" SMALLINT NULL, "revision" BIGINT NULL, "approved" BOOLEAN NULL, "due" DATE NULL, "at" TIMESTAMP NULL, "updated_at" TIMESTAMPTZ NULL, "picture" VARBYTE(16777216) NULL, "more" SUPER NULL, PRIMARY KEY ("id"));

-- create a table with a numbered key
CREATE TABLE "shop"."forecast" ("number" BIGINT GENERATED BY DEFAULT AS IDENTITY(1,1) NOT NULL, PRIMARY KEY ("number"));

-- drop a table
DROP TABLE "shop"."forecast";

-- index
-- refused: this database does not support indexes

-- unique index
-- refused: this database does not support indexes

-- add a column
ALTER TABLE "shop"."forecast" ADD COLUMN "region" VARCHAR(160) NULL;

-- drop a column
ALTER TABLE "shop"."forecast" DROP COLUMN "region";

-- rename a column
ALTER TABLE "shop"."forecast" RENAME COLUMN "region" TO "area";

-- widen a column
ALTER TABLE "shop"."forecast" ALTER COLUMN "region" TYPE VARCHAR(320);

