-- Version 0 (history), checksum 6df468ed92cdf90a5c04762b2927722e1353057752ede48e17c1b597a6c92633

CREATE TABLE IF NOT EXISTS "_migrations" ("version" bigint NOT NULL, "name" varchar(100) NOT NULL, "checksum" varchar(64) COLLATE "C" NOT NULL, "applied_at" timestamp(6) with time zone NOT NULL, PRIMARY KEY ("version"));
