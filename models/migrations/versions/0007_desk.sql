ALTER TABLE conversations ADD COLUMN priority SMALLINT DEFAULT '0' NOT NULL;
ALTER TABLE conversations ADD CONSTRAINT ck_conversations_priority CHECK (priority BETWEEN -1 AND 2);
ALTER TABLE conversations ADD COLUMN waiting_since TIMESTAMP(6) WITH TIME ZONE;
ALTER TABLE conversations ADD COLUMN offered_to UUID;
ALTER TABLE conversations ADD COLUMN offered_until TIMESTAMP(6) WITH TIME ZONE;
ALTER TABLE conversations ADD COLUMN due_at TIMESTAMP(6) WITH TIME ZONE;
ALTER TABLE conversations ADD COLUMN desk JSONB;
ALTER TABLE conversations DROP CONSTRAINT ck_conversations_status;
ALTER TABLE conversations ADD CONSTRAINT ck_conversations_status CHECK (status IN ('idle', 'open', 'snoozed', 'waiting', 'closed'));
CREATE INDEX ix_conversations_due ON conversations (due_at) WHERE due_at IS NOT NULL;
UPDATE conversations SET waiting_since = COALESCE(last_inbound_at, opened_at, last_at) WHERE status = 'open' AND assignee_id IS NULL;
ALTER TABLE queues ADD COLUMN settings JSONB;
ALTER TABLE queues ADD COLUMN version INTEGER DEFAULT '1' NOT NULL;
ALTER TABLE queues ADD COLUMN updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL;
ALTER TABLE queues ADD COLUMN updated_by TEXT DEFAULT '' NOT NULL;
ALTER TABLE queues ADD COLUMN archived_at TIMESTAMP(6) WITH TIME ZONE;
CREATE TABLE agents (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  capacity SMALLINT DEFAULT '5' NOT NULL,
  skills JSONB DEFAULT '{}'::jsonb NOT NULL,
  weights JSONB DEFAULT '{}'::jsonb NOT NULL,
  version INTEGER DEFAULT '1' NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_agents PRIMARY KEY (tenant_id, id),
  CONSTRAINT ck_agents_kind CHECK (kind IN ('person', 'bot')),
  CONSTRAINT ck_agents_capacity CHECK (capacity BETWEEN 1 AND 100)
);
CREATE TABLE queue_events (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  kind TEXT NOT NULL,
  queue_id UUID,
  contact_id UUID NOT NULL,
  agent_id UUID,
  seconds FLOAT,
  detail TEXT,
  CONSTRAINT pk_queue_events PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_queue_events_queue ON queue_events (tenant_id, queue_id, at);
CREATE INDEX ix_queue_events_contact ON queue_events (tenant_id, contact_id);
