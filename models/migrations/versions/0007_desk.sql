ALTER TABLE conversations ADD COLUMN priority SMALLINT DEFAULT '0' NOT NULL;
ALTER TABLE conversations ADD CONSTRAINT ck_conversations_priority CHECK (priority BETWEEN -1 AND 2);
