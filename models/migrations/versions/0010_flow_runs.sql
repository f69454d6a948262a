ALTER TABLE flows ADD COLUMN in_flight JSONB;
CREATE TABLE flow_sessions (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  flow_id UUID NOT NULL,
  version INTEGER NOT NULL,
  contact_id UUID NOT NULL,
  state JSONB NOT NULL,
  status TEXT NOT NULL,
  node TEXT NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  outcome TEXT DEFAULT '' NOT NULL,
  trigger TEXT DEFAULT '' NOT NULL,
  key TEXT,
  origin UUID,
  due_at TIMESTAMP(6) WITH TIME ZONE,
  steps INTEGER DEFAULT '0' NOT NULL,
  started_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  ended_at TIMESTAMP(6) WITH TIME ZONE,
  CONSTRAINT pk_flow_sessions PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_flow_sessions_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_flow_sessions_status CHECK (status IN ('waiting', 'stuck', 'ended', 'exited'))
);
CREATE INDEX ix_flow_sessions_contact ON flow_sessions (tenant_id, contact_id, flow_id);
CREATE INDEX ix_flow_sessions_due ON flow_sessions (tenant_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_flow_sessions_flow ON flow_sessions (tenant_id, flow_id, id);
CREATE UNIQUE INDEX ix_flow_sessions_key ON flow_sessions (tenant_id, flow_id, contact_id, key) WHERE key IS NOT NULL;
CREATE INDEX ix_flow_sessions_live ON flow_sessions (tenant_id, flow_id, version, node) WHERE status IN ('waiting', 'stuck');
CREATE TABLE flow_steps (
  tenant_id UUID NOT NULL,
  session_id UUID NOT NULL,
  seq INTEGER NOT NULL,
  flow_id UUID NOT NULL,
  version INTEGER NOT NULL,
  node TEXT NOT NULL,
  port TEXT DEFAULT '' NOT NULL,
  at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_flow_steps PRIMARY KEY (tenant_id, session_id, seq)
);
CREATE INDEX ix_flow_steps_node ON flow_steps (tenant_id, flow_id, version, node);
CREATE TABLE flow_goals (
  tenant_id UUID NOT NULL,
  session_id UUID NOT NULL,
  name TEXT NOT NULL,
  flow_id UUID NOT NULL,
  version INTEGER NOT NULL,
  value_micros BIGINT DEFAULT '0' NOT NULL,
  at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_flow_goals PRIMARY KEY (tenant_id, session_id, name)
);
CREATE INDEX ix_flow_goals_flow ON flow_goals (tenant_id, flow_id, version, name);
CREATE TABLE flow_work (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  contact_id UUID NOT NULL,
  session_id UUID NOT NULL,
  kind TEXT NOT NULL,
  payload JSONB NOT NULL,
  due_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  attempts SMALLINT DEFAULT '0' NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_flow_work PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_flow_work_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_flow_work_kind CHECK (kind IN ('send', 'webhook', 'input', 'receipt'))
);
CREATE INDEX ix_flow_work_contact ON flow_work (tenant_id, contact_id);
CREATE INDEX ix_flow_work_due ON flow_work (tenant_id, due_at);
