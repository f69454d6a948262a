ALTER TABLE flows ALTER COLUMN definition DROP NOT NULL;
ALTER TABLE flows ADD COLUMN description TEXT DEFAULT '' NOT NULL;
ALTER TABLE flows ADD COLUMN version INTEGER DEFAULT '1' NOT NULL;
ALTER TABLE flows ADD COLUMN revision INTEGER DEFAULT '1' NOT NULL;
ALTER TABLE flows ADD COLUMN archived_at TIMESTAMP(6) WITH TIME ZONE;
CREATE TABLE flow_drafts (
  tenant_id UUID NOT NULL,
  flow_id UUID NOT NULL,
  document JSONB NOT NULL,
  version INTEGER DEFAULT '1' NOT NULL,
  updated_by TEXT DEFAULT '' NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_flow_drafts PRIMARY KEY (tenant_id, flow_id),
  CONSTRAINT fk_flow_drafts_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE flow_versions (
  tenant_id UUID NOT NULL,
  flow_id UUID NOT NULL,
  version INTEGER NOT NULL,
  document JSONB NOT NULL,
  note TEXT DEFAULT '' NOT NULL,
  created_by TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_flow_versions PRIMARY KEY (tenant_id, flow_id, version),
  CONSTRAINT fk_flow_versions_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE flow_tests (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  flow_id UUID NOT NULL,
  name TEXT NOT NULL,
  run JSONB NOT NULL,
  created_by TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_flow_tests PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_flow_tests_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT uq_flow_tests_tenant_id_flow_id_name UNIQUE (tenant_id, flow_id, name)
);
INSERT INTO flow_versions (tenant_id, flow_id, version, document, created_at)
  SELECT tenant_id, id, 1, definition, created_at FROM flows
