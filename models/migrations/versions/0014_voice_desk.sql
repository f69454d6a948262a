CREATE TABLE desk_calls (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  contact_id UUID NOT NULL,
  channel_id UUID NOT NULL,
  queue_id UUID,
  phase TEXT NOT NULL,
  agent_id UUID,
  state JSONB NOT NULL,
  log JSONB DEFAULT '[]'::jsonb NOT NULL,
  waited_from TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  ring_until TIMESTAMP(6) WITH TIME ZONE,
  version INTEGER DEFAULT '1' NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_desk_calls PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX ix_desk_calls_id ON desk_calls (id);
CREATE INDEX ix_desk_calls_contact ON desk_calls (tenant_id, contact_id, id);
CREATE INDEX ix_desk_calls_live ON desk_calls (tenant_id, id) WHERE phase NOT IN ('ended', 'voicemail');
CREATE INDEX ix_desk_calls_ring ON desk_calls (ring_until) WHERE ring_until IS NOT NULL;
CREATE TABLE agent_phones (
  tenant_id UUID NOT NULL,
  user_id UUID NOT NULL,
  address TEXT NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_agent_phones PRIMARY KEY (tenant_id, user_id),
  CONSTRAINT fk_agent_phones_tenant_id_user_id FOREIGN KEY(tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
)
