-- Version 0 (history), checksum 6df468ed92cdf90a5c04762b2927722e1353057752ede48e17c1b597a6c92633

IF OBJECT_ID(N'[_migrations]', N'U') IS NULL CREATE TABLE [_migrations] ([version] bigint NOT NULL, [name] nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL, [checksum] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL, [applied_at] datetimeoffset(6) NOT NULL, PRIMARY KEY ([version]));
