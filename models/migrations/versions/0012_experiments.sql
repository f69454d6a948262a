CREATE TABLE flow_decisions (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  flow_id UUID NOT NULL,
  node TEXT NOT NULL,
  signature TEXT NOT NULL,
  kind TEXT NOT NULL,
  arm TEXT DEFAULT '' NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  numbers JSONB DEFAULT '{}'::jsonb NOT NULL,
  at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_flow_decisions PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_flow_decisions_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_flow_decisions_kind CHECK (kind IN ('winner', 'stop', 'resume'))
);
CREATE INDEX ix_flow_decisions_flow ON flow_decisions (tenant_id, flow_id, node, id);
CREATE TABLE flow_experiments (
  tenant_id UUID NOT NULL,
  flow_id UUID NOT NULL,
  node TEXT NOT NULL,
  look_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_flow_experiments PRIMARY KEY (tenant_id, flow_id, node),
  CONSTRAINT fk_flow_experiments_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_flow_experiments_look ON flow_experiments (tenant_id, look_at)
