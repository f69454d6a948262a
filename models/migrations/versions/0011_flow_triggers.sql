CREATE TABLE flow_triggers (
  tenant_id UUID NOT NULL,
  flow_id UUID NOT NULL,
  node TEXT NOT NULL,
  kind TEXT NOT NULL,
  event TEXT,
  segment_id UUID,
  whole BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_flow_triggers PRIMARY KEY (tenant_id, flow_id, node),
  CONSTRAINT fk_flow_triggers_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_flow_triggers_kind CHECK (kind IN ('event', 'entry', 'exit')),
  CONSTRAINT ck_flow_triggers_event CHECK ((kind = 'event') = (event IS NOT NULL)),
  CONSTRAINT ck_flow_triggers_segment CHECK ((kind = 'event') = (segment_id IS NULL))
);
CREATE INDEX ix_flow_triggers_event ON flow_triggers (tenant_id, event) WHERE event IS NOT NULL;
CREATE TABLE flow_schedules (
  tenant_id UUID NOT NULL,
  flow_id UUID NOT NULL,
  node TEXT NOT NULL,
  zone TEXT NOT NULL,
  trigger JSONB NOT NULL,
  segment_id UUID NOT NULL,
  next_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  last_at TIMESTAMP(6) WITH TIME ZONE,
  firing_at TIMESTAMP(6) WITH TIME ZONE,
  reached UUID,
  error TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_flow_schedules PRIMARY KEY (tenant_id, flow_id, node, zone),
  CONSTRAINT fk_flow_schedules_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_flow_schedules_next ON flow_schedules (tenant_id, next_at);
CREATE TABLE segment_snapshots (
  tenant_id UUID NOT NULL,
  segment_id UUID NOT NULL,
  version INTEGER DEFAULT '0' NOT NULL,
  primed_at TIMESTAMP(6) WITH TIME ZONE,
  look_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  took_ms INTEGER DEFAULT '0' NOT NULL,
  error TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_segment_snapshots PRIMARY KEY (tenant_id, segment_id),
  CONSTRAINT fk_segment_snapshots_tenant_id_segment_id FOREIGN KEY(tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_segment_snapshots_look ON segment_snapshots (tenant_id, look_at);
CREATE TABLE segment_snapshot_members (
  tenant_id UUID NOT NULL,
  segment_id UUID NOT NULL,
  contact_id UUID NOT NULL,
  CONSTRAINT pk_segment_snapshot_members PRIMARY KEY (tenant_id, segment_id, contact_id),
  CONSTRAINT fk_segment_snapshot_members_tenant_id_segment_id FOREIGN KEY(tenant_id, segment_id) REFERENCES segment_snapshots (tenant_id, segment_id) ON DELETE CASCADE,
  CONSTRAINT fk_segment_snapshot_members_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_segment_snapshot_members_contact ON segment_snapshot_members (tenant_id, contact_id);
CREATE TABLE flow_begins (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  flow_id UUID NOT NULL,
  node TEXT DEFAULT '' NOT NULL,
  contact_id UUID NOT NULL,
  key TEXT NOT NULL,
  trigger TEXT NOT NULL,
  given JSONB DEFAULT '{}'::jsonb NOT NULL,
  due_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  attempts SMALLINT DEFAULT '0' NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_flow_begins PRIMARY KEY (tenant_id, id),
  CONSTRAINT fk_flow_begins_tenant_id_flow_id FOREIGN KEY(tenant_id, flow_id) REFERENCES flows (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_flow_begins_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT uq_flow_begins_tenant_id_flow_id_contact_id_key UNIQUE (tenant_id, flow_id, contact_id, key)
);
CREATE INDEX ix_flow_begins_due ON flow_begins (tenant_id, due_at)
