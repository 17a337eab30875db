-- all rows
SELECT [id], [n] FROM [dbo].[odd]]name] ORDER BY [id] DESC;

-- no rows
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE 1 = 0 ORDER BY [id] DESC;

-- the first page
SELECT TOP (50) [id], [n] FROM [dbo].[odd]]name] ORDER BY [id] DESC;

-- a later page
SELECT [id], [n] FROM [dbo].[odd]]name] ORDER BY [id] DESC OFFSET 100 ROWS FETCH NEXT 50 ROWS ONLY;

-- the rest
SELECT [id], [n] FROM [dbo].[odd]]name] ORDER BY [id] DESC OFFSET 100 ROWS;

-- a page of nothing
SELECT TOP (0) [id], [n] FROM [dbo].[odd]]name] ORDER BY [id] DESC;

-- a later page without an order
SELECT [id], [n] FROM [dbo].[odd]]name] ORDER BY 1 OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY;

-- rows to change
SELECT [id], [n] FROM [dbo].[odd]]name] WITH (UPDLOCK, ROWLOCK) WHERE [n] = @P1 ORDER BY [id] DESC;

-- distinct values
SELECT DISTINCT TOP (9) [id], [n] FROM [dbo].[odd]]name] ORDER BY [id] DESC;

-- the largest
SELECT MAX([n]) FROM [dbo].[odd]]name];

-- a count
SELECT COUNT(*) FROM [dbo].[odd]]name] WHERE [n] IS NULL;

-- equal texts
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE ([n] = @P1 AND CAST(CAST([n] AS nvarchar(max)) AS varbinary(max)) IN (CAST(@P2 AS varbinary(max)))) ORDER BY [id] DESC;

-- unequal texts
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE NOT (([n] = @P1 AND CAST(CAST([n] AS nvarchar(max)) AS varbinary(max)) IN (CAST(@P2 AS varbinary(max))))) ORDER BY [id] DESC;

-- one of several texts
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE ([n] IN (@P1, @P2) AND CAST(CAST([n] AS nvarchar(max)) AS varbinary(max)) IN (CAST(@P3 AS varbinary(max)), CAST(@P4 AS varbinary(max)))) ORDER BY [id] DESC;

-- one of several numbers
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE [n] IN (@P1, @P2) ORDER BY [id] DESC;

-- an exact number
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE [n] >= CAST(@P1 AS decimal(4,2)) ORDER BY [id] DESC;

-- a large number
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE [n] < CAST(@P1 AS decimal(20,0)) ORDER BY [id] DESC;

-- the same text
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE ([n] IS NOT NULL AND CAST(CAST([n] AS nvarchar(max)) AS varbinary(max)) = CAST(@P1 AS varbinary(max))) ORDER BY [id] DESC;

-- the same number
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE ([n] IS NOT NULL AND [n] = @P1) ORDER BY [id] DESC;

-- both are NULL
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE ([n] IS NULL) ORDER BY [id] DESC;

-- contains
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE CHARINDEX(@P1, CAST([n] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) > 0 ORDER BY [id] DESC;

-- starts with, any case
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE CHARINDEX(LOWER(@P1), LOWER(CAST([n] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)) = 1 ORDER BY [id] DESC;

-- contains nothing
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE DATALENGTH([n]) >= 0 ORDER BY [id] DESC;

-- neither
SELECT [id], [n] FROM [dbo].[odd]]name] WHERE NOT (([n] > @P1 OR [id] IS NULL)) ORDER BY [id] DESC;

-- an insert of two rows
INSERT INTO [dbo].[odd]]name] ([n], [m]) VALUES (@P1, NULL), (@P3, NULL); SELECT CAST(@@ROWCOUNT AS bigint);

-- an insert that makes a key
INSERT INTO [dbo].[odd]]name] ([n], [m]) VALUES (@P1, NULL); SELECT CAST(SCOPE_IDENTITY() AS bigint);

