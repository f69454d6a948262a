CREATE TABLE webhook_endpoints (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  url TEXT NOT NULL,
  description TEXT DEFAULT '' NOT NULL,
  events JSONB NOT NULL,
  enabled BOOLEAN DEFAULT true NOT NULL,
  secrets TEXT NOT NULL,
  old_secret_until TIMESTAMP(6) WITH TIME ZONE,
  failing_since TIMESTAMP(6) WITH TIME ZONE,
  disabled_reason TEXT DEFAULT '' NOT NULL,
  version INTEGER DEFAULT '1' NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_webhook_endpoints PRIMARY KEY (tenant_id, id)
);
CREATE TABLE webhook_deliveries (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  endpoint_id UUID NOT NULL,
  contact_id UUID,
  event TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT DEFAULT 'pending' NOT NULL,
  due_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  began_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  attempts SMALLINT DEFAULT '0' NOT NULL,
  status_code SMALLINT,
  error TEXT,
  answer TEXT,
  took_ms INTEGER,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  done_at TIMESTAMP(6) WITH TIME ZONE,
  CONSTRAINT pk_webhook_deliveries PRIMARY KEY (tenant_id, id),
  CONSTRAINT ck_webhook_deliveries_state CHECK (state IN ('pending', 'delivered', 'failed'))
);
CREATE INDEX ix_webhook_deliveries_due ON webhook_deliveries (tenant_id, endpoint_id, due_at) WHERE state = 'pending';
CREATE INDEX ix_webhook_deliveries_log ON webhook_deliveries (tenant_id, endpoint_id, id);
CREATE INDEX ix_webhook_deliveries_contact ON webhook_deliveries (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE TABLE saved_replies (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  name TEXT NOT NULL,
  shortcut TEXT NOT NULL,
  folder TEXT DEFAULT '' NOT NULL,
  body TEXT NOT NULL,
  intents JSONB DEFAULT '[]'::jsonb NOT NULL,
  version INTEGER DEFAULT '1' NOT NULL,
  created_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_saved_replies PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX ix_saved_replies_shortcut ON saved_replies (tenant_id, shortcut);
CREATE TABLE saved_reply_uses (
  tenant_id UUID NOT NULL,
  reply_id UUID NOT NULL,
  intent TEXT NOT NULL,
  uses BIGINT NOT NULL,
  last_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_saved_reply_uses PRIMARY KEY (tenant_id, reply_id, intent)
);
CREATE TABLE intent_corrections (
  tenant_id UUID NOT NULL,
  message_id UUID NOT NULL,
  text TEXT NOT NULL,
  was TEXT,
  intent TEXT NOT NULL,
  version_id UUID,
  corrected_by TEXT DEFAULT '' NOT NULL,
  corrected_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_intent_corrections PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX ix_intent_corrections_at ON intent_corrections (tenant_id, corrected_at, message_id);
CREATE TABLE mentions (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  user_id UUID NOT NULL,
  note_id UUID NOT NULL,
  contact_id UUID NOT NULL,
  mentioned_by TEXT DEFAULT '' NOT NULL,
  at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  read_at TIMESTAMP(6) WITH TIME ZONE,
  CONSTRAINT pk_mentions PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_mentions_user ON mentions (tenant_id, user_id, id);
CREATE INDEX ix_mentions_contact ON mentions (tenant_id, contact_id, note_id);
CREATE TABLE message_terms (
  tenant_id UUID NOT NULL,
  message_id UUID NOT NULL,
  terms TSVECTOR NOT NULL,
  CONSTRAINT pk_message_terms PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX ix_message_terms_terms ON message_terms USING gin (terms);
CREATE TABLE search_marks (
  tenant_id UUID NOT NULL,
  upto UUID NOT NULL,
  CONSTRAINT pk_search_marks PRIMARY KEY (tenant_id)
);
CREATE TABLE wrap_ups (
  tenant_id UUID NOT NULL,
  codes JSONB NOT NULL,
  required BOOLEAN DEFAULT false NOT NULL,
  version INTEGER DEFAULT '1' NOT NULL,
  updated_at TIMESTAMP(6) WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_wrap_ups PRIMARY KEY (tenant_id)
);
