-- condition that always holds
SELECT COUNT(*) FROM [shop].[forecast];

-- condition that never holds
SELECT COUNT(*) FROM [shop].[forecast] WHERE 1 = 0;

-- number equals
SELECT COUNT(*) FROM [shop].[forecast] WHERE [id] = @P1;

-- text equals, by its characters
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([note] = @P1 AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) IN (CAST(@P2 AS varbinary(max))));

-- comparisons
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([amount] <> CAST(@P1 AS decimal(3,2)) AND [amount] < CAST(@P2 AS decimal(3,2)) AND [amount] <= CAST(@P3 AS decimal(3,2)) AND [amount] > CAST(@P4 AS decimal(3,2)));

-- number in a list
SELECT COUNT(*) FROM [shop].[forecast] WHERE [id] IN (@P1, @P2);

-- text in a list
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([note] IN (@P1, @P2) AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) IN (CAST(@P3 AS varbinary(max)), CAST(@P4 AS varbinary(max))));

-- in an empty list
SELECT COUNT(*) FROM [shop].[forecast] WHERE 1 = 0;

-- same number
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([id] IS NOT NULL AND [id] = @P1);

-- same text
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([note] IS NOT NULL AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) = CAST(@P1 AS varbinary(max)));

-- same as nothing
SELECT COUNT(*) FROM [shop].[forecast] WHERE ([note] IS NULL);

-- is null
SELECT COUNT(*) FROM [shop].[forecast] WHERE [note] IS NULL;

-- text contains
SELECT COUNT(*) FROM [shop].[forecast] WHERE CHARINDEX(@P1 COLLATE Latin1_General_100_BIN2, CAST([note] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) > 0;

-- text contains, in any case
SELECT COUNT(*) FROM [shop].[forecast] WHERE CHARINDEX(LOWER(@P1 COLLATE Latin1_General_100_BIN2), LOWER(CAST([note] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)) > 0;

-- text starts with
SELECT COUNT(*) FROM [shop].[forecast] WHERE CHARINDEX(@P1 COLLATE Latin1_General_100_BIN2, CAST([note] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) = 1;

-- text starts with, in any case
SELECT COUNT(*) FROM [shop].[forecast] WHERE CHARINDEX(LOWER(@P1 COLLATE Latin1_General_100_BIN2), LOWER(CAST([note] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)) = 1;

-- or, and, not
SELECT COUNT(*) FROM [shop].[forecast] WHERE (([id] = @P1 AND [note] IS NULL) OR NOT ([amount] >= @P2));

-- in a select
SELECT COUNT(*) FROM [shop].[forecast] WHERE [id] IN (SELECT [id] FROM [shop].[forecast] WHERE [amount] = @P1);

-- row of the last insert
-- refused: this database does not support the key of the last insert

-- count
SELECT COUNT(*) FROM [shop].[forecast] WHERE [id] = @P1;

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
SELECT [id], [note] FROM (SELECT TOP (60) ROW_NUMBER() OVER (ORDER BY [note] DESC, [id] ASC) AS [quillback: position], [id], [note] FROM [shop].[forecast] ORDER BY [note] DESC, [id] ASC) AS [quillback: page] WHERE [quillback: position] > 40 ORDER BY [quillback: position] ASC;

-- page after a key
SELECT TOP (101) [id], [note] FROM [shop].[forecast] WHERE ([amount] > @P1 OR ([amount] = @P2 AND [id] > @P3)) ORDER BY [amount] ASC, [id] ASC;

-- row locked for a change
SELECT [id], [note] FROM [shop].[forecast] WHERE [id] = @P1;

-- insert of a row
INSERT INTO [shop].[forecast] ([id], [note]) VALUES (@P1, @P2);

-- insert of two rows
INSERT INTO [shop].[forecast] ([id], [note]) VALUES (@P1, @P2); INSERT INTO [shop].[forecast] ([id], [note]) VALUES (@P3, NULL);

-- insert that tells its key
-- refused: this database does not support keys that the database makes

-- guarded update
UPDATE [shop].[forecast] SET [note] = @P1, [amount] = NULL, [revision] = [revision] + @P3 WHERE ([id] = @P4 AND ([note] IS NOT NULL AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) = CAST(@P5 AS varbinary(max))));

-- guarded delete
DELETE FROM [shop].[forecast] WHERE ([id] = @P1 AND ([note] IS NOT NULL AND CAST(CAST([note] AS nvarchar(max)) AS varbinary(max)) = CAST(@P2 AS varbinary(max))));

-- create a table
CREATE TABLE [shop].[forecast] ([id] uniqueidentifier NOT NULL, [region] nvarchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT N'it''s', [note] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [amount] decimal(12,2) NULL, [share] float(53) NULL, [small] smallint NULL, [revision] bigint NULL, [approved] bit NULL, [due] date NULL, [at] datetime2(6) NULL, [updated_at] datetimeoffset(6) NULL, [picture] varbinary(max) NULL, [more] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, PRIMARY KEY NONCLUSTERED ([id]) NOT ENFORCED) WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);

-- create a table unless it is there
IF OBJECT_ID(N'[shop].[forecast]', N'U') IS NULL CREATE TABLE [shop].[forecast] ([id] uniqueidentifier NOT NULL, [region] nvarchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT N'it''s', [note] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [amount] decimal(12,2) NULL, [share] float(53) NULL, [small] smallint NULL, [revision] bigint NULL, [approved] bit NULL, [due] date NULL, [at] datetime2(6) NULL, [updated_at] datetimeoffset(6) NULL, [picture] varbinary(max) NULL, [more] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, PRIMARY KEY NONCLUSTERED ([id]) NOT ENFORCED) WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);

-- create a table with a numbered key
CREATE TABLE [shop].[forecast] ([number] bigint IDENTITY(1,1) NOT NULL, PRIMARY KEY NONCLUSTERED ([number]) NOT ENFORCED) WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);

-- drop a table
DROP TABLE [shop].[forecast];

-- index
CREATE INDEX [by_region] ON [shop].[forecast] ([region], [due]);

-- unique index
ALTER TABLE [shop].[forecast] ADD CONSTRAINT [by_region] UNIQUE ([region], [due]) NOT ENFORCED;

-- add a column
ALTER TABLE [shop].[forecast] ADD [region] nvarchar(40) COLLATE Latin1_General_100_BIN2 NULL;

-- drop a column
DECLARE @drop nvarchar(4000) = (SELECT N'ALTER TABLE [shop].[forecast] DROP CONSTRAINT ' + QUOTENAME(d.name) FROM sys.default_constraints AS d JOIN sys.columns AS c ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id WHERE c.object_id = OBJECT_ID(N'[shop].[forecast]') AND c.name = N'region'); IF @drop IS NOT NULL EXEC (@drop);
ALTER TABLE [shop].[forecast] DROP COLUMN [region];

-- rename a column
EXEC sp_rename N'[shop].[forecast].[region]', N'area', N'COLUMN';

-- widen a column
ALTER TABLE [shop].[forecast] ALTER COLUMN [region] nvarchar(80) COLLATE Latin1_General_100_BIN2 NULL;