-- a guarded update
UPDATE [dbo].[odd]]name] SET [n] = @P1, [v] = [v] + @P2 WHERE [n] = @P3; SELECT CAST(@@ROWCOUNT AS bigint);

-- a delete
DELETE FROM [dbo].[odd]]name] WHERE [n] = @P1; SELECT CAST(@@ROWCOUNT AS bigint);

-- a new table
CREATE TABLE [dbo].[odd]]name] ([a] bit NULL, [b] bigint NULL, [c] tinyint NULL, [d] decimal(38,10) NULL, [e] float(53) NULL, [f] nvarchar(40) COLLATE Latin1_General_100_BIN2 NULL, [g] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [h] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [i] varbinary(16) NULL, [j] varbinary(max) NULL, [k] uniqueidentifier NULL, [l] date NULL, [m] time(7) NULL, [n] datetime2(7) NULL, [o] datetimeoffset(6) NULL, [id] bigint IDENTITY(1,1) NOT NULL, PRIMARY KEY ([id]));

-- a table that may be there
IF OBJECT_ID(N'[dbo].[odd]]name]', N'U') IS NULL CREATE TABLE [dbo].[odd]]name] ([a] bit NULL, [b] bigint NULL, [c] tinyint NULL, [d] decimal(38,10) NULL, [e] float(53) NULL, [f] nvarchar(40) COLLATE Latin1_General_100_BIN2 NULL, [g] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [h] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL, [i] varbinary(16) NULL, [j] varbinary(max) NULL, [k] uniqueidentifier NULL, [l] date NULL, [m] time(7) NULL, [n] datetime2(7) NULL, [o] datetimeoffset(6) NULL, [id] bigint IDENTITY(1,1) NOT NULL, PRIMARY KEY ([id]));

-- a dropped table
DROP TABLE [dbo].[odd]]name];

-- a new column
ALTER TABLE [dbo].[odd]]name] ADD [n] nvarchar(5) COLLATE Latin1_General_100_BIN2 DEFAULT N'it''s' NOT NULL;

-- a dropped column
DECLARE @drop nvarchar(max) = (SELECT N'ALTER TABLE [dbo].[odd]]name] DROP CONSTRAINT ' + QUOTENAME(d.name) FROM sys.default_constraints AS d JOIN sys.columns AS c ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id WHERE c.object_id = OBJECT_ID(N'[dbo].[odd]]name]') AND c.name = N'n'); IF @drop IS NOT NULL EXEC (@drop);

-- a dropped column
ALTER TABLE [dbo].[odd]]name] DROP COLUMN [n];

-- a renamed column
EXEC sp_rename N'[dbo].[odd]]name].[it''s]', N'n]', N'COLUMN';

-- a changed column
DECLARE @drop nvarchar(max) = (SELECT N'ALTER TABLE [dbo].[odd]]name] DROP CONSTRAINT ' + QUOTENAME(d.name) FROM sys.default_constraints AS d JOIN sys.columns AS c ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id WHERE c.object_id = OBJECT_ID(N'[dbo].[odd]]name]') AND c.name = N'n'); IF @drop IS NOT NULL EXEC (@drop);

-- a changed column
ALTER TABLE [dbo].[odd]]name] ALTER COLUMN [n] nvarchar(5) COLLATE Latin1_General_100_BIN2 NOT NULL;

-- a changed column
ALTER TABLE [dbo].[odd]]name] ADD DEFAULT N'b' FOR [n];

-- an index
CREATE UNIQUE INDEX [i] ON [dbo].[odd]]name] ([n]);

-- tables of a schema
SELECT s.name, o.name, o.type FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND s.name COLLATE Latin1_General_100_BIN2 = @P2 AND (DATALENGTH(@P1) = 0 OR CHARINDEX(LOWER(@P1), LOWER(o.name)) > 0) ORDER BY s.name COLLATE Latin1_General_100_BIN2, o.name COLLATE Latin1_General_100_BIN2 OFFSET 0 ROWS FETCH NEXT 51 ROWS ONLY;

