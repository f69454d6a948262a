ALTER TABLE conversations ADD COLUMN memo JSONB;
ALTER TABLE conversations ADD COLUMN tags JSONB DEFAULT '[]'::jsonb NOT NULL;
CREATE INDEX ix_conversations_tagged ON conversations (tenant_id, last_at) WHERE tags <> '[]';
CREATE TABLE queue_defaults (
  tenant_id UUID NOT NULL,
  document JSONB NOT NULL,
  version INTEGER DEFAULT '1' NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_queue_defaults PRIMARY KEY (tenant_id)
);
