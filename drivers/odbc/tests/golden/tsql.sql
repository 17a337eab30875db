-- condition that always holds
SELECT COUNT(*) FROM [shop].[forecast];

-- condition that never holds
SELECT COUNT(*) FROM [shop].[forecast] WHERE 1 = 0;

-- number equals
SELECT COUNT(*) FROM [shop].[forecast] WHERE [id] = ?;

-- text equals, by its characters
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([note] = ? AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) IN (CAST(CAST(? AS nvarchar(max)) AS varbinary(max))));

-- comparisons
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([amount] <> CAST(? AS decimal(3,2)) AND [amount] < CAST(? AS decimal(3,2)) AND [amount] <= CAST(? AS decimal(3,2)) AND [amount] > CAST(? AS decimal(3,2)));

-- number in a list
SELECT COUNT(*) FROM [shop].[forecast] WHERE [id] IN (?, ?);

-- text in a list
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([note] IN (?, ?) AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) IN (CAST(CAST(? AS nvarchar(max)) AS varbinary(max)), CAST(CAST(? AS nvarchar(max)) AS varbinary(max))));

-- in an empty list
SELECT COUNT(*) FROM [shop].[forecast] WHERE 1 = 0;

-- same number
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([id] IS NOT NULL AND [id] = ?);

-- same text
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([note] IS NOT NULL AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) = CAST(CAST(? AS nvarchar(max)) AS varbinary(max)));

-- same as nothing
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([note] IS NULL);

-- is null
SELECT COUNT(*) FROM [shop].[forecast] WHERE [note] IS NULL;

-- text contains
SELECT COUNT(*) FROM [shop].[forecast] WHERE CHARINDEX(?, CAST([note] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) > 0;

-- text contains, in any case
SELECT COUNT(*) FROM [shop].[forecast] WHERE CHARINDEX(LOWER(?), LOWER(CAST([note] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)) > 0;

-- text starts with
SELECT COUNT(*) FROM [shop].[forecast] WHERE CHARINDEX(?, CAST([note] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) = 1;

-- text starts with, in any case
SELECT COUNT(*) FROM [shop].[forecast] WHERE CHARINDEX(LOWER(?), LOWER(CAST([note] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)) = 1;

-- or, and, not
SELECT COUNT(*) FROM [shop].[forecast] WHERE (([id] = ? AND [note] IS NULL) OR NOT ([amount] >= ?));

-- in a select
SELECT COUNT(*) FROM [shop].[forecast] WHERE [id] IN (SELECT [id] FROM [shop].[forecast] WHERE [amount] = ?);

-- row of the last insert
-- refused: this database does not support the key of the last insert

-- count
SELECT COUNT(*) FROM [shop].[forecast] WHERE [id] = ?;

-- least and greatest
SELECT MIN([amount]), MAX([amount]) FROM [shop].[forecast];

-- distinct
SELECT DISTINCT [id], [note] FROM [shop].[forecast];

-- name with every quote
SELECT [select] FROM [or"der]] `x`];

-- first rows
SELECT TOP (3) [id], [note] FROM [shop].[forecast];

-- page sorted by a column that may be null
SELECT TOP (20) [id], [note] FROM [shop].[forecast] ORDER BY [note] DESC, [id] ASC;

-- page with an offset
SELECT [id], [note] FROM [shop].[forecast] ORDER BY [note] DESC, [id] ASC OFFSET 40 ROWS FETCH NEXT 20 ROWS ONLY;

-- page after a key
SELECT TOP (101) [id], [note] FROM [shop].[forecast] WHERE ([amount] > ? OR ([amount] = ? AND [id] > ?)) ORDER BY [amount] ASC, [id] ASC;

-- row locked for a change
SELECT [id], [note] FROM [shop].[forecast] WITH (UPDLOCK, ROWLOCK) WHERE [id] = ?;

-- insert of a row
INSERT INTO [shop].[forecast] ([id], [note]) VALUES (?, ?);

-- insert of two rows
INSERT INTO [shop].[forecast] ([id], [note]) VALUES (?, ?), (?, NULL);

-- insert that tells its key
INSERT INTO [shop].[forecast] ([id], [note]) OUTPUT INSERTED.[id] VALUES (?, ?);

-- guarded update
UPDATE [shop].[forecast] SET [note] = ?, [amount] = NULL, [revision] = [revision] + ? WHERE ([id] = ? AND ([note] IS NOT NULL AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) = CAST(CAST(? AS nvarchar(max)) AS varbinary(max))));

-- guarded delete
DELETE FROM [shop].[forecast] WHERE ([id] = ? AND ([note] IS NOT NULL AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) = CAST(CAST(? AS nvarchar(max)) AS varbinary(max))));

-- create a table
CREATE TABLE [shop].[forecast] ([id] uniqueidentifier NOT NULL, [region] nvarchar(40) COLLATE Latin1_General_100_BIN2 DEFAULT N'it''s' NOT NULL, [note] nvarchar(max) NULL, [amount] decimal(12,2) NULL, [share] float(53) NULL, [small] smallint NULL, [revision] bigint NULL, [approved] bit NULL, [due] date NULL, [at] datetime2(6) NULL, [updated_at] datetimeoffset(6) NULL, [picture] varbinary(max) NULL, [more] nvarchar(max) NULL, PRIMARY KEY ([id]));

-- create a table unless it is there
CREATE TABLE [shop].[forecast] ([id] uniqueidentifier NOT NULL, [region] nvarchar(40) COLLATE Latin1_General_100_BIN2 DEFAULT N'it''s' NOT NULL, [note] nvarchar(max) NULL, [amount] decimal(12,2) NULL, [share] float(53) NULL, [small] smallint NULL, [revision] bigint NULL, [approved] bit NULL, [due] date NULL, [at] datetime2(6) NULL, [updated_at] datetimeoffset(6) NULL, [picture] varbinary(max) NULL, [more] nvarchar(max) NULL, PRIMARY KEY ([id]));

-- create a table with a numbered key
CREATE TABLE [shop].[forecast] ([number] bigint IDENTITY(1,1) NOT NULL, PRIMARY KEY ([number]));

-- drop a table
DROP TABLE [shop].[forecast];

-- index
CREATE INDEX [by_region] ON [shop].[forecast] ([region], [due]);

-- unique index
CREATE UNIQUE INDEX [by_region] ON [shop].[forecast] ([region], [due]);

-- add a column
ALTER TABLE [shop].[forecast] ADD [region] nvarchar(40) NULL;

-- drop a column
ALTER TABLE [shop].[forecast] DROP COLUMN [region];

-- rename a column
EXEC sp_rename N'[shop].[forecast].[region]', N'area', N'COLUMN';

-- widen a column
ALTER TABLE [shop].[forecast] ALTER COLUMN [region] nvarchar(80) NULL;

