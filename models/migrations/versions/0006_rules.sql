CREATE TABLE rule_lists (
  tenant_id UUID NOT NULL,
  document JSONB NOT NULL,
  version INTEGER DEFAULT '1' NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_rule_lists PRIMARY KEY (tenant_id)
);
CREATE TABLE rule_list_versions (
  tenant_id UUID NOT NULL,
  version INTEGER NOT NULL,
  document JSONB NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  created_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_rule_list_versions PRIMARY KEY (tenant_id, version)
);
