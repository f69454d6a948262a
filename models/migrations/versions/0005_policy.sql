CREATE TABLE messaging_policies (
  tenant_id UUID NOT NULL,
  policy JSONB NOT NULL,
  version INTEGER DEFAULT '1' NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_messaging_policies PRIMARY KEY (tenant_id)
);
ALTER TABLE outbox ADD COLUMN expires_at TIMESTAMP(6) WITH TIME ZONE;
ALTER TABLE campaigns ADD COLUMN steps JSONB;
ALTER TABLE campaigns ADD COLUMN content JSONB;
ALTER TABLE campaigns ADD COLUMN validity_s INTEGER;
